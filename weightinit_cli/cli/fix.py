"""`winit fix`: search for a start without a warning, and print the lines of the spec to change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import (
    config_option,
    quiet_option,
    seed_option,
    set_option,
    threads_option,
)
from weightinit_cli.cli.paths import YAML, PathType
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
from weightinit_cli.cli.tables.remedy import outcome_lines, remedy_json, remedy_lines
from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.remedies import Remedy
    from weightinit_cli.spec import Spec


@click.command(
    "fix",
    epilog=examples(
        "winit fix -c sigmoid_xavier",
        "winit fix -c mine.yaml --write mended.yaml",
        "winit fix -c mine.yaml -q --code torch > model.py",
    ),
)
@config_option
@click.option(
    "--write",
    "file",
    metavar="FILE",
    type=PathType(YAML),
    help="Write the mended spec to FILE, a new one; of a single run. Comments are not kept.",
)
@click.option(
    "--code",
    "library",
    type=click.Choice(("torch", "keras", "jax")),
    help="Print a program that builds the mended network in this library, too; of a single run.",
)
@plugin_option
@set_option
@seed_option
@threads_option
@fail_on_option
@junit_option
@style_option()
@json_option("Print what was found as one line of JSON.")
@quiet_option
def fix(
    configs: tuple[str, ...],
    file: Path | None,
    library: str | None,
    overrides: tuple[str, ...],
    seed: str | None,
    threads: int | None,
    fail_on: tuple[str, ...],
    junit: Path | None,
    style: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Search for a start without a warning, and print the lines of the spec to change.

    Tried are, by running each: the spec's own initializer at other scales, other initializers,
    zero and random biases; what theory proposes comes first, then a scan. Where no scale does, a
    normalization and residual branches are tried; where the loss at the start is far off, a small
    output layer. A larger change is tried where no smaller one does. What is found is run with all
    inputs, and under two other seeds. Where nothing is found the exit code is 1, and the nearest
    depth and activation that have such a start are named. With --fail-on the spec as it stands
    decides alone: the exit code is 1 where it has such a verdict, whether something is found or
    not.

    With -q --code LIBRARY the program alone is printed.
    """
    if library is not None and (as_json or style != TEXT):
        raise click.UsageError("--code prints a program, and no other format; give one of them")
    reporter = Reporter(fail_on, junit, style, as_json=as_json)
    command = _Fix(file, library, threads, reporter, quiet)
    return reporter.writing(lambda: command.run(configs, overrides, seed))


class _Fix(NamedTuple):
    """One call of the command: where the mended spec goes, and how what was found is printed."""

    file: Path | None
    library: str | None
    threads: int | None
    reporter: Reporter
    quiet: bool

    def run(self, configs: Sequence[str], overrides: Sequence[str], seed: str | None) -> int:
        """Mend every run of the specs, each by itself. Returns the exit code."""
        from weightinit_cli.results.files import refuse_existing

        runs, code = self._read(configs, overrides, seed)
        _refuse_for_several(runs, {"--write": self.file, "--code": self.library})
        file = self.file and specs.yaml_file(self.file)
        if file is not None:
            refuse_existing(file)
            if not file.parent.is_dir():
                raise WinitError(f"{file}: no such folder: {file.parent}")
        for number, spec in enumerate(runs):
            try:
                remedy, seconds = self._mend(spec)
            except WinitError as error:
                code = max(code, self.reporter.failed(spec.folder, error, spec))
                continue
            if self.reporter.as_json:
                terminal.say(remedy_json(remedy))
            elif not self.quiet:
                for line in [""] * (number > 0) + remedy_lines(remedy):
                    terminal.say(line)
            if file is not None and remedy.mended is not None:
                told = not (self.quiet or self.reporter.as_json)
                code = max(code, _write(file, remedy.mended, told=told))
            code = max(code, _say_program(remedy.mended, self.library, alone=self.quiet))
            code = max(code, self._report(remedy, seconds))
        return code

    def _read(
        self, configs: Sequence[str], overrides: Sequence[str], seed: str | None
    ) -> tuple[list[Spec], int]:
        """Read every run of the specs; what is wrong with one stops no other."""
        from weightinit_cli.spec import expand

        code = 0
        runs: list[Spec] = []
        for config in configs:
            try:
                with ProgressBar(f"reading {config}", shown=not self.quiet):
                    loaded = specs.load(config, overrides, seed)
                    runs += map(specs.histogram, expand(specs.histogram(loaded)))
            except WinitError as error:
                code = max(code, self.reporter.failed(config, error))
        return runs, code

    def _mend(self, spec: Spec) -> tuple[Remedy, float]:
        """Search; return what was found, and how many seconds that took."""
        from weightinit_cli.remedies import fix as search

        began = time.monotonic()
        with ProgressBar(f"mending {spec.folder}", shown=not self.quiet) as progress:
            remedy = search(spec, threads=self.threads, progress=progress)
        return remedy, time.monotonic() - began

    def _report(self, remedy: Remedy, seconds: float) -> int:
        """Tell of verdicts of --fail-on, or without it that nothing was found; the exit code."""
        case = self.reporter.run(remedy.spec, remedy.own.verdict, seconds)
        if remedy.mended is None and not self.reporter.fail_on:
            heading = f"{case.name}: no start without a warning was found"
            case = case._replace(state="failed", heading=heading, kind="nothing_found")
        return self.reporter.done(case, outcome_lines(remedy))


def _refuse_for_several(runs: Sequence[Spec], options: Mapping[str, object]) -> None:
    """Raise UsageError where an option that is for one run is given for several."""
    for option, value in options.items():
        if value is not None and len(runs) > 1:
            raise click.UsageError(f"{option} is for one run, not for {len(runs):,}")


def _write(file: Path, mended: Spec, *, told: bool) -> int:
    """Write the mended spec to a new file; return the exit code."""
    from weightinit_cli.results.files import write_file
    from weightinit_cli.spec import yaml_text

    try:
        write_file(file, yaml_text(mended).encode())
    except WinitError as error:
        return terminal.fail(error.lines, error.exit_code)
    if told:
        terminal.say(printable(f"{file}: written"))
    return 0


def _say_program(mended: Spec | None, library: str | None, *, alone: bool) -> int:
    """Print the mended network in a library's lines, where both are; return the exit code."""
    if mended is None or library is None:
        return 0
    from weightinit_cli.snippets import snippet

    try:
        program = snippet(mended, library)
    except WinitError as error:
        return terminal.fail(error.lines, error.exit_code)
    for line in [""] * (not alone) + program.splitlines():
        terminal.say(line)
    return 0
