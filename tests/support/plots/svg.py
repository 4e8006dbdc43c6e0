"""The texts of a picture, as its SVG has them."""

from __future__ import annotations

import re
from typing import NamedTuple

from support.plots.builders import DIGEST
from weightinit_cli.plots import render

WARNING, QUIET = "#b24500", "#5c5c5c"
TEXT = re.compile(
    r"<!-- (?P<text>.*?) -->\s*<g style=\"fill: (?P<color>#\w+)\""
    r" transform=\"translate\((?P<x>[-.\d]+) (?P<y>[-.\d]+)\)"
)


class Text(NamedTuple):
    """A text, its colour, and where it begins, in points from the picture's lower left."""

    text: str
    color: str
    x: float
    y: float


def texts_of(drawing) -> list[Text]:
    """Every text of a picture."""
    svg = render(drawing, "svg", DIGEST).decode()
    return [
        Text(text, color, float(x), drawing.height - float(y))
        for text, color, x, y in TEXT.findall(svg)
    ]
