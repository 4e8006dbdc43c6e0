"""Loss curves of trained networks, what they reached, and what many starts are worth."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.choice import drawn_in_words, faceted
from weightinit_cli.plots.engine.colors import HUES, palette
from weightinit_cli.plots.engine.drawing import INK, MUTED, ORANGE
from weightinit_cli.plots.engine.fonts import drawable, elide
from weightinit_cli.plots.engine.numbers import mean_and_deviation
from weightinit_cli.plots.engine.page import SMALL, Entry, Legend, Page, Row
from weightinit_cli.plots.losses import dashes, loss_curve
from weightinit_cli.plots.losspanels import (
    FEW,
    GUESSING,
    Losses,
    Training,
    loss_keys,
    losses_of,
)
from weightinit_cli.plots.restarts import restarts_rows
from weightinit_cli.plots.varied import VariedAxis, axes_of, in_words, key
from weightinit_cli.plots.words import runs_heading
from weightinit_cli.results.comparison import VARIANT, TrainedRun
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.words import component, full_name, pretrained, widths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.choice import Facets
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Panel
    from weightinit_cli.results.training import Trained, TrainingResult

HEIGHT, FACET_HEIGHT = 215.0, 130.0
WIDEST = 110.0  # of names beside the panel
MOST_BESIDE = 4  # panels in a row
PALEST = 0.45
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (2, 2), (7, 2, 2, 2), (1.5, 4))
COLUMNS = "final training loss", "test accuracy"


def drawings(result: TrainingResult) -> dict[str, Page]:
    """Draw a run: the losses of its networks."""
    name = full_name(result.name, result.overrides)
    run = _training(TrainedRun(result.name, result, ()))
    return {"training": _page(name, [run], faceted([]))}


def comparison(name: str, _spec: object, runs: Iterable[TrainedRun], _: int) -> Page | None:
    """Draw the losses of all runs, as far as there is room for them."""
    every = list(map(_training, runs))
    layout = faceted(axes_of(every))
    kept = {axis.path: set(map(key, axis.values)) for axis in (*layout.colors, *layout.facets)}
    drawn = [each for each in every if all(key(value) in kept[path] for path, value in each.varied)]
    return _page(name, drawn, layout) if drawn else None


def left_out(axes: Iterable[tuple[str, Sequence[object]]]) -> list[str]:
    """What the picture of runs draws of each axis of which it does not draw all, in words."""
    return faceted([VariedAxis(path, tuple(values)) for path, values in axes]).left_out


def _page(name: str, drawn: Sequence[Training], layout: Facets) -> Page:
    """The runs' curves in one panel below a table, or in several panels."""
    drawn = _painted(drawn, layout)
    losses = losses_of(drawn)
    shared = [*_common(drawn), *drawn_in_words(layout)]
    heading = runs_heading(name, shared, loss_keys(drawn, batches=losses.batches))
    if layout.facets:
        foot = tuple((note, MUTED) for note in losses.notes(drawn))
        rows = tuple(_rows(list(_facets(drawn, layout, losses))))
        return Page(heading, rows, legend=_legend(drawn, layout), foot=foot)
    if len(drawn) <= FEW:
        dash = dashes([each.curve for each in drawn], losses.y)
        drawn = [
            each._replace(dash=own or each.dash) for each, own in zip(drawn, dash, strict=True)
        ]
    panel = replace(losses.panel(drawn, losses.notes(drawn)), beside=tuple(_names(drawn, losses)))
    restarts = restarts_rows([(each.words, each.result, each.color) for each in drawn])
    return Page(heading, (Row((panel,), HEIGHT), *restarts), legend=_table(drawn))


def _training(run: TrainedRun) -> Training:
    """A run as it is drawn; of very many there is no room for all losses."""
    slim = tuple(replace(network, losses=()) for network in run.result.networks)
    result = replace(run.result, networks=slim)
    values = [in_words(value) for _, value in run.varied]
    words = [
        value if path == VARIANT else f"{drawable(path)} = {value}"
        for (path, _), value in zip(run.varied, values, strict=True)
    ]
    name, short = (", ".join(parts) or drawable(run.label) for parts in (words, values))
    return Training(name, short, result, run.varied, loss_curve(run.result))


def _painted(drawn: Sequence[Training], layout: Facets) -> list[Training]:
    """The runs in colours: those of numbers from dark to light, names in hues, then dashed ones.

    Runs of the same value have the same colour in all panels.
    """
    axis = layout.colors[0] if len(layout.colors) == 1 else None
    numbers = list(range(len(drawn)))
    if axis is not None:
        order = {key(value): k for k, value in enumerate(axis.ordered().values)}
        numbers = [order[key(dict(each.varied)[axis.path])] for each in drawn]
    styles = _styles(max(numbers) + 1, numeric=axis is not None and axis.numeric)
    pairs = zip(drawn, numbers, strict=True)
    return [each._replace(color=styles[k][0], dash=styles[k][1]) for each, k in pairs]


def _styles(number: int, *, numeric: bool) -> list[tuple[Color, tuple[float, ...]]]:
    if number <= len(HUES) or not numeric:
        return [(HUES[k % len(HUES)], DASHES[k // len(HUES) % len(DASHES)]) for k in range(number)]
    rgb = palette(np.linspace(1.0, PALEST, number)) / 255
    return [((red, green, blue), ()) for red, green, blue in rgb.tolist()]


def _dashed(drawn: Sequence[Training], losses: Losses) -> list[Training]:
    """A few runs of one panel, so that those that coincide are all seen."""
    if len(drawn) > FEW:
        return list(drawn)
    pairs = zip(drawn, dashes([each.curve for each in drawn], losses.y), strict=True)
    return [each._replace(dash=dash or each.dash) for each, dash in pairs]


def _facets(drawn: Sequence[Training], layout: Facets, losses: Losses) -> Iterable[Panel]:
    """A panel for each combination of the facets' values."""
    places = [range(len(axis.values)) for axis in layout.facets]
    for chosen in product(*places):
        wanted = {a.path: a.values[k] for a, k in zip(layout.facets, chosen, strict=True)}
        some = [
            each
            for each in drawn
            if all(key(dict(each.varied)[path]) == key(value) for path, value in wanted.items())
        ]
        words = [
            axis.words[k] if axis.path == VARIANT else f"{axis.title} = {axis.words[k]}"
            for axis, k in zip(layout.facets, chosen, strict=True)
        ]
        panel = losses.panel(_dashed(some, losses))
        yield replace(panel, notes=tuple((each, INK) for each in words), name=", ".join(words))


def _rows(panels: Sequence[Panel]) -> Iterable[Row]:
    """Rows of at most four where these are equally long, else one, which is folded."""
    lines = -(-len(panels) // MOST_BESIDE)
    number = len(panels) // lines if len(panels) % lines == 0 else len(panels)
    for start in range(0, len(panels), number):
        first, *others = panels[start : start + number]
        last = start + number == len(panels)
        own = [first, *(replace(each, y=replace(each.y, labelled=False)) for each in others)]
        if not last:
            own = [replace(each, x=replace(each.x, name="")) for each in own]
        yield Row(tuple(own), FACET_HEIGHT, caption=first.x.name if last else "")


def _names(drawn: Sequence[Training], losses: Losses) -> list[tuple[float, str, Color]]:
    """Beside the panel: each curve's name where it ends, and the level of guessing."""
    names = [
        (each.curve.end[1], elide(each.short, SMALL, WIDEST), each.color)
        for each in drawn
        if each.curve and each.curve.end and 1 < len(drawn) <= FEW
    ]
    return names if losses.guess is None else [*names, (losses.guess, GUESSING, MUTED)]


def _legend(drawn: Sequence[Training], layout: Facets) -> Legend:
    """What the colours are that all panels share."""
    (axis,) = layout.colors
    styles = {key(dict(each.varied)[axis.path]): (each.color, each.dash) for each in drawn}
    entries = [
        Entry((words,), *styles[key(value)])
        for value, words in zip(axis.values, axis.words, strict=True)
        if key(value) in styles
    ]
    return Legend(axis.title, tuple(entries))


def _table(drawn: Sequence[Training]) -> Legend:
    """How each of the runs ended."""
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
