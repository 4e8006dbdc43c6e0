"""`winit new`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.options import Place, SpecName
from weightinit_cli.cli.specs import COMMANDS
from weightinit_cli.errors import printable
from weightinit_cli.reading import open_at_once

if TYPE_CHECKING:
    from pathlib import Path


@click.command("new", short_help="Write a commented spec to start from.")
@click.argument("file", type=Place())
@click.option(
    "--like",
    metavar="CONFIG",
    type=SpecName(),
    help="Start from this spec: a file or a shipped name.",
)
def command(file: Path, like: str | None) -> None:
    """Write a commented spec to FILE to start from; an existing file is left alone.

    FILE gets the suffix .yaml where it has none; - prints the spec.
    """
    from weightinit_cli.results import write_file
    from weightinit_cli.spec import STDIN, parse_spec, template

    text = template().encode() if like is None else _checked(like)
    if str(file) == STDIN:
        terminal.say(text.decode("utf-8-sig").removesuffix("\n"))
        return
    if file.name.strip(".") and file.suffix.lower() not in (".yaml", ".yml"):
        file = file.with_name(f"{file.name}.yaml")
    write_file(file, text)
    experiment = parse_spec(text, source=str(file), stem="spec").experiment
    run = f"winit {COMMANDS[experiment]} -c {shlex.quote(str(file))}"
    terminal.say(printable(f"{file}: written; run it with {run}"))


def _checked(config: str) -> bytes:
    """The bytes of a spec that can be run. Raises SpecError."""
    from weightinit_cli.spec import find_config, load_spec, parse_spec
    from weightinit_cli.spec.parse import MOST_BYTES

    path = find_config(config).path
    try:
        with open_at_once(path) as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        load_spec(config)  # says why it cannot be read
        raise
    parse_spec(text, source=config, stem=path.stem)
    return text
