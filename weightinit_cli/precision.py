"""The types of floating-point numbers that a network can be computed in, as plain numbers."""

from __future__ import annotations

from typing import Final, NamedTuple


class Precision(NamedTuple):
    """A type of floating-point numbers: so many `bits` of a significand, and exponents.

    Normal numbers have exponents from `lowest` to `highest`. `held` names the type of the arrays
    that numbers of this one are computed in: itself, or float32, as hardware does with both
    types of 16 bits.
    """

    name: str
    bits: int
    lowest: int
    highest: int
    held: str

    @property
    def is_low(self) -> bool:
        """Whether what is computed has more digits, and every result is rounded."""
        return self.held != self.name

    @property
    def eps(self) -> float:
        """From 1 to the next number: twice the largest relative error of rounding."""
        return 2.0 ** (1 - self.bits)

    @property
    def smallest_normal(self) -> float:
        """The smallest number that has all digits."""
        return 2.0**self.lowest

    @property
    def smallest(self) -> float:
        """The smallest number above 0: a subnormal one, of a single bit."""
        return 2.0 ** (self.lowest + 1 - self.bits)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2.0 - self.eps) * 2.0**self.highest

    @property
    def least(self) -> float:
        """The size below which nothing is known of a figure.

        Of float16, whose subnormal numbers are computed as float32's normal ones, that is its
        smallest number; of the others the smallest normal one.
        """
        return max(self.smallest, PRECISIONS[self.held].smallest_normal)


PRECISIONS: Final = {
    each.name: each
    for each in (
        Precision("float32", 24, -126, 127, "float32"),
        Precision("float64", 53, -1022, 1023, "float64"),
        Precision("float16", 11, -14, 15, "float32"),
        Precision("bfloat16", 8, -126, 127, "float32"),
    )
}
