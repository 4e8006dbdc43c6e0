"""Whether an initializer's code draws what its name says: of any framework, by its draws alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from weightinit_cli.conformity.report import Asked, Conformity, Like, Row, judged
from weightinit_cli.errors import WinitError, printable
from weightinit_cli.parameters import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.conformity.frameworks import Target
    from weightinit_cli.initializers import Initializer
    from weightinit_cli.spec import Component

__all__ = ["ALPHA", "KINDS", "Conformity", "Row", "conform"]

ALPHA = 1e-3
MOST_GROUPS = 1000
# Of standard deviations and means; of the smallest ones the inverse.
LARGEST = 1e30
KINDS = ("matrices", "kernels")


def conform(
    target: Any,
    like: str | Mapping[str, Any],
    *,
    alpha: float = ALPHA,
    seed: int = 0,
    framework: str = "",
    only: str = "",
    name: str = "",
) -> Conformity:
    """Draw by an initializer, and hold its draws to what one of winit's table draws.

    `target` is a function `fn(rng, shape)` of numpy, `fn(key, shape, dtype)` of JAX,
    `fn(shape, dtype)` or an initializer of Keras, `fn(tensor)` of torch, or where one stands:
    "mine.py:my_normal". Its parameters tell which, unless `framework` does. `like` is a name of
    `winit list initializers`, or a mapping as in a spec: `{"name": "normal", "std": 0.02}`.

    Matrices (in, out) and kernels (height, width, in, out) of several unequal shapes are asked for,
    about a million entries in all, from seeds that depend on `seed` alone; `only` "matrices" or
    "kernels" asks for these. A sound function fails with a probability of `alpha` at most.

    Raises WinitError where the function raises, or returns something else than an array of real
    numbers of the shape; where `like` is none, or needs data or an activation; where the target is
    not there, or cannot be recognised.

    Example:
        >>> import numpy as np
        >>> import weightinit_cli as winit
        >>> def mine(rng, shape):
        ...     return rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
        >>> winit.conform(mine, "kaiming_normal")
        mine conforms to kaiming_normal
    """
    import numpy as np

    from weightinit_cli.conformity.diagnosis import causes
    from weightinit_cli.conformity.frameworks import target_of
    from weightinit_cli.initializers import INITIALIZERS
    from weightinit_cli.spec import parse_initializer
    from weightinit_cli.targets import find

    component = parse_initializer(like, "--like")
    row = INITIALIZERS[component.name]
    _refuse(component, row)
    only = _only(row, only)
    name = name or (target if isinstance(target, str) else "")
    thing = find(target) if isinstance(target, str) else target
    found = target_of(thing, framework, component.arguments, name)
    expected = Like(component.name, component.arguments, partial(row.build, **component.arguments))
    try:
        with np.errstate(all="ignore"):
            asked = _asked(found, expected, row, seed, only)
            rows = judged(asked.rows, alpha)
            why: tuple[str, ...] = ()
            if any(each.fails for each in rows):
                why = causes(rows, asked.measured, expected.build, found.framework)
    except ParameterError as error:
        raise WinitError(f"--like: {error}") from None
    return Conformity(
        target=printable(found.name),
        framework=found.framework,
        like=_described(component),
        law=f"{asked.law}, std {row.std}" if asked.law else row.std,
        alpha=alpha,
        seed=seed,
        draws=sum(each.drawn.draws.size for each in asked.measured),
        rows=rows,
        causes=why,
        unasked=asked.unasked,
    )


def _asked(target: Target, like: Like, row: Initializer, seed: int, only: str) -> Asked:
    """Ask a target what a row of the table has: a law of its entries, or a structure."""
    from weightinit_cli.conformity.drawing import Seeds
    from weightinit_cli.conformity.frameworks import Ask
    from weightinit_cli.conformity.laws import of_law
    from weightinit_cli.conformity.structures import STRUCTURES, is_constant, of_structure

    kernel = (3, 3) if row.only == "kernel" else ()
    ask = Ask((*kernel, 8, 8 * like.groups))
    sampler = like.build(ask.fans)
    largest = max(sampler.std, abs(sampler.mean))
    if largest > LARGEST or 0 < sampler.std < 1 / LARGEST:
        far = f"std {sampler.std:.4g} and mean {sampler.mean:.4g}"
        raise WinitError(f"--like: {far} are too large or too small for draws of float32")
    if sampler.law and sampler.std:
        return of_law(target, like.build, Seeds(seed), only=only)
    if like.name not in STRUCTURES and not is_constant(like.build, ask):
        hint = "; @initializer(..., law=...) says it" if row.source else ""
        raise WinitError(f"--like: {like.name} has no law that draws could be held to{hint}")
    return Asked(of_structure(target, like, Seeds(seed), only))


def _refuse(component: Component, row: Initializer) -> None:
    """Raise WinitError for what depends on data, on an activation or on theory."""
    from weightinit_cli.initializers import AUTO

    name = component.name
    instead = "name its law: {name: variance_scaling, scale: ..., mode: fan_in, distribution: ...}"
    if int(component.arguments.get("groups", 1)) > MOST_GROUPS:
        raise WinitError(f"--like: groups: at most {MOST_GROUPS} are asked for")
    if row.data_dependent:
        raise WinitError(f"--like: {name} finds its scales on the data, which draws cannot show")
    if row.activation:
        why = f"{name} has parameters of the activation {row.activation}"
        raise WinitError(f"--like: {why}; {instead}")
    if row.theory:
        raise WinitError(f"--like: {name} has its scale from an activation's theory; {instead}")
    if AUTO in component.arguments.values():
        raise WinitError(f"--like: gain: {AUTO} depends on an activation; give the number")


def _only(row: Initializer, only: str) -> str:
    """The kind of shapes that are asked for: those that both the row and the caller want."""
    if only and only not in KINDS:
        raise WinitError(f"only {only!r}: there are {', '.join(KINDS)}")
    by_row = {"matrix": "matrices", "kernel": "kernels"}.get(row.only, "")
    if only and by_row and only != by_row:
        raise WinitError(f"--like is for {by_row} alone, not for {only}")
    return only or by_row


def _described(component: Component) -> str:
    """Name a row as a spec has it, without what is its default."""
    from weightinit_cli.initializers import INITIALIZERS

    defaults = {each.name: each.default for each in INITIALIZERS[component.name].parameters}
    given = [
        f"{k} {v:g}" if isinstance(v, float | int) else f"{k} {v}"
        for k, v in component.parameters
        if v != defaults[k]
    ]
    return f"{component.name} ({', '.join(given)})" if given else component.name
