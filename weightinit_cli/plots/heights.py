"""How high a histogram's axis reaches, so that one tall bar does not flatten all other shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.numbers import nice_step

if TYPE_CHECKING:
    from weightinit_cli.plots.binning import Binned, Shares
    from weightinit_cli.plots.engine.numbers import Scale

TALLEST = 4.0
WORTH_A_CUT = 2.5
WORTH_A_LITTLE = 1.3
HEADROOM = 1.14
SMALLEST = 1e-6


def height_limit(binned: Binned) -> float:
    """The share at which bars are cut.

    Exact zeros (half of all values after a ReLU) do not count, nor does what is more than
    `TALLEST` times as high as the middle one of the layers' highest bars. Where every layer is
    a spike, the spikes are shown whole. Of what theory expects, what is a little higher counts.
    """
    peaks = [_peak(*pair) for pair in zip(binned.layers, binned.scales, strict=True)]
    tall = sorted(peak for peak in peaks if peak > 0)
    if not tall:
        return max((float(shares.bins.max()) for shares in binned.layers), default=0.0) or 1.0
    limit = max(min(tall[-1], TALLEST * tall[(len(tall) - 1) // 2]), SMALLEST)
    highest = max(float(shares.bins.max()) for shares in binned.layers)
    limit = highest if highest < WORTH_A_CUT * limit else limit
    expected = [float(s.theory.max()) for s in binned.layers if s.theory is not None]
    return max(limit, *(each for each in expected if each < WORTH_A_LITTLE * limit), 0.0)


def _peak(shares: Shares, scale: Scale) -> float:
    """The highest bar, without exact zeros."""
    bins = shares.bins.copy()
    position = scale.position(0.0)
    if 0 <= position <= 1:
        zero = min(int(position * len(bins)), len(bins) - 1)
        bins[zero] = max(bins[zero] - shares.zeros, 0.0)
    return float(bins.max())


def share_ticks(top: float, most: int = 4) -> list[tuple[float, str]]:
    """At most so many ticks in percent above 0, up to at most `top`."""
    step = nice_step(100 * top, most)
    number = int(100 * top / step * (1 + 1e-9))
    return [(k * step / 100, f"{k * step:.6g} %" if k else "0") for k in range(number + 1)]
