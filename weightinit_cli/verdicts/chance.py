"""How many units of a sound ReLU layer are zero for every input by chance."""

from __future__ import annotations

from math import acos, erfc, exp, hypot, inf, log, pi, sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from weightinit_cli.results.model import LayerStatistics

REACH, STEPS = 8.0, 640
MOST_CORRELATION: Final = 1 - 1e-9
# So many standard deviations of a binomial are chance, too. Networks of one kind differ more than
# their units do: from 20 layers of 100 units on the count's standard deviation is two or three of
# these.
SPREAD: Final = 10.0


def chance_of_dead(correlation: float, samples: int) -> float:
    """The probability that a pre-activation is negative for every one of `samples` inputs.

    The pre-activations of one unit are Gaussian without a mean, and any two of them have this
    correlation c, as those of a wide layer with weights drawn without a mean do. Given the part u
    that all inputs share they are independent: the integral over u of φ(u) Φ(-u √(c / (1 - c)))^N,
    1 / (N + 1) where c is 1/2.
    """
    c = min(max(correlation, 0.0), MOST_CORRELATION)
    slope = sqrt(c / (1 - c))
    step = 2 * REACH / STEPS
    total = 0.0
    for k in range(STEPS + 1):
        u = k * step - REACH
        below = erfc(u * slope / sqrt(2)) / 2
        if below:
            total += exp(samples * log(below) - u * u / 2)
    return min(total * step / sqrt(2 * pi), 1.0)


def relu_correlation(layer: int) -> float:
    """The correlation of two inputs' pre-activations in a layer of a wide ReLU network.

    From uncorrelated inputs at layer 1, without biases and whatever the weights' scale, by
    c' = (√(1 - c²) + c (π - arccos c)) / π (Cho & Saul 2009, eq. 6).
    """
    c = 0.0
    for _ in range(layer - 1):
        c = min((sqrt(1 - c * c) + c * (pi - acos(c))) / pi, 1.0)
    return c


def correlation_of(
    given: LayerStatistics, weight_std: float, bias_std: float, fan_in: int, samples: int
) -> float | None:
    """The correlation of two inputs' pre-activations behind weights and biases without a mean.

    `given` is what the layer was given, of `samples` > 1 inputs: with m² its mean square and v its
    `std_across_inputs`² samples / (samples - 1), 1 - c = σ_w² v / (σ_w² m² + σ_b²), where σ_w² is
    fan_in Var(W). None where nothing is given on.
    """
    if given.mean is None or given.std is None or given.std_across_inputs is None:
        return None
    rms = hypot(given.mean, given.std)
    if not 0 < rms < inf or not weight_std:
        return None
    across = (given.std_across_inputs / rms) ** 2 * samples / (samples - 1)
    bias = bias_std / rms / weight_std / sqrt(fan_in)
    return 1 - across / hypot(1, bias) / hypot(1, bias)


def most_by_chance(share: float, units: int) -> float:
    """The largest share of `units` that is still chance, where `share` is to be expected."""
    return share + SPREAD * sqrt(share * (1 - share) / units)
