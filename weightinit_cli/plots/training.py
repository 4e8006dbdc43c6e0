"""Loss curves of trained networks, what they reached, and what many starts are worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.choice import MOST_CURVES
from weightinit_cli.plots.engine.colors import HUES, palette
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, INK, MUTED, ORANGE
from weightinit_cli.plots.engine.fonts import drawable
from weightinit_cli.plots.engine.numbers import Scale, mean_and_deviation
from weightinit_cli.plots.engine.page import (
    Axis,
    Band,
    Dots,
    Entry,
    Key,
    Legend,
    Level,
    Line,
    Page,
    Panel,
    Row,
)
from weightinit_cli.plots.engine.scales import close
from weightinit_cli.plots.losses import dashes, last_point, length, loss_curve, window_of
from weightinit_cli.plots.restarts import restarts_rows
from weightinit_cli.plots.words import runs_heading
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.training import divergence
from weightinit_cli.results.words import component, full_name, pretrained, widths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Mark
    from weightinit_cli.plots.losses import LossCurve
    from weightinit_cli.results.comparison import TrainedRun
    from weightinit_cli.results.training import Trained, TrainingResult

HEIGHT = 215.0
WIDTH, THINNER, THIN, GUESS_WIDTH = 1.8, 1.2, 0.7, 3.0
FEW = 12  # curves that are wide, and named beside the panel
QUANTILES_PART, BATCHES_PART = 0.22, 0.18  # how opaque bands are
QUANTILES_WORDS = "quantiles 0.05 to 0.95"
MOST_BANDS = 6  # runs behind whose curves mini-batches are drawn
CROSS = 3.5
PALEST = 0.45
GUESSING = "guessing"
COLUMNS = "final training loss", "test accuracy"


class Training(NamedTuple):
    """A run as it is drawn: its name, its colour, and its curve where any step has a loss."""

    words: str
    color: Color
    result: TrainingResult
    curve: LossCurve | None
    dash: tuple[float, ...] = ()

    @property
    def several(self) -> bool:
        """Whether the curve is the median of networks."""
        return len(self.result.networks) > 1

    @property
    def few(self) -> bool:
        """Whether each network has a curve."""
        return not self.several or bool(self.thin())

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

    def ends(self) -> list[tuple[float, float]]:
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


def drawings(result: TrainingResult) -> dict[str, Page]:
    """Draw a run: the losses of its networks."""
    name = full_name(result.name, result.overrides)
    return {"training": training_page(name, [(result.name, result)], 1)}


def comparison(name: str, _spec: object, runs: Iterable[TrainedRun], expected: int) -> Page | None:
    """Draw the losses of all runs; of very many those of some, evenly spread over them."""
    places = np.linspace(0, expected - 1, min(expected, MOST_CURVES)).round().tolist()
    number, kept = 0, []
    for number, run in enumerate(runs, 1):
        if number - 1 in places:
            kept.append(run)
    return training_page(name, kept, number) if kept else None


def left_out(axes: Iterable[tuple[str, Sequence[object]]]) -> list[str]:
    """How many of the runs that vary on these axes are drawn, in words, where not all are."""
    number = math.prod(len(values) for _, values in axes)
    return [_some(MOST_CURVES, number)] if number > MOST_CURVES else []


def _some(drawn: int, number: int) -> str:
    return f"{drawn} of {number:,} runs, evenly spread"


def training_page(name: str, runs: Sequence[TrainedRun], number: int) -> Page:
    """The page of these runs of so many: a table, the curves, and what restarts are worth."""
    runs = [(drawable(words), result) for words, result in runs]
    drawn = [
        Training(words, color, result, loss_curve(result))
        for (words, result), color in zip(runs, colors_of(len(runs)), strict=True)
    ]
    classes = runs[0][1].data.classes
    guess = math.log(classes) if classes > 1 else None
    axis = _loss_axis(drawn, guess)
    if len(drawn) <= FEW:
        curves = [each.curve for each in drawn]
        pairs = zip(drawn, dashes(curves, axis), strict=True)
        drawn = [each._replace(dash=dash) for each, dash in pairs]
    ends = [
        (each.curve.end[1], each.words, each.color)
        for each in drawn
        if each.curve and each.curve.end and 1 < len(drawn) <= FEW
    ]
    panel = Panel(
        _steps_axis(max(1, *(length(result) for _, result in runs))),
        axis,
        tuple(_marks(drawn, axis.value(axis.low), guess)),
        notes=tuple((note, MUTED) for note in _notes(drawn, axis)),
        align="left",
        beside=(*ends, *([] if guess is None else [(guess, GUESSING, MUTED)])),
        rules=True,
        name="loss",
    )
    shared = [*_common(drawn), *([f"drawn: {_some(len(runs), number)}"] * (number > len(runs)))]
    rows = [Row((panel,), HEIGHT), *restarts_rows(runs, colors_of(len(runs)))]
    heading = runs_heading(name, shared, tuple(_keys(drawn, classes if guess else 0)))
    return Page(heading, tuple(rows), legend=_table(drawn))


def colors_of(number: int) -> list[Color]:
    """A colour for each of so many runs: hues, or from dark to light."""
    if number <= len(HUES):
        return [BLUE] if number == 1 else list(HUES[:number])
    rgb = palette(np.linspace(1.0, PALEST, number)) / 255
    return [(red, green, blue) for red, green, blue in rgb.tolist()]


def _loss_axis(drawn: Sequence[Training], guess: float | None) -> Axis:
    """Room for all that is drawn; mini-batches have no say in whether it is logarithmic."""
    values = [] if guess is None else [guess]
    batches: list[float] = []
    for each in drawn:
        if each.curve is not None:
            values += each.curve.lines()
            if each.several:
                values += each.curve.band()
            elif len(drawn) <= MOST_BANDS:
                batches += each.curve.band()
    return close("loss", values, batches)


def _steps_axis(last: int) -> Axis:
    ticks = Scale(0.0, float(last), 0).ticks(5)
    whole = tuple((at, f"{at:,.0f}") for at, _ in ticks if at == int(at))
    return Axis(0.0, float(last), "step", ticks=whole)


def _marks(drawn: Sequence[Training], floor: float, guess: float | None) -> list[Mark]:
    """From below: bands, the level of guessing, networks, curves with the first on top, crosses.

    Curves with gaps lie on those that they coincide with.
    """
    width = WIDTH if len(drawn) <= FEW else THINNER
    banded = [each for each in drawn if each.several or len(drawn) <= MOST_BANDS]
    marks = [mark for each in reversed(banded) for mark in each.band()]
    marks += [] if guess is None else [Level(guess, AMBER, GUESS_WIDTH, words=GUESSING)]
    marks += [mark for each in reversed(drawn) for mark in each.thin()]
    for each in (*(e for e in reversed(drawn) if not e.dash), *(e for e in drawn if e.dash)):
        marks += each.line(floor, width)
    ends = [end for each in drawn for end in each.ends()]
    if ends:
        x, y = zip(*ends, strict=True)
        marks.append(Dots(np.array(x), np.array(y), INK, CROSS, "cross"))
    return marks


def _notes(drawn: Sequence[Training], axis: Axis) -> list[str]:
    """What crosses mean, and what the axis cannot show."""
    lost = sum(each.curve is None for each in drawn)
    of = f" in {lost} of {len(drawn)} runs" if len(drawn) > 1 else ""
    notes = [f"no step has a finite loss{of}"] if lost else []
    if any(each.ends() and each.few for each in drawn):
        notes.append("cross: the network diverged, its loss is not finite")
    if any(each.ends() and not each.few for each in drawn):
        notes.append("cross: half of the networks have diverged")
    if any(each.several and divergence(each.result) for each in drawn):
        notes.append("networks that diverged count as the highest")
    if axis.log and any(each.curve and (each.curve.middle <= 0).any() for each in drawn):
        notes.append("a loss of 0 is drawn at the lower side")
    return notes


def _keys(drawn: Sequence[Training], classes: int) -> list[Key]:
    """How curves are smoothed, what stands behind them, and what guessing is."""
    keys = []
    if classes:
        words = f"guessing: equal chances for {classes:,} classes, ln {classes:,} = "
        keys.append(Key(f"{words}{math.log(classes):.2f}", AMBER))
    known = [each for each in drawn if each.curve is not None]
    if not known:
        return keys
    color = BLUE if len(drawn) == 1 else MUTED
    windows = {window_of(length(each.result)) for each in known}
    mean = "running mean over 1/40 of the steps"
    if len(windows) == 1:
        (window,) = windows
        mean = f"running mean over {window:,} steps" if window > 1 else "loss of each mini-batch"
    several = any(each.several for each in known)
    thin = ", thin: each" if any(each.thin() for each in known) else ""
    keys.append(Key(f"{mean}, median of the networks{thin}" if several else mean, color))
    banded = [each for each in known if each.band()]
    if any(each.several for each in banded):
        keys.append(Key(f"networks, {QUANTILES_WORDS}", color, band=True))
    elif banded and len(drawn) <= MOST_BANDS:
        keys.append(Key(f"mini-batches, {QUANTILES_WORDS}", color, band=True, part=BATCHES_PART))
    return keys


def _table(drawn: Sequence[Training]) -> Legend:
    entries = [
        Entry(
            (each.words, loss_words(each.result.networks), accuracy_words(each.result.networks)),
            each.color,
            each.dash,
            second=(", ".join(ended), ORANGE) if (ended := ending(each.result)) else None,
        )
        for each in drawn
    ]
    return Legend("", tuple(entries), above=True, header=COLUMNS)


def loss_words(networks: Sequence[Trained]) -> str:
    """Final losses in words: `0.160`, of several networks `0.160 ± 0.012`."""
    finite = [each.train.loss for each in networks if each.train.loss is not None]
    if not finite:
        return "not finite"
    mean, deviation = mean_and_deviation(finite)
    words = two_digits(mean, 3)
    return f"{words} ± {two_digits(deviation)}" if finite[1:] else words


def accuracy_words(networks: Sequence[Trained]) -> str:
    """Test accuracies in words: `97.81 %`, of several networks `97.81 ± 0.12 %`."""
    shares = [100 * min(max(each.test.accuracy, 0.0), 1.0) for each in networks]
    if not shares:
        return ""
    mean, deviation = mean_and_deviation(shares)
    return f"{mean:.2f} ± {deviation:.2f} %" if shares[1:] else f"{mean:.2f} %"


def _common(drawn: Sequence[Training]) -> list[str]:
    """What is the same in all results, in words."""
    every = [_parts(each.result) for each in drawn]
    common = [
        part
        for key, part in every[0].items()
        if part and all(parts[key] == part for parts in every)
    ]
    several = any(each.several for each in drawn)
    return [*common, "± sample standard deviation of the networks"] if several else common


def _parts(result: TrainingResult) -> dict[str, str]:
    spec, data = result.spec, result.data
    width = list(spec["width"])
    between = [widths(width)] if len(set(width)) > 1 else [str(each) for each in width]
    if len(width) > 8:
        between = [f"{len(width)} × {width[0]}" if len(set(width)) == 1 else widths(width)]
    repeats = spec.get("repeats", 1)
    bias = spec["bias"]
    return {
        "network": "-".join([str(data.features), *between, str(data.classes)]),
        "activation": component(spec["activation"]),
        "initializer": component(spec["initializer"]),
        "bias": "" if bias["name"] == "zeros" else f"bias {component(bias)}",
        "pretraining": pretrained(spec["pretraining"]) if "pretraining" in spec else "",
        "data": f"{spec['data']} ({data.train:,} to train on)".replace("_", " "),
        "batch": f"batch {spec['batch']:,}",
        "learning_rate": f"learning rate {spec['learning_rate']:g}",
        "momentum": f"momentum {spec['momentum']:g}" if spec.get("momentum") else "",
        "steps": f"{spec['steps']:,} step{'' if spec['steps'] == 1 else 's'}",
        "repeats": f"{repeats:,} networks" if repeats > 1 else "",
        "seed": f"seed {spec['seed']}",
        "dtype": "" if spec.get("dtype", "float32") == "float32" else str(spec["dtype"]),
    }
