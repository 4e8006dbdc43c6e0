"""Two probes of a person's model: what differs, by the gate that fits them.

Of the same weights under the same seed, figures are held to what rounding may do to them
(`guard.probe_rounding`), of other draws to what these may do (`guard.probe_draws`).
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.guard.compare import spec_changes, version_changes
from weightinit_cli.guard.parts import MOST_OF_A_KIND, parts_of
from weightinit_cli.guard.probe_draws import SAME, samples_of_draws
from weightinit_cli.guard.probe_rounding import rounding_drifts
from weightinit_cli.guard.report import Gate, Outcome, worst_first
from weightinit_cli.guard.statistical import FEWEST_NETWORKS
from weightinit_cli.results.verdictwords import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.guard.parts import Parts
    from weightinit_cli.guard.samples import Sampled
    from weightinit_cli.results.model import WeightStatistics
    from weightinit_cli.results.probe import ProbeResult

# In what two probes may differ and still be compared.
ASIDE = {"seed", "repeats", "target", "exact"}


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
        was.name
        for was, now in parts.parameters
        if was.shape == now.shape and not _are_the_same(was.statistics, now.statistics)
    ]
    if drawn:
        others = f" and of {counted(len(drawn) - 1, 'other parameter')}" if drawn[1:] else ""
        yield f"other values of {drawn[0]}{others}"


def _are_the_same(was: WeightStatistics, now: WeightStatistics) -> bool:
    """Whether two parameters are of the same draws, to the rounding of one entry.

    Torch's draws differ in their last bits between sets of instructions.
    """
    if was.stream == now.stream:
        return True
    of_size = attrgetter("mean", "std", "min", "max")
    size = max(abs(was.min or 0.0), abs(was.max or 0.0))
    return was.nonfinite == now.nonfinite and all(
        one == other or (one is not None and other is not None and abs(one - other) <= SAME * size)
        for one, other in zip(of_size(was), of_size(now), strict=True)
    )


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


def _by_draws(old: ProbeResult, new: ProbeResult, parts: Parts, why: str) -> Sampled:
    """Compare two probes of other draws: what is certain, and the samples.

    Where no figure can be compared, that is told as a difference.
    """
    found = samples_of_draws(old, new, parts)
    samples = tuple(each for each in found if each is not None)
    sentences, notes = list(parts.sentences), list(_notes(old, new, parts))
    if skipped := found.count(None):
        few = old.spec["repeats"] + new.spec["repeats"] < FEWEST_NETWORKS
        reason = f" with fewer than {FEWEST_NETWORKS} --repeats of both together" if few else ""
        words = f"{counted(skipped, 'figure')} not comparable between draws{reason}"
        (notes if samples else sentences).append(words)
    return Outcome(Gate.STATISTICAL, why, tuple(sentences), notes=tuple(notes)), samples


def _notes(old: ProbeResult, new: ProbeResult, parts: Parts) -> Iterator[str]:
    """Give what other draws may change: the schemes that parameters look like, the verdict."""
    schemes = [
        f"{was.name}: looks like {was.scheme or 'no known scheme'}, now like {now.scheme or 'none'}"
        for was, now in parts.parameters
        if was.scheme != now.scheme
    ]
    yield from schemes[:MOST_OF_A_KIND]
    if others := len(schemes[MOST_OF_A_KIND:]):
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
