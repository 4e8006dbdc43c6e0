"""Where a figure has a z-score: each limit just inside and just outside, and the z-score itself."""

from __future__ import annotations

from math import exp

import pytest

from weightinit_cli.theory import LayerPrediction, LayerScale, Moments, why_no_z, z_score
from weightinit_cli.theory.blocks import STANDARD, Entered, Left
from weightinit_cli.theory.predictions import FRACTIONS, LOGARITHMIC

PATHS = (*LOGARITHMIC, *FRACTIONS, "mean")
VALUE, ERROR = 0.5, 0.05
UNITS = 100
DENSE = LayerScale(UNITS, UNITS, 1 / UNITS, 0.0)
# A convolution with a kernel of 9 places.
CONVOLUTION = LayerScale(9 * UNITS, 9 * UNITS, 1 / (9 * UNITS), 0.0, channels=UNITS, positions=64)

MOVED = "finite width moves it by more than 0.5 standard errors"
FEW_INPUTS = "fewer than 5 inputs"
BIASES = "the biases are not normal"
WINDOWS = "the windows of the convolution overlap"
WIDE = "its standard error is more than 45% of it"
SHARE = "so small a share varies by factors"
STRAY = "the pre-activations' standard deviation varies too much"
STRAY_OF_UNITS = "the units' means vary too much"
LARGEST = "it is as large as it can be"


def reason(path, *, values=(), errors=(), shifts=(), scale=DENSE, d=0.5, inputs=100, first=False):
    """What `why_no_z` says of a layer that is within every limit, but for what is given."""
    figures = dict.fromkeys(PATHS, VALUE) | dict(values)
    ways = Entered(STANDARD, STANDARD), Left(STANDARD)
    p = LayerPrediction(1.0, d, Moments(0.0, 1.0, 1.0), 1.0, d, 1.0, figures, *ways)
    errors = dict.fromkeys(PATHS, ERROR) | dict(errors)
    shifts = dict.fromkeys(PATHS, 0.0) | dict(shifts)
    errors, shifts = (
        {name: each for name, each in given.items() if each is not None}
        for given in (errors, shifts)
    )
    return why_no_z(path, scale, p, errors, shifts, inputs=inputs, first=first)


def moved(path, relative_error):
    """A figure that is moved by so much: relative to it, as its logarithm is."""
    return lambda x: {
        "errors": {path: relative_error * VALUE},
        "shifts": {path: x if path in LOGARITHMIC else x * VALUE},
    }


def strays(figure):
    """A figure with so large a relative standard error."""
    return lambda x: {"errors": {figure: x * VALUE}}


def share(path, value):
    """A share of this value with so large a standard error, relative to what is rarer."""
    return lambda x: {"values": {path: value}, "errors": {path: x * min(value, 1 - value)}}


def biased(excess):
    """Biases, half of q, whose excess kurtosis is so large, or so far below 0."""
    return {"scale": DENSE._replace(bias_variance=0.5, bias_excess=excess)}


def seen_by_convolution(d):
    """A convolution above the first layer, whose inputs have the correlation 1 - d."""
    return {"scale": CONVOLUTION, "d": d}


# The figure, the layer as a function of what is limited, the limit, and the reason beyond it.
LIMITS = {
    "MOST_SHIFT": ("mean", moved("mean", 0.001), 0.5 * 0.001, MOVED),
    "MOST_SHIFT, downwards": ("mean", moved("mean", 0.001), -0.5 * 0.001, MOVED),
    "MOST_SHIFT of a logarithm": ("std", moved("std", 0.2), 0.5 * 0.2, MOVED),
    "MOST_SMALL_SHIFT": ("gradient.ratio", moved("gradient.ratio", 0.001), 2.0 * 0.001, MOVED),
    "MOST_SMALL_SHIFT, downwards": (
        "gradient.ratio",
        moved("gradient.ratio", 0.001),
        -2.0 * 0.001,
        MOVED,
    ),
    "NEXT_ORDER": ("gradient.ratio", moved("gradient.ratio", 0.01), (0.01 * 0.01) ** 0.5, MOVED),
    "MOST_ERROR": ("gradient.ratio", strays("gradient.ratio"), 0.45, WIDE),
    "MOST_ERROR_OF_SHARE": ("zero_fraction", share("zero_fraction", 0.1), 0.25, SHARE),
    "MOST_ERROR_OF_SHARE, 1 - x": ("saturation.low", share("saturation.low", 0.9), 0.25, SHARE),
    "MOST_STRAY": ("mean", strays("preactivation_std"), 0.175, STRAY),
    "MOST_STRAY_OF_UNITS": ("mean", strays("std_across_units"), 0.2, STRAY_OF_UNITS),
    "UNCORRELATED": ("mean", seen_by_convolution, 0.9, WINDOWS),
    "MOST_EXCESS": ("mean", biased, 0.1 / 0.5**2, BIASES),
    "MOST_EXCESS, light tails": ("std", biased, -0.1 / 0.5**2, BIASES),
    "FLAT": ("std", strays("mean"), (0.5 * 2**0.5 * ERROR / VALUE) ** 0.5, LARGEST),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_figure_within_every_limit_has_a_z_score(path):
    assert reason(path) is None


@pytest.mark.parametrize(("path", "layer", "limit", "why"), LIMITS.values(), ids=LIMITS)
def test_a_limit_divides_figures_with_a_z_score_from_those_without(path, layer, limit, why):
    assert reason(path, **layer(0.999 * limit)) is None
    assert reason(path, **layer(1.001 * limit)).startswith(why)


@pytest.mark.parametrize("path", ["std_across_inputs", "std_across_units"])
def test_few_inputs_do_not_tell_means_from_spreads(path):
    assert reason(path, inputs=5) is None
    assert reason(path, inputs=4).startswith(FEW_INPUTS)
    assert reason("std", inputs=4) is None


@pytest.mark.parametrize("path", PATHS)
def test_windows_that_overlap(path):
    """Inputs of N(0, 1) have no places in common; the gradient of the weights is never known."""
    alike = path == "gradient.weight_rms"
    correlated = alike or path == "std_across_units"
    of_inputs = reason(path, **seen_by_convolution(1.0), first=True)
    within = reason(path, **seen_by_convolution(0.5))
    assert of_inputs == (reason("mean", **seen_by_convolution(1.0)) if correlated else None)
    assert within == (of_inputs if alike else None)


@pytest.mark.parametrize("path", ["mean", "std", "zero_fraction"])
def test_what_theory_does_not_know_has_no_z_score(path):
    assert reason(path, errors={path: None}) == "theory has no standard error for it"
    nothing = reason(path, values={path: 0.0}, errors={path: None})
    assert nothing == "theory expects exactly 0"
    assert reason(path, errors={path: 0.0}) == "it is the same in every network"
    unknown = reason(path, shifts={path: None})
    assert unknown == "theory does not tell how far finite width moves it"


def test_a_figure_whose_stray_is_unknown_may_be_skewed():
    assert reason("mean", errors={"preactivation_std": None}).startswith(STRAY)
    assert reason("mean", errors={"std_across_units": None}).startswith(STRAY_OF_UNITS)
    assert reason("std", errors={"mean": None}) is None


def test_the_z_score_of_a_figure_of_either_sign():
    assert z_score("mean", -0.2, -0.5, 0.1, 0.05) == pytest.approx(2.5)


def test_the_z_score_of_a_positive_figure_is_that_of_its_logarithm():
    """So those of a standard deviation and of a variance are the same."""
    value, error, shift = 3.0, 0.6, 0.1
    measured = value * exp(shift - 1.5 * error / value)
    assert z_score("std", measured, value, error, shift) == pytest.approx(-1.5)
    squares = measured**2, value**2, 2 * value * error, 2 * shift
    assert z_score("gradient.ratio", *squares) == pytest.approx(-1.5)
    with pytest.raises(ValueError):  # noqa: PT011
        z_score("std", 0.0, value, error, shift)
