"""The weights of a probed model: the scale of each beside that of known schemes, its gradient."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.errors import counted
from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import AMBER, INK, MUTED, ORANGE, WHITE
from weightinit_cli.plots.engine.page import (
    Axis,
    Dots,
    Key,
    Level,
    Line,
    Page,
    Panel,
    Pointer,
    Row,
    Words,
    array,
)
from weightinit_cli.plots.engine.scales import logarithmic, logs_of
from weightinit_cli.plots.paths import paths_axis
from weightinit_cli.plots.probevalues import POINTED_AT, warned_of
from weightinit_cli.plots.words import probe_heading

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Array, Mark, Note
    from weightinit_cli.results.probe import ProbedParameter, ProbeResult

SCALES, RATIOS = 190.0, 110.0
RADIUS, HOLE = 2.8, 1.6
COLORS = tuple(hue for hue in HUES if hue not in (ORANGE, INK))
FARTHEST = 100.0  # what is farther from 1 than by this factor is beyond the axis
HALF = 0.45  # of a parameter's room, on either side of it
STROKE = 1.3
# std × √fan_in of the schemes of which it is one number.
SCHEMES = ((sqrt(2), "√2: He"), (1.0, "1: LeCun"), (sqrt(1 / 3), "1/√3: torch"))
XAVIER = Key("Xavier, by the weight's own fans", MUTED)
NORMAL = Key("N(0, 0.02²)", AMBER)
RULE: Color = (0.7, 0.7, 0.7)
OTHERS, NONE = "other schemes", "no known scheme"

Colors = dict[str, tuple[float, float, float]]


def weights_page(result: ProbeResult) -> Page:
    """The page: each weight's scale in the order of the model, and its gradient over it."""
    weights = [each for each in result.parameters if each.scaled_std is not None and each.fan_in]
    if not weights:
        words = "no parameter has a fan in, so no scale can be compared with a scheme's"
        return Page(probe_heading(result), (), foot=((words, MUTED),))
    colors, wrong = _colors(weights), _warned_of(result)
    x = paths_axis([each.name.removesuffix(".weight") for each in weights])
    rows = (
        Row((_scales(weights, colors, x, wrong),), SCALES, ticks=False),
        Row((_ratios(weights, colors, x),), RATIOS),
    )
    keys = [Key(words, color, band=True, part=1.0) for words, color in colors.items()]
    lines = [mark.words for mark in rows[0].panels[0].marks if isinstance(mark, Line)]
    keys += [key for key in (XAVIER, NORMAL) if key.words in lines]
    keys += [POINTED_AT] * any(each.name in wrong for each in weights)
    left = len(result.parameters) - len(weights)
    foot: tuple[Note, ...] = ()
    if left:
        foot = ((f"not drawn: {counted(left, 'parameter')} without a fan in", MUTED),)
    return Page(probe_heading(result, tuple(keys)), rows, foot=foot)


def _colors(weights: Sequence[ProbedParameter]) -> Colors:
    """A colour for each scheme that weights look like; of many the rarest share one."""
    counts = Counter(each.scheme for each in weights if each.scheme is not None)
    common = counts.most_common(len(COLORS))
    found = {name: color for (name, _), color in zip(common, COLORS, strict=False)}
    if len(counts) > len(found):
        found[OTHERS] = RULE
    if any(each.scheme is None for each in weights):
        found[NONE] = INK
    return found


def _group(weight: ProbedParameter, colors: Colors) -> str:
    if weight.scheme is None:
        return NONE
    return weight.scheme if weight.scheme in colors else OTHERS


def _warned_of(result: ProbeResult) -> set[str]:
    """The parameters that those values were made with that a warning points at."""
    return {name for place in warned_of(result) for name in result.values[place].parameters}


def _scales(
    weights: Sequence[ProbedParameter], colors: Colors, x: Axis, wrong: Container[str]
) -> Panel:
    scales = [each.scaled_std for each in weights]
    within = [value for value in scales if value and 1 / FARTHEST <= value <= FARTHEST]
    y = logarithmic("std × √fan in", [*within, *(value for value, _ in SCHEMES)])
    beyond = [each for each in weights if each.scaled_std and each.scaled_std not in within]
    marks: list[Mark] = [Level(value, RULE, 1.0, words=words) for value, words in SCHEMES]
    for key, scheme in ((XAVIER, _xavier), (NORMAL, _normal)):
        values = array([scheme(each) for each in weights])
        parts = y.parts(values)
        if ((parts >= 0) & (parts <= 1)).any():
            marks.append(_strokes(values, key))
    marks += _dots(weights, scales, colors)
    numbered = enumerate(weights, 1)
    marks += [Pointer(float(k), ORANGE) for k, each in numbered if each.name in wrong]
    beside = tuple((value, words, MUTED) for value, words in SCHEMES)
    notes = [
        *_named("exactly zero", [each for each in weights if each.scaled_std == 0]),
        *_named("inf or nan", [each for each in weights if each.statistics.nonfinite]),
        *_named("beyond the axis", beyond),
    ]
    if any(each.no_gradient for each in weights):
        notes.append(("hollow: gets no gradient", MUTED))
    return Panel(x, y, tuple(marks), notes=tuple(notes), align="left", beside=beside)


def _xavier(weight: ProbedParameter) -> float | None:
    """The scaled standard deviation that Xavier's scheme has with a weight's fans.

    None of an embedding, which has a single input.
    """
    if not weight.fan_in or not weight.fan_out or weight.fan_in == 1:
        return None
    return sqrt(2 * weight.fan_in / (weight.fan_in + weight.fan_out))


def _normal(weight: ProbedParameter) -> float:
    """The scaled standard deviation of N(0, 0.02)."""
    return 0.02 * sqrt(weight.fan_in or 0)


def _strokes(values: Array, key: Key) -> Line:
    """A level stroke for each weight, as long as it has room."""
    places = np.arange(1.0, len(values) + 1)
    x = np.stack([places - HALF, places + HALF, np.full(len(values), np.nan)], axis=1)
    return Line(x.ravel(), values.repeat(3), key.color, STROKE, words=key.words)


def _dots(
    weights: Sequence[ProbedParameter], values: Sequence[float | None], colors: Colors
) -> list[Mark]:
    """A dot for each weight in the colour of its scheme, hollow where it gets no gradient."""
    places, heights = np.arange(1.0, len(values) + 1), array(values)
    groups = np.array([_group(each, colors) for each in weights])
    marks: list[Mark] = [
        Dots(places[groups == name], heights[groups == name], color, RADIUS)
        for name, color in colors.items()
    ]
    hollow = np.array([each.no_gradient is not None for each in weights])
    if hollow.any():
        marks.append(Dots(places[hollow], heights[hollow], WHITE, HOLE))
    return marks


def _ratios(weights: Sequence[ProbedParameter], colors: Colors, x: Axis) -> Panel:
    ratios = [each.gradient_ratio for each in weights]
    y = logarithmic("gradient / weight, rms", ratios)
    marks: tuple[Mark, ...] = tuple(_dots(weights, ratios, colors))
    if not logs_of(ratios):
        marks = (Words(0.5, 0.5, "no gradient above 0", MUTED, within=True),)
    zero = [each for each in weights if each.gradient_ratio == 0]
    lost = [each for each in weights if each.gradient_rms is None and not each.no_gradient]
    notes = [
        *_named("gradient exactly zero", zero),
        *_named("gradient inf or nan", lost),
    ]
    return Panel(x, y, marks, notes=tuple(notes), align="left", rules=True)


def _named(words: str, weights: Sequence[ProbedParameter]) -> list[Note]:
    """A note on some of the weights, which names the first."""
    if not weights:
        return []
    more = f" and {len(weights) - 1} more" if weights[1:] else ""
    return [(f"{words}: {weights[0].name}{more}", ORANGE)]
