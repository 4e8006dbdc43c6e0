"""Verdicts below a table, each with what follows from it and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.errors import printable
from weightinit_cli.lines import wrapped
from weightinit_cli.results.model import NOTE
from weightinit_cli.results.verdictwords import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.model import Verdict
    from weightinit_cli.results.verdictwords import ToldVerdict

# Of the verdicts that do not warn, by their severity; the others are red.
COLOURS = {None: "green", NOTE: "yellow"}


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Say what is wrong, below it what follows from it and what to do."""
    return [line for verdict in told(verdicts) for line in _lines(verdict)]


def colour_of(severity: str | None) -> str:
    """Return the colour in which a verdict is set off."""
    return COLOURS.get(severity, "red")


def _lines(verdict: ToldVerdict) -> list[str]:
    columns = terminal.columns()
    label = printable(verdict.label)
    line = label + printable(verdict.rest)
    first, *more = [line] if columns is None else wrapped(line, columns, indent=2)
    styled = click.style(first[: len(label)], fg=colour_of(verdict.severity), bold=True)
    lines = [styled + first[len(label) :], *more]
    advice = f"advice: {verdict.advice}" if verdict.advice else ""
    for text in filter(None, (verdict.consequences, advice)):
        below = f"  {printable(text)}"
        lines += [below] if columns is None else wrapped(below, columns, indent=4)
    return lines
