"""`winit explain`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.verdicts import Definition

INDENT = 4
LABELS = 11
# What stands in place of a figure, in any column.
BELOW = "<6e-8"
MARKS = {
    BELOW: "the figure is too small for the numbers that the network is computed with (dtype): "
    "all that is known is that it is smaller than this",
    "?": "nothing is known of the figure: it depends on values that the dtype rounds away",
    ">=98": "at least so many: rounding may have made others equal to one of them",
    "<0.1%": "there are some, but fewer than one of 1,000",
    ">99.9%": "all but fewer than one of 1,000",
    "-": "there is no such figure",
}
# The words of stats.json and summary.csv that no column shows.
WORDS = {
    "floor": "what a figure has to reach to be more than rounding or underflow",
    "resolution": "the floors of a layer's figures, which the dtype sets, in stats.json",
    "unresolved": "the figures that lie below their floor, or of which nothing is known, "
    "in stats.json, in summary.csv and in pictures",
    "no_z": "why a figure that theory predicts has no z, in stats.json",
}
# The heads of the tables' columns that are no single figure of a layer; those of the experiments
# over steps after the others.
OTHER_COLUMNS = {
    "finite": "how many of the layer's activations are finite numbers: its figures are of these, "
    "and leave out inf and nan",
    "grad. finite": "how many values of the gradient at this layer are finite numbers: its ratio "
    "compares these with those of the layer after, and leaves out inf and nan",
    "outside": "the share of activations outside the histogram's range",
    "histogram": "how the layer's activations are spread, from low to high",
    "q": "theory's variance of a pre-activation",
    "c": "theory's correlation of two inputs' pre-activations",
    "grad.": "theory's root mean square of the gradient at the pre-activations",
    "loss": "the cross-entropy, mean over the points, in the end",
    "entropy": "of the labels: the loss of a network that says the same of every point",
    "units": "how many units the layer has; of several runs, how many of the first layer's differ "
    "in the end",
    "span": "the participation ratio of the first layer's units: how many directions they span",
    "first moved": "the first step that changes the layer's weights",
    "at start": "how many of the layer's units differ before the first step",
    "at most": "how many of the layer's units differ at most, over all recorded steps",
    "at end": "how many of the layer's units differ after the last step",
    "directions": "the participation ratio of the layer's units: how many directions they span",
    "gradient": "the root mean square of the layer's weight gradient at the last step",
    "first loss": "the training loss before the first step",
    "train loss": "the cross-entropy over the training examples, in the end",
    "test loss": "the cross-entropy over the test examples, in the end",
    "test acc.": "the share of test examples whose class the network says right",
}


Z = (
    "how many standard errors std lies from what theory expects at this width; more than 5 are no "
    "chance; where there is none, no_z in stats.json says why"
)


def column_meanings() -> dict[str, str]:
    """What each column shows, by its head."""
    from weightinit_cli.results.figures import FIGURES

    told: dict[str, str] = {}
    for row in FIGURES.values():
        if row.in_table:
            told[row.head] = row.words
        if row.head == "std":
            told["z (std)"] = Z
    return told | OTHER_COLUMNS


@click.command("explain")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print what a verdict means, where it begins and what to do, or what a column shows.

    Without NAME, all verdicts and columns.
    """
    columns = terminal.columns() or terminal.PIPED_COLUMNS
    for line in _all(columns) if name is None else _one(name, columns):
        terminal.say(line)


def _all(columns: int) -> list[str]:
    """A row per verdict, worst first, per column, and per what else stands in tables and files."""
    from weightinit_cli.results.model import HEALTHY
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS

    meanings = {name: definition.meaning for name, definition in DEFINITIONS.items()}
    meanings[HEALTHY] = ALL_IS_WELL
    others = {"column": column_meanings(), "in place of a figure": MARKS, "in files": WORDS}
    lists = {"verdict": meanings, **others}
    told = [_list(what, each, columns) for what, each in lists.items()]
    return [line for lines in told for line in ["", *lines]][1:]


def _list(what: str, meanings: Mapping[str, str], columns: int) -> list[str]:
    width = max(map(len, (what, *meanings)))
    lines = [click.style(f"{what:<{width}}  what it means", dim=True)]
    for name, meaning in meanings.items():
        first, *more = terminal.wrapped(f"{name:<{width}}  {meaning}", columns, indent=width + 2)
        lines += [click.style(name, bold=True) + first[len(name) :], *more]
    return lines


def _one(name: str, columns: int) -> list[str]:
    """One verdict, all of it, or the columns of a head. Raises UsageError for another name."""
    from weightinit_cli.results.model import HEALTHY
    from weightinit_cli.spec.nodes import suggestion
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS

    names = [*DEFINITIONS, HEALTHY, *column_meanings(), *WORDS]
    heads = _heads(_plain(name))
    mark = BELOW if re.fullmatch(r"<[0-9][0-9.,e+-]*", name) else name
    if mark in MARKS or name in WORDS:
        told = {name: {"meaning": (MARKS | WORDS)[mark]}}
    elif not heads and name not in names:
        verdicts = ", ".join([*DEFINITIONS, HEALTHY])
        hint = suggestion(name, names, f"there are {verdicts}, and the heads of columns")
        raise click.UsageError(f"no verdict or column {name!r}{hint}")
    elif heads:
        told = {head: {"meaning": column_meanings()[head]} for head in heads}
    elif name == HEALTHY:
        told = {name: {"meaning": ALL_IS_WELL, "formula": "no other verdict is drawn"}}
    else:
        told = {name: _rows(name, DEFINITIONS[name])}
    lines = []
    for each, rows in told.items():
        lines.append(click.style(each, bold=True))
        for label, text in rows.items():
            row = terminal.wrapped(f"{label:<{LABELS}}{text}", columns - INDENT, indent=LABELS)
            lines += [" " * INDENT + line for line in row]
    return lines


def _heads(word: str) -> list[str]:
    """The column of this head, else those whose heads begin with this word."""
    plain = {_plain(head): head for head in column_meanings()}
    if word in plain:
        return [plain[word]]
    return [head for each, head in plain.items() if word and each.startswith(f"{word} ")]


def _plain(head: str) -> str:
    """The head as it may be typed: without dots and brackets, with any separator."""
    return re.sub("[^a-z]+", " ", head.casefold()).strip()


def _rows(name: str, definition: Definition) -> dict[str, str]:
    from weightinit_cli.verdicts import Thresholds

    default = Thresholds()._asdict().get(name)
    rows = {
        "meaning": definition.meaning,
        "figure": definition.figure,
        "formula": definition.formula,
        "threshold": "none" if default is None else f"{default:g}, set by thresholds.{name}",
        "advice": definition.advice,
        "reference": definition.reference,
    }
    return {label: text for label, text in rows.items() if text}
