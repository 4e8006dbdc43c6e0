"""A result's files: stats.json and the pictures beside it, their names, of which run they are."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

from weightinit_cli.reading import read_file
from weightinit_cli.results.files import write_files
from weightinit_cli.results.model import Result
from weightinit_cli.results.store import STATS, dump_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from weightinit_cli.results.consistency import AnyResult

FORMATS = ("png", "svg", "pdf")
PICTURES = {
    "histogram": ("histogram", "depth"),
    "symmetry": ("symmetry",),
    "training": ("training",),
}
KERNELS = "kernels"
COMPARISON = "comparison"


def picture_names(result: AnyResult, formats: Iterable[str]) -> list[str]:
    """The files of a result's pictures in these formats."""
    pictures = PICTURES[result.spec["experiment"]]
    if isinstance(result, Result) and result.kernels is not None:
        pictures = (*pictures, KERNELS)
    return [f"{picture}.{name}" for picture in pictures for name in formats]


def files_of(result: AnyResult, drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    """A result's files by name: its pictures as they were drawn, then stats.json."""
    return {**drawn, STATS: dump_result(result).encode()}


def save_files(out: Path, folder: str, digest: str, files: Mapping[str, bytes]) -> list[Path]:
    """Write a result's files to its folder and return their paths; pictures of another run go.

    Raises OutputError where they cannot be written.
    """
    former = (name for name in outdated(out / folder, digest) if name not in files)
    return write_files(out, folder, files, former)


def is_of(file: Path, digest: str) -> bool:
    """Whether a picture or stats.json is there and is that of the run with this digest."""
    try:
        return digest.encode() in read_file(file)
    except OSError:
        return False


def outdated(place: Path, digest: str) -> Iterator[str]:
    """The pictures in a result's folder that can't be shown to be of the run with this digest.

    A folder of a picture's name is none.
    """
    for picture in (KERNELS, *chain.from_iterable(PICTURES.values())):
        for name in FORMATS:
            file = place / f"{picture}.{name}"
            if os.path.lexists(file) and not (file.is_dir() or is_of(file, digest)):
                yield file.name
