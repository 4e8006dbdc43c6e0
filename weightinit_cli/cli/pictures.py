"""The pictures of a result, for the commands that write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from weightinit_cli.results import Result

FORMATS = ("png", "svg", "pdf")

format_option = click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=["png"],
    show_default=True,
    help="Format of the picture. Repeatable.",
)


def pictures(result: Result, formats: Iterable[str]) -> dict[str, bytes]:
    """The picture in each format, by file name."""
    wanted = tuple(dict.fromkeys(formats))
    if not wanted:
        return {}
    from weightinit_cli.plots import compose, render

    drawing = compose(result)
    return {_file(name): render(drawing, name, result.digest) for name in wanted}


def outdated(folder: Path, digest: str) -> list[str]:
    """The pictures in a result's folder that are of another run."""
    return [_file(name) for name in FORMATS if _is_of_another(folder / _file(name), digest)]


def _is_of_another(picture: Path, digest: str) -> bool:
    try:
        return picture.is_file() and digest.encode() not in picture.read_bytes()
    except OSError:
        return False


def _file(name: str) -> str:
    return f"histogram.{name}"
