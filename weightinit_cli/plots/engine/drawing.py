"""A picture as data: areas, lines, dots, texts and one kind of image, in points, y upwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Color = tuple[float, float, float]
Align = Literal["left", "center", "right"]
Shape = Literal["disc", "cross", "square", "triangle", "diamond"]

WHITE: Color = (1.0, 1.0, 1.0)
INK: Color = (0.13, 0.13, 0.13)
BLACK: Color = (0.1, 0.1, 0.1)  # on cells, where no style sheet replaces it
PALE: Color = (0.99, 0.99, 0.99)  # likewise
MUTED: Color = (0.36, 0.36, 0.36)
RULE: Color = (0.88, 0.88, 0.88)
BLUE: Color = (0.12, 0.39, 0.62)
ORANGE: Color = (0.70, 0.27, 0.00)
AMBER: Color = (0.97, 0.62, 0.11)
GREEN: Color = (0.00, 0.52, 0.42)
GREY = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue are


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its lower left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right side."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """The y of the upper side."""
        return self.y + self.height

    def scaled(self, factor: float) -> Box:
        """So many times as far from the page's corner, and as large."""
        return Box(*(factor * each for each in (self.x, self.y, self.width, self.height)))


@dataclass(frozen=True, slots=True)
class Area:
    """A filled outline, the last vertex joined to the first; what is behind shines through."""

    vertices: NDArray[np.float64]
    color: Color
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke through the vertices; `dash` has the lengths of its parts and of the gaps."""

    vertices: NDArray[np.float64]
    color: Color
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Dots:
    """A filled disc at each vertex, or another shape that looks as large."""

    vertices: NDArray[np.float64]
    color: Color
    radius: float
    shape: Shape = "disc"


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text: `x` is aligned as `align` says, `y` is the baseline.

    With `upright`, the text runs upwards, centred on `y`, its baseline at `x`.
    """

    x: float
    y: float
    text: str
    size: float
    color: Color = INK
    align: Align = "left"
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """An image of RGB cells, the first row at the top, each enlarged without smoothing."""

    box: Box
    rgb: NDArray[np.uint8]


Item = Area | Line | Dots | Label | Cells


@dataclass(frozen=True, slots=True)
class Panel:
    """Where a layer's histogram stands and which values its sides mean."""

    title: str
    box: Box
    xlim: tuple[float, float]
    ylim: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture: its size in points, what to paint in order, and its panels."""

    width: float
    height: float
    items: tuple[Item, ...]
    panels: tuple[Panel, ...]
    paper: Color = WHITE

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of the picture."""
        return tuple(item.text for item in self.items if isinstance(item, Label))


def polyline(points: Sequence[tuple[float, float]], color: Color, width: float = 0.94) -> Line:
    """A line through a few points."""
    return Line(np.array(points, dtype=np.float64), color, width)


def rectangle(box: Box, color: Color, opacity: float = 1.0) -> Area:
    """A filled rectangle."""
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    return Area(np.array(corners, dtype=np.float64), color, opacity)


def dashed(
    points: Sequence[tuple[float, float]], color: Color, width: float, dash: tuple[float, ...]
) -> list[Item]:
    """A line through a few points with gaps, without any where `dash` is empty."""
    return [Line(np.array(points, dtype=np.float64), color, width, dash)]


def moved(item: Item, dx: float, dy: float) -> Item:
    """The same shape elsewhere."""
    match item:
        case Label():
            return replace(item, x=item.x + dx, y=item.y + dy)
        case Cells():
            return replace(item, box=replace(item.box, x=item.box.x + dx, y=item.box.y + dy))
        case _:
            return replace(item, vertices=item.vertices + np.array([dx, dy]))


def scaled(item: Item, factor: float) -> Item:
    """The same shape, so many times as far from the page's corner, and as large."""
    match item:
        case Label():
            x, y, size = (factor * each for each in (item.x, item.y, item.size))
            return replace(item, x=x, y=y, size=size)
        case Cells():
            return replace(item, box=item.box.scaled(factor))
        case Line():
            dash = tuple(factor * each for each in item.dash)
            vertices, width = factor * item.vertices, factor * item.width
            return replace(item, vertices=vertices, width=width, dash=dash)
        case Dots():
            return replace(item, vertices=factor * item.vertices, radius=factor * item.radius)
        case Area():
            return replace(item, vertices=factor * item.vertices)


def moved_all(items: Sequence[Item], dx: float, dy: float) -> list[Item]:
    """The same shapes elsewhere."""
    return [moved(item, dx, dy) for item in items]
