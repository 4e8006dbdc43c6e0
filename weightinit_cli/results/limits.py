"""What a layer's figures cannot tell, in the words that stand in their place or beside them."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results.model import Gradient, HistogramCounts, LayerStatistics


def told(
    layer: LayerStatistics, path: str, value: float | None, words: Callable[[float | None], str]
) -> str:
    """A figure's `value` in words; where the run's dtype cannot tell it, what is known instead.

    Units that differ in what is left of them differ: `>=98`.
    """
    if path not in layer.unresolved:
        return words(value)
    if path == "distinct_units" and value is not None and value > 1:
        return f">={words(value)}"
    return below(layer.unresolved[path])


def below(floor: float | None) -> str:
    """`<6e-8`: the floor of a figure, rounded up to one digit; `?` where nothing is known of it."""
    if floor is None:
        return "?"
    exact = Decimal(floor)
    digit = exact.quantize(Decimal(1).scaleb(exact.adjusted()), rounding=ROUND_CEILING)
    return f"<{short(f'{float(digit):.4g}')}"


def short(number: str) -> str:
    """A number with a short exponent: `6e-8` for `6e-08`, `7e30` for `7e+30`."""
    digits, e, exponent = number.partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def is_rounded(layer: LayerStatistics) -> bool:
    """Whether the bins of a layer's histogram are narrower than what the dtype can tell apart."""
    floor = layer.unresolved.get("std")
    edges = layer.histogram.edges
    return floor is not None and edges[-1] - edges[0] < floor * (len(edges) - 1)


def finite(histogram: HistogramCounts) -> int:
    """How many finite values there are of what a histogram counts."""
    return sum(histogram.counts) + histogram.underflow + histogram.overflow


def values_of(layer: LayerStatistics, path: str) -> LayerStatistics | Gradient | None:
    """What the figure at a path is measured on: the layer's gradient, or else its activations."""
    return layer.gradient if path.startswith("gradient.") else layer


def is_partial(layer: LayerStatistics, path: str) -> bool:
    """Whether the figure at a path leaves out values that are inf or nan."""
    values = values_of(layer, path)
    return values is not None and values.nonfinite > 0


def of_finite(layer: LayerStatistics) -> str:
    """`of 7,561 finite`: what a layer's figures are of; nothing where all its values are finite."""
    return f"of {finite(layer.histogram):,} finite" if layer.nonfinite else ""


def gradient_of_finite(layer: LayerStatistics) -> str:
    """The same of its gradient's figures."""
    gradient = layer.gradient
    if gradient is None or not gradient.nonfinite:
        return ""
    return f"of {finite(gradient.histogram):,} finite"
