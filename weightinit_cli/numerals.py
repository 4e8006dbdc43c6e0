"""Numbers as they are printed, by whoever prints one."""

from __future__ import annotations

from math import ceil, floor, log10


def short(number: str) -> str:
    """Return a printed number with a short exponent: `6e-8` for `6e-08`, `7e30` for `7e+30`."""
    digits, e, exponent = number.partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def rounded_up(value: float) -> float:
    """Round a value >= 0 up to five digits: a least value that is printed so can be used."""
    if not value:
        return 0.0
    unit = 10.0 ** (floor(log10(value)) - 4)
    return ceil(value / unit) * unit
