"""The command of each experiment: run specs, save and print results."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, NamedTuple

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.experiments import EXPERIMENTS
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import (
    config_option,
    data_option,
    format_option,
    no_plot_option,
    output_option,
    quiet_option,
    seed_option,
    set_option,
    threads_option,
)
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reporting import (
    TEXT,
    Reporter,
    fail_on_option,
    json_option,
    junit_option,
    style_option,
)
from weightinit_cli.cli.specs import (
    names_of,
    note_lacking,
    note_pictureless,
    note_replaced,
    tell_undrawn,
)
from weightinit_cli.errors import (
    FAILED,
    INTERRUPTED,
    Mark,
    Problem,
    SpecError,
    WinitError,
    printable,
)
from weightinit_cli.results.kinds import interruption, kind_of
from weightinit_cli.results.store import replaced, save_files
from weightinit_cli.saving import save_result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec

# What is for experiments that draw verdicts.
REPORTING = fail_on_option, junit_option, style_option()
OPTIONS = (
    config_option,
    output_option("Where results go: OUTPUT_DIR/<name>/."),
    data_option,
    plugin_option,
    set_option,
    seed_option,
    format_option,
    no_plot_option,
    threads_option,
    *REPORTING,
    json_option("Print each result as one line of JSON."),
    quiet_option,
)


def _command(experiment: str) -> click.Command:
    """Make the command that runs specs of this experiment."""
    row = EXPERIMENTS[experiment]

    def run(
        configs: tuple[str, ...],
        output_dir: Path,
        overrides: tuple[str, ...],
        seed: str | None,
        formats: tuple[str, ...],
        no_plot: bool,
        as_json: bool,
        quiet: bool,
        threads: int | None = None,
        fail_on: tuple[str, ...] = (),
        junit: Path | None = None,
        style: str = TEXT,
    ) -> int:
        reporter = Reporter(fail_on, junit, style, as_json=as_json)
        runner = _Runner(
            experiment, output_dir, () if no_plot else formats, threads, reporter, quiet
        )
        return reporter.writing(lambda: runner.run(configs, overrides, seed))

    command = click.command(row.command, help=row.text, epilog=examples(*row.examples))(run)
    left_out = {
        data_option: not row.data,
        threads_option: not row.threads,
        **dict.fromkeys(REPORTING, not row.verdicts),
    }
    for option in OPTIONS:
        if not left_out.get(option):
            option(command)
    return command


RUNNERS = {row.command: _command(experiment) for experiment, row in EXPERIMENTS.items()}


class _Runner(NamedTuple):
    """One call of a command: what it runs, and how it saves and prints results."""

    experiment: str
    out: Path
    formats: tuple[str, ...]
    threads: int | None
    reporter: Reporter
    quiet: bool

    def run(self, configs: Sequence[str], overrides: Sequence[str], seed: str | None) -> int:
        """Run every spec; what is wrong with one stops no other. Returns the exit code."""
        code = 0
        loaded: list[AnySpec] = []
        for config in configs:
            try:
                loaded.append(self._load(config, overrides, seed))
            except WinitError as error:
                code = max(code, self.reporter.failed(config, error))
        _refuse_equal_names(loaded)
        done = 0
        for spec in loaded:
            if done:
                self._say("")
            try:
                code = max(code, self._run_spec(spec))
            except WinitError as error:
                code = max(code, self.reporter.failed(spec.name, error, spec))
                continue
            except MemoryError:
                short = WinitError(f"{spec.name}: not enough memory for this run")
                code = max(code, self.reporter.failed(spec.name, short, spec))
                continue
            done += 1
            if code == INTERRUPTED:
                break
        if self.formats and not self.quiet:
            note_lacking(name for spec in loaded for name in names_of(spec))
        return code

    def _load(self, config: str, overrides: Sequence[str], seed: str | None) -> AnySpec:
        from weightinit_cli.spec import shadowed

        if not self.quiet and shadowed(config) is not None:
            terminal.note(f"{config}: taking the file in this folder, not the shipped config")
        with ProgressBar(f"reading {config}", shown=not self.quiet):
            spec = specs.load(config, overrides, seed)
        specs.refuse_others(spec, self.experiment)
        if not self.quiet:
            specs.tell_notes(spec)
            if self.formats:
                specs.tell_left_out(spec)
        return spec

    def _run_spec(self, spec: AnySpec) -> int:
        """Run one spec, save and tell; return the exit code."""
        if spec.runs is not None:
            return self._run_several(spec)
        result, seconds = self._result(spec)
        if not self.quiet:
            note_replaced([replaced(self.out / spec.folder, result.digest, result.spec)])
        with ProgressBar(f"saving {spec.folder}", shown=not self.quiet):
            saved = save_result(self.out, spec.folder, result, self.formats)
        if self.reporter.as_json:
            self._say_json(result)
        elif not self.quiet:
            from weightinit_cli.cli.tables import table

            shown = [*table(result), *_advice(spec, _causes(result))]
            for line in [*shown, *(printable(str(path)) for path in saved.paths)]:
                terminal.say(line)
        told = _told_of_interruption(result), self._report(spec, result, seconds)
        return max(*told, tell_undrawn(saved))

    def _run_several(self, spec: AnySpec) -> int:
        """Run all runs of a spec, a line each, and compare them; return the exit code."""
        from weightinit_cli.batch import compare_runs, list_runs, product_of
        from weightinit_cli.cli.tables import run_lines, runs_head, runs_layout, runs_title
        from weightinit_cli.experiments import impossible
        from weightinit_cli.spec import expand

        with ProgressBar(f"checking {spec.name}", shown=not self.quiet):
            runs = expand(spec)
            wrong = impossible(spec)
        code = max((self._impossible(runs[each], why) for each, why in wrong.items()), default=0)
        formers = [list_runs(spec, self.out)]
        self._say(runs_title(spec.name, spec.overrides, len(runs)))
        output = all(getattr(run, "output", None) is not None for run in runs)
        layout = runs_layout(spec.experiment, (run.label for run in runs), output=output)
        self._say("\n".join(runs_head(layout)))
        done = []
        causes: list[str] = []
        for number, run in enumerate(runs):
            if number in wrong:
                continue
            result, seconds = self._result(run)
            product = product_of(result, run, ())
            formers.append(replaced(self.out / run.folder, result.digest, result.spec))
            save_files(self.out, run.folder, product.digest, product.files)
            done.append(product._replace(files={}))
            causes += _causes(result)
            if self.reporter.as_json:
                self._say_json(result)
            else:
                self._say("\n".join(run_lines(layout, run.label, result)))
            code = max(code, _told_of_interruption(result), self._report(run, result, seconds))
            if code == INTERRUPTED:
                break
        if not self.quiet:
            note_replaced(formers)
        with ProgressBar(f"comparing {spec.name}", shown=not self.quiet):
            saved = compare_runs(spec, lambda: done, self.out, self.formats)
        if self.formats and not self.quiet:
            note_pictureless(spec.name, saved)
        for line in (*_advice(spec, causes), *(printable(str(path)) for path in saved.paths)):
            self._say(line)
        return max(code, tell_undrawn(saved))

    def _result(self, spec: AnySpec) -> tuple[AnyResult, float]:
        """Run a spec; return its result, and how many seconds that took."""
        from weightinit_cli.experiments import run

        began = time.monotonic()
        with ProgressBar(spec.folder, shown=not self.quiet) as progress:
            result = run(spec, threads=self.threads, progress=progress)
            if interruption(result) is not None:
                progress.stop()
            return result, time.monotonic() - began

    def _report(self, spec: AnySpec, result: AnyResult, seconds: float) -> int:
        """Say which verdicts of --fail-on a run has; return the exit code."""
        if not self.reporter.asked:
            return 0
        verdict = kind_of(result).verdict(result)
        return self.reporter.done(self.reporter.run(spec, verdict, seconds))

    def _impossible(self, run: AnySpec, why: WinitError) -> int:
        """Say why one of several runs cannot be done; return the exit code."""
        lines = (f"{run.folder}: {line}" for line in why.lines)
        return self.reporter.failed(run.folder, WinitError(*lines, exit_code=FAILED), run)

    def _say_json(self, result: AnyResult) -> None:
        from weightinit_cli.results import dump_line

        terminal.say(dump_line(result))

    def _say(self, line: str) -> None:
        if not (self.quiet or self.reporter.as_json):
            terminal.say(line)


def _refuse_equal_names(loaded: list[AnySpec]) -> None:
    from weightinit_cli.spec import folded

    seen: dict[str, AnySpec] = {}
    problems: list[Problem] = []
    for spec in loaded:
        former = seen.setdefault(folded(spec.name), spec)
        if former is not spec:
            message = f"another spec is named {former.name!r} too; both would write to one folder"
            written = spec.marks.get("name") or Mark(spec.marks[""].source)
            problems.append(Problem(written, "name", message))
    if problems:
        raise SpecError(problems)


def _causes(result: AnyResult) -> list[str]:
    """Name the root causes that warn."""
    verdict = kind_of(result).verdict(result)
    return [each.name for each in verdict if each.warns and each.because is None]


def _advice(spec: AnySpec, causes: Sequence[str]) -> list[str]:
    """Say what looks for a start without a warning, where there is one in any of the runs."""
    if not causes:
        return []
    from weightinit_cli.spec import STDIN

    source = spec.marks[""].source
    config = STDIN if source == "stdin" else source
    sets = [part for override in spec.overrides for part in ("--set", override)]
    command = shlex.join(["winit", "fix", "-c", config, *sets])
    named = ", ".join(dict.fromkeys(causes))
    return terminal.fitted(printable(f"{named}: {command} looks for a start without it"))


def _told_of_interruption(result: AnyResult) -> int:
    stopped = interruption(result)
    if stopped is None:
        return 0
    return terminal.fail([f"{result.name}: {stopped}; kept what was reached"], INTERRUPTED)
