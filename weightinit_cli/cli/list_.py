"""`winit list`."""

from __future__ import annotations

import sys
from itertools import product, takewhile
from math import inf
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.columns import Cell, Column, layouts, narrowed
from weightinit_cli.cli.progress import ProgressBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.activations import Activation, Row
    from weightinit_cli.parameters import Alias, Parameter

FLAT = 0.05
INDENT = 4
MARGIN = 2
OUT = (
    "fan_in, fan_out: connections into and out of a unit, of a kernel times its area; out: units, "
    "or output channels of a kernel."
)
MARGINAL = 1e-9

# Values of the numbers that have no default, to show what becomes of an activation with them.
EXAMPLES: dict[str, dict[str, float]] = {
    "leaky_relu": {"negative_slope": 0.01},
    "prelu": {"negative_slope": 0.25},
    "sin": {"omega": 30.0},
    "threshold": {"threshold": 1.0, "value": 0.0},
}


@click.command("list")
@click.argument("what", type=click.Choice(["initializers", "activations", "configs"]))
def command(what: str) -> None:
    """Print the initializers, the activations or the shipped configs."""
    tables = {"initializers": _initializers, "activations": _activations, "configs": _configs}
    with ProgressBar(f"listing {what}", shown=True):
        lines = tables[what](terminal.columns() or terminal.PIPED_COLUMNS)
    for line in lines:
        terminal.say(line)
    if sys.flags.optimize > 1:
        terminal.note("Python runs without docstrings here (-OO): the definitions are left out")


def _initializers(columns: int) -> list[str]:
    from weightinit_cli.initializers import ALIASES, INITIALIZERS

    rows = [(name, entry.std, entry.convention) for name, entry in INITIALIZERS.items()]
    details = [
        [entry.doc, entry.reference, *map(_parameter, entry.parameters)]
        for entry in INITIALIZERS.values()
    ]
    heads = ("initializer", "standard deviation", "convention of")
    out = terminal.wrapped(OUT, columns, indent=INDENT)
    return [*_table(heads, rows, details, columns), "", *out, *_aliases(ALIASES, columns)]


def _activations(columns: int) -> list[str]:
    from weightinit_cli.activations import ACTIVATIONS, ALIASES

    rows = [(name, entry.formula) for name, entry in ACTIVATIONS.items()]
    details = [
        [
            _derivative(entry),
            *_shapes(name, entry),
            entry.reference,
            *map(_parameter, entry.parameters),
        ]
        for name, entry in ACTIVATIONS.items()
    ]
    flat = f"Flat: where the slope is at most {FLAT:.0%} of the largest slope."
    return [
        *_table(("activation", "formula"), rows, details, columns),
        *_aliases(ALIASES, columns),
        *terminal.wrapped(flat, columns, indent=INDENT),
    ]


def _configs(columns: int) -> list[str]:
    from weightinit_cli.spec import shipped_configs

    rows = [(path.stem, _leading_comment(path)) for path in shipped_configs()]
    return _table(("config", "what it shows"), rows, [[]] * len(rows), columns)


def _leading_comment(path: Path) -> str:
    """The first paragraph of the comment at the top."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = takewhile(lambda line: line.lstrip("# ") and line.startswith("#"), lines)
    return " ".join(line.lstrip("# ") for line in comment)


def _table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    details: Sequence[Sequence[str]],
    columns: int,
) -> list[str]:
    """A row per entry, its details below it; the widest column gives way to the terminal's."""
    table = [
        Column(head, [Cell(text) for text in texts], words=True)
        for head, *texts in zip(heads, *rows, strict=True)
    ]
    layout = narrowed(layouts(table, columns - MARGIN)[0])
    lines = [click.style(line, dim=True) for line in layout.head_lines()]
    for (name, *others), below in zip(rows, details, strict=True):
        lines += layout.row([Cell(name, bold=True), *map(Cell, others)])
        for detail in filter(None, below):
            shown = terminal.wrapped(detail, columns - INDENT, indent=INDENT)
            lines += [" " * INDENT + line for line in shown]
    return lines


def _derivative(entry: Row) -> str:
    """The first line of the function's docstring where it has the derivative."""
    line = (entry.build.__doc__ or "").partition("\n")[0]
    return line if "derivative" in line else ""


def _shapes(name: str, entry: Row) -> list[str]:
    """Bounds, kinks and flat ends, for each choice; the numbers that it holds for are named."""
    values = [
        parameter.choices
        or (EXAMPLES[name][parameter.name] if parameter.required else parameter.default,)
        for parameter in entry.parameters
    ]
    lines = []
    for given in product(*values):
        arguments = {p.name: value for p, value in zip(entry.parameters, given, strict=True)}
        named = ", ".join(
            f"{key} {value if isinstance(value, str) else format(value, 'g')}"
            for key, value in arguments.items()
        )
        shape = _shape(entry.build(**arguments))
        prefix = f"with {named}: " if named else ""
        lines += [f"{prefix}{said}" for said in (shape, _gain(name, entry, arguments))]
    return lines


def _shape(activation: Activation) -> str:
    low, high = activation.bounds
    parts = [f"bounds {low:.4g} and {high:.4g}" if (low, high) != (-inf, inf) else "unbounded"]
    kinks = ", ".join(f"{kink:.4g}" for kink in activation.kinks)
    parts.append(f"kink{'s' * (len(activation.kinks) > 1)} at {kinks}" if kinks else "no kink")
    x_low, x_high = activation.ends(FLAT)
    ends = [f"x <= {x_low:.4g}"] if x_low is not None else []
    if x_high is not None:
        ends.append("x > 0" if 0 < x_high < 1e-300 else f"x >= {x_high:.4g}")
    parts.append(f"flat where {' or '.join(ends)}" if ends else "no flat end")
    return "; ".join(parts)


def _gain(name: str, entry: Row, arguments: Mapping[str, Any]) -> str:
    """`gain: auto`, torch's beside it, and whether the variance stays at 1 with it."""
    from weightinit_cli.experiments import gain_of
    from weightinit_cli.spec import Component

    gain, slope = gain_of(Component(name, tuple(arguments.items())))
    if gain == inf:
        return "no gain: it is zero"
    said = f"gain {gain:.4g}"
    if entry.torch_gain is not None:
        said += f" (torch {entry.torch_gain(**arguments):.4g})"
    said += f"; slope of q' at 1 with it: {round(slope, 6):.3g}"
    return f"{said}: UNSTABLE, the variance leaves 1" if slope > 1 + MARGINAL else said


def _parameter(parameter: Parameter) -> str:
    value = "required" if parameter.required else f"default {parameter.default}"
    if parameter.default is None:
        value = "optional"
    choices = f", one of {', '.join(parameter.choices)}" if parameter.choices else ""
    return f"{parameter.name}: {parameter.doc} ({value}{choices})"


def _aliases(aliases: Mapping[str, Alias], columns: int) -> list[str]:
    names = ", ".join(f"{name} = {alias.of}" for name, alias in aliases.items())
    return ["", *terminal.wrapped(f"Other names: {names}", columns, indent=INDENT)]
