"""What was run, above the table of any result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.errors import printable
from weightinit_cli.results.describe import described

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult


def heading(result: AnyResult) -> list[str]:
    """The lines, broken at commas where they are wider than the terminal."""
    text = printable(f"{result.name}: {', '.join(described(result.spec))}")
    return [click.style(line, bold=True) for line in fitted(text)]


def fitted(text: str) -> list[str]:
    """A text in lines of the terminal's width, broken at commas."""
    columns = terminal.columns()
    if columns is None:
        return [text]
    unbroken = re.sub("(?<!,) ", "\0", text)
    return [line.replace("\0", " ") for line in terminal.wrapped(unbroken, columns, indent=2)]
