"""An activation of which a person gives the value and the derivative, and nothing else is known."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.activations.activation import Activation
from weightinit_cli.activations.features import Slopes, kinks_of
from weightinit_cli.sources import SourceError, file_of, said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Array = np.ndarray[Any, Any]

# Activations are numbers at these places in every dtype, or the network has none.
ORDINARY = np.linspace(-30, 30, 241)
# Places at which the derivative is tried, and the steps of the differences, from 1/8 on by halves.
TRIALS, STEPS = 256, 32
# A derivative is wrong where it is off by more than this, relative to its size near by.
WRONG = 1e-4
# How many times its own error a difference may be off.
ERRORS = 20.0


class OwnError(SourceError, ValueError):
    """What is wrong with the value or the derivative of a person's activation, in one line."""


def own(
    name: str,
    value: Callable[[Array], Array],
    derivative: Callable[[Array], Array],
    *,
    kinks: Sequence[float] | None = None,
    bounds: tuple[float, float] = (-inf, inf),
) -> Activation:
    """An activation by its value φ(x) and its derivative φ'(x), tried once here.

    Both take one array of float32 or float64, of any shape, which they must not change, and return
    one of real numbers of the same shape. `kinks` are the places where φ or φ' jumps; where they
    are not given, those between -64 and 64 are found. How steep φ is and where it is flat is found.

    Raises OwnError where a function raises or returns something else, then and whenever it is
    called later; and where it is not finite between -30 and 30, its values depend on other places
    of the array, or the derivative is not the derivative.
    """
    phi, slope = _Called(name, "value", value), _Called(name, "derivative", derivative)
    bounds = _bounds(name, bounds)
    for function in (phi, slope):
        _check_finite(function)
        _check_elementwise(function)
    _check_within(phi, bounds)
    places = kinks_of(phi, slope) if kinks is None else _kinks(name, kinks)
    _check_derivative(phi, slope, places)
    slopes = Slopes(phi, slope, places)

    def write(x: Array, out: Array) -> None:
        lost = np.isnan(x) if np.isnan(x.max(initial=0)) else None
        found = phi(x)
        if lost is not None:
            found = np.where(lost, np.nan, found)
        with np.errstate(all="ignore"):
            np.copyto(out, found, casting="same_kind")

    def rounded_slope(x: Array) -> Array:
        found = slope(x)
        with np.errstate(all="ignore"):
            return np.array(found, x.dtype)

    return Activation(write, rounded_slope, bounds, places, slopes.steepest, slopes.ends)


class _Called:
    """A person's function, which may do anything; called on an array, it gives numbers or OwnError.

    `role` is what it gives: the value or the derivative of the activation `name`.
    """

    def __init__(self, name: str, role: str, function: Callable[[Array], Array]) -> None:
        self.name, self.role, self._function = name, role, function

    def __call__(self, x: Array) -> Array:
        """The function's real numbers at x, an array of x's shape and any dtype."""
        if not x.size:
            return np.empty_like(x)
        seen = x.view()
        seen.flags.writeable = False
        try:
            with np.errstate(all="ignore"):
                found = self._function(seen)
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            why = said(error, file_of(self._function))
            if "read-only" in why:
                raise self.error(f"changes the array x that it is given: {why}") from error
            raise self.error(f"raised {why}") from error
        return self._numbers(found, x.shape)

    def _numbers(self, found: object, shape: tuple[int, ...]) -> Array:
        """What was returned; raise OwnError unless it is an array of real numbers of the shape."""
        if isinstance(found, np.generic):
            found = np.asarray(found)
        should = f"must return an array of real numbers of x's shape, {shape}"
        if not isinstance(found, np.ndarray):
            kind = "None" if found is None else f"a {type(found).__name__}"
            raise self.error(f"{should}, not {kind}")
        if isinstance(found, np.ma.MaskedArray):
            raise self.error(f"{should}, not a masked one")
        if found.dtype == np.float16:
            raise self.error("must return float32 or float64, not float16: it has too few digits")
        if not np.can_cast(found.dtype, np.float64, "same_kind"):
            raise self.error(f"{should}, not one of {found.dtype}")
        if found.shape != shape:
            raise self.error(f"{should}, not one of shape {found.shape}")
        return found

    def error(self, what: str) -> OwnError:
        """What is wrong with the function, as an error."""
        return OwnError(f"{self.name}: the {self.role}'s function {what}")


def _bounds(name: str, given: object) -> tuple[float, float]:
    match _numbers(given):
        case (low, high) if low < high:
            return low, high
    raise OwnError(f"{name}: bounds must be (low, high) with low < high, not {given!r}")


def _kinks(name: str, given: object) -> tuple[float, ...]:
    places = _numbers(given)
    if places is None or not np.isfinite(places).all():
        raise OwnError(f"{name}: kinks must be a list of finite numbers, not {given!r}")
    return tuple(sorted(set(places)))


def _numbers(given: Any) -> tuple[float, ...] | None:
    """What a person gave as numbers, as such; None where it is something else."""
    try:
        return tuple(map(float, given))
    except (TypeError, ValueError):
        return None


def _check_finite(function: _Called) -> None:
    for dtype in (np.float64, np.float32):
        x = ORDINARY.astype(dtype)
        with np.errstate(all="ignore"):
            found = function(x).astype(dtype)
        bad = np.flatnonzero(~np.isfinite(found))
        if bad.size:
            at = bad[np.abs(x[bad]).argmin()]
            raise OwnError(
                f"{function.name}: the {function.role} at x = {x[at]:g} is {found[at]:g} in "
                f"{np.dtype(dtype)}; it must be finite between -30 and 30"
            )


def _check_elementwise(function: _Called) -> None:
    """Raise OwnError where values depend on their neighbours, or on anything else but x."""
    x = _places()
    together = function(x)
    for part in (function(x.reshape(2, -1)).ravel(), np.append(function(x[:9]), function(x[9:]))):
        near = np.isclose(part, together, rtol=1e-6, atol=1e-12 * np.abs(together).max())
        if not near.all():
            at = int(near.argmin())
            raise OwnError(
                f"{function.name}: the {function.role} at x = {x[at]:.6g} is {together[at]:.6g} "
                f"once and {part[at]:.6g} another time; it must depend on this x alone"
            )


def _check_within(phi: _Called, bounds: tuple[float, float]) -> None:
    x = _places()
    values = phi(x)
    low, high = bounds
    beyond = np.maximum(low - values, values - high)
    at = int(beyond.argmax())
    if beyond[at] > 1e-6 * np.abs(values).max():
        raise OwnError(
            f"{phi.name}: the value at x = {x[at]:.6g} is {values[at]:.6g}, "
            f"beyond its bounds ({low:g}, {high:g})"
        )


def _check_derivative(phi: _Called, slope: _Called, kinks: tuple[float, ...]) -> None:
    """Raise OwnError where φ' is not the limit of the differences of φ.

    Central differences D of ever smaller steps h, extrapolated by (4 D(h / 2) - D(h)) / 3, have the
    least of their changes as an error. What any step confirms is right: values may be rounded
    coarsely, and φ may have kinks of which nobody knows.
    """
    x = _places()
    distances = np.abs(x[:, None] - np.array([*kinks, inf])).min(axis=1)
    x = x[distances > 1e-6]
    h = np.exp2(-3.0 - np.arange(STEPS))[:, None]
    above, below = x + h, x - h
    with np.errstate(all="ignore"):
        difference = (phi(above).astype(np.float64) - phi(below)) / (above - below)
        finer = (4 * difference[1:] - difference[:-1]) / 3
        changes = np.abs(np.diff(finer, axis=0))
        errors = np.maximum(changes[1:], changes[:-1])
        errors[~np.isfinite(errors)] = inf
        best = errors.argmin(axis=0)
        columns = np.arange(len(x))
        measured, error = finer[best + 1, columns], errors[best, columns]
        said_slope = slope(x).astype(np.float64)
        size = np.maximum(np.abs(measured), np.abs(said_slope))
        floor = WRONG * np.minimum(np.abs(measured[np.abs(x) < 4]).max(initial=0), 1e300) / 100
        most = WRONG * size + floor
        off = np.abs(measured - said_slope)
        confirmed = (np.abs(finer - said_slope) <= most).any(axis=0)
        wrong = np.flatnonzero((off > most + ERRORS * error) & ~confirmed)
    if wrong.size:
        at = wrong[np.abs(np.log(np.abs(x[wrong]))).argmin()]
        raise OwnError(
            f"{phi.name}: the derivative at x = {x[at]:.6g} is {said_slope[at]:.4g}, "
            f"but the slope of the values there is {measured[at]:.4g}"
        )


def _places() -> Array:
    """Places of all sizes between 1e-3 and 30 on either side of 0, always the same, none round."""
    rng = np.random.Generator(np.random.PCG64(0))
    sizes = np.concatenate(
        [10 ** rng.uniform(-3, 1.5, TRIALS // 2), rng.uniform(0, 8, TRIALS // 2)]
    )
    signs = np.where(rng.random(TRIALS) < 0.5, -1, 1)
    places: Array = signs * sizes
    return places
