"""Data sets for training: MNIST from a folder of IDX files, scikit-learn's digits.

Nothing is fetched and nothing of a folder is executed. This module itself loads neither numpy nor
scikit-learn: the spec takes the names from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from weightinit_cli.data.model import DATA_DIR, Data, Part
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    import os

# The training examples of each; the spec checks its batch against them without the data.
EXAMPLES = {"digits": 1200, "mnist_t10k": 8000, "mnist": 55_000}
NAMES = tuple(EXAMPLES)

__all__ = ["DATA_DIR", "EXAMPLES", "NAMES", "Data", "Part", "checksums", "load", "notes"]


def load(
    name: str,
    folder: str | os.PathLike[str] | None = None,
    dtype: Literal["float32", "float64"] = "float32",
) -> Data:
    """Read the data set `name`, its pixels scaled to 0..1; digits need no `folder`.

    ============  ========  =======  ============  ======  =======================================
    name          features  train    validation    test    from
    ============  ========  =======  ============  ======  =======================================
    `digits`      64        1,200    297           300     scikit-learn, in its order
    `mnist_t10k`  784       8,000    none          2,000   the t10k pair, in its order
    `mnist`       784       55,000   5,000         10,000  validation: the last of the train pair
    ============  ========  =======  ============  ======  =======================================

    Raises WinitError where the data are not there or not as they must be.
    """
    if name == "digits":
        from weightinit_cli.data import digits

        return digits.load(dtype)
    from weightinit_cli.data import mnist

    return mnist.load(_known(name), folder, dtype)


def checksums(name: str, folder: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """Return the sha256 (hexadecimal) of what `load` would read, by file or data set.

    Of a file it is that of the uncompressed content, under the file's canonical name, so a file
    and its `.gz` are the same data. Cheap: no arrays, and each state of a file is read once.

    Raises WinitError where the data are not there, or a file is not of its kind and size.
    """
    if name == "digits":
        from weightinit_cli.data import digits

        return digits.checksums()
    from weightinit_cli.data import mnist

    return mnist.checksums(_known(name), folder)


def notes(name: str, folder: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """Return a note on the files of the folder that hold something else than their names say.

    Raises WinitError as `checksums` does.
    """
    from weightinit_cli.data import mnist

    found = mnist.unlike_mnist(checksums(name, folder))
    if not found:
        return ()
    these = "this file is" if len(found) == 1 else "these files are"
    return (
        f"{folder}: {', '.join(found)}: {these} not MNIST's: the checksum is another; what is in "
        "the folder is taken as it is",
    )


def _known(name: str) -> str:
    if name not in NAMES:
        raise WinitError(f"unknown data set {name!r}; there are {', '.join(NAMES)}")
    return name
