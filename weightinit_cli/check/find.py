"""The saved results below a folder."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.errors import ResultError
from weightinit_cli.results import STATS, load_saved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.results import AnyResult

MOST_BYTES = 1 << 28


def find_results(root: Path) -> dict[str, Path]:
    """Every stats.json below a folder, by its own folder relative to `root`, in order.

    `root` may be a link, and a stats.json itself, which then stands under its folder's name.
    Raises ResultError where there is none.
    """
    if root.is_file():
        return {root.absolute().parent.name: root}
    if not root.is_dir():
        raise ResultError(
            f"{root}: no such folder; winit histogram, symmetry, train and batch write results"
        )
    found = {path.parent.relative_to(root).as_posix(): path for path in _walk(root)}
    if not found:
        raise ResultError(f"{root}: holds no results; there is no {STATS} in it or below")
    if "." in found:
        found[root.absolute().name] = found.pop(".")
    return dict(sorted(found.items()))


def read_result(path: Path, root: Path) -> tuple[AnyResult, int]:
    """A saved result and the schema version of its file.

    Raises ResultError where it can't be read, is too large, no file, or a link out of `root`.
    """
    base = root if root.is_dir() else root.parent
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(base)):
        raise ResultError(f"{path}: leads out of {base} through a link; refused")
    try:
        status = path.stat()
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror or error}") from None
    if not stat.S_ISREG(status.st_mode):
        raise ResultError(f"{path}: not a file")
    if status.st_size > MOST_BYTES:
        size = f"{status.st_size / 2**20:,.0f} MiB"
        raise ResultError(f"{path}: {size} is more than any result, {MOST_BYTES >> 20} MiB")
    return load_saved(path)


def excluded(name: str, globs: Sequence[str]) -> bool:
    """Whether a run's folder, one that it lies in, or its last part matches one of the globs."""
    parts = name.split("/")
    names = [*("/".join(parts[: k + 1]) for k in range(len(parts))), parts[-1]]
    return any(fnmatchcase(each, glob.rstrip("/")) for each in names for glob in globs)


def _walk(folder: Path) -> Iterator[Path]:
    """Links to folders are taken for results, which they may not be where they lead out."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        if STATS in files or STATS in folders:
            yield Path(place, STATS)
        for name in folders:
            linked = Path(place, name)
            if name != STATS and linked.is_symlink() and (linked / STATS).exists():
                yield linked / STATS
