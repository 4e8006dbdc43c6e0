"""Files of rows of numbers, read block by block: .npy, IDX (plain or compressed), CSV text."""

from __future__ import annotations

import gzip
import io
import zlib
from array import array
from hashlib import sha256
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

from weightinit_cli.data.mnist import GZIP, TYPES, UNSIGNED, WHITE
from weightinit_cli.errors import counted
from weightinit_cli.machine import available_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    Array = np.ndarray[Any, Any]
    File = io.BufferedReader["Content"]

NUMPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
# How numpy calls the types of an IDX file.
IDX_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
BLOCK_VALUES = 1 << 17
# While a block is read: its bytes, its values in their type and in float64, and what is left of
# them without their mean.
BYTES_PER_VALUE = 40
# Below this, a machine that runs Python has the memory.
ALWAYS_THERE = 1 << 28
LONGEST_LINE = 1 << 26
KINDS = "fiub"
FORMS = "must be an array of numpy's (.npy), IDX, or text of numbers separated by commas (CSV)"


class FormatError(Exception):
    """What is wrong with the content of a file, in words; who opened it names the file."""


class Content(io.RawIOBase):
    """The content of an opened file, decompressed where it was compressed by gzip; read once.

    What was read is counted into its checksum.
    """

    def __init__(self, file: BinaryIO) -> None:
        compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        self._file = gzip.GzipFile(fileobj=file) if compressed else file
        self._hash = sha256()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes; see io.RawIOBase. Raises FormatError for broken gzip data."""
        try:
            data = self._file.read(len(buffer))
        except EOFError:
            raise FormatError("truncated: the gzip data end too early") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FormatError(f"broken gzip data ({error})") from None
        self._hash.update(data)
        buffer[: len(data)] = data
        return len(data)

    def checksum(self) -> str:
        """Return the sha256 of all that was read, which is all where no more is left."""
        return self._hash.hexdigest()


def blocks_of(content: Content) -> Iterator[Array]:
    """Give the rows of a file, to its end, in blocks of shape (rows, features).

    Rows of more than one axis, as images, are flattened. Pixels of IDX files, bytes from 0 to 255,
    are scaled to 0..1. Raises FormatError for what is no such file.
    """
    file = io.BufferedReader(content, 1 << 16)
    head = file.peek(8)[:8]
    if not head:
        raise FormatError("empty")
    if head.startswith(NUMPY):
        return _numpy_blocks(file)
    if head.startswith(ZIP):
        raise FormatError("a zip archive, as numpy.savez writes; numpy.save writes one array")
    if head.startswith(b"\0\0"):
        return _idx_blocks(file)
    return _text_blocks(file)


def _numpy_blocks(file: File) -> Iterator[Array]:
    import numpy as np

    npy = np.lib.format
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(file)
    except FormatError:
        raise
    except Exception as error:  # numpy raises many kinds where a header is damaged
        raise FormatError("a damaged array of numpy's: its header cannot be read") from error
    if dtype.hasobject:
        raise FormatError("holds Python objects, must hold numbers")
    if dtype.kind not in KINDS:
        raise FormatError(f"holds {_kind(dtype)}, must hold real numbers")
    rows, features = _rows_of(shape)
    if not by_columns:
        yield from _binary_blocks(file, dtype, rows, features)
        return
    _check_memory(rows * features)
    values = np.frombuffer(_exactly(file, rows * features * dtype.itemsize), dtype)
    _check_end(file)
    whole = values.reshape(shape, order="F").reshape(rows, features)
    height = max(1, BLOCK_VALUES // features)
    for top in range(0, rows, height):
        yield whole[top : top + height]


def _kind(dtype: np.dtype[Any]) -> str:
    names = {"c": "complex numbers", "U": "text", "S": "text", "V": "records", "M": "dates"}
    return names.get(dtype.kind, str(dtype))


def _rows_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many rows there are, and of how many values."""
    if len(shape) < 2:
        axes = "a single number" if not shape else f"one row of {shape[0]:,} values"
        raise FormatError(f"holds {axes}; inputs are the rows of an array of two or more axes")
    rows, features = shape[0], prod(shape[1:])
    if not rows * features:
        raise FormatError(f"holds no inputs: its shape is {' × '.join(map(str, shape))}")
    return rows, features


def _idx_blocks(file: File) -> Iterator[Array]:
    import numpy as np

    _, kind, axes = _exactly(file, 4)[1:]
    if kind not in IDX_DTYPES:
        raise FormatError(f"neither IDX, whose third byte is never {kind:02x}, nor text; {FORMS}")
    sizes = _exactly(file, 4 * axes)
    shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, len(sizes), 4))
    if axes < 2:
        raise FormatError(f"IDX of {TYPES[kind]} on {axes} axis: labels, or no images")
    rows, features = _rows_of(shape)
    for block in _binary_blocks(file, np.dtype(IDX_DTYPES[kind]), rows, features):
        yield block / WHITE if kind == UNSIGNED else block


def _binary_blocks(file: File, dtype: np.dtype[Any], rows: int, features: int) -> Iterator[Array]:
    import numpy as np

    height = max(1, BLOCK_VALUES // features)
    _check_memory(min(height, rows) * features)
    for top in range(0, rows, height):
        count = min(height, rows - top) * features
        values = np.frombuffer(_exactly(file, count * dtype.itemsize), dtype)
        yield values.reshape(-1, features)
    _check_end(file)


def _text_blocks(file: File) -> Iterator[Array]:
    import numpy as np

    held = array("d")
    features = 0
    for number, values in _lines_of_numbers(file):
        features = features or len(values)
        if len(values) != features:
            raise FormatError(
                f"line {number:,}: has {counted(len(values), 'value')}, must have {features:,} as "
                "the first row"
            )
        held.extend(values)
        if len(held) >= BLOCK_VALUES:
            yield np.array(held).reshape(-1, features)
            held = array("d")
    if held:
        yield np.array(held).reshape(-1, features)
    elif not features:
        raise FormatError("holds no row of numbers")


def _lines_of_numbers(file: File) -> Iterator[tuple[int, list[float]]]:
    """The numbers of every line, separated by commas; a first line of words is a heading."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
    first = True
    try:
        for number, line in enumerate(iter(lambda: text.readline(LONGEST_LINE), ""), 1):
            if len(line) == LONGEST_LINE:
                raise FormatError(f"line {number:,} has no end; {FORMS}")
            if not line.strip():
                continue
            words = line.split(",")
            try:
                yield number, [_number(word) for word in words]
            except ValueError:
                if not first:
                    raise _wrong_word(words, number) from None
            first = False
    except UnicodeDecodeError:
        raise FormatError(f"no text; {FORMS}") from None


def _number(word: str) -> float:
    if "_" in word:  # which Python takes within a number
        raise ValueError
    return float(word)


def _wrong_word(words: list[str], number: int) -> FormatError:
    for column, word in enumerate(words, 1):
        try:
            _number(word)
        except ValueError:
            shown = word.strip()
            what = repr(shown[:40]) if shown else "nothing"
            return FormatError(f"line {number:,}, column {column:,}: {what} is no number")
    raise ValueError("all words are numbers")


def _exactly(file: File, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise FormatError("truncated: it ends before all the values that its header promises")
    return data


def _check_end(file: File) -> None:
    if file.read(1):
        raise FormatError("goes on after all the values that its header promises")


def _check_memory(values: int) -> None:
    needed = values * BYTES_PER_VALUE
    if needed <= ALWAYS_THERE:
        return
    available = available_bytes()
    if needed > available:
        raise FormatError(
            f"needs {needed / 2**30:,.1f} GiB of memory to be read, and "
            f"{available / 2**30:,.1f} GiB are available"
        )
