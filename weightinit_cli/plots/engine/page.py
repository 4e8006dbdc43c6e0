"""A picture as data: a page with rows of panels, which have axes and marks in their data's units.

Lengths that are not of the data (heights, widths of lines, offsets of words) are in points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from weightinit_cli.plots.engine.drawing import INK, Align, Color, Shape
from weightinit_cli.plots.engine.numbers import shifted

Array = NDArray[np.float64]
Ticks = tuple[tuple[float, str], ...]

BELOW_ONE = 0.5  # decades from 0 to 1 on a log axis that has a 0
TITLE, TEXT, SMALL = 12.0, 8.5, 7.5  # sizes of letters: of the title, of names, of all else


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of the number line from `low` to `high`, and what stands beside it.

    `low`, `high` and the places of `ticks` (each with its words) and `short` ticks are decimal
    logarithms where `log`, else in units of 10**power. With `zero`, a log axis is linear below 1,
    so that 0 has a place: half a decade before 1. Without `ticks` they are chosen to fit.
    Where the values are a `share` of 1, the words are in percent. Of `names` all are written,
    upright where they are too long; where these are `numbers`, as many as have room. `labelled` is
    whether the words are written at all: of panels beside each other that have the same axis one
    is enough.
    """

    low: float
    high: float
    name: str = ""
    log: bool = False
    zero: bool = False
    power: int = 0
    ticks: Ticks | None = None
    short: tuple[float, ...] = ()
    share: bool = False
    names: bool = False
    numbers: bool = False
    labelled: bool = True

    @property
    def words(self) -> str:
        """The name, and that the axis is logarithmic."""
        return f"{self.name} (log)" if self.log and self.name else self.name

    def part(self, at: float) -> float:
        """Which part of the axis lies below a place in the axis' own units."""
        part: float = (at / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return part

    def parts(self, values: Any) -> Array:
        """Which part of the axis lies below each value, nan of what the axis cannot show."""
        values = np.asarray(values, dtype=np.float64)
        with np.errstate(all="ignore"):
            if self.log:
                at = np.where(values > 0, np.log10(values), np.nan)
                at = np.where(values < 1, BELOW_ONE * (values - 1), at) if self.zero else at
            else:
                half = self.power // 2
                at = values / 10.0**half / 10.0 ** (self.power - half)
            found: Array = (at / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return found

    def value(self, at: float) -> float:
        """The value at a place in the axis' own units, as near as floats have it."""
        if self.zero and at < 0:
            return 1 + at / BELOW_ONE
        if self.log:
            return float(10.0 ** min(max(at, -323.0), 308.0))
        return shifted(at, -self.power)


@dataclass(frozen=True, slots=True)
class Bars:
    """Filled bars between `edges`, one more than there are `heights`."""

    edges: Array
    heights: Array
    color: Color


@dataclass(frozen=True, slots=True)
class Steps:
    """The outline of bars, with gaps where a height is nan."""

    edges: Array
    heights: Array
    color: Color
    width: float = 1.55


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, with gaps where one is nan, cut at the panel's lower and upper side.

    Where there is a `radius`, a `marker` stands at the points: at the first of `every`, and then at
    each so many-th. `dash` has the lengths of strokes and gaps in points; empty for a line without
    gaps. `words` name it.
    """

    x: Array
    y: Array
    color: Color
    width: float = 1.8
    dash: tuple[float, ...] = ()
    radius: float = 0.0
    words: str = ""
    marker: Shape = "disc"
    every: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True)
class Dots:
    """A mark at each point: a disc, a cross, or a wedge that points downwards."""

    x: Array
    y: Array
    color: Color
    radius: float
    shape: Shape = "disc"


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two curves, with gaps where one is nan, as opaque as `part` says.

    What is beyond the panel, also inf, is cut at its sides.
    """

    x: Array
    low: Array
    high: Array
    color: Color
    part: float = 0.22


@dataclass(frozen=True, slots=True)
class Area:
    """A filled outline."""

    x: Array
    y: Array
    color: Color


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the whole panel at one value: of the y axis, or of the x axis if `upright`."""

    value: float
    color: Color
    width: float = 1.55
    upright: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A wedge at the panel's upper side that points down to a value of the x axis."""

    value: float
    color: Color = INK


@dataclass(frozen=True, slots=True)
class Break:
    """A slanted gap across a bar between two values of the x axis: it goes on beyond the panel.

    `words` say how high it is, the fullest form first; beside it stands the first that has room.
    """

    low: float
    high: float
    bar: Color
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """A map: `rgb`, shape (rows, columns, 3), the first row at the lower end of the y axis.

    Sides of the columns stand at `x`, those of the rows at `y`; all equally wide where these have
    two values only. `values`, shape (rows, columns), are what the colours say, as the panel's
    colour bar has them; nan where a cell has no value and its colour says why. `words`, as many,
    stand in the cells where these have room; one that is longer than its cell has the empty ones
    to its right, too.
    """

    x: Array
    y: Array
    rgb: NDArray[np.uint8]
    values: Array | None = None
    words: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text at a point, moved by `dx` and `dy` points; `y` is where its middle is.

    With `within`, `x` and `y` are parts of the panel's width and height.
    """

    x: float
    y: float
    text: str
    color: Color = INK
    size: float = SMALL
    align: Align = "center"
    dx: float = 0.0
    dy: float = 0.0
    within: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """Lines of text on white, `dx` and `dy` points from the point they name to their middle.

    On a dark ground where `strong`.
    """

    x: float
    y: float
    lines: tuple[str, ...]
    dx: float
    dy: float
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A point and its name; `strong` where it is to be seen first, `short` where never a number."""

    x: float
    y: float
    words: str
    strong: bool = False
    short: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the panel's map by its cells, shape (rows, columns), and its name.

    Of the `forms` of the name, each of some lines, the first is taken that has room.
    """

    where: NDArray[np.bool_]
    forms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of points and of regions, which stand where the panel has room for them.

    Those of points best not across the lines that have words, nor over dots. Where not all have
    room they are numbers, and the names stand below all panels.
    """

    points: tuple[Named, ...]
    regions: tuple[Region, ...] = ()


Mark = (
    Bars | Steps | Line | Dots | Band | Area | Level | Pointer | Break | Cells | Words | Tag | Names
)
Note = tuple[str, Color]
Remark = tuple[str | tuple[str, ...], Color]  # a note, or one in several forms, the fullest first


@dataclass(frozen=True, slots=True)
class ColorBar:
    """What colours mean: `rgb`, shape (n, 3), from the axis' low end to its high end.

    It stands to the right of its panel, or `above` it; of panels below each other that have the
    same one, above the first alone. `meaning` stands behind the axis' name: `light: kept`.
    """

    rgb: NDArray[np.uint8]
    axis: Axis
    meaning: str = ""
    above: bool = False

    @property
    def name(self) -> tuple[str, ...]:
        """The axis' name and what the colours mean, as far as there are any."""
        return tuple(filter(None, (self.axis.name, self.meaning)))


@dataclass(frozen=True, slots=True)
class Panel:
    """Two axes and what stands between them, in order; around it a title, notes, labels.

    `notes` stand above, one below the other. `beside` are the names of curves, at the values of
    the y axis where these end. `rules` are level lines at the ticks. `frame` has two sides, four,
    or none.
    """

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    title: str = ""
    notes: tuple[Remark, ...] = ()
    align: Literal["left", "center"] = "center"
    beside: tuple[tuple[float, str, Color], ...] = ()
    bar: ColorBar | None = None
    frame: Literal["open", "closed", "none"] = "open"
    rules: bool = False
    name: str = ""

    @property
    def words(self) -> str:
        """What to call the panel."""
        return self.name or self.title or self.y.words


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above a row: a name, what it is beside it, and lines below."""

    name: str
    beside: tuple[str, ...] = ()
    lines: tuple[tuple[tuple[str, ...], Color], ...] = ()
    rule: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """Panels beside each other, all as high; where they have no room they go into several rows.

    A panel is `wide` points where the page has no width of its own, and not less than `narrowest`.
    `caption` is the name of all x axes at once; without one each has its own. `ticks` is whether
    the x axes' words are written. Where `equal`, a unit is as long on both axes, the same in
    all such rows, and of whole pixels; the height is then `height` at most, and all panels' axes
    have to be equally long.
    """

    panels: tuple[Panel, ...]
    height: float
    wide: float = 130.0
    narrowest: float = 78.0
    gap: float = 11.0
    caption: str = ""
    ticks: bool = True
    head: Head | None = None
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a legend: how it is drawn, and cells of words; below the first, `second`.

    A line may have a `marker`.
    """

    cells: tuple[str, ...]
    color: Color
    dash: tuple[float, ...] = ()
    shape: Literal["line", "band", "cell"] = "line"
    colors: tuple[Color, ...] = (INK,)
    second: Note | None = None
    marker: Shape | None = None


@dataclass(frozen=True, slots=True)
class Legend:
    """What lines are: a title, and a line for each, or a bar of colours.

    Beside the panels, or as a table `above` them with all cells. `header` names the cells but for
    the first; `more` says what is not drawn.
    """

    title: str
    entries: tuple[Entry, ...] = ()
    bar: ColorBar | None = None
    above: bool = False
    header: tuple[str, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A word to a line or, where `band`, to a filled stretch."""

    words: str
    color: Color
    band: bool = False
    part: float = 0.22


@dataclass(frozen=True, slots=True)
class Heading:
    """The title, below it sentences in parts, each with its colour, and keys to what is drawn."""

    title: str
    lines: tuple[tuple[tuple[str, ...], Color], ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole picture; `width` None where the rows' own widths decide."""

    heading: Heading
    rows: tuple[Row, ...]
    width: float | None = 660.0
    legend: Legend | None = None
    foot: tuple[Note, ...] = field(default=())


def array(values: Any) -> Array:
    """Numbers as an array, None as nan."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
