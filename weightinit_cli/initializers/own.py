"""Initializers of others: a function that draws one layer's weights, as a row of the table."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np

from weightinit_cli.errors import printable
from weightinit_cli.initializers.samplers import LAWS, Fans, Sampler
from weightinit_cli.initializers.table import INITIALIZERS, Initializer
from weightinit_cli.parameters import Parameter, ParameterError, parameters_of, require
from weightinit_cli.sources import SourceError, calling_module, file_of, said, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator
    from numpy.typing import ArrayLike

    F = TypeVar("F", bound=Callable[..., ArrayLike])

Array = np.ndarray[Any, Any]

LEADING = ("rng", "shape", "fans")
MEASURED = "measured"
# A mean of fewer standard errors than this is none.
CHANCE = 5.0
# In place of a standard deviation of 0.
TINY = 1e-300
# Bytes an entry: what the function returns in float64, and as much again while it makes it.
SCRATCH = 24
# And in a trial, which keeps the first draw.
BYTES_OF_TRIAL = SCRATCH + 8
# So many of the first draws tell one stream from another.
FIRST = 144


def initializer(
    name: str,
    *parameters: Parameter,
    std: Callable[..., float] | None = None,
    law: Literal["", "normal", "truncated_normal", "uniform"] = "",
) -> Callable[[F], F]:
    """Register a function as the initializer `name`, which specs and commands then take.

    The function is `fn(rng, shape, fans, **parameters)` and returns real numbers of that shape:
    (fan_in, fan_out) of a dense layer, (height, width, in, out) of a convolution. `rng` is a numpy
    Generator of the layer's own stream, which all draws must come from; `fans`, which it may leave
    out, has `fan_in` and `fan_out`, with a kernel's area in both, `first` (whether the layer sees
    the inputs) and `kernel`, which is () in a dense layer. What else the function takes are its
    parameters in a spec, with the signature's defaults; `Parameter(name, doc, default,
    minimum=...)` gives them words and bounds.

    `std(fans, **parameters)` is the standard deviation of an entry, which theory starts from. Where
    it is not given, it is measured from one draw of each shape. `law` says that all entries are
    independent draws of this law; theory then has z-scores, and `check` holds the weights to it.

    Raises ValueError where the name is none, is built in, or is another plug-in's, and TypeError
    where a function does not take what it must, or a default is none that a spec could give.

    Example:
        >>> import weightinit_cli as winit
        >>> @winit.initializer("half_he", std=lambda fans: (1 / fans.fan_in) ** 0.5)
        ... def half_he(rng, shape, fans):
        ...     return rng.normal(0, (1 / fans.fan_in) ** 0.5, shape)
        >>> winit.histogram(activation="relu", initializer="half_he").verdict[0].name
        'healthy'
    """
    if law and law not in LAWS:
        raise ValueError(f"law must be one of {', '.join(LAWS)}, not {law!r}")

    INITIALIZERS.require_free(name)
    source = source_of(calling_module())

    def register(function: F) -> F:
        leading = _leading(function, parameters)
        taken = parameters_of(function, parameters, leading)
        if std is not None:
            require(std, "std", ("fans",), taken)
        row = Initializer(
            _Own(name, function, std, law, takes_fans=leading == LEADING),
            MEASURED if std is None else "by its own formula",
            source,
            parameters=taken,
            needs_fans=True,
            source=source,
        )
        INITIALIZERS.add(name, row, function)
        return function

    return register


def _leading(function: Callable[..., Any], given: Sequence[Parameter]) -> tuple[str, ...]:
    """What a function takes by place: the fans, too, where its third is one that a spec can't give.

    So is any third without a default that is not among the `given` parameters.
    """
    from inspect import signature

    try:
        arguments = list(signature(function).parameters.values())
    except (TypeError, ValueError):
        return LEADING
    by_place = [each for each in arguments if each.kind <= each.POSITIONAL_OR_KEYWORD]
    named = {getattr(each, "name", "") for each in given}  # not yet known to be parameters
    third = by_place[2] if len(by_place) > 2 else None
    is_fans = third and third.default is third.empty and third.name not in named
    return LEADING if is_fans or any(each.name == "fans" for each in arguments) else LEADING[:2]


class _Own:
    """What builds the samplers of somebody's function: a row's `build`."""

    def __init__(
        self,
        name: str,
        function: Callable[..., ArrayLike],
        std: Callable[..., float] | None,
        law: str,
        *,
        takes_fans: bool,
    ) -> None:
        self.name, self.function, self.std, self.law = name, function, std, law
        self.takes_fans = takes_fans
        self.__doc__ = function.__doc__ or f"{name}: no docstring."

    def __call__(self, fans: Fans, **parameters: Any) -> Sampler:
        return _sampler(self, fans, tuple(sorted(parameters.items())))

    def drawn(self, rng: Generator, fans: Fans, parameters: dict[str, Any]) -> Array:
        """What the function draws. Raises SourceError unless it is finite numbers of the shape."""
        shape = (*fans.kernel, fans.channels, fans.columns)
        try:
            given = (rng, shape, fans) if self.takes_fans else (rng, shape)
            found = self.function(*given, **parameters)
        except (Exception, SystemExit) as error:
            raise SourceError(f"{self.name}: {said(error, file_of(self.function))}") from error
        axes = "(height, width, in, out)" if fans.kernel else "(fan_in, fan_out)"
        values = real_numbers(found, shape, axes, self.name)
        bad = values.size - int(np.count_nonzero(np.isfinite(values)))
        if bad:
            share = f"{bad:,} of {values.size:,} values"
            raise SourceError(f"{self.name} returned {share} that are not finite")
        return values

    def formula(self, fans: Fans, parameters: dict[str, Any]) -> float | None:
        """The standard deviation by formula; None where there is none."""
        if self.std is None:
            return None
        try:
            found = self.std(fans, **parameters)
        except (Exception, SystemExit) as error:
            why = said(error, file_of(self.std))
            raise SourceError(f"{self.name}: its std: {why}") from error
        try:
            value = float(found)
        except (TypeError, ValueError):
            value = inf
        if not (isfinite(value) and value >= 0):
            raise SourceError(f"{self.name}: its std must be a finite number >= 0, not {found!r}")
        return value


class Trial(NamedTuple):
    """What one draw of a shape shows, and whether it is another one from another rng.

    `error` is the standard error of `std` where the entries are independent.
    """

    mean: float
    std: float
    error: float
    kurtosis: float
    drew: bool


def trial(build: Callable[..., Sampler], fans: Fans, **parameters: Any) -> Trial | None:
    """Draw a shape by somebody's initializer; None for one of winit's own."""
    if not isinstance(build, _Own):
        return None
    return _trial(build, fans, tuple(sorted(parameters.items())))


@lru_cache(maxsize=256)
def _trial(own: _Own, fans: Fans, items: tuple[tuple[str, Any], ...]) -> Trial:
    parameters = dict(items)

    def draw(seed: int) -> Array:
        return own.drawn(np.random.Generator(np.random.PCG64(seed)), fans, parameters)

    values = draw(0).copy()  # which its function may write to again
    if not np.array_equal(values, draw(0)):
        raise SourceError(
            f"{own.name} draws other numbers from the same rng; all draws must come from rng, "
            "as rng.standard_normal(shape) does"
        )
    drew = not np.array_equal(values, draw(1))
    largest = np.abs(values).max()
    values = values.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        mean = values.mean()
        values -= mean
        values *= values
        std, spread = np.sqrt(values.mean()), values.std()
        error = spread / sqrt(values.size) / max(2 * std, TINY)
        kurtosis = 1 + (spread / max(std**2, TINY)) ** 2
    if not isfinite(std):
        raise SourceError(
            f"{own.name} returned values up to {largest:.3g}, which have no standard deviation"
        )
    return Trial(float(mean), float(std), float(error), float(kurtosis), drew)


@lru_cache(maxsize=256)
def _sampler(own: _Own, fans: Fans, items: tuple[tuple[str, Any], ...]) -> Sampler:
    parameters = dict(items)
    try:
        seen = _trial(own, fans, items)
        std = own.formula(fans, parameters)
    except SourceError as error:
        raise ParameterError("name", str(error)) from error
    by_chance = CHANCE * seen.std / sqrt(fans.fan_in * fans.columns)
    mean = 0.0 if own.law or (seen.drew and abs(seen.mean) <= by_chance) else seen.mean

    def fill(panel: Array, generator: Generator) -> bytes:
        values = own.drawn(generator, fans, parameters)
        with np.errstate(all="ignore"):
            panel[...] = values.reshape(panel.shape)
        return _direction(values) if seen.drew else b""

    return Sampler(
        mean,
        seen.std if std is None else std,
        fill,
        whole=True,
        scratch=SCRATCH,
        excess=LAWS[own.law].excess if own.law else None,
        law=own.law,
    )


def _direction(values: Array) -> bytes:
    """Bytes of the first draws and of where they stand, which are the same at every scale."""
    flat = values.ravel()
    places = np.flatnonzero(flat)[:FIRST]
    if not places.size:
        return b""
    first = flat[places].astype(np.float64)
    shares = (first / np.abs(first).max()).astype(np.float16)
    return blake2b(places.tobytes() + shares.tobytes(), digest_size=8).digest()


def real_numbers(found: Any, shape: tuple[int, ...], axes: str, name: str) -> Array:
    """What a function returned, as an array; raise SourceError unless it is numbers of the shape.

    `axes` says what the shape's numbers are, and `name` who returned it.
    """
    try:
        values = np.asarray(found)
    except (TypeError, ValueError, RuntimeError) as error:
        why = printable(str(error).partition("\n")[0])
        raise SourceError(f"{name} returned what is no array: {why}") from None
    if isinstance(found, np.ma.MaskedArray):
        raise SourceError(f"{name} must return an array of real numbers, not a masked one")
    if not np.can_cast(values.dtype, np.float64, "same_kind"):
        is_array = values.dtype != object or isinstance(found, np.ndarray)
        kind = f"one of {values.dtype}" if is_array else kind_of(found)
        raise SourceError(f"{name} must return an array of real numbers, not {kind}")
    if values.shape != shape:
        asked = f"shape {shape} = {axes} was asked for"
        raise SourceError(f"{name} returned shape {values.shape}; {asked}")
    return values


def kind_of(thing: object) -> str:
    """What a thing is, in words."""
    return "None" if thing is None else f"of type {type(thing).__qualname__}"
