"""From bytes to parts: scaled pixels, and which examples are for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.data.model import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray


def scaled(pixels: NDArray[np.uint8], labels: NDArray[np.uint8], white: int, dtype: str) -> Part:
    """Pixels (n, ...) of 0..`white` as inputs (n, features) of 0..1, and their labels."""
    kind = np.dtype(dtype)
    rows = pixels.reshape(len(pixels), -1)
    inputs: NDArray[np.floating[Any]] = np.divide(rows, kind.type(white), dtype=kind)
    targets = labels.astype(np.int64)
    inputs.flags.writeable = targets.flags.writeable = False
    return Part(inputs, targets)


def cut(whole: Part, *sizes: int) -> list[Part]:
    """The first `sizes[0]` examples, the next `sizes[1]`, ...: views, nothing is copied."""
    ends = np.cumsum(sizes)
    return [
        Part(whole.inputs[end - size : end], whole.labels[end - size : end])
        for size, end in zip(sizes, ends, strict=True)
    ]
