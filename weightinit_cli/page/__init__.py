"""A page of results: one file of HTML with the runs of folders, to sort, filter and print."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.batch import Executor, Failure
from weightinit_cli.errors import DEFECT, WinitError, counted
from weightinit_cli.page.reading import Listed, Named, Saved, Unread, name_of, saved_below
from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.files import write_at
from weightinit_cli.results.kinds import AnyResult
from weightinit_cli.results.together import Compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from weightinit_cli.page.content import Run

__all__ = ["Unread", "Written", "default_file", "report", "saved_below", "write_page"]

REPORT = "report.html"


class Written(NamedTuple):
    """The file of a page, of how many runs it is, and in words what it leaves out of them."""

    path: Path
    runs: int
    left_out: str


class _Job(NamedTuple):
    number: int
    given: Saved | Named


def report(
    results: str | os.PathLike[str] | Compared | AnyResult | Iterable[AnyResult],
    file: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
) -> Path:
    """Write a page of results, one file of HTML that needs no network, and return its path.

    `results` is a folder, which is searched to the bottom, or results as `run` and `load_result`
    give them. The page has an overview to sort, and to filter by every key in which the specs
    differ, and of each run its pictures, table, verdicts and spec. It has at most 10 MB; of very
    many runs it says what it leaves out. `file` is by default `report.html` in the folder, or in
    the current one.

    Raises WinitError where there is no result, where the file cannot be written, and, once the page
    of the others is written, where some results cannot be read.

    Example:
        >>> import weightinit_cli as winit
        >>> runs = [winit.run(each) for each in winit.expand("article")]
        >>> winit.report(runs, "article.html", title="Three starts").name
        'article.html'
    """
    if not isinstance(results, str | os.PathLike):
        return write_page(_given(results), Path(file or REPORT), Unread(), title=title).path
    place = Path(results)
    unread = Unread(place)
    path = Path(file or default_file(place))
    written = write_page(saved_below([place], unread), path, unread, title=title)
    if unread.damaged:
        raise WinitError(*unread.damaged)
    return written.path


def default_file(place: Path) -> Path:
    """Where the page of a folder is written, or of a stats.json in one."""
    return (place if place.is_dir() else place.parent) / REPORT


def write_page(
    given: Iterable[Saved | Named],
    file: Path,
    unread: Unread,
    *,
    title: str | None = None,
    executor: Executor | None = None,
    step: Callable[[], None] = lambda: None,
) -> Written:
    """Draw the results and write their page, with lines on what is `unread`, which gets more.

    `executor` reads and draws them, by default this process; `step` is called after each. Raises
    WinitError where there is no result, and where the file cannot be written.
    """
    from weightinit_cli.page.content import shown
    from weightinit_cli.page.rendering import page_of

    jobs = [_Job(number, each) for number, each in enumerate(given)]
    found: dict[int, Run] = {}
    for job, outcome in (executor or Executor()).run(shown, jobs):
        if isinstance(outcome, Failure):
            if outcome.defect:
                raise WinitError(*outcome.lines, exit_code=DEFECT)
            unread.damaged += outcome.lines
        else:
            found[job.number] = outcome
        step()
    runs = _told_apart(found[key] for key in sorted(found))
    if not runs:
        raise WinitError(*(unread.damaged or ["report: expected at least one result"]))
    one = runs[0].name if len(runs) == 1 else f"winit: {counted(len(runs), 'run')}"
    page = page_of(runs, title or one, unread.lines)
    write_at(file, page.content)
    return Written(file, len(runs), page.left_out)


def _told_apart(found: Iterable[Run]) -> list[Run]:
    """The runs with their numbers, and with their places beside names that several have."""
    runs = list(found)
    times = Counter(run.name for run in runs)
    told = []
    for number, run in enumerate(runs, 1):
        is_clear = times[run.name] == 1 or run.place == run.name
        name = run.name if is_clear else f"{run.name} ({run.place})"
        told.append(replace(run, number=number, name=name))
    return told


def _given(results: Compared | AnyResult | Iterable[AnyResult]) -> Iterator[Named]:
    """Give results in memory, compared ones under their names there."""
    if isinstance(results, Compared):
        of = ("", results.name, len(results.names))
        for name, result in zip(results.names, results.results, strict=True):
            listed = Listed(name, result.digest, ((VARIANT, name),), *of)
            yield Named(name, name, result, listed)
        return
    for result in [results] if isinstance(results, AnyResult) else results:
        if not isinstance(result, AnyResult):
            kind = type(result).__name__
            raise WinitError(f"report: expected a folder, or results of run(), not {kind}")
        name = name_of(result)
        yield Named(name, name, result)
