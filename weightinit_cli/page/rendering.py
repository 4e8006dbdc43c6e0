"""A page's text: HTML that needs nothing else, whatever stands in names.

Every text goes through the template's escaping and `printable`; a Content-Security-Policy lets
nothing be loaded, and nothing run but the page's own script, of which it has the checksum.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from weightinit_cli import __version__
from weightinit_cli.errors import counted, printable
from weightinit_cli.page.budget import LEVELS, MOST_BYTES, Level, level_for
from weightinit_cli.page.content import (
    CAPTIONS,
    ENDED,
    NOTHING,
    STATES,
    UNJUDGED,
    exactly,
    filters_of,
    groups_of,
)
from weightinit_cli.results.told import Rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from weightinit_cli.page.content import Run

# Runs that are open when the page is, and columns that are shown at first.
MOST_OPEN, MOST_COLUMNS = 3, 9
# The classes of states that are no words of a style sheet, or mean something else there.
CLASSES: Final = {ENDED: "ended", UNJUDGED: "no", "note": "is-note"}
MEGABYTE: Final = 1_000_000


class Page(NamedTuple):
    """The page as bytes, and in words what of the runs it leaves out."""

    content: bytes
    left_out: str


def page_of(runs: Sequence[Run], title: str, unread: Sequence[str] = ()) -> Page:
    """The page of these runs, with lines on what is not among them."""
    environments = _environments(runs)

    @cache
    def text_of(number: int, *, all_rows: bool) -> str:
        run = runs[number - 1]
        return _section(run, (), all_rows, environments[run.environment][0], False)

    def size_of(run: Run, level: Level) -> int:
        return len(text_of(run.number, all_rows=level.all_rows).encode())

    def whole(level: Level, sections: Sequence[str]) -> bytes:
        return _whole(runs, title, unread, level.left_out, sections, environments).encode()

    room = MOST_BYTES - len(whole(LEVELS[-1], ()))
    level = level_for(runs, size_of, room)
    sections = [
        _section(run, level.pictures(run), level.all_rows, number, is_open)
        for run in runs
        for number, is_open in [(environments[run.environment][0], len(runs) <= MOST_OPEN)]
        if level.sections
    ]
    return Page(whole(level, sections), level.left_out)


def _environments(runs: Sequence[Run]) -> dict[tuple[str, ...], tuple[int, list[Run]]]:
    """The different environments, each with its number and the runs that were run with it."""
    found: dict[tuple[str, ...], tuple[int, list[Run]]] = {}
    for run in runs:
        found.setdefault(run.environment, (len(found) + 1, []))[1].append(run)
    return found


def _section(
    run: Run, pictures: Sequence[tuple[str, str]], all_rows: bool, environment: int, is_open: bool
) -> str:
    table = run.table
    kept = range(len(table.rows)) if all_rows else [k for k in table.few_rows if k is not None]
    text: str = _template("run.html.j2").render(
        run=run,
        pictures=pictures,
        rows=[table.rows[place] for place in kept],
        left_out=range(len(table.rows) - len(kept)),
        environment=environment,
        open=is_open,
    )
    return text


def _whole(
    runs: Sequence[Run],
    title: str,
    unread: Sequence[str],
    left_out: str,
    sections: Sequence[str],
    environments: dict[tuple[str, ...], tuple[int, list[Run]]],
) -> str:
    groups = groups_of(runs)
    states = Counter(run.state for run in runs)
    names = Counter(name for run in runs for name in run.verdicts)
    style, script = _style(), _file("page.js")
    text: str = _template("page.html.j2").render(
        title=title,
        version=__version__,
        runs=runs,
        groups=groups,
        filters=filters_of(groups),
        states=[(state, sign, states[state]) for state, sign in STATES.items() if states[state]],
        verdicts=sorted(names.items()),
        unread=unread,
        left_out=left_out,
        most_megabytes=MOST_BYTES // MEGABYTE,
        most_columns=MOST_COLUMNS,
        environments=[(lines, some) for lines, (_, some) in environments.items()],
        sections=sections,
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return text


def _policy(style: str, script: str) -> str:
    """Nothing from elsewhere, and of the page itself what has these checksums."""
    own, of_script = (
        f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (style, script)
    )
    return (
        f"default-src 'none'; img-src data:; style-src {own}; script-src {of_script}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text("utf-8")


@cache
def _style() -> str:
    from weightinit_cli.plots.engine.inline import color_classes, color_variables

    dark = _file("dark.css").strip() + color_variables(dark=True)
    return (
        _file("page.css")
        .replace("/*light*/", color_variables(dark=False))
        .replace("/*dark*/", dark)
        .replace("/*classes*/", color_classes())
    )


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count_of": lambda some, noun: counted(len(some), noun),
        "slug": lambda state: CLASSES.get(state, state),
        "rank": list(STATES).index,
        "caption": lambda name: CAPTIONS.get(name, name),
        "exactly": exactly,
        "is_number": _is_number,
    }
    return environment.get_template(name)


def _printable(value: Any) -> Any:
    """Text on one line without control characters; markup as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _is_number(cell: str) -> bool:
    """Whether a cell stands to the right, as numbers do."""
    if isinstance(cell, Rounded):
        return True
    text = cell.lstrip("<>=").rstrip("%")
    return text == NOTHING or text.replace(",", "").replace(".", "").isdecimal()
