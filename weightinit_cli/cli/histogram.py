"""`winit histogram`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import (
    config_option,
    format_option,
    json_option,
    output_option,
    quiet_option,
    seed_option,
    set_option,
    threads_option,
)
from weightinit_cli.errors import Mark, Problem, SpecError, WinitError, printable

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.results import Result
    from weightinit_cli.spec import Spec


@click.command(
    "histogram", short_help="Run specs: every layer's activations, as picture and numbers."
)
@config_option
@output_option
@set_option
@seed_option
@format_option
@click.option("--no-plot", is_flag=True, help="Write stats.json alone.")
@threads_option
@json_option
@quiet_option
def command(
    configs: tuple[str, ...],
    output_dir: Path,
    overrides: tuple[str, ...],
    seed: str | None,
    formats: tuple[str, ...],
    no_plot: bool,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Push Gaussian inputs through a network, a gradient back, and record every layer.

    Writes stats.json, histogram.png and depth.png to OUTPUT_DIR/<name>/, and prints a row per
    layer: mean and standard deviation of the activations, how many standard errors the latter
    is off theory's (z), how much lies in the flat ends of the activation function, how many units
    still differ, one unit's standard deviation from input to input, the gradient's power over
    that of the layer after, and the histogram. Below it what is wrong (winit explain).
    """
    code = 0
    loaded = []
    for config in configs:
        try:
            loaded.append(_load(config, overrides, seed, quiet=quiet))
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
    _refuse_equal_names(loaded)
    wanted = () if no_plot else formats
    done = 0
    for spec in loaded:
        try:
            if spec.runs is None:
                result = _run(spec, threads, quiet=quiet)
                paths = _save(result, output_dir, wanted)
            if done and not (quiet or as_json):
                terminal.say()
            if spec.runs is None:
                _print(result, paths, as_json=as_json, quiet=quiet)
            else:
                _run_several(spec, output_dir, wanted, threads, as_json=as_json, quiet=quiet)
            done += 1
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
        except MemoryError:
            message = f"{spec.name}: not enough memory for this run"
            code = max(code, terminal.fail([message], WinitError.exit_code))
    return code


def _load(config: str, overrides: tuple[str, ...], seed: str | None, *, quiet: bool) -> Spec:
    from weightinit_cli.spec import find_config

    found = find_config(config)
    if found.shadows is not None and not quiet:
        terminal.note(f"{config}: taking the file in this folder, not the shipped config")
    return specs.load(config, overrides, seed)


def _refuse_equal_names(loaded: list[Spec]) -> None:
    seen: dict[str, Spec] = {}
    problems: list[Problem] = []
    for spec in loaded:
        former = seen.setdefault(spec.name.lower(), spec)
        if former is not spec:
            message = f"another spec is named {former.name!r} too; both would write to one folder"
            written = spec.marks.get("name") or Mark(spec.marks[""].source)
            problems.append(Problem(written, "name", message))
    if problems:
        raise SpecError(problems)


def _run(spec: Spec, threads: int | None, *, quiet: bool) -> Result:
    from weightinit_cli.experiments import run

    with terminal.ProgressBar(spec.folder, shown=not quiet) as progress:
        return run(spec, threads=threads, progress=progress)


def _save(result: Result, output_dir: Path, formats: tuple[str, ...]) -> list[Path]:
    from weightinit_cli.results import STATS, dump_result, write_files
    from weightinit_cli.results.pictures import outdated

    files: dict[str, bytes] = {}
    if formats:
        from weightinit_cli.plots import pictures

        files = pictures(result, formats)
    files[STATS] = dump_result(result).encode()
    former = outdated(output_dir / result.name, result.digest)
    return write_files(output_dir, result.name, files, [n for n in former if n not in files])


def _run_several(
    spec: Spec,
    output_dir: Path,
    formats: tuple[str, ...],
    threads: int | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run all runs of a spec, a line each, and compare them."""
    from weightinit_cli.cli.several import Several, heads, line
    from weightinit_cli.experiments import check
    from weightinit_cli.results import dump_line
    from weightinit_cli.spec import expand

    runs = expand(spec)
    for run in runs:
        check(run)
    several = Several(spec, output_dir)
    if not (quiet or as_json):
        terminal.say(click.style(printable(f"{spec.name}: {len(runs):,} runs"), bold=True))
        terminal.say(heads(spec))
    for run in runs:
        result = _run(run, threads, quiet=quiet)
        several.save(run, result)
        if as_json:
            terminal.say(dump_line(result))
        elif not quiet:
            terminal.say(line(spec, run, result))
    for path in several.finish(formats):
        if not (quiet or as_json):
            terminal.say(printable(str(path)))


def _print(result: Result, paths: list[Path], *, as_json: bool, quiet: bool) -> None:
    if as_json:
        from weightinit_cli.results import dump_line

        terminal.say(dump_line(result))
    elif not quiet:
        from weightinit_cli.cli.table import table

        for line in [*table(result), *(printable(str(path)) for path in paths)]:
            terminal.say(line)
