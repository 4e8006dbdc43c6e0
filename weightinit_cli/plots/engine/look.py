"""How pictures look: how wide, in which letters and colours, of how many dots an inch."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.engine.colors import HUES, HUES_ON_DARK
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    RULE,
    WHITE,
    Area,
    Cells,
    Drawing,
    Line,
    scaled,
)
from weightinit_cli.plots.engine.page import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.plots.engine.drawing import Color

DPI = 150.0
MUTED_PART = 0.75
RULE_PART = 0.15
DARK = 0.5
MOST_LETTERS = 60  # of a wrong setting's name
GENERIC = ("serif", "sans-serif", "cursive", "fantasy", "monospace")
LIGHT: Color = (0.9, 0.9, 0.9)
DARK_PAPER: Color = (0.067, 0.075, 0.09)


@dataclass(frozen=True, slots=True)
class Look:
    """What a person may ask of a picture's appearance, whatever it shows.

    `width` is in points, None for the picture's own; all else is enlarged by `scale`, so that at
    scale 1 the names of axes are 8.5 points high. `colors` replaces some of the pictures' colours,
    `paper` is the background. `title` is whether there is a title and what stands below it. `font`
    is the file of the letters' font, empty for DejaVu Sans, which matplotlib brings along; it is
    empty, too, where a style asks for families that are `lacking`. With `svg_text` an SVG has text
    as text, which needs the same font where it is looked at.
    """

    width: float | None = None
    scale: float = 1.0
    title: bool = True
    dpi: float = DPI
    paper: Color = WHITE
    colors: Mapping[Color, Color] = field(default_factory=dict)
    font: str = ""
    lacking: tuple[str, ...] = ()
    svg_text: bool = False

    def color(self, color: Color) -> Color:
        """The colour as it is to be painted."""
        return self.colors.get(color, color)


PLAIN = Look()


def painted(drawing: Drawing, look: Look) -> Drawing:
    """The drawing as large and in the colours that the look asks for.

    White is the paper's colour but for letters, which are white where cells are dark.
    """
    if look.scale == 1 and not look.colors and look.paper == WHITE:
        return drawing
    grounds = {**look.colors, WHITE: look.paper}
    items = []
    for item in drawing.items:
        if not isinstance(item, Cells):
            some = grounds if isinstance(item, Area | Line) else look.colors
            item = replace(item, color=some.get(item.color, item.color))
        items.append(scaled(item, look.scale))
    size = drawing.width * look.scale, drawing.height * look.scale
    panels = tuple(replace(each, box=each.box.scaled(look.scale)) for each in drawing.panels)
    return Drawing(*size, tuple(items), panels, look.paper)


def on_dark(color: Color) -> Color:
    """A colour of pictures as it is on a dark page; what is read on both stays as it is."""
    text = {
        INK: LIGHT,
        MUTED: _mixed(LIGHT, DARK_PAPER, MUTED_PART),
        RULE: _mixed(LIGHT, DARK_PAPER, RULE_PART),
        WHITE: DARK_PAPER,
    }
    return (text | dict(zip(HUES, HUES_ON_DARK, strict=True))).get(color, color)


def look_of(style: Any) -> Look:
    """The look that settings of matplotlib, by their names, ask for; what they leave stays ours.

    A style's cycle of colours gives the lines theirs in order. `axes.facecolor` and `text.color`
    give the paper, the text, and what is between the two. On a dark paper the text is light where
    the style has no colour of it, and the lines are brighter where it has no cycle. `font.family`
    gives the letters, `font.size` the size of the axes' names, `savefig.dpi` the dots per inch.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_rgb

    usual: Any = mpl.rcParamsDefault

    def own(name: str) -> bool:
        return bool(name in style and style[name] != usual[name])

    colors: dict[Color, Color] = {}
    paper: Color = WHITE
    if own("axes.facecolor") and style["axes.facecolor"] != "none":
        paper = to_rgb(style["axes.facecolor"])
    if own("text.color") or paper != WHITE:
        usual_text = LIGHT if _is_dark(paper) else INK
        text = to_rgb(style["text.color"]) if "text.color" in style else usual_text
        colors[INK] = text
        colors[MUTED] = _mixed(text, paper, MUTED_PART)
        colors[RULE] = _mixed(text, paper, RULE_PART)
    if own("axes.prop_cycle"):
        cycle = [to_rgb(each["color"]) for each in style["axes.prop_cycle"] if "color" in each]
        for k, hue in enumerate(HUES if cycle else ()):
            colors[hue] = cycle[k % len(cycle)]
    elif _is_dark(paper):
        colors.update(zip(HUES, HUES_ON_DARK, strict=True))
    fonts = [name for name in style if name.startswith("font.") and name != "font.size"]
    font, lacking = _font(style) if any(map(own, fonts)) else ("", ())
    dpi = style["savefig.dpi"] if own("savefig.dpi") else "figure"
    return Look(
        paper=paper,
        colors=colors,
        font=font,
        lacking=lacking,
        scale=float(style["font.size"]) / TEXT if own("font.size") else 1.0,
        dpi=DPI if dpi == "figure" else float(dpi),
    )


def read_style(name: str) -> Look:
    """The look of a style sheet: a file's, or one of those that matplotlib brings along.

    Raises OSError where the file cannot be read, and ValueError where it is no style sheet.
    """
    import matplotlib as mpl
    from matplotlib import style

    if not Path(name).exists() and name in style.library:
        return look_of(style.library[name])
    for number, line in enumerate(Path(name).read_text(encoding="utf-8").splitlines(), 1):
        key = line.split("#")[0].partition(":")[0].strip()
        if key and key not in mpl.rcParams:
            raise ValueError(f"line {number}: unknown setting {key[:MOST_LETTERS]!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return look_of(
            mpl.rc_params_from_file(name, fail_on_error=True, use_default_template=False)
        )


def _font(style: Any) -> tuple[str, tuple[str, ...]]:
    """The file of the first of the families that there is; where there is none, their names."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties, findfont

    settings: Any = {name: style[name] for name in style if name.startswith("font.")}
    with mpl.rc_context(settings):
        rc: Any = mpl.rcParams
        asked = (rc[f"font.{each}"] if each in GENERIC else [each] for each in rc["font.family"])
        try:
            return str(findfont(FontProperties(), fallback_to_default=False)), ()
        except ValueError:
            return "", tuple(chain.from_iterable(asked))


def _is_dark(paper: Color) -> bool:
    return sum(paper) / 3 <= DARK


def _mixed(color: Color, paper: Color, part: float) -> Color:
    red, green, blue = (part * a + (1 - part) * b for a, b in zip(color, paper, strict=True))
    return red, green, blue
