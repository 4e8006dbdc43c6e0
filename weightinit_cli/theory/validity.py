"""Where the distance of a measured figure from theory's is a z-score, and what it then is.

A z-score has mean 0 and standard deviation 1 over networks of other seeds. Theory's standard errors
and shifts hold to first order in 1 / width; where that is not enough there is no z-score, by the
limits below, which look at no network. The reason names limits alone, no figures, so that it is the
same text on every machine.

Measured by `benchmarks/z_scores.py`, 200 seeds each, on 52 kinds of networks that were not used to
choose the limits (20 activations, 14 initializers, 3 to 22 layers of 20 to 1,000 units, 20 to 200
inputs): of 3,555 figures 2,984 have a z-score, whose mean lies within -0.13 and +0.16 and whose
standard deviation within 0.89 and 1.11 for 95 % of them; |z| > 4 in 0.08 of 1,000. Of 36 networks
on 100 and 1,000 inputs, correlated, uniform, or given by a file, 966 of 1,116 have one: within
-0.16 and +0.15, within 0.90 and 1.10, 0.07 of 1,000.
"""

from __future__ import annotations

from math import inf, log, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.theory.predictions import FRACTIONS, LOGARITHMIC

if TYPE_CHECKING:
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

# Standard errors by which finite width may move a figure; or more of them, where what it moves is
# so small a part of the figure that the next order is nothing beside the standard error.
MOST_SHIFT = 0.5
MOST_SMALL_SHIFT = 2.0
NEXT_ORDER = 0.01
# A figure's relative standard error, beyond which even its logarithm is skewed.
MOST_ERROR = 0.45
# A share's relative standard error, or that of its complement, beyond which it is skewed.
MOST_ERROR_OF_SHARE = 0.25
# Relative standard errors of the pre-activations' standard deviation, and of that of the units'
# means, beyond which a mean is skewed, as it grows with both.
MOST_STRAY = 0.175
MOST_STRAY_OF_UNITS = 0.2
# Inputs of which a unit's mean is near enough to normal.
FEWEST_INPUTS = 5
# 1 - c from which on the inputs of a convolution are as good as uncorrelated.
UNCORRELATED = 0.9
# Excess kurtosis that biases of another law than the normal may give a pre-activation.
MOST_EXCESS = 0.1
# A standard deviation that is as large as it can be strays to second order alone.
FLAT = 0.5


def why_no_z(
    path: str,
    scale: LayerScale,
    p: LayerPrediction,
    errors: dict[str, float],
    shifts: dict[str, float],
    *,
    inputs: int,
    first: bool,
) -> str | None:
    """Why a figure of a layer has no z-score; None where it has one.

    `inputs` are how many the network sees, `first` says that the layer sees them themselves.
    """
    value, error, shift = p.figures[path], errors.get(path), shifts.get(path)
    if error is None:
        return "theory has no standard error for it" if value else "theory expects exactly 0"
    if not error:
        return "it is the same in every network"
    if shift is None:
        return "theory does not tell how far finite width moves it"
    if path in LOGARITHMIC:
        error = error / value if value else inf
    if not (abs(shift) <= MOST_SHIFT * error or _is_small(path, shift, error)):
        return (
            f"finite width moves it by more than {MOST_SHIFT:g} standard errors, beyond what "
            "theory to first order in 1 / width tells"
        )
    if path in ("std_across_inputs", "std_across_units") and inputs < FEWEST_INPUTS:
        return f"fewer than {FEWEST_INPUTS} inputs do not tell a unit's mean from its spread"
    if path == "std_across_units" and p.d > 1:
        return "the inputs have no mean in common, which leaves the units' means nearly 0"
    if abs(scale.bias_excess) * (scale.bias_variance / p.q) ** 2 > MOST_EXCESS:
        return "the biases are not normal, as theory takes them to be"
    return (
        _of_convolution(path, scale, p, first=first)
        or _skewed(path, value, error, p, errors)
        or _at_its_largest(path, value, errors)
    )


def _is_small(path: str, shift: float, error: float) -> bool:
    """Whether what finite width moves is so little of a figure that the next order is none."""
    return (
        path in LOGARITHMIC
        and abs(shift) <= MOST_SMALL_SHIFT * error
        and shift * shift <= NEXT_ORDER * error
    )


def _skewed(
    path: str, value: float, error: float, p: LayerPrediction, errors: dict[str, float]
) -> str | None:
    """Why a figure varies too much from network to network to be a Gaussian's; None if not."""

    def relative(figure: str) -> float:
        return errors.get(figure, inf) / (p.figures[figure] or inf)

    if path in LOGARITHMIC:
        if error <= MOST_ERROR:
            return None
        return f"its standard error is more than {MOST_ERROR:.0%} of it"
    if path in FRACTIONS:
        if error <= MOST_ERROR_OF_SHARE * min(value, 1 - value):
            return None
        return "so small a share varies by factors from network to network"
    if relative("preactivation_std") > MOST_STRAY:
        return "the pre-activations' standard deviation varies too much from network to network"
    if relative("std_across_units") > MOST_STRAY_OF_UNITS:
        return "the units' means vary too much from network to network"
    return None


def _at_its_largest(path: str, value: float, errors: dict[str, float]) -> str | None:
    """Why a standard deviation can only fall, as that of values of 0 and 1; None if it can rise."""
    if path != "std":
        return None
    of_mean = errors.get("mean")
    if of_mean is None or of_mean / value * of_mean <= FLAT * sqrt(2) * errors[path]:
        return None
    return "it is as large as it can be, and can only fall"


def _of_convolution(path: str, scale: LayerScale, p: LayerPrediction, *, first: bool) -> str | None:
    """Why places of a convolution are more alike than inputs: windows overlap; None if not."""
    alike = "gradient.weight_rms", "std_across_units"
    known = p.d <= UNCORRELATED or (first and path not in alike)
    if scale.area == 1 or (known and path != "gradient.weight_rms"):
        return None
    return "the windows of the convolution overlap, which its standard error leaves out"


def z_score(path: str, measured: float, value: float, error: float, shift: float) -> float:
    """How many standard errors a measured figure lies from its expectation at this width.

    That of LOGARITHMIC figures, which are positive and vary by factors, is the z-score of their
    logarithm: (ln measured - ln value - shift) value / error. So a standard deviation and a
    variance are equally far off. Raises ValueError where such a figure is 0.
    """
    if path in LOGARITHMIC:
        return (log(measured) - log(value) - shift) * value / error
    return (measured - value - shift) / error
