"""What the command line knows of plug-ins: the files it is given, and what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.paths import PYTHON, PathType

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.plugins import Table


def _load(
    context: click.Context,
    option: click.Parameter,  # noqa: ARG001
    files: tuple[Path, ...],
) -> None:
    if context.resilient_parsing:  # a shell asks for completions: nobody's code is run for that
        return
    for file in files:
        from weightinit_cli.plugins import load_plugin

        load_plugin(file)


plugin_option = click.option(
    "--plugin",
    metavar="FILE.py",
    type=PathType(PYTHON),
    multiple=True,
    expose_value=False,
    is_eager=True,
    callback=_load,
    help="A Python file that registers initializers or activations of your own. Repeatable.",
)


def load_installed(*tables: Table[Any]) -> None:
    """Load what installed packages add to the tables, and say what cannot be."""
    for table in tables:
        for line in table.find_all():
            terminal.note(line)
