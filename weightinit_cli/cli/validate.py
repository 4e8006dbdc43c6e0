"""`winit validate`."""

from __future__ import annotations

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import SpecName, data_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import WinitError, counted, printable


@click.command("validate", short_help="Check specs without running them.")
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...", type=SpecName())
@data_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(paths: tuple[str, ...], quiet: bool) -> int:
    """Check specs without running them: print `FILE: ok, N runs`, or every problem.

    Folders are searched as winit batch does. The exit code is 1 where only some runs of a spec
    can be done.
    """
    from weightinit_cli.experiments import impossible
    from weightinit_cli.spec import expand

    files, code = specs.find(paths, quiet=quiet)
    for file in files:
        try:
            with ProgressBar(f"checking {file}", shown=not quiet):
                spec = specs.load(file)
                runs = expand(spec)
                wrong = impossible(spec)
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        reasons = ((runs[number].folder, reason) for number, reason in wrong.items())
        code = max(code, specs.tell_impossible(reasons))
        if not (quiet or wrong):
            specs.tell_notes(spec)
            said = printable(f"{file}: ok, {counted(len(runs), 'run')}")
            terminal.say(terminal.no_command(said))
    return code
