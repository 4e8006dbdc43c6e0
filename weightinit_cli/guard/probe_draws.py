"""The figures of two probes of other draws: how far apart each may be where nothing has changed.

One of a parameter that was drawn by a known scheme is held to the law of its draws; any other to
its spread over the seeds of both probes, where these are at least FEWEST_NETWORKS together.
"""

from __future__ import annotations

from math import exp, log, log1p, prod, sqrt
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.expected import Entries, Moments, errors, of_moments, standard
from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.probe_rounding import GRADIENT, VALUES
from weightinit_cli.guard.samples import Sample
from weightinit_cli.guard.statistical import FEWEST_NETWORKS
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.results.figures import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.guard.parts import Parts
    from weightinit_cli.results.model import Spread
    from weightinit_cli.results.probe import ProbedParameter, ProbeResult

# What is never negative, and has a long upper tail, is compared by its logarithm.
BY_LOG = {*VALUES, "gradient_rms", "kurtosis"}
OF_PARAMETERS = {  # by their paths in a parameter
    "mean": "statistics.mean",
    "std": "statistics.std",
    "kurtosis": "statistics.kurtosis",
    "gradient_rms": "gradient_rms",
}
SAME = 1e-5  # what differs by a smaller share is the same
# Of fewer entries the scale is not known well enough for their law to tell.
FEWEST_ENTRIES = 100
# The z of a kurtosis of n entries is as Student's t of n / 40 degrees of freedom, in simulations of
# 400 to 2,500 normal or uniform entries; that is on the safe side of few entries.
TAILS = 40
# A kurtosis so many standard errors off a law's own is not of that law.
OFF_THE_LAW = 6.0


class Known(NamedTuple):
    """A figure over so many seeds: its mean and, of several seeds, its standard deviation."""

    mean: float
    std: float
    seeds: int

    def of_logs(self) -> Known:
        """The same of the figure's logarithm, which is taken for normal."""
        variance = log1p((self.std / self.mean) ** 2)
        return Known(log(self.mean) - variance / 2, sqrt(variance), self.seeds)


# A figure of the saved probe and of the new one; None where one of them lacks it.
Pair = tuple[Known, Known] | None


def samples_of_draws(old: ProbeResult, new: ProbeResult, parts: Parts) -> list[Sample | None]:
    """Return a sample of every figure, None of those that cannot be compared."""
    seeds = old.spec["repeats"], new.spec["repeats"]
    found = [_by_spreads(place, pair) for place, pair in _of_values(old, new, parts, seeds)]
    for was, now in parts.parameters:
        if was.shape == now.shape:
            pairs = _of_parameter(was, now, seeds)
            by_law = _by_law(was, pairs)
            for name, pair in pairs.items():
                place = Place(None, name, was.name)
                found.append(by_law.get(name) or _by_spreads(place, pair))
    return found


def _of_values(
    old: ProbeResult, new: ProbeResult, parts: Parts, seeds: Sequence[int]
) -> Iterator[tuple[Place, Pair]]:
    """Give the figures of values, and the loss."""
    for was, now in parts.values:
        for path in VALUES:
            if path == GRADIENT and None in (was.figures.gradient, now.figures.gradient):
                continue  # which the structure tells
            figures = resolved(was.figures, path), resolved(now.figures, path)
            held = [(each.figures.repeats or {}).get(path) for each in (was, now)]
            if figures != (None, None):
                yield Place(None, path, was.name), _pair(figures, held, seeds)
    if old.loss is not None and new.loss is not None:
        held = [old.loss.spread, new.loss.spread]
        yield Place(None, "loss"), _pair((old.loss.value, new.loss.value), held, seeds)


def _of_parameter(
    was: ProbedParameter, now: ProbedParameter, seeds: Sequence[int]
) -> dict[str, Pair]:
    """The figures of a parameter, those that it has on either side."""
    found = {}
    for name, path in OF_PARAMETERS.items():
        figures = [attrgetter(path)(each) for each in (was, now)]
        held = [(each.repeats or {}).get(path) for each in (was, now)]
        if figures != [None, None]:
            found[name] = _pair(figures, held, seeds)
    return found


def _pair(
    figures: Sequence[float | None], spreads: Sequence[Spread | None], seeds: Sequence[int]
) -> Pair:
    found = [
        Known(value, 0.0, 1)
        if spread is None or spread.std is None
        else Known(spread.mean, spread.std, count)
        for value, spread, count in zip(figures, spreads, seeds, strict=True)
        if value is not None
    ]
    return (found[0], found[1]) if len(found) == 2 else None


def _by_spreads(place: Place, pair: Pair) -> Sample | None:
    """Sample the means over both sides' seeds, where there are enough.

    With n and m of them, and s² their pooled variance, they are apart by s √(1/n + 1/m), which is
    known from n + m - 2 degrees of freedom. A single one is as skewed as its figure is; three
    quarters of the degrees allow for that.
    """
    if pair is None or pair[0].seeds + pair[1].seeds < FEWEST_NETWORKS:
        return None
    is_log = place.figure in BY_LOG and min(each.mean for each in pair) > 0
    was, now = (each.of_logs() if is_log else each for each in pair)
    degrees = was.seeds + now.seeds - 2
    squares = (was.seeds - 1) * was.std**2 + (now.seeds - 1) * now.std**2
    error = sqrt(squares / degrees * (1 / was.seeds + 1 / now.seeds))
    if 1 in (was.seeds, now.seeds):
        degrees = round(0.75 * degrees)
    return _sample(place, was.mean, now.mean, error, degrees, is_log=is_log)


def _by_law(parameter: ProbedParameter, pairs: Mapping[str, Pair]) -> dict[str, Sample]:
    """Sample the figures of a parameter whose entries follow a law, or are all the same.

    The law is that of the saved one, with the mean of both sides' means and standard deviations.
    By it each side has its z (`of_moments`), as of a single seed; the means over n and m seeds are
    apart by √(1/n + 1/m) of these units.
    """
    mean, std, kurtosis = (pairs.get(name) for name in ("mean", "std", "kurtosis"))
    if mean is None or std is None:
        return {}
    of, law, size = parameter.name, _law(parameter), prod(parameter.shape)
    stds = [each.mean for each in std]
    if 0 in stds:
        held = {"std": std} if any(stds) else {"mean": mean, "std": std}
        return {
            name: _sample(Place(None, name, of), was.mean, now.mean, 0.0, None)
            for name, (was, now) in held.items()
        }
    if law is None:
        return {}
    both = Entries(law, fmean(each.mean for each in mean), fmean(stds) / LAWS[law].std, size, 0.0)
    one, other = (
        of_moments(Moments(size, mean[k].mean, stds[k], kurtosis and kurtosis[k].mean), both)
        for k in (0, 1)
    )
    # Weights that are the same under every seed are of one.
    seeds = [each.seeds if each.std else 1 for each in std]
    found = {}
    for was, now in zip(one, other, strict=True):
        unit = abs((now.value - was.value) / (now.z - was.z)) if now.z != was.z else 0.0
        error = unit * sqrt(1 / seeds[0] + 1 / seeds[1])
        place = Place(None, was.figure, of)
        # The scale is known from all entries. A kurtosis has longer tails than its z allows for.
        degrees = size * sum(seeds) - 2
        if was.figure == "kurtosis":
            degrees //= TAILS
        found[was.figure] = _sample(place, was.value, now.value, error, degrees)
    return found


def _law(parameter: ProbedParameter) -> str | None:
    """The one of LAWS that the entries, if they are many, of a parameter of a known scheme follow.

    It is the one whose kurtosis is the nearest, where that is not more than OFF_THE_LAW standard
    errors away.
    """
    size, kurtosis = prod(parameter.shape), parameter.statistics.kurtosis
    if parameter.scheme is None or kurtosis is None or size < FEWEST_ENTRIES:
        return None
    nearest = min(LAWS, key=lambda law: abs(standard(law, 4) - kurtosis))
    off = abs(standard(nearest, 4) - kurtosis) / errors(nearest, size)[2]
    return nearest if off < OFF_THE_LAW else None


def _sample(
    place: Place,
    expected: float,
    found: float,
    error: float,
    degrees: int | None,
    *,
    is_log: bool = False,
) -> Sample:
    """The sample of a figure, the saved probe's being what is expected of it."""
    expected, found = (_rounded(each, is_log=is_log) for each in (expected, found))
    floor = SAME if is_log else SAME * max(abs(expected), abs(found))
    return Sample(place, found, expected, error, degrees, floor, is_log)


def _rounded(figure: float, *, is_log: bool) -> float:
    """A figure, or its logarithm, to the six digits that are told."""
    return log(float(f"{exp(figure):.6g}")) if is_log else float(f"{figure:.6g}")
