"""Gradient descent from a symmetric start: the map of the layers, the loss, the directions."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.descents import (
    AXIS_END,
    ENTROPY,
    HIGHEST,
    ROW,
    STEP,
    STILL,
    descents_page,
    divergence_lines,
    lines_of,
    loss_panel,
    some_of,
    steps_axis,
)
from weightinit_cli.plots.engine.colors import HUES, as_bytes, palette
from weightinit_cli.plots.engine.drawing import BLUE, MUTED, ORANGE, WHITE, Color
from weightinit_cli.plots.engine.numbers import log_of, power_label
from weightinit_cli.plots.engine.page import (
    Area,
    Axis,
    Cells,
    ColorBar,
    Heading,
    Key,
    Level,
    Mark,
    Page,
    Panel,
    Row,
    Words,
    array,
)
from weightinit_cli.plots.engine.scales import log_ticks
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.words import described, full_name, layer_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from weightinit_cli.results.comparison import DescentRun
    from weightinit_cli.results.symmetry import LayerSteps, SymmetryResult

Values = tuple[float | None, ...]

MOST_RUNS = 12
MOST_ROWS = 20  # that all have a name, and lines between them
LOSS_HEIGHT, PARTICIPATION_HEIGHT = 84.0, 96.0
LOG_FROM = 20  # units from which the participation is shown in decades
START: Color = (0.95, 0.95, 0.95)  # not the paper, which may be dark: numbers stand on it
BIAS: Color = (0.15, 0.15, 0.15)
STRIP = 0.2  # of a cell's height
SHADES = 40
MOST_DECADES = 12
LOWEST_POWER = -285  # of a colour bar: matplotlib has none that ends below
MOST_CURVES = 16
PALEST = 0.4
MOST_LATE = 4


def drawings(result: SymmetryResult) -> dict[str, Page]:
    """Draw a run: which layer moves when, the loss, and how many directions the weights span."""
    return {"symmetry": symmetry_page(result)}


def comparison(
    name: str, _spec: Mapping[str, Any], runs: Iterable[DescentRun], expected: int
) -> Page | None:
    """Draw the losses of all runs, and in which of them units differ and layers move.

    Of very many they are those of some, evenly spread over them.
    """
    places = np.linspace(0, expected - 1, min(expected, MOST_RUNS)).round().tolist()
    number, kept = 0, []
    for number, run in enumerate(runs, 1):
        if number - 1 in places:
            kept.append(run)
    return descents_page(name, kept, number) if kept else None


def left_out(axes: Iterable[tuple[str, Sequence[object]]]) -> list[str]:
    """How many of the runs that vary on these axes are drawn, in words, where not all are."""
    number = math.prod(len(values) for _, values in axes)
    return [some_of(MOST_RUNS, number)] if number > MOST_RUNS else []


def symmetry_page(result: SymmetryResult) -> Page:
    """The page: a map of the layers, and below it curves over the same steps."""
    across = steps_axis(result.steps[-1:])
    rows = [Row((_map(result, across),), min(ROW * len(result.layers), HIGHEST), ticks=False)]
    rows.append(Row((loss_panel([result], [""], [BLUE], across),), LOSS_HEIGHT, caption=STEP))
    if result.layers[1:]:
        rows[-1] = Row(rows[-1].panels, LOSS_HEIGHT, ticks=False)
        rows.append(Row((_participation(result, across),), PARTICIPATION_HEIGHT, caption=STEP))
    words, color = seen(result)
    lines = ((tuple(described(result.spec)), MUTED), (tuple(words), color))
    title = full_name(result.name, result.overrides)
    return Page(Heading(title, lines, _keys(result)), tuple(rows))


class _Decades(NamedTuple):
    """The gradients of a map's colours: powers of ten; whether some are below the palest."""

    low: int
    high: int
    beyond: bool

    def level(self, value: float | None) -> float:
        """How dark a gradient is, from 0 to 1, in a few shades."""
        log = log_of(value)
        at = 0.0 if log is None else (log - self.low) / (self.high - self.low)
        return round(min(max(at, 0.0), 1.0) * SHADES) / SHADES

    @property
    def bar(self) -> ColorBar:
        """What the colours mean."""
        step = max((self.high - self.low) // 4, 1)
        ticks = [(float(k), power_label(k)) for k in range(self.low, self.high + 1, step)]
        if self.beyond:
            ticks[0] = (ticks[0][0], f"≤ {ticks[0][1]}")
        name = "gradient of the weights, rms"
        axis = Axis(float(self.low), float(self.high), name, log=True, ticks=tuple(ticks))
        return ColorBar(palette(np.arange(SHADES + 1) / SHADES), axis, "light: small", above=True)


def _decades(layers: Sequence[LayerSteps]) -> _Decades | None:
    """Whole powers of ten around all gradients but zero, in at most four equal steps."""
    values = (value for layer in layers for value in layer.weight_gradient_rms)
    logs = [log for log in map(log_of, values) if log is not None]
    if not logs:
        return None
    high = max(math.ceil(max(logs) - 1e-9), LOWEST_POWER)
    low = max(math.floor(min(logs) + 1e-9), high - MOST_DECADES)
    step = max(-(-(high - low) // 4), 1)
    low = high - step * max(-(-(high - low) // step), 1)
    return _Decades(low, high, min(logs) < low - 1e-9)


def _map(result: SymmetryResult, across: Axis) -> Panel:
    """A row for each layer, the output above all others; in it how many of its units differ."""
    layers, number = result.layers, len(result.layers)
    decades = _decades(layers)
    every = np.array([0.0, *result.steps])
    middles = [-0.5, *(every[1:] + every[:-1]) / 2]
    end = max(2 * every[-1] - middles[-1], AXIS_END * every[-1])
    edges = np.array([*middles, end])
    values = np.stack([array((None, *_moving(layer))) for layer in layers])
    rgb = np.stack([_colors(layer, decades) for layer in layers])
    named = number <= MOST_ROWS
    words = tuple(map(_counts, layers)) if named else ()
    marks: list[Mark] = [Cells(edges, np.array([0.5, number + 0.5]), rgb, values, words)]
    for k, layer in enumerate(layers, 1):
        alone = np.diff([False, *_bias_alone(layer), False]).nonzero()[0].reshape(-1, 2)
        sides = np.array([k - 0.5, k - 0.5 + STRIP]).repeat(2)
        marks += [
            Area(np.append(edges[each + 1], edges[each[::-1] + 1]), sides, BIAS) for each in alone
        ]
    if named:
        marks += [Level(k + 0.5, WHITE) for k in range(1, number)]
    numbers = f"number: how many of {_units(layers)} differ from here on"
    return Panel(
        across, _layer_names(number), tuple(marks), notes=((numbers, MUTED),) if named else (),
        align="left", bar=decades.bar if decades else None, frame="closed", name="layers",
    )  # fmt: skip


def _units(layers: Sequence[LayerSteps]) -> str:
    """`10 units` where all hidden layers have so many."""
    numbers = {layer.units for layer in layers[:-1]}
    return f"{max(numbers)} units" if len(numbers) == 1 and max(numbers) > 1 else "a layer's units"


def _layer_names(number: int) -> Axis:
    """Of many layers some."""
    hidden = number - 1
    step = max(math.ceil(hidden / (MOST_ROWS / 2)), 1) if number > MOST_ROWS else 1
    named = range(step, hidden + 1 - step // 2, step)
    ticks = [(float(k), f"layer {k}") for k in named]
    return Axis(0.5, number + 0.5, ticks=(*ticks, (float(number), "output")), names=True)


def _moving(layer: LayerSteps) -> list[float | None]:
    """The gradients that moved the layer's weights, None in all other steps."""
    pairs = zip(layer.weight_gradient_rms, layer.moved, strict=True)
    return [value if moved else None for value, moved in pairs]


def _bias_alone(layer: LayerSteps) -> list[bool]:
    """Whether the layer moved in a step without any gradient of its weights."""
    pairs = zip(layer.weight_gradient_rms, layer.moved, strict=True)
    return [moved and value == 0 for value, moved in pairs]


def _colors(layer: LayerSteps, decades: _Decades | None) -> NDArray[np.uint8]:
    """The start's, then each step's."""
    levels = [decades.level(value) if decades else 0.0 for value in layer.weight_gradient_rms]
    rgb = palette(np.array([0.0, *levels]))
    rgb[0] = as_bytes(START)
    for k, (value, moved) in enumerate(zip(layer.weight_gradient_rms, layer.moved, strict=True), 1):
        if value is None:
            rgb[k] = as_bytes(ORANGE)
        elif value == 0 or not moved:
            rgb[k] = as_bytes(STILL)
    return rgb


def _counts(layer: LayerSteps) -> tuple[str, ...]:
    """How many units differ, at the start and wherever this changes; nothing of a single unit."""
    counts = (layer.start_distinct, *layer.distinct_units)
    changes = (True, *(a != b for a, b in pairwise(counts)))
    shown = zip(counts, changes, strict=True)
    return tuple(str(count) if new and layer.units > 1 else "" for count, new in shown)


def _participation(result: SymmetryResult, across: Axis) -> Panel:
    """Of the hidden layers; those that are always alike share a curve."""
    alike: dict[Values, list[int]] = {}
    for k, layer in enumerate(result.layers[:-1], 1):
        alike.setdefault((layer.start_participation, *layer.participation), []).append(k)
    if len(alike) > MOST_CURVES:
        keys = list(alike)
        chosen = np.linspace(0, len(keys) - 1, MOST_CURVES).round().astype(int).tolist()
        alike = {keys[k]: alike[keys[k]] for k in chosen}
    colors = list(HUES[: len(alike)])
    if len(alike) > len(HUES):
        rgb = palette(np.linspace(1.0, PALEST, len(alike))) / 255
        colors = [(r, g, b) for r, g, b in rgb.tolist()]
    y = _from_one(max(layer.units for layer in result.layers[:-1]))
    names = [hidden_words(layers) for layers in alike.values()]
    steps = np.array([0.0, *result.steps])
    marks: list[Mark] = [*lines_of([(steps, array(each)) for each in alike], names, colors, y)]
    if all(value is None for values in alike for value in values):
        words = "all hidden weights are zero"
        words += " or not finite" if result.diverged is not None else ""
        marks.append(Words(0.5, 0.5, words, MUTED, within=True))
    ends = [next((v for v in reversed(values) if v is not None), None) for values in alike]
    beside = zip(ends, names, colors, strict=True)
    return Panel(
        across, y, (*marks, *divergence_lines(result)),
        notes=(("how many directions the weights of a layer's units span", MUTED),),
        align="left", rules=True,
        beside=tuple((end, *rest) for end, *rest in beside if end is not None),  # type: ignore[misc]
    )  # fmt: skip


def _from_one(units: int) -> Axis:
    """From 1 to the number of units, with room for a line at either end."""
    name = "participation ratio"
    if units >= LOG_FROM:
        top = math.log10(units)
        return Axis(-0.04 * top, 1.04 * top, name, log=True, ticks=log_ticks(0.0, top))
    if units == 1:
        return Axis(0.5, 1.5, name, ticks=((1.0, "1"),))
    ticks = sorted({1, max(units // 2, 1), units})
    air = 0.04 * (units - 1)
    return Axis(1 - air, units + air, name, ticks=tuple((float(k), str(k)) for k in ticks))


def _keys(result: SymmetryResult) -> tuple[Key, ...]:
    """What the level line is, and the colours that no bar explains."""
    layers = result.layers
    values = [value for layer in layers for value in layer.weight_gradient_rms]
    keys = [ENTROPY]
    if any(not moved for layer in layers for moved in layer.moved):
        keys.append(Key("does not move", STILL, band=True, part=1.0))
    if any(any(_bias_alone(layer)) for layer in layers):
        keys.append(Key("its bias alone moves", BIAS, band=True, part=1.0))
    if any(value is None for value in values):
        keys.append(Key("gradient not finite", ORANGE, band=True, part=1.0))
    return tuple(keys)


def seen(result: SymmetryResult) -> tuple[list[str], Color]:
    """What is seen in a run, in a few words, and the colour in which they stand."""
    words = ending(result)
    layers = result.layers
    if all(layer.first_moved is None for layer in layers):
        words.append("nothing moves")
    else:
        words += _late(layers)
    words += _alike(layers[:-1])
    if words:
        return words, ORANGE
    differ = ", no units stay identical" if layers[1:] else ""
    return [f"every layer moves from step 1 on{differ}"], MUTED


def _late(layers: Sequence[LayerSteps]) -> list[str]:
    """The layers that first move after the first step, from above, and those that never do."""
    named = [(_name(k, layers), layer.first_moved) for k, layer in enumerate(layers, 1)]
    late = [(name, step) for name, step in reversed(named) if step is not None and step > 1]
    words = [f"{name} in step {step:,}" for name, step in late]
    if late:
        name, step = late[0]
        words[0] = f"{name} first moves in step {step:,}"
    if len(words) > MOST_LATE:
        words = [f"{words[0]}, …, {words[-1]}"]
    never = [k for k, layer in enumerate(layers[:-1], 1) if layer.first_moved is None]
    if never:
        words.append(f"{hidden_words(never)} never move{'' if never[1:] else 's'}")
    if layers[-1].first_moved is None:
        words.append("the output never moves")
    return words


def _alike(hidden: Sequence[LayerSteps]) -> list[str]:
    """The hidden layers whose units are all the same throughout, or were so at the start."""
    numbered = [(k, layer) for k, layer in enumerate(hidden, 1) if layer.units > 1]
    stay = [k for k, layer in numbered if layer.most_distinct == 1]
    part = [k for k, layer in numbered if layer.start_distinct == 1 < layer.most_distinct]
    few = [
        (k, layer)
        for k, layer in numbered
        if 1 < layer.most_distinct < layer.units and k not in part
    ]
    words = [f"units of {hidden_words(stay)} stay identical"] if stay else []
    if part:
        words.append(f"units of {hidden_words(part)} start identical and part")
    if len(few) == 1:
        (k, layer), *_ = few
        words.append(f"at most {layer.most_distinct} of {layer.units} units of layer {k} differ")
    elif few:
        words.append(f"some units stay identical in {hidden_words([k for k, _ in few])}")
    return words


def hidden_words(layers: Sequence[int]) -> str:
    """`layer 3`, `layers 1 and 3`, `layers 1 to 4`, or how many and the first of them."""
    if len(layers) == 2:
        return f"layers {layers[0]} and {layers[1]}"
    if len(layers) == 3 and layers[2] - layers[0] > 2:
        return f"layers {layers[0]}, {layers[1]} and {layers[2]}"
    return layer_words(layers)


def _name(number: int, layers: Sequence[LayerSteps]) -> str:
    return "output" if number == len(layers) else f"layer {number}"
