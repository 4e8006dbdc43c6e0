"""Plug-ins: initializers and activations of other packages and files, by name in winit's tables.

An installed package names them as entry points, `weightinit_cli.initializers` or
`weightinit_cli.activations`, and is loaded where a name is asked for that no table has. A file is
loaded where the command line names it. Nothing that a spec or a result says loads anything else.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from weightinit_cli.sources import (
    GROUPS,
    SESSION,
    SourceError,
    file_of,
    load_file,
    package_of,
    points_of,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from importlib.metadata import EntryPoint

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
# What YAML reads as something else than a text.
NO_TEXT = ("null", "true", "false")


class Named(Protocol):
    """A row of a table; `source` says who made it, and is empty for winit's own."""

    @property
    def source(self) -> str:
        """The package with its version, or the file with its checksum."""


R = TypeVar("R", bound=Named)


class Table(dict[str, R]):
    """Rows by their names: winit's own, then those of plug-ins; other names of rows are `aliases`.

    `what` is a row in words. `version` is another one after every change. Subscription finds what
    an installed package has.
    """

    def __init__(self, what: str, rows: Mapping[str, R], aliases: Mapping[str, str]) -> None:
        super().__init__(rows)
        self.what, self.aliases = what, aliases
        self._functions: dict[str, Callable[..., Any]] = {}
        self.version = 0
        _tables.append(self)
        self._built_in = frozenset(map(str.casefold, {*rows, *aliases}))

    def __missing__(self, name: str) -> R:
        if self.find(name):
            return self[name]
        raise KeyError(name)

    @property
    def group(self) -> str:
        """The entry points by which packages add to the table."""
        return GROUPS[self.what]

    def require_free(self, name: str) -> None:
        """Raise TypeError for what is no text, ValueError for no name, and for a built-in one."""
        if not isinstance(name, str):
            form = f"@weightinit_cli.{self.what}('mine', ...)"
            raise TypeError(f"the name of an {self.what} must be a text, as in {form}")
        if not NAME.fullmatch(name) or name.casefold() in NO_TEXT:
            raise ValueError(
                f"{name!r} cannot be the name of an {self.what}: letters, digits and _, "
                "a letter first, at most 60"
            )
        if name.casefold() in self._built_in:
            raise ValueError(f"{name!r} is a built-in {self.what}; a plug-in needs another name")

    def add(self, name: str, row: R, function: Callable[..., Any]) -> None:
        """Add the row of a plug-in's function; said again by the same file, it takes its place.

        Raises ValueError for a name that is another plug-in's, or taken twice; see `require_free`.
        """
        makers = next(self._clashes(name, row.source, file_of(function)), "")
        if makers:
            raise ValueError(f"two plug-ins have an {self.what} {name!r}: {makers}")
        added = (self.what, name)
        if _loading and added in _loading[-1].added:
            raise ValueError(f"the {self.what} {name!r} is registered twice")
        self[name] = row
        self.version += 1
        self._functions[name] = function
        if _loading:
            _loading[-1].added.add(added)
            _here.discard(added)
        else:
            _here.add(added)

    def _clashes(self, name: str, source: str, file: str) -> Iterator[str]:
        """Name the two plug-ins where another one has a name, in the table or, of files, installed.

        Whose package is installed may conform its file, or say its functions anew in a notebook.
        """
        sources = [self[name].source] if name in self else []
        if _loading and not _loading[-1].installed:
            points = (point for point in points_of(self.group) if point.name == name)
            sources += map(package_of, points)
        yield from (f"{each} and {source}" for each in sources if _maker(each) != _maker(source))
        former = file_of(self._functions[name]) if name in self and source.endswith(")") else ""
        if former and file and former != file:
            yield f"{former} and {file}"

    def name_of(self, function: Callable[..., Any]) -> str | None:
        """The name that a function is registered under; None where it is not."""
        found = (name for name, each in self._functions.items() if each == function)
        return next((name for name in found if name in self), None)

    def find(self, name: str) -> bool:
        """Load what an installed package has under a name; say whether it is in the table now.

        Raises SourceError where that cannot be imported, or where two packages have the name.
        """
        if name not in self:
            self._load(name, [point for point in points_of(self.group) if point.name == name])
        return name in self

    def find_all(self) -> list[str]:
        """Load all that installed packages have; say in a line each what cannot be."""
        by_name: dict[str, list[EntryPoint]] = {}
        for point in points_of(self.group):
            by_name.setdefault(point.name, []).append(point)
        notes = []
        for name, points in sorted(by_name.items()):
            if name.casefold() in self._built_in:
                message = f"{self.what} {name!r} of {package_of(points[0])} is left out"
                notes.append(f"{message}: the name is built in")
                continue
            try:
                self._load(name, [] if name in self else points)
            except SourceError as error:
                notes += error.lines
        return notes

    def _load(self, name: str, points: Sequence[EntryPoint]) -> None:
        if not points:
            return
        what = f"{self.what} {name!r}"
        if len(points) > 1:
            packages = " and ".join(sorted(map(package_of, points)))
            raise SourceError(f"{what}: {packages} both have one; uninstall one of them")
        [point] = points
        try:
            with _adding(installed=True):
                point.load()
        except (Exception, SystemExit) as error:  # whatever somebody else's module does
            why = f"{package_of(point)} has it, but {point.value} cannot be imported"
            raise SourceError(f"{what}: {why}: {said(error)}") from error
        if name not in self:
            raise SourceError(
                f"{what}: {package_of(point)} names it, but {point.value} registers no {what}"
            )


def refuse_missing(sources: Mapping[str, str], place: str) -> None:
    """Raise SourceError where a plug-in that made a result is not there; `place` names the result.

    `sources` has its packages or files, by `activation snake`, say.
    """
    for row, source in sources.items():
        what, _, name = row.partition(" ")
        table = next((table for table in _tables if table.what == what), None)
        try:
            found = table[name].source if table is not None and table.find(name) else ""
        except SourceError as error:
            raise SourceError(f"{place}: {error}") from error
        if _maker(found) == _maker(source) or _checksum(found) == _checksum(source) != "":
            continue
        if found:
            there = f"that of {found} is another one"
        elif source == SESSION:
            there = "no file has it; save it in one, and give that by --plugin"
        elif source.endswith(")"):
            there = f"--plugin {_maker(source)} gives it"
        else:
            there = "it is not installed here"
        raise SourceError(f"{place}: the {what} {name!r} is of {source}: {there}")


def installed_names(what: str) -> list[str]:
    """The names that installed packages have for a row in words, without loading anything."""
    return sorted({point.name for point in points_of(GROUPS[what])})


def load_plugin(path: Path) -> None:
    """Load a file that registers initializers or activations.

    Raises SourceError where it cannot be loaded, or registers nothing.
    """
    with _adding() as loaded:
        load_file(path)
    if not loaded.added:
        raise SourceError(
            f"{path}: registers nothing; @weightinit_cli.initializer(...) or "
            "@weightinit_cli.activation(...) stands before a function"
        )
    _files.append(str(path.absolute()))


class _Loading(NamedTuple):
    """A plug-in that is being loaded, which other processes find as well; and what it has added."""

    installed: bool
    added: set[tuple[str, str]]


# All tables; the files that were loaded as plug-ins; rows that no other process finds; and what is
# being loaded now.
_tables: list[Table[Any]] = []
_files: list[str] = []
_here: set[tuple[str, str]] = set()
_loading: list[_Loading] = []


@contextmanager
def _adding(*, installed: bool = False) -> Iterator[_Loading]:
    _loading.append(_Loading(installed, set()))
    try:
        yield _loading[-1]
    finally:
        _loading.pop()


def only_here() -> bool:
    """Whether some plug-in was registered by this process alone, as in a notebook."""
    return bool(_here)


def _after(files: tuple[str, ...], function: Callable[[Any], Any], given: Any) -> Any:
    """Call a function in a process that has loaded the files of plug-ins; packages it finds."""
    for file in files:
        if file not in _files:
            load_plugin(Path(file))
    return function(given)


def carried(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function as other processes need it: with the plug-ins of files, where there are any."""
    if not _files:
        return function
    return partial(_after, tuple(_files), function)


def _checksum(source: str) -> str:
    return source.rpartition(" ")[2] if source.endswith(")") else ""


def _maker(source: str) -> str:
    """Who made something, whatever its version or checksum."""
    return re.sub(r" (\(sha256 \w+\)|\S+)$", "", source)
