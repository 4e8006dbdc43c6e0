"""The pictures of a result, for the commands that write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from weightinit_cli.results import Result

FORMATS = ("png", "svg", "pdf")
PICTURES = ("histogram", "depth")

format_option = click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=["png"],
    show_default=True,
    help="Format of the pictures. Repeatable.",
)


def pictures(result: Result, formats: Iterable[str]) -> dict[str, bytes]:
    """Both pictures in each format, by file name."""
    wanted = tuple(dict.fromkeys(formats))
    if not wanted:
        return {}
    from weightinit_cli.plots import compose, compose_depth, render

    drawings = {"histogram": compose(result), "depth": compose_depth(result)}
    return {
        f"{picture}.{name}": render(drawing, name, result.digest)
        for picture, drawing in drawings.items()
        for name in wanted
    }


def outdated(folder: Path, digest: str) -> list[str]:
    """The pictures in a result's folder that are of another run."""
    names = (f"{picture}.{name}" for picture in PICTURES for name in FORMATS)
    return [name for name in names if _is_of_another(folder / name, digest)]


def _is_of_another(picture: Path, digest: str) -> bool:
    try:
        return picture.is_file() and digest.encode() not in picture.read_bytes()
    except OSError:
        return False
