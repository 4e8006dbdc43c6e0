"""Many starts of one network: how their test losses spread, what the best of k of them gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.engine.drawing import MUTED
from weightinit_cli.plots.engine.numbers import Scale, scale_for
from weightinit_cli.plots.engine.page import Axis, Band, Dots, Line, Panel, Row, Words
from weightinit_cli.plots.engine.scales import log_suits, log_ticks
from weightinit_cli.results.training import best_of_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Array, Mark
    from weightinit_cli.results.training import Trained, TrainingResult

    Started = tuple[str, TrainingResult, Color]

HEIGHT, RIDGE_HEIGHT = 110.0, 11.0
NARROWEST = 200.0
GAP = 26.0
BINS = 10, 40
FIRST_DOTS = 10
RADIUS = 1.7
RIDGE = 0.88  # of a row's height
LOW, HIGH, SLACK = 0.05, 0.95, 1e-12
LARGEST = 2.0**1022  # as far as an axis goes either way, so that its length is a float, too


def restarts_rows(started: Sequence[Started]) -> list[Row]:
    """A row with two panels, of all runs of which the best of k is known; none without such."""
    again = [each for each in started if best_of_few(each[1])[1:]]
    if not again:
        return []
    height = max(HEIGHT, RIDGE_HEIGHT * len(again))
    return [Row((_spread(again), _best(again)), height, narrowest=NARROWEST, gap=GAP)]


def _spread(again: Sequence[Started]) -> Panel:
    """A histogram of the networks' test losses, of several runs one above the other."""
    every = [
        [each.test.loss for each in result.networks if each.test.loss is not None]
        for _, result, _ in again
    ]
    known = [loss for losses in every for loss in losses]
    x = _losses_axis(known)
    number = min(max(round(2 * math.sqrt(len(known))), BINS[0]), BINS[1])
    edges = np.array([x.value(at) for at in np.linspace(x.low, x.high, number + 1).tolist()])
    sides = np.repeat(edges, 2)
    alone = len(again) == 1
    marks: list[Mark] = []
    most = 1.0
    for k, ((words, _, color), losses) in enumerate(zip(again, every, strict=True), 1):
        counts = np.histogram(np.clip(x.parts(losses), 0.0, 1.0), number, (0.0, 1.0))[0]
        most = max(float(counts.max()), 1.0)
        base = float(len(again) - k)
        heights = np.repeat(counts if alone else base + RIDGE * counts / most, 2)
        outline = np.array([base, *heights.tolist(), base])
        marks.append(Band(sides, np.full(len(sides), base), outline, color, 0.35))
        marks.append(Line(sides, outline, color, 1.0, words=words))
    names = tuple((len(again) - k - 0.6, words) for k, (words, _, _) in enumerate(again))
    y = _counts_axis(most) if alone else Axis(0.0, float(len(again)), ticks=names, names=True)
    if not known:
        marks = [Words(0.5, 0.5, "none is finite", MUTED, within=True)]
    finite = sum(map(len, every))
    total = sum(len(result.networks) for _, result, _ in again)
    lost = f", {total - finite:,} without a finite loss" if finite < total else ""
    notes = ((f"{_numbers(again)} networks{lost}", MUTED),)
    return Panel(x, y, tuple(marks), notes=notes, align="left", name=x.name)


def _best(again: Sequence[Started]) -> Panel:
    """The test accuracy of the best of k on validation data."""
    bands: list[Mark] = []
    lines: list[Mark] = []
    ends: list[float] = []
    most = 2
    for words, result, color in again:
        ks = [best.k for best in best_of_few(result)]
        k, mean = (
            np.array(ks, dtype=float),
            np.array([b.accuracy_mean for b in best_of_few(result)]),
        )
        low, high = best_quantiles(result, ks)
        bands.append(Band(k, low, high, color))
        lines.append(Line(k, mean, color, words=words))
        lines.append(Dots(k[:FIRST_DOTS], mean[:FIRST_DOTS], color, RADIUS))
        ends += np.clip([*low, *high, *mean], 0.0, 1.0).tolist()
        most = max(most, *ks)
    top = math.log10(most)
    x = Axis(-0.04 * top, 1.04 * top, "best of k", log=True, ticks=log_ticks(0.0, top))
    air = 0.08 * (max(ends) - min(ends)) or 0.005
    y = Axis(max(min(ends) - air, 0.0), min(max(ends) + air, 1.0), "test accuracy", share=True)
    notes = (
        (f"of the {_numbers(again)} networks, by validation loss:", MUTED),
        ("mean and quantiles 0.05 to 0.95 over all choices of k", MUTED),
    )
    return Panel(x, y, (*bands, *lines), notes=notes, align="left", rules=True, name=y.name)


def best_quantiles(result: TrainingResult, ks: Sequence[int]) -> tuple[Array, Array]:
    """Quantiles 0.05 and 0.95 of the test accuracy over all choices of each k, the best chosen.

    Of n networks the i-th best on validation data, from 0, is the best in a share of
    C(n - 1 - i, k - 1) / C(n, k) of all choices.
    """
    ranked = sorted(result.networks, key=_validation_loss)
    accuracies = np.array([each.test.accuracy for each in ranked])
    order = np.argsort(accuracies)
    n = len(ranked)
    left = n - 1.0 - np.arange(n - 1)  # networks that are worse
    found = np.empty((2, len(ks)))
    for side, k in zip(found.T, ks, strict=True):
        ratios = np.maximum(left - k + 1, 0.0) / left
        shares = k / n * np.cumprod([1.0, *ratios.tolist()])
        below = np.cumsum(shares[order])
        places = np.searchsorted(below, [LOW - SLACK, HIGH - SLACK])
        side[:] = accuracies[order][np.minimum(places, n - 1)]
    return found[0], found[1]


def _validation_loss(network: Trained) -> float:
    score = network.validation
    return math.inf if score is None or score.loss is None else score.loss


def _losses_axis(known: Sequence[float]) -> Axis:
    """As close around the losses as they are."""
    name = "final test loss"
    if known and min(known) > 0 and log_suits(known):
        low, high = _around([math.log10(loss) for loss in known])
        return Axis(low, high, name, log=True, ticks=log_ticks(low, high))
    scale = scale_for(*_around([min(max(loss, -LARGEST), LARGEST) for loss in known]))
    return Axis(scale.low, scale.high, name, power=scale.exponent)


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    air = 0.08 * (high - low) or 0.05 * abs(high) or 0.5
    return max(low - air, -LARGEST), min(high + air, LARGEST)


def _counts_axis(most: float) -> Axis:
    ticks = Scale(0.0, most, 0).ticks(4)
    whole = tuple((at, f"{at:,.0f}") for at, _ in ticks if at == int(at))
    return Axis(0.0, 1.08 * most, "networks", ticks=whole)


def _numbers(again: Sequence[Started]) -> str:
    """How many networks each run has: `50`, or `30 to 50`."""
    numbers = [len(result.networks) for _, result, _ in again]
    return " to ".join(f"{n:,}" for n in sorted({min(numbers), max(numbers)}))
