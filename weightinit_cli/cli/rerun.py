"""One saved result run again and compared, for `winit check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import DataError, SpecError, WinitError
from weightinit_cli.results.readings import interruption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.cli.baselines import Pair
    from weightinit_cli.guard import Chosen, Outcome, Pending, Report
    from weightinit_cli.results import AnyResult
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec, Spec

SEEDS = 1 << 64


class Rerun(NamedTuple):
    """What came of a pair: an outcome, samples that wait for the others', or errors.

    `older` says that the saved result is of an older schema, which `--update` renews; `new` is
    what it would be renewed with, kept where it may be.
    """

    pair: Pair
    spec: AnySpec | None = None
    found: Outcome | Pending | None = None
    errors: tuple[str, ...] = ()
    older: bool = False
    new: AnyResult | None = None


def rerun(pair: Pair, threads: int | None, *, quiet: bool, keep: bool) -> Rerun:
    """Run a pair's spec and compare it with the saved result; nothing is raised but defects.

    Where `keep`, a new result that may differ is kept for `save`.
    """
    if pair.errors:
        return Rerun(pair, errors=pair.errors)
    try:
        done = _rerun(pair, threads, quiet=quiet)
    except WinitError as error:
        return Rerun(pair, errors=error.lines)
    except MemoryError:
        return Rerun(pair, errors=(f"{pair.run}: not enough memory for this run",))
    return done if keep and (done.older or _may_differ(done.found)) else done._replace(new=None)


def judged(done: Sequence[Rerun], alpha: float) -> list[Report]:
    """The reports, the statistical gate at `alpha` for all of them together."""
    from weightinit_cli.guard import Outcome, Report, judge
    from weightinit_cli.results import STATS

    waiting = [each.found for each in done if each.found and not isinstance(each.found, Outcome)]
    outcomes = iter(judge(waiting, alpha))
    reports = []
    for each in done:
        run, root, path, *_ = each.pair
        file = str(path or root / run / STATS)
        found = each.found
        if found is not None and not isinstance(found, Outcome):
            found = next(outcomes)
        reports.append(Report(run, file, found, each.errors))
    return reports


def save(done: Rerun, threads: int | None) -> Saved:
    """Write the new result in the saved one's place, with the pictures that stand there."""
    from weightinit_cli.experiments import run
    from weightinit_cli.results.pictures import FORMATS, PICTURES
    from weightinit_cli.saving import Saved, save_result

    if done.spec is None:
        return Saved([])
    root = done.pair.root if done.pair.root.is_dir() else done.pair.root.parent
    place = done.pair.path.parent if done.pair.path else root / done.spec.folder
    result = done.new or _whole(run(done.spec, threads=threads))
    first = PICTURES[done.spec.experiment][0]
    formats = [name for name in FORMATS if (place / f"{first}.{name}").exists()]
    folder = place.relative_to(root).as_posix()
    return save_result(root, folder, result, formats)


def _rerun(pair: Pair, threads: int | None, *, quiet: bool) -> Rerun:
    from weightinit_cli.experiments import run
    from weightinit_cli.guard import Outcome, read_result, spec_changes
    from weightinit_cli.results import LACKED, SCHEMA_VERSION
    from weightinit_cli.spec import normal_form

    if pair.path is None:
        return _without_result(pair)
    old, version = read_result(pair.path, pair.root)
    lacked = LACKED.get(version, ())
    own = _own_spec(old, pair)
    if pair.with_specs and pair.spec is None:
        sentence = "a saved result without a spec"
        sentence += " that can be read" if pair.unread else "; remove it if it is no longer wanted"
        return Rerun(pair, None, Outcome(None, structure=(sentence,)))
    spec = pair.spec or own
    changes = spec_changes(normal_form(own), normal_form(spec), lacked)
    if changes.keys() - {"seed"}:
        sentences = (f"the spec has changed since: {each}" for each in changes.values())
        return Rerun(pair, spec, Outcome(None, structure=tuple(sentences)))
    if (stopped := interruption(old)) is not None:
        sentence = f"the saved result was {stopped}; run it again"
        return Rerun(pair, spec, Outcome(None, structure=(sentence,)))
    with ProgressBar(pair.run, shown=not quiet) as progress:
        new = _whole(run(spec, threads=threads, progress=progress))
    with ProgressBar(f"comparing {pair.run}", shown=not quiet):
        found = _compared(old, new, spec, threads, lacked)
    return Rerun(pair, spec, found, older=version < SCHEMA_VERSION, new=new)


def _without_result(pair: Pair) -> Rerun:
    """A run that has no saved result: none yet, or none that there can be."""
    from weightinit_cli.experiments import check
    from weightinit_cli.guard import Outcome

    try:
        if pair.spec is not None:
            check(pair.spec)
    except SpecError as error:
        sentences = tuple(f"cannot be run: {line}" for line in error.lines)
        return Rerun(pair, None, Outcome(None, structure=sentences))
    except DataError:  # which is told when it is run
        pass
    return Rerun(pair, pair.spec, Outcome(None, structure=("no saved result",)))


def _may_differ(found: Outcome | Pending | None) -> bool:
    """Whether a comparison has found a drift, or waits for the others'."""
    from weightinit_cli.guard import Outcome

    return not isinstance(found, Outcome) or found.failed


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
    from weightinit_cli.experiments import run, shadow
    from weightinit_cli.guard import SHADOWS, Gate, choose, compare, compare_steps, sample
    from weightinit_cli.results import Result
    from weightinit_cli.spec import Spec

    chosen: Chosen = choose(old, new)
    shadows: list[AnyResult] = []
    if chosen.gate is Gate.ROUNDING:
        shadows = [_whole(shadow(spec, each, threads=threads)) for each in range(1, SHADOWS + 1)]
    if not (isinstance(old, Result) and isinstance(new, Result) and isinstance(spec, Spec)):
        return compare_steps(old, new, chosen, shadows)
    if chosen.gate is Gate.STATISTICAL:
        fresh = [run(each, threads=threads) for each in fresh_specs(spec, old.spec["seed"])]
        return sample(old, new, fresh, chosen, lacked)
    moved = [each for each in shadows if isinstance(each, Result)]
    return compare(old, new, chosen, shadows=moved, lacked=lacked)


def fresh_specs(spec: Spec, saved_seed: int) -> Iterator[Spec]:
    """One network each of 20 seeds from the spec's own on, without the saved result's."""
    from weightinit_cli.guard import FEWEST_NETWORKS

    seeds = ((spec.seed + k) % SEEDS for k in range(FEWEST_NETWORKS + 1))
    others = [seed for seed in seeds if seed != saved_seed]
    for seed in others[:FEWEST_NETWORKS]:
        yield replace(spec, seed=seed, repeats=1)
