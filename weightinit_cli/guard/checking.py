"""Saved results run again or beside each other: what differs, and the new baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from weightinit_cli.errors import DEFECT, SpecError, WinitError, counted
from weightinit_cli.guard.baselines import Pair, read
from weightinit_cli.guard.compare import choose, compare, spec_changes
from weightinit_cli.guard.probes import compare_probes
from weightinit_cli.guard.report import Gate, Outcome, Report
from weightinit_cli.guard.rounding import SHADOWS, STEP_SHADOWS
from weightinit_cli.guard.samples import Sample, judge
from weightinit_cli.guard.statistical import (
    FEWEST_NETWORKS,
    FRESH_NETWORKS,
    sample,
    sample_of_two,
)
from weightinit_cli.plugins import refuse_missing
from weightinit_cli.progress import Progress
from weightinit_cli.results import LACKED, SCHEMA_VERSION, STATS, Result
from weightinit_cli.results.kinds import drawn_by, interruption, made_by
from weightinit_cli.results.probe import ProbeResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.guard.baselines import SavedFile
    from weightinit_cli.guard.runs import Bar, Check
    from weightinit_cli.guard.samples import Sampled
    from weightinit_cli.results import AnyResult
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec, Spec

    Given = SavedFile | AnyResult

T = TypeVar("T")
SEEDS = 1 << 64


class Checked(NamedTuple):
    """What came of a pair: its report, and what `update` needs to renew the saved result.

    `older` says that that is of an older schema; `new` is what it would be renewed with, where
    that has been run. `samples` are the figures that are yet to be judged, with those of all
    other pairs. `drawers` are the functions of others that drew the saved result.
    """

    pair: Pair
    report: Report
    spec: AnySpec | None = None
    older: bool = False
    new: AnyResult | None = None
    samples: tuple[Sample, ...] = ()
    drawers: tuple[str, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether the saved result is to be renewed."""
        return self.older or self.report.state == "drift"

    @property
    def renewable(self) -> bool:
        """Whether `update` can renew it: there is a spec, and winit draws what it says."""
        return self.spec is not None and not self.drawers


def check_pairs(
    pairs: Sequence[Pair],
    *,
    alpha: float = 1e-3,
    networks: int = FRESH_NETWORKS,
    jobs: int | None = 1,
    threads: int | None = None,
    bar: Bar | None = None,
    note: Callable[[str], None] | None = None,
    keep: bool = False,
) -> list[Checked]:
    """Run the specs of saved results again and compare; what goes wrong with one is in its report.

    `alpha` is how often the statistical gate may fail, of all pairs together, although nothing
    has changed; `networks` is how many fresh networks it runs.

    The runs are done by up to `jobs` processes, None for one per core, where these save time; else
    by this one with so many `threads`, as `run` does. The reports do not depend on it. `bar` shows
    work under a label; `note` is told where processes could not be started. Where `keep`, new
    results that may differ are kept for `update`. Raises ValueError for fewer than 10 networks,
    and for fewer than one process or thread.
    """
    from weightinit_cli.guard.runs import carry_out, no_bar

    if networks < FEWEST_NETWORKS:
        raise ValueError(f"networks must be at least {FEWEST_NETWORKS}, not {networks}")
    bar = bar or no_bar
    with bar("checking") as progress:

        def tell(done: int) -> None:
            progress.step(0, f"{done:,} of {counted(len(pairs), 'run')}")

        checks = (_checked(pair, networks, keep=keep) for pair in pairs)
        found = carry_out(checks, jobs=jobs, threads=threads, bar=bar, note=note, tell=tell)
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
    jobs: int | None = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Report]:
    """Compare results beside each other, as `sides_of` finds them.

    `alpha` is how often equal networks of other draws may be told apart, in all of them together.
    Without `networks` nothing is run. With so many, at least 10, the second of the results are held
    to what their gates ask for: of other draws to fresh networks, of equal ones to what rounding
    does to them. `jobs` and `threads` are those of `check_pairs`.
    """
    told = progress or Progress()
    checks = (_diffed(run, a, b, networks, told) for run, (a, b) in sides.items())
    if networks is None:
        return _judged(list(map(_found_without_runs, checks)), alpha)
    from weightinit_cli.guard.runs import carry_out

    return _judged(carry_out(checks, jobs=jobs, threads=threads), alpha)


def update(checked: Checked, threads: int | None = None) -> Saved:
    """Write the new result in the saved one's place, with the pictures that stand there.

    Raises WinitError where another's function drew the saved one, which winit cannot run again.
    """
    from weightinit_cli.guard.runs import Run, result_of
    from weightinit_cli.results.kinds import RESULT_KINDS
    from weightinit_cli.results.store import FORMATS
    from weightinit_cli.saving import Saved, save_result

    pair, spec = checked.pair, checked.spec
    if spec is None:
        return Saved([])
    if checked.drawers:
        by = " and ".join(checked.drawers)
        raise WinitError(f"{pair.path}: drawn by {by}, not by winit; run and save it again")
    root = pair.root if pair.root.is_dir() else pair.root.parent
    place = pair.path.parent if pair.path else root / spec.folder
    result = checked.new or result_of(Run(pair.run, spec), threads)
    first = RESULT_KINDS[spec.experiment].pictures[0]
    formats = [name for name in FORMATS if (place / f"{first}.{name}").exists()]
    return save_result(root, place.relative_to(root).as_posix(), result, formats)


def _judged(found: Sequence[tuple[Report, tuple[Sample, ...]]], alpha: float) -> list[Report]:
    """Judge all samples, at `alpha` for all of them together, and return the reports with that."""
    compared = [(report.outcome, samples) for report, samples in found if report.outcome]
    outcomes = iter(judge(compared, alpha))
    return [
        replace(report, outcome=next(outcomes)) if report.outcome else report for report, _ in found
    ]


def _checked(pair: Pair, networks: int, *, keep: bool) -> Check[Checked]:
    """Run a pair's spec again and compare; say why where that could not be done."""
    report = Report(pair.run, str(pair.path or pair.root / pair.run / STATS))
    if pair.errors:
        return Checked(pair, replace(report, errors=pair.errors))
    try:
        checked = yield from _run_again(pair, report, networks)
    except WinitError as error:
        defect = error.exit_code == DEFECT
        return Checked(pair, replace(report, errors=error.lines, defect=defect))
    except MemoryError:
        errors = (f"{pair.run}: not enough memory for this run",)
        return Checked(pair, replace(report, errors=errors))
    kept = keep and (checked.samples or checked.outdated)
    return checked if kept else checked._replace(new=None)


def _run_again(pair: Pair, report: Report, networks: int) -> Check[Checked]:
    """Compare a pair, its spec run again where it has one that is the saved result's."""
    from weightinit_cli.guard.runs import Run
    from weightinit_cli.spec import Spec, normal_form

    drawers: tuple[str, ...] = ()

    def not_compared(*sentences: str, spec: AnySpec | None) -> Checked:
        outcome = Outcome(None, structure=sentences)
        return Checked(pair, replace(report, outcome=outcome), spec, drawers=drawers)

    if pair.path is None:
        obstacles = _obstacles(pair.spec)
        if obstacles:
            return not_compared(*obstacles, spec=None)
        return not_compared("no saved result", spec=pair.spec)
    old, version = read(pair.held or (pair.path, pair.root))
    lacked = LACKED.get(version, ())
    drawers = tuple(drawn_by(old).values())
    own = _own_spec(old, str(pair.path))
    if pair.with_specs and pair.spec is None:
        if pair.unread:
            sentence = "belongs to no spec that can be read; mend those that cannot be read first"
            raise WinitError(f"{pair.path}: {sentence}")
        sentence = "a saved result without a spec; remove it if it is no longer wanted"
        if pair.held is not None:
            sentence = "the result of none of these specs"
        return not_compared(sentence, spec=None)
    spec = pair.spec or own
    changes = spec_changes(normal_form(own), normal_form(spec), lacked)
    if changes.keys() - {"seed"}:
        sentences = (f"the spec has changed since: {each}" for each in changes.values())
        return not_compared(*sentences, spec=spec)
    if (stopped := interruption(old)) is not None:
        return not_compared(f"the saved result was {stopped}; run it again", spec=spec)
    others: list[Spec] = []
    if isinstance(spec, Spec) and (old.spec["seed"] != spec.seed or drawers):
        others = _other_seeds(spec, networks, old.spec["seed"])  # other draws, whatever comes
    new, *fresh = yield [Run(pair.run, each) for each in (spec, *others)]
    outcome, samples = yield from _compared(pair.run, old, new, spec, networks, lacked, fresh)
    older = version < SCHEMA_VERSION
    return Checked(pair, replace(report, outcome=outcome), spec, older, new, samples, drawers)


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


def _found_without_runs(check: Check[T]) -> T:
    """Return what a check finds that asks for no run: nothing of what runs take is loaded."""
    try:
        next(check)
    except StopIteration as end:
        found: T = end.value
        return found
    raise RuntimeError("a comparison of saved results must ask for no run")


def _diffed(
    run: str, a: Given | None, b: Given | None, networks: int | None, progress: Progress
) -> Check[tuple[Report, tuple[Sample, ...]]]:
    """Compare two results of a run; say why where that could not be done."""
    progress.step(0, run)
    first = a or b
    path = str(first[0]) if isinstance(first, tuple) else run
    try:
        outcome, samples = yield from _compared_saved(run, a, b, networks)
    except WinitError as error:
        return Report(run, path, errors=error.lines, defect=error.exit_code == DEFECT), ()
    return Report(run, path, outcome), samples


def _own_spec(old: AnyResult, place: str) -> AnySpec:
    """Return the spec inside a result. Raises SpecError where it is none any more."""
    from weightinit_cli.spec import spec_from_normal_form

    if isinstance(old, ProbeResult):
        raise WinitError(
            f"{place}: a probe has no model inside that could be run again; probe "
            f"{old.spec['target']} anew, --against this one (in Python: check(new, against=saved))"
        )
    refuse_missing(made_by(old), place)
    spec = spec_from_normal_form(old.spec, place)
    return replace(spec, overrides=old.overrides or ())


def _compared(
    name: str,
    old: AnyResult,
    new: AnyResult,
    spec: AnySpec,
    networks: int,
    lacked: Sequence[str],
    fresh: Sequence[AnyResult] = (),
    *,
    beside: bool = False,
) -> Check[Sampled]:
    """Compare a saved result with its spec's new run, and ask for what else its gate needs.

    `fresh` networks may be there already. Of two saved results `beside` each other, the second is
    held to the fresh networks.
    """
    from weightinit_cli.guard.runs import Run
    from weightinit_cli.spec import Spec

    chosen = choose(old, new)
    if (
        chosen.gate is Gate.STATISTICAL
        and isinstance(old, Result)
        and isinstance(new, Result)
        and isinstance(spec, Spec)
    ):
        judged, other = (new, old) if beside else (old, new)
        if not fresh:
            others = _other_seeds(spec, networks, judged.spec["seed"])
            fresh = yield [Run(name, each) for each in others]
        if len(fresh) < networks:
            fresh = [new, *fresh]
        return sample(judged, other, cast("Sequence[Result]", fresh), chosen, spec, lacked)
    shadows: Sequence[AnyResult] = ()
    if chosen.gate is Gate.ROUNDING:
        count = SHADOWS if isinstance(new, Result) else STEP_SHADOWS
        shadows = yield [Run(name, spec, number) for number in range(1, count + 1)]
    return compare(old, new, chosen, shadows, lacked=lacked), ()


def _other_seeds(spec: Spec, networks: int, saved_seed: int) -> list[Spec]:
    """Return the spec, of one network, under seeds from its own on without the saved result's.

    They are so many as there shall be fresh networks, with the spec's own run where that is one.
    """
    seeds = ((spec.seed + k) % SEEDS for k in range(networks + 1))
    fresh = [seed for seed in seeds if seed != saved_seed][:networks]
    specs = (replace(spec, seed=seed, repeats=1) for seed in fresh)
    return [each for each in specs if each != spec]


def _compared_saved(
    run: str, a: Given | None, b: Given | None, networks: int | None
) -> Check[Sampled]:
    """Compare two results by the gate that fits them, or say which side has none.

    Where there are to be `networks`, what the gate needs is asked for.
    """
    if a is None or b is None:
        return _not_compared("an additional run" if a is None else "a missing run")
    (old, version), (new, other) = read(a), read(b)
    if isinstance(old, ProbeResult) and isinstance(new, ProbeResult):
        return compare_probes(old, new)
    lacked = LACKED.get(min(version, other), ())
    changes = spec_changes(old.spec, new.spec, lacked)
    if "experiment" in changes:
        return _not_compared(f"spec.{changes['experiment']}")
    if changes.keys() - {"seed"}:
        return _not_compared(*(f"spec.{each}" for each in changes.values()))
    ends = interruption(old), interruption(new)
    if ends[0] != ends[1]:
        found = zip("AB", ends, strict=True)
        return _not_compared(*(f"{side}: {end}" for side, end in found if end))
    if networks is not None:
        spec = _own_spec(new, str(b[0]) if isinstance(b, tuple) else new.name)
        return (yield from _compared(run, old, new, spec, networks, lacked, beside=True))
    chosen = choose(old, new)
    if chosen.gate is Gate.STATISTICAL and isinstance(old, Result) and isinstance(new, Result):
        return sample_of_two(old, new, chosen)
    return compare(old, new, chosen, lacked=lacked), ()


def _not_compared(*sentences: str) -> Sampled:
    return Outcome(None, structure=sentences), ()
