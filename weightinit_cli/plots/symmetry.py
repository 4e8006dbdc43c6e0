"""Gradient descent from a symmetric start: the map of the layers, the loss, the directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    Box,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.engine.logaxis import power_label
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.stepcharts import (
    LABEL_GAP,
    chart_items,
    loss_chart,
    named,
    participation_charts,
)
from weightinit_cli.plots.stepmap import (
    NONFINITE,
    SHADES,
    STILL,
    STRIP,
    StepMap,
    bias_alone,
    layer_names,
    map_items,
    shade,
    step_map,
    step_ticks,
)
from weightinit_cli.plots.symmetrywords import symmetry_heading

if TYPE_CHECKING:
    from weightinit_cli.results.symmetry import SymmetryResult

WIDTH = 660.0
ROW, HIGHEST = 19.0, 190.0
GAP = 16.0
TICKS = axes.TICK + 1 + axes.TICK_SIZE + 4
BAR_WIDTH, BAR_HEIGHT = 170.0, 9.0
SWATCH = 16.0


def drawings(result: SymmetryResult) -> dict[str, Drawing]:
    """Draw a run: which layer wakes when, and the loss."""
    return {"symmetry": symmetry_picture(result)}


def comparison(*_: object) -> None:
    """There is no picture of many runs."""


def left_out(_: object) -> list[str]:
    """Nothing, as there is no picture of many runs."""
    return []


def symmetry_picture(result: SymmetryResult) -> Drawing:
    """The drawing: heading, key, the map, and below it the charts over the same steps."""
    shown = step_map(result)
    charts = [loss_chart(result), *participation_charts(result)]
    beside = [line for chart in charts for _, lines, _ in named(chart) for line in lines]
    right = LABEL_GAP + max(width_of(line, NOTE_SIZE) for line in beside) + axes.MARGIN
    words = [text for chart in charts for _, text in chart.axis.ticks]
    side = axes.widest([*words, *layer_names(len(result.layers))])
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + side + axes.TICK + 2
    wide = WIDTH - left - right
    y = axes.BENEATH
    items: list[Item] = []
    panels: list[Panel] = []
    limits = (0.0, float(shown.steps[-1]))
    for chart in reversed(charts):
        box = Box(left, y, wide, chart.height)
        if not panels:
            middle = box.x + wide / 2
            items += step_ticks(box, shown)
            items.append(Label(middle, axes.MARGIN, "step", axes.LABEL_SIZE, align="center"))
        items += chart_items(box, chart, shown)
        panels.insert(0, Panel(chart.words, box, limits, (chart.axis.low, chart.axis.high)))
        y = box.top + GAP
    rows = len(result.layers)
    box = Box(left, y + TICKS, wide, min(ROW * rows, HIGHEST))
    items += [*map_items(box, shown), *step_ticks(box, shown)]
    panels.insert(0, Panel("layers", box, limits, (0.5, rows + 0.5)))
    items += _key(Box(left, box.top + 24, BAR_WIDTH, BAR_HEIGHT), shown)
    head = symmetry_heading(result, WIDTH - 2 * axes.MARGIN)
    height = box.top + 24 + BAR_HEIGHT + 18 + head.height
    return Drawing(WIDTH, height, (*head.items(height), *items), tuple(panels))


def _key(bar: Box, shown: StepMap) -> list[Item]:
    """The colours with their gradients, and what grey, a strip and the numbers mean."""
    items: list[Item] = []
    x = bar.x
    if shown.decades is not None:
        low, high, beyond = shown.decades
        for k in range(SHADES + 1):
            x = bar.x + k * bar.width / (SHADES + 1)
            items.append(rectangle(Box(x, bar.y, bar.right - x, bar.height), shade(k / SHADES)))
        items.append(axes.outline(bar))
        name = "gradient of the weights, rms (log)"
        items.append(Label(bar.x, bar.top + 5, name, NOTE_SIZE))
        step = max((high - low) // 4, 1)
        for power in range(low, high + 1, step):
            at = bar.x + (power - low) / (high - low) * bar.width
            items.append(polyline([(at, bar.y), (at, bar.y - axes.TICK)], INK, 1.0))
            place = bar.y - axes.TICK - 1 - axes.TICK_SIZE
            text = f"{'≤ ' if beyond and power == low else ''}{power_label(power)}"
            items.append(Label(at, place, text, axes.TICK_SIZE, align="center"))
        x = bar.right + 26
    layers = shown.result.layers
    every = [(layer, k) for layer in layers for k in shown.chosen]
    swatches = []
    if any(not layer.moved[k] for layer, k in every):
        swatches.append(("does not move", STILL, False))
    if any(bias_alone(*pair) for pair in every):
        swatches.append(("the bias alone moves", STILL, True))
    if any(layer.weight_gradient_rms[k] is None for layer, k in every):
        swatches.append(("not finite", NONFINITE, False))
    y = bar.y + 1
    for words, color, strip in swatches:
        cell = Box(x, y - 2, SWATCH, 11)
        items.append(rectangle(cell, color))
        if strip:
            part = Box(cell.x, cell.y, SWATCH, STRIP * cell.height + 0.5)
            items.append(rectangle(part, shade(0.75)))
        items.append(Label(x + SWATCH + 5, y + 0.8, words, NOTE_SIZE, MUTED))
        x += SWATCH + 5 + width_of(words, NOTE_SIZE) + 14
    numbers = "number in a cell: how many units differ · 0: before the first step"
    place = bar.right + 26 if shown.decades is not None else bar.x
    items.append(Label(place, bar.y - axes.TICK - 1 - axes.TICK_SIZE, numbers, NOTE_SIZE, MUTED))
    return items
