"""What a batch has to do: the specs it finds, valid to the last run, under names of their own."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import Mark, Problem, SpecError, WinitError, printable, reason
from weightinit_cli.experiments import impossible
from weightinit_cli.spec import STDIN, expand, find_config, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from weightinit_cli.spec import AnySpec

SUFFIXES = (".yaml", ".yml")


def find_specs(
    paths: Iterable[str], exclude: Sequence[str] = ()
) -> tuple[list[str], list[str], list[Problem]]:
    """Find the specs at the paths; say in a line each what is left out; list what is wrong.

    Files are taken as they are given, folders are searched to the bottom, sorted. Links to folders
    are followed, each real folder is searched once. A file that is met under several names is taken
    once, by a name without a link if there is one. Hidden files and folders are left out. A pattern
    excludes a file by its name or by its path below the folder that is searched (`*` also stands
    for slashes). A folder without a spec, or with none left, a dead link and whatever cannot be
    read or is no file are problems.
    """
    roots = list(dict.fromkeys(paths))
    search = _Search(roots)
    for number, path in enumerate(roots):
        if _is_folder(path):
            search.folder(Path(path), number)
        else:
            search.met.append(_Met(number, Path(path), path, path, linked=os.path.islink(path)))  # noqa: PTH114
    search.linked_folders()
    wanted: list[_Met] = []
    for number, path in enumerate(roots):
        inside = sorted(each for each in search.met if each.root == number)
        kept = []
        for each in inside:
            if any(fnmatch(name, glob) for glob in exclude for name in _names(each.relative)):
                search.left_out.append(f"{each.name}: excluded")
            else:
                kept.append(each)
        if not inside and number not in search.refused:
            search.problems.append(_problem(path, "a folder without *.yaml or *.yml"))
        elif inside and not kept:
            search.problems.append(_problem(path, "nothing is left of it: all specs are excluded"))
        wanted += kept
    return _names_of_each_once(wanted, search.left_out), search.left_out, search.problems


class Plan(NamedTuple):
    """The specs of a batch, and those that cannot be run, by their paths, with the reasons.

    `impossible` has the reasons why single runs of the specs cannot be done, by their folders.
    """

    specs: tuple[AnySpec, ...]
    errors: tuple[tuple[str, WinitError], ...]
    impossible: Mapping[str, WinitError]

    @property
    def total(self) -> int:
        """How many runs there are."""
        return sum(len(expand(spec)) for spec in self.specs)

    def runs(self) -> Iterator[AnySpec]:
        """Give every run, in order, each built when it is asked for."""
        return (run for spec in self.specs for run in expand(spec))


def make_plan(sources: Iterable[str], load: Callable[[str], AnySpec]) -> Plan:
    """Load every spec and check all its runs; a bad one keeps out no other.

    A spec of which only some runs can be done is taken: the others fail when their turn comes.
    Specs of one name would write to one folder: none of them is taken.
    """
    specs: list[AnySpec] = []
    errors: list[tuple[str, WinitError]] = []
    wrong: dict[str, WinitError] = {}
    for source in sources:
        try:
            spec = load(source)
            runs = expand(spec)
            wrong |= {runs[number].folder: why for number, why in impossible(spec).items()}
        except WinitError as error:
            errors.append((source, error))
        else:
            specs.append(spec)
    by_name: dict[str, list[AnySpec]] = {}
    for spec in specs:
        by_name.setdefault(folded(spec.name), []).append(spec)
    for same in by_name.values():
        errors += _one_folder(same) if len(same) > 1 else ()
    alone = tuple(spec for spec in specs if len(by_name[folded(spec.name)]) == 1)
    names = {spec.name for spec in alone}
    kept = {folder: why for folder, why in wrong.items() if folder.partition("/")[0] in names}
    return Plan(alone, tuple(errors), kept)


class _Met(NamedTuple):
    """A file that was met: under which of the given paths, and what it is called from where."""

    root: int
    path: Path
    name: str
    relative: str
    linked: bool


class _Search:
    """Goes through folders; links to folders wait until all real folders are known.

    A root is one of the paths that were given, by its number.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = roots
        self.met: list[_Met] = []
        self.left_out: list[str] = []
        self.problems: list[Problem] = []
        self.refused: set[int] = set()
        self._searched: dict[object, Path] = {}
        self._waiting: list[tuple[Path, int]] = []

    def folder(self, top: Path, root: int, *, linked: bool = False) -> None:
        """Note what lies below a folder, which itself is a root or lies below it."""
        hidden: list[str] = []
        stack = [top]
        while stack:
            place = stack.pop()
            former = self._searched.setdefault(_identity(place), place)
            if linked and former is not place:
                self.left_out.append(f"{place}: left out: the same folder as {former}")
                continue
            try:
                with os.scandir(place) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self._refuse(place, root, f"cannot be searched: {reason(error).lower()}")
                continue
            for entry in entries:
                path = place / entry.name
                if entry.name.startswith("."):
                    if entry.is_dir() or _is_spec(entry.name):
                        hidden.append(path.relative_to(top).as_posix())
                elif entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                else:
                    self._file(entry, path, root, linked=linked)
        if hidden:
            self.left_out.append(f"{top}: left out, as hidden: {', '.join(sorted(hidden))}")

    def linked_folders(self) -> None:
        """Search the folders that links lead to, as far as they are not searched yet."""
        while self._waiting:
            path, root = self._waiting.pop(0)
            self.folder(path, root, linked=True)

    def _file(self, entry: os.DirEntry[str], path: Path, root: int, *, linked: bool) -> None:
        """Note a file, or whatever a link leads to."""
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if _is_spec(entry.name):
                self._refuse(path, root, f"cannot be read: {reason(error).lower()}", link=True)
            else:
                self.left_out.append(f"{path}: left out: a link that leads nowhere")
            return
        if stat.S_ISDIR(mode):
            self._waiting.append((path, root))
        elif _is_spec(entry.name) and not stat.S_ISREG(mode):
            self._refuse(path, root, "no regular file, so it is not read")
        elif _is_spec(entry.name):
            relative = path.relative_to(self._roots[root]).as_posix()
            met = _Met(root, path, str(path), relative, linked or entry.is_symlink())
            self.met.append(met)

    def _refuse(self, path: Path, root: int, message: str, *, link: bool = False) -> None:
        self.refused.add(root)
        if link and path.is_symlink():
            message = f"a link to {printable(os.readlink(path))}, which {message}"  # noqa: PTH115
        self.problems.append(_problem(str(path), message))


def _names_of_each_once(wanted: Sequence[_Met], left_out: list[str]) -> list[str]:
    """Name each file by the first of its names without a link, else by the first."""
    specs = []
    names: dict[object, _Met] = {}
    for each in sorted(wanted, key=lambda each: each.linked):
        names.setdefault(_identity(each.path), each)
    for each in wanted:
        taken = names[_identity(each.path)]
        if each is taken:
            specs.append(each.name)
        elif os.path.abspath(each.path) != os.path.abspath(taken.path):  # noqa: PTH100
            left_out.append(f"{each.name}: left out: the same file as {taken.name}")
    return specs


def _identity(path: Path) -> object:
    """Return what all names of a file or folder share; the name of what is not there."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path)
    if status.st_ino:
        return status.st_dev, status.st_ino
    return os.path.realpath(path)


def _is_folder(path: str) -> bool:
    try:
        return path != STDIN and find_config(path).is_dir()
    except (SpecError, OSError, ValueError):
        return False


def _is_spec(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _names(relative: str) -> tuple[str, str]:
    path = Path(relative)
    return path.as_posix(), path.name


def _problem(path: str, message: str) -> Problem:
    return Problem(Mark(printable(path)), "", message)


def _one_folder(same: Sequence[AnySpec]) -> Iterator[tuple[str, WinitError]]:
    places = [spec.marks.get("name") or Mark(spec.marks[""].source) for spec in same]
    for place, spec in zip(places, same, strict=True):
        message = f"{spec.name!r} is also the name of {_others(places, place)}"
        yield place.source, SpecError([Problem(place, "name", message)])


def _others(places: Sequence[Mark], place: Mark) -> str:
    others = [other.source for other in places if other is not place]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"{others[0]}{more}; all would write to one folder"
