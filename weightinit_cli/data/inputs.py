"""Inputs of a network from a file: an array of numpy's (.npy), text (CSV), or images (IDX).

A file is known by what it holds, not by its name. It is read block by block, so that a file larger
than the memory can be sampled, and nothing in it is executed: arrays of Python objects are refused.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.data.formats import Content, FormatError, blocks_of
from weightinit_cli.errors import WinitError, printable, reason
from weightinit_cli.reading import open_at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    Array = np.ndarray[Any, Any]


class Seen(NamedTuple):
    """What is known of a file once it was read: how many inputs of which size, and their scale.

    `checksum` is the sha256 of its content, uncompressed. `mean` and `std` are those of each
    feature over all inputs, shape (features,); a feature that never changes has the `std` inf.
    """

    inputs: int
    features: int
    checksum: str
    mean: Array
    std: Array


def seen(path: str | Path) -> Seen:
    """Read a file once, and see that every value of it is a finite number.

    A file that has not changed since is not read again. Raises WinitError, naming the file, where
    it cannot be read or holds anything else.
    """
    with _named(path):
        state = Path(path).stat()
        place = Path(path).absolute()
        return _seen(place, state.st_size, state.st_mtime_ns, state.st_ino)


def take(path: str | Path, rows: Array, dtype: str, *, standardize: bool) -> Array:
    """Take some inputs of a file: `rows` are their numbers from 0, in rising order.

    Returns an array of shape (len(rows), features). With `standardize` every feature has the mean
    of all inputs taken off, and is divided by its standard deviation over all of them; a feature
    that never changes is 0. Raises WinitError as `seen` does.
    """
    import numpy as np

    whole = seen(path)
    found = np.empty((len(rows), whole.features), np.dtype(dtype))
    start = filled = 0
    with _named(path), _opened(path) as content, np.errstate(over="ignore"):
        for block in blocks_of(content):
            inside = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + len(block))]
            values = block[inside - start].astype(np.float64)
            if standardize:
                values = (values - whole.mean) / whole.std
            found[filled : filled + len(inside)] = values
            filled, start = filled + len(inside), start + len(block)
        if filled < len(rows):
            raise FormatError("has changed while it was read")
    return found


@lru_cache(maxsize=64)
def _seen(path: Path, *_state: int) -> Seen:
    import numpy as np

    count, features = 0, 0
    mean: Any = 0.0
    squares: Any = 0.0
    lowest: Any = np.inf
    highest: Any = -np.inf
    with _opened(path) as content, np.errstate(over="ignore", invalid="ignore"):
        for block in blocks_of(content):
            values = block.astype(np.float64)
            _check_finite(values, count)
            features = values.shape[1]
            lowest = np.minimum(lowest, values.min(axis=0))
            highest = np.maximum(highest, values.max(axis=0))
            own = values.mean(axis=0)
            total, apart = count + len(values), own - mean
            squares = squares + ((values - own) ** 2).sum(axis=0)
            squares = squares + apart**2 * count * len(values) / total
            mean = mean + apart * len(values) / total
            count = total
        checksum = content.checksum()
        if not count:
            raise FormatError("holds no inputs")
        std = np.where(lowest == highest, np.inf, np.sqrt(squares / count))
        mean = np.where(lowest == highest, lowest, mean)
    return Seen(count, features, checksum, mean, std)


def _check_finite(values: Array, start: int) -> None:
    import numpy as np

    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise FormatError(
            f"row {start + row + 1:,}, column {column + 1:,}: is {values[row, column]}, must be a "
            "finite number"
        )


@contextmanager
def _opened(path: str | Path) -> Iterator[Content]:
    with open_at_once(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise FormatError("not a file; a pipe or a device cannot be read twice")
        yield Content(file)


@contextmanager
def _named(path: str | Path) -> Iterator[None]:
    """Have what is wrong with a file name it."""
    try:
        yield
    except FormatError as error:
        raise WinitError(printable(f"{path}: {error}")) from None
    except FileNotFoundError:
        raise WinitError(printable(f"{path}: no such file")) from None
    except IsADirectoryError:
        raise WinitError(printable(f"{path}: a folder, must be a file")) from None
    except PermissionError:
        raise WinitError(printable(f"{path}: no permission to read this file")) from None
    except MemoryError:
        raise WinitError(printable(f"{path}: not enough memory to read it")) from None
    except (OSError, ValueError) as error:  # a null byte in the path is a ValueError
        raise WinitError(printable(f"{path}: cannot be read: {reason(error)}")) from None
