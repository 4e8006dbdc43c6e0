"""What a thing says of itself: a few lines in print, all of it with a picture in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.errors import printable
from weightinit_cli.lines import clipped, ljust, rjust, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from weightinit_cli.results.model import Severity

# The columns and the lines of a repr, and those of them that its title has at most.
COLUMNS: Final = 80
MOST_LINES: Final = 10
MOST_OF_TITLE: Final = 2
# Rows of a notebook's table from either end; more are left out between them.
MOST_ROWS: Final = 10
GAP: Final = "  "
LEFT_OUT: Final = "..."
# The columns that words are cut to at least, the last ones first.
LEAST_WORDS: Final = 18
# Colours that are read on white and on black, by how bad it is; None: all is well.
COLOURS: Final[dict[Severity | None, str]] = {
    None: "#2a8a4a",
    "note": "#a67c00",
    "warning": "#d33",
    "severe": "#d33",
}


class Sentence(NamedTuple):
    """A sentence on a whole: what is set off, the rest of it, and what follows from it."""

    label: str
    rest: str = ""
    below: str = ""
    severity: Severity | None = None


class Rounded(str):
    """The text of a cell, and the number that it is written of; None where there is none."""

    __slots__ = ("value",)
    value: float | None

    def __new__(cls, text: str, value: float | None) -> Self:
        """Keep the number beside its text."""
        made = super().__new__(cls, text)
        made.value = value
        return made

    def __reduce__(self) -> tuple[type[Rounded], tuple[str, float | None]]:
        return Rounded, (str(self), self.value)


class Table(NamedTuple):
    """Rows of text, as many cells as there are heads; in print some heads and some rows of it.

    Of rows that have no numbers, `few_rows` has None where some are left out.
    `words` are the heads of columns that are aligned to the left.
    """

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    few_heads: tuple[str, ...]
    few_rows: Sequence[int | None]
    words: tuple[str, ...] = ()


class Told(NamedTuple):
    """A title, sentences, a table; `go_on` says what can be done, and `all_rows` what has them."""

    title: str
    sentences: Sequence[Sentence]
    table: Table
    go_on: str
    all_rows: str = ".to_frame()"


def in_text(told: Told) -> str:
    """At most MOST_LINES lines of COLUMNS."""
    title = _few(wrapped(printable(told.title), COLUMNS, indent=2, anywhere=True), MOST_OF_TITLE)
    table = _rows(told.table)
    end = wrapped(told.go_on, COLUMNS, indent=2)
    sentences = []
    for label, rest, below, _ in told.sentences:
        sentences += wrapped(printable(label + rest), COLUMNS, indent=2, anywhere=True)
        if below:
            sentences += wrapped(f"  {printable(below)}", COLUMNS, indent=4, anywhere=True)
    left = MOST_LINES - len(title) - len(table) - len(end)
    return "\n".join([*title, *_few(sentences, left), *table, *end])


def in_html(told: Told, picture: bytes | None) -> str:
    """Markup without scripts and foreign sources, in the notebook's own colours."""
    from base64 import b64encode

    parts = [f"<p><b>{_escaped(told.title)}</b></p>"]
    for label, rest, below, severity in told.sentences:
        set_off = f'<b style="color:{COLOURS[severity]}">{_escaped(label)}</b>' if label else ""
        more = f"<br>{_escaped(below)}" if below else ""
        parts.append(f"<p>{set_off}{_escaped(rest)}{more}</p>")
    parts += [_html_table(told), f"<p><small>{_escaped(told.go_on)}</small></p>" * bool(told.go_on)]
    if picture is not None:
        data = b64encode(picture).decode()
        source = f'src="data:image/png;base64,{data}" alt="{_escaped(told.title)}"'
        parts.append(f'<img {source} style="max-width:100%;height:auto">')
    return f"<div>{''.join(parts)}</div>"


def ends(number: int, most: int) -> list[int]:
    """The first and the last of so many numbers from 0 on, `most` of them."""
    if number <= most:
        return list(range(number))
    last = most // 2
    return [*range(most - last), *range(number - last, number)]


def ends_and_gap(number: int, most: int) -> list[int | None]:
    """As `ends`, of rows that have no numbers: one of the `most` says where some are left out."""
    if number <= most:
        return [*range(number)]
    first, last = most // 2, (most - 1) // 2
    return [*range(first), None, *range(number - last, number)]


def _few(lines: list[str], most: int) -> list[str]:
    """The first of these lines; the last one says by its end that there are more."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{clipped(lines[most - 1], COLUMNS - 4)} ..."] if most > 0 else []


def _rows(table: Table) -> list[str]:
    """The few rows and columns as text, words cut so that they fit."""
    places = [table.heads.index(head) for head in table.few_heads]
    gap = [LEFT_OUT, *[""] * (len(places) - 1)]
    cells = [
        gap if row is None else [printable(table.rows[row][place]) for place in places]
        for row in table.few_rows
    ]
    if not cells:
        return []
    rows = [list(table.few_heads), *cells]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    too_wide = sum(widths) + len(GAP) * (len(widths) - 1) - COLUMNS
    for place in [place for place, head in enumerate(table.few_heads) if head in table.words][::-1]:
        cut = max(min(too_wide, widths[place] - LEAST_WORDS), 0)
        widths[place] -= cut
        too_wide -= cut
    lines = []
    for row in rows:
        padded = [
            ljust(_cut(cell, columns), columns) if head in table.words else rjust(cell, columns)
            for cell, columns, head in zip(row, widths, table.few_heads, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip())
    return lines


def _cut(text: str, columns: int) -> str:
    """The text in these columns; of a longer one the beginning and the end."""
    if width(text) <= columns:
        return text
    end = clipped(text[::-1], (columns - 3) // 2)[::-1]
    return f"{clipped(text, columns - 3 - width(end))}...{end}"


def _html_table(told: Told) -> str:
    table = told.table
    if not table.rows:
        return ""
    aligned = ["left" if head in table.words else "right" for head in table.heads]
    heads = _html_row("th", table.heads, aligned)
    rows = [
        _html_row("td", table.rows[row], aligned) for row in ends(len(table.rows), 2 * MOST_ROWS)
    ]
    left_out = len(table.rows) - len(rows)
    if left_out > 0:
        words = f"{left_out:,} rows left out; {told.all_rows} has all"
        more = f'<tr><td colspan="{len(table.heads)}" style="text-align:center">{words}</td></tr>'
        rows.insert(MOST_ROWS, more)
    return f"<table><thead>{heads}</thead><tbody>{''.join(rows)}</tbody></table>"


def _html_row(tag: str, cells: Sequence[str], aligned: Sequence[str]) -> str:
    shown = (
        f'<{tag} style="text-align:{side}">{_escaped(cell)}</{tag}>'
        for cell, side in zip(cells, aligned, strict=True)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _escaped(text: str) -> str:
    from html import escape

    return escape(printable(text))
