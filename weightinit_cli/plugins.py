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
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from weightinit_cli.parameters import REQUIRED, Parameter
from weightinit_cli.sources import SourceError, load_file, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

    `what` is a row in words. `version` is another one after every change. `names` are those of the
    functions that plug-ins have registered. Subscription finds what an installed package has.
    """

    def __init__(self, what: str, rows: Mapping[str, R], aliases: Mapping[str, str]) -> None:
        super().__init__(rows)
        self.what, self.aliases = what, aliases
        self.names: dict[Callable[..., Any], str] = {}
        self.version = 0
        _tables.append(self)
        self._built_in = frozenset({*rows, *aliases})

    def __missing__(self, name: str) -> R:
        if self.find(name):
            return self[name]
        raise KeyError(name)

    @property
    def group(self) -> str:
        """The entry points by which packages add to the table."""
        return f"weightinit_cli.{self.what}s"

    def add(self, name: str, row: R, function: Callable[..., Any]) -> None:
        """Add the row of a plug-in's function; said again by the same file, it takes its place.

        Raises ValueError for a name that is none, built in, or another plug-in's.
        """
        if not NAME.fullmatch(name) or name.casefold() in NO_TEXT:
            raise ValueError(
                f"{name!r} cannot be the name of an {self.what}: letters, digits and _, "
                "a letter first, at most 60"
            )
        if name in self._built_in:
            raise ValueError(f"{name!r} is a built-in {self.what}; a plug-in needs another name")
        if name in self and _maker(self[name].source) != _maker(row.source):
            former = self[name].source
            raise ValueError(
                f"two plug-ins have an {self.what} {name!r}: {former} and {row.source}"
            )
        self[name] = row
        self.version += 1
        self.names[function] = name
        (_here.discard if _finding else _here.add)((self.what, name))

    def find(self, name: str) -> bool:
        """Load what an installed package has under a name; say whether it is in the table now.

        Raises SourceError where that cannot be imported, or where two packages have the name.
        """
        if name not in self:
            self._load(name, [point for point in _points(self.group) if point.name == name])
        return name in self

    def find_all(self) -> list[str]:
        """Load all that installed packages have; say in a line each what cannot be."""
        by_name: dict[str, list[EntryPoint]] = {}
        for point in _points(self.group):
            by_name.setdefault(point.name, []).append(point)
        notes = []
        for name, points in sorted(by_name.items()):
            if name in self._built_in:
                message = f"{self.what} {name!r} of {_package(points[0])} is left out: the name is "
                notes.append(f"{message}built in")
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
            packages = " and ".join(sorted(map(_package, points)))
            raise SourceError(f"{what}: {packages} both have one; uninstall one of them")
        [point] = points
        try:
            with _found():
                point.load()
        except Exception as error:  # whatever somebody else's module does
            why = f"{_package(point)} has it, but {point.value} cannot be imported"
            raise SourceError(f"{what}: {why}: {said(error)}") from error
        if name not in self:
            raise SourceError(
                f"{what}: {_package(point)} names it, but {point.value} registers no {what}"
            )


def parameters_of(
    function: Callable[..., Any], given: Iterable[Parameter], leading: Sequence[str]
) -> tuple[Parameter, ...]:
    """The parameters that a function takes after its `leading` ones, as the tables have them.

    Those that are `given` have words and bounds; of the others the signature says the default.
    Raises TypeError where the function does not take what is given, or takes a word of which the
    choices are not given.
    """
    from inspect import Parameter as Argument
    from inspect import signature

    described = {each.name: each for each in given}
    arguments = list(signature(function).parameters.values())
    several = (Argument.VAR_POSITIONAL, Argument.VAR_KEYWORD)
    first = [each.name for each in arguments[: len(leading)] if each.kind not in several]
    if len(first) < len(leading):
        form = f"{function.__name__}({', '.join([*leading, '**parameters'])})"
        raise TypeError(f"{function.__name__} must take {' and '.join(leading)}: {form}")
    found: dict[str, Parameter] = {}
    for argument in arguments[len(leading) :]:
        if argument.kind in several:
            continue
        default = REQUIRED if argument.default is Argument.empty else argument.default
        own = described.get(argument.name)
        if own is not None:
            found[own.name] = own._replace(default=default) if own.required else own
        elif default is not REQUIRED and type(default) not in (int, float):
            name = argument.name
            raise TypeError(
                f"{function.__name__}: {name} has the default {default!r}; say what it may be, "
                f"as Parameter({name!r}, 'what it is', choices=('a', 'b'))"
            )
        else:
            whole = argument.annotation in (int, "int")
            found[argument.name] = Parameter(argument.name, "", default, integer=whole)
    any_name = any(each.kind is Argument.VAR_KEYWORD for each in arguments)
    for name, parameter in described.items():
        if name not in found and not any_name:
            raise TypeError(f"{function.__name__} does not take the parameter {name!r}")
        found.setdefault(name, parameter)
    if "name" in found:
        raise TypeError("a parameter cannot be called 'name': a spec has the row's name there")
    return tuple(found.values())


def refuse_missing(sources: Mapping[str, str], place: str) -> None:
    """Raise SourceError where a plug-in that made a result is not there; `place` names the result.

    `sources` has its packages or files, by `activation snake`, say.
    """
    for row, source in sources.items():
        what, _, name = row.partition(" ")
        table = next((table for table in _tables if table.what == what), None)
        if table is not None and table.find(name):
            if _maker(table[name].source) == _maker(source):
                continue
            there = f"that of {table[name].source} is another one"
        elif source.endswith(")"):
            there = f"--plugin {_maker(source)} gives it"
        elif " " in source:
            there = "it is not installed here"
        else:
            there = "nobody else can load that; a file can be given by --plugin"
        raise SourceError(f"{place}: the {what} {name!r} is of {source}: {there}")


def load_plugin(path: Path) -> None:
    """Load a file that registers initializers or activations.

    Raises SourceError where it cannot be loaded, or registers nothing.
    """
    before = sum(table.version for table in _tables)
    with _found():
        load_file(path)
    if before == sum(table.version for table in _tables):
        raise SourceError(
            f"{path}: registers nothing; @weightinit_cli.initializer(...) or "
            "@weightinit_cli.activation(...) stands before a function"
        )
    _files.append(str(path.absolute()))


# All tables; the files that were loaded as plug-ins; rows that no other process finds; and whether
# what is added now, others find as well.
_tables: list[Table[Any]] = []
_files: list[str] = []
_here: set[tuple[str, str]] = set()
_finding: list[None] = []


@contextmanager
def _found() -> Iterator[None]:
    _finding.append(None)
    try:
        yield
    finally:
        _finding.pop()


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


def _points(group: str) -> list[EntryPoint]:
    """The entry points of a group, each once, also where a package is found twice."""
    from importlib import metadata  # takes 20 ms

    points = metadata.entry_points(group=group)
    return list({(_package(point), point.name, point.value): point for point in points}.values())


def _package(point: EntryPoint) -> str:
    return "a package" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def _maker(source: str) -> str:
    """Who made something, whatever its version or checksum."""
    return re.sub(r" (\(sha256 \w+\)|\S+)$", "", source)
