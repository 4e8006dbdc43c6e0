"""MNIST: the parts, the scale, what its files must be; and the real files where they are."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from support.idx import IMAGES, LABELS, idx, t10k
from weightinit_cli.data import Data, Part, checksums, load, notes
from weightinit_cli.errors import WinitError

REAL = os.environ.get("WINIT_DATA_DIR")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    return t10k(tmp_path)


def check_part(part: Part, size: int, dtype: str) -> None:
    assert len(part) == size
    assert part.inputs.shape == (size, 784)
    assert part.labels.shape == (size,)
    assert part.inputs.dtype == dtype
    assert part.labels.dtype == np.int64
    assert not part.inputs.flags.writeable
    assert not part.labels.flags.writeable
    assert part.inputs.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_t10k(tmp_path: Path, pair: tuple[np.ndarray, np.ndarray], dtype: str):
    images, labels = pair
    data = load("mnist_t10k", tmp_path, dtype)
    assert (data.name, data.classes, data.features) == ("mnist_t10k", 10, 784)
    assert data.validation is None
    check_part(data.train, 8000, dtype)
    check_part(data.test, 2000, dtype)
    expected = (images.reshape(10_000, 784) / 255).astype(dtype)
    assert np.array_equal(data.train.inputs, expected[:8000])
    assert np.array_equal(data.test.inputs, expected[8000:])
    assert np.array_equal(data.train.labels, labels[:8000])
    assert np.array_equal(data.test.labels, labels[8000:])
    assert data.checksums == checksums("mnist_t10k", tmp_path)


def test_data_travel_to_a_worker(tmp_path: Path, pair: tuple[np.ndarray, np.ndarray]):
    data = load("mnist_t10k", tmp_path)
    there: Data = pickle.loads(pickle.dumps(data))  # noqa: S301
    assert np.array_equal(there.train.inputs, data.train.inputs)
    assert there.checksums == data.checksums


def test_mnist(tmp_path: Path, pair: tuple[np.ndarray, np.ndarray]):
    images, test_labels = pair
    with (tmp_path / "train-images-idx3-ubyte").open("wb") as file:  # black, but for a pixel
        file.write(idx(np.empty((0, 28, 28), np.uint8))[:4])
        file.write(np.array([60_000, 28, 28], ">u4").tobytes())
        file.seek(16 + 55_000 * 784)
        file.write(b"\xff")
        file.truncate(16 + 60_000 * 784)
    labels = np.arange(60_000) % 7
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(idx(labels.astype(np.uint8)))
    data = load("mnist", tmp_path)
    assert data.validation is not None
    for part, size in ((data.train, 55_000), (data.validation, 5000), (data.test, 10_000)):
        check_part(part, size, "float32")
    assert not data.train.inputs.any()
    assert data.validation.inputs[0, 0] == 1
    assert np.array_equal(data.train.labels, labels[:55_000])
    assert np.array_equal(data.validation.labels, labels[55_000:])
    assert np.array_equal(data.test.labels, test_labels)
    assert np.array_equal(data.test.inputs[7], np.float32(images[7].ravel() / 255))
    assert data.checksums == checksums("mnist", tmp_path)
    assert len(data.checksums) == 4


@pytest.mark.parametrize(
    ("file", "values", "said"),
    [
        (LABELS, np.zeros(9999), "holds 9,999 values, must be 10,000"),
        (IMAGES, np.zeros((60, 28, 28)), "holds 60 x 28 x 28 values, must be 10,000 x 28 x 28"),
        (IMAGES, np.zeros(10_000), "dimensions: 1, must be 3 (10,000 x 28 x 28)"),
        (IMAGES, np.zeros((10_000, 28, 28)), "every pixel is 0, must be of several values"),
        (LABELS, np.full(10_000, 4), "every label is 4, must be of several classes"),
        (LABELS, np.arange(10_000) // 909, "label 10 of example 9,091, must be 0 to 9"),
    ],
    ids=["fewer labels", "too few", "labels for images", "blank", "one class", "beyond 9"],
)
def test_files_that_are_not_mnist(
    tmp_path: Path, pair: object, file: str, values: np.ndarray, said: str
):
    (tmp_path / file).write_bytes(idx(values.astype(np.uint8)))
    with pytest.raises(WinitError) as caught:
        load("mnist_t10k", tmp_path)
    assert caught.value.lines == (f"{tmp_path / file}: {said}",)


def test_other_files_of_the_same_names_are_noted(tmp_path: Path, pair: object):
    """As Fashion-MNIST has them: they are of MNIST's shape, and none of its content."""
    (note,) = notes("mnist_t10k", tmp_path)
    assert note.startswith(f"{tmp_path}: {IMAGES}, {LABELS}: these files are not MNIST's: ")


def test_of_digits_nothing_is_noted():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    assert notes("digits") == ()


# the real files


@pytest.fixture
def real() -> Path:
    if not REAL:
        pytest.skip("WINIT_DATA_DIR is not set: no real MNIST")
    return Path(REAL)


def test_the_real_ones_are_mnist(real: Path):
    data = load("mnist_t10k", real)
    check_part(data.train, 8000, "float32")
    check_part(data.test, 2000, "float32")
    assert data.train.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    counts = np.bincount(data.train.labels) + np.bincount(data.test.labels)
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (data.train.inputs.min(), data.train.inputs.max()) == (0, 1)
    assert data.checksums == checksums("mnist_t10k", real)
    assert notes("mnist_t10k", real) == ()


@pytest.mark.parametrize(
    ("file", "md5"),
    [
        (IMAGES, "9fb629c4189551a2d022fa330f9573f3"),
        (LABELS, "ec29112dd5afa0611ce80d1b7f02629c"),
    ],
)
def test_the_real_ones_byte_for_byte(real: Path, file: str, md5: str):
    packed = real / f"{file}.gz"
    if not packed.exists():
        pytest.skip(f"no {packed.name} in WINIT_DATA_DIR")
    assert hashlib.md5(packed.read_bytes(), usedforsecurity=False).hexdigest() == md5
