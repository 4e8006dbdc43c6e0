"""Activations of others: a function and its derivative, as a row of the table."""

from __future__ import annotations

from functools import lru_cache, partial
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from weightinit_cli.activations.own import own
from weightinit_cli.activations.table import ACTIVATIONS, Row
from weightinit_cli.parameters import Parameter, ParameterError, parameters_of, require
from weightinit_cli.sources import SourceError, calling_module, file_of, said, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.activations.activation import Activation, Array

    F = TypeVar("F", bound=Callable[..., Array])

LEADING = ("x",)


def activation(
    name: str,
    *parameters: Parameter,
    derivative: Callable[..., Array],
    kinks: Sequence[float] | Callable[..., Sequence[float]] | None = None,
    bounds: tuple[float, float] | Callable[..., tuple[float, float]] = (-inf, inf),
) -> Callable[[F], F]:
    """Register a function as the activation `name`, which specs and commands then take.

    The function is `fn(x, **parameters)`, and `derivative` takes the same: an array of float32 or
    float64 of any shape, which they must not change, to one of the same shape. What the function
    takes beside x are its parameters in a spec, with the signature's defaults;
    `Parameter(name, doc, default, minimum=...)` gives them words and bounds.

    `kinks` are the places where the function or its derivative jumps; where they are not given,
    those between -64 and 64 are found. `bounds` are its infimum and supremum: where both are
    finite, histograms have this range. Both may be functions of the parameters. The derivative is
    tried at random points before it is used.

    Raises ValueError where the name is none, is built in, or is another plug-in's, and TypeError
    where a function does not take what it must, or a default is none that a spec could give.

    Example:
        >>> import numpy as np
        >>> import weightinit_cli as winit
        >>> @winit.activation("snake", derivative=lambda x, a: 1 + np.sin(2 * a * x))
        ... def snake(x, a=1.0):
        ...     return x + np.sin(a * x) ** 2 / a
        >>> winit.histogram(activation="snake", initializer="lecun_normal").verdict[0].name
        'healthy'
    """
    ACTIVATIONS.require_free(name)
    source = source_of(calling_module())

    def register(function: F) -> F:
        taken = parameters_of(function, parameters, LEADING)
        require(derivative, "derivative", LEADING, taken)
        for what, each in (("kinks", kinks), ("bounds", bounds)):
            if callable(each):
                require(each, what, (), taken)

        @lru_cache(maxsize=64)
        def built(items: tuple[tuple[str, Any], ...]) -> Activation:
            bound = dict(items)
            try:
                return own(
                    name,
                    partial(function, **bound),
                    partial(derivative, **bound),
                    kinks=_at(name, "kinks", kinks, bound),
                    bounds=_at(name, "bounds", bounds, bound),
                )
            except SourceError as error:
                raise ParameterError("name", str(error)) from error

        def build(**arguments: float | str) -> Activation:
            return built(tuple(sorted(arguments.items())))

        first = (function.__doc__ or "no docstring").strip().partition("\n")[0]
        row = Row(build, first, "", taken, source=source)
        ACTIVATIONS.add(name, row, function)
        return function

    return register


def _at(name: str, what: str, given: Any, bound: dict[str, Any]) -> Any:
    """What was given of an activation, at these parameters. Raises SourceError if it raises."""
    if not callable(given):
        return given
    try:
        return given(**bound)
    except (Exception, SystemExit) as error:
        raise SourceError(f"{name}: its {what}: {said(error, file_of(given))}") from error
