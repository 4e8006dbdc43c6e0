"""2-D convolutions as matrix products: patches of the images times the kernels (im2col).

Chellapilla, Puri & Simard 2006.
"""

from __future__ import annotations

from functools import reduce
from itertools import product
from math import prod
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from weightinit_cli.convolution import Axis, Shape
from weightinit_cli.network.layer import split
from weightinit_cli.network.sums import SquareSum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# Patches that are gathered at a time decide how BLAS rounds, so they depend on shapes alone: so
# many values, which a core's cache holds, but enough places for a product to be efficient.
PANEL_VALUES = 1 << 19
PANEL_PLACES = 512

# How the gradient of the kernels is split decides how it is rounded, so that is fixed: into blocks
# of columns of about so many entries, and strands of inputs with so many in all their sums.
BLOCK_ENTRIES = 1 << 20
BLOCK_COLUMNS = 64
STRAND_ENTRIES = 4 * (3 * 3 * 256 * 256)
STRANDS = (2, 16)

# From so many channels on, adding up what every tap sends back takes less than turning the kernels.
MANY_CHANNELS = 256


class Conv(NamedTuple):
    """A 2-D convolution: kernels of shape (kh, kw, in, out), the same at every place.

    As a matrix the kernels are (kh kw in, out), in C order. `image` is the shape of what comes
    in, `channels` are those that go out; images are rows of values in the order row, column,
    channel. The bias has one entry per channel; None is zero.
    """

    image: Shape
    channels: int
    kernel: tuple[int, int]
    padding: str
    stride: int
    weights: Sampler
    bias: Sampler | None

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """How the windows lie along the height and the width."""
        (height, width, _), (rows, columns) = self.image, self.kernel
        return (
            Axis(height, rows, self.stride, self.padding),
            Axis(width, columns, self.stride, self.padding),
        )

    @property
    def output(self) -> Shape:
        """The shape of what goes out."""
        height, width = self.axes
        return Shape(height.windows, width.windows, self.channels)

    @property
    def fan_in(self) -> int:
        """Connections into one unit."""
        return prod(self.kernel) * self.image.channels

    @property
    def fan_out(self) -> int:
        """Connections out of one value, at stride 1 and away from the edges."""
        return prod(self.kernel) * self.channels

    @property
    def inputs(self) -> int:
        """Values of one input."""
        return self.image.values

    @property
    def units(self) -> int:
        """Values of one output: a unit is a channel at a place."""
        return self.output.values

    @property
    def columns(self) -> int:
        """Columns of the weights, each of one channel."""
        return self.channels

    @property
    def positions(self) -> int:
        """Units that share a column: the places of the output."""
        return self.output.positions

    @property
    def entries(self) -> int:
        """The number of weights."""
        return self.fan_in * self.columns

    @property
    def scratch(self) -> int:
        """Values that `forward` or `backward` holds beside what it is given."""
        seen = self._windows
        if self._turns:
            return max(seen.scratch, self.entries + self._windows_back.scratch)
        returned = self.positions * self.image.channels
        return max(seen.scratch, seen.panel[0] * (seen.framed.values + returned))

    def drawn_by(self, weights: Sampler, bias: Sampler | None) -> Conv:
        """The same layer with other samplers."""
        return self._replace(weights=weights, bias=bias)

    def forward(self, x: Array, weights: Array, out: Array) -> None:
        """Put the convolution into `out`, of shapes (n, inputs) -> (n, units)."""
        _multiply(self._windows, x, weights, out)

    def backward(self, delta: Array, weights: Array, out: Array) -> None:
        """Put what comes back into `out`, of shapes (n, units) -> (n, inputs).

        At stride 1 that is a convolution with the kernels turned round.
        """
        kernels = weights.reshape(*self.kernel, -1, self.columns)
        if self._turns:
            turned = kernels[::-1, ::-1].swapaxes(2, 3).reshape(-1, self.image.channels)
            _multiply(self._windows_back, delta, turned, out)
        else:
            self._scatter(delta, kernels, out)

    def _scatter(self, delta: Array, kernels: Array, out: Array) -> None:
        """Put what comes back into `out`, tap by tap of the kernels, to where it was seen."""
        signals, images = delta.reshape(-1, *self.output), out.reshape(-1, *self.image)
        count = min(self._windows.panel[0], len(images))
        frames = _Frames(self._windows, count, out.dtype)
        returned = np.empty((count * self.positions, self.image.channels), out.dtype)
        for first in range(0, len(images), count):
            signal = signals[first : first + count]
            windows = frames.windows[: len(signal)]
            part = returned[: len(signal) * self.positions]
            frames.values[...] = 0
            for i, j in np.ndindex(self.kernel):
                np.matmul(signal.reshape(-1, self.columns), kernels[i, j].T, out=part)
                windows[:, :, :, i, j] += part.reshape(*signal.shape[:3], -1)
            images[first : first + count] = frames.fold()[: len(signal)]

    def gradient_squares(
        self, x: Array, delta: Array, apply: Map, made: Callable[[Array], None] | None = None
    ) -> SquareSum:
        """The squares of the kernels' gradient Xᵀδ / samples, with all places' patches in X.

        A block of columns is the sum over strands of inputs, in float64.
        """
        samples = len(x)
        blocks = split(self.columns, self._blocks)
        strands = split(samples, min(samples, self._strands))
        tasks = list(product(blocks, strands))
        cost = samples * self.positions * self.entries / len(tasks)

        def strand(task: tuple[slice, slice]) -> Array:
            columns, inputs = task
            return self._gradient(x[inputs], delta[inputs], columns)

        def squares(first: int) -> SquareSum:
            gradient: Array = reduce(add, sums[first : first + len(strands)])
            gradient = gradient / samples
            if made is not None:
                gradient = gradient.astype(np.float32)
                made(gradient)
            return SquareSum.of(gradient)

        sums = apply(strand, tasks, cost=cost)
        return reduce(add, apply(squares, range(0, len(tasks), len(strands))))

    def gradient_bytes(self, threads: int, dtype: np.dtype[Any]) -> int:
        """What `gradient_squares` holds beside what it is given."""
        block = self.fan_in * -(-self.columns // self._blocks)
        at_work = min(threads, self._blocks * self._strands)
        # the strands' sums; in work a panel and its product, then a sum, its mean and its squares
        each = dtype.itemsize * (block + self._windows.scratch) + 32 * block
        return 8 * self._strands * self.entries + at_work * each

    def gradient(self, x: Array, delta: Array, out: Array) -> None:
        """Put Xᵀδ, summed over all places, into `out`, shape (fan_in, columns)."""
        out[...] = self._gradient(x, delta, slice(None))

    def _gradient(self, x: Array, delta: Array, columns: slice) -> Array:
        """Some columns of Xᵀδ, summed over all places, float64 of shape (fan_in, columns)."""
        signal = delta.reshape(-1, self.columns)[:, columns]
        total = np.zeros((self.fan_in, signal.shape[1]))
        part = np.empty(total.shape, x.dtype)
        for places, patches in self._windows.patches(x):
            total += np.matmul(patches.T, signal[places], out=part)
        return total

    @property
    def _blocks(self) -> int:
        """The number of blocks of columns that the gradient is split into."""
        return min(-(-self.entries // BLOCK_ENTRIES), -(-self.columns // BLOCK_COLUMNS))

    @property
    def _strands(self) -> int:
        """The number of strands of inputs that the gradient is summed over."""
        fewest, most = STRANDS
        return max(fewest, min(most, STRAND_ENTRIES // self.entries))

    @property
    def _turns(self) -> bool:
        """Whether what comes back is a convolution with the kernels turned round."""
        return self.stride == 1 and self.channels < MANY_CHANNELS

    @property
    def _windows(self) -> _Windows:
        """What every place of the output sees of the image."""
        rows, columns = ((axis.before, axis.after) for axis in self.axes)
        ring = self.padding == "circular"
        return _Windows(self.image, self.kernel, self.stride, (rows, columns), ring)

    @property
    def _windows_back(self) -> _Windows:
        """What every place of the image sees of the output, at stride 1."""
        rows, columns = (
            (axis.kernel - 1 - axis.before, axis.kernel - 1 - axis.after) for axis in self.axes
        )
        return self._windows._replace(image=self.output, margins=(rows, columns))


class _Windows(NamedTuple):
    """Windows of the size of a kernel, `stride` apart, on images with margins around them.

    `margins` are the places added before the first and after the last one of each axis: those of
    a ring repeat the image from its other edge; others are zero.
    """

    image: Shape
    kernel: tuple[int, int]
    stride: int
    margins: tuple[tuple[int, int], tuple[int, int]]
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
        frames = _Frames(self, min(at_once, len(images)), x.dtype)
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


class _Frames:
    """Memory for `count` images in their margins.

    `images` and `windows`, of shape (count, *grid, kh, kw, channels), are views of it.
    """

    def __init__(self, seen: _Windows, count: int, dtype: np.dtype[Any]) -> None:
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


def _multiply(windows: _Windows, x: Array, weights: Array, out: Array) -> None:
    """Put every patch times the weights into `out`, place by place."""
    z = out.reshape(-1, weights.shape[1])
    for places, patches in windows.patches(x):
        np.matmul(patches, weights, out=z[places])
