"""`winit validate`."""

from __future__ import annotations

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import data_option
from weightinit_cli.errors import SpecError, WinitError, printable


@click.command("validate", short_help="Check specs without running them.")
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...")
@data_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(paths: tuple[str, ...], quiet: bool) -> int:
    """Check specs without running them: print `FILE: ok, N runs`, or every problem.

    Folders are searched as winit batch does.
    """
    from weightinit_cli.batch import find_specs
    from weightinit_cli.experiments import check
    from weightinit_cli.spec import expand

    found = find_specs(paths)
    code = terminal.fail(map(str, found.problems), SpecError.exit_code) if found.problems else 0
    for line in () if quiet else found.left_out:
        terminal.note(line)
    for file in found.specs:
        try:
            spec = specs.load(file)
            runs = expand(spec)
            for run in runs:
                check(run)
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        if not quiet:
            specs.tell_notes(spec)
            count = f"{len(runs):,} runs" if len(runs) > 1 else "1 run"
            terminal.say(printable(f"{file}: ok, {count}"))
    return code
