"""Activations of others: a function and its derivative, as a row of the table."""

from __future__ import annotations

from functools import lru_cache, partial
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from weightinit_cli.activations.own import own
from weightinit_cli.activations.table import ACTIVATIONS, Row
from weightinit_cli.parameters import Parameter, ParameterError
from weightinit_cli.plugins import parameters_of
from weightinit_cli.sources import SourceError, source_of

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
    where the function does not take what is named here.

    Example:
        >>> import numpy as np
        >>> import weightinit_cli as winit
        >>> @winit.activation("snake", derivative=lambda x, a: 1 + np.sin(2 * a * x))
        ... def snake(x, a=1.0):
        ...     return x + np.sin(a * x) ** 2 / a
        >>> winit.histogram(activation="snake", initializer="lecun_normal").verdict[0].name
        'healthy'
    """

    def register(function: F) -> F:
        @lru_cache(maxsize=64)
        def built(items: tuple[tuple[str, Any], ...]) -> Activation:
            bound = dict(items)
            found = kinks(**bound) if callable(kinks) else kinks
            try:
                return own(
                    name,
                    partial(function, **bound),
                    partial(derivative, **bound),
                    kinks=None if found is None else tuple(map(float, found)),
                    bounds=bounds(**bound) if callable(bounds) else bounds,
                )
            except SourceError as error:
                raise ParameterError("name", str(error)) from error

        def build(**arguments: float | str) -> Activation:
            return built(tuple(sorted(arguments.items())))

        first = (function.__doc__ or "no docstring").strip().partition("\n")[0]
        found = parameters_of(function, parameters, LEADING)
        row = Row(build, first, "", found, source=source_of(function))
        ACTIVATIONS.add(name, row, function)
        return function

    return register
