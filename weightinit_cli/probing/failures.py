"""What a person's code raises while it is loaded, builds a model or is run, and where."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.sources import said, trace
from weightinit_cli.targets import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# How torch says that it gets no memory.
_ALLOCATION = re.compile(r"can't allocate memory: you tried to allocate (\d+) bytes")


@contextmanager
def told_of(what: str) -> Iterator[None]:
    """Begin what is wrong with the name of what it is wrong with."""
    try:
        yield
    except WinitError as error:
        first, *more = error.lines
        raise WinitError(
            printable(f"{what}: {first}"), *more, exit_code=error.exit_code
        ) from error.__cause__


@contextmanager
def own_code(doing: str = "") -> Iterator[None]:
    """Run a person's code; what it raises becomes a WinitError with the lines of its files."""
    try:
        yield
    except WinitError:
        raise
    except (Exception, SystemExit) as error:
        raise failed(error, doing) from error


def find_target(target: str, loaded: dict[str, ModuleType]) -> Any:
    """Find what a target names, in a module that is loaded already or is added to these.

    Raises WinitError for what is not there, and where its file cannot be run, with the lines of the
    files that led there.
    """
    try:
        return find(target, loaded)
    except WinitError as error:
        if error.__cause__ is None:
            raise
        raise WinitError(*error.lines, *trace(error.__cause__)) from error.__cause__


def failed(error: BaseException, doing: str = "", *more: str) -> WinitError:
    """What a person's code has raised: in a line, then `more`, then the lines of its files."""
    words = _memory(error) or said(error)
    what = f"{doing}: {words}" if doing else words
    return WinitError(printable(what), *map(printable, more), *trace(error))


def _memory(error: BaseException) -> str:
    """In words, that there is not enough memory; empty of another error."""
    asked = _ALLOCATION.search(str(error))
    if asked is not None:
        return f"not enough memory: {int(asked[1]) / 1e9:,.1f} GB are asked for"
    return "not enough memory" if isinstance(error, MemoryError) else ""
