"""`check` from Python: results held to specs or to saved results, and what differs as data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import WinitError, counted, printable
from weightinit_cli.guard.baselines import (
    Pair,
    pairs_of_results,
    pairs_of_specs,
    read,
)
from weightinit_cli.guard.checking import check_pairs, diff
from weightinit_cli.guard.compare import spec_changes
from weightinit_cli.guard.report import details, heading, summary
from weightinit_cli.guard.statistical import FEWEST_NETWORKS, FRESH_NETWORKS
from weightinit_cli.results import STATS
from weightinit_cli.results.folders import find_results
from weightinit_cli.results.kinds import AnyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.errors import Problem
    from weightinit_cli.guard.checking import Given
    from weightinit_cli.guard.report import Report
    from weightinit_cli.results.plain import Value
    from weightinit_cli.spec import AnySpec, SpecLike

    Source = AnyResult | SpecLike

MOST_LINES = 10


class FigureDrift(NamedTuple):
    """A figure outside its tolerance.

    `run` is its folder or name, `layer` counts from 1 (0 is the input, None the whole run) and
    `figure` is its path in a layer or in a result, of a probe after the name of a value or a
    parameter; "standardized weights.std" is that of several layers or networks, brought to mean 0
    and standard deviation 1 by their laws. `old` is the saved result's value, `new` that of now; by
    the statistical gate `old` is that of the judged result and `new` what the law, fresh networks
    or the other probe make expect (of what these have drawn together, `old` is the law's). `off`
    is the difference in units of the tolerance, None where any is too much.
    """

    run: str
    layer: int | None
    figure: str
    old: Value
    new: Value
    off: float | None


@dataclass(frozen=True, slots=True, repr=False)
class CheckOutcome:
    """What a check has found: a report per run. In print it is what `winit check` says.

    Example:
        >>> import weightinit_cli as winit
        >>> result = winit.run("relu_he")
        >>> winit.check(result, against={**result.spec, "activation": "tanh"})
        relu_he: differs
          the spec has changed since: activation.name: relu, now tanh
        not compared: 1 run, one differs
    """

    reports: tuple[Report, ...]

    @property
    def failed(self) -> bool:
        """Whether anything differs, is missing, or could not be checked."""
        return any(report.state != "same" for report in self.reports)

    @property
    def drifts(self) -> tuple[FigureDrift, ...]:
        """The figures that differ; of each run those that say most come first."""
        return tuple(
            FigureDrift(report.run, drift.place.number, drift.place.path, *drift[1:])
            for report in self.reports
            if report.outcome
            for drift in report.outcome.drifts
        )

    @property
    def differences(self) -> tuple[tuple[str, str], ...]:
        """What differs as a whole: a run, and a sentence on what it lacks, has or repeats."""
        return tuple(
            (report.run, sentence)
            for report in self.reports
            if report.outcome
            for sentence in report.outcome.structure
        )

    @property
    def errors(self) -> tuple[str, ...]:
        """What kept runs from being checked, a line each."""
        return tuple(line for report in self.reports for line in report.errors)

    def __str__(self) -> str:
        lines: list[str] = []
        for report in self.reports:
            if report.state != "same":
                found = [heading(report), *(f"  {line}" for line in details(report))]
                lines += map(printable, found)
        end = summary(self.reports)
        room = MOST_LINES - len(end)
        if len(lines) > room:
            others = len(lines) - room + 1
            lines[room - 1 :] = [f"and {counted(others, 'other line')}"]
        return "\n".join([*lines, *end])

    __repr__ = __str__


class _Results(NamedTuple):
    """Results by their runs: one in memory, or those that a path holds."""

    root: Path
    found: dict[str, Path]
    held: AnyResult | None = None

    def given(self, run: str) -> Given | None:
        """The result of a run, in memory or its file; None where there is none."""
        if run not in self.found:
            return None
        return self.held or (self.found[run], self.root)


class _Specs(NamedTuple):
    """Specs: one in memory, or those that a path holds, with what cannot be read."""

    configs: Sequence[str]
    load: Callable[[str], AnySpec] | None = None
    problems: Sequence[Problem] = ()


def check(
    given: Source,
    against: Source | None = None,
    *,
    alpha: float = 1e-3,
    networks: int = FRESH_NETWORKS,
    jobs: int | None = 1,
    threads: int | None = None,
) -> CheckOutcome:
    """Hold results to their specs, or to saved results, and return what differs as data.

    `given` is a result, a stats.json, or a folder of results. Without `against` the spec inside
    each result is run again, as by `winit check OUT`. With a spec, its file or a folder of specs
    the results are held to these, as by `winit check SPEC --against OUT`; which of the two comes
    first makes no difference. With a result, a stats.json or a folder of results, each given result
    is compared with the saved one of its name. One is compared with one, whatever their names; one
    in memory only with what it belongs to. Else a run of one side alone is a difference. A probe of
    a model (`probe`) cannot be run again from itself, and is compared with a saved one alone.

    Every result is held to the strictest gate that there is for it: to the last bit, to what
    rounding does, or, where the draws are others (another seed, `run(spec, weights=...)`), to so
    many fresh `networks` of its spec, at least 10. `alpha` is how often that fails, in the whole
    check, although nothing is wrong. The runs are done by up to `jobs` processes where these save
    time, None for one per core; else by this one, with `threads` as in `run`. Nothing is printed.

    Raises WinitError where an argument is none of these, or a path cannot be read. A result or a
    spec among several that cannot be read is an error in the outcome. Raises ValueError for fewer
    than one process or thread, for fewer than 10 networks, and for an alpha that is not between 0
    and 1.

    Example:
        >>> import weightinit_cli as winit
        >>> def mine(rng, shape):  # takes a variance for a standard deviation
        ...     return rng.normal(0, 2 / shape[0], shape)
        >>> keys = {"activation": "relu", "initializer": "he_normal", "width": 30, "samples": 99}
        >>> winit.check(winit.run(keys, weights=mine), networks=10).failed
        True
        >>> winit.check(winit.run(keys)).failed
        False
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if networks < FEWEST_NETWORKS:
        raise ValueError(f"networks must be at least {FEWEST_NETWORKS}, not {networks}")
    one, other = _source(given), None if against is None else _source(against)
    if isinstance(one, _Specs) and isinstance(other, _Results):
        one, other = other, one
    if isinstance(one, _Specs):
        raise WinitError("there is no result to check: one of the two must be or hold results")
    if isinstance(other, _Results):
        sides = _sides(other, one)
        reports = diff(sides, alpha=alpha, networks=networks, jobs=jobs, threads=threads)
        return CheckOutcome(tuple(reports))
    pairs = _pairs(one) if other is None else _pairs_with(other, one)
    done = check_pairs(pairs, alpha=alpha, networks=networks, jobs=jobs, threads=threads)
    return CheckOutcome(tuple(each.report for each in done))


def _source(source: Source) -> _Results | _Specs:
    """Say what a source is. Raises WinitError where it is nothing that can be checked."""
    from weightinit_cli.spec import AnySpec, load_spec, spec_of

    if isinstance(source, AnyResult):
        name = source.name
        return _Results(Path(), {name: Path(name)}, source)
    if isinstance(source, AnySpec | Mapping):
        spec = spec_of(source)
        return _Specs([spec.name], lambda _: spec)
    if source == "":
        raise WinitError("a result, a spec or the path of either can be checked, not an empty text")
    if not isinstance(source, str | os.PathLike):
        kind = type(source).__qualname__
        raise WinitError(f"a result, a spec or the path of either can be checked, not {kind}")
    path = Path(source)
    if os.path.isdir(path):  # noqa: PTH112
        return _folder(path)
    if path.suffix == ".json":
        return _Results(path, find_results(path))
    load_spec(path)
    return _Specs([os.fspath(path)])


def _folder(path: Path) -> _Results | _Specs:
    """Return the results in a folder, or its specs where it holds no results."""
    from weightinit_cli.batch import find_specs

    try:
        return _Results(path, find_results(path))
    except WinitError:
        configs, _, problems = find_specs([os.fspath(path)])
    if not configs:
        raise WinitError(f"{path}: holds no results ({STATS}) and no specs (*.yaml)")
    return _Specs(configs, problems=problems)


def _pairs(results: _Results) -> list[Pair]:
    """Pair every result with the spec inside it."""
    if results.held is None:
        return pairs_of_results(results.root)
    return [
        Pair(run, results.root, path, None, False, held=results.held)
        for run, path in results.found.items()
    ]


def _pairs_with(specs: _Specs, results: _Results) -> list[Pair]:
    """Pair the results with the runs of specs by their names, one with one whatever these are."""
    unread, pairs = pairs_of_specs(
        specs.configs, results.found, results.root, specs.load, specs.problems
    )
    if len(results.found) > 1:
        return unread + pairs
    ((run, path),) = results.found.items()
    wanted = [pair for pair in pairs if pair.spec is not None]
    if len(wanted) == 1 and not unread:
        return [wanted[0]._replace(run=run, path=path, held=results.held)]
    if results.held is None:
        return unread + pairs
    own = [*_of_its_spec(results.held, wanted), *(pair for pair in pairs if pair.path == path)]
    return unread + [each._replace(run=run, path=path, held=results.held) for each in own[:1]]


def _of_its_spec(result: AnyResult, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs whose spec is the result's; those come last that have another seed."""
    from weightinit_cli.spec import normal_form

    changed = [
        (spec_changes(result.spec, normal_form(pair.spec)), pair) for pair in pairs if pair.spec
    ]
    own = [(len(changes), pair) for changes, pair in changed if not changes.keys() - {"seed"}]
    return [pair for _, pair in sorted(own, key=lambda each: each[0])]


def _sides(saved: _Results, given: _Results) -> dict[str, tuple[Given | None, Given | None]]:
    """Put the results of two sides beside each other by their names, one with one."""
    if len(saved.found) == len(given.found) == 1:
        saved = saved._replace(found=dict(zip(given.found, saved.found.values(), strict=True)))
    if given.held is not None:
        run = _saved_run(given.held, saved)
        return {run: (saved.given(run), given.held)}
    runs = sorted({**saved.found, **given.found})
    return {run: (saved.given(run), given.given(run)) for run in runs}


def _saved_run(result: AnyResult, saved: _Results) -> str:
    """Return the name of the saved run that a result is of: by its name, one of several by spec."""
    several = [run for run in saved.found if run.startswith(f"{result.name}/")]
    if result.name in saved.found or not several:
        return result.name
    for run in several:
        with suppress(WinitError):
            former, _ = read((saved.found[run], saved.root))
            if not spec_changes(former.spec, result.spec):
                return run
    return result.name
