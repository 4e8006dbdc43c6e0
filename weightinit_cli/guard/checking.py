"""Saved results run again or beside each other: what differs, and the new baseline."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import DataError, SpecError, WinitError, counted
from weightinit_cli.guard.baselines import Pair, SavedFile, read_result
from weightinit_cli.guard.compare import compare, spec_changes
from weightinit_cli.guard.gates import Gate, choose
from weightinit_cli.guard.report import Outcome, Report
from weightinit_cli.guard.rounding import SHADOWS
from weightinit_cli.guard.statistical import (
    FEWEST_NETWORKS,
    Pending,
    judge,
    sample,
    sample_of_two,
)
from weightinit_cli.guard.steps import compare_steps
from weightinit_cli.results import LACKED, SCHEMA_VERSION, STATS, Result
from weightinit_cli.results.kinds import interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from weightinit_cli.progress import Progress
    from weightinit_cli.results import AnyResult
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec, Spec

    Bar = Callable[[str], AbstractContextManager[Progress]]

SEEDS = 1 << 64


class Checked(NamedTuple):
    """What came of a pair: its report, and what `update` needs to renew the saved result.

    `older` says that that is of an older schema; `new` is what it would be renewed with, where
    that has been run.
    """

    pair: Pair
    report: Report
    spec: AnySpec | None = None
    older: bool = False
    new: AnyResult | None = None

    @property
    def outdated(self) -> bool:
        """Whether the saved result is to be renewed."""
        return self.older or self.report.state == "drift"


def check(
    pairs: Sequence[Pair],
    *,
    alpha: float = 1e-3,
    threads: int | None = None,
    bar: Bar | None = None,
    keep: bool = False,
) -> list[Checked]:
    """Run the specs of saved results again and compare; nothing is raised but defects.

    `alpha` is how often the statistical gate may fail, of all pairs together, although nothing
    has changed. `bar` shows work under a label. Where `keep`, new results that may differ are
    kept for `update`.
    """
    bar = bar or _no_bar
    found = []
    with bar("checking") as progress:
        for number, pair in enumerate(pairs, 1):
            progress.step(0, f"{number:,} of {counted(len(pairs), 'run')}")
            checked, pending = _checked(pair, threads, bar)
            kept = keep and (pending is not None or checked.outdated)
            found.append((checked if kept else checked._replace(new=None), pending))
    reports = _judged([(checked.report, pending) for checked, pending in found], alpha)
    return [
        checked._replace(report=report) for (checked, _), report in zip(found, reports, strict=True)
    ]


def diff(
    sides: Mapping[str, tuple[SavedFile | None, SavedFile | None]],
    *,
    alpha: float = 1e-3,
    progress: Progress | None = None,
) -> list[Report]:
    """Compare saved results beside each other, as `sides_of` finds them, without running any.

    `alpha` is how often equal networks of other draws may be told apart, in all of them together.
    """
    found: list[tuple[Report, Pending | None]] = []
    for run, (a, b) in sides.items():
        if progress is not None:
            progress.step(0, run)
        path = str((a or b)[0])  # type: ignore[index]
        try:
            found.append(_reported(run, path, _beside(a, b)))
        except WinitError as error:
            found.append((Report(run, path, errors=error.lines), None))
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


def _reported(run: str, path: str, found: Outcome | Pending) -> tuple[Report, Pending | None]:
    """A run's report; without its outcome, which is pending, where that waits for the others'."""
    if isinstance(found, Outcome):
        return Report(run, path, found), None
    return Report(run, path), found


def _judged(found: Sequence[tuple[Report, Pending | None]], alpha: float) -> list[Report]:
    """The reports, the statistical gate at `alpha` for all of them together."""
    outcomes = iter(judge([pending for _, pending in found if pending], alpha))
    return [
        replace(report, outcome=next(outcomes)) if pending else report for report, pending in found
    ]


def _checked(pair: Pair, threads: int | None, bar: Bar) -> tuple[Checked, Pending | None]:
    path = str(pair.path or pair.root / pair.run / STATS)
    errors = pair.errors
    if not errors:
        try:
            found, spec, older, new = _run_again(pair, threads, bar)
            report, pending = _reported(pair.run, path, found)
            return Checked(pair, report, spec, older, new), pending
        except WinitError as error:
            errors = error.lines
        except MemoryError:
            errors = (f"{pair.run}: not enough memory for this run",)
    return Checked(pair, Report(pair.run, path, errors=errors)), None


def _run_again(
    pair: Pair, threads: int | None, bar: Bar
) -> tuple[Outcome | Pending, AnySpec | None, bool, AnyResult | None]:
    """What a pair's comparison finds, its spec, whether its file is older, and the new result."""
    from weightinit_cli.experiments import run
    from weightinit_cli.spec import normal_form

    if pair.path is None:
        return _without_result(pair)
    old, version = read_result(pair.path, pair.root)
    lacked = LACKED.get(version, ())
    own = _own_spec(old, pair)
    if pair.with_specs and pair.spec is None:
        sentence = "a saved result without a spec"
        sentence += " that can be read" if pair.unread else "; remove it if it is no longer wanted"
        return Outcome(None, structure=(sentence,)), None, False, None
    spec = pair.spec or own
    changes = spec_changes(normal_form(own), normal_form(spec), lacked)
    if changes.keys() - {"seed"}:
        sentences = (f"the spec has changed since: {each}" for each in changes.values())
        return Outcome(None, structure=tuple(sentences)), spec, False, None
    if (stopped := interruption(old)) is not None:
        sentence = f"the saved result was {stopped}; run it again"
        return Outcome(None, structure=(sentence,)), spec, False, None
    with bar(pair.run) as progress:
        new = _whole(run(spec, threads=threads, progress=progress))
    with bar(f"comparing {pair.run}"):
        found = _compared(old, new, spec, threads, lacked)
    return found, spec, version < SCHEMA_VERSION, new


def _without_result(pair: Pair) -> tuple[Outcome, AnySpec | None, bool, None]:
    """A run that has no saved result: none yet, or none that there can be."""
    from weightinit_cli.experiments import check

    try:
        if pair.spec is not None:
            check(pair.spec)
    except SpecError as error:
        sentences = tuple(f"cannot be run: {line}" for line in error.lines)
        return Outcome(None, structure=sentences), None, False, None
    except DataError:  # which is told when it is run
        pass
    return Outcome(None, structure=("no saved result",)), pair.spec, False, None


def _whole(result: AnyResult) -> AnyResult:
    """The result. Raises KeyboardInterrupt where ^C has ended it, as it does a training."""
    if interruption(result) is not None:
        raise KeyboardInterrupt
    return result


def _own_spec(old: AnyResult, pair: Pair) -> AnySpec:
    """The spec inside a result. Raises SpecError where it is none any more."""
    from weightinit_cli.spec import spec_from_normal_form

    spec = spec_from_normal_form(old.spec, str(pair.path))
    return replace(spec, overrides=old.overrides or ())


def _compared(
    old: AnyResult, new: AnyResult, spec: AnySpec, threads: int | None, lacked: Sequence[str]
) -> Outcome | Pending:
    """The saved result against its spec's new run, with the further runs that its gate needs."""
    from weightinit_cli.experiments import run, shadow
    from weightinit_cli.spec import Spec

    chosen = choose(old, new)
    shadows: list[AnyResult] = []
    if chosen.gate is Gate.ROUNDING:
        shadows = [_whole(shadow(spec, each, threads=threads)) for each in range(1, SHADOWS + 1)]
    if not (isinstance(old, Result) and isinstance(new, Result) and isinstance(spec, Spec)):
        return compare_steps(old, new, chosen, shadows)
    if chosen.gate is Gate.STATISTICAL:
        others = _fresh_specs(spec, old.spec["seed"])
        fresh = [new if each == spec else run(each, threads=threads) for each in others]
        return sample(old, new, fresh, chosen, lacked)
    moved = [each for each in shadows if isinstance(each, Result)]
    return compare(old, new, chosen, shadows=moved, lacked=lacked)


def _fresh_specs(spec: Spec, saved_seed: int) -> Iterator[Spec]:
    """One network each of 20 seeds from the spec's own on, without the saved result's."""
    seeds = ((spec.seed + k) % SEEDS for k in range(FEWEST_NETWORKS + 1))
    others = [seed for seed in seeds if seed != saved_seed]
    for seed in others[:FEWEST_NETWORKS]:
        yield replace(spec, seed=seed, repeats=1)


def _beside(a: SavedFile | None, b: SavedFile | None) -> Outcome | Pending:
    """Two saved results by the gate that fits them; of a run that one side lacks, that it does."""
    if a is None or b is None:
        sentence = "an additional run" if a is None else "a missing run"
        return Outcome(gate=None, structure=(sentence,))
    (old, version), (new, _) = read_result(*a), read_result(*b)
    lacked = LACKED.get(version, ())
    changes = spec_changes(old.spec, new.spec, lacked)
    if changes.keys() - {"seed"}:
        return Outcome(gate=None, structure=tuple(f"spec.{each}" for each in changes.values()))
    ends = interruption(old), interruption(new)
    if ends[0] != ends[1]:
        said = [f"{side}: {end}" for side, end in zip("AB", ends, strict=True) if end]
        return Outcome(gate=None, structure=tuple(said))
    chosen = choose(old, new)
    if not (isinstance(old, Result) and isinstance(new, Result)):
        return compare_steps(old, new, chosen)
    if chosen.gate is Gate.STATISTICAL:
        return sample_of_two(old, new, chosen)
    return compare(old, new, chosen, lacked=lacked)
