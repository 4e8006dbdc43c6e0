"""`winit diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.options import Place
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reports import (
    exclude_option,
    junit_option,
    refuse_nan,
    style_option,
    tell,
)
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.guard import Outcome, Pending, Report
    from weightinit_cli.results import AnyResult


@click.command("diff", short_help="Compare two saved results, or folders of them.")
@click.argument("old", metavar="A", type=Place())
@click.argument("new", metavar="B", type=Place())
@exclude_option
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=1e-3,
    show_default=True,
    callback=refuse_nan,
    help="How often equal networks of other draws may be told apart.",
)
@junit_option
@style_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs, and errors.")
def command(
    old: Path,
    new: Path,
    globs: tuple[str, ...],
    alpha: float,
    junit: Path | None,
    style: str,
    quiet: bool,
) -> int:
    """Compare two saved results, or the results in two folders, without running anything.

    From one machine: every figure to the last bit. With the same draws elsewhere: to 1e-6 (winit
    check also knows what rounding does to this network). With other draws: the figures whose
    standard error the theory or the repeats tell, in units of it. Exits 1 where they differ.
    """
    from weightinit_cli.cli.baselines import sides_of
    from weightinit_cli.guard import Pending, Report, judge

    found: list[tuple[Report, Pending | None]] = []
    with ProgressBar("comparing", shown=not quiet) as progress:
        for run, a, b in sides_of(old, new, globs, quiet=quiet):
            progress.step(0, run)
            path = str((a or b)[0])  # type: ignore[index]
            try:
                outcome = _compared(a, b)
            except WinitError as error:
                found.append((Report(run, path, errors=error.lines), None))
                continue
            if isinstance(outcome, Pending):
                found.append((Report(run, path), outcome))
            else:
                found.append((Report(run, path, outcome), None))
    outcomes = iter(judge([pending for _, pending in found if pending], alpha))
    reports = [
        Report(report.run, report.path, next(outcomes)) if pending else report
        for report, pending in found
    ]
    return tell(reports, style, junit, quiet=quiet, updating=True)


def _compared(a: tuple[Path, Path] | None, b: tuple[Path, Path] | None) -> Outcome | Pending:
    """One run's comparison; of a run that one side alone has, that it is so."""
    from weightinit_cli.guard import Outcome, read_result
    from weightinit_cli.results import LACKED

    if a is None or b is None:
        sentence = "an additional run" if a is None else "a missing run"
        return Outcome(gate=None, structure=(sentence,))
    (old, version), (new, _) = read_result(*a), read_result(*b)
    return compared(old, new, LACKED.get(version, ()))


def compared(old: AnyResult, new: AnyResult, lacked: tuple[str, ...] = ()) -> Outcome | Pending:
    """Two saved results by the gate that fits them, without a run."""
    from weightinit_cli.guard import (
        Gate,
        Outcome,
        choose,
        compare,
        compare_steps,
        sample_of_two,
        spec_changes,
    )
    from weightinit_cli.results import Result
    from weightinit_cli.results.readings import interruption

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
