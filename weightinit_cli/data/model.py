"""A data set, once it is read, and how it is made of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


DATA_DIR = "WINIT_DATA_DIR"  # the variable of the environment that names the folder of files


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Examples: `inputs` (n, features), pixels from 0 to 1; `labels` (n,), int64.

    Both are read-only.
    """

    inputs: NDArray[np.floating[Any]]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set in its parts; labels run from 0 to `classes` - 1.

    `validation` is None where the set has no such part. `checksums` are those of what was read.
    """

    name: str
    train: Part
    validation: Part | None
    test: Part
    classes: int
    checksums: Mapping[str, str]

    @property
    def features(self) -> int:
        """The size of one input."""
        return int(self.train.inputs.shape[1])


def scaled(pixels: NDArray[np.uint8], labels: NDArray[np.uint8], white: int, dtype: str) -> Part:
    """Scale pixels (n, ...) from 0..`white` to inputs (n, features) of 0..1; keep the labels."""
    import numpy as np

    kind = np.dtype(dtype)
    rows = pixels.reshape(len(pixels), -1)
    inputs: NDArray[np.floating[Any]] = np.divide(rows, kind.type(white), dtype=kind)
    targets = labels.astype(np.int64)
    inputs.flags.writeable = targets.flags.writeable = False
    return Part(inputs, targets)


def cut(whole: Part, *sizes: int) -> list[Part]:
    """Cut a set into its first `sizes[0]` examples, the next `sizes[1]`, ..., as views of it."""
    ends = accumulate(sizes)
    return [
        Part(whole.inputs[end - size : end], whole.labels[end - size : end])
        for size, end in zip(sizes, ends, strict=True)
    ]
