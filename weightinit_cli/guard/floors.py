"""What a few roundings may do to a figure although three shadow runs did not show it."""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING

from weightinit_cli.guard.flatten import Place, count_group
from weightinit_cli.results.figures import FIGURES, in_gate
from weightinit_cli.results.limits import finite
from weightinit_cli.results.shapes import values

if TYPE_CHECKING:
    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import LayerStatistics, Result

# Bins and fractions are whole numbers of values. Between OpenBLAS's kernels a bin was seen to move
# by two values where no shadow moved any.
FEWEST = 2.0
RELATIVE = 1e-6
TINY = 1e-12
SIX_DIGITS = 1e-5  # of what is kept to as many
# Standard errors and floors are estimates themselves. Where a bin's edge has moved, so has what
# theory expects in it, by the root of that at a fold such as silu's minimum.
ESTIMATE = 1e-2
BEYOND_A_FOLD = 1e-3
EPS = {"float32": 2.0**-23, "float64": 2.0**-52}

_MERGED = frozenset({"distinct_units", "channels.distinct"})
_SINGLE = ("quantiles.", "histogram.edges.")
_OVER_SEEDS = re.compile(r"\.(mean|std|quantiles\..*|values\..*)$")


class Floors:
    """The least tolerance of each figure, beside 1e-6 of itself.

    With e = 4 eps m, the rounding of values of size m:

    - a single value (min, max, a quantile) is known to e;
    - a spread s over n units to e / sqrt(n), and to sqrt(s² + e²) - s: signals that have converged
      differ by nothing else;
    - a bin of N values to FEWEST of them and the N e / std that lie so near to an edge; a fraction
      to FEWEST;
    - a gradient to what FEWEST of its largest values make of it, since one may pass a kink, and its
      bins to sqrt(n) times as many, since that moves a whole row of the layers below;
    - the distinct units, where m of n are left, to sqrt(min(m, n - m)): which of them are merged
      hangs on their last bits; distinct channels, which do at many positions, to one;
    - an element of a kernel to the six digits that are kept.
    """

    def __init__(self, saved: Result, old: Values, new: Values) -> None:
        self._saved = (saved.input, *saved.layers)
        self._units = values(saved.spec)
        self._eps = EPS[saved.spec["dtype"]]
        self._old = old
        self._new = new

    def of(self, place: Place, size: float) -> float:
        """The floor of a figure of this size."""
        figure = place.figure
        if place.layer is None:
            return SIX_DIGITS * size if figure.startswith("kernels.") else 0.0
        if figure.startswith("theory."):
            return self._of_theory(place, size)
        if figure.startswith("repeats."):
            figure = _OVER_SEEDS.sub("", figure.removeprefix("repeats."))
        layer, units = self._saved[place.layer], self._units[place.layer]
        if in_gate(figure, "fraction") or figure.startswith(("resolution.", "weights.")):
            return self._beside_the_values(layer, figure, size)
        gradient = figure.startswith("gradient.")
        noise = 4 * self._eps * max(abs(layer.min or 0.0), abs(layer.max or 0.0))
        if count_group(place) is not None:
            if gradient:
                return FEWEST * sqrt(units)
            return FEWEST + (_values(layer) * noise / layer.std if layer.std else 0.0)
        if gradient:
            return size * self._share_of_the_largest(place.layer, figure)
        if figure in _MERGED:
            left = layer.distinct_units or units
            return sqrt(min(left, units - left)) if figure == "distinct_units" else 1.0
        if in_gate(figure, "log") and noise:
            return noise * noise / (size + noise) + noise / sqrt(units)
        return noise if in_gate(figure, "extreme") or figure.startswith(_SINGLE) else 0.0

    def _beside_the_values(self, layer: LayerStatistics, figure: str, size: float) -> float:
        if in_gate(figure, "fraction"):
            return FEWEST / _values(layer)
        if figure.startswith("resolution."):
            return ESTIMATE * size
        weights = layer.weights
        if weights is None or not figure.startswith("weights.quantiles."):
            return 0.0
        return 4 * self._eps * max(abs(weights.min or 0.0), abs(weights.max or 0.0))

    def _share_of_the_largest(self, number: int, figure: str) -> float:
        """What FEWEST values at the upper edge of |δ|'s histogram are of the power of all."""
        row = FIGURES.get(figure)
        numbers = [number, number + 1] if row is not None and row.unit == "ratio" else [number]
        share = 0.0
        for gradient in (self._saved[k].gradient for k in numbers if k < len(self._saved)):
            if gradient is not None and gradient.signal_rms:
                largest = gradient.histogram.edges[-1] / gradient.signal_rms
                share += FEWEST * largest * largest / max(finite(gradient.histogram), 1)
        return share

    def _of_theory(self, place: Place, size: float) -> float:
        if place.figure.startswith("theory.histogram."):
            bins = len(self._saved[place.layer or 0].histogram.counts)
            ends = (Place(place.layer, f"histogram.edges.{end}") for end in (0, bins))
            moved = any(self._old.get(end) != self._new.get(end) for end in ends)
            return BEYOND_A_FOLD if moved else RELATIVE
        return ESTIMATE * size if place.figure.endswith(".standard_error") else TINY


def _values(layer: LayerStatistics) -> int:
    return max(finite(layer.histogram) + layer.nonfinite, 1)
