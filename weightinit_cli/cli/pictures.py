"""The pictures of a result, for the commands that write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results import Result

format_option = click.option(
    "--format",
    "formats",
    type=click.Choice(["png", "svg", "pdf"]),
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
    return {f"histogram.{name}": render(drawing, name, result.digest) for name in wanted}
