"""A batch on the screen: how many runs are done, how fast, and for how long."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.cli.progress import LINE_EVERY, ProgressBar, StatusLine, clock
from weightinit_cli.errors import counted
from weightinit_cli.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from weightinit_cli.batch import Counts, Record

# Seconds between two drawings in a terminal.
REDRAW = 0.2


class Tally:
    """One line on stderr that is drawn anew, in a terminal; elsewhere a line now and then.

    With `results`, the output folder, the saved result of every run goes to stdout, a line each.
    `forced` where also what is saved is run again.
    """

    def __init__(self, *, shown: bool, results: Path | None = None, forced: bool = False) -> None:
        self._results, self._forced = results, forced
        self._counts: Counts | None = None
        self._before_first = ExitStack()
        self._shown = shown and sys.stderr is not None
        self._line = StatusLine()
        self._every = REDRAW if self._line.redrawn else LINE_EVERY
        self._due = time.monotonic() + self._every

    def step(self, record: Record, counts: Counts) -> None:
        """A run is over."""
        self._counts = counts
        self._before_first.close()
        if self._results is not None and record.status != "failed":
            _say_result(self._results / record.folder)
        now = time.monotonic()
        if self._shown and now >= self._due:
            self._due = now + self._every
            self._line.draw(words(counts, now))

    def note(self, line: str) -> None:
        """Print a line about how the batch is run."""
        if self._shown:
            terminal.note(line)

    def interrupted(self) -> str:
        """What to say where the batch is stopped here."""
        counts = self._counts
        if counts is None:
            return "interrupted"
        there = counts.done + counts.skipped
        failed = f", {counts.failed:,} failed" if counts.failed else ""
        runs = f"{there:,} of {counted(counts.total, 'run')} done{failed}"
        again = "the same command without --force" if self._forced else "the same command"
        return f"interrupted: {runs}; {again} goes on from there"

    @contextmanager
    def over(self, total: int) -> Iterator[None]:
        """Show how far so many runs are, until the end."""
        first = ProgressBar(f"0/{counted(total, 'run')} done", shown=self._shown)
        with self._before_first:
            self._before_first.enter_context(first)
            try:
                yield
            finally:
                self._line.erase()


def words(counts: Counts, now: float) -> str:
    """`120/1,000 runs done, 2 failed, 30 skipped, 41.2 runs/s, 0:21 left`."""
    parts = [f"{counts.done:,}/{counted(counts.total, 'run')} done"]
    parts += [f"{counts.failed:,} failed"] if counts.failed else []
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    left = counts.seconds_left(now)
    if left is not None:
        rate = f"{counts.rate(now):.3g}"
        unit = "run/s" if rate == "1" else "runs/s"
        parts += [f"{rate} {unit}", f"{clock(left)} left"]
    return ", ".join(parts)


def _say_result(folder: Path) -> None:
    """The result as `dump_line` has it, without decoding and checking what was just written."""
    from weightinit_cli.results import STATS

    data = json.loads(read_file(folder / STATS))
    terminal.say(json.dumps(data, separators=(",", ":"), sort_keys=True))
