"""Records of a pass as plain lists, to be compared bit by bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np


def flat(value):
    """Every number of a record (or of anything in it), in one list that can be compared."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, value.tobytes()]
    if isinstance(value, list | tuple):
        return [flat(part) for part in value]
    if is_dataclass(value):
        return [flat(getattr(value, field.name)) for field in fields(value)]
    return [repr(value)]
