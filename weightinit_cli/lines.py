"""Lines of text, in the columns that a terminal gives them: measured, padded, cut and broken."""

from __future__ import annotations

import re
import unicodedata


def wrapped(text: str, columns: int, *, indent: int = 0, anywhere: bool = False) -> list[str]:
    """Break a text at spaces into lines of at most these columns; the later ones are indented.

    `anywhere` breaks words that are longer than a line, too: behind a comma where they have one.
    """
    lines = []
    line = ""
    for piece in re.findall(r"\s*\S+", text):
        if line.strip() and width(line + piece) > columns:
            lines.append(line)
            line, piece = " " * indent, piece.lstrip()
        line += piece
        while anywhere and width(line) > max(columns, indent + 2):
            head = clipped(line, max(columns, indent + 2))
            head = head[: head.rfind(",") + 1].rstrip() or head
            lines.append(head)
            line = " " * indent + line[len(head) :]
    return [*lines, line] if line else lines


def width(text: str) -> int:
    """Count a text's columns: wide characters of East Asia take two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def ljust(text: str, columns: int) -> str:
    """Put spaces after the text, up to this many columns."""
    return text + " " * (columns - width(text))


def rjust(text: str, columns: int) -> str:
    """Put spaces before the text, up to this many columns."""
    return " " * (columns - width(text)) + text


def clipped(text: str, columns: int) -> str:
    """Return as much of the text's beginning as these columns hold."""
    taken = 0
    for number, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:number]
    return text
