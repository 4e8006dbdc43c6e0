"""`winit show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.options import Place

if TYPE_CHECKING:
    from pathlib import Path


@click.command("show", short_help="Print the table of a saved result again.")
@click.argument("path", metavar="RESULT", type=Place())
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
def command(path: Path, as_json: bool) -> None:
    """Print the table of a saved result again: RESULT is a stats.json or its folder."""
    from weightinit_cli.cli.tables import lines
    from weightinit_cli.results import dump_line, load_result

    result = load_result(path)
    for line in [dump_line(result)] if as_json else lines(result):
        terminal.say(line)
