"""What 2-D convolutions make of the shape of an image: arithmetic alone."""

from __future__ import annotations

from typing import Final, NamedTuple

PADDINGS: Final = ("circular", "same", "valid")


class Shape(NamedTuple):
    """The shape of an image, or of what a convolution makes of it."""

    height: int
    width: int
    channels: int

    @property
    def positions(self) -> int:
        """The number of places, each with all channels."""
        return self.height * self.width

    @property
    def values(self) -> int:
        """The number of values: every channel at every place."""
        return self.positions * self.channels


class Axis(NamedTuple):
    """One direction of a convolution: `size` places, seen through windows of `kernel`.

    Window i begins at i stride - `before`. With "valid" every window lies inside; with "circular"
    the image is a ring and the middle of window i, (kernel - 1) // 2 from its beginning, lies on
    i stride; with "same" there are zeros around it, the same number on both sides or one more
    after (the convention of TensorFlow and JAX).
    """

    size: int
    kernel: int
    stride: int
    padding: str

    @property
    def windows(self) -> int:
        """How many windows there are: the size of the output."""
        if self.padding == "valid":
            return (self.size - self.kernel) // self.stride + 1
        return -(-self.size // self.stride)

    @property
    def before(self) -> int:
        """How many places are added before the first one."""
        if self.padding == "valid":
            return 0
        return (self.kernel - 1) // 2 if self.padding == "circular" else max(self._lacking, 0) // 2

    @property
    def after(self) -> int:
        """How many places are added after the last one."""
        return max(self._lacking - self.before, 0)

    @property
    def _lacking(self) -> int:
        return (self.windows - 1) * self.stride + self.kernel - self.size


class Convolution(NamedTuple):
    """A stack of 2-D convolutions on an image: one number of channels and one stride per layer."""

    image: Shape
    channels: tuple[int, ...]
    kernel: tuple[int, int]
    padding: str
    stride: tuple[int, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of the image, then of what every layer makes of it."""
        shapes = [self.image]
        for channels, stride in zip(self.channels, self.stride, strict=True):
            below = shapes[-1]
            height, width = (
                Axis(size, kernel, stride, self.padding).windows
                for size, kernel in zip(below[:2], self.kernel, strict=True)
            )
            shapes.append(Shape(height, width, channels))
        return tuple(shapes)
