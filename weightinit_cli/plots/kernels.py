"""The kernels of the first layer: a column for each filter, a row for each channel that it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.numerals import percent, two_digits
from weightinit_cli.plots.engine.colors import diverging
from weightinit_cli.plots.engine.drawing import BLACK, GREY, MUTED, ORANGE, PALE, Color
from weightinit_cli.plots.engine.numbers import MINUS, scale_for
from weightinit_cli.plots.engine.page import (
    Axis,
    Cells,
    ColorBar,
    Heading,
    Legend,
    Line,
    Mark,
    Page,
    Panel,
    Row,
)
from weightinit_cli.plots.figures import beside
from weightinit_cli.results.kinds import described_run
from weightinit_cli.results.words import figure_words, full_name, sizes

if TYPE_CHECKING:
    from weightinit_cli.results.model import Kernels, ResolvedLayer, Result, WeightStatistics

Array = np.ndarray[Any, np.dtype[np.float64]]
Colors = np.ndarray[Any, np.dtype[np.uint8]]  # of elements, red, green and blue in a last axis

ROOM, HIGHEST = 530.0, 262.0  # for all columns, for all rows
NARROWEST, WIDEST, AROUND = 480.0, 660.0, 130.0  # of the page, and of it beside the columns
SIDE, LARGEST_SIDE = 26.0, 50.4  # of a kernel among many, among few
SMALLEST, LARGEST = 3.36, 16.8  # an element
SIGNED = 4.0  # an element that has room for a sign, and for lines around it
MOST_CHANNELS = 6
COLUMNS = (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)  # where not all filters are shown
GAP, CHANNEL_GAP, BAND_GAP = 7.2, 3.8, 24.0
NEXT_FILTER, NEXT_CHANNEL = 14.0, 12.0  # leave room for their numbers
WHOLE = 190.0  # wider bands are two panels, which a narrow page has below each other
NARROWEST_PANEL, PANEL_GAP = 150.0, 1.2
LOW = 45.0  # a band without room for the name of its axis

INSIDE = 0.99  # of the elements that are not zero, between the ends of the colours
LITTLE = 1.2  # times that many are inside as well
SHADES = 50  # on either side of zero
DARKEST = 0.41  # of the diverging colours: beyond it, blue and red are nearly black
DARK = 120.0  # darker elements have light signs
SIGN, SIGN_WIDTH = 0.2, 0.9
NONE = 254  # white, but not the paper's, for which a style has another colour
EDGE: Color = (0.55, 0.55, 0.55)
INNER_EDGE: Color = (0.87, 0.87, 0.87)
EDGE_WIDTH = 0.48
BAR_TICKS, BETWEEN = 4, 0.75  # up to this part of the ends


def kernels_page(result: Result, kernels: Kernels) -> Page:
    """The page: the filters with their numbers in bands, and the colours' key."""
    grid = _grid(kernels)
    filters = np.array(kernels.values, dtype=np.float64).reshape(-1, *kernels.shape)
    filters = filters[: grid.filters]
    shown = filters[..., : grid.channels]
    reach = reach_of(shown)
    colors = shades(shown, reach)
    rows = tuple(_band(shown, colors, grid, number) for number in range(grid.bands))
    words, color = _seen(result, filters, kernels, grid.channels)
    return Page(
        Heading(
            full_name(result.name, result.overrides),
            ((tuple(described_run(result)), MUTED), (tuple(words), color)),
        ),
        rows,
        width=min(max(AROUND + grid.columns * grid.across, NARROWEST), WIDEST),
        legend=_key(shown, reach) if reach else None,
        foot=tuple((note, MUTED) for note in _notes(shown, reach, grid)),
    )


class _Grid(NamedTuple):
    """How many filters and channels are shown, in how many columns and bands, and how large.

    A kernel is `high` × `wide` elements; an element is `element` points wide where the page has its
    own width. `single` is whether the filters see one channel alone.
    """

    high: int
    wide: int
    channels: int
    filters: int
    columns: int
    bands: int
    element: float
    single: bool

    @property
    def across(self) -> float:
        """From one filter to the next in points."""
        return _pitch(self.wide * self.element, GAP, NEXT_FILTER)

    @property
    def down(self) -> float:
        """From one channel to the next in points."""
        return _pitch(self.high * self.element, CHANNEL_GAP, NEXT_CHANNEL)

    @property
    def height(self) -> float:
        """Of a band in points."""
        return (self.channels - 1) * self.down + self.high * self.element

    @property
    def part(self) -> int:
        """How many filters a panel has."""
        whole = self.columns * self.across <= WHOLE
        return self.columns if whole else -(-self.columns // 2)


def _grid(kernels: Kernels) -> _Grid:
    """As many filters and channels as are legible; the fewer there are, the larger."""
    high, wide, channels = kernels.shape
    number = len(kernels.values)
    side = (high + wide) / 2
    least = min(max(SIDE / side, SMALLEST), LARGEST, ROOM / wide, HIGHEST / high)
    down = _pitch(high * least, CHANNEL_GAP, NEXT_CHANNEL)
    channels = min(channels, MOST_CHANNELS, max(int(HIGHEST / down), 1))
    band = (channels - 1) * down + high * least
    fitting = max(int((ROOM + GAP) / _pitch(wide * least, GAP, NEXT_FILTER)), 1)
    bands = max(int((HIGHEST + BAND_GAP) / (band + BAND_GAP)), 1)
    columns = fitting
    if number > bands * fitting:
        columns = max(n for n in COLUMNS if n <= fitting)
    bands = min(-(-number // columns), bands)
    filters = min(number, bands * columns)
    columns = -(-filters // bands)
    most = min(
        LARGEST_SIDE / side,
        LARGEST,
        _share(ROOM, GAP, columns) / wide,
        _share(_share(HIGHEST, BAND_GAP, bands), CHANNEL_GAP, channels) / high,
    )
    bands = -(-filters // columns)
    return _Grid(
        high, wide, channels, filters, columns, bands, max(least, most), kernels.shape[2] == 1
    )


def _pitch(size: float, gap: float, least: float) -> float:
    return max(size + gap, least)


def _share(room: float, gap: float, number: int) -> float:
    """How large each of so many may be."""
    return (room + gap) / number - gap


def _band(shown: Array, colors: Colors, grid: _Grid, number: int) -> Row:
    """One band of filters, in one panel or two; the last one names what the numbers count."""
    first = number * grid.columns
    last = min(first + grid.columns, grid.filters)
    panels = []
    for start in range(first, last, grid.part):
        own = slice(start, min(start + grid.part, last))
        panels.append(_panel(shown[own], colors[own], grid, start, start == first))
    return Row(
        tuple(panels),
        grid.height,
        narrowest=NARROWEST_PANEL,
        gap=PANEL_GAP,
        caption="filter" if number == grid.bands - 1 else "",
        equal=True,
    )


def _panel(shown: Array, colors: Colors, grid: _Grid, start: int, first: bool) -> Panel:
    """Some filters side by side; both axes are in elements, the first channel at the top."""
    high, wide = grid.high, grid.wide
    down, across = grid.down / grid.element, grid.across / grid.element
    top = (grid.channels - 1) * down + high
    lefts = [across * n for n in range(len(shown))]
    tops = [top - down * c for c in range(grid.channels)]
    marks: list[Mark] = []
    for n, left in enumerate(lefts):
        for c, upper in enumerate(tops):
            own = n, slice(None, None, -1), slice(None), c
            sides = np.array([left, left + wide]), np.array([upper - high, upper])
            marks.append(Cells(*sides, colors[own], shown[own]))
    corners = np.stack(np.meshgrid(lefts, tops), axis=-1).reshape(-1, 2)
    marks += _edges(corners, grid)
    if grid.element >= SIGNED:
        marks += _signs(shown, colors, lefts, tops)
    numbers = tuple((left + wide / 2, str(start + n + 1)) for n, left in enumerate(lefts))
    x = Axis(0.0, (grid.part - 1) * across + wide, ticks=numbers, names=True, numbers=True)
    name = _numbered("filter", start + 1, start + len(shown))
    return Panel(x, _channels(grid, top, tops, first), tuple(marks), frame="none", name=name)


def _channels(grid: _Grid, top: float, tops: list[float], first: bool) -> Axis:
    """The axis of channels by number; nothing stands beside a single one."""
    name, each = ("", "channel ") if grid.height < LOW else ("channel", "")
    words = [f"{each}{c}" for c in range(1, grid.channels + 1)]
    places = [upper - grid.high / 2 for upper in tops]
    if grid.single:
        name, words = "", []
    ticks = tuple(zip(places, words, strict=False))
    return Axis(0.0, top, name, ticks=ticks, names=True, labelled=first)


def _edges(corners: Array, grid: _Grid) -> list[Mark]:
    """The outlines of kernels, of which the upper left corners are given; between large elements,
    lines.
    """  # noqa: D205
    high, wide = grid.high, grid.wide
    outline = np.array([(0, 0), (wide, 0), (wide, -high), (0, -high), (0, 0)])
    marks: list[Mark] = []
    if grid.element >= SIGNED:
        lines = [[(k, 0), (k, -high)] for k in range(1, wide)]
        lines += [[(0, -k), (wide, -k)] for k in range(1, high)]
        pieces = [corners[:, None] + np.array(line) for line in lines]
        if pieces:
            marks.append(_strokes(np.concatenate(pieces), INNER_EDGE, EDGE_WIDTH))
    return [*marks, _strokes(corners[:, None] + outline, EDGE, EDGE_WIDTH)]


def _signs(shown: Array, colors: Colors, lefts: list[float], tops: list[float]) -> list[Mark]:
    """A minus in each element below zero: dark, and white on dark ones."""
    filters, rows, columns, channels = np.nonzero(shown < 0)
    x = np.array(lefts)[filters] + columns + 0.5
    y = np.array(tops)[channels] - rows - 0.5
    ends = np.stack([np.stack([x - SIGN, y], 1), np.stack([x + SIGN, y], 1)], axis=1)
    dark = colors[shown < 0] @ GREY < DARK
    return [
        _strokes(ends[which], color, SIGN_WIDTH)
        for which, color in ((~dark, BLACK), (dark, PALE))
        if which.any()
    ]


def _strokes(pieces: Array, color: Color, width: float) -> Line:
    """Many lines as one with gaps: `pieces` has the shape (lines, points, 2)."""
    parted = np.pad(pieces, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan).reshape(-1, 2)
    return Line(parted[:, 0], parted[:, 1], color, width)


# colours


def reach_of(values: Array) -> float:
    """The value at the end of the colours, beyond which few elements are; 0 where all are zero."""
    found = np.abs(values[values != 0])
    if not found.size:
        return 0.0
    most = float(np.quantile(found, INSIDE, method="inverted_cdf"))
    largest = float(found.max())
    return largest if largest / LITTLE <= most else most


def shades(values: Array, reach: float) -> Colors:
    """Blue below zero, red above, the darker the larger; what is zero is white."""
    with np.errstate(over="ignore"):
        parts = np.clip(values / (reach or 1.0), -1.0, 1.0)
    rgb = diverging(0.5 + DARKEST * np.rint(SHADES * parts) / SHADES)
    rgb[values == 0] = NONE
    return rgb


def _key(shown: Array, reach: float) -> Legend:
    """The colours with their values; an end that others lie beyond says so."""
    scale = scale_for(-reach, reach)
    end = f"{scale.high:.2g}"
    low = "≤ " if shown.min() < -reach else ""
    high = "≥ " if shown.max() > reach else ""
    between = [tick for tick in scale.ticks(BAR_TICKS) if abs(tick[0]) < BETWEEN * scale.high]
    ticks = ((scale.low, f"{low}{MINUS}{end}"), *between, (scale.high, f"{high}{end}"))
    power = f" (× 1e{scale.exponent})" if scale.exponent else ""
    axis = Axis(
        scale.low, scale.high, "value of an element" + power, power=scale.exponent, ticks=ticks
    )
    colors = shades(np.linspace(-1.0, 1.0, 2 * SHADES + 1), 1.0)
    return Legend(axis.name, bar=ColorBar(colors, axis))


def _notes(shown: Array, reach: float, grid: _Grid) -> list[str]:
    """What signs mean, and how much is beyond the colours, where there are some."""
    signs = grid.element >= SIGNED and (shown < 0).any()
    notes = ["minus: below 0"] if signs else []
    beyond = np.count_nonzero(np.abs(shown) > reach) / shown.size
    if beyond:
        notes.append(f"{percent(beyond)} of these elements are beyond the ends of the colours")
    return [" · ".join(notes)] if notes else []


# words


def _numbered(name: str, first: int, last: int) -> str:
    return f"{name}s {first} to {last}" if last > first else f"{name} {first}"


def _seen(
    result: Result, filters: Array, kernels: Kernels, channels: int
) -> tuple[list[str], Color]:
    """What is seen in a few words, true of any initializer, and in which colour they stand.

    `filters`, shape (filters, height, width, channels), are those shown.
    """
    number = kernels.filters
    words = [f"layer 1: {number:,} filter{'s' * (number > 1)} of {sizes(kernels.shape)} elements"]
    words += _drawn(("filter", len(filters), number), ("channel", channels, kernels.shape[2]))
    weights = result.layers[0].weights
    if weights is None:
        return words, MUTED
    if weights.min is None:
        return [*words, "no element is finite: colours show signs alone"], ORANGE
    if weights.min == weights.max:
        alike = ": all filters are identical" if number > 1 else ""
        words.append(f"every element is {_exact(weights.min)}{alike}")
        return words, ORANGE if number > 1 else MUTED
    std = figure_words(result.layers[0], "weights.std", weights.std, two_digits)
    words.append(_spread(weights, std, result.resolved.layers[:1]))
    return words + _zeros(filters, number, weights.zero_fraction), MUTED


def _drawn(*counts: tuple[str, int, int]) -> list[str]:
    """`drawn: filters 1 to 16 of 64` where not all are."""
    parts = [f"{_numbered(name, 1, n)} of {all_:,}" for name, n, all_ in counts if n < all_]
    return [f"drawn: {', '.join(parts)}"] if parts else []


def _spread(weights: WeightStatistics, std: str, resolved: tuple[ResolvedLayer, ...]) -> str:
    """`from 0.12 to 0.93, mean 0.0031, std 0.27 (by formula 0.27)`."""
    low, high, mean = map(_measured, (weights.min, weights.max, weights.mean))
    expected = f"by formula {two_digits(resolved[0].weight_std)}" if resolved else None
    return f"from {low} to {high}, mean {mean}, std {beside(std, expected)}"


def _zeros(filters: Array, number: int, share: float) -> list[str]:
    """How many elements are zero, and where the others are, if these are few."""
    if not share:
        return []
    counts = np.count_nonzero(filters, axis=(1, 2, 3))
    full = int(np.count_nonzero(counts))
    if counts.max() == 1:
        values = np.unique(filters[filters != 0])
        single = _exact(float(values[0])) if len(values) == 1 else "element that is not 0"
        where = ", in the kernel's middle," if _central(filters) else ","
        subject = _which(full, len(filters), number, "has", "have")
        return [f"{subject} a single {single}{where} all else is 0"]
    words = [f"{percent(share)} of the elements are 0"]
    if _central(filters):
        words[0] += ": all but the kernels' middle"
    if full < len(filters):
        words.append(f"{_which(len(filters) - full, len(filters), number, 'is', 'are')} 0")
    return words


def _which(count: int, shown: int, number: int, one: str, many: str) -> str:
    """`each filter has`, `3 of the 16 filters shown have`."""
    seen = "" if shown == number else " shown"
    if count == shown:
        return f"each filter{seen} {one}"
    return f"{count} of the {shown} filters{seen} {one if count == 1 else many}"


def _central(filters: Array) -> bool:
    """Whether only the middle of the kernels, which is not all of them, differs from zero.

    Sides of even length have none.
    """
    _, high, wide, _ = filters.shape
    places = np.argwhere(filters.any(axis=(0, 3))).tolist()
    middle = [(high - 1) / 2, (wide - 1) / 2]
    return high * wide > 1 and places == [middle]


def _measured(value: float | None) -> str:
    return _with_minus(two_digits(value))


def _exact(value: float) -> str:
    """A given number, not a measured one: 0.1, 1, 1e-30."""
    return _with_minus(f"{value:.6g}")


def _with_minus(number: str) -> str:
    return MINUS + number[1:] if number.startswith("-") else number
