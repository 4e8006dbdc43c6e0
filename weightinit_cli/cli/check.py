"""`winit check` and `winit diff`: what has changed of saved results."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import (
    data_option,
    jobs_option,
    refuse_nan,
    threads_option,
)
from weightinit_cli.cli.paths import FOLDER, PathText, PathType
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reporting import Reporter, junit_option, style_option
from weightinit_cli.cli.specs import names_of, note_lacking, tell_undrawn
from weightinit_cli.errors import FAILED, Mark, Problem, SpecError, WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from weightinit_cli.guard import Checked, Pair, Report
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec

_exclude_option = click.option(
    "--exclude",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Leave out runs whose folder matches, e.g. 'sweep*'. Repeatable.",
)
_style_option = style_option("--format")


def _alpha_option(words: str) -> Callable[[Any], Any]:
    """Return `--alpha`: how often, by chance alone, figures of other draws may be told apart."""
    return click.option(
        "--alpha",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=1e-3,
        show_default=True,
        callback=refuse_nan,
        help=words,
    )


@click.command(
    "check",
    epilog=examples(
        "winit check outputs",
        "winit check specs --against outputs --junit check.xml",
        "winit check outputs --update",
    ),
)
@click.argument("paths", nargs=-1, required=True, metavar="OUT|SPEC...", type=PathText())
@click.option(
    "--against",
    metavar="OUT",
    type=PathType(FOLDER),
    help="Take the specs from SPEC... (files or folders), the saved results from OUT.",
)
@_exclude_option
@_alpha_option("How often the statistical gate of a whole check may raise a false alarm.")
@click.option(
    "--networks",
    metavar="N",
    type=click.IntRange(min=10),
    default=20,
    show_default=True,
    help="How many fresh networks the statistical gate runs; with more it sees smaller drifts.",
)
@click.option("--update", is_flag=True, help="Write what differs as the new baseline; exits 1.")
@junit_option
@_style_option
@data_option
@plugin_option
@jobs_option("Processes at most; 1 stays in this one, as short checks do. Default: the cores.")
@threads_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs, and errors.")
def check(
    paths: tuple[str, ...],
    against: Path | None,
    globs: tuple[str, ...],
    alpha: float,
    networks: int,
    update: bool,
    junit: Path | None,
    style: str,
    jobs: int | None,
    threads: int | None,
    quiet: bool,
) -> int:
    """Run saved results again from the specs inside them, and say what differs.

    On the machine and versions that saved a result: every figure to the last bit. With the same
    draws elsewhere: within what rounding does to this network, which five runs with every value
    moved by one ulp show. With other draws: weights and biases by the law that the spec names;
    means, scales, gradients and well-filled bins by fresh networks. Exits 1 where anything differs,
    is missing, or a spec has changed.
    """
    from weightinit_cli import guard

    reporter = Reporter(junit=junit, style=style)

    def work() -> int:
        with ProgressBar("looking for results", shown=not quiet):
            pairs = _pairs_of(paths, against, globs, quiet=quiet)
        done = guard.check_pairs(
            pairs,
            alpha=alpha,
            networks=networks,
            jobs=jobs,
            threads=threads,
            bar=partial(ProgressBar, shown=not quiet),
            note=None if quiet else terminal.note,
            keep=update,
        )
        reports = [each.report for each in done]
        hint = not update and any(each.outdated and each.renewable for each in done)
        code = tell_reports(reports, reporter, quiet=quiet, hint=hint)
        if update:
            outdated = [each for each in done if each.outdated]
            code = max(code, _update(outdated, threads))
            if against is not None:
                code = max(code, _renew({each.pair.run for each in outdated}, paths, against))
        return code

    return reporter.writing(work)


@click.command(
    "diff",
    epilog=examples(
        "winit diff old/mine outputs/mine",
        "winit diff old outputs --exclude 'sweep*'",
    ),
)
@click.argument("old", metavar="A", type=PathType())
@click.argument("new", metavar="B", type=PathType())
@_exclude_option
@_alpha_option("How often equal networks of other draws may be told apart.")
@junit_option
@_style_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs, and errors.")
def diff(
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
    from weightinit_cli import guard

    reporter = Reporter(junit=junit, style=style)

    def work() -> int:
        with ProgressBar("comparing", shown=not quiet) as progress:
            sides = guard.sides_of(old, new)
            kept = {run: sides[run] for run in _kept_runs(sides, globs, quiet=quiet)}
            reports = guard.diff(kept, alpha=alpha, progress=progress)
        return tell_reports(reports, reporter, quiet=quiet, hint=False)

    return reporter.writing(work)


def _kept_runs(
    runs: Iterable[str], globs: Sequence[str], *, quiet: bool, may_be_none: bool = False
) -> list[str]:
    """Return the runs that `--exclude` leaves, and print the others.

    Raises SpecError where it leaves none of them, unless there `may_be_none`.
    """
    from weightinit_cli.guard import excluded

    given, kept = list(runs), []
    for run in given:
        if not excluded(run, globs):
            kept.append(run)
        elif not quiet:
            terminal.note(f"excluded: {run}")
    if given and not kept and not may_be_none:
        raise SpecError([Problem(Mark("--exclude"), "", "leaves nothing to check")])
    return kept


def tell_reports(reports: Sequence[Report], reporter: Reporter, *, quiet: bool, hint: bool) -> int:
    """Print the reports, and return the exit code; the JUnit file gets them, too.

    `hint` says that --update accepts some of what differs.
    """
    from weightinit_cli.guard import UPDATE, case_of, json_line, summary

    reporter.also(lambda: map(case_of, reports))
    failed = [report for report in reports if report.state == "drift"]
    for report in reports:
        if report.state == "error":
            terminal.fail(report.errors, WinitError.exit_code)
        if reporter.as_json:
            terminal.say(json_line(report))
            continue
        for line in _text(report, quiet=quiet):
            terminal.say(terminal.no_command(line))
        reporter.annotate(case_of(report))
    if not reporter.as_json and not (quiet and not failed):
        for line in summary(reports):
            terminal.say(line)
        if failed and hint:
            terminal.say(UPDATE)
    return _code(reports)


def _code(reports: Sequence[Report]) -> int:
    if any(report.defect for report in reports):
        return terminal.defect([])
    states = {report.state for report in reports}
    return WinitError.exit_code if "error" in states else FAILED if "drift" in states else 0


def _pairs_of(
    paths: Sequence[str], against: Path | None, globs: Sequence[str], *, quiet: bool
) -> list[Pair]:
    """Find what is to be checked, after the paths that cannot be read.

    Without `against`, `paths` hold saved results; with it specs, and `against` the results.
    Raises WinitError where nothing is left to check.
    """
    from weightinit_cli import guard
    from weightinit_cli.results.folders import find_results

    unread: list[Pair] = []
    pairs: list[Pair] = []
    if against is None:
        for path in paths:
            prefix = f"{Path(path)}/" if len(paths) > 1 else ""
            try:
                pairs += guard.pairs_of_results(Path(path), prefix)
            except WinitError as error:
                root = Path(path)
                lines = error.lines
                if any(root.glob("**/*.yaml")):
                    lines = tuple(
                        f"{line}; specs need --against, with the folder of their results"
                        for line in lines
                    )
                unread.append(guard.unreadable(path, lines, root, with_specs=False))
    else:
        saved = find_results(against)
        configs, problems = specs.find(paths, quiet=quiet)
        unread, pairs = guard.pairs_of_specs(configs, saved, against, specs.load, problems)
    kept = set(
        _kept_runs((pair.run for pair in pairs), globs, quiet=quiet, may_be_none=bool(unread))
    )
    return unread + [pair for pair in pairs if pair.run in kept]


def _update(outdated: Sequence[Checked], threads: int | None) -> int:
    from weightinit_cli import guard

    code = FAILED if outdated else 0
    for each in outdated:
        try:
            code = max(code, _tell_saved(guard.update(each, threads), each.spec))
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
    return code


def _renew(changed: set[str], paths: tuple[str, ...], against: Path) -> int:
    """Write the tables and pictures over all runs of a spec of which one has changed."""
    from weightinit_cli.batch import compare_saved

    code = 0
    for spec, folders in _several_of(paths):
        if not changed.isdisjoint(folders):
            try:
                code = max(code, _tell_saved(compare_saved(spec, against), spec))
            except WinitError as error:
                code = max(code, terminal.fail(error.lines, error.exit_code))
    return code


def _several_of(paths: Sequence[str]) -> Iterator[tuple[AnySpec, list[str]]]:
    """Yield the specs of several runs below these paths, with their runs' folders."""
    from weightinit_cli.batch import find_specs
    from weightinit_cli.spec import expand

    found, *_ = find_specs(paths)
    for config in found:
        with suppress(WinitError):
            spec = specs.load(config)
            if spec.runs is not None:
                yield spec, [run.folder for run in expand(spec)]


def _tell_saved(saved: Saved, spec: AnySpec | None) -> int:
    for path in saved.paths:
        terminal.note(f"written: {path}")
    if spec is not None and len(saved.paths) > 1:  # pictures among them
        note_lacking(names_of(spec))
    if saved.interrupted:
        raise KeyboardInterrupt
    return tell_undrawn(saved)


def _text(report: Report, *, quiet: bool) -> list[str]:
    from weightinit_cli.guard import details, heading

    if report.outcome is None or (quiet and not report.outcome.failed):
        return []
    lines = details(report)
    if not (lines or report.outcome.failed):
        return []
    return [printable(heading(report)), *(f"  {printable(line)}" for line in lines)]
