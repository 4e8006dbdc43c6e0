"""MNIST: handwritten digits of 28 x 28 pixels, pixels from 0 to 255, from a folder of IDX files.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", with a section
on the format; LeCun et al. 1998, "Gradient-based learning applied to document recognition". The
order is that of the files. Only `load` needs numpy: names and checksums cost nothing.

An IDX file begins with four bytes that say the values' type and how many dimensions there are; the
dimensions' sizes follow, big-endian and of 32 bits each, and then the values.
"""

from __future__ import annotations

import gzip
import stat
import zlib
from functools import lru_cache
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from weightinit_cli.data.model import DATA_DIR, Data, cut, scaled
from weightinit_cli.errors import WinitError, counted, reason

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from weightinit_cli.data.model import Part

SIDE = 28
TRAIN, TEST = 60_000, 10_000
T10K = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
TRAINING = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
SHAPES: dict[str, tuple[int, ...]] = {
    TRAINING[0]: (TRAIN, SIDE, SIDE),
    TRAINING[1]: (TRAIN,),
    T10K[0]: (TEST, SIDE, SIDE),
    T10K[1]: (TEST,),
}
FILES = {"mnist_t10k": T10K, "mnist": (*TRAINING, *T10K)}
# The sha256 of what MNIST's files hold, uncompressed.
MNIST = {
    TRAINING[0]: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAINING[1]: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    T10K[0]: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    T10K[1]: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"

CLASSES = 10
WHITE = 255
VALIDATION = 5_000  # of the training files' examples, the last
T10K_TEST = 2_000  # of the t10k files' examples, the last, where there are no others

GZIP = b"\x1f\x8b"
UNSIGNED = 0x08
TYPES = {
    UNSIGNED: "unsigned bytes", 0x09: "signed bytes", 0x0B: "16-bit integers",
    0x0C: "32-bit integers", 0x0D: "32-bit floats", 0x0E: "64-bit floats",
}  # fmt: skip


def load(name: str, folder: str | os.PathLike[str] | None, dtype: str) -> Data:
    """Read MNIST, or the part of it in the t10k files; each file is read once.

    Raises WinitError where a file is missing, broken, or not as MNIST's are.
    """
    paths = _find(name, folder)
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


def checksums(name: str, folder: str | os.PathLike[str] | None) -> dict[str, str]:
    """Return the sha256 of each file's uncompressed content, by its canonical name.

    Raises WinitError where a file is missing, or not of its kind and size.
    """
    sums = {}
    for file, path in _find(name, folder).items():
        try:
            state = path.stat()
        except OSError as error:
            raise WinitError(f"{path}: {reason(error)}") from None
        sums[file] = _checksum(path.absolute(), SHAPES[file], state.st_size, state.st_mtime_ns)
    return sums


def unlike_mnist(sums: Mapping[str, str]) -> list[str]:
    """Name the files with these checksums that hold something else than MNIST's of that name."""
    return [file for file, checksum in sums.items() if checksum != MNIST.get(file, checksum)]


def read_idx(path: str | os.PathLike[str], shape: tuple[int, ...]) -> bytes:
    """Read an IDX file, header included, which must hold unsigned bytes of this shape.

    The values follow it from `header_size(shape)` on. The file may be compressed by gzip, whatever
    its name. No more is read or decompressed than the shape asks for, and one byte.

    Raises WinitError, naming the file, where it cannot be read or is not as it must be.
    """
    try:
        with Path(path).open("rb") as file:
            compressed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            if not compressed:
                return _read_content(file, shape)
            with gzip.GzipFile(fileobj=file) as inside:
                return _read_content(cast("BinaryIO", inside), shape)
    except WinitError as error:
        raise WinitError(f"{path}: {error}") from None
    except EOFError:
        raise WinitError(f"{path}: truncated: the gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise WinitError(f"{path}: broken gzip data ({error}); get the file again") from None
    except OSError as error:
        raise WinitError(f"{path}: {reason(error)}") from None


def header_size(shape: tuple[int, ...]) -> int:
    """Return how many bytes precede the values of an IDX file of this shape."""
    return 4 + 4 * len(shape)


def _find(name: str, folder: str | os.PathLike[str] | None) -> dict[str, Path]:
    """Return the path of each file of a data set, by its canonical name.

    Of several spellings the first counts: plain, `.gz`, and both with a dot before `idx`.
    Raises WinitError where there is no folder, or files are missing from it.
    """
    if not folder:
        raise WinitError(
            f"{name}: needs a folder of files: give --data-dir or set {DATA_DIR}; "
            f"to be had from {SOURCE}"
        )
    place = Path(folder)
    kind = _mode(place)
    if kind is None or not stat.S_ISDIR(kind):
        what = "no such folder" if kind is None else "not a folder"
        raise WinitError(
            f"{place}: {what}; --data-dir or {DATA_DIR} must name that of {name}'s files"
        )
    found = {file: _spelled(place, file) for file in FILES[name]}
    missing = [file for file, path in found.items() if path is None]
    if missing:
        raise WinitError(
            f"{place}: lacks {', '.join(missing)} (each plain or .gz, or spelled "
            f"{_dotted(missing[0])}); to be had from {SOURCE}: winit downloads nothing"
        )
    return {file: path for file, path in found.items() if path is not None}


def _values(contents: dict[str, bytes], file: str) -> NDArray[np.uint8]:
    import numpy as np

    shape = SHAPES[file]
    return np.frombuffer(contents[file], np.uint8, offset=header_size(shape)).reshape(shape)


def _pair(contents: dict[str, bytes], files: tuple[str, str], dtype: str) -> Part:
    images, labels = (_values(contents, file) for file in files)
    return scaled(images, labels, WHITE, dtype)


def _check_images(images: NDArray[np.uint8], path: Path) -> None:
    if images.min() == images.max():
        raise WinitError(f"{path}: every pixel is {images.min()}, must be of several values")


def _check_labels(labels: NDArray[np.uint8], path: Path) -> None:
    place = int((labels >= CLASSES).argmax())  # the first, or 0 where there is none
    if labels[place] >= CLASSES:
        raise WinitError(
            f"{path}: label {labels[place]} of example {place + 1:,}, must be 0 to {CLASSES - 1}"
        )
    if labels.min() == labels.max():
        raise WinitError(f"{path}: every label is {labels[0]}, must be of several classes")


@lru_cache(maxsize=64)
def _checksum(path: Path, shape: tuple[int, ...], _size: int, _mtime_ns: int) -> str:
    return sha256(read_idx(path, shape)).hexdigest()


def _spelled(folder: Path, file: str) -> Path | None:
    for spelling in (file, _dotted(file)):
        for path in (folder / spelling, folder / f"{spelling}.gz"):
            kind = _mode(path)
            if kind is not None and stat.S_ISREG(kind):
                return path
    return None


def _dotted(file: str) -> str:
    """Return a file's name as some mirrors spell it: t10k-images.idx3-ubyte."""
    return file.replace("-idx", ".idx")


def _mode(path: Path) -> int | None:
    """Return the mode of what stands at a path, None for nothing there.

    Raises WinitError where that cannot be seen.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # a null byte is a ValueError
        raise WinitError(f"{path}: {reason(error)}") from None


def _read_content(file: BinaryIO, shape: tuple[int, ...]) -> bytes:
    size = header_size(shape)
    header = file.read(size)
    _check_header(header, shape)
    promised = size + prod(shape)
    content = header + file.read(promised - size + 1)
    if len(content) < promised:
        raise WinitError(
            f"truncated: ends after {counted(len(content), 'byte')}, "
            f"must be the {promised:,} of its header"
        )
    if len(content) > promised:
        raise WinitError(f"goes on after the {promised:,} bytes that its header promises")
    return content


def _check_header(header: bytes, shape: tuple[int, ...]) -> None:
    magic = bytes((0, 0, UNSIGNED, len(shape)))
    if not header:
        raise WinitError(f"empty, must be an IDX file of {_times(shape)} unsigned bytes")
    if header[:2] != magic[:2]:
        raise WinitError(
            f"not an IDX file: begins with {header[:4].hex(' ')}, must be {magic.hex(' ')}"
        )
    if len(header) < 4:  # the magic number's
        raise WinitError("truncated within its header")
    if header[2] != UNSIGNED:
        found = TYPES.get(header[2], f"values of unknown type {header[2]:02x}")
        raise WinitError(f"holds {found}, must be {TYPES[UNSIGNED]}")
    if header[3] != len(shape):
        raise WinitError(f"dimensions: {header[3]}, must be {len(shape)} ({_times(shape)})")
    if len(header) < header_size(shape):
        raise WinitError("truncated within its header")
    sizes = tuple(
        int.from_bytes(header[start : start + 4], "big") for start in range(4, len(header), 4)
    )
    if sizes != shape:
        raise WinitError(f"holds {_times(sizes)} values, must be {_times(shape)}")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)
