"""The table of the training experiment: a row per network, or what is common to many."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, Column, columns_of, digits, table_lines
from weightinit_cli.errors import counted
from weightinit_cli.results.kinds import ending, interruption
from weightinit_cli.results.training import best_of_few
from weightinit_cli.results.words import reconstructions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import Trained, TrainingResult

HEADS = ("network", "first loss", "train loss", "test loss", "test acc.")
RUN_HEADS = ("train loss", "test loss", "test acc.", "")
# What the columns show.
MEANINGS = {
    "first loss": "the training loss before the first step",
    "train loss": "the cross-entropy over the training examples, in the end",
    "test loss": "the cross-entropy over the test examples, in the end",
    "test acc.": "the share of test examples whose class the network says right",
}
MOST_ROWS = 10
WIDE = 10
SHOWN = (2, 3, 5, 10, 20, 30, 50, 100)


def table(result: TrainingResult) -> list[str]:
    """Write the data, a row per network, the means, and what choosing gains."""
    data = result.data
    validation = f"{data.validation:,} to validate, " if data.validation else ""
    parts = f"{data.train:,} to train, {validation}{data.test:,} to test"
    features = counted(data.features, "feature")
    lines = terminal.fitted(f"{features}, {data.classes} classes, {parts}")
    lines += table_lines(_columns(result.networks[:MOST_ROWS]))
    if len(result.networks) > MOST_ROWS:
        others = len(result.networks) - MOST_ROWS
        lines.append(f"and {counted(others, 'other')}")
    lines += terminal.fitted(reconstructions(result.networks[0].pretraining))
    if (stopped := interruption(result)) is not None:
        lines.append(click.style(stopped, fg="red"))
    return lines + _spreads(result) + _choices(result)


def run_cells(result: TrainingResult) -> dict[str, Cell]:
    """Say most of a run: the means over the networks, and what ended it early."""
    train, test = ([getattr(each, part) for each in result.networks] for part in ("train", "test"))
    losses = [_mean([score.loss for score in part]) for part in (train, test)]
    values = [*losses, fmean(score.accuracy for score in test)]
    cells = [*(Cell(digits(value)) for value in values), Cell(", ".join(ending(result)), "red")]
    return dict(zip(RUN_HEADS, cells, strict=True))


def _columns(networks: Sequence[Trained]) -> list[Column]:
    rows = []
    for number, each in enumerate(networks, 1):
        first = each.losses[0] if each.losses else None
        values = (first, each.train.loss, each.test.loss, each.test.accuracy)
        rows.append([str(number), *(digits(value, ".4f") for value in values)])
    columns = columns_of(HEADS, rows, wide=WIDE)
    ends = [each.diverged for each in networks]
    if any(end is not None for end in ends):
        words = ["" if end is None else f"diverged at step {end:,}" for end in ends]
        columns.append(Column("", [Cell(text, "red") for text in words], words=True))
    return columns


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _spreads(result: TrainingResult) -> list[str]:
    networks = result.networks
    if len(networks) < 2:
        return []
    words = f"of {len(networks):,} networks: mean ± sample standard deviation, smallest to largest"
    lines = [
        _spread("train loss", [each.train.loss for each in networks]),
        _spread("test loss", [each.test.loss for each in networks]),
        _spread("test accuracy", [each.test.accuracy for each in networks]),
        words,
    ]
    return [part for line in lines for part in terminal.fitted(line)]


def _spread(words: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return f"{words}: not finite"
    few = f", {len(values) - len(known):,} not finite" if len(known) < len(values) else ""
    mean = f"{fmean(known):.4f} ± {stdev(known):.4f}"
    return f"{words}: {mean}, {min(known):.4f} to {max(known):.4f}{few}"


def _choices(result: TrainingResult) -> list[str]:
    number = len(result.networks)
    lines = [
        f"best of {best.k}: test accuracy {best.accuracy_mean:.4f} ± {best.accuracy_std:.4f}, "
        f"test loss {best.loss_mean:.4f} ± {best.loss_std:.4f}"
        for best in best_of_few(result)
        if best.k in {*SHOWN, number // 2} - {1}
    ]
    words = f"over all choices of k of the {number:,} trained: mean ± standard deviation"
    lines += [f"best of k by validation loss, {words}"] if lines else []
    return [part for line in lines for part in terminal.fitted(line)]
