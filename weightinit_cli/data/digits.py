"""Digits of 8 x 8 pixels that scikit-learn brings along: no folder, no network.

Source: the test set of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak,
1998): 1,797 digits of 13 writers, pixels from 0 to 16. They stay in scikit-learn's order, so that a
part is the same on every machine.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING

from weightinit_cli.data.model import Data, Part, cut, scaled
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = 1200, 297, 300
INPUTS, FEATURES = 1797, 64
WHITE = 16
# The sha256 of the pixels (1797, 64) in row order and then the 1,797 labels, a byte each.
CHECKSUM = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
MISSING = "digits: needs scikit-learn: pip install 'weightinit-cli[data]'"


def checksums() -> dict[str, str]:
    """Return the one checksum, known beforehand: `load` takes no other digits.

    Raises WinitError where scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise WinitError(MISSING)
    return {"digits": CHECKSUM}


def load(dtype: str) -> Data:
    """Read the digits in scikit-learn's order: 1,200 to train, 297 to validate, 300 to test.

    Raises WinitError where scikit-learn is not there or has other digits.
    """
    train, validation, test = cut(whole(dtype), TRAIN, VALIDATION, TEST)
    return Data("digits", train, validation, test, 10, {"digits": CHECKSUM})


def whole(dtype: str) -> Part:
    """Read all digits, uncut, in scikit-learn's order. Raises WinitError as `load` does."""
    return scaled(*_pixels(), WHITE, dtype)


def _pixels() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pixels, shape (1797, 64), and the labels."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise WinitError(MISSING) from None
    import numpy as np

    pixels, labels = (part.astype(np.uint8) for part in load_digits(return_X_y=True))
    if sha256(pixels.tobytes() + labels.tobytes()).hexdigest() != CHECKSUM:
        raise WinitError(
            "digits: this scikit-learn has other digits; 1.5 to 1.9 have the right ones"
        )
    return pixels, labels
