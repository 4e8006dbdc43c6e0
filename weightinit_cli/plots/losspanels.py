"""Panels of loss curves: bands, networks, curves, where they end, and what all of it means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, INK, MUTED
from weightinit_cli.plots.engine.numbers import Scale
from weightinit_cli.plots.engine.page import Axis, Band, Dots, Key, Level, Line, Panel
from weightinit_cli.plots.engine.scales import close
from weightinit_cli.plots.losses import last_point, window_of
from weightinit_cli.results.training import divergence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Mark
    from weightinit_cli.plots.losses import LossCurve
    from weightinit_cli.results.training import TrainingResult

WIDTH, THINNER, THIN, GUESS_WIDTH = 1.8, 1.2, 0.7, 3.8
FEW = 12  # curves that are wide, and named beside the panel
MOST_BANDS = 6  # runs behind whose curves mini-batches are drawn
QUANTILES_PART, BATCHES_PART = 0.22, 0.18  # how opaque bands are
QUANTILES_WORDS = "quantiles 0.05 to 0.95"
CROSS = 3.5
HIGHEST = 1e3  # times the loss of guessing: what is above would squeeze all else
GUESSING = "guessing"


class Training(NamedTuple):
    """A run as it is drawn: its name, in what it differs, its curve where any step has a loss.

    `short` is the name without the paths. The result is without the losses.
    """

    words: str
    short: str
    result: TrainingResult
    varied: tuple[tuple[str, object], ...]
    curve: LossCurve | None
    color: Color = BLUE
    dash: tuple[float, ...] = ()

    @property
    def several(self) -> bool:
        """Whether the curve is the median of networks."""
        return len(self.result.networks) > 1

    @property
    def few(self) -> bool:
        """Whether each network has a curve."""
        return not self.several or (self.curve is not None and bool(self.curve.networks))

    @property
    def steps(self) -> int:
        """How many steps have a loss."""
        return 0 if self.curve is None else int(self.curve.steps[-1])

    def thin(self) -> list[Mark]:
        """The curves of a few networks."""
        curve = self.curve
        return [Line(curve.steps, y, self.color, THIN) for y in curve.networks] if curve else []

    def band(self) -> list[Mark]:
        """The quantiles of the mini-batches, or of many networks."""
        curve = self.curve
        if curve is None or curve.low is None or curve.high is None:
            return []
        part = QUANTILES_PART if self.several else BATCHES_PART
        return [Band(curve.steps, curve.low, curve.high, self.color, part)]

    def line(self, floor: float, width: float) -> list[Mark]:
        """The curve itself; what lies below the axis stands at its lower end."""
        if self.curve is None:
            return []
        y = np.maximum(self.curve.middle, floor)
        return [Line(self.curve.steps, y, self.color, width, self.dash, words=self.words)]

    def crosses(self) -> list[tuple[float, float]]:
        """Where curves end because their networks diverged."""
        if self.curve is None:
            return []
        steps, middle, networks = self.curve.steps, self.curve.middle, self.curve.networks
        gone = [each.diverged is not None for each in self.result.networks]
        if not networks:
            alone = gone[0] if not self.several else np.isnan(middle[-1]) and any(gone)
            networks, gone = (middle,), [bool(alone)]
        found = [last_point(steps, y) for y, one in zip(networks, gone, strict=True) if one]
        return [point for point in found if point is not None]


class Losses(NamedTuple):
    """What panels of losses share: their axes, the loss of guessing, the highest loss of all.

    `batches` is whether the quantiles of mini-batches are drawn.
    """

    x: Axis
    y: Axis
    guess: float | None
    highest: float
    batches: bool

    @property
    def cut(self) -> bool:
        """Whether some losses are above the axis."""
        return self.highest > self.y.value(self.y.high)

    def panel(self, drawn: Sequence[Training], notes: Iterable[str] = ()) -> Panel:
        """The panel of these runs."""
        return Panel(
            self.x,
            self.y,
            tuple(self._marks(drawn)),
            notes=tuple((note, MUTED) for note in notes),
            align="left",
            rules=True,
            name="loss",
        )

    def _marks(self, drawn: Sequence[Training]) -> list[Mark]:
        """From below: bands, the level of guessing, networks, curves, crosses.

        The first curve is on top, but for those with gaps, which lie on what they coincide with.
        """
        floor = self.y.value(self.y.low)
        width = WIDTH if len(drawn) <= FEW else THINNER
        banded = [each for each in reversed(drawn) if each.several or self.batches]
        marks = [mark for each in banded for mark in each.band()]
        if self.guess is not None:
            marks.append(Level(self.guess, AMBER, GUESS_WIDTH, words=GUESSING))
        marks += [mark for each in reversed(drawn) for mark in each.thin()]
        for each in (*(e for e in reversed(drawn) if not e.dash), *(e for e in drawn if e.dash)):
            marks += each.line(floor, width)
        ends = [end for each in drawn for end in each.crosses()]
        if ends:
            x, y = zip(*ends, strict=True)
            marks.append(Dots(np.array(x), np.array(y), INK, CROSS, "cross"))
        return marks

    def notes(self, drawn: Sequence[Training]) -> list[str]:
        """What crosses mean, and what the axis cannot show."""
        lost = sum(each.curve is None for each in drawn)
        of = f" in {lost} of {len(drawn)} runs" if len(drawn) > 1 else ""
        notes = [f"no step has a finite loss{of}"] if lost else []
        if any(each.crosses() and each.few for each in drawn):
            notes.append("cross: the network diverged, its loss is not finite")
        if any(each.crosses() and not each.few for each in drawn):
            notes.append("cross: half of the networks have diverged")
        if any(each.several and divergence(each.result) for each in drawn):
            notes.append("networks that diverged count as the highest")
        if self.cut:
            notes.append(f"losses up to {two_digits(self.highest)} are cut at the upper side")
        curves = [each.curve for each in drawn if each.curve is not None]
        if self.y.log and any((curve.middle <= 0).any() for curve in curves):
            notes.append("a loss of 0 is drawn at the lower side")
        return notes


def losses_of(drawn: Sequence[Training]) -> Losses:
    """The axes with room for all that is drawn, but for what is far above guessing.

    Mini-batches have no say in whether the axis of losses is logarithmic.
    """
    classes = drawn[0].result.data.classes
    guess = math.log(classes) if classes > 1 else None
    values = [] if guess is None else [guess]
    batches: list[float] = []
    ends: list[float] = []
    for each in drawn:
        if each.curve is not None:
            values += each.curve.lines()
            ends += [] if each.curve.end is None else [each.curve.end[1]]
            (values if each.several else batches).extend(each.curve.band())
    batches = batches if len(drawn) <= MOST_BANDS else []
    top = HIGHEST * max(guess or 0.0, min(ends, default=0.0))
    y = close("loss", [v for v in values if v <= top], [v for v in batches if v <= top])
    x = _steps_axis(max(1, *(each.steps for each in drawn)))
    highest = max((*values, *batches), default=0.0)
    return Losses(x, y, guess, highest, bool(batches))


def _steps_axis(last: int) -> Axis:
    ticks = Scale(0.0, float(last), 0).ticks(5)
    whole = tuple((at, f"{at:,.0f}") for at, _ in ticks if at == int(at))
    return Axis(0.0, float(last), "step", ticks=whole)


def loss_keys(drawn: Sequence[Training], *, batches: bool) -> tuple[Key, ...]:
    """What guessing is, how curves are smoothed, and what stands behind them."""
    keys = []
    classes = drawn[0].result.data.classes
    if classes > 1:
        words = f"guessing one of {classes:,} classes: ln {classes:,} = "
        keys.append(Key(f"{words}{math.log(classes):.2f}", AMBER))
    known = [each for each in drawn if each.curve is not None]
    if not known:
        return tuple(keys)
    color = BLUE if len(drawn) == 1 else MUTED
    windows = {window_of(each.steps) for each in known}
    mean = "running mean over 1/40 of the steps"
    if len(windows) == 1:
        (window,) = windows
        mean = f"running mean over {window:,} steps" if window > 1 else "loss of each mini-batch"
    several = any(each.several for each in known)
    thin = ", thin: each" if any(each.thin() for each in known) else ""
    keys.append(Key(f"{mean}, median of the networks{thin}" if several else mean, color))
    if any(each.several and each.band() for each in known):
        keys.append(Key(f"networks, {QUANTILES_WORDS}", color, band=True))
    elif batches:
        keys.append(Key(f"mini-batches, {QUANTILES_WORDS}", color, band=True, part=BATCHES_PART))
    return tuple(keys)
