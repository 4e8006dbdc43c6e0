"""A batch on the screen: how many runs are done, how fast, and for how long."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.cli.terminal import LINE_EVERY
from weightinit_cli.errors import counted
from weightinit_cli.reading import read_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from weightinit_cli.batch import Counts, Record

# Seconds between two drawings in a terminal.
REDRAW = 0.2


class Tally:
    """One line on stderr that is drawn anew, in a terminal; elsewhere a line now and then.

    With `results`, the output folder, the saved result of every run goes to stdout, a line each.
    """

    def __init__(self, total: int, *, shown: bool, results: Path | None = None) -> None:
        self._results = results
        self._first = terminal.ProgressBar(f"0/{counted(total, 'run')} done", shown=shown)
        self._before_first = ExitStack()
        self._shown = shown and sys.stderr is not None
        self._line = terminal.StatusLine()
        self._every = REDRAW if self._line.redrawn else LINE_EVERY
        self._due = time.monotonic() + self._every

    def step(self, record: Record, counts: Counts) -> None:
        """A run is over."""
        self._before_first.close()
        if self._results is not None and record.status != "failed":
            _say_result(self._results / record.folder)
        now = time.monotonic()
        if self._shown and now >= self._due:
            self._due = now + self._every
            self._line.draw(words(counts, now))

    def __enter__(self) -> Self:
        self._before_first.enter_context(self._first)
        return self

    def __exit__(self, *_: object) -> None:
        self._before_first.close()
        self._line.erase()


def words(counts: Counts, now: float) -> str:
    """`120/1,000 runs done, 2 failed, 30 skipped, 41.2 runs/s, 0:21 left`."""
    parts = [f"{counts.done:,}/{counted(counts.total, 'run')} done"]
    parts += [f"{counts.failed:,} failed"] if counts.failed else []
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    left = counts.seconds_left(now)
    if left is not None:
        parts += [f"{counts.rate(now):.3g} runs/s", f"{terminal.clock(left)} left"]
    return ", ".join(parts)


def _say_result(folder: Path) -> None:
    """The result as `dump_line` has it, without decoding and checking what was just written."""
    from weightinit_cli.results import STATS

    data = json.loads(read_file(folder / STATS))
    terminal.say(json.dumps(data, separators=(",", ":"), sort_keys=True))
