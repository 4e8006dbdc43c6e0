"""The order-to-chaos phase diagram: how deep signals and gradients reach over the two scales."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.engine.colors import as_bytes, palette
from weightinit_cli.plots.engine.drawing import BLACK, MUTED, PALE, WHITE, Color
from weightinit_cli.plots.engine.page import (
    Axis,
    Cells,
    ColorBar,
    Dots,
    Heading,
    Line,
    Mark,
    Named,
    Names,
    Page,
    Panel,
    Region,
    Row,
    array,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint

    Point = tuple[float, float]

WIDTH, HEIGHT, NARROWEST = 560.0, 290.0, 170.0
MOST_NAMED = 12  # own runs; of more the ends of a line through them
MOST_BEYOND = 4
PIECES = 16  # of the critical line between two of its points, where it leaves the map
DEEPEST = 1000.0  # layers at the upper end of the colours
DEPTHS = ((0.0, "≤ 1"), (1.0, "10"), (2.0, "100"), (3.0, "≥ 1000"))
SHADES = 128
UNBOUNDED: Color = (0.78, 0.78, 0.78)
WORDS = {
    "ordered": (("ordered: gradients vanish",), ("ordered:", "gradients", "vanish")),
    "chaotic": (("chaotic: gradients explode",), ("chaotic:", "gradients", "explode")),
    "unbounded": (("q grows without bound",), ("q grows", "without", "bound")),
}
CRITICAL = "critical line χ₁ = 1"
RING, DISC, SMALL_DISC = (3.0, 2.0), (5.0, 3.8), (3.2, 2.4)  # radii: outside, and inside


def phase_page(diagram: PhaseDiagram) -> Page:
    """The page: the map with its regions, the critical line, initializers and own runs."""
    x = _axis(diagram.sigma_w, "σ_w: standard deviation of the weights × √fan_in")
    y = _axis(diagram.sigma_b, "σ_b: standard deviation of the biases")
    line, named = _critical(diagram, x, y)
    own = [point for point in diagram.own if _inside(_scales(point), x, y)]
    few = own if len(own) <= MOST_NAMED else [own[0], own[-1]] if diagram.along else []
    others = [point for point in diagram.marks if _inside(_scales(point), x, y)]
    single = [_scales(point) for point in others]
    single += [point for point, _ in named if diagram.critical_kind == "point"]
    names = (
        *(Named(*_scales(point), point.name, strong=True) for point in few),
        *(Named(*_scales(point), point.name) for point in others),
        *(Named(*point, words, short=True) for point, words in named),
    )
    phases = np.array(diagram.phase)
    map_ = _map(diagram, x, y)
    regions = tuple(Region(phases == phase, forms) for phase, forms in WORDS.items())
    marks = [
        map_,
        *_line(line),
        *([] if few == own else _trail(own, joined=bool(diagram.along))),
        Names(names, regions),
        *_discs(single, RING, BLACK, PALE),
        *_discs([_scales(point) for point in few], DISC, PALE, BLACK),
    ]
    depth = Axis(0.0, 3.0, "depth scale 1 / |ln χ₁| in layers (log)", log=True, ticks=DEPTHS)
    bar = ColorBar(palette(np.linspace(0.0, 1.0, SHADES)), depth, "dark: deep")
    panel = Panel(x, y, tuple(marks), bar=bar, frame="closed", name="phases")
    row = Row((panel,), HEIGHT, narrowest=NARROWEST)
    white = (map_.rgb == 255).all(axis=2).any()
    foot = (("white: no gradient", MUTED),) if white else ()
    return Page(_heading(diagram, x, y), (row,), WIDTH, foot=foot)


def _scales(point: PhasePoint) -> Point:
    """Where a point lies on the map."""
    return point.sigma_w, point.sigma_b


def _axis(centres: Sequence[float], name: str) -> Axis:
    """From side to side of equal cells with these centres."""
    step = (centres[-1] - centres[0]) / (len(centres) - 1) if centres[1:] else 1.0
    low = centres[0] - step / 2
    return Axis(low if low > 1e-6 * step else 0.0, centres[-1] + step / 2, name)


def _inside(point: Point, x: Axis, y: Axis) -> bool:
    parts = x.part(point[0]), y.part(point[1])
    return all(-1e-9 <= part <= 1 + 1e-9 for part in parts)


# marks


def _map(diagram: PhaseDiagram, x: Axis, y: Axis) -> Cells:
    """The depth scales as colours; grey where q has no bound, white where there is no gradient.

    A cell without a depth scale beside a deep one is deeper still: chi_1 is 1 there.
    """
    depth = np.array([array(row) for row in diagram.depth_scale])
    unbounded = np.array(diagram.phase) == "unbounded"
    padded = np.pad(depth, ((0, 0), (1, 1)), constant_values=np.nan)
    beside = np.fmax(padded[:, :-2], padded[:, 2:])
    depth = np.where(np.isnan(depth) & ~unbounded & (beside >= 10), DEEPEST, depth)
    none = np.isnan(depth)
    with np.errstate(divide="ignore"):
        level = np.clip(np.log10(np.where(none, 1.0, depth)) / math.log10(DEEPEST), 0.0, 1.0)
    rgb = palette(level)
    rgb[none] = as_bytes(WHITE)
    rgb[unbounded] = as_bytes(UNBOUNDED)
    return Cells(np.array([x.low, x.high]), np.array([y.low, y.high]), rgb, depth)


def _line(points: Sequence[Point]) -> list[Mark]:
    """The critical line, light with dark sides."""
    if not points:
        return []
    x, y = np.array(points).T
    return [Line(x, y, BLACK, 5.4), Line(x, y, PALE, 3.0, words=CRITICAL)]


def _trail(own: Sequence[PhasePoint], *, joined: bool) -> list[Mark]:
    """Very many own runs: small discs, on a line where they follow one number."""
    points = [_scales(point) for point in own]
    x, y = np.array(points).T
    line = [Line(x, y, BLACK, 1.6)] if joined else []
    return [*line, *_discs(points, SMALL_DISC, PALE, BLACK)]


def _discs(
    points: Sequence[Point], radii: tuple[float, float], outside: Color, inside: Color
) -> list[Mark]:
    """Discs of one colour with sides of another."""
    if not points:
        return []
    x, y = np.array(points).T
    return [Dots(x, y, outside, radii[0]), Dots(x, y, inside, radii[1])]


def _critical(
    diagram: PhaseDiagram, x: Axis, y: Axis
) -> tuple[list[Point], list[tuple[Point, str]]]:
    """The part of the line inside the map, and what is to be named: the line, or the one point."""
    if diagram.critical_kind == "point":
        points = [point for point in diagram.critical if _inside(point, x, y)]
        return [], [(point, "critical point") for point in points]
    line = list(diagram.critical)
    inside = [point for point in line if _inside(point, x, y)]
    if len(inside) < len(line):
        steps = np.arange(len(line))
        fine = np.linspace(0, steps[-1], PIECES * steps[-1] + 1)
        parts = (np.interp(fine, steps, values).tolist() for values in zip(*line, strict=True))
        inside = [point for point in zip(*parts, strict=True) if _inside(point, x, y)]
    if len(inside) < 2:
        return [], []
    return inside, [(inside[len(inside) * 2 // 3], "χ₁ = 1")]


# words


def _heading(diagram: PhaseDiagram, x: Axis, y: Axis) -> Heading:
    everything: tuple[PhasePoint, ...] = (*diagram.own, *diagram.marks)
    beyond = [
        f"{each.name} (σ_w {two_digits(each.sigma_w)}, σ_b {two_digits(each.sigma_b)})"
        for each in everything
        if not _inside(_scales(each), x, y)
    ]
    own = f"{_own_words(diagram)} ●" if diagram.own else ""
    marks = f"initializers at width {diagram.width}{' ○' * bool(own)}"
    lines = [(own, marks, _found(diagram, x, y)), (_note(diagram),)]
    if beyond:
        more = len(beyond) - MOST_BEYOND
        told = [*beyond[:MOST_BEYOND], *([f"{more} more"] if more > 0 else [])]
        lines.append((f"beyond the picture: {', '.join(told)}",))
    title = f"{diagram.activation}: order-to-chaos phase diagram"
    return Heading(title, tuple((line, MUTED) for line in lines))


def _own_words(diagram: PhaseDiagram) -> str:
    """Which own runs are marked: `mine`, `mine (20 runs, along initializer.std)`."""
    number = len(diagram.own)
    if number <= MOST_NAMED:
        return diagram.own_name
    along = f", along {diagram.along}" if diagram.along else ""
    return f"{diagram.own_name} ({number} runs{along})"


def _note(diagram: PhaseDiagram) -> str:
    """The note as a sentence; that a line begins above a sigma_b is said anyway."""
    if diagram.critical_kind == "line above" and diagram.note.startswith("has "):
        return ""
    subject = f"{diagram.activation} " if diagram.note.startswith("has ") else ""
    return f"{subject}{diagram.note}"


def _found(diagram: PhaseDiagram, x: Axis, y: Axis) -> str:
    if not diagram.critical:
        return "no critical line"
    w, b = diagram.critical[0]
    beyond = "" if _critical(diagram, x, y)[0] else ", beyond the picture"
    return {
        "line": f"{CRITICAL}{beyond}",
        "line above": f"{CRITICAL} only above σ_b = {two_digits(b)}{beyond}",
        "point": f"critical (χ₁ = 1) at one point only: σ_w = {w:.4g}, σ_b = {b:.4g}",
    }.get(diagram.critical_kind, "no critical line")
