"""Files that somebody else may have put in a place: opened without waiting, read up to a bound."""

from __future__ import annotations

import os
import stat
from errno import EFBIG, EINVAL, EISDIR
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from os import PathLike

MOST_BYTES = 1 << 28


def open_at_once(path: str | PathLike[str]) -> BinaryIO:
    """Open a file for reading; a FIFO that nobody writes to is empty, not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(EISDIR, "Is a directory", os.fspath(path))
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


def read_file(path: str | PathLike[str]) -> bytes:
    """Return the content of a regular file of at most MOST_BYTES. Raises OSError for others."""
    with open_at_once(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(EINVAL, "not a file", os.fspath(path))
        if status.st_size > MOST_BYTES:
            size = f"{status.st_size / 2**20:,.0f} MiB"
            message = f"{size} is more than any result, {MOST_BYTES >> 20} MiB"
            raise OSError(EFBIG, message, os.fspath(path))
        return file.read(status.st_size)
