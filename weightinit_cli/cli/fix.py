"""`winit fix`: search for a start without a warning, and print the lines of the spec to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import (
    config_option,
    path_of,
    quiet_option,
    seed_option,
    set_option,
    threads_option,
)
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.tables.remedy import remedy_json, remedy_lines
from weightinit_cli.errors import FAILED, WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.spec import Spec


@click.command("fix")
@config_option
@click.option(
    "--write",
    "file",
    metavar="FILE",
    type=path_of,
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
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one line of JSON.")
@quiet_option
def fix(
    configs: tuple[str, ...],
    file: Path | None,
    library: str | None,
    overrides: tuple[str, ...],
    seed: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Search for a start without a warning, and print the lines of the spec to change.

    Tried are, by running each: the spec's own initializer at other scales, other initializers,
    zero and random biases; what theory proposes comes first, then a scan. A larger change is tried
    where no smaller one does. What is found is run with all inputs, and under two other seeds.
    Where nothing is found the exit code is 1, and the nearest depth and activation that have such
    a start are named.

    With -q --code LIBRARY the program alone is printed.
    """
    from weightinit_cli.remedies import fix as search
    from weightinit_cli.results.files import refuse_existing

    if as_json and library is not None:
        raise click.UsageError("--json and --code cannot both be printed; give one of them")
    runs, code = _read(configs, overrides, seed, quiet=quiet)
    _refuse_for_several(runs, {"--write": file, "--code": library})
    if file is not None:
        file = specs.yaml_file(file)
        refuse_existing(file)
        if not file.parent.is_dir():
            raise WinitError(f"{file}: no such folder: {file.parent}")
    for number, spec in enumerate(runs):
        try:
            with ProgressBar(f"mending {spec.folder}", shown=not quiet) as progress:
                remedy = search(spec, threads=threads, progress=progress)
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        code = max(code, FAILED if remedy.mended is None else 0)
        if as_json:
            terminal.say(remedy_json(remedy))
        elif not quiet:
            for line in [""] * (number > 0) + remedy_lines(remedy):
                terminal.say(line)
        if file is not None and remedy.mended is not None:
            code = max(code, _write(file, remedy.mended, told=not (quiet or as_json)))
        code = max(code, _say_program(remedy.mended, library, alone=quiet))
    return code


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


def _read(
    configs: Sequence[str], overrides: Sequence[str], seed: str | None, *, quiet: bool
) -> tuple[list[Spec], int]:
    """Read every run of the specs; what is wrong with one stops no other."""
    from weightinit_cli.spec import expand

    code = 0
    runs: list[Spec] = []
    for config in configs:
        try:
            with ProgressBar(f"reading {config}", shown=not quiet):
                loaded = specs.load(config, overrides, seed)
                runs += map(specs.histogram, expand(specs.histogram(loaded)))
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
    return runs, code
