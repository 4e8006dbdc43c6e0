"""The screen: what is printed where, and how it fits the terminal."""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from weightinit_cli import __version__
from weightinit_cli.errors import OutputError, WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from click._termui_impl import ProgressBar as ClickBar

# Seconds until a bar is shown, and between its drawings.
PATIENCE = 1.0
REDRAW = 0.1
BAR_LENGTH = 1000
BAR_WIDTH = 24
LABEL_WIDTH = 26
PIPED_COLUMNS = 100
DEFECT = 3


def prepare() -> None:
    """Print what an encoding lacks as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str = "") -> None:
    """Print a line to stdout. Raises OutputError where stdout cannot take it."""
    with stdout_errors():
        click.echo(line, file=sys.stdout, color=False if os.environ.get("NO_COLOR") else None)


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
        if error.filename is not None:
            raise
        _ignore_stdout()
        raise OutputError(f"stdout: cannot be written: {error.strerror}") from None


def is_stdout(path: Path) -> bool:
    """Whether the path leads to what stdout is: `/dev/stdout`, or a file that it goes to."""
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):
        return False


def note(line: str) -> None:
    """Print a line to stderr; a stderr that cannot take it is no reason to stop."""
    with suppress(OSError):
        click.echo(printable(line), file=sys.stderr)


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
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns() -> int | None:
    """The terminal's columns; None where stdout is no terminal."""
    if sys.stdout is not None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def wrapped(text: str, width: int, *, indent: int = 0) -> list[str]:
    """The text in lines of at most this width, broken at spaces; the later ones are indented."""
    return textwrap.wrap(
        text,
        max(width, indent + 20),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _ignore_stdout() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ProgressBar:
    """A bar on stderr, shown only in a terminal and only once a run has taken a second."""

    def __init__(self, label: str, *, shown: bool) -> None:
        shown_label = printable(label)
        if len(shown_label) > LABEL_WIDTH:
            shown_label = f"{shown_label[: LABEL_WIDTH - 3]}..."
        self._label = shown_label
        self._enabled = shown and sys.stderr is not None and sys.stderr.isatty()
        self._bar: ClickBar[int] | None = None
        self._total = 0.0
        self._done = 0.0
        self._due = 0.0
        self._visible = False

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None and self._visible:
            if error is None:
                self._done = self._total
            self._draw(self._bar)
            self._bar.render_finish()

    def start(self, total: float) -> None:
        """The run begins; all of it is `total`."""
        if self._enabled:
            self._total = total
            self._due = time.monotonic() + PATIENCE
            self._bar = click.progressbar(
                length=BAR_LENGTH, width=BAR_WIDTH, label=self._label, file=sys.stderr
            )

    def step(self, amount: float, words: str = "") -> None:
        """Another piece of work is done; the words stand behind the label."""
        self._done += amount
        if self._bar is not None and (now := time.monotonic()) >= self._due:
            self._due = now + REDRAW
            if words:
                self._bar.label = f"{self._label} {words}"
            self._draw(self._bar)

    def _draw(self, bar: ClickBar[int]) -> None:
        if not self._visible:
            self._visible = True
            bar.render_progress()
        share = min(self._done / self._total, 1.0) if self._total > 0 else 1.0
        bar.update(int(BAR_LENGTH * share) - bar.pos)
