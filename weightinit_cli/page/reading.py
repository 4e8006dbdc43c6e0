"""The results below folders, under the names of their runs, and what of them cannot be read."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.errors import WinitError
from weightinit_cli.reading import read_file
from weightinit_cli.results.folders import find_results, read_result
from weightinit_cli.results.plain import Mismatch
from weightinit_cli.results.store import parse
from weightinit_cli.results.tree import RunTree, in_short, listed_runs
from weightinit_cli.results.words import full_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.results import AnyResult

INDEX = "index.json"  # of a batch


class Listed(NamedTuple):
    """What stands of a run in the list of several runs of a spec.

    Its label and its digest; in what it differs, as pairs of a path and its value; and of all of
    them the place, the title and how many there are.
    """

    label: str
    digest: str
    varied: tuple[tuple[str, Any], ...]
    place: str
    title: str
    number: int


class Named(NamedTuple):
    """A result, its folder as a person finds it below what was given, and the name of its run."""

    place: str
    name: str
    result: AnyResult
    listed: Listed | None = None


class Saved(NamedTuple):
    """A result on disk below `root`, and what stands of its folder in a list of several runs."""

    place: str
    file: Path
    root: Path
    listed: Listed | None

    def read(self) -> Named:
        """Read it. Raises WinitError where it cannot be read."""
        result, _ = read_result(self.file, self.root)
        listed = self.listed
        if listed is not None and listed.digest not in ("", result.digest):
            listed = None  # another run's, which stands in its folder
        return Named(self.place, name_of(result, listed.label if listed else ""), result, listed)


class Unread:
    """What is not among the results, in lines: `damaged` ones, and runs that have none.

    `root` is the folder that all of them are in, which a page does not name: it may be sent.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self.damaged: list[str] = []
        self.lacking: list[str] = []

    @property
    def lines(self) -> list[str]:
        """All of them, as a page tells them."""
        above = "" if self._root is None else f"{self._root}{os.sep}"
        return [*(line.removeprefix(above) for line in self.damaged), *self.lacking]


def name_of(result: AnyResult, label: str = "") -> str:
    """What a run is called: `article, std = 10`, with its label among several runs of a spec."""
    return ", ".join(filter(None, (full_name(result.name, result.overrides), label)))


def saved_below(places: Sequence[Path], unread: Unread) -> list[Saved]:
    """Return every result below these folders once, the runs of a spec in their order.

    Folders without one, and runs that are known to have none, are noted in `unread`.
    """
    every: dict[str, Saved] = {}
    for place in places:
        try:
            found = find_results(place)
        except WinitError as error:
            unread.damaged += error.lines
            continue
        trees = {file.parent.parent: listed_runs(file.parent.parent) for file in found.values()}
        ordered = sorted(_ordered(found, trees), key=lambda each: each[0])
        for _, run, listed in ordered:
            shown = run if len(places) == 1 else found[run].parent.as_posix()
            saved = Saved(shown, found[run], place, listed)
            every.setdefault(os.path.realpath(saved.file), saved)
        unread.lacking += _lacking(place, found, trees)
    return list(every.values())


def _ordered(
    found: Mapping[str, Path], trees: Mapping[Path, RunTree | None]
) -> Iterator[tuple[tuple[str, int, str], str, Listed | None]]:
    """Give every run with its place in the order, and what stands of it in the list beside it."""
    listed = {above: _by_folder(above, tree) for above, tree in trees.items() if tree}
    for run, file in found.items():
        number, own = listed.get(file.parent.parent, {}).get(file.parent.name, (-1, None))
        yield (run if own is None else run.rpartition("/")[0], number, run), run, own


def _by_folder(above: Path, tree: RunTree) -> dict[str, tuple[int, Listed]]:
    of = (str(above), full_name(tree.name, tree.overrides), len(tree.runs))
    return {
        run.folder: (number, Listed(run.label, run.digest, tree.varied(run), *of))
        for number, run in enumerate(tree.runs)
    }


def _lacking(
    place: Path, found: Mapping[str, Path], trees: Mapping[Path, RunTree | None]
) -> Iterator[str]:
    """Say which runs failed in a batch, and which of the runs of a spec have no result."""
    failed = dict(_failed(place))
    for folder, errors in failed.items():
        yield f"{folder}: {' '.join(errors)}"
    folders = {file.parent for file in found.values()}
    for above, tree in trees.items():
        if tree is None:
            continue
        gone = [run.folder for run in tree.runs if above / run.folder not in folders]
        missing = [folder for folder in gone if f"{tree.name}/{folder}" not in failed]
        if missing:
            yield f"{tree.name}: {in_short(tree, missing)}"


def _failed(place: Path) -> Iterator[tuple[str, list[str]]]:
    """Give the runs that the index of a batch calls failed, and why, as far as it can be read."""
    index: Any = None
    with suppress(OSError, Mismatch):
        index = parse(read_file(place / INDEX))
    runs = index.get("runs") if isinstance(index, dict) else None
    for each in runs if isinstance(runs, list) else ():
        if isinstance(each, dict) and each.get("status") == "failed":
            errors = each.get("errors")
            lines = errors if isinstance(errors, list) else ()
            yield str(each.get("folder")), list(map(str, lines))
