"""`winit show` and `winit plot`: a saved result again, as a table and as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.notes import note_lacking, tell_undrawn
from weightinit_cli.cli.options import format_option, path_of, quiet_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import printable

if TYPE_CHECKING:
    from pathlib import Path


@click.command("show")
@click.argument("path", metavar="RESULT", type=path_of)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
def show(path: Path, as_json: bool) -> None:
    """Print the table of a saved result again: RESULT is a stats.json or its folder."""
    from weightinit_cli.cli.tables import lines
    from weightinit_cli.results import dump_line, load_result

    result = load_result(path)
    for line in [dump_line(result)] if as_json else lines(result):
        terminal.say(line)


@click.command("plot")
@click.argument("path", metavar="RESULT", type=path_of)
@click.option(
    "-o",
    "--output-dir",
    metavar="PATH",
    type=path_of,
    help="Folder for the pictures. Default: beside the result.",
)
@format_option
@quiet_option
def plot(path: Path, output_dir: Path | None, formats: tuple[str, ...], quiet: bool) -> int:
    """Draw the pictures of a saved result again: RESULT is a stats.json or its folder."""
    from weightinit_cli.results import load_result, write_files
    from weightinit_cli.saving import Saved, drawn_of

    result = load_result(path)
    folder = output_dir or (path if path.is_dir() else path.parent)
    with ProgressBar(f"drawing {path}", shown=not quiet):
        drawn = drawn_of(result, formats)
    paths = write_files(folder, "", drawn.files) if drawn.files else []
    if not quiet:
        for written in paths:
            terminal.say(printable(str(written)))
        note_lacking([result.name])
    return tell_undrawn(Saved(paths, drawn.undrawn))
