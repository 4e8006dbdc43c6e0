"""The saved results below a folder, and which of them is compared with what."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import SpecError, WinitError, reason
from weightinit_cli.results import STATS, load_saved
from weightinit_cli.results.store import written_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from weightinit_cli.errors import Problem
    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec

SavedFile = tuple[Path, Path]  # a stats.json, and the folder that was given


class Pair(NamedTuple):
    """One run: its folder, its saved result, and its spec where that is not the result's own.

    Or what cannot be read, by its path, with what is wrong; `unread` says that there are specs
    that cannot, one of which may be the run's. A result in memory is `held`; its path is its name.
    """

    run: str
    root: Path
    path: Path | None
    spec: AnySpec | None
    with_specs: bool
    errors: tuple[str, ...] = ()
    unread: bool = False
    held: AnyResult | None = None


def pairs_of_results(root: Path, prefix: str = "") -> list[Pair]:
    """Return every saved result below a folder, to be compared under the spec inside it.

    `prefix` begins the runs' names. Raises WinitError where there is none.
    """
    found = find_results(root)
    return [Pair(f"{prefix}{run}", root, path, None, False) for run, path in found.items()]


def pairs_of_specs(
    configs: Iterable[str],
    saved: Mapping[str, Path],
    root: Path,
    load: Callable[[str], AnySpec] | None = None,
    problems: Sequence[Problem] = (),
) -> tuple[list[Pair], list[Pair]]:
    """Return every run of the specs with its saved result, of those that were found below `root`.

    They come after the specs that cannot be read; a run may lack either side. `load` reads a
    spec, by default as `load_spec` does; `problems` are those of looking for the specs.

    A saved result without a spec is left out where one that cannot be read would write to its
    folder, as far as its file's name tells: that spec's error is the result's, too.
    """
    from weightinit_cli.spec import default_name

    wanted, errors = _runs_of(configs, load)
    saved = _by_present_names(saved, wanted)
    errors = [*((each.mark.source, (str(each),)) for each in problems), *errors]
    unread = [unreadable(path, lines, root, with_specs=True) for path, lines in errors]
    names = {default_name(path) for path, _ in errors}
    pairs = [
        Pair(run, root, saved.get(run), wanted.get(run), True, unread=bool(unread))
        for run in sorted({**saved, **wanted})
        if run in wanted or run.partition("/")[0] not in names
    ]
    return unread, pairs


def unreadable(path: str, lines: tuple[str, ...], root: Path, *, with_specs: bool) -> Pair:
    """Return what stands in the reports for a spec or a folder that cannot be read."""
    return Pair(path, root, Path(path), None, with_specs, lines)


def sides_of(old: Path, new: Path) -> dict[str, tuple[SavedFile | None, SavedFile | None]]:
    """Return the runs of two folders beside each other; two single results whatever their names.

    Raises WinitError where one of the folders holds none.
    """
    a, b = find_results(old), find_results(new)
    if len(a) == len(b) == 1:
        b = dict(zip(a, b.values(), strict=True))
    return {
        run: ((a[run], old) if run in a else None, (b[run], new) if run in b else None)
        for run in sorted({**a, **b})
    }


def find_results(root: Path) -> dict[str, Path]:
    """Return every stats.json below a folder, by its own folder relative to `root`, in order.

    `root` may be a link, and a stats.json itself, which then stands under its folder's name. A
    folder that can't be searched stands for what it may hold: `read_result` says why.
    Raises WinitError where there is none.
    """
    try:
        is_folder = stat.S_ISDIR(root.stat().st_mode)
    except (FileNotFoundError, ValueError):
        raise WinitError(
            f"{root}: no such folder; winit histogram, symmetry, train and batch write results"
        ) from None
    except OSError as error:
        raise WinitError(f"{root}: {reason(error)}") from None
    if not is_folder:
        return {_own_name(root.parent): root}
    found = {
        (path.parent if path.name == STATS else path).relative_to(root).as_posix(): path
        for path in _walk(root)
    }
    if not found:
        raise WinitError(f"{root}: holds no results; there is no {STATS} in it or below")
    if "." in found:
        found[_own_name(root)] = found.pop(".")
    return dict(sorted(found.items()))


def read_result(path: Path, root: Path) -> tuple[AnyResult, int]:
    """Return a saved result and the schema version that it was written in.

    Raises WinitError where it can't be read, is too large, no file, or a link out of `root`.
    """
    base = root if os.path.isdir(root) else root.parent  # noqa: PTH112
    try:
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(base))
        if os.path.isdir(path):  # noqa: PTH112
            with os.scandir(path):
                raise WinitError(f"{path}: not a file")
    except OSError as error:
        raise WinitError(f"{path}: {reason(error)}") from None
    if not inside:
        raise WinitError(f"{path}: leads out of {base} through a link; refused")
    return load_saved(path)


def read(given: SavedFile | AnyResult) -> tuple[AnyResult, int]:
    """Return a result and the schema version that it was written in; raises as `read_result`."""
    return read_result(*given) if isinstance(given, tuple) else (given, written_in(given))


def excluded(name: str, globs: Sequence[str]) -> bool:
    """Whether a run's folder, one that it lies in, or its last part matches one of the globs."""
    parts = name.split("/")
    names = [*("/".join(parts[: k + 1]) for k in range(len(parts))), parts[-1]]
    return any(fnmatchcase(each, glob.rstrip("/")) for each in names for glob in globs)


def _runs_of(
    configs: Iterable[str], load: Callable[[str], AnySpec] | None
) -> tuple[dict[str, AnySpec], list[tuple[str, tuple[str, ...]]]]:
    """Return every run by its folder, which no two may share, and the specs that can't be read."""
    from weightinit_cli.spec import expand, load_spec

    found: dict[str, AnySpec] = {}
    unread = []
    for config in configs:
        try:
            for run in expand((load or load_spec)(config)):
                if found.setdefault(run.folder, run) is not run:
                    raise SpecError([run.problem("name", f"another spec writes to {run.folder}")])
        except WinitError as error:
            unread.append((config, error.lines))
    return found, unread


def _by_present_names(saved: Mapping[str, Path], wanted: Mapping[str, AnySpec]) -> dict[str, Path]:
    """Return the results by the present names of runs that earlier versions named otherwise."""
    from weightinit_cli.spec import former_folders

    found = dict(saved)
    for run, spec in wanted.items():
        formers = () if run in found else former_folders(spec)
        for former in formers:
            if former in found and former not in wanted:
                found[run] = found.pop(former)
                break
    return found


def _own_name(folder: Path) -> str:
    """Return the folder's name, also of one that is given as `.` or `..`."""
    try:
        return folder.absolute().name
    except OSError:  # the current folder is gone
        return str(folder)


def _walk(root: Path) -> Iterator[Path]:
    """Give every stats.json below a folder, and every folder that can't be searched, itself.

    Links to folders are taken for results, which they may not be where they lead out.
    """
    left = [root]
    while left:
        folder = left.pop()
        try:
            with os.scandir(folder) as entries:
                inside = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
        except OSError:
            yield folder
            continue
        if STATS in inside:
            yield folder / STATS
        for name, is_folder in inside.items():
            if name == STATS:
                continue
            if is_folder:
                left.append(folder / name)
            elif (folder / name).is_symlink():
                yield from _linked(folder / name)


def _linked(link: Path) -> Iterator[Path]:
    try:
        (link / STATS).lstat()
    except PermissionError:
        yield link
    except OSError:  # it leads to no folder, or to one without a result
        return
    else:
        yield link / STATS
