"""What the pictures have around their panels: frames, ticks with their labels, layers across."""

from __future__ import annotations

from itertools import pairwise

from weightinit_cli.plots.engine.drawing import INK, Align, Box, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.engine.numbers import Scale

MARGIN = 10.0
TICK_SIZE = 7.5
LABEL_SIZE = 8.5
TICK = 3.0
FRAME = 1.25
LAYER_ROOM = 13.0  # for each layer's number, where all of them have their tick
LAYERS_APART = 30.0
BENEATH = MARGIN + LABEL_SIZE + 6 + TICK + TICK_SIZE + 2  # a lowest panel: ticks, name, margin


def frame(box: Box) -> list[Item]:
    """The left and the lower side of a panel."""
    return [polyline([(box.x, box.top), (box.x, box.y), (box.right, box.y)], INK, FRAME)]


def outline(box: Box) -> Item:
    """All four sides."""
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    return polyline([*corners, corners[0]], INK, FRAME)


def fitting_ticks(scale: Scale, width: float, overhang: float) -> list[tuple[float, str]]:
    """As many ticks as have room for their labels beneath a panel of this width."""
    many = scale.ticks(5)
    for ticks in (many, *map(scale.ticks, (4, 2, 1)), many[:: len(many) - 1 or 1]):
        pairs = pairwise(_places(ticks, scale, width, overhang))
        if len(ticks) >= 2 and all(b[0] - a[1] >= 5 for a, b in pairs):
            return ticks
    return scale.ticks(1)[:1]


def _places(
    ticks: list[tuple[float, str]], scale: Scale, width: float, overhang: float
) -> list[tuple[float, float]]:
    return [
        _place(scale.position(value) * width, width_of(label, TICK_SIZE), width, overhang)
        for value, label in ticks
    ]


def _place(x: float, wide: float, width: float, overhang: float) -> tuple[float, float]:
    left = max(min(x - wide / 2, width + overhang - wide), -overhang)
    return left, left + wide


def x_ticks(box: Box, scale: Scale, ticks: list[tuple[float, str]], overhang: float) -> list[Item]:
    """Ticks beneath a panel; labels reach at most `overhang` points beyond its sides."""
    items: list[Item] = []
    for (value, label), (left, _) in zip(
        ticks, _places(ticks, scale, box.width, overhang), strict=True
    ):
        x = box.x + scale.position(value) * box.width
        items.append(polyline([(x, box.y), (x, box.y - TICK)], INK, FRAME))
        items.append(Label(box.x + left, box.y - TICK - 1 - TICK_SIZE, label, TICK_SIZE))
    return items


def side_ticks(x: float, places: list[tuple[float, str]], align: Align = "right") -> list[Item]:
    """Ticks at the heights `places`, to the left (`align` right) or the right of `x`."""
    sign = -1 if align == "right" else 1
    items: list[Item] = []
    for y, label in places:
        items.append(polyline([(x, y), (x + sign * TICK, y)], INK, FRAME))
        place = x + sign * (TICK + 2)
        items.append(Label(place, y - 0.36 * TICK_SIZE, label, TICK_SIZE, align=align))
    return items


def side_label(box: Box, words: str) -> Label:
    """The name of a y axis, upwards at the left margin."""
    middle = box.y + box.height / 2
    return Label(MARGIN + LABEL_SIZE, middle, words, LABEL_SIZE, upright=True)


def widest(labels: list[str]) -> float:
    """The width of the widest tick label."""
    return max((width_of(label, TICK_SIZE) for label in labels), default=0.0)


def layer_axis(box: Box, layers: int) -> list[Item]:
    """The layers beneath a panel, each as wide as the others, with the axis' name."""
    across = Scale(0.5, layers + 0.5, 0)
    items = x_ticks(box, across, _layer_ticks(layers, box.width), LABEL_SIZE)
    middle = box.x + box.width / 2
    items.append(Label(middle, MARGIN, "layer", LABEL_SIZE, align="center"))
    return items


def _layer_ticks(layers: int, width: float) -> list[tuple[float, str]]:
    if layers <= 20 and width >= LAYER_ROOM * layers:
        return [(float(k), str(k)) for k in range(1, layers + 1)]
    regular = [value for value, _ in Scale(1, layers, 0).ticks(min(10, int(width / LAYERS_APART)))]
    step = regular[1] - regular[0]
    return [(1.0, "1")] + [(v, f"{v:.0f}") for v in regular if v > 1 + step / 3]
