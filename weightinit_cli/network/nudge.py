"""One ulp up or down: what rounding does, done on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# An odd multiplier, about 2**32 (or 2**64) over the golden ratio: it scatters the top bit.
_SCATTER = {4: 0x9E3779B1, 8: 0x9E3779B97F4A7C15}


def nudge(values: Array, number: int) -> None:
    """Move every value by one ulp in place, by the `number`-th pattern of ups and downs.

    The pattern depends on the values alone, not on blocks and threads, so that equal ones stay
    equal. Zeros stay, as they do under rounding.
    """
    words = values.view(f"u{values.itemsize}")
    bits = 8 * values.itemsize
    odd = _SCATTER[values.itemsize] * (2 * number + 1) % (1 << bits)
    scattered = words * words.dtype.type(odd)
    up = scattered >> words.dtype.type(bits - 1) == 1
    ends = np.where(up, np.inf, -np.inf).astype(values.dtype)
    np.nextafter(values, ends, out=values, where=(values != 0) & np.isfinite(values))
