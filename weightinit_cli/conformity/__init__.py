"""Whether an initializer's code draws what its name says: of any framework, by its draws alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from weightinit_cli.conformity.report import Conformity, Row, judged
from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.initializers import Initializer
    from weightinit_cli.spec import Component

__all__ = ["ALPHA", "KINDS", "Conformity", "Row", "conform"]

ALPHA = 1e-3
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
    from weightinit_cli.conformity.drawing import Seeds
    from weightinit_cli.conformity.frameworks import Ask, target_of
    from weightinit_cli.conformity.laws import of_law
    from weightinit_cli.conformity.structures import STRUCTURES, Like, is_constant, of_structure
    from weightinit_cli.conformity.targets import find
    from weightinit_cli.initializers import INITIALIZERS
    from weightinit_cli.initializers.samplers import Fans
    from weightinit_cli.spec import parse_initializer

    component = parse_initializer(like, "--like")
    row = INITIALIZERS[component.name]
    _refuse(component, row)
    only = _only(row, only)
    name = name or (target if isinstance(target, str) else "")
    thing = find(target) if isinstance(target, str) else target
    found = target_of(thing, framework, component.arguments, name)
    build = partial(row.build, **component.arguments)
    seeds = Seeds(seed)
    kernel = (3, 3) if row.only == "kernel" else ()
    law = build(Fans.of_kernel(kernel, 8, 8, first=False))
    measured: list[Any] = []
    unasked: list[str] = []
    with np.errstate(all="ignore"):
        if law.law and law.std:
            figures, measured, unasked = of_law(found, build, seeds, only=only)
        else:
            asked = Ask((*kernel, 8, 8))
            if component.name not in STRUCTURES and not is_constant(build, asked):
                message = "has no law that draws could be held to"
                raise WinitError(f"--like: {component.name} {message}")
            expected = Like(component.name, component.arguments, build)
            figures = of_structure(found, expected, seeds, only)
        rows = judged(figures, alpha)
        failing = any(each.fails for each in rows)
        why = causes(rows, measured, build, found.framework) if failing else ()
    return Conformity(
        target=printable(found.name),
        framework=found.framework,
        like=_described(component),
        law=row.std if not law.law else f"{law.law}, std {row.std}",
        alpha=alpha,
        seed=seed,
        draws=sum(each.drawn.draws.size for each in measured),
        rows=rows,
        causes=why,
        unasked=tuple(unasked),
    )


def _refuse(component: Component, row: Initializer) -> None:
    """Raise WinitError for what depends on data, on an activation or on theory."""
    from weightinit_cli.initializers import AUTO

    name = component.name
    instead = "name its law: {name: variance_scaling, scale: ..., mode: fan_in, distribution: ...}"
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
