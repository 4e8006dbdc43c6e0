"""Specs run one after the other, saved and told: what histogram, symmetry and train share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.undrawn import names_of, note_lacking, tell_undrawn
from weightinit_cli.errors import (
    INTERRUPTED,
    Mark,
    Problem,
    SpecError,
    WinitError,
    counted,
    printable,
)
from weightinit_cli.results.store import COMPARISON, replaced, save_files
from weightinit_cli.results.words import interruption
from weightinit_cli.saving import save_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec

# Results of other specs that are named, of more they are counted.
MOST_REPLACED = 10


class Running:
    """One call of a command that runs specs of one experiment."""

    def __init__(
        self,
        experiment: str,
        output_dir: Path,
        formats: tuple[str, ...],
        *,
        threads: int | None = None,
        as_json: bool = False,
        quiet: bool = False,
    ) -> None:
        self._experiment, self._out, self._formats = experiment, output_dir, formats
        self._threads, self._as_json, self._quiet = threads, as_json, quiet

    def run(self, configs: Sequence[str], overrides: Sequence[str], seed: str | None) -> int:
        """Run every spec; what is wrong with one stops no other. Returns the exit code."""
        code = 0
        loaded: list[AnySpec] = []
        for config in configs:
            try:
                loaded.append(self._load(config, overrides, seed))
            except WinitError as error:
                code = max(code, terminal.fail(error.lines, error.exit_code))
        _refuse_equal_names(loaded)
        done = 0
        for spec in loaded:
            if done:
                self._say("")
            try:
                code = max(code, self._run_spec(spec))
            except WinitError as error:
                code = max(code, terminal.fail(error.lines, error.exit_code))
                continue
            except MemoryError:
                message = f"{spec.name}: not enough memory for this run"
                code = max(code, terminal.fail([message], WinitError.exit_code))
                continue
            done += 1
            if code == INTERRUPTED:
                break
        if self._formats and not self._quiet:
            note_lacking(name for spec in loaded for name in names_of(spec))
        return code

    def _load(self, config: str, overrides: Sequence[str], seed: str | None) -> AnySpec:
        from weightinit_cli.spec import find_config

        found = find_config(config)
        if found.shadows is not None and not self._quiet:
            terminal.note(f"{config}: taking the file in this folder, not the shipped config")
        with ProgressBar(f"reading {config}", shown=not self._quiet):
            spec = specs.load(config, overrides, seed)
        specs.refuse_others(spec, self._experiment)
        if not self._quiet:
            specs.tell_notes(spec)
        return spec

    def _run_spec(self, spec: AnySpec) -> int:
        """Run one spec, save and tell; return the exit code."""
        if spec.runs is not None:
            return self._run_several(spec)
        result = self._result(spec)
        if not self._quiet:
            note_replaced([replaced(self._out / spec.folder, result.digest, result.spec)])
        with ProgressBar(f"saving {spec.folder}", shown=not self._quiet):
            saved = save_result(self._out, spec.folder, result, self._formats)
        if self._as_json:
            self._say_json(result)
        elif not self._quiet:
            from weightinit_cli.cli.tables import lines

            for line in [*lines(result), *(printable(str(path)) for path in saved.paths)]:
                terminal.say(line)
        return max(_told_of_interruption(result), tell_undrawn(saved))

    def _run_several(self, spec: AnySpec) -> int:
        """Run all runs of a spec, a line each, and compare them; return the exit code."""
        from weightinit_cli.batch import compare_runs, product_of
        from weightinit_cli.cli.several import Lines
        from weightinit_cli.experiments import impossible
        from weightinit_cli.results.words import full_name
        from weightinit_cli.spec import expand

        with ProgressBar(f"checking {spec.name}", shown=not self._quiet):
            runs = expand(spec)
            wrong = impossible(spec)
        reasons = ((runs[number].folder, reason) for number, reason in wrong.items())
        code = specs.tell_impossible(reasons)
        title = full_name(spec.name, spec.overrides)
        self._say(click.style(printable(f"{title}: {counted(len(runs), 'run')}"), bold=True))
        lines = Lines(spec)
        self._say("\n".join(lines.heads()))
        done = []
        formers = []
        for number, run in enumerate(runs):
            if number in wrong:
                continue
            result = self._result(run)
            product = product_of(result, run, ())
            formers.append(replaced(self._out / run.folder, result.digest, result.spec))
            save_files(self._out, run.folder, product.digest, product.files)
            done.append(product._replace(files={}))
            if self._as_json:
                self._say_json(result)
            else:
                self._say("\n".join(lines.of(run, result)))
            code = max(code, _told_of_interruption(result))
            if code == INTERRUPTED:
                break
        if not self._quiet:
            note_replaced(formers)
        with ProgressBar(f"comparing {spec.name}", shown=not self._quiet):
            saved = compare_runs(spec, lambda: done, self._out, self._formats)
        drawn = any(path.stem == COMPARISON for path in saved.paths)
        if self._formats and not drawn and saved.undrawn is None:
            self._say("no picture shows all of these runs: summary.csv has their figures")
        for path in saved.paths:
            self._say(printable(str(path)))
        return max(code, tell_undrawn(saved))

    def _result(self, spec: AnySpec) -> AnyResult:
        from weightinit_cli.experiments import run

        with ProgressBar(spec.folder, shown=not self._quiet) as progress:
            result = run(spec, threads=self._threads, progress=progress)
            if interruption(result) is not None:
                progress.stop()
            return result

    def _say_json(self, result: AnyResult) -> None:
        from weightinit_cli.results import dump_line

        terminal.say(dump_line(result))

    def _say(self, line: str) -> None:
        if not (self._quiet or self._as_json):
            terminal.say(line)


def note_replaced(formers: Iterable[str]) -> None:
    """Say which results of other specs are replaced; of very many the first few.

    `formers` has a sentence for each run, empty where it replaces none.
    """
    number = 0
    for former in filter(None, formers):
        number += 1
        if number <= MOST_REPLACED:
            terminal.note(former)
    if number > MOST_REPLACED:
        terminal.note(f"and {number - MOST_REPLACED:,} more results of other specs are replaced")


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


def _told_of_interruption(result: AnyResult) -> int:
    stopped = interruption(result)
    if stopped is None:
        return 0
    return terminal.fail([f"{result.name}: {stopped}; kept what was reached"], INTERRUPTED)
