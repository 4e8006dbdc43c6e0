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
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from weightinit_cli import __version__
from weightinit_cli.errors import counted, printable
from weightinit_cli.page.budget import LEVELS, MOST_BYTES, Level, level_for
from weightinit_cli.page.content import (
    CAPTIONS,
    ENDED,
    STATES,
    UNJUDGED,
    comparisons_of,
    exactly,
    filters_of,
    groups_of,
    is_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.page.content import Run

SHARE_TOGETHER: Final = 5  # of the page, for the pictures of several runs: a fifth
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
    together = comparisons_of(runs)
    comparisons = _most(together, MOST_BYTES // SHARE_TOGETHER)
    lacking = len(together) - len(comparisons)
    draft = _Draft(runs, title, unread, comparisons, _environments(runs))

    @cache
    def text_size(number: int, *, all_rows: bool) -> int:
        return len(draft.section(runs[number], (), all_rows=all_rows).encode())

    def size_of(run: Run, level: Level) -> int:
        return text_size(run.number - 1, all_rows=level.all_rows)

    of_specs = f"the pictures of {counted(lacking, 'spec')} together" if lacking else ""
    longest = f"{LEVELS[-1].left_out}; {of_specs}"
    level = level_for(runs, size_of, MOST_BYTES - len(draft.whole(longest, ()).encode()))
    left_out = "; ".join(filter(None, (level.left_out, of_specs)))
    sections = [
        draft.section(run, level.pictures(run), all_rows=level.all_rows)
        for run in runs
        if level.sections
    ]
    return Page(draft.whole(left_out, sections).encode(), left_out)


def _most(pictures: Iterable[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """As many of these pictures, the first ones, as have this room, in bytes."""
    kept = []
    for title, picture in pictures:
        room -= len(picture.encode())
        if room < 0:
            break
        kept.append((title, picture))
    return kept


def _environments(runs: Sequence[Run]) -> dict[tuple[str, ...], list[Run]]:
    """The different environments, each with the runs that were run with it."""
    found: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        found.setdefault(run.environment, []).append(run)
    return found


class _Draft(NamedTuple):
    """What a page says, however much of each run it has room for."""

    runs: Sequence[Run]
    title: str
    unread: Sequence[str]
    comparisons: Sequence[tuple[str, str]]
    environments: Mapping[tuple[str, ...], Sequence[Run]]

    def section(self, run: Run, pictures: Sequence[tuple[str, str]], *, all_rows: bool) -> str:
        """The part of the page that is on one run."""
        table = run.table
        few = [place for place in table.few_rows if place is not None]
        kept = range(len(table.rows)) if all_rows else few
        text: str = _template("run.html.j2").render(
            run=run,
            pictures=pictures,
            rows=[table.rows[place] for place in kept],
            left_out=range(len(table.rows) - len(kept)),
            environment=list(self.environments).index(run.environment) + 1,
            open=len(self.runs) <= MOST_OPEN,
        )
        return text

    def whole(self, left_out: str, sections: Sequence[str]) -> str:
        """The page with these sections."""
        groups = groups_of(self.runs)
        states = Counter(run.state for run in self.runs)
        names = Counter(name for run in self.runs for name in run.verdicts)
        style, script = _style(), _file("page.js")
        text: str = _template("page.html.j2").render(
            **self._asdict(),
            version=__version__,
            groups=groups,
            filters=filters_of(groups),
            states=[
                (state, sign, states[state]) for state, sign in STATES.items() if states[state]
            ],
            verdicts=sorted(names.items()),
            left_out=left_out,
            most_megabytes=MOST_BYTES // MEGABYTE,
            most_columns=MOST_COLUMNS,
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


def _breakable(name: str) -> Markup:
    """The name of a run, which a line may end in after each of its parts."""
    return Markup(",<wbr>").join(printable(name).split(","))


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
        "breakable": _breakable,
        "slug": lambda state: CLASSES.get(state, state),
        "rank": list(STATES).index,
        "caption": lambda name: CAPTIONS.get(name, name),
        "exactly": exactly,
        "is_number": is_number,
    }
    return environment.get_template(name)


def _printable(value: Any) -> Any:
    """Text on one line without control characters; markup as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
