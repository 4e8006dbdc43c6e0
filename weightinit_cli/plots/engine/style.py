"""A matplotlib style -> Look: the colours of its paper and lines, in place of the pictures' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import AMBER, INK, MUTED, RULE, WHITE
from weightinit_cli.plots.engine.look import Look

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.drawing import Color

MUTED_PART = 0.75
RULE_PART = 0.15


def look_of(style: Any) -> Look:
    """The look that settings of matplotlib, by their names, ask for; what they leave stays ours.

    A style's cycle of colours gives the lines theirs in order. `axes.facecolor` and `text.color`
    give the paper, the text, and what is between the two.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_rgb

    usual: Any = mpl.rcParamsDefault

    def own(name: str) -> bool:
        return bool(name in style and style[name] != usual[name])

    colors: dict[Color, Color] = {}
    paper: Color = WHITE
    if own("axes.facecolor"):
        paper = to_rgb(style["axes.facecolor"])
    if own("text.color") or own("axes.facecolor"):
        text = to_rgb(style["text.color"]) if "text.color" in style else INK
        colors[INK] = text
        colors[MUTED] = _mixed(text, paper, MUTED_PART)
        colors[RULE] = _mixed(text, paper, RULE_PART)
    if own("axes.prop_cycle"):
        cycle = [to_rgb(each["color"]) for each in style["axes.prop_cycle"] if "color" in each]
        for k, hue in enumerate(HUES if cycle else ()):
            colors[hue] = cycle[k % len(cycle)]
        if cycle[1:]:
            colors[AMBER] = cycle[-1]
    return Look(paper=paper, colors=colors)


def _mixed(color: Color, paper: Color, part: float) -> Color:
    red, green, blue = (part * a + (1 - part) * b for a, b in zip(color, paper, strict=True))
    return red, green, blue
