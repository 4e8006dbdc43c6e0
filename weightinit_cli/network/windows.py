"""What a convolution sees: windows on images, gathered as the rows of matrices (im2col)."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from weightinit_cli.convolution import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]

# Patches that are gathered at a time decide how BLAS rounds, so they depend on shapes alone: so
# many values, which a core's cache holds, but enough places for a product to be efficient.
PANEL_VALUES = 1 << 19
PANEL_PLACES = 512


class Margins(NamedTuple):
    """How many places are added before the first and after the last one of an axis."""

    before: int
    after: int


class Windows(NamedTuple):
    """Windows of the size of a kernel, `stride` apart, on images with margins around them.

    The margins of a ring repeat the image from its other edge; others are zero.
    """

    image: Shape
    kernel: tuple[int, int]
    stride: int
    margins: tuple[Margins, Margins]
    ring: bool

    @property
    def framed(self) -> Shape:
        """The shape of an image with its margins."""
        height, width = (
            before + size + after
            for size, (before, after) in zip(self.image[:2], self.margins, strict=True)
        )
        return Shape(height, width, self.image.channels)

    @property
    def grid(self) -> tuple[int, int]:
        """The number of windows in a column and in a row of them: the places of the output."""
        height, width = (
            (size - kernel) // self.stride + 1
            for size, kernel in zip(self.framed[:2], self.kernel, strict=True)
        )
        return height, width

    @property
    def values(self) -> int:
        """Values in a window."""
        return prod(self.kernel) * self.image.channels

    @property
    def panel(self) -> tuple[int, int]:
        """How many images are seen at a time, and how many rows of places of each."""
        height, width = self.grid
        places = max(PANEL_PLACES, PANEL_VALUES // self.values)
        return max(1, places // (height * width)), min(height, max(1, places // width))

    @property
    def scratch(self) -> int:
        """Values that `patches` holds: a panel, and images in their margins."""
        at_once, band = self.panel
        return at_once * (band * self.grid[1] * self.values + self.framed.values)

    def patches(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """Panels of places, counted through all images, with their patches, (places, values).

        A patch is what lies in a window: row by row, column by column, channel by channel. Every
        panel takes the memory of the one before.
        """
        images = x.reshape(-1, *self.image)
        (height, width), (at_once, band) = self.grid, self.panel
        frames = Frames(self, min(at_once, len(images)), x.dtype)
        memory = np.empty((len(frames.images) * band * width, self.values), x.dtype)
        start = 0
        for first in range(0, len(images), at_once):
            some = images[first : first + at_once]
            frames.show(some)
            for top in range(0, height, band):
                seen = frames.windows[: len(some), top : top + band]
                patches = memory[: prod(seen.shape[:3])]
                np.copyto(patches.reshape(seen.shape), seen)
                yield slice(start, start + len(patches)), patches
                start += len(patches)


class Frames:
    """Memory for `count` images in their margins.

    `images` and `windows`, of shape (count, *grid, kh, kw, channels), are views of it.
    """

    def __init__(self, seen: Windows, count: int, dtype: np.dtype[Any]) -> None:
        self.values = np.zeros((count, *seen.framed), dtype)
        windows = sliding_window_view(self.values, seen.kernel, axis=(1, 2), writeable=True)
        windows = windows[:, :: seen.stride, :: seen.stride]
        self.windows = windows.transpose(0, 1, 2, 4, 5, 3)
        (top, _), (left, _) = seen.margins
        height, width, _ = seen.image
        self.images = self.values[:, top : top + height, left : left + width]
        self._repeated = []
        if seen.ring:
            across = self.values.swapaxes(1, 2)
            self._repeated = [*_ring(self.values, height, top), *_ring(across, width, left)]

    def show(self, images: Array) -> None:
        """Put at most `count` images in their margins."""
        self.images[: len(images)] = images
        for outside, inside in self._repeated:
            outside[...] = inside

    def fold(self) -> Array:
        """The adjoint of `show`: the images, with all that they are repeated in added to them."""
        for outside, inside in self._repeated:
            inside += outside
        return self.images


def _ring(values: Array, size: int, before: int) -> list[tuple[Array, Array]]:
    """The margins along the second axis, place by place, each with the place that it repeats."""
    places = range(before, before + size)
    return [
        (values[:, place], values[:, places[(place - before) % size]])
        for place in range(values.shape[1])
        if place not in places
    ]
