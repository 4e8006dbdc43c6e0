"""What the command line knows of plug-ins: the files it is given, and what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal

if TYPE_CHECKING:
    from weightinit_cli.plugins import Table


def _load(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    files: tuple[str, ...],
) -> None:
    for file in files:
        from weightinit_cli.plugins import load_plugin

        load_plugin(Path(file).expanduser())


plugin_option = click.option(
    "--plugin",
    metavar="FILE.py",
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
