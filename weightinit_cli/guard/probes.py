"""Two probes of a person's model: what differs, by the gate that fits them.

Of the same weights under the same seed, figures are held to what rounding may do to them. Of other
draws, figures that are known of at least FEWEST_NETWORKS seeds together are compared by their
spread over these; else those of parameters, by the law that their draws follow.
"""

from __future__ import annotations

from math import exp, log, log1p, prod, sqrt
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import counted
from weightinit_cli.expected import Entries, Moments, errors, of_moments, standard
from weightinit_cli.guard.compare import MOST_SENTENCES, spec_changes, version_changes
from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.parts import parts_of
from weightinit_cli.guard.probe_rounding import GRADIENT, VALUES, rounding_drifts
from weightinit_cli.guard.report import Gate, Outcome, worst_first
from weightinit_cli.guard.samples import Sample
from weightinit_cli.guard.statistical import FEWEST_NETWORKS
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.verdictwords import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.guard.parts import Parts
    from weightinit_cli.guard.samples import Sampled
    from weightinit_cli.results.model import Spread
    from weightinit_cli.results.probe import ProbedParameter, ProbeResult

# In what two probes may differ and still be compared.
ASIDE = {"seed", "repeats", "target", "exact"}
# What is never negative is compared by its logarithm.
BY_LOG = {*VALUES, "gradient_rms"}
OF_PARAMETERS = {  # by their paths in a parameter
    "mean": "statistics.mean",
    "std": "statistics.std",
    "kurtosis": "statistics.kurtosis",
    "gradient_rms": "gradient_rms",
}
SAME = 1e-5  # what differs by a smaller share is the same
# A kurtosis so many standard errors off a law's own is not of that law.
OFF_THE_LAW = 6.0


def compare_probes(old: ProbeResult, new: ProbeResult) -> Sampled:
    """Compare a probe with a saved one: what is certain, and what is to be judged with others."""
    changes = spec_changes(old.spec, new.spec)
    sentences = [
        f"spec.{change}" for path, change in changes.items() if path.partition(".")[0] not in ASIDE
    ]
    if sentences:
        return Outcome(None, structure=tuple(sentences)), ()
    parts = parts_of(old, new)
    others = "; ".join(_other_draws(old, new, parts))
    if others:
        return _by_draws(old, new, parts, others)
    return _by_rounding(old, new, parts), ()


def _other_draws(old: ProbeResult, new: ProbeResult, parts: Parts) -> Iterator[str]:
    """Give why the two are of other draws, where they are."""
    if old.spec["seed"] != new.spec["seed"]:
        yield f"seed {old.spec['seed']}, now {new.spec['seed']}"
    drawn = [
        was.name for was, now in parts.parameters if was.statistics.stream != now.statistics.stream
    ]
    if drawn:
        others = f" and of {counted(len(drawn) - 1, 'other parameter')}" if drawn[1:] else ""
        yield f"other values of {drawn[0]}{others}"


def _by_rounding(old: ProbeResult, new: ProbeResult, parts: Parts) -> Outcome:
    """Hold the figures of two probes of the same draws to what rounding may do."""
    drifts, compared, skipped = rounding_drifts(old, new, parts)
    verdicts = _verdict(old), _verdict(new)
    return Outcome(
        Gate.ROUNDING,
        "; ".join(version_changes(old.environment, new.environment)),
        structure=tuple(parts.sentences),
        drifts=worst_first(drifts),
        compared=compared,
        verdicts=None if verdicts[0] == verdicts[1] else verdicts,
        notes=(f"{counted(skipped, 'figure')} decided by rounding alone",) if skipped else (),
    )


class Known(NamedTuple):
    """A figure over so many seeds: its mean and, of several seeds, its standard deviation."""

    mean: float
    std: float
    seeds: int

    def of_logs(self) -> Known:
        """The same of the figure's logarithm, which is taken for normal."""
        variance = log1p((self.std / self.mean) ** 2)
        return Known(log(self.mean) - variance / 2, sqrt(variance), self.seeds)


Pair = tuple[Known | None, Known | None]


def _by_draws(old: ProbeResult, new: ProbeResult, parts: Parts, why: str) -> Sampled:
    """Compare two probes of other draws: what is certain, and the samples.

    Where no figure can be compared, that is told as a difference.
    """
    seeds = old.spec["repeats"], new.spec["repeats"]
    enough = sum(seeds) >= FEWEST_NETWORKS
    found: list[Sample | None] = []
    for place, pair in _figures_of_values(old, new, parts):
        found += _by_spreads(place, pair) if enough else _skipped(pair)
    for was, now in parts.parameters:
        if was.shape == now.shape:
            by_law = {} if enough else _errors_by_law(was, now)
            for place, pair in _figures_of_parameter(was, now, seeds):
                if enough:
                    found += _by_spreads(place, pair)
                else:
                    found += _by_law(place, pair, by_law.get(place.figure), prod(was.shape))
    samples = tuple(each for each in found if each is not None)
    sentences, notes = list(parts.sentences), list(_notes(old, new, parts))
    if skipped := found.count(None):
        reason = "" if enough else f" without {FEWEST_NETWORKS} repeats of both together"
        words = f"{counted(skipped, 'figure')} not comparable between draws{reason}"
        (notes if samples else sentences).append(words)
    return Outcome(Gate.STATISTICAL, why, tuple(sentences), notes=tuple(notes)), samples


def _figures_of_values(
    old: ProbeResult, new: ProbeResult, parts: Parts
) -> Iterator[tuple[Place, Pair]]:
    """Give the figures of values and the loss on both sides."""
    seeds = old.spec["repeats"], new.spec["repeats"]
    for was, now in parts.values:
        for path in VALUES:
            if path == GRADIENT and None in (was.figures.gradient, now.figures.gradient):
                continue  # which the structure tells
            values = resolved(was.figures, path), resolved(now.figures, path)
            held = [(each.figures.repeats or {}).get(path) for each in (was, now)]
            yield Place(None, path, was.name), _pair(values, held, seeds)
    if old.loss is not None and new.loss is not None:
        losses = old.loss, new.loss
        spreads = [each.spread for each in losses]
        yield Place(None, "loss"), _pair([each.value for each in losses], spreads, seeds)


def _figures_of_parameter(
    was: ProbedParameter, now: ProbedParameter, seeds: Sequence[int]
) -> Iterator[tuple[Place, Pair]]:
    """Give the figures of a parameter on both sides."""
    for name, path in OF_PARAMETERS.items():
        values = [attrgetter(path)(each) for each in (was, now)]
        held = [(each.repeats or {}).get(path) for each in (was, now)]
        yield Place(None, name, was.name), _pair(values, held, seeds)


def _pair(
    values: Sequence[float | None], spreads: Sequence[Spread | None], seeds: Sequence[int]
) -> Pair:
    one, other = (
        None
        if value is None
        else Known(spread.mean, spread.std, count)
        if spread is not None and spread.std is not None
        else Known(value, 0.0, 1)
        for value, spread, count in zip(values, spreads, seeds, strict=True)
    )
    return one, other


def _by_spreads(place: Place, pair: Pair) -> list[Sample | None]:
    """Sample the means over both sides' seeds, where there are enough.

    With n and m of them, and s² their pooled variance, they are apart by s √(1/n + 1/m), which is
    known from n + m - 2 degrees of freedom.
    """
    was, now = pair
    if was is None or now is None or was.seeds + now.seeds < FEWEST_NETWORKS:
        return _skipped(pair)
    is_log = place.figure in BY_LOG and min(was.mean, now.mean) > 0
    if is_log:
        was, now = was.of_logs(), now.of_logs()
    degrees = was.seeds + now.seeds - 2
    squares = (was.seeds - 1) * was.std**2 + (now.seeds - 1) * now.std**2
    error = sqrt(squares / degrees * (1 / was.seeds + 1 / now.seeds))
    return [_sample(place, was.mean, now.mean, error, degrees, is_log=is_log)]


def _by_law(place: Place, pair: Pair, error: float | None, entries: int) -> list[Sample | None]:
    """Sample a figure whose difference has this standard error where nothing has changed.

    The error is in units of a scale that so many entries on either side tell.
    """
    was, now = pair
    if was is None or now is None or error is None:
        return _skipped(pair)
    return [_sample(place, was.mean, now.mean, error, max(2 * entries - 2, 1), is_log=False)]


def _skipped(pair: Pair) -> list[Sample | None]:
    """What is found where a figure exists that cannot be compared."""
    return [] if pair == (None, None) else [None]


def _sample(
    place: Place, expected: float, found: float, error: float, degrees: int | None, *, is_log: bool
) -> Sample:
    """The sample of a figure, the saved probe's being what is expected of it."""
    expected, found = (_rounded(each, is_log=is_log) for each in (expected, found))
    floor = SAME if is_log else SAME * max(abs(expected), abs(found))
    return Sample(place, found, expected, error, degrees, floor, is_log)


def _rounded(figure: float, *, is_log: bool) -> float:
    """A figure, or its logarithm, to the six digits that are told."""
    return log(float(f"{exp(figure):.6g}")) if is_log else float(f"{figure:.6g}")


def _errors_by_law(was: ProbedParameter, now: ProbedParameter) -> dict[str, float]:
    """The standard errors of the differences of a parameter's figures; none without a law.

    The law is that of the saved one, both sides' mean and standard deviation being the mean of the
    two; each side has its z by `of_moments`, and two of them differ by √2. Entries that are all
    the same have no error.
    """
    law, size = _law(was), prod(was.shape)
    stds = was.statistics.std, now.statistics.std
    if 0 in stds:
        return {"std": 0.0} if any(stds) else {"mean": 0.0, "std": 0.0}
    sides = [
        Moments(size, each.mean, each.std, each.kurtosis)
        for each in (was.statistics, now.statistics)
        if each.mean is not None and each.std
    ]
    if law is None or len(sides) < 2:
        return {}
    mean, std = fmean(each.mean for each in sides), fmean(each.std for each in sides)
    entries = Entries(law, mean, std / LAWS[law].std, size, 0.0)
    return {
        one.figure: sqrt(2) * abs(other.value - one.value) / abs(other.z - one.z)
        for one, other in zip(*(of_moments(side, entries) for side in sides), strict=False)
        if one.z != other.z
    }


def _law(parameter: ProbedParameter) -> str | None:
    """The one of LAWS that the entries of a parameter of a known scheme follow.

    It is the one whose kurtosis is the nearest, where that is not more than OFF_THE_LAW standard
    errors away.
    """
    size, kurtosis = prod(parameter.shape), parameter.statistics.kurtosis
    if parameter.scheme is None or kurtosis is None:
        return None
    nearest = min(LAWS, key=lambda law: abs(standard(law, 4) - kurtosis))
    off = abs(standard(nearest, 4) - kurtosis) / errors(nearest, size)[2]
    return nearest if off < OFF_THE_LAW else None


def _notes(old: ProbeResult, new: ProbeResult, parts: Parts) -> Iterator[str]:
    """Give what other draws may change: the schemes that parameters look like, the verdict."""
    schemes = [
        f"{was.name}: looks like {was.scheme or 'no known scheme'}, now like {now.scheme or 'none'}"
        for was, now in parts.parameters
        if was.scheme != now.scheme
    ]
    yield from schemes[:MOST_SENTENCES]
    if others := len(schemes[MOST_SENTENCES:]):
        yield f"and {counted(others, 'other parameter')} with another scheme"
    verdicts = _verdict(old), _verdict(new)
    if verdicts[0] != verdicts[1]:
        yield f"verdict: {verdicts[0]}, now {verdicts[1]}"


def _verdict(result: ProbeResult) -> str:
    """A probe's verdicts in words: `warning: no_gradient (blocks.1)`."""
    names = (
        named(each) if each.module is None else f"{named(each)} ({each.module or 'the model'})"
        for each in result.verdict
    )
    return ", ".join(names) or "none"
