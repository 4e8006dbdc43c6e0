"""`winit list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.activations import Entry
    from weightinit_cli.initializers import Initializer
    from weightinit_cli.parameters import Alias, Parameter


@click.command("list", short_help="Print the initializers, the activations or the shipped configs.")
@click.argument("what", type=click.Choice(["initializers", "activations", "configs"]))
def command(what: str) -> None:
    """Print the initializers, the activations or the shipped configs."""
    tables = {"initializers": _initializers, "activations": _activations, "configs": _configs}
    for line in tables[what]():
        terminal.say(line)


def _initializers() -> list[str]:
    from weightinit_cli.initializers import ALIASES, INITIALIZERS

    rows = [(name, entry.std, entry.convention) for name, entry in INITIALIZERS.items()]
    heads = ("initializer", "standard deviation", "convention of")
    return [*_table(heads, rows, INITIALIZERS), *_aliases(ALIASES)]


def _activations() -> list[str]:
    from weightinit_cli.activations import ACTIVATIONS, ALIASES

    rows = [(name, entry.formula) for name, entry in ACTIVATIONS.items()]
    return [*_table(("activation", "formula"), rows, ACTIVATIONS), *_aliases(ALIASES)]


def _configs() -> list[str]:
    from weightinit_cli.spec import shipped_configs

    rows = []
    for path in shipped_configs():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        rows.append((path.stem, first.lstrip("# ") if first.startswith("#") else ""))
    return _table(("config", "what it shows"), rows, {})


def _table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    table: Mapping[str, Initializer | Entry],
) -> list[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [click.style(_padded(heads, widths), dim=True)]
    for row in rows:
        name, rest = _padded(row, widths)[: widths[0]], _padded(row, widths)[widths[0] :]
        lines.append(click.style(name, bold=True) + rest)
        if row[0] in table:
            entry = table[row[0]]
            details = [entry.reference, *map(_parameter, entry.parameters)]
            lines += [f"    {detail}" for detail in details if detail]
    return lines


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _parameter(parameter: Parameter) -> str:
    value = "required" if parameter.required else f"default {parameter.default}"
    if parameter.default is None:
        value = "optional"
    choices = f", one of {', '.join(parameter.choices)}" if parameter.choices else ""
    return f"{parameter.name}: {parameter.doc} ({value}{choices})"


def _aliases(aliases: Mapping[str, Alias]) -> list[str]:
    names = ", ".join(f"{name} = {alias.of}" for name, alias in aliases.items())
    return ["", f"Other names: {names}"]
