"""What was run, above the table of any result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.errors import printable
from weightinit_cli.results.words import described, full_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import AnyResult, Reconstruction


MOST_PAIRS = 10


def heading(result: AnyResult) -> list[str]:
    """The lines, broken at commas where they are wider than the terminal."""
    name = full_name(result.name, result.overrides)
    text = printable(f"{name}: {', '.join(described(result.spec))}")
    return [click.style(line, bold=True) for line in fitted(text)]


def pretraining(layers: Sequence[Reconstruction]) -> list[str]:
    """What each layer's pretraining did to its reconstruction error; nothing without any."""
    if not layers:
        return []
    pairs = [_change(each) for each in layers]
    if len(pairs) > MOST_PAIRS:
        pairs[MOST_PAIRS - 1 : -1] = ["..."]
    text = f"pretrained layer by layer: error in giving back the input {', '.join(pairs)}"
    return fitted(f"{text} of its variance")


def _change(layer: Reconstruction) -> str:
    if layer.before is None or layer.after is None:
        return "none (no variance)"
    return f"{layer.before:.2g} to {layer.after:.2g}"


def fitted(text: str) -> list[str]:
    """A text in lines of the terminal's width, broken at commas where there are some."""
    columns = terminal.columns()
    if columns is None:
        return [text]
    unbroken = re.sub("(?<!,) ", "\0", text)
    lines = [line.replace("\0", " ") for line in terminal.wrapped(unbroken, columns, indent=2)]
    return [part for line in lines for part in terminal.wrapped(line, columns, indent=2)]
