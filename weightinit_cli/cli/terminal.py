"""The screen: what is printed where, and how it fits the terminal."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
import threading
import traceback
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, ClassVar

import click

from weightinit_cli import __version__
from weightinit_cli.errors import DEFECT, WinitError, printable, reason
from weightinit_cli.lines import clipped, ljust, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

PIPED_COLUMNS = 100
USUAL_COLUMNS = 80
UNLIMITED = 1000
# How our own signs are spelled where an encoding lacks them.
SPELLINGS = {
    "±": "+-",
    "×": "x",
    "·": "*",
    "¹": "^1",
    "²": "^2",
    "³": "^3",
    "⁴": "^4",
    "½": "1/2",
    "√": "sqrt",
    "∞": "inf",
    "∫": "integral",
    "≤": "<=",
    "≥": ">=",
    "…": "...",
    "ᵀ": "^T",
    "₁": "_1",
    "δ": "delta",
    "Δ": "Delta",
    "ε": "epsilon",
    "θ": "theta",
    "κ": "kappa",
    "π": "pi",
    "σ": "sigma",
    "Σ": "Sigma",
    "φ": "phi",
    "Φ": "Phi",
    "χ": "chi",
    "ψ": "psi",
}
# The name under which Python knows `_spell`.
ERROR_HANDLER = "weightinit_cli.spelled"

# Held by the thread that prints.
lock = threading.RLock()
# The stdout that is winit's, while what others print goes to stderr.
_kept: list[TextIO | None] = []


def prepare() -> None:
    """Print what an encoding lacks in plain words, or as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERROR_HANDLER)


def stdout() -> TextIO | None:
    """The stream that winit's lines go to; None where it is closed."""
    return _kept[-1] if _kept else sys.stdout


@contextmanager
def alone_on_stdout() -> Iterator[None]:
    """Keep stdout to winit's lines: what a plug-in's function prints goes to stderr."""
    _kept.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _kept.pop()


def say(line: str = "") -> None:
    """Print a line to stdout. Raises WinitError where stdout cannot take it."""
    if (stream := stdout()) is None:
        return
    with stdout_errors(), _cleared():
        click.echo(line, file=stream, color=_colour())


def flush() -> None:
    """Hand everything that was printed to stdout. Raises WinitError where it cannot take it."""
    if (stream := stdout()) is not None:
        with stdout_errors():
            stream.flush()


@contextmanager
def stdout_errors() -> Iterator[None]:
    """Be silent where stdout's reader has gone; raise WinitError where it cannot be written."""
    try:
        yield
    except BrokenPipeError:
        _ignore_stdout()
    except OSError as error:
        _ignore_stdout()
        raise WinitError(f"stdout: cannot be written: {reason(error)}") from None


def came_from_printing(error: OSError) -> bool:
    """Tell whether an error was raised where click prints, to a stream that is nobody's file."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code is click.echo.__code__ for frame, _ in frames)


def is_stdout(path: Path) -> bool:
    """Tell whether the path leads to what stdout is: `/dev/stdout`, or a file that it goes to."""
    try:
        return os.path.samestat(path.stat(), os.fstat(_descriptor()))
    except (OSError, ValueError, AttributeError):
        return False


def note(line: str) -> None:
    """Print a line to stderr; a stderr that cannot take it is no reason to stop."""
    with suppress(OSError), _cleared():
        click.echo(no_command(printable(line)), file=sys.stderr)


def no_command(line: str) -> str:
    """Return the line such that no CI system takes a command from it, whatever name is in it.

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


class StatusLine:
    """A line on stderr that says how far the work is: in a terminal drawn anew in its place.

    There is one at a time; whatever else is printed takes it off the screen.
    """

    shown: ClassVar[StatusLine | None] = None

    def __init__(self) -> None:
        self.redrawn = sys.stderr is not None and sys.stderr.isatty() and not is_dumb()
        self._width = 0

    def draw(self, line: str) -> None:
        """Show the line instead of the former one; where nothing can be drawn anew, below it."""
        if not self.redrawn:
            note(line)
            return
        with lock:
            if StatusLine.shown is not self:
                _erase_status()
            shown = clipped(printable(line), columns_of(sys.stderr) - 1)
            self._echo(f"\r{ljust(shown, self._width)}")
            self._width = width(shown)
            StatusLine.shown = self

    def keep(self) -> None:
        """Leave the line on the screen; what comes next stands below it."""
        with lock:
            self._end("\n")

    def erase(self) -> None:
        """Take the line off the screen."""
        with lock:
            self._end(f"\r{' ' * self._width}\r")

    def _end(self, text: str) -> None:
        if self._width:
            self._echo(text)
            self._width = 0
            StatusLine.shown = None

    def _echo(self, text: str) -> None:
        with suppress(OSError):
            click.echo(text, nl=False, file=sys.stderr)


@contextmanager
def _cleared() -> Iterator[None]:
    """While it is entered, no status line stands on the screen, and no other thread prints."""
    with lock:
        _erase_status()
        yield


def _erase_status() -> None:
    if StatusLine.shown is not None:
        StatusLine.shown.erase()


def takes(text: str) -> bool:
    """Tell whether stdout's encoding has all these characters."""
    return spelled(text) == text


def columns() -> int | None:
    """Return the terminal's columns; None where stdout is no terminal."""
    stream = stdout()
    return columns_of(stream) if stream is not None and stream.isatty() else None


def room() -> int:
    """Return the terminal's columns; where stdout is no terminal, as many as no table needs."""
    return columns() or UNLIMITED


def fitted(text: str) -> list[str]:
    """Break a text into lines of the terminal's width, at commas where there are some."""
    if columns() is None:
        return [text] if text else []
    unbroken = re.sub("(?<!,) ", "\0", text)
    lines = [line.replace("\0", " ") for line in wrapped(unbroken, room(), indent=2)]
    return [part for line in lines for part in wrapped(line, room(), indent=2)]


def columns_of(stream: TextIO) -> int:
    """Return the columns that a person or the terminal says, else those of most terminals."""
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", ""))) > 0:
            return columns
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    return USUAL_COLUMNS


def spelled(text: str) -> str:
    """Spell the text as stdout's encoding can show it."""
    encoding = getattr(stdout(), "encoding", None) or "ascii"
    return text if text.isascii() else text.encode(encoding, ERROR_HANDLER).decode(encoding)


def is_dumb() -> bool:
    """Tell whether a terminal takes no escape sequences and draws no line anew."""
    default = "dumb" if os.name == "posix" else ""
    return os.environ.get("TERM", default) in ("dumb", "")


def _colour() -> bool | None:
    """Whether lines are coloured; None where that is so in a terminal alone.

    As https://no-color.org and https://force-color.org have it; of both, none is coloured.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if is_dumb() else None


def _ignore_stdout() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), _descriptor())


def _descriptor() -> int:
    """The number of stdout. Raises ValueError where it has none."""
    if (stream := stdout()) is None:
        raise ValueError("stdout is closed")
    return stream.fileno()


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Spell our signs in plain words, anything else as an escape: an error handler of codecs."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    spelled = (SPELLINGS.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking)
    return "".join(spelled), error.end


codecs.register_error(ERROR_HANDLER, _spell)
