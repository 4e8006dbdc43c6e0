"""How far the work is: a line on stderr, and the bar of a run in it."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.terminal import columns_of, is_dumb, note, screen
from weightinit_cli.cli.text import clipped, ljust, width
from weightinit_cli.errors import printable

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# Seconds until something is shown, between two drawings in a terminal, and between two lines in
# one that draws no line anew.
PATIENCE = 1.0
REDRAW = 0.1
LINE_EVERY = 10.0
BAR_WIDTH = 24
LABEL_WIDTH = 26


class StatusLine:
    """A line on stderr that says how far the work is: in a terminal drawn anew in its place.

    There is one at a time; whatever else is printed takes it off the screen.
    """

    def __init__(self) -> None:
        self.redrawn = sys.stderr is not None and sys.stderr.isatty() and not is_dumb()
        self._width = 0

    def draw(self, line: str) -> None:
        """Show the line instead of the former one; where nothing can be drawn anew, below it."""
        if not self.redrawn:
            note(line)
            return
        with screen.lock:
            if screen.shown is not None and screen.shown is not self:
                screen.shown.erase()
            shown = clipped(printable(line), columns_of(sys.stderr) - 1)
            self._echo(f"\r{ljust(shown, self._width)}")
            self._width = width(shown)
            screen.shown = self

    def keep(self) -> None:
        """Leave the line on the screen; what comes next stands below it."""
        with screen.lock:
            self._end("\n")

    def erase(self) -> None:
        """Take the line off the screen."""
        with screen.lock:
            self._end(f"\r{' ' * self._width}\r")

    def _end(self, text: str) -> None:
        if self._width:
            self._echo(text)
            self._width = 0
            screen.shown = None

    def _echo(self, text: str) -> None:
        with suppress(OSError):
            click.echo(text, nl=False, file=sys.stderr)


class ProgressBar:
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
        with screen.lock:
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
        with screen.lock:
            if self._enabled:
                self._due = time.monotonic() + self._every
                self._visible = True
                self._line.draw(self._text())

    def _text(self) -> str:
        """The label, the bar, how much is done and the time left, as far as there is room."""
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


def clock(seconds: float) -> str:
    """A time to wait: `0:21`, `1:02:03`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
