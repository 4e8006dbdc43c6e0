"""The saved results below a folder: where they are, and each of them read from inside it alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.errors import WinitError, reason
from weightinit_cli.results.store import STATS, load_saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.results.kinds import AnyResult


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
            f"{root}: no such folder; winit histogram, symmetry, train, batch and, with -o, probe "
            "write results"
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
