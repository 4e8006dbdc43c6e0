"""The order-to-chaos phase diagram: how deep signals and gradients reach over the two scales."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.colors import (
    BAR_GAP,
    BAR_LABELS,
    BAR_WIDTH,
    as_bytes,
    color_scale,
    palette,
)
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    WHITE,
    Box,
    Cells,
    Color,
    Dots,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
)
from weightinit_cli.plots.engine.fonts import drawable, fit, paragraph
from weightinit_cli.plots.engine.numbers import Scale
from weightinit_cli.plots.heading import SUBTITLE_SIZE, TITLE_SIZE, Heading
from weightinit_cli.plots.regions import region_words
from weightinit_cli.plots.tags import Named, Tag, tag_items, tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.logaxis import Point
    from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint

WIDTH = 560.0
MAP_HEIGHT = 290.0
MOST_NAMED = 12  # own runs; of more the ends of a line through them
MOST_BEYOND = 4
PIECES = 16  # of the critical line between two of its points, where it leaves the map
DEEPEST = 1000.0  # layers at the upper end of the colours
DEPTHS = ("≤ 1", "10", "100", "≥ 1000")
UNBOUNDED: Color = (0.78, 0.78, 0.78)
WORDS = {
    "ordered": (["ordered: gradients vanish"], ["ordered:", "gradients", "vanish"]),
    "chaotic": (["chaotic: gradients explode"], ["chaotic:", "gradients", "explode"]),
    "unbounded": (["q grows without bound"], ["q grows", "without", "bound"]),
}
CRITICAL = "critical line χ₁ = 1"


def phase_picture(diagram: PhaseDiagram) -> Drawing:
    """The drawing: heading, the map with its regions, line and initializers, the colours."""
    across, upwards = _scale(diagram.sigma_w), _scale(diagram.sigma_b)
    side = upwards.ticks(6)
    wide = axes.widest([text for _, text in side])
    left = axes.MARGIN + axes.LABEL_SIZE + 8 + wide + axes.TICK + 2
    right = axes.MARGIN + axes.LABEL_SIZE + BAR_LABELS + BAR_WIDTH + BAR_GAP
    box = Box(left, axes.BENEATH, WIDTH - left - right, MAP_HEIGHT)
    head = _heading(diagram, across, upwards)
    height = box.top + 8 + head.height

    def place(point: Point) -> Point:
        w, b = point
        x, y = across.position(w), upwards.position(b)
        return box.x + x * box.width, box.y + y * box.height

    def seen(point: PhasePoint) -> bool:
        return _inside(_scales(point), across, upwards)

    level, none = _levels(diagram)
    items = [*head.items(height), Cells(box, _colored(diagram, level, none)[::-1])]
    line, named = _critical(diagram, across, upwards)
    route = [place(point) for point in line]
    if route:
        items += [polyline(route, INK, 5.4), polyline(route, WHITE, 3.0)]
    own = [Named(place(_scales(p)), drawable(p.name), strong=True) for p in diagram.own if seen(p)]
    marks = [Named(place(_scales(p)), drawable(p.name)) for p in diagram.marks if seen(p)]
    labels = [Named(place(point), words) for point, words in named]
    few = own if len(own) <= MOST_NAMED else [own[0], own[-1]] if diagram.along else []
    many = [] if few == own else [each.point for each in own]
    items += _own_items(many, joined=bool(diagram.along))
    placed = tags([*few, *marks, *labels], box, route, many)
    points = [*marks, *few]
    items += _regions(diagram, box, level, placed, [*many, *(each.point for each in points)])
    items += [axes.outline(box), *axes.x_ticks(box, across, across.ticks(8), axes.LABEL_SIZE)]
    middle = box.x + box.width / 2
    words = "σ_w: standard deviation of the weights × √fan_in"
    items.append(Label(middle, axes.MARGIN, words, axes.LABEL_SIZE, align="center"))
    places = [(box.y + upwards.position(value) * box.height, text) for value, text in side]
    items += axes.side_ticks(box.x, places)
    items.append(axes.side_label(box, "σ_b: standard deviation of the biases"))
    bar = Box(box.right + BAR_GAP, box.y, BAR_WIDTH, box.height)
    items += color_scale(bar, WIDTH, DEPTHS, "depth scale 1 / |ln χ₁| in layers (log)")
    single = labels if diagram.critical_kind == "point" else []
    items += tag_items(placed, [*points, *single])
    limits = (across.low, across.high), (upwards.low, upwards.high)
    return Drawing(WIDTH, height, tuple(items), (Panel("phases", box, *limits),))


def _scales(point: PhasePoint) -> Point:
    """Where a point lies on the map."""
    return point.sigma_w, point.sigma_b


def _scale(centres: Sequence[float]) -> Scale:
    """From side to side of equal cells with these centres."""
    step = (centres[-1] - centres[0]) / (len(centres) - 1) if centres[1:] else 1.0
    low = centres[0] - step / 2
    return Scale(low if low > 1e-6 * step else 0.0, centres[-1] + step / 2, 0)


def _inside(point: Point, across: Scale, upwards: Scale) -> bool:
    parts = across.position(point[0]), upwards.position(point[1])
    return all(-1e-9 <= part <= 1 + 1e-9 for part in parts)


def _heading(diagram: PhaseDiagram, across: Scale, upwards: Scale) -> Heading:
    room = WIDTH - 2 * axes.MARGIN
    title = drawable(f"{diagram.activation}: order-to-chaos phase diagram")
    everything: tuple[PhasePoint, ...] = (*diagram.own, *diagram.marks)
    beyond = [
        f"{m.name} (σ_w {two_digits(m.sigma_w)}, σ_b {two_digits(m.sigma_b)})"
        for m in everything
        if not _inside(_scales(m), across, upwards)
    ]
    keys = [f"{_own_words(diagram)} ●"] if diagram.own else []
    keys += [
        f"initializers at width {diagram.width}{' ○' * bool(keys)}",
        _found(diagram, across, upwards),
    ]
    sentences = [" · ".join(keys), _note(diagram)]
    if beyond:
        more = len(beyond) - MOST_BEYOND
        told = [*beyond[:MOST_BEYOND], *([f"{more} more"] if more > 0 else [])]
        sentences.append(f"beyond the picture: {', '.join(told)}")
    lines = [
        line for each in sentences for line in paragraph(drawable(each), SUBTITLE_SIZE, room, 3)
    ]
    return Heading(
        *fit(title, TITLE_SIZE, room, 0.7 * TITLE_SIZE), tuple((line, MUTED) for line in lines)
    )


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


def _found(diagram: PhaseDiagram, across: Scale, upwards: Scale) -> str:
    if not diagram.critical:
        return "no critical line"
    w, b = diagram.critical[0]
    beyond = "" if _critical(diagram, across, upwards)[0] else ", beyond the picture"
    return {
        "line": f"{CRITICAL}{beyond}",
        "line above": f"{CRITICAL} only above σ_b = {two_digits(b)}{beyond}",
        "point": f"critical (χ₁ = 1) at one point only: σ_w = {w:.4g}, σ_b = {b:.4g}",
    }.get(diagram.critical_kind, "no critical line")


def _levels(diagram: PhaseDiagram) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How dark each cell is, rows from below, and which cells have no depth scale.

    A cell without one that lies beside a deep one is deeper still: chi_1 is 1 there.
    """
    depth = np.array(
        [[np.nan if cell is None else cell for cell in row] for row in diagram.depth_scale]
    )
    unbounded = np.array(diagram.phase) == "unbounded"
    padded = np.pad(depth, ((0, 0), (1, 1)), constant_values=np.nan)
    beside = np.fmax(padded[:, :-2], padded[:, 2:])
    depth = np.where(np.isnan(depth) & ~unbounded & (beside >= 10), DEEPEST, depth)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.clip(np.log10(depth) / math.log10(DEEPEST), 0.0, 1.0)
    none = np.isnan(depth)
    return np.where(none, 0.0, level), none


def _colored(
    diagram: PhaseDiagram, level: NDArray[np.float64], none: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    cells = palette(level)
    cells[none] = as_bytes(WHITE)
    cells[np.array(diagram.phase) == "unbounded"] = as_bytes(UNBOUNDED)
    return cells


def _critical(
    diagram: PhaseDiagram, across: Scale, upwards: Scale
) -> tuple[list[Point], list[tuple[Point, str]]]:
    """The part of the line inside the map, and what is to be named: the line, or the one point."""
    if diagram.critical_kind == "point":
        points = [point for point in diagram.critical if _inside(point, across, upwards)]
        return [], [(point, "critical point") for point in points]
    line = list(diagram.critical)
    inside = [point for point in line if _inside(point, across, upwards)]
    if len(inside) < len(line):
        steps = np.arange(len(line))
        fine = np.linspace(0, steps[-1], PIECES * steps[-1] + 1)
        parts = (np.interp(fine, steps, values).tolist() for values in zip(*line, strict=True))
        inside = [point for point in zip(*parts, strict=True) if _inside(point, across, upwards)]
    if len(inside) < 2:
        return [], []
    return inside, [(inside[len(inside) * 2 // 3], "χ₁ = 1")]


def _own_items(points: Sequence[Point], *, joined: bool) -> list[Item]:
    """Very many own runs: small discs, on a line where they follow one number."""
    if not points:
        return []
    places = np.array(points, dtype=np.float64)
    line: list[Item] = [polyline(points, INK, 1.6)] if joined else []
    return [*line, Dots(places, WHITE, 3.2), Dots(places, INK, 2.4)]


def _regions(
    diagram: PhaseDiagram,
    box: Box,
    level: NDArray[np.float64],
    placed: Sequence[Tag],
    points: Sequence[Point],
) -> list[Item]:
    """The phases' names, each in its region, where it has room."""
    names = np.array(diagram.phase)
    taken = [tag.box for tag in placed] + [Box(x - 6, y - 6, 12, 12) for x, y in points]
    items: list[Item] = []
    for phase, forms in WORDS.items():
        items += region_words(box, names == phase, level, forms, taken)
    return items
