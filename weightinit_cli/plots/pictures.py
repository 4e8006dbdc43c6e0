"""A result's pictures as files: name and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.compose import compose, compose_comparison, compose_depth
from weightinit_cli.plots.render import render
from weightinit_cli.results.pictures import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.model import Result


def pictures(result: Result, formats: Iterable[str]) -> dict[str, bytes]:
    """Both pictures of a run in each of the formats, by file name."""
    drawings = {"histogram": compose(result), "depth": compose_depth(result)}
    return {
        f"{picture}.{name}": render(drawing, name, result.digest)
        for picture, drawing in drawings.items()
        for name in dict.fromkeys(formats)
    }


def comparison_pictures(comparison: Comparison, formats: Iterable[str]) -> dict[str, bytes]:
    """The picture over several runs in each of the formats; none where nothing can be drawn."""
    drawing = compose_comparison(comparison)
    if drawing is None:
        return {}
    return {f"{COMPARISON}.{name}": render(drawing, name, "") for name in dict.fromkeys(formats)}
