"""MNIST: handwritten digits of 28 x 28 pixels, pixels from 0 to 255.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"; LeCun et al.
1998, "Gradient-based learning applied to document recognition". The order is that of the files.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.data.files import FILES, SHAPES, T10K, TEST, TRAIN, TRAINING, find
from weightinit_cli.data.idx import header_size, read_idx
from weightinit_cli.data.model import Data
from weightinit_cli.data.split import cut, scaled
from weightinit_cli.errors import DataError

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from weightinit_cli.data.model import Part

Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

CLASSES = 10
WHITE = 255
VALIDATION = 5_000  # of the training files' examples, the last
T10K_TEST = 2_000  # of the t10k files' examples, the last, where there are no others


def load(name: str, folder: str | os.PathLike[str] | None, dtype: str) -> Data:
    """MNIST in its parts, or those of its t10k files; each file is read once.

    Raises DataError where a file is missing, broken, or not as MNIST's are.
    """
    paths = find(name, folder)
    contents = {file: read_idx(paths[file], SHAPES[file]) for file in FILES[name]}
    for file in contents:
        check = _check_labels if len(SHAPES[file]) == 1 else _check_images
        check(_values(contents, file), paths[file])
    sums = {file: sha256(content).hexdigest() for file, content in contents.items()}
    if name == "mnist_t10k":
        train, test = cut(_pair(contents, T10K, dtype), TEST - T10K_TEST, T10K_TEST)
        return Data(name, train, None, test, CLASSES, sums)
    whole = _pair(contents, TRAINING, dtype)
    train, validation = cut(whole, TRAIN - VALIDATION, VALIDATION)
    return Data(name, train, validation, _pair(contents, T10K, dtype), CLASSES, sums)


def _values(contents: dict[str, bytes], file: str) -> Bytes:
    shape = SHAPES[file]
    return np.frombuffer(contents[file], np.uint8, offset=header_size(shape)).reshape(shape)


def _pair(contents: dict[str, bytes], files: tuple[str, str], dtype: str) -> Part:
    images, labels = (_values(contents, file) for file in files)
    return scaled(images, labels, WHITE, dtype)


def _check_images(images: Bytes, path: Path) -> None:
    if images.min() == images.max():
        raise DataError(f"{path}: every pixel is {images.min()}, must be of several values")


def _check_labels(labels: Bytes, path: Path) -> None:
    place = int((labels >= CLASSES).argmax())  # the first, or 0 where there is none
    if labels[place] >= CLASSES:
        raise DataError(
            f"{path}: label {labels[place]} of example {place + 1:,}, must be 0 to {CLASSES - 1}"
        )
    if labels.min() == labels.max():
        raise DataError(f"{path}: every label is {labels[0]}, must be of several classes")
