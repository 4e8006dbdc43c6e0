"""`winit explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal

if TYPE_CHECKING:
    from weightinit_cli.verdicts import Definition

INDENT = 4
LABELS = 11


@click.command("explain", short_help="Print what a verdict means, and where it begins.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print what a verdict means, where it begins and what to do; without NAME, all verdicts."""
    columns = terminal.columns() or terminal.PIPED_COLUMNS
    for line in _all(columns) if name is None else _one(name, columns):
        terminal.say(line)


def _all(columns: int) -> list[str]:
    """A row per verdict, worst first."""
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS, HEALTHY

    meanings = {name: definition.meaning for name, definition in DEFINITIONS.items()}
    meanings[HEALTHY] = ALL_IS_WELL
    width = max(map(len, meanings))
    lines = [click.style(f"{'verdict':<{width}}  what it means", dim=True)]
    for name, meaning in meanings.items():
        first, *more = terminal.wrapped(f"{name:<{width}}  {meaning}", columns, indent=width + 2)
        lines += [click.style(name, bold=True) + first[len(name) :], *more]
    return lines


def _one(name: str, columns: int) -> list[str]:
    """One verdict, all of it. Raises UsageError for another name."""
    from weightinit_cli.spec.report import suggestion
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS, HEALTHY

    names = [*DEFINITIONS, HEALTHY]
    if name not in names:
        hint = suggestion(name, names, f"there are {', '.join(names)}")
        raise click.UsageError(f"no verdict {name!r}{hint}")
    lines = [click.style(name, bold=True)]
    if name == HEALTHY:
        rows = {"meaning": ALL_IS_WELL, "formula": "no other verdict is drawn"}
    else:
        rows = _rows(name, DEFINITIONS[name])
    for label, text in rows.items():
        row = terminal.wrapped(f"{label:<{LABELS}}{text}", columns - INDENT, indent=LABELS)
        lines += [" " * INDENT + line for line in row]
    return lines


def _rows(name: str, definition: Definition) -> dict[str, str]:
    from weightinit_cli.verdicts import Thresholds

    default = Thresholds()._asdict().get(name)
    rows = {
        "meaning": definition.meaning,
        "figure": definition.figure,
        "formula": definition.formula,
        "threshold": "none" if default is None else f"{default:g}, set by thresholds.{name}",
        "advice": definition.advice,
        "reference": definition.reference,
    }
    return {label: text for label, text in rows.items() if text}
