"""Numbers as they are printed, by whoever prints one."""

from __future__ import annotations

from math import ceil, floor, isinf, log10


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


def two_digits(value: float | None, digits: int = 2) -> str:
    """Write a measured figure to two digits: 0.12, 41, 3.2e-5; "?" where there is none."""
    if value is None:
        return "?"
    if isinf(value):
        return f"{value:g}"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return short(f"{value:.{digits - 1}e}")
    if value == 0:
        return "0"
    text = f"{value:#.{digits}g}"
    return f"{value:.0f}" if "e" in text else text.rstrip(".")


def percent(share: float) -> str:
    """Write a share to two digits, never rounded to nothing or to all: 3.2 %, <0.01 %, >99.9 %."""
    value = 100 * share
    if 0 < value < 0.01:
        return "<0.01 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    return f"{value:.3g} %" if value > 99 else f"{value:.2g} %"
