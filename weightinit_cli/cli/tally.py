"""A batch on the screen: how many runs are done, how fast, and for how long."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.reading import read_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from weightinit_cli.batch import Counts, Record

# Seconds between two drawings in a terminal, and between two lines elsewhere.
REDRAW = 0.2
LINE_EVERY = 10.0


class Tally:
    """One line on stderr that is drawn anew, in a terminal; elsewhere a line now and then.

    With `results`, the output folder, the saved result of every run goes to stdout, a line each.
    """

    def __init__(self, *, shown: bool, results: Path | None = None) -> None:
        self._results = results
        self._shown = shown and sys.stderr is not None
        self._redrawn = self._shown and sys.stderr.isatty()
        self._every = REDRAW if self._redrawn else LINE_EVERY
        self._due = time.monotonic() + self._every
        self._width = 0

    def step(self, record: Record, counts: Counts) -> None:
        """A run is over."""
        if self._results is not None and record.status != "failed":
            _say_result(self._results / record.folder)
        now = time.monotonic()
        if self._shown and now >= self._due:
            self._due = now + self._every
            self._draw(words(counts, now))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._erase()

    def _draw(self, line: str) -> None:
        if not self._redrawn:
            terminal.note(line)
            return
        with suppress(OSError):
            click.echo(f"\r{line.ljust(self._width)}", nl=False, file=sys.stderr)
        self._width = len(line)

    def _erase(self) -> None:
        with suppress(OSError):
            click.echo(f"\r{' ' * self._width}\r", nl=False, file=sys.stderr)


def words(counts: Counts, now: float) -> str:
    """`120/1,000 runs done, 2 failed, 30 skipped, 41.2 runs/s, 0:21 left`."""
    parts = [f"{counts.done:,}/{counts.total:,} runs done"]
    parts += [f"{counts.failed:,} failed"] if counts.failed else []
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    left = counts.seconds_left(now)
    if left is not None:
        minutes, seconds = divmod(round(left), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        parts += [f"{counts.rate(now):.3g} runs/s", f"{clock} left"]
    return ", ".join(parts)


def _say_result(folder: Path) -> None:
    """The result as `dump_line` has it, without decoding and checking what was just written."""
    from weightinit_cli.results import STATS

    data = json.loads(read_file(folder / STATS))
    terminal.say(json.dumps(data, separators=(",", ":"), sort_keys=True))
