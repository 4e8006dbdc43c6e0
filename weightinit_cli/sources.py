"""Code that a person names: loaded from its file, known by where it comes from, and its errors."""

from __future__ import annotations

import sys
from functools import lru_cache, partial
from pathlib import Path
from sysconfig import get_path
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, printable, reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint
    from types import ModuleType

DIGITS = 12
# Of the lines of a person's files that led to an error.
MOST_LINES = 10
# Where no file is: a notebook, or lines that are typed.
SESSION = "a Python session"
# The entry points by which packages add to the tables, by what a row is in words.
GROUPS = {what: f"weightinit_cli.{what}s" for what in ("initializer", "activation")}


class SourceError(WinitError):
    """What is wrong with a person's code, in one line."""


def load_file(path: Path) -> ModuleType:
    """Load a Python file, which may import what lies beside it. Raises SourceError if it cannot."""
    from importlib import util

    name = f"<{path.name}>"
    place = path.absolute()
    found = util.spec_from_file_location(name, place) if path.suffix == ".py" else None
    if found is None or found.loader is None:
        raise SourceError(
            f"{printable(str(path))}: a Python file is needed, whose name ends in .py; a package "
            f"that is installed gives its names by entry points, without --plugin"
        )
    module = util.module_from_spec(found)
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))
    former = sys.modules.get(name)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name)
        if former is not None:
            sys.modules[name] = former
        if isinstance(error, OSError) and error.filename == str(place):
            raise SourceError(f"{printable(str(path))}: {reason(error)}") from None
        raise SourceError(f"{printable(str(path))}: {said(error, str(place))}") from error
    return module


def calling_module() -> str:
    """The name of the module whose code called the function that asks."""
    name = sys._getframe(2).f_globals.get("__name__")  # as namedtuple asks
    return str(name or "__main__")


def source_of(module: str) -> str:
    """Where a module comes from: a package and its version, a file and its checksum, or SESSION."""
    from hashlib import sha256

    found = distribution(module.partition(".")[0])
    file = getattr(sys.modules.get(module), "__file__", None)
    if found or not file:
        return found or SESSION
    try:
        checksum = sha256(Path(file).read_bytes()).hexdigest()[:DIGITS]
    except OSError:
        return Path(file).name
    return f"{Path(file).name} (sha256 {checksum})"


@lru_cache
def distribution(package: str) -> str:
    """The name and version of the distribution that a package comes from, where that is known."""
    from importlib import metadata

    names = metadata.packages_distributions().get(package)
    if names is None:  # installed by a link to where its author edits it
        points = [point for group in GROUPS.values() for point in points_of(group)]
        own = (point for point in points if point.module.partition(".")[0] == package)
        names = [point.dist.name for point in own if point.dist is not None] or [package]
    try:
        return f"{names[0]} {metadata.version(names[0])}"
    except metadata.PackageNotFoundError:
        return ""


def points_of(group: str) -> list[EntryPoint]:
    """The entry points of a group, each once, also where a package is found twice."""
    from importlib import metadata  # takes 20 ms

    points = metadata.entry_points(group=group)
    return list({(package_of(point), point.name, point.value): point for point in points}.values())


def package_of(point: EntryPoint) -> str:
    """The package that has an entry point, with its version."""
    return "a package" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def file_of(function: Callable[..., Any]) -> str:
    """The file, or the cell of a notebook, that a function's code stands in."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return "" if code is None else str(code.co_filename)


def trace(error: BaseException) -> list[str]:
    """The lines of a person's own files that led to an error, the innermost last.

    Those of winit, of the standard library and of installed packages are left out, and so is the
    middle of very many.
    """
    import traceback

    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if is_own(frame.filename) and Path(frame.filename).is_file()
    ]
    lines = [
        printable(f"  {_near(frame.filename)}:{frame.lineno}, in {frame.name}: {frame.line or ''}")
        for frame in frames
    ]
    if len(lines) > MOST_LINES:
        left_out = len(lines) - MOST_LINES + 1
        lines[MOST_LINES // 2 : -(MOST_LINES // 2 - 1)] = [f"  ... {left_out:,} more lines ..."]
    return lines


@lru_cache(maxsize=4096)
def is_own(file: str) -> bool:
    """Whether a file of code is a person's own: not winit's, Python's, nor a package's."""
    path = Path(file)
    if file.startswith("<") or {"site-packages", "dist-packages"} & set(path.parts):
        return False
    others = (Path(__file__).parent, *(Path(get_path(name)) for name in ("stdlib", "platstdlib")))
    return not any(path.is_relative_to(other) for other in others)


def _near(file: str) -> str:
    """A file as it is called from the current folder, where it lies below it."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def portable(file: str) -> str:
    """A file as a result names it: from the current folder if it lies below it, else by its name.

    No folder of this machine is kept, so that another person's result of the same file says the
    same.
    """
    path = Path(file)
    if not path.is_absolute():
        return file
    return _near(file) if path.is_relative_to(Path.cwd()) else path.name


def said(error: BaseException, file: str = "") -> str:
    """An error of somebody's code in one line: its kind, its words, and the line of the file."""
    first, *others = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    words = f"{first} {others[0]}" if first.endswith(":") and others else first
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if file and trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    where = f" ({Path(file).name}, line {lines[-1]})" if lines else ""
    return printable(f"{text}{where}")
