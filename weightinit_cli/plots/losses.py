"""Loss curves as they are drawn: smoothed, thinned, with the range of what is behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.stripes import dash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.page import Array, Axis
    from weightinit_cli.results.training import Trained, TrainingResult

MOST_POINTS = 240
MOST_IN_WINDOW = 200  # of a longer window every second, third, ... step is looked at
WINDOWS = 40  # a running mean is over the steps divided by this
MOST_LINES = 9  # fewer networks than ten are drawn each, as everywhere
QUANTILES = (0.05, 0.5, 0.95)
DIVERGED = 1e300  # stands for the loss of a network that has diverged
BEYOND = 1e200
ALIKE = 0.008  # of a panel's height: less cannot be seen
MOSTLY = 0.9  # of the steps


class LossCurve(NamedTuple):
    """The curve of one run, nan where it has no value.

    `middle` is the smoothed loss of its only network, or the median of several. `low` and `high`
    are quantiles: of the mini-batches of one network, which have no say in what the axis is, or of
    ten networks and more, inf where so many have diverged. Fewer networks are each in `networks`.
    """

    steps: Array
    middle: Array
    low: Array | None = None
    high: Array | None = None
    networks: tuple[Array, ...] = ()

    def lines(self) -> list[float]:
        """The finite values of the lines."""
        return _finite(self.middle, *self.networks)

    def band(self) -> list[float]:
        """The finite values of the quantiles."""
        return [] if self.low is None or self.high is None else _finite(self.low, self.high)

    @property
    def end(self) -> tuple[float, float] | None:
        """The last point of the curve: the step and the loss."""
        return last_point(self.steps, self.middle)


def _finite(*curves: Array) -> list[float]:
    every = np.concatenate(curves)
    found: list[float] = every[np.isfinite(every)].tolist()
    return found


def last_point(steps: Array, values: Array) -> tuple[float, float] | None:
    """The last step with a finite value, and the value."""
    known = np.flatnonzero(np.isfinite(values))
    return (float(steps[known[-1]]), float(values[known[-1]])) if known.size else None


def window_of(steps: int) -> int:
    """Over how many steps the mean runs."""
    return max(round(steps / WINDOWS), 1)


def length(result: TrainingResult) -> int:
    """The steps of the network that got furthest."""
    return max((len(network.losses) for network in result.networks), default=0)


def loss_curve(result: TrainingResult) -> LossCurve | None:
    """The curve of a result, at most so many points; None where no step has a loss.

    A network that diverged counts from there on as one whose loss is above all others.
    """
    number = length(result)
    if not number:
        return None
    at = np.unique(np.rint(np.linspace(0, number - 1, min(number, MOST_POINTS))).astype(np.intp))
    window = window_of(number)
    every = [_losses(network) for network in result.networks]
    smoothed = np.full((len(every), len(at)), np.nan)
    for row, losses in zip(smoothed, every, strict=True):
        inside = at < len(losses)
        row[inside] = running_mean(losses, window, at[inside])
    counted = np.where(np.abs(smoothed) >= BEYOND, DIVERGED, smoothed)
    smoothed[counted == DIVERGED] = np.nan
    steps = at.astype(np.float64) + 1
    if len(every) == 1:
        return LossCurve(steps, smoothed[0], *running_quantiles(every[0], window, at))
    for row, network in zip(counted, result.networks, strict=True):
        if network.diverged is not None:
            row[np.isnan(row)] = DIVERGED
    quantile = np.nanquantile if np.isnan(counted).any() else np.quantile
    low, middle, high = quantile(counted, QUANTILES, axis=0)
    middle = np.where(middle < BEYOND, middle, np.nan)
    if len(every) <= MOST_LINES:
        return LossCurve(steps, middle, networks=tuple(smoothed))
    low, high = (np.where(side < BEYOND, side, np.inf) for side in (low, high))
    return LossCurve(steps, middle, low, high)


def running_mean(values: Array, window: int, at: NDArray[np.intp]) -> Array:
    """The mean around each place; at the beginning narrower, so that the start stays in sight."""
    if not at.size:
        return np.zeros(0)
    low, high = _windows(values, window, at)
    padded = np.append(values, 0.0)
    sums = np.add.reduceat(padded, np.stack([low, high], axis=1).ravel())[::2]
    mean: Array = sums / (high - low)
    return mean


def running_quantiles(
    values: Array, window: int, at: NDArray[np.intp]
) -> tuple[Array, Array] | tuple[None, None]:
    """The lowest and the highest of QUANTILES in the windows of the running mean.

    None where these are single steps.
    """
    if window == 1 or not at.size:
        return None, None
    low, high = _windows(values, window, at)
    sides = np.empty((2, len(at)))
    whole = np.flatnonzero(high - low == 2 * (window // 2) + 1)
    stride = -(-window // MOST_IN_WINDOW)
    if whole.size:
        windows = np.lib.stride_tricks.sliding_window_view(values, 2 * (window // 2) + 1)
        sides[:, whole] = _outer(windows[low[whole], ::stride])
    for k in np.setdiff1d(np.arange(len(at)), whole).tolist():
        sides[:, k : k + 1] = _outer(values[None, low[k] : high[k] : stride])
    return sides[0], sides[1]


def _windows(
    values: Array, window: int, at: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    half = np.minimum(window // 2, at)
    return at - half, np.minimum(at + half + 1, len(values))


def _outer(rows: Array) -> Array:
    """The outer quantiles of each row, as values that it has."""
    last = rows.shape[1] - 1
    places = math.floor(QUANTILES[0] * last), math.ceil(QUANTILES[-1] * last)
    found: Array = np.partition(rows, places, axis=1)[:, places].T
    return found


def _losses(network: Trained) -> Array:
    """The losses, those near the end of the floats cut, so that sums of them are floats, too."""
    return np.clip(np.array(network.losses, dtype=np.float64), -DIVERGED, DIVERGED)


def dashes(curves: Sequence[LossCurve | None], axis: Axis) -> list[tuple[float, ...]]:
    """How to dash curves that coincide on an axis, so that all are seen; else not at all."""
    groups: list[tuple[Array, Array, list[int]]] = []
    for k, curve in enumerate(curves):
        if curve is None:
            continue
        places = axis.parts(curve.middle)
        for steps, others, group in groups:
            if np.array_equal(steps, curve.steps) and _coincide(places, others):
                group.append(k)
                break
        else:
            groups.append((curve.steps, places, [k]))
    found: list[tuple[float, ...]] = [()] * len(curves)
    for _, _, group in groups:
        for place, k in enumerate(group):
            found[k] = dash_of(place, len(group))
    return found


def _coincide(one: Array, other: Array) -> bool:
    alike = (np.abs(one - other) <= ALIKE) | (np.isnan(one) & np.isnan(other))
    return bool(alike.mean() >= MOSTLY)
