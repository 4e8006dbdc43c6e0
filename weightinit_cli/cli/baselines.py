"""Which saved result is compared with what, for `winit check` and `winit diff`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.cli import specs, terminal
from weightinit_cli.errors import Mark, Problem, SpecError, WinitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.spec import AnySpec

Saved = tuple[Path, Path]  # a stats.json, and the folder that was given


class Pair(NamedTuple):
    """One run: its folder, its saved result, and its spec where that is not the result's own.

    Or a spec that cannot be read, by its file, with what is wrong; `unread` says that there are
    such, one of which may be the run's.
    """

    run: str
    root: Path
    path: Path | None
    spec: AnySpec | None
    with_specs: bool
    errors: tuple[str, ...] = ()
    unread: bool = False


def pairs_of(
    paths: Sequence[str], against: Path | None, globs: Sequence[str], *, quiet: bool
) -> tuple[list[Pair], int]:
    """What a check is about, and the exit code of what could not be read.

    Without `against`, `paths` hold saved results; with it specs, and `against` the results.
    Raises WinitError where nothing is left to check.
    """
    from weightinit_cli.guard import find_results

    code = 0
    pairs = []
    if against is None:
        for path in paths:
            root = Path(path)
            try:
                found = find_results(root)
            except WinitError as error:
                code = max(code, terminal.fail(error.lines, error.exit_code))
                continue
            name = f"{root}/" if len(paths) > 1 else ""
            pairs += [Pair(f"{name}{run}", root, file, None, False) for run, file in found.items()]
        return _kept(pairs, globs, quiet=quiet), code
    saved = find_results(against)
    wanted, unread, code = _specs_of(paths, quiet=quiet)
    _find_former(saved, wanted)
    for run in sorted({**saved, **wanted}):
        spec = wanted.get(run)
        pairs.append(Pair(run, against, saved.get(run), spec, True, unread=bool(unread)))
    broken = [
        Pair(config, against, Path(config), None, True, error.lines) for config, error in unread
    ]
    return broken + (_kept(pairs, globs, quiet=quiet) if pairs else []), code


def _find_former(saved: dict[str, Path], wanted: Mapping[str, AnySpec]) -> None:
    """Take a result under the name that an earlier version gave to its run for the run's own."""
    for run, spec in wanted.items():
        formers = () if run in saved else spec.former_folders
        for former in formers:
            if former in saved and former not in wanted:
                saved[run] = saved.pop(former)
                break


def several_of(paths: Sequence[str]) -> Iterator[tuple[AnySpec, list[str]]]:
    """The specs of several runs below these paths, with their runs' folders."""
    from weightinit_cli.batch import find_specs
    from weightinit_cli.spec import expand

    for config in find_specs(paths).specs:
        with suppress(WinitError):
            spec = specs.load(config)
            if spec.runs is not None:
                yield spec, [run.folder for run in expand(spec)]


def sides_of(
    old: Path, new: Path, globs: Sequence[str], *, quiet: bool
) -> Iterator[tuple[str, Saved | None, Saved | None]]:
    """The runs of two folders beside each other; two single results, whatever their names."""
    from weightinit_cli.guard import find_results

    a, b = find_results(old), find_results(new)
    if len(a) == len(b) == 1:
        b = dict(zip(a, b.values(), strict=True))
    runs = [Pair(run, old, None, None, False) for run in sorted({**a, **b})]
    for pair in _kept(runs, globs, quiet=quiet):
        run = pair.run
        yield run, (a[run], old) if run in a else None, (b[run], new) if run in b else None


def _kept(pairs: list[Pair], globs: Sequence[str], *, quiet: bool) -> list[Pair]:
    from weightinit_cli.guard import excluded

    kept = []
    for pair in pairs:
        if not excluded(pair.run, globs):
            kept.append(pair)
        elif not quiet:
            terminal.note(f"excluded: {pair.run}")
    if pairs and not kept:
        raise SpecError([Problem(Mark("--exclude"), "", "leaves nothing to check")])
    return kept


def _specs_of(
    paths: Sequence[str], *, quiet: bool
) -> tuple[dict[str, AnySpec], list[tuple[str, WinitError]], int]:
    """Every run of the specs by its folder, two of one folder being an error, and bad specs."""
    from weightinit_cli.spec import expand

    there, code = specs.find(paths, quiet=quiet)
    found: dict[str, AnySpec] = {}
    unread: list[tuple[str, WinitError]] = []
    for config in there:
        try:
            for run in expand(specs.load(config)):
                if found.setdefault(run.folder, run) is not run:
                    raise SpecError([run.problem("name", f"another spec writes to {run.folder}")])
        except WinitError as error:
            unread.append((config, error))
    return found, unread, code
