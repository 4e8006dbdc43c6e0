"""`winit validate`."""

from __future__ import annotations

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import data_option
from weightinit_cli.errors import WinitError, printable


@click.command("validate", short_help="Check specs without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@data_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(files: tuple[str, ...], quiet: bool) -> int:
    """Check specs without running them: print `FILE: ok, N runs`, or every problem."""
    from weightinit_cli.experiments import check
    from weightinit_cli.spec import expand

    code = 0
    for file in files:
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
