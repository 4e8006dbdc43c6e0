"""The table above loss curves: which colour is which run, and how it ended."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.drawing import INK, MUTED, ORANGE, Color, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import drawable, elide, width_of
from weightinit_cli.plots.engine.numbers import mean_and_deviation
from weightinit_cli.plots.labels import NOTE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.training import Trained, TrainingResult

SWATCH = 14.0
LINE = 11.5
NARROWEST, WIDEST = 70.0, 280.0  # of the names
LOSS, ACCURACY = 112.0, 100.0  # the columns of figures
REMARK = 18.0  # before the last column


class ColoredResult(NamedTuple):
    """A result with its name and its colour."""

    words: str
    color: Color
    result: TrainingResult


def loss_table_height(entries: Sequence[ColoredResult], more: int) -> float:
    """The height of the table: its header and a line for each entry."""
    return LINE * (1 + len(entries) + bool(more))


def loss_table_items(
    top: float, right: float, entries: Sequence[ColoredResult], more: int
) -> list[Item]:
    """The table below `top`, which says that `more` results are not drawn."""
    x = axes.MARGIN + SWATCH + 5
    names = [elide(drawable(entry.words), NOTE_SIZE, WIDEST) for entry in entries]
    widest = max((width_of(name, NOTE_SIZE) for name in names), default=0.0)
    loss = x + max(widest, NARROWEST) + LOSS
    accuracy = loss + ACCURACY
    last = accuracy + REMARK
    y = top - NOTE_SIZE
    items: list[Item] = [
        Label(loss, y, "final training loss", NOTE_SIZE, MUTED, "right"),
        Label(accuracy, y, "test accuracy", NOTE_SIZE, MUTED, "right"),
    ]
    for entry, name in zip(entries, names, strict=True):
        y -= LINE
        middle = y + 0.36 * NOTE_SIZE
        swatch = [(axes.MARGIN, middle), (axes.MARGIN + SWATCH, middle)]
        items.append(polyline(swatch, entry.color, 2.5))
        networks = entry.result.networks
        losses = [each.train.loss for each in networks if each.train.loss is not None]
        ended = elide(remark(entry.result), NOTE_SIZE, right - last)
        labels = (
            Label(x, y, name, NOTE_SIZE),
            Label(loss, y, loss_words(losses), NOTE_SIZE, INK, "right"),
            Label(accuracy, y, accuracy_words(networks), NOTE_SIZE, INK, "right"),
            Label(last, y, ended, NOTE_SIZE, ORANGE),
        )
        items += [label for label in labels if label.text]
    if more:
        items.append(Label(x, y - LINE, f"… {more:,} more, not drawn", NOTE_SIZE, MUTED))
    return items


def loss_words(losses: Sequence[float]) -> str:
    """Final losses in words: `0.160`, of several networks `0.160 ± 0.012`."""
    finite = [loss for loss in losses if math.isfinite(loss)]
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


def remark(result: TrainingResult) -> str:
    """What went wrong in a training: networks that diverged, or that it was interrupted."""
    ended = [each.diverged for each in result.networks if each.diverged is not None]
    words = []
    if ended and len(result.networks) == 1:
        words.append(f"diverged at step {ended[0]:,}")
    elif ended:
        words.append(f"{len(ended):,} of {len(result.networks):,} diverged")
    if result.interrupted is not None:
        words.append("interrupted")
    return ", ".join(words)
