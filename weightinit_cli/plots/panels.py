"""Up to ten layers: a row of panels that share the y axis, and the x axis where one shows all.

Below them, where it was measured, the back-propagated signal of each layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots import axes, figures
from weightinit_cli.plots.bars import bars, grid, heights_to, share_places
from weightinit_cli.plots.engine.drawing import Box, Drawing, Item, Label, Panel
from weightinit_cli.plots.heading import THEORY_IN_WORDS, Key, heading
from weightinit_cli.plots.heights import height_limit, share_ticks
from weightinit_cli.plots.labels import GROUPING, NOTE_LINE, Note, note_items, notes, x_label
from weightinit_cli.plots.signal import signal_items, signal_row

if TYPE_CHECKING:
    from weightinit_cli.plots.bars import Heights
    from weightinit_cli.plots.binning import Binned
    from weightinit_cli.results.model import Result

PANEL_HEIGHT = 132.0
GAP = 11.0
SMALLEST_WIDTH = 380.0
NARROW, WIDE = 78.0, 130.0
POWER_LINE = 11.0
ROW_GAP = 9.0
SHARES = "share of values per bin"


def row_of_panels(result: Result, binned: Binned) -> Drawing:
    """The drawing: heading, one panel per layer with its notes above, one pair of axis labels."""
    heights = heights_to(height_limit(binned))
    ticks = share_ticks(heights.limit)
    number = len(binned.layers)
    panel_width = NARROW if number > 5 else WIDE
    signal = signal_row(result.layers, panel_width + GAP - 4)
    wide = axes.widest([text for _, text in ticks + (signal.ticks if signal else [])])
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + wide + axes.TICK + 2
    panel_width = max(panel_width, (SMALLEST_WIDTH - left) / number - GAP)
    width = left + number * (panel_width + GAP) - GAP + axes.MARGIN + 6
    head = heading(result, width - 2 * axes.MARGIN, theory_keys(result))
    lines = notes(result.layers, binned.layers, panel_width + GAP - 4)
    above = axes.LABEL_SIZE + 7 + NOTE_LINE * max(map(len, lines))
    name = signal.height + ROW_GAP if signal else axes.MARGIN  # of the activations' axis
    bottom = name + axes.BENEATH - axes.MARGIN + (POWER_LINE if any(powers(binned)) else 0.0)
    height = bottom + PANEL_HEIGHT + above + head.height
    boxes = [
        Box(left + k * (panel_width + GAP), bottom, panel_width, PANEL_HEIGHT)
        for k in range(number)
    ]
    items = head.items(height)
    full = [box for box, s in zip(boxes, binned.layers, strict=True) if not s.empty]
    items += grid(full, ticks, heights)
    for k, (box, shares) in enumerate(zip(boxes, binned.layers, strict=True)):
        items += bars(box, shares, heights)
        items += panel_words(box, f"layer {k + 1}", lines[k], box.top + above - axes.LABEL_SIZE)
    items += value_axes(boxes, binned, name)
    items += share_axis(boxes[0], ticks, heights)
    if signal:
        items += signal_items(signal, boxes, GAP)
    panels = tuple(
        Panel(f"layer {k + 1}", box, (scale.low, scale.high), (0.0, heights.top))
        for k, (box, scale) in enumerate(zip(boxes, binned.scales, strict=True))
    )
    return Drawing(width, height, tuple(items), panels)


def theory_keys(result: Result) -> tuple[Key, ...]:
    """What the line and the figures in parentheses mean, where theory says something."""
    if not any(layer.theory for layer in result.layers):
        return ()
    seeds = figures.seeds(result)
    words = f"{THEORY_IN_WORDS.words} · ± over {seeds} seeds"
    return (Key(words, THEORY_IN_WORDS.color) if seeds > 1 else THEORY_IN_WORDS,)


def panel_words(box: Box, title: str, lines: list[Note], y: float) -> list[Item]:
    """A panel's title with its baseline at `y`, and its notes below."""
    middle = box.x + box.width / 2
    name = Label(middle, y, title, axes.LABEL_SIZE, align="center")
    return [name, *note_items(middle, y - NOTE_LINE - 1, lines, box.width + GAP - 4)]


def share_axis(
    box: Box, ticks: list[tuple[float, str]], heights: Heights, words: str = SHARES
) -> list[Item]:
    """The shares beside the first panel."""
    places = share_places(box, ticks, heights)
    return [*axes.side_ticks(box.x, places), axes.side_label(box, words)]


def value_axes(boxes: list[Box], binned: Binned, name: float) -> list[Item]:
    """Frames and ticks beneath a row of panels; the activations' axis is named at `name`."""
    items: list[Item] = []
    own = binned.grouping == "own"
    overhang = GAP / 2 - (4 if own else 2)
    for box, scale, shares in zip(boxes, binned.scales, binned.layers, strict=True):
        items += axes.frame(box)
        if not (own and shares.empty):
            values = axes.fitting_ticks(scale, box.width, overhang)
            items += axes.x_ticks(box, scale, values, overhang)
    for box, power in zip(boxes, powers(binned), strict=True):
        x, y = box.x + box.width / 2, box.y - axes.TICK - 1 - axes.TICK_SIZE - POWER_LINE
        if power:
            items.append(Label(x, y, power, axes.TICK_SIZE, align="center"))
    words = "activation" if own else x_label(binned.scale.exponent)
    if binned.grouping != "alike":
        words += f" · {GROUPING[binned.grouping]}"
    middle = (boxes[0].x + boxes[-1].right) / 2
    items.append(Label(middle, name, words, axes.LABEL_SIZE, align="center"))
    return items


def powers(binned: Binned) -> list[str]:
    """What each panel's ticks are to be multiplied by, where each has its own axis."""
    if binned.grouping != "own":
        return [""] * len(binned.scales)
    return [f"× 1e{scale.exponent}" if scale.exponent else "" for scale in binned.scales]
