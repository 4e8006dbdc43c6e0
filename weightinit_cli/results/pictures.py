"""The pictures that stand beside a saved result: their names, and of which run they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMATS = ("png", "svg", "pdf")
PICTURES = {
    "histogram": ("histogram", "depth"),
    "symmetry": ("symmetry",),
    "training": ("training",),
}
COMPARISON = "comparison"


def picture_names(experiment: str, formats: Iterable[str] = FORMATS) -> list[str]:
    """The files of a result's pictures in these formats."""
    return [f"{picture}.{name}" for picture in PICTURES[experiment] for name in formats]


def is_of(picture: Path, digest: str) -> bool:
    """Whether the picture is there and is that of the run with this digest."""
    return _digest_in(picture, digest) is True


def outdated(place: Path, digest: str) -> list[str]:
    """The pictures in a result's folder that are of another run."""
    names = [name for experiment in PICTURES for name in picture_names(experiment)]
    return [name for name in names if _digest_in(place / name, digest) is False]


def _digest_in(picture: Path, digest: str) -> bool | None:
    try:
        return digest.encode() in picture.read_bytes()
    except OSError:
        return None
