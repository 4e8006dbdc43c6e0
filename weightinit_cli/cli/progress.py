"""How far the work is, on the terminal's status line: the bar of a run, the counts of a batch."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from weightinit_cli.cli.terminal import StatusLine, columns_of, lock, note, say
from weightinit_cli.errors import counted, printable
from weightinit_cli.lines import clipped, width
from weightinit_cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from weightinit_cli.batch import Counts, Record

# Seconds until something is shown, between two drawings in a terminal, and between two lines in
# one that draws no line anew.
PATIENCE = 1.0
REDRAW, BATCH_REDRAW = 0.1, 0.2
LINE_EVERY = 10.0
BAR_WIDTH = 24
LABEL_WIDTH = 26


class ProgressBar(Progress):
    """How far a run is, on stderr; shown only in a terminal, and only after a second.

    Before `start` has said how much there is to do, the label alone is shown.
    """

    def __init__(self, label: str, *, shown: bool) -> None:
        label = printable(label)
        if width(label) > LABEL_WIDTH:
            label = f"{clipped(label, LABEL_WIDTH - 3)}..."
        self._label = label
        self._words = ""
        self._enabled = shown and sys.stderr is not None and sys.stderr.isatty()
        self._line = StatusLine()
        self._every = REDRAW if self._line.redrawn else LINE_EVERY
        self._timer: threading.Timer | None = None
        self._total: float | None = None
        self._done = 0.0
        self._began = 0.0
        self._due = 0.0
        self._visible = False
        self._stopped = False

    def __enter__(self) -> Self:
        if self._enabled:
            self._due = time.monotonic() + PATIENCE
            self._timer = threading.Timer(PATIENCE, self._show)
            self._timer.daemon = True
            with suppress(RuntimeError):  # where the system starts no more threads
                self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with lock:
            if self._timer is not None:
                self._timer.cancel()
            self._enabled = False
            if self._visible and self._total is not None:
                if error is None and not self._stopped:
                    self._done = self._total
                self._line.draw(self._text())
                self._line.keep()
            self._line.erase()

    def start(self, total: float) -> None:
        """The run begins; all of it is `total`."""
        self._began = time.monotonic()
        self._total = total

    def step(self, amount: float, words: str = "") -> None:
        """Another piece of work is done; the words stand behind the label."""
        self._done += amount
        self._words = words or self._words
        if self._enabled and time.monotonic() >= self._due:
            self._show()

    def stop(self) -> None:
        """The run has ended before its time: the bar stays where it is."""
        self._stopped = True

    def _show(self) -> None:
        with lock:
            if self._enabled:
                self._due = time.monotonic() + self._every
                self._visible = True
                self._line.draw(self._text())

    def _text(self) -> str:
        """Write the label, the bar, how much is done and the time left, as far as there is room."""
        label = " ".join(filter(None, (self._label, self._words)))
        if self._total is None:
            return f"{label} ..."
        share = min(self._done / self._total, 1.0) if self._total > 0 else 1.0
        bar = f"[{'#' * int(BAR_WIDTH * share):-<{BAR_WIDTH}}]"
        numbers = f"{int(100 * share):3}%"
        if 0 < share < 1:
            left = (time.monotonic() - self._began) * (1 - share) / share
            numbers += f"  {clock(left)}"
        room = columns_of(sys.stderr) - 1
        if (whole := f"{label}  {bar}  {numbers}") == clipped(whole, room):
            return whole
        return f"{clipped(label, max(room - len(numbers) - 2, 0))}  {numbers}"


class BatchProgress:
    """How far a batch is: a line on stderr, drawn anew in a terminal; elsewhere one now and then.

    With `results`, the output folder, the saved result of every run goes to stdout, a line each.
    `forced` says that also what is saved is run again.
    """

    def __init__(self, *, shown: bool, results: Path | None = None, forced: bool = False) -> None:
        self._results, self._forced = results, forced
        self._counts: Counts | None = None
        self._before_first = ExitStack()
        self._shown = shown and sys.stderr is not None
        self._line = StatusLine()
        self._every = BATCH_REDRAW if self._line.redrawn else LINE_EVERY
        self._due = time.monotonic() + self._every

    def step(self, record: Record, counts: Counts) -> None:
        """Count a run that is over, and show so now and then."""
        self._counts = counts
        self._before_first.close()
        if self._results is not None and record.status != "failed":
            _say_result(self._results / record.folder)
        now = time.monotonic()
        if self._shown and now >= self._due:
            self._due = now + self._every
            self._line.draw(batch_words(counts, now))

    def note(self, line: str) -> None:
        """Print a line about how the batch is run."""
        if self._shown:
            note(line)

    def interrupted(self) -> str:
        """Say how far the batch is that is stopped here, and how it goes on."""
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


def batch_words(counts: Counts, now: float) -> str:
    """Say how far a batch is: `120/1,000 runs done, 2 failed, 41.2 runs/s, 0:21 left`."""
    parts = [f"{counts.done:,}/{counted(counts.total, 'run')} done"]
    parts += [f"{counts.failed:,} failed"] if counts.failed else []
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    left = counts.seconds_left(now)
    if left is not None:
        rate = f"{counts.rate(now):.3g}"
        unit = "run/s" if rate == "1" else "runs/s"
        parts += [f"{rate} {unit}", f"{clock(left)} left"]
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """Write a time to wait: `0:21`, `1:02:03`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _say_result(folder: Path) -> None:
    """Print a result as `dump_line` does, without decoding and checking what was just written."""
    import json

    from weightinit_cli.reading import read_file
    from weightinit_cli.results import STATS

    data = json.loads(read_file(folder / STATS))
    say(json.dumps(data, separators=(",", ":"), sort_keys=True))
