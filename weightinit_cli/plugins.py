"""Plug-ins: initializers and activations of other packages and files, by name in winit's tables.

An installed package names them as entry points, `weightinit_cli.initializers` or
`weightinit_cli.activations`, and is loaded where a name is asked for that no table has. A file is
loaded where the command line names it. Nothing that a spec or a result says loads anything else.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from weightinit_cli.errors import WinitError, printable, reason
from weightinit_cli.parameters import REQUIRED, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from importlib.metadata import EntryPoint
    from types import ModuleType

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
# What YAML reads as something else than a text.
NO_TEXT = ("null", "true", "false")
DIGITS = 12


class PluginError(WinitError):
    """What a plug-in does wrong, in one line."""


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

        Raises PluginError where that cannot be imported, or where two packages have the name.
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
            except PluginError as error:
                notes += error.lines
        return notes

    def _load(self, name: str, points: Sequence[EntryPoint]) -> None:
        if not points:
            return
        what = f"{self.what} {name!r}"
        if len(points) > 1:
            packages = " and ".join(sorted(map(_package, points)))
            raise PluginError(f"{what}: {packages} both have one; uninstall one of them")
        [point] = points
        try:
            with _found():
                point.load()
        except Exception as error:  # whatever somebody else's module does
            why = f"{_package(point)} has it, but {point.value} cannot be imported"
            raise PluginError(f"{what}: {why}: {said(error)}") from error
        if name not in self:
            raise PluginError(
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
    """Raise PluginError where a plug-in that made a result is not there; `place` names the result.

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
        raise PluginError(f"{place}: the {what} {name!r} is of {source}: {there}")


def load_plugin(path: Path) -> None:
    """Load a file that registers initializers or activations.

    Raises PluginError where it cannot be loaded, or registers nothing.
    """
    before = sum(table.version for table in _tables)
    with _found():
        load_file(path)
    if before == sum(table.version for table in _tables):
        raise PluginError(
            f"{path}: registers nothing; @weightinit_cli.initializer(...) or "
            "@weightinit_cli.activation(...) stands before a function"
        )
    _files.append(str(path.absolute()))


def load_file(path: Path) -> ModuleType:
    """Load a Python file, which may import what lies beside it. Raises PluginError if it cannot."""
    from importlib import util

    name = f"<{path.name}>"
    place = path.absolute()
    found = util.spec_from_file_location(name, place) if path.suffix == ".py" else None
    if found is None or found.loader is None:
        raise PluginError(
            f"{printable(str(path))}: a Python file is needed, whose name ends in .py"
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
            raise PluginError(f"{printable(str(path))}: {reason(error)}") from None
        raise PluginError(f"{printable(str(path))}: {said(error, str(place))}") from error
    return module


def source_of(function: Callable[..., Any]) -> str:
    """Where a function comes from: a package and its version, or a file and its checksum."""
    from hashlib import sha256

    while isinstance(function, partial):
        function = function.func
    module = getattr(function, "__module__", None) or type(function).__module__
    found = distribution(module.partition(".")[0])
    file = getattr(sys.modules.get(module), "__file__", None)
    if found or not file:
        return found or module
    try:
        checksum = sha256(Path(file).read_bytes()).hexdigest()[:DIGITS]
    except OSError:
        return Path(file).name
    return f"{Path(file).name} (sha256 {checksum})"


@lru_cache
def distribution(package: str) -> str:
    """The name and version of the distribution that a package comes from, where that is known."""
    from importlib import metadata

    names = metadata.packages_distributions().get(package, [package])
    try:
        return f"{names[0]} {metadata.version(names[0])}"
    except metadata.PackageNotFoundError:
        return ""


def file_of(function: Callable[..., Any]) -> str:
    """The file, or the cell of a notebook, that a function's code stands in."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return "" if code is None else str(code.co_filename)


def said(error: BaseException, file: str = "") -> str:
    """An error of somebody's code in one line: its kind, its words, and the line of the file."""
    words = str(error).strip().partition("\n")[0]
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if file and trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    where = f" ({Path(file).name}, line {lines[-1]})" if lines else ""
    return printable(f"{text}{where}")


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
