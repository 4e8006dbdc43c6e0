"""`winit validate`."""

from __future__ import annotations

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.options import SpecName, data_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import FAILED, SpecError, WinitError, counted, printable


@click.command("validate", short_help="Check specs without running them.")
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...", type=SpecName())
@data_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(paths: tuple[str, ...], quiet: bool) -> int:
    """Check specs without running them: print `FILE: ok, N runs`, or every problem.

    Folders are searched as winit batch does. The exit code is 1 where only some runs of a spec
    can be done.
    """
    from weightinit_cli.batch import find_specs
    from weightinit_cli.experiments import impossible
    from weightinit_cli.spec import expand

    with ProgressBar("looking for specs", shown=not quiet):
        found = find_specs(paths)
    code = terminal.fail(map(str, found.problems), SpecError.exit_code) if found.problems else 0
    for line in () if quiet else found.left_out:
        terminal.note(line)
    for file in found.specs:
        try:
            with ProgressBar(f"checking {file}", shown=not quiet):
                spec = specs.load(file)
                runs = expand(spec)
                wrong = impossible(spec)
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        for number, reason in wrong.items():
            told = (f"{runs[number].folder}: {line}" for line in reason.lines)
            code = max(code, terminal.fail(told, FAILED))
        if not (quiet or wrong):
            specs.tell_notes(spec)
            terminal.say(printable(f"{file}: ok, {counted(len(runs), 'run')}"))
    return code
