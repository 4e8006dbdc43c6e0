"""IDX files: four bytes that say the type and the dimensions' number, their sizes, the values.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", the section on
file formats. Sizes are big-endian and of 32 bits.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from weightinit_cli.errors import DataError, counted, reason

if TYPE_CHECKING:
    import os

GZIP = b"\x1f\x8b"
UNSIGNED = 0x08
TYPES = {
    UNSIGNED: "unsigned bytes", 0x09: "signed bytes", 0x0B: "16-bit integers",
    0x0C: "32-bit integers", 0x0D: "32-bit floats", 0x0E: "64-bit floats",
}  # fmt: skip


def read_idx(path: str | os.PathLike[str], shape: tuple[int, ...]) -> bytes:
    """The content of an IDX file, which must hold unsigned bytes of this shape; header included.

    The values follow it from `header_size(shape)` on. The file may be compressed by gzip, whatever
    its name. No more is read or decompressed than the shape asks for, and one byte.

    Raises DataError, naming the file, where it cannot be read or is not as it must be.
    """
    try:
        with Path(path).open("rb") as file:
            compressed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            if not compressed:
                return _read(file, shape)
            with gzip.GzipFile(fileobj=file) as inside:
                return _read(cast("BinaryIO", inside), shape)
    except _WrongError as error:
        raise DataError(f"{path}: {error}") from None
    except EOFError:
        raise DataError(f"{path}: truncated: the gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: broken gzip data ({error}); get the file again") from None
    except OSError as error:
        raise DataError(f"{path}: {reason(error)}") from None


def header_size(shape: tuple[int, ...]) -> int:
    """How many bytes precede the values."""
    return 4 + 4 * len(shape)


class _WrongError(Exception):
    """What is wrong inside a file, and what would be right."""


def _read(file: BinaryIO, shape: tuple[int, ...]) -> bytes:
    size = header_size(shape)
    header = file.read(size)
    _check_header(header, shape)
    promised = size + prod(shape)
    content = header + file.read(promised - size + 1)
    if len(content) < promised:
        raise _WrongError(
            f"truncated: ends after {counted(len(content), 'byte')}, "
            f"must be the {promised:,} of its header"
        )
    if len(content) > promised:
        raise _WrongError(f"goes on after the {promised:,} bytes that its header promises")
    return content


def _check_header(header: bytes, shape: tuple[int, ...]) -> None:
    magic = bytes((0, 0, UNSIGNED, len(shape)))
    if not header:
        raise _WrongError(f"empty, must be an IDX file of {_times(shape)} unsigned bytes")
    if header[:2] != magic[:2]:
        raise _WrongError(
            f"not an IDX file: begins with {header[:4].hex(' ')}, must be {magic.hex(' ')}"
        )
    if len(header) < 4:  # the magic number's
        raise _WrongError("truncated within its header")
    if header[2] != UNSIGNED:
        found = TYPES.get(header[2], f"values of unknown type {header[2]:02x}")
        raise _WrongError(f"holds {found}, must be {TYPES[UNSIGNED]}")
    if header[3] != len(shape):
        raise _WrongError(f"dimensions: {header[3]}, must be {len(shape)} ({_times(shape)})")
    if len(header) < header_size(shape):
        raise _WrongError("truncated within its header")
    sizes = tuple(
        int.from_bytes(header[start : start + 4], "big") for start in range(4, len(header), 4)
    )
    if sizes != shape:
        raise _WrongError(f"holds {_times(sizes)} values, must be {_times(shape)}")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)
