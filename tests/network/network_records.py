"""Records of a pass as plain lists, to be compared bit by bit."""

from __future__ import annotations

import numpy as np


def flat(value):
    """Every number of a record (or of anything in it), in one list that can be compared."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, value.tobytes()]
    if isinstance(value, list | tuple):
        return [flat(part) for part in value]
    names = getattr(value, "__slots__", None)
    if names and not isinstance(value, np.generic | int | float | str):
        return [flat(getattr(value, name)) for name in names]
    return [repr(value)]
