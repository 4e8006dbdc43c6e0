"""What a test asserts: an initializer draws what its name says, a network starts well.

For pytest, unittest or neither.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from weightinit_cli.conformity import ALPHA
from weightinit_cli.conformity import conform as _conform
from weightinit_cli.errors import WinitError, counted, printable
from weightinit_cli.experiments import run
from weightinit_cli.results.kinds import AnyResult, kind_of
from weightinit_cli.results.model import SEVERITIES, asked_for
from weightinit_cli.results.verdictwords import sentence
from weightinit_cli.spec import expand
from weightinit_cli.spec.nodes import suggestion
from weightinit_cli.verdicts import DEFINITIONS, threshold_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from weightinit_cli.results.model import Severity
    from weightinit_cli.spec import SpecLike

__all__ = ["assert_conforms", "assert_healthy"]
__tracebackhide__ = True  # pytest shows the line of the test alone


def assert_conforms(
    fn: Any,
    like: str | Mapping[str, Any],
    *,
    alpha: float = ALPHA,
    seed: int = 0,
    framework: str = "",
    only: str = "",
) -> None:
    """Assert that an initializer draws what a row of winit's table draws.

    The arguments are those of `weightinit_cli.conform`. Raises AssertionError with each question
    that fails (the figure, its standard error, what is expected), then the verdict; WinitError
    where the function raises or returns no array.

        >>> import numpy as np
        >>> def mine(rng, shape):
        ...     return rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
        >>> assert_conforms(mine, {"name": "kaiming_normal"})
    """
    try:
        found = _conform(fn, like, alpha=alpha, seed=seed, framework=framework, only=only)
    except WinitError as error:
        raise error.with_traceback(None) from error.__cause__
    if not found.conforms:
        raise AssertionError(found.failure)


def assert_healthy(
    what: AnyResult | SpecLike, *, allow: Collection[str] = (), fail_on: Severity = "warning"
) -> None:
    """Assert that a network has no verdict at its start that is as bad as `fail_on`, or worse.

    `what` is a result, also of a model of your own (`probe`); or a spec in any form that `run`
    takes, which is run here; of one that describes several, all runs are. Verdicts named in `allow`
    are accepted. Verdicts are those of the experiment `histogram` and of `probe`: `winit explain`
    says what each means.

    Raises AssertionError that names every run that fails, and for each verdict the layer or the
    module, the figure with its value and threshold, and what it follows from. Raises ValueError for
    an unknown name, and where there are no verdicts to look at; SpecError as `run` does.

    Example:
        >>> keys = {"activation": "tanh", "initializer": {"name": "normal", "std": 0.3}}
        >>> assert_healthy(keys)
        >>> assert_healthy(keys, fail_on="note", allow=["saturated"])
        >>> zeros = {"activation": "tanh", "initializer": "zeros"}
        >>> assert_healthy(zeros, allow=["vanishing_gradient"])
        Traceback (most recent call last):
        AssertionError: 1 verdict of warning or worse
        spec:
          severe: units_identical first at layer 1: all its units are the same
    """
    allowed = [allow] if isinstance(allow, str) else list(allow)
    _refuse_unknown("allow", allowed, "verdict", DEFINITIONS)
    _refuse_unknown("fail_on", [fail_on], "severity", SEVERITIES)
    try:
        found = [said for each in _results(what) if (said := _said(*each, allowed, fail_on))]
    except WinitError as error:
        raise error.with_traceback(None) from error.__cause__
    if found:
        number = sum(len(said) - 1 for said in found)
        worse = "" if fail_on == SEVERITIES[-1] else " or worse"
        heading = f"{counted(number, 'verdict')} of {fail_on}{worse}"
        raise AssertionError("\n".join(map(printable, chain([heading], *found))))


def _said(name: str, result: AnyResult, allowed: Collection[str], fail_on: Severity) -> list[str]:
    """A result's name and its verdicts, a line each; nothing where it has none that is asked for.

    Raises ValueError where there are no verdicts to look at.
    """
    verdicts = kind_of(result).verdict(result)
    if not verdicts:
        raise ValueError(f"{name}: there are no verdicts in a result of this kind or version")
    found = [each for each in asked_for(verdicts, [fail_on]) if each.name not in allowed]
    limits = result.spec.get("thresholds", {})  # a probe's model has no spec to set any in
    said = [f"  {sentence(each, threshold_of(each, limits))}" for each in found]
    return [f"{name}:", *said] if said else []


def _results(what: AnyResult | SpecLike) -> Iterator[tuple[str, AnyResult]]:
    """Give the result, or that of each run of a spec, with its name."""
    if isinstance(what, AnyResult):
        yield what.name, what
        return
    for spec in expand(what):
        if spec.experiment != "histogram":
            raise ValueError(f"{spec.name}: verdicts are those of histogram, not {spec.experiment}")
        yield spec.folder, run(spec)


def _refuse_unknown(
    argument: str, given: Iterable[object], kind: str, known: Collection[str]
) -> None:
    """Raise ValueError for a name that is not known, with the nearest one that is."""
    for name in given:
        if name not in known:
            near = suggestion(str(name), known, f"there are {', '.join(known)}")
            raise ValueError(f"{argument}: no {kind} {name!r}{near}")
