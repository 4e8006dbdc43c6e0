"""IDX files as tests need them, by a writer that shares nothing with winit's reader."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def idx(values: np.ndarray, kind: int = 0x08) -> bytes:
    """The content of an IDX file with these values."""
    header = struct.pack(f">HBB{values.ndim}I", 0, kind, values.ndim, *values.shape)
    return header + values.tobytes()


def t10k(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Write a t10k pair of the right size; its images and labels."""
    generator = np.random.Generator(np.random.PCG64(1))
    images = generator.integers(0, 256, (10_000, 28, 28), np.uint8)
    labels = generator.integers(0, 10, 10_000, np.uint8)
    folder.mkdir(exist_ok=True)
    folder.joinpath(IMAGES).write_bytes(idx(images))
    folder.joinpath(LABELS).write_bytes(idx(labels))
    return images, labels
