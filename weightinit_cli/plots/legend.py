"""Beside curves of many runs: which colour is which value, and what became of that run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.colors import HUES, palette
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    ORANGE,
    Box,
    Color,
    Item,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import elide, width_of
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.varied import in_words
from weightinit_cli.results.model import HEALTHY, is_healthy
from weightinit_cli.results.verdictwords import root_causes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.plots.varied import VariedAxis
    from weightinit_cli.results.model import Verdict

LEGEND_GAP = 14.0
SWATCH = 14.0
LINE = 11.0
VERDICT_LINE = 9.5
MOST_LINES = 24
WIDEST = 130.0
LIGHTEST = 0.35  # of the palette: paler lines are lost on white
BAR, BANDS = 11.0, 64
MOST_TICKS = 8


class LegendEntry(NamedTuple):
    """A value with its words and its colour."""

    value: Any
    words: str
    color: Color


def entries(axis: VariedAxis, most: int) -> list[LegendEntry]:
    """The values, at most so many evenly chosen: names in plain hues, numbers in a scale's order.

    A few numbers are as far apart in the scale as can be; many are where a bar shows them.
    """
    number = len(axis.values)
    chosen = [round(k * (number - 1) / (most - 1)) for k in range(most)]
    if number <= most:
        chosen = list(range(number))
    if axis.numeric:
        axis = axis.ordered()
    if axis.numeric and number > MOST_LINES:
        colors = _shades(np.array(axis.parts()))
    elif axis.numeric or number > len(HUES):
        colors = _shades(np.linspace(0.0, 1.0, number))
    else:
        colors = list(HUES)
    return [LegendEntry(axis.values[k], in_words(axis.values[k]), colors[k]) for k in chosen]


def _shades(parts: np.ndarray[Any, np.dtype[np.float64]]) -> list[Color]:
    rgb = palette(LIGHTEST + (1 - LIGHTEST) * parts) / 255
    return [(float(r), float(g), float(b)) for r, g, b in rgb]


def _listed(axis: VariedAxis, shown: Sequence[LegendEntry]) -> bool:
    return not axis.numeric or len(shown) <= MOST_LINES


def legend_width(
    axis: VariedAxis, shown: Sequence[LegendEntry], verdicts: Mapping[str, Sequence[Verdict]]
) -> float:
    """How wide the legend is, its title not counted where it is longer than `WIDEST`."""
    widths = [width_of(axis.title, axes.LABEL_SIZE)]
    if _listed(axis, shown):
        widths += [SWATCH + 5 + width_of(entry.words, NOTE_SIZE) for entry in shown[:MOST_LINES]]
        widths += [SWATCH + 5 + width_of(_verdict_words(v), NOTE_SIZE) for v in verdicts.values()]
    else:
        ticks = axis.ordered().ticks(MOST_TICKS)
        widths.append(BAR + axes.TICK + 2 + axes.widest([text for _, text in ticks]))
    return min(max(widths), WIDEST)


def verdicts_fit(shown: Sequence[LegendEntry], height: float) -> bool:
    """Whether a legend of this height has room for a second line below each value."""
    return len(shown) <= MOST_LINES and (LINE + VERDICT_LINE) * len(shown) + 10 <= height


def legend_items(
    box: Box,
    axis: VariedAxis,
    shown: Sequence[LegendEntry],
    verdicts: Mapping[str, Sequence[Verdict]],
) -> list[Item]:
    """The title and, below it, a line for each value or a scale of colours.

    Below each value stands the first root cause, where there are `verdicts`.
    """
    y = box.top - axes.LABEL_SIZE
    room = box.width
    title = elide(axis.title, axes.LABEL_SIZE, room)
    items: list[Item] = [Label(box.x, y, title, axes.LABEL_SIZE)]
    if not _listed(axis, shown):
        return items + _scale(Box(box.x, box.y, BAR, y - 8 - box.y), axis)
    lines = list(reversed(shown)) if axis.numeric else list(shown)
    high = LINE + (VERDICT_LINE if verdicts else 0.0)
    y -= 5
    for k, entry in enumerate(lines):
        y -= high if k else LINE
        if (y - VERDICT_LINE < box.y and k + 1 < len(lines)) or k == MOST_LINES:
            items.append(Label(box.x, y, f"… {len(lines) - k} more", NOTE_SIZE, MUTED))
            break
        middle = y + 0.36 * NOTE_SIZE
        items.append(polyline([(box.x, middle), (box.x + SWATCH, middle)], entry.color, 2.5))
        x = box.x + SWATCH + 5
        words = elide(entry.words, NOTE_SIZE, room - SWATCH - 5)
        items.append(Label(x, y, words, NOTE_SIZE, INK))
        if verdicts.get(entry.words):
            found = verdicts[entry.words]
            verdict_words = elide(_verdict_words(found), NOTE_SIZE, room - SWATCH - 5)
            color = MUTED if is_healthy(found) else ORANGE
            items.append(Label(x, y - VERDICT_LINE, verdict_words, NOTE_SIZE, color))
    return items


def _verdict_words(verdicts: Sequence[Verdict]) -> str:
    """The first root cause that warns, and how many more there are."""
    if is_healthy(verdicts):
        return HEALTHY
    names = [each.name.replace("_", " ") for each in root_causes(verdicts) if each.warns]
    more = f" +{len(names) - 1}" if names[1:] else ""
    return f"{names[0]}{more}" if names else ""


def _scale(box: Box, axis: VariedAxis) -> list[Item]:
    """A bar of the colours with round numbers beside it."""
    axis = axis.ordered()
    colors = _shades(np.linspace(0.0, 1.0, BANDS))
    high = box.height / BANDS
    items: list[Item] = [
        rectangle(Box(box.x, box.y + k * high, box.width, box.height - k * high), color)
        for k, color in enumerate(colors)
    ]
    places = [(box.y + part * box.height, text) for part, text in axis.ticks(MOST_TICKS)]
    return [*items, axes.outline(box), *axes.side_ticks(box.right, places, "left")]
