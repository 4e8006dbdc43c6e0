"""The saved results below a folder, and which of them is compared with what."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.results.folders import find_results, read_result
from weightinit_cli.results.store import written_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
