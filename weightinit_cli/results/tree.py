"""Several runs of one spec on disk: their folders, and beside them the list of what belongs there.

`runs.json` is written before the first run: whatever ends a sweep, what is done can be shown. What
was varied stands in no run's own result, nor does their order.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, counted, reason
from weightinit_cli.reading import read_file
from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.model import LEFT_OUT
from weightinit_cli.results.plain import Mismatch, decode, plain
from weightinit_cli.results.store import RUNS, STATS, load_result, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.results.kinds import AnyResult

MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One of the runs: its folder, what people are shown, its digest, its value on every axis.

    Without a list, `digest` is empty, and stands for any.
    """

    folder: str
    label: str
    digest: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RunTree:
    """The runs of a spec in their order, those that failed too; `axes` are the varied paths."""

    name: str
    axes: tuple[str, ...]
    runs: tuple[ListedRun, ...]
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)

    def varied(self, run: ListedRun) -> tuple[tuple[str, Any], ...]:
        """What a run differs in, as pairs of a path and its value."""
        return tuple(zip(self.axes, run.values, strict=True))


def dump_tree(tree: RunTree) -> bytes:
    """The list as JSON, a line per run."""
    names = sorted(each.name for each in fields(ListedRun))
    lines = (json.dumps({name: getattr(run, name) for name in names}) for run in tree.runs)
    runs = ",\n ".join(lines)
    head = {key: value for key, value in plain(replace(tree, runs=())).items() if key != "runs"}
    return f'{json.dumps(head)[:-1]}, "runs": [\n {runs}\n]}}\n'.encode()


def find_tree(place: Path) -> RunTree | None:
    """The runs whose folders stand in `place`; None where it is the folder of a single result.

    Where no list of them stands there, as earlier versions wrote none, every run counts as a
    variant with its folder's name. Raises WinitError where the list is damaged, and for a folder of
    several specs.
    """
    file = place / RUNS
    if not os.path.isfile(file):  # noqa: PTH113  # which does not mind where nobody may look
        return _unlisted(place)
    try:
        tree: RunTree = decode(RunTree, parse(read_file(file)))
        _check(tree)
    except Mismatch as error:
        raise WinitError(f"{file}: {error}") from None
    except OSError as error:
        raise WinitError(f"{file}: {reason(error)}") from None
    return tree


def results_of(
    place: Path, tree: RunTree, missing: list[str], damaged: list[WinitError]
) -> Iterator[tuple[ListedRun, AnyResult]]:
    """Give every run with its result, one at a time; note what is missing and what is damaged.

    A result of another spec that stands in a run's folder is not that run's.
    """
    for run in tree.runs:
        folder = place / run.folder
        if not (folder / STATS).exists():
            missing.append(run.folder)
            continue
        try:
            result = load_result(folder)
        except WinitError as error:
            damaged.append(error)
            continue
        if run.digest in ("", result.digest):
            yield run, result
        else:
            missing.append(run.folder)


def labelled(place: Path, result: AnyResult) -> AnyResult:
    """A result of the folder `place` under its own name where it is one of several runs.

    `article, std = 10`: the label stands in the list of the runs beside it.
    """
    own = place.absolute()
    run = listed_run(listed_runs(own.parent), own.name, result.digest)
    return result if run is None else replace(result, name=f"{result.name}, {run.label}")


def listed_runs(place: Path) -> RunTree | None:
    """The runs that are listed in a folder; None where there is no list, or a damaged one."""
    try:
        return find_tree(place) if (place / RUNS).is_file() else None
    except (WinitError, OSError):
        return None


def listed_run(tree: RunTree | None, folder: str, digest: str) -> ListedRun | None:
    """The one of the listed runs whose result this is; None of any other result."""
    runs = tree.runs if tree else ()
    return next((run for run in runs if (run.folder, run.digest) == (folder, digest)), None)


def replaced_runs(place: Path, tree: RunTree) -> str:
    """In words what the runs of a spec replace in their folder, but for the same; else empty."""
    if (place / STATS).exists():
        return f"{place}: replaces the result of a single run"
    try:
        former = find_tree(place)
    except WinitError:
        return ""
    own = {run.folder for run in tree.runs}
    gone = [run.folder for run in former.runs if run.folder not in own] if former else []
    return f"{place}: replaces a comparison with other runs ({listed(gone)})" if gone else ""


def listed(names: list[str]) -> str:
    """A few names: `a, b, c, d and 3 more`."""
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def in_short(tree: RunTree, missing: list[str]) -> str:
    """In words which runs have no result."""
    of = counted(len(tree.runs), "run")
    return f"{len(missing):,} of {of} without a result: {listed(missing)}"


def _check(tree: RunTree) -> None:
    """Raise Mismatch where a list is none that winit writes."""
    if not tree.runs:
        raise Mismatch("runs", "must not be empty")
    for number, run in enumerate(tree.runs):
        if run.folder in ("", "..") or Path(run.folder).name != run.folder:
            raise Mismatch(f"runs.{number}.folder", "must be the name of a folder")
        if len(run.values) != len(tree.axes):
            raise Mismatch(f"runs.{number}.values", "not as many as axes")


def _unlisted(place: Path) -> RunTree | None:
    """The runs in a folder's folders; None where there are none, or it has a result of its own.

    Raises WinitError where they are of other specs, each with a name of its own.
    """
    try:
        if (place / STATS).exists():
            return None
        below = {file.parent.name for each in (STATS, RUNS) for file in place.glob(f"*/{each}")}
    except OSError:
        return None
    name = place.absolute().name
    folders = sorted(below, key=_by_numbers)
    for folder in folders:
        try:
            first = load_result(place / folder)
        except WinitError:
            continue
        if first.name == name:
            runs = tuple(ListedRun(each, each, "", (each,)) for each in folders)
            return RunTree(name, (VARIANT,), runs, first.overrides)
        break
    if folders:
        raise WinitError(f"{place}: give the folder of one spec; it holds {listed(folders)}")
    return None


def _by_numbers(name: str) -> list[tuple[float, str]]:
    """A key that sorts `seed=2` before `seed=10`."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(float(part), "") if k % 2 else (0.0, part) for k, part in enumerate(parts)]
