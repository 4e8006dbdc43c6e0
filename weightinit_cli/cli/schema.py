"""`winit schema`."""

from __future__ import annotations

import click

from weightinit_cli.cli import terminal


@click.command("schema", short_help="Print the JSON Schema of a spec, for editors.")
def command() -> None:
    """Print the JSON Schema of a spec, for editors that check and complete YAML."""
    import json

    from weightinit_cli.spec import json_schema

    terminal.say(json.dumps(json_schema(), indent=2))
