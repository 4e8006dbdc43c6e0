"""Where the kernels of a layer stand: filters in columns and bands, a row for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.engine.drawing import Box

if TYPE_CHECKING:
    from weightinit_cli.results.model import Kernels

PIXEL = 0.48  # points at 150 dpi: the elements of a PNG are whole pixels wide
LEFT = 70 * PIXEL
ROOM, HIGHEST = 608.0, 262.0  # for all columns, for all rows
SIDE, LARGEST_SIDE = 60 * PIXEL, 105 * PIXEL  # of a kernel among many, among few
SMALLEST, LARGEST = 7 * PIXEL, 35 * PIXEL  # an element
MOST_CHANNELS = 6
COLUMNS = (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)  # where not all filters are shown
GAP, CHANNEL_GAP, BAND_GAP = 17 * PIXEL, 8 * PIXEL, 42 * PIXEL
LOWEST_ROW = 22 * PIXEL  # has room for its channel's number


class KernelPage(NamedTuple):
    """Where kernels stand: the filters shown, their columns and bands, channels, an element's side.

    A kernel is `high` × `wide` elements; the lowest stands at `bottom`.
    """

    high: int
    wide: int
    channels: int
    filters: int
    columns: int
    bands: int
    element: float
    bottom: float = 0.0

    @property
    def across(self) -> float:
        """From one filter to the next."""
        return self.wide * self.element + GAP

    @property
    def down(self) -> float:
        """From one channel to the next."""
        return _down(self.high * self.element)

    @property
    def right(self) -> float:
        """The right side of the last column."""
        return LEFT + self.columns * self.across - GAP

    @property
    def top(self) -> float:
        """The upper side of the first band."""
        return self.band(0).top

    def band(self, number: int) -> Box:
        """All kernels of the columns of one band, counted from above."""
        high = (self.channels - 1) * self.down + self.high * self.element
        y = self.bottom + (self.bands - 1 - number) * (high + BAND_GAP)
        columns = min(self.columns, self.filters - number * self.columns)
        return Box(LEFT, y, columns * self.across - GAP, high)

    def kernel(self, number: int, channel: int) -> Box:
        """One kernel: a filter's elements in one channel."""
        band, column = divmod(number, self.columns)
        wide, high = self.wide * self.element, self.high * self.element
        y = self.band(band).y + (self.channels - 1 - channel) * self.down
        return Box(LEFT + column * self.across, y, wide, high)


def kernel_page(kernels: Kernels) -> KernelPage:
    """As many filters and channels as are legible; the fewer there are, the larger."""
    high, wide, channels = kernels.shape
    number = len(kernels.values)
    side = (high + wide) / 2
    least = max(SIDE / side, SMALLEST)
    element = whole(min(least, LARGEST, ROOM / wide, HIGHEST / high))
    channels = min(channels, MOST_CHANNELS, _fitting(high * element, CHANNEL_GAP, HIGHEST))
    band = (channels - 1) * _down(high * element) + high * element
    columns = max(n for n in COLUMNS if n <= _fitting(wide * element, GAP, ROOM))
    bands = min(-(-number // columns), _fitting(band, BAND_GAP, HIGHEST))
    filters = min(number, bands * columns)
    columns = -(-filters // bands)
    most = min(
        LARGEST_SIDE / side,
        LARGEST,
        _share(ROOM, GAP, columns) / wide,
        _share(_share(HIGHEST, BAND_GAP, bands), CHANNEL_GAP, channels) / high,
    )
    element = max(element, whole(most))
    return KernelPage(high, wide, channels, filters, columns, bands, element)


def _fitting(size: float, gap: float, room: float) -> int:
    """How many of a size have room; one at least."""
    return max(int((room + gap) / (size + gap)), 1)


def _share(room: float, gap: float, number: int) -> float:
    """How large each of so many may be."""
    return (room + gap) / number - gap


def _down(high: float) -> float:
    return max(high + CHANNEL_GAP, LOWEST_ROW)


def whole(points: float) -> float:
    """As many whole pixels as that; what is less than one stays."""
    return int(points / PIXEL + 1e-9) * PIXEL or points
