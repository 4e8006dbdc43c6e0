"""Which files a batch is of: those of folders, in order, without what is excluded."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import Mark, Problem, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUFFIXES = (".yaml", ".yml")


class Found(NamedTuple):
    """The specs, as they are to be named; those left out; and what is wrong with the paths."""

    specs: list[str]
    excluded: list[str]
    problems: list[Problem]


def find_specs(paths: Iterable[str], exclude: Sequence[str] = ()) -> Found:
    """The specs at the paths: files as they are given, folders searched to the bottom, sorted.

    A pattern excludes a file by its name or by its path below the folder that is searched
    (`*` also stands for slashes). A file that is met twice is taken once. A folder without a spec,
    or with none left, is a problem.
    """
    found = Found([], [], [])
    seen: set[str] = set()
    for path in paths:
        try:
            inside = list(_below(Path(path))) if os.path.isdir(path) else [(path, path)]  # noqa: PTH112
        except OSError as error:
            where = str(error.filename or path)
            reason = (error.strerror or str(error)).lower()
            found.problems.append(_problem(where, f"cannot be searched: {reason}"))
            continue
        if not inside:
            found.problems.append(_problem(path, "a folder without *.yaml or *.yml"))
        left = False
        for spec, relative in inside:
            if any(fnmatch(name, glob) for glob in exclude for name in _names(relative)):
                found.excluded.append(spec)
                continue
            left = True
            if (identity := os.path.realpath(spec)) not in seen:
                seen.add(identity)
                found.specs.append(spec)
        if inside and not left:
            found.problems.append(_problem(path, "nothing is left of it: all specs are excluded"))
    return found


def _names(relative: str) -> tuple[str, str]:
    path = Path(relative)
    return path.as_posix(), path.name


def _below(folder: Path) -> Iterator[tuple[str, str]]:
    """Every spec below a folder, by its path and by its path from there."""

    def refuse(error: OSError) -> None:
        raise error

    found = [
        path
        for place, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if name.endswith(SUFFIXES) and (path := Path(place, name)).is_file()
    ]
    for path in sorted(found):
        yield str(path), path.relative_to(folder).as_posix()


def _problem(path: str, message: str) -> Problem:
    return Problem(Mark(printable(path)), "", message)
