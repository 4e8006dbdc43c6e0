"""Loss curves of trained networks, what they reached, and what many starts are worth."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.curves import Axis, spaced
from weightinit_cli.plots.engine.colors import HUES, palette
from weightinit_cli.plots.engine.drawing import (
    BLUE,
    MUTED,
    Box,
    Color,
    Drawing,
    Item,
    Label,
    Panel,
)
from weightinit_cli.plots.engine.fonts import drawable, elide, width_of
from weightinit_cli.plots.engine.numbers import Scale
from weightinit_cli.plots.heading import Key, titled
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.lossaxis import loss_axis
from weightinit_cli.plots.losscurves import MOST_RAW, curve_items, loss_keys
from weightinit_cli.plots.losses import LossCurve, length, loss_curve
from weightinit_cli.plots.losstable import ColoredResult, loss_table_height, loss_table_items
from weightinit_cli.plots.restarts import HEIGHT, best_panel, best_ticks_width, spread_panel
from weightinit_cli.results.training import best_of_few
from weightinit_cli.results.words import component, full_name, pretrained, widths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results.comparison import TrainedRun
    from weightinit_cli.results.training import TrainingResult

WIDTH = 660.0
PANEL_HEIGHT = 215.0
MOST = 12  # results that are drawn
WIDEST = 110.0
LABEL_GAP = 7.0
GAP = 26.0
GUESSING = "guessing"
PALEST = 0.4


def drawings(result: TrainingResult) -> dict[str, Drawing]:
    """Draw a run: the losses of its networks."""
    return {"training": training_picture([(result.name, result)])}


def comparison(_name: str, _spec: object, runs: Iterable[TrainedRun], _: int) -> Drawing | None:
    """Draw the losses of all runs; of those that are only counted there may be very many."""
    results = [
        (label, result if number < MOST else replace(result, networks=()))
        for number, (label, result) in enumerate(runs)
    ]
    return training_picture(results) if results else None


def left_out(axes: Iterable[tuple[str, Sequence[object]]]) -> list[str]:
    """How many of the runs that vary on these axes are drawn, in words, where not all are."""
    number = math.prod(len(values) for _, values in axes)
    return [f"{MOST} of {number:,} runs"] if number > MOST else []


def training_picture(results: Sequence[tuple[str, TrainingResult]]) -> Drawing:
    """The drawing: heading, table, the curves, and below them what restarts are worth."""
    entries = _entries(results[:MOST])
    curves = [loss_curve(entry.result) for entry in entries]
    classes = entries[0].result.data.classes
    guess = math.log(classes) if classes > 1 else None
    known = [curve for curve in curves if curve is not None]
    values = [value for curve in known for value in curve.shown]
    behind = [value for curve in known if len(known) <= MOST_RAW for value in curve.behind]
    axis = loss_axis([guess, *values], behind)
    many = len(entries) > 1
    names = [GUESSING, *(_short(entry) for entry in entries if many)]
    right = LABEL_GAP + max(width_of(name, NOTE_SIZE) for name in names) + axes.MARGIN
    side = axes.widest([text for _, text in axis.ticks])
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + side + axes.TICK + 2
    wide = WIDTH - left - right
    again = [entry for entry in entries if best_of_few(entry.result)[1:]]
    items: list[Item] = []
    panels: list[Panel] = []
    y = axes.BENEATH
    if again:
        items, panels = _restarts(again, left, WIDTH - axes.MARGIN)
        y += HEIGHT + GAP + axes.BENEATH
    box = Box(left, y, wide, PANEL_HEIGHT)
    last = max((length(entry.result) for entry in entries), default=1)
    across = Scale(0.0, float(max(last, 1)), 0)
    drawn = [(entry, curve) for entry, curve in zip(entries, curves, strict=True) if curve]
    items += curve_items(box, drawn, axis, across, guess)
    items += _frame(box, axis, across)
    items += _names(box, drawn if many else [], axis, guess)
    limits = (axis.low, axis.high)
    panels.insert(0, Panel(axis.named("loss"), box, (across.low, across.high), limits))
    more = len(results) - len(entries)
    top = box.top + 14 + loss_table_height(entries, more)
    items += loss_table_items(top, WIDTH - axes.MARGIN, entries, more)
    keys: tuple[Key, ...] = loss_keys(drawn)
    first = entries[0].result
    name = full_name(first.name, first.overrides)
    head = titled(name, _common(entries), WIDTH - 2 * axes.MARGIN, keys)
    height = top + 3 + head.height
    return Drawing(WIDTH, height, (*head.items(height), *items), tuple(panels))


def _entries(results: Sequence[tuple[str, TrainingResult]]) -> list[ColoredResult]:
    colors: Sequence[Color] = (BLUE,) if len(results) == 1 else HUES
    if len(results) > len(HUES):
        rgb = palette(np.linspace(1.0, PALEST, len(results))) / 255
        colors = [(float(r), float(g), float(b)) for r, g, b in rgb]
    return [
        ColoredResult(label, color, result)
        for (label, result), color in zip(results, colors, strict=False)
    ]


def _common(entries: Sequence[ColoredResult]) -> list[str]:
    """What is the same in all results, in words."""
    every = [_parts(entry.result) for entry in entries]
    common = [
        part
        for key, part in every[0].items()
        if part and all(parts[key] == part for parts in every)
    ]
    several = any(len(entry.result.networks) > 1 for entry in entries)
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


def _short(entry: ColoredResult) -> str:
    return elide(drawable(entry.words), NOTE_SIZE, WIDEST)


def _frame(box: Box, axis: Axis, across: Scale) -> list[Item]:
    places = [(box.y + axis.part(at) * box.height, text) for at, text in axis.ticks]
    ticks = axes.fitting_ticks(across, box.width, axes.LABEL_SIZE)
    whole = [(at, f"{at:,.0f}") for at, _ in ticks if at == int(at)]
    items = [*axes.frame(box), *axes.side_ticks(box.x, places)]
    items += axes.x_ticks(box, across, whole, axes.LABEL_SIZE)
    name = Box(box.x, box.y, box.width, box.height)
    items.append(axes.side_label(name, axis.named("loss")))
    y = box.y - axes.TICK - 1 - axes.TICK_SIZE - 6 - axes.LABEL_SIZE + 2
    items.append(Label(box.x + box.width / 2, y, "step", axes.LABEL_SIZE, align="center"))
    return items


def _names(
    box: Box, drawn: Sequence[tuple[ColoredResult, LossCurve]], axis: Axis, guess: float | None
) -> list[Item]:
    """Beside the panel: each curve's name at the height where it ends."""
    wanted = [
        (curve.end[1], _short(entry), entry.color)
        for entry, curve in drawn
        if curve.end is not None
    ]
    if guess is not None:
        wanted.append((guess, GUESSING, MUTED))
    placed = [
        (min(max(y, box.y), box.top), words, color)
        for value, words, color in wanted
        if (y := axis.place(value, box)) is not None
    ]
    placed.sort(key=lambda each: -each[0])
    heights = spaced([y for y, _, _ in placed], box.y + 3, box.top - 3)
    return [
        Label(box.right + LABEL_GAP, y - 0.36 * NOTE_SIZE, words, NOTE_SIZE, color)
        for y, (_, words, color) in zip(heights, placed, strict=True)
        if words
    ]


def _restarts(
    again: Sequence[ColoredResult], left: float, right: float
) -> tuple[list[Item], list[Panel]]:
    room = right - left
    gap = best_ticks_width() + 24
    wide = (room - gap) / 2
    first, one = spread_panel(Box(left, axes.BENEATH, wide, HEIGHT), again)
    second, two = best_panel(Box(left + wide + gap, axes.BENEATH, wide, HEIGHT), again)
    return [*first, *second], [one, two]
