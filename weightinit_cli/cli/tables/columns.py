"""The printer of all tables: columns that fit the terminal."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.terminal import spelled
from weightinit_cli.lines import ljust, rjust, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a column of words is not made narrower than.
LEAST_WORDS = 10


class Cell(NamedTuple):
    """Text in a column, and the colour that sets it off."""

    text: str
    colour: str | None = None
    bold: bool = False


class Column(NamedTuple):
    """A head, and a cell per row.

    It is as wide as its cells or, where there is room, as `wide`. Where there is little room, those
    with a `spare` of 1 give way, then those with 2, then those with 3. Numbers stand to the right;
    `words` stand to the left, and are broken if need be.
    """

    head: str
    cells: Sequence[Cell]
    spare: int = 0
    wide: int = 0
    words: bool = False


class Layout(NamedTuple):
    """How the columns stand: on one or two lines of heads, how far apart, how wide each.

    `room` is what is left beside them; below 0 they have not found all the room that they need.
    """

    columns: Sequence[Column]
    heads: list[list[str]]
    gap: str
    widths: list[int]
    room: int

    def head_lines(self) -> list[str]:
        """Write the heads, not dimmed yet."""
        return [self._line(list(map(Cell, names))) for names in self.heads]

    def dimmed_heads(self, indent: int = 0) -> list[str]:
        """Write the heads as they are printed, with so many blanks before them."""
        return [click.style(" " * indent + line, dim=True) for line in self.head_lines()]

    def row(self, cells: Sequence[Cell]) -> list[str]:
        """Write a row: one line, or more where words have to be broken."""
        parts = [
            wrapped(spelled(cell.text), columns, anywhere=True) or [""]
            if column.words
            else [cell.text]
            for cell, column, columns in zip(cells, self.columns, self.widths, strict=True)
        ]
        return [
            self._line([cell._replace(text=text) for cell, text in zip(cells, line, strict=True)])
            for line in zip_longest(*parts, fillvalue="")
        ]

    def rows(self) -> list[str]:
        """Write all rows of the columns' own cells."""
        cells = zip(*(column.cells for column in self.columns), strict=True)
        return [line for row in cells for line in self.row(row)]

    def beside(self, column: Column) -> Layout:
        """Add a column, of words, in the room that is left."""
        *upper, last = self.heads
        heads = [*([*names, ""] for names in upper), [*last, column.head]]
        widths = [*self.widths, self.room - len(self.gap)]
        return Layout([*self.columns, column], heads, self.gap, widths, 0)

    def left_out(self, columns: Sequence[Column]) -> list[str]:
        """Name those of the columns that have found no room."""
        shown = {column.head for column in self.columns}
        heads = [column.head for column in columns if column.head not in shown]
        note = f"({', '.join(heads)} left out for want of room; --json has all)"
        return wrapped(note, terminal.room(), indent=1) if heads else []

    def _line(self, cells: Sequence[Cell]) -> str:
        last = len(cells) - 1
        padded = [
            _styled(cell, spelled(cell.text), columns, words=column.words, last=number == last)
            for number, (cell, column, columns) in enumerate(
                zip(cells, self.columns, self.widths, strict=True)
            )
        ]
        return self.gap.join(padded).rstrip()


def table_lines(columns: Sequence[Column]) -> list[str]:
    """Write a table that fits the terminal."""
    layout = layout_for(columns, terminal.room())
    return [*layout.dimmed_heads(), *layout.rows()]


def columns_of(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, wide: int = 0, words: bool = False
) -> list[Column]:
    """Make the columns of a table from its heads and the texts of its rows."""
    texts = zip(*rows, strict=True) if rows else ([] for _ in heads)
    return [
        Column(head, list(map(Cell, column)), wide=wide, words=words)
        for head, column in zip(heads, texts, strict=True)
    ]


def digits(value: float | None, form: str = ".4g") -> str:
    """Write the text of a cell that holds a number; `-` where there is none."""
    return "-" if value is None else format(value, form)


def layout_for(columns: Sequence[Column], room: int) -> Layout:
    """Choose the widest layout that fits; without the spare columns if need be; else the narrowest.

    Words in the last column have all the room that is left; in the narrowest layout the widest
    columns of words give way.
    """
    candidates = [layout for given in range(4) for layout in layouts(lean(columns, given), room)]
    for layout in candidates:
        if layout.room >= 0:
            return _filled(layout)
    return narrowed(candidates[-1])


def lean(columns: Sequence[Column], given: int = 1) -> list[Column]:
    """Leave out the columns whose `spare` is from 1 to `given`."""
    return [column for column in columns if not 0 < column.spare <= given]


def layouts(columns: Sequence[Column], room: int) -> list[Layout]:
    """List the layouts from the widest to the narrowest.

    They are of wide columns, of columns no wider than their cells, and with heads in two lines.
    """
    heads = [column.head for column in columns]
    found = []
    for lines, wide, gaps in (
        ([heads], True, ("  ",)),
        ([heads], False, ("  ", " ")),
        (_two_lines(heads), False, ("  ", " ")),
    ):
        widths = [
            max(column.wide * wide, *map(_width, names), *(_width(c.text) for c in column.cells))
            for column, *names in zip(columns, *lines, strict=True)
        ]
        for gap in gaps:
            left = room - sum(widths) - len(gap) * (len(widths) - 1)
            found.append(Layout(columns, lines, gap, widths, left))
    return found


def _width(text: str) -> int:
    return width(spelled(text))


def narrowed(layout: Layout) -> Layout:
    """Make the layout's widest columns of words as narrow as they must be."""
    widths = list(layout.widths)
    words = [number for number, column in enumerate(layout.columns) if column.words]
    for _ in range(-layout.room if words else 0):
        widest = max(words, key=widths.__getitem__)
        widths[widest] = max(widths[widest] - 1, LEAST_WORDS)
    return layout._replace(widths=widths)


def _filled(layout: Layout) -> Layout:
    """Give what is left of the room to words in the last column."""
    if not layout.columns[-1].words:
        return layout
    *widths, last = layout.widths
    return layout._replace(widths=[*widths, last + layout.room], room=0)


def _two_lines(heads: Sequence[str]) -> list[list[str]]:
    """Write the heads of several words in two lines; those of one word below."""
    parts = [head.partition(" ") for head in heads]
    upper = [first if rest else "" for first, _, rest in parts]
    return [upper, [rest or first for first, _, rest in parts]]


def _styled(cell: Cell, text: str, columns: int, *, words: bool, last: bool) -> str:
    shown = (text if last else ljust(text, columns)) if words else rjust(text, columns)
    if not shown.strip() or not (cell.colour or cell.bold):
        return shown
    return click.style(shown, fg=cell.colour, bold=cell.bold or None)
