"""`winit report`: a page of saved results."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import jobs_option, quiet_option
from weightinit_cli.cli.paths import FileToWrite, PathType
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from weightinit_cli.batch import Executor

# Results from which on processes are worth their start.
FEWEST = 40


@click.command(
    "report",
    epilog=examples(
        "winit report outputs",
        'winit report outputs -o runs.html --title "Three starts of tanh"',
    ),
)
@click.argument("places", nargs=-1, required=True, metavar="OUT...", type=PathType())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=FileToWrite(": a page is no text for a terminal"),
    help="The page's file. Default: report.html in the first OUT.",
)
@click.option("--title", metavar="TEXT", help="The page's title. Default: what it is of.")
@jobs_option("Processes; 1 stays in this one. Default: the cores, for many results.")
@quiet_option
def report(
    places: tuple[Path, ...], output: Path | None, title: str | None, jobs: int | None, quiet: bool
) -> int:
    """Write a page of saved results: one file of HTML that needs no network.

    OUT is a folder of results, which is searched to the bottom, or a stats.json. The page has an
    overview with a verdict for each run, to sort, and to filter by every key in which the specs
    differ; and of each run its pictures, table and spec. It has at most 10 MB: of very many runs it
    says what it leaves out. Results that cannot be read are named on it and here; the exit code is
    then 2.
    """
    return write_report(places, output, title, jobs, quiet=quiet)


def write_report(
    places: Sequence[Path], output: Path | None, title: str | None, jobs: int | None, *, quiet: bool
) -> int:
    """Write the page of the results below these folders; return the exit code."""
    from weightinit_cli.page import Unread, default_file, saved_below, write_page
    from weightinit_cli.plots.engine.settings import load_matplotlib

    load_matplotlib()
    unread = Unread(places[0] if len(places) == 1 else None)
    file = output or default_file(places[0])
    with ProgressBar(f"writing {file}", shown=not quiet) as progress:
        saved = saved_below(places, unread)
        progress.start(len(saved))
        with _executor(len(saved), jobs) as executor:
            written = write_page(
                saved, file, unread, title=title, executor=executor, step=lambda: progress.step(1)
            )
    code = terminal.fail(unread.damaged, WinitError.exit_code) if unread.damaged else 0
    if not quiet:
        for line in unread.lacking:
            terminal.note(printable(line))
        if written.left_out:
            terminal.note(printable(f"{file}: leaves out {written.left_out}, to stay below 10 MB"))
        terminal.say(printable(str(written.path)))
    return code


def _executor(number: int, jobs: int | None) -> AbstractContextManager[Executor | None]:
    """Processes where there are enough results to read and to draw; else this process."""
    from weightinit_cli.batch import Processes

    if jobs == 1 or number < FEWEST:
        return nullcontext()
    return Processes(jobs, terminal.note)
