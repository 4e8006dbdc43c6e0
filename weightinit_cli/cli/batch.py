"""`winit batch`."""

from __future__ import annotations

import gc
import json
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import (
    data_option,
    format_option,
    jobs_option,
    no_plot_option,
    output_option,
    quiet_option,
    refuse_nan,
    seed_option,
    set_option,
)
from weightinit_cli.cli.paths import SpecText
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import BatchProgress, ProgressBar
from weightinit_cli.cli.reporting import (
    Reporter,
    fail_on_option,
    json_option,
    junit_option,
    place_of,
    style_option,
)
from weightinit_cli.cli.specs import (
    names_of,
    note_lacking,
    note_pictureless,
    note_replaced,
    tell_undrawn,
)
from weightinit_cli.errors import FAILED, SpecError, WinitError, counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from weightinit_cli.batch import Counts, Executor, Ledger, Plan, Settings
    from weightinit_cli.ci import Case
    from weightinit_cli.spec import AnySpec

DIGEST_SHOWN = 12
# The signals of who ends a process from outside.
ENDING = "SIGTERM", "SIGHUP"


@click.command(
    "batch",
    epilog=examples(
        "winit batch specs --dry-run",
        "winit batch specs -j 4 -o results",
        "winit batch specs --fail-on warning --junit batch.xml --report",
    ),
)
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...", type=SpecText())
@output_option("Where results go: OUTPUT_DIR/<name>/, or OUTPUT_DIR/<name>/<run>/.")
@jobs_option("Processes; 1 stays in this one. Default: the cores.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Use a Dask cluster instead, e.g. tcp://host:8786."
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    callback=refuse_nan,
    metavar="SECONDS",
    help="Give up when the cluster has no workers for so long. Default: wait for ever.",
)
@click.option("--force", is_flag=True, help="Run again what is saved already.")
@click.option("--dry-run", is_flag=True, help="List the runs and what would be skipped; run none.")
@click.option(
    "--exclude",
    metavar="GLOB",
    multiple=True,
    help="Leave out specs of this name, or path below DIR. Repeatable.",
)
@data_option
@plugin_option
@set_option
@seed_option
@click.option(
    "--max-runs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Refuse specs of more runs. Default: 100,000.",
)
@format_option
@no_plot_option
@fail_on_option
@junit_option
@click.option(
    "--report", is_flag=True, help="Write a page of OUTPUT_DIR, too, as winit report does."
)
@style_option()
@json_option("Print each result as one line of JSON.")
@quiet_option
def batch(
    paths: tuple[str, ...],
    output_dir: Path,
    jobs: int | None,
    scheduler: str | None,
    wait: float | None,
    force: bool,
    dry_run: bool,
    exclude: tuple[str, ...],
    overrides: tuple[str, ...],
    seed: str | None,
    max_runs: int | None,
    formats: tuple[str, ...],
    no_plot: bool,
    fail_on: tuple[str, ...],
    junit: Path | None,
    report: bool,
    style: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run every spec of folders (*.yaml and *.yml, to the bottom) and files, with all its runs.

    What is saved in OUTPUT_DIR already, by this version (and this one of numpy) and from the same
    spec, is skipped: the same command again goes on where it was stopped. A bad spec or a run that
    fails stops nothing else. Writes what winit histogram, symmetry and train write, and over all
    runs summary.csv (a row per layer or step of each run) and index.json. The results are the same,
    bit for bit, whatever runs them. Stopped by ^C, it keeps the runs that are done; summary.csv and
    index.json are then still those of the batch before.

    A Dask cluster's scheduler and workers are trusted like yourself.
    """
    from weightinit_cli.batch import Settings, make_plan

    if jobs is not None and scheduler is not None:
        raise click.UsageError("--jobs is for this machine's processes; a scheduler has its own")
    if wait is not None and scheduler is None:
        raise click.UsageError("--wait is for the workers of a --scheduler")
    reporter = Reporter(fail_on, junit, style, as_json=as_json)

    def load(path: str) -> AnySpec:
        spec = specs.load(path, overrides, seed, most_runs=max_runs)
        if not quiet:
            specs.tell_notes(spec)
            if not no_plot:
                specs.tell_left_out(spec)
        return spec

    settings = Settings(output_dir, () if no_plot else formats, force)
    if dry_run:
        found, problems = specs.find(paths, exclude, quiet=quiet)
        code = specs.tell_problems(problems)
        with ProgressBar("reading the specs", shown=not quiet):
            plan = make_plan(found, load)
        code = max([code, *(terminal.fail(why.lines, why.exit_code) for _, why in plan.errors)])
        return max(code, _list(plan, settings, reporter, quiet=quiet))
    # What runs for hours collects its garbage; __main__ has turned that off for a quick start.
    gc.enable()
    progress = BatchProgress(
        shown=not quiet, results=output_dir if reporter.as_json else None, forced=force
    )

    def work() -> int:
        found, problems = specs.find(paths, exclude, quiet=quiet)
        codes = [reporter.failed(each.mark.source, SpecError([each])) for each in problems]
        if not found:
            return max(codes)
        with _executor(jobs, scheduler, wait, progress) as executor:
            with ProgressBar("reading the specs", shown=not quiet):
                plan = make_plan(found, load)
            codes += [reporter.failed(source, why) for source, why in plan.errors]
            bad = len(found) - len(plan.specs)
            done = _run(plan, bad, executor, settings, progress, reporter, held, quiet=quiet)
        return max([done, *codes])

    with ExitStack() as held, _stops() as received:
        try:
            code = reporter.writing(work)
            return max(code, _report(output_dir, jobs, reporter, quiet=quiet)) if report else code
        except KeyboardInterrupt:
            return terminal.fail([progress.interrupted()], 128 + received[-1])


def _report(out: Path, jobs: int | None, reporter: Reporter, *, quiet: bool) -> int:
    """Write the page of all results that are there now; return the exit code."""
    from weightinit_cli.cli.report import write_report

    try:
        return write_report([out], None, None, jobs, quiet=quiet or reporter.as_json)
    except WinitError as error:
        return terminal.fail(error.lines, error.exit_code)


def _executor(
    jobs: int | None, scheduler: str | None, wait: float | None, progress: BatchProgress
) -> Executor:
    from weightinit_cli.batch import Cluster, Executor, Processes

    if scheduler is not None:
        return Cluster(scheduler, progress.note, wait)
    return Executor() if jobs == 1 else Processes(jobs, progress.note)


def _list(plan: Plan, settings: Settings, reporter: Reporter, *, quiet: bool) -> int:
    """Print which runs there are and which of them would be skipped; return the exit code."""
    from weightinit_cli.batch import jobs_of, our_numpy

    if reporter.asked and not quiet:
        terminal.note("--dry-run runs nothing: no verdict is looked for, no report is written")
    for job in jobs_of(plan):
        skipped = settings.saved(job, {our_numpy()}) is not None
        if reporter.as_json:
            entry = {"folder": job.spec.folder, "digest": job.digest, "saved": skipped}
            terminal.say(json.dumps(entry))
        elif not quiet:
            wrong = job.spec.folder in plan.impossible
            state = "saved" if skipped else "fails" if wrong else "to run"
            terminal.say(printable(f"{job.digest[:DIGEST_SHOWN]}  {state:6}  {job.spec.folder}"))
    return specs.tell_impossible(plan.impossible.items())


def _run(
    plan: Plan,
    bad: int,
    executor: Executor,
    settings: Settings,
    progress: BatchProgress,
    reporter: Reporter,
    held: ExitStack,
    *,
    quiet: bool,
) -> int:
    """Do the runs and sum them up; return the exit code. The ledger of them is `held` open."""
    from weightinit_cli.batch import Ledger, run_batch, sum_up

    if not plan.total:
        return 0
    out = settings.out
    ledger = held.enter_context(Ledger(out, plan.total))
    cases = partial(_cases, plan, ledger, reporter)
    reporter.also(cases)
    formers = _list_runs(plan, out)
    with progress.over(plan.total):
        counts = run_batch(plan, executor, settings, ledger, progress.step, progress.note)
    with ProgressBar("summing up", shown=not quiet):
        paths, compared, errors = sum_up(plan, ledger, out, settings.formats)
    if not quiet:
        note_replaced(chain(formers, (record.replaced for record in ledger.read())))
        for saved in compared if settings.formats else ():
            note_pictureless(saved.paths[-1].parent.name, saved)
    _say_failures(ledger)
    codes = [tell_undrawn(saved) for saved in compared]
    if reporter.asked:
        codes += map(reporter.tell, cases())
    if settings.formats and not quiet:
        note_lacking(name for spec in plan.specs for name in names_of(spec))
    if not (quiet or reporter.as_json):
        terminal.say(_sentence(counts, bad))
        for path in paths:
            terminal.say(printable(str(path)))
    unwritten = (terminal.fail(each.lines, each.exit_code) for each in errors)
    return max([_code(counts), *codes, *unwritten])


def _list_runs(plan: Plan, out: Path) -> list[str]:
    """Write which runs there are of each spec; return what of others that replaces, in words."""
    from weightinit_cli.batch import list_runs

    formers = []
    for spec in plan.specs:
        if spec.runs is not None:
            with suppress(WinitError):  # its runs say that nothing can be written there
                formers.append(list_runs(spec, out))
    return formers


def _cases(plan: Plan, ledger: Ledger, reporter: Reporter) -> Iterator[Case]:
    """Give the runs of which something is known, one at a time, as they are reported."""
    for number, run in enumerate(plan.runs()):
        for record in ledger.read((number,)):
            if record.status == "failed":
                yield reporter.broken(record.folder, record.errors, place_of(run))
            else:
                yield reporter.run(run, record.verdict, record.seconds)


def _say_failures(ledger: Ledger) -> None:
    for record in ledger.read():
        for line in record.errors:
            terminal.note(f"{record.folder}: {line}")


def _sentence(counts: Counts, bad: int) -> str:
    parts = [f"{counts.done:,} done", f"{counts.skipped:,} skipped", f"{counts.failed:,} failed"]
    parts += [f"{counts.undrawn:,} without pictures"] if counts.undrawn else []
    parts += [f"{counted(bad, 'bad spec')} left out"] if bad else []
    return f"{counted(counts.total, 'run')}: {', '.join(parts)}"


def _code(counts: Counts) -> int:
    if counts.defects:
        return terminal.defect([])
    if counts.unwritten:
        return WinitError.exit_code
    return FAILED if counts.failed else 0


@contextmanager
def _stops() -> Iterator[list[int]]:
    """While it is entered, SIGTERM and SIGHUP do what ^C does: nothing is left half or behind.

    Yields a list whose last signal is the one that has stopped the batch. Signals that the process
    was told to ignore (`nohup`) stay ignored.
    """
    received = [int(signal.SIGINT)]

    def stop(number: int, frame: FrameType | None) -> None:
        """Do as ^C does: whoever puts that off for a moment puts this off, too."""
        received.append(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # ^C is ignored, as in the background of a script
            raise KeyboardInterrupt
        interrupt(number, frame)

    former: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():  # no other one receives signals
            for name in ENDING:
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    former[number] = signal.signal(number, stop)
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
