"""What a data set is, once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


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
