"""Saved results run again or beside each other: what differs, and the new baseline."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import SpecError, WinitError, counted
from weightinit_cli.guard.baselines import Pair, read
from weightinit_cli.guard.compare import choose, compare, spec_changes
from weightinit_cli.guard.report import Gate, Outcome, Report
from weightinit_cli.guard.rounding import SHADOWS
from weightinit_cli.guard.statistical import (
    FEWEST_NETWORKS,
    FRESH_NETWORKS,
    Sample,
    judge,
    sample,
    sample_of_two,
)
from weightinit_cli.results import LACKED, SCHEMA_VERSION, STATS, Result
from weightinit_cli.results.kinds import interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from weightinit_cli.guard.baselines import SavedFile
    from weightinit_cli.guard.statistical import Sampled
    from weightinit_cli.progress import Progress
    from weightinit_cli.results import AnyResult
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec, Spec

    Given = SavedFile | AnyResult
    Bar = Callable[[str], AbstractContextManager[Progress]]

SEEDS = 1 << 64


class Checked(NamedTuple):
    """What came of a pair: its report, and what `update` needs to renew the saved result.

    `older` says that that is of an older schema; `new` is what it would be renewed with, where
    that has been run. `samples` are the figures that are yet to be judged, with those of all
    other pairs.
    """

    pair: Pair
    report: Report
    spec: AnySpec | None = None
    older: bool = False
    new: AnyResult | None = None
    samples: tuple[Sample, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether the saved result is to be renewed."""
        return self.older or self.report.state == "drift"


def check(
    pairs: Sequence[Pair],
    *,
    alpha: float = 1e-3,
    networks: int = FRESH_NETWORKS,
    threads: int | None = None,
    bar: Bar | None = None,
    keep: bool = False,
) -> list[Checked]:
    """Run the specs of saved results again and compare; nothing is raised but defects.

    `alpha` is how often the statistical gate may fail, of all pairs together, although nothing
    has changed; `networks` is how many fresh networks it runs. `bar` shows work under a label.
    Where `keep`, new results that may differ are kept for `update`. Raises ValueError for fewer
    than 10 networks.
    """
    if networks < FEWEST_NETWORKS:
        raise ValueError(f"networks must be at least {FEWEST_NETWORKS}, not {networks}")
    bar = bar or _no_bar
    found = []
    with bar("checking") as progress:
        for number, pair in enumerate(pairs, 1):
            progress.step(0, f"{number:,} of {counted(len(pairs), 'run')}")
            checked = _checked(pair, networks, threads, bar)
            kept = keep and (checked.samples or checked.outdated)
            found.append(checked if kept else checked._replace(new=None))
    reports = _judged([(checked.report, checked.samples) for checked in found], alpha)
    return [
        checked._replace(report=report, samples=())
        for checked, report in zip(found, reports, strict=True)
    ]


def diff(
    sides: Mapping[str, tuple[Given | None, Given | None]],
    *,
    alpha: float = 1e-3,
    networks: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Report]:
    """Compare results beside each other, as `sides_of` finds them.

    `alpha` is how often equal networks of other draws may be told apart, in all of them together.
    Without `networks` nothing is run. With so many, at least 10, the second of the results are held
    to what their gates ask for: of other draws to fresh networks, of equal ones to what rounding
    does to them.
    """
    found: list[tuple[Report, tuple[Sample, ...]]] = []
    for run, (a, b) in sides.items():
        if progress is not None:
            progress.step(0, run)
        first = a or b
        path = str(first[0]) if isinstance(first, tuple) else run
        try:
            outcome, samples = _compared_saved(a, b, networks, threads)
            found.append((Report(run, path, outcome), samples))
        except WinitError as error:
            found.append((Report(run, path, errors=error.lines), ()))
    return _judged(found, alpha)


def update(checked: Checked, threads: int | None = None) -> Saved:
    """Write the new result in the saved one's place, with the pictures that stand there."""
    from weightinit_cli.experiments import run
    from weightinit_cli.results.kinds import RESULT_KINDS
    from weightinit_cli.results.store import FORMATS
    from weightinit_cli.saving import Saved, save_result

    pair, spec = checked.pair, checked.spec
    if spec is None:
        return Saved([])
    root = pair.root if pair.root.is_dir() else pair.root.parent
    place = pair.path.parent if pair.path else root / spec.folder
    result = checked.new or _whole(run(spec, threads=threads))
    first = RESULT_KINDS[spec.experiment].pictures[0]
    formats = [name for name in FORMATS if (place / f"{first}.{name}").exists()]
    return save_result(root, place.relative_to(root).as_posix(), result, formats)


def _no_bar(label: str) -> AbstractContextManager[Progress]:  # noqa: ARG001
    from weightinit_cli.progress import Progress

    return nullcontext(Progress())


def _judged(found: Sequence[tuple[Report, tuple[Sample, ...]]], alpha: float) -> list[Report]:
    """Judge all samples, at `alpha` for all of them together, and return the reports with that."""
    compared = [(report.outcome, samples) for report, samples in found if report.outcome]
    outcomes = iter(judge(compared, alpha))
    return [
        replace(report, outcome=next(outcomes)) if report.outcome else report for report, _ in found
    ]


def _checked(pair: Pair, networks: int, threads: int | None, bar: Bar) -> Checked:
    path = str(pair.path or pair.root / pair.run / STATS)
    errors = pair.errors
    if not errors:
        try:
            return _run_again(pair, Report(pair.run, path), networks, threads, bar)
        except WinitError as error:
            errors = error.lines
        except MemoryError:
            errors = (f"{pair.run}: not enough memory for this run",)
    return Checked(pair, Report(pair.run, path, errors=errors))


def _run_again(pair: Pair, report: Report, networks: int, threads: int | None, bar: Bar) -> Checked:
    """Compare a pair, its spec run again where it has one that is the saved result's."""
    from weightinit_cli.experiments import run
    from weightinit_cli.spec import normal_form

    def not_compared(*sentences: str, spec: AnySpec | None) -> Checked:
        return Checked(pair, replace(report, outcome=Outcome(None, structure=sentences)), spec)

    if pair.path is None:
        obstacles = _obstacles(pair.spec)
        if obstacles:
            return not_compared(*obstacles, spec=None)
        return not_compared("no saved result", spec=pair.spec)
    old, version = read(pair.held or (pair.path, pair.root))
    lacked = LACKED.get(version, ())
    own = _own_spec(old, str(pair.path))
    if pair.with_specs and pair.spec is None:
        if pair.unread:
            sentence = "belongs to none of the specs that can be read; mend the others first"
            raise WinitError(f"{pair.path}: {sentence}")
        sentence = "a saved result without a spec; remove it if it is no longer wanted"
        return not_compared(sentence, spec=None)
    spec = pair.spec or own
    changes = spec_changes(normal_form(own), normal_form(spec), lacked)
    if changes.keys() - {"seed"}:
        sentences = (f"the spec has changed since: {each}" for each in changes.values())
        return not_compared(*sentences, spec=spec)
    if (stopped := interruption(old)) is not None:
        return not_compared(f"the saved result was {stopped}; run it again", spec=spec)
    with bar(pair.run) as progress:
        new = _whole(run(spec, threads=threads, progress=progress))
    with bar(f"comparing {pair.run}"):
        outcome, samples = _compared(old, new, spec, networks, threads, lacked)
    older = version < SCHEMA_VERSION
    return Checked(pair, replace(report, outcome=outcome), spec, older, new, samples)


def _obstacles(spec: AnySpec | None) -> list[str]:
    """Return why a spec without a saved result can have none, if it cannot be run."""
    from weightinit_cli.experiments import check

    try:
        if spec is not None:
            check(spec)
    except SpecError as error:
        return [f"cannot be run: {line}" for line in error.lines]
    except WinitError:  # which is told when it is run
        pass
    return []


def _whole(result: AnyResult) -> AnyResult:
    """Return the result. Raises KeyboardInterrupt where ^C has ended it, as it does a training."""
    if interruption(result) is not None:
        raise KeyboardInterrupt
    return result


def _own_spec(old: AnyResult, place: str) -> AnySpec:
    """Return the spec inside a result. Raises SpecError where it is none any more."""
    from weightinit_cli.spec import spec_from_normal_form

    spec = spec_from_normal_form(old.spec, place)
    return replace(spec, overrides=old.overrides or ())


def _compared(
    old: AnyResult,
    new: AnyResult,
    spec: AnySpec,
    networks: int,
    threads: int | None,
    lacked: Sequence[str],
    *,
    beside: bool = False,
) -> Sampled:
    """Compare a saved result with its spec's new run, and run what else its gate needs.

    Of two saved results `beside` each other, the second is held to the fresh networks.
    """
    from weightinit_cli.experiments import run, shadow
    from weightinit_cli.spec import Spec

    chosen = choose(old, new)
    if (
        chosen.gate is Gate.STATISTICAL
        and isinstance(old, Result)
        and isinstance(new, Result)
        and isinstance(spec, Spec)
    ):
        judged, other = (new, old) if beside else (old, new)
        others = _fresh_specs(spec, networks, judged.spec["seed"])
        fresh = [new if each == spec else run(each, threads=threads) for each in others]
        return sample(judged, other, fresh, chosen, lacked)
    count = SHADOWS if chosen.gate is Gate.ROUNDING else 0
    shadows = [_whole(shadow(spec, each, threads=threads)) for each in range(1, count + 1)]
    return compare(old, new, chosen, shadows, lacked=lacked), ()


def _fresh_specs(spec: Spec, networks: int, saved_seed: int) -> Iterator[Spec]:
    """Give the spec, of one network, under seeds from its own on without the saved result's."""
    seeds = ((spec.seed + k) % SEEDS for k in range(networks + 1))
    others = [seed for seed in seeds if seed != saved_seed]
    for seed in others[:networks]:
        yield replace(spec, seed=seed, repeats=1)


def _compared_saved(
    a: Given | None, b: Given | None, networks: int | None, threads: int | None
) -> Sampled:
    """Compare two results by the gate that fits them, or say which side has none."""
    if a is None or b is None:
        return _not_compared("an additional run" if a is None else "a missing run")
    (old, version), (new, other) = read(a), read(b)
    lacked = LACKED.get(min(version, other), ())
    changes = spec_changes(old.spec, new.spec, lacked)
    if changes.keys() - {"seed"}:
        return _not_compared(*(f"spec.{each}" for each in changes.values()))
    ends = interruption(old), interruption(new)
    if ends[0] != ends[1]:
        found = zip("AB", ends, strict=True)
        return _not_compared(*(f"{side}: {end}" for side, end in found if end))
    if networks is not None:
        spec = _own_spec(new, str(b[0]) if isinstance(b, tuple) else new.name)
        return _compared(old, new, spec, networks, threads, lacked, beside=True)
    chosen = choose(old, new)
    if chosen.gate is Gate.STATISTICAL and isinstance(old, Result) and isinstance(new, Result):
        return sample_of_two(old, new, chosen)
    return compare(old, new, chosen, lacked=lacked), ()


def _not_compared(*sentences: str) -> Sampled:
    return Outcome(None, structure=sentences), ()
