"""How far finite width moves the expectation of every figure, to first order in 1 / width.

How well that holds is measured over seeds, as the mean of z-scores: see `validity`.
"""

from __future__ import annotations

from math import inf, log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.finite_width import Kernel, Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

# Of 1 - c; where it is less, nothing but the signal itself depends on it.
SMALLEST = 1e-60

ENDS = ("saturation.low", "saturation.high")

# Figures that are positive and vary by factors: their shifts, and z-scores, are of their logarithm.
LOGARITHMIC = (
    "std",
    "preactivation_std",
    "std_across_inputs",
    "std_across_units",
    "gradient.signal_rms",
    "gradient.weight_rms",
    "gradient.ratio",
    "gradient.total_ratio",
)


def shifts(
    activation: Activation,
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    errors: Sequence[dict[str, float]],
    samples: int,
    ends: Ends,
) -> list[dict[str, float]]:
    """How far every figure's expectation lies from what `predict` says, layer by layer.

    `errors` are the standard errors of the figures; those of LOGARITHMIC have the shift of the
    expectation of their logarithm. What is not finite is left out.
    """
    found: list[dict[str, float]] = []
    backs: list[Back | None] = []
    pair, units = Pair(None, 1.0, 1.0), layers[0].fan_in // layers[0].area
    kernel = tailed = Kernel()
    settled: tuple[float, float] | None = None
    with np.errstate(all="ignore"):
        for scale, p, error in zip(layers, predictions, errors, strict=False):
            if not p.q:
                break
            below = pair
            if settled != (p.q, p.d):
                pair = Pair(activation, p.q, max(p.d, SMALLEST))
            settled = p.q, p.d
            kernel = below.handed_on(kernel, tailed, units, scale, pair)
            tailed = below.with_tails(kernel, units, scale, pair)
            units = scale.units
            moved = _forward(pair, kernel, tailed, units, samples, ends)
            found.append({path: _of_figure(path, shift, p, error) for path, shift in moved.items()})
            share = scale.sigma_w2 * below.square.mean / p.q
            backs.append(_back(pair, kernel, tailed, units * scale.area, share))
        if len(found) == len(layers):
            _add_gradients(found, backs, predictions, errors, samples)
    found += [{} for _ in range(len(predictions) - len(found))]
    return [
        {path: float(shift) for path, shift in each.items() if abs(shift) < inf} for each in found
    ]


def _of_figure(path: str, shift: float, p: LayerPrediction, errors: dict[str, float]) -> float:
    """The shift of a figure; where it is a root, from that of its square."""
    if path not in LOGARITHMIC:
        return shift
    return _of_root(shift / np.float64(p.figures[path]) ** 2, _relative(path, p, errors))


def _relative(path: str, p: LayerPrediction, errors: dict[str, float]) -> float:
    return errors.get(path, inf) / np.float64(p.figures[path])


def _of_root(shift: float, error: float) -> float:
    """The shift of a root's logarithm, by its square's relative shift and its own relative error.

    E[ln √X] = ½ ln E[X] - Var(X) / (2 E[X])² for small variances.
    """
    return log1p(max(shift, -1 + 1e-12)) / 2 - error**2


def _forward(
    pair: Pair, kernel: Kernel, tailed: Kernel, units: int, samples: int, ends: Ends
) -> dict[str, float]:
    """The shifts of shares and means, and of the squares of standard deviations."""
    _, single, common = pair.of_one(kernel)
    common += (single - common) / samples

    square, product = pair.variance.shift(tailed), pair.covariance_of_two.shift(tailed)
    mean, spread = pair.value.shift(tailed), pair.spread.shift(tailed)
    # The square of the mean of all values has units that differ, and few that are the same.
    squared = pair.value.by_log_q**2 * common
    variance = square - squared * (1 - 1 / units) - product / units
    within = spread * (1 - 1 / samples)
    q_mean, _, _ = pair.of_one(tailed)
    of_q = q_mean * (1 - 1 / units) + pair.d * tailed.difference_mean / units
    found = {
        "mean": mean,
        "std": variance,
        "preactivation_std": pair.q * of_q,
        "zero_fraction": pair.zero_fraction.shift(tailed),
        "std_across_inputs": within,
        "std_across_units": variance - within,
    }
    for path, end, side in zip(ENDS, ends, (-1, 1), strict=True):
        if end is not None:
            found[path] = pair.tail(end, side).shift(tailed)
    return found


class Back(NamedTuple):
    """What moves one layer's part of the gradient; all of it relative.

    `own` is the shift of E[φ'²]. `share` is the weights' part of q; `q_mean`, `single` and `common`
    say how q strays, as in `Pair.of_one`. `by_log_q` is the derivative of ln E[φ'²], `square_by_q`
    that of ln E[φ²]; `noise` and `noise_common` are the covariance of the units' means of φ'² and
    φ², for one input and for two. For the part of δ along the signal: `along` is E[φ'² x²], over
    E[φ'²] q, `carried` what is left of the layer above's, `radial` what it adds.
    """

    own: float
    share: float
    q_mean: float
    single: float
    common: float
    by_log_q: float
    square_by_q: float
    noise: float
    noise_common: float
    along: float
    carried: float
    radial: float


def _back(pair: Pair, kernel: Kernel, tailed: Kernel, units: int, share: float) -> Back | None:
    v, m = pair.square.mean, pair.slopes.mean
    if not (v and m and share):
        return None
    q_mean, single, common = pair.of_one(kernel)
    jointly, crosswise = (each / m / v for each in pair.slopes_by_square)
    square_by_q = pair.square.by_log_q / v
    return Back(
        own=pair.slopes.shift(tailed) / m,
        share=share,
        q_mean=q_mean,
        single=single,
        common=common,
        by_log_q=pair.slopes.by_log_q / m,
        square_by_q=square_by_q,
        noise=(jointly - 1) / units,
        noise_common=(crosswise - 1) / units,
        along=pair.slopes_along / pair.q / m,
        carried=square_by_q**2 * v / (pair.q * m),
        radial=jointly / units,
    )


def _add_gradients(
    found: list[dict[str, float]],
    backs: Sequence[Back | None],
    predictions: Sequence[LayerPrediction],
    errors: Sequence[dict[str, float]],
    samples: int,
) -> None:
    """Add the shifts of the gradient's figures to `found`, from the last layer back.

    Given z = xW, the layer's weights are zxᵀ / |x|² and, across x, independent draws; so Wδ has
    a part along x, which is n (z·δ)² / (|z|² |δ|²) = `along` times that of a δ independent of z.
    """
    signal = by_log_q = 0.0
    along = 1.0
    above: Back | None = None
    for moved, back, p, error in reversed(
        list(zip(found, backs, predictions, errors, strict=True))
    ):
        if back is None:
            return
        own, growth = back.own, 0.0
        if above is not None:
            growth = above.share * by_log_q
            own += above.share * (along - 1) * back.radial
            along = back.along + above.share * back.carried * (along - 1)
        else:
            along = back.along
        tied = growth * (back.square_by_q * back.by_log_q * back.single + back.noise)
        alike = growth * (back.square_by_q * back.by_log_q * back.common + back.noise_common)
        by_log_q = back.by_log_q + back.square_by_q * growth
        signal += own + tied
        with_inputs = signal + (back.q_mean + by_log_q * back.single) / back.share

        roots = {"gradient.signal_rms": signal, "gradient.weight_rms": with_inputs}
        for path, shift in roots.items():
            if p.figures.get(path):
                moved[path] = _of_root(shift, _relative(path, p, error))
        for path in filter(p.figures.get, ("gradient.ratio", "gradient.total_ratio")):
            # Inputs count by their δ², and so by what is not alike in them.
            shift = own + (tied - alike) * (1 - 1 / samples)
            moved[path] = log1p(max(shift, -1 + 1e-12)) - _relative(path, p, error) ** 2 / 2
        above = back
