"""The screen: what is printed where, and how it fits the terminal."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

import click

from weightinit_cli import __version__
from weightinit_cli.cli.text import ERRORS as SPELLED
from weightinit_cli.cli.text import clipped, ljust, spelled, width
from weightinit_cli.errors import OutputError, WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TextIO

# Seconds until something is shown, between two drawings in a terminal, and between two lines in
# one that draws no line anew.
PATIENCE = 1.0
REDRAW = 0.1
LINE_EVERY = 10.0
BAR_WIDTH = 24
LABEL_WIDTH = 26
PIPED_COLUMNS = 100
DEFECT = 3
USUAL_COLUMNS = 80


def prepare() -> None:
    """Print what an encoding lacks in plain words, or as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SPELLED)


def say(line: str = "") -> None:
    """Print a line to stdout. Raises OutputError where stdout cannot take it."""
    with stdout_errors(), _screen:
        StatusLine.take_off()
        click.echo(line, file=sys.stdout, color=None if _coloured() else False)


def flush() -> None:
    """Hand everything said to stdout. Raises OutputError where it cannot take it."""
    if sys.stdout is not None:
        with stdout_errors():
            sys.stdout.flush()


@contextmanager
def stdout_errors() -> Iterator[None]:
    """What stdout cannot take: silence where its reader has gone, else an OutputError."""
    try:
        yield
    except BrokenPipeError:
        _ignore_stdout()
    except OSError as error:
        _ignore_stdout()
        raise OutputError(f"stdout: cannot be written: {error.strerror}") from None


def came_from_printing(error: OSError) -> bool:
    """Whether it was raised where click prints, to a stream that is no file of anybody's."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code is click.echo.__code__ for frame, _ in frames)


def is_stdout(path: Path) -> bool:
    """Whether the path leads to what stdout is: `/dev/stdout`, or a file that it goes to."""
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):
        return False


def note(line: str) -> None:
    """Print a line to stderr; a stderr that cannot take it is no reason to stop."""
    with suppress(OSError), _screen:
        StatusLine.take_off()
        click.echo(no_command(printable(line)), file=sys.stderr)


def no_command(line: str) -> str:
    """The line, from which no CI system takes a command, whatever name is in it.

    GitHub's runner obeys what begins with `::`, blanks before it or not, and `##[` anywhere.
    """
    text = line.replace("##[", r"##\x5b")
    begin = len(text) - len(text.lstrip())
    return f"{text[:begin]}\\x3a{text[begin + 1 :]}" if text.startswith("::", begin) else text


def fail(lines: Iterable[str], code: int) -> int:
    """Print what went wrong, a line each, and return the exit code."""
    for line in lines:
        note(line)
    with suppress(WinitError):
        flush()
    return code


def defect(lines: Iterable[str]) -> int:
    """Print what winit itself did wrong, ask for a report, and return the exit code."""
    version = f"winit {__version__}, Python {sys.version.split()[0]}"
    request = f"this is a defect of winit; please report it with the lines above ({version})"
    return fail([*lines, request], DEFECT)


def usage_error(error: click.UsageError, command: str) -> int:
    """Print what is wrong with the command line, and where its help is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    message = " ".join(error.format_message().split()).rstrip(".")
    return fail([f"{command}: {message}; see {command} --help"], error.exit_code)


def takes(text: str) -> bool:
    """Whether stdout's encoding has all these characters."""
    return spelled(text) == text


def columns() -> int | None:
    """The terminal's columns; None where stdout is no terminal."""
    return _columns(sys.stdout) if sys.stdout is not None and sys.stdout.isatty() else None


def wrapped(text: str, columns: int, *, indent: int = 0, anywhere: bool = False) -> list[str]:
    """The text in lines of at most these columns, broken at spaces; the later ones are indented.

    `anywhere` breaks words that are longer than a line, too: behind a comma where they have one.
    """
    lines = []
    line = ""
    for piece in re.findall(r"\s*\S+", text):
        if line.strip() and width(line + piece) > columns:
            lines.append(line)
            line, piece = " " * indent, piece.lstrip()
        line += piece
        while anywhere and width(line) > max(columns, indent + 2):
            head = clipped(line, max(columns, indent + 2))
            head = head[: head.rfind(",") + 1].rstrip() or head
            lines.append(head)
            line = " " * indent + line[len(head) :]
    return [*lines, line] if line else lines


def _columns(stream: TextIO) -> int:
    """What a person or the terminal says; where neither does, what most terminals have."""
    with suppress(ValueError):
        if (said := int(os.environ.get("COLUMNS", ""))) > 0:
            return said
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    return USUAL_COLUMNS


def _coloured() -> bool:
    return not (os.environ.get("NO_COLOR") or _dumb())


def _dumb() -> bool:
    """Whether a terminal takes no escape sequences and draws no line anew."""
    default = "dumb" if os.name == "posix" else ""
    return os.environ.get("TERM", default) in ("dumb", "")


def _ignore_stdout() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Held while something is printed: a bar is drawn from a thread of its own, too.
_screen = threading.RLock()


class StatusLine:
    """A line on stderr that says how far the work is: in a terminal drawn anew in its place.

    There is one at a time; whatever else is printed takes it off the screen.
    """

    shown: ClassVar[StatusLine | None] = None

    @classmethod
    def take_off(cls) -> None:
        """Erase the line that is shown, if one is."""
        if cls.shown is not None:
            cls.shown.erase()

    def __init__(self) -> None:
        self.redrawn = sys.stderr is not None and sys.stderr.isatty() and not _dumb()
        self._width = 0

    def draw(self, line: str) -> None:
        """Show the line instead of the former one; where nothing can be drawn anew, below it."""
        if not self.redrawn:
            note(line)
            return
        with _screen:
            if StatusLine.shown is not self:
                StatusLine.take_off()
            shown = clipped(printable(line), _columns(sys.stderr) - 1)
            self._echo(f"\r{ljust(shown, self._width)}")
            self._width = width(shown)
            StatusLine.shown = self

    def keep(self) -> None:
        """Leave the line on the screen; what comes next stands below it."""
        with _screen:
            self._end("\n")

    def erase(self) -> None:
        """Take the line off the screen."""
        with _screen:
            self._end(f"\r{' ' * self._width}\r")

    def _end(self, text: str) -> None:
        if self._width:
            self._echo(text)
            self._width = 0
            StatusLine.shown = None

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
        with _screen:
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
        with _screen:
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
        room = _columns(sys.stderr) - 1
        if (whole := f"{label}  {bar}  {numbers}") == clipped(whole, room):
            return whole
        return f"{clipped(label, max(room - len(numbers) - 2, 0))}  {numbers}"


def clock(seconds: float) -> str:
    """A time to wait: `0:21`, `1:02:03`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
