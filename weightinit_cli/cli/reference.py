"""`winit list`: the initializers, the activations and the shipped configs."""

from __future__ import annotations

import sys
from itertools import product
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.names import configs
from weightinit_cli.cli.plugins import load_installed, plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.tables.columns import Cell, columns_of, layouts, narrowed
from weightinit_cli.lines import wrapped
from weightinit_cli.parameters import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.activations import Activation, Row
    from weightinit_cli.parameters import Parameter

FLAT = 0.05
# Of more kinks the nearest to 0 are listed.
MOST_KINKS = 6
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


@click.command(
    "list",
    epilog=examples(
        "winit list initializers",
        "winit list activations --plugin mine.py",
    ),
)
@click.argument("what", type=click.Choice(["initializers", "activations", "configs"]))
@plugin_option
def list_names(what: str) -> None:
    """Print the initializers, the activations or the shipped configs.

    Those of installed packages and of --plugin come last, with the package or the file.
    """
    tables = {"initializers": _initializers, "activations": _activations, "configs": _configs}
    with ProgressBar(f"listing {what}", shown=True):
        lines = tables[what](terminal.columns() or terminal.PIPED_COLUMNS)
    for line in lines:
        terminal.say(line)
    if sys.flags.optimize > 1:
        terminal.note("Python runs without docstrings here (-OO): the definitions are left out")


def _initializers(columns: int) -> list[str]:
    from weightinit_cli.initializers import ALIASES, INITIALIZERS

    load_installed(INITIALIZERS)
    rows = [(name, entry.std, entry.convention) for name, entry in INITIALIZERS.items()]
    details = [
        [entry.doc, entry.reference, *map(parameter_words, entry.parameters)]
        for entry in INITIALIZERS.values()
    ]
    heads = ("initializer", "standard deviation", "convention of")
    out = wrapped(OUT, columns, indent=INDENT)
    return [*_entries(heads, rows, details, columns), "", *out, *_aliases(ALIASES, columns)]


def _activations(columns: int) -> list[str]:
    from weightinit_cli.activations import ACTIVATIONS, ALIASES

    load_installed(ACTIVATIONS)
    rows = [(name, entry.formula) for name, entry in ACTIVATIONS.items()]
    details = [
        [
            derivative_of(entry),
            *shapes_of(name, entry),
            entry.reference or entry.source,
            *map(parameter_words, entry.parameters),
        ]
        for name, entry in ACTIVATIONS.items()
    ]
    flat = f"Flat: where the slope is at most {FLAT:.0%} of the largest slope."
    return [
        *_entries(("activation", "formula"), rows, details, columns),
        *_aliases(ALIASES, columns),
        *wrapped(flat, columns, indent=INDENT),
    ]


def _configs(columns: int) -> list[str]:
    rows = list(configs().items())
    return _entries(("config", "what it shows"), rows, [[]] * len(rows), columns)


def _entries(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    details: Sequence[Sequence[str]],
    columns: int,
) -> list[str]:
    """Write a row per entry, its details below it; the widest column gives way if need be."""
    table = columns_of(heads, rows, words=True)
    layout = narrowed(layouts(table, columns - MARGIN)[0])
    lines = layout.dimmed_heads()
    for (name, *others), below in zip(rows, details, strict=True):
        lines += layout.row([Cell(name, bold=True), *map(Cell, others)])
        for detail in filter(None, below):
            shown = wrapped(detail, columns - INDENT, indent=INDENT)
            lines += [" " * INDENT + line for line in shown]
    return lines


def derivative_of(entry: Row) -> str:
    """Return the first line of the function's docstring where it has the derivative."""
    line = (entry.build.__doc__ or "").partition("\n")[0]
    return line if "derivative" in line else ""


def shapes_of(name: str, entry: Row) -> list[str]:
    """Say bounds, kinks, flat ends and gain for each choice of the parameters, which are named."""
    examples = EXAMPLES.get(name, {})
    if any(p.required and not p.choices and p.name not in examples for p in entry.parameters):
        return []  # a plug-in's, of which no value is known
    values = [
        parameter.choices
        or (examples[parameter.name] if parameter.required else parameter.default,)
        for parameter in entry.parameters
    ]
    lines = []
    for given in product(*values):
        arguments = {p.name: value for p, value in zip(entry.parameters, given, strict=True)}
        named = ", ".join(
            f"{key} {value if isinstance(value, str) else format(value, 'g')}"
            for key, value in arguments.items()
        )
        prefix = f"with {named}: " if named else ""
        try:
            shape = _shape(entry, entry.build(**arguments))
        except ParameterError as error:
            lines.append(f"{prefix}cannot be used: {error.message}")
            continue
        lines += [f"{prefix}{text}" for text in (shape, _gain(name, entry, arguments))]
    return lines


def _shape(entry: Row, activation: Activation) -> str:
    low, high = activation.bounds
    without = "no bounds given" if entry.source else "unbounded"
    parts = [f"bounds {low:.4g} and {high:.4g}" if (low, high) != (-inf, inf) else without]
    nearest = sorted(sorted(activation.kinks, key=abs)[:MOST_KINKS])
    kinks = ", ".join(f"{kink:.4g}" for kink in nearest)
    more = len(activation.kinks) - len(nearest)
    kinks += f" and {more:,} more" if more else ""
    parts.append(f"kink{'s' * (len(activation.kinks) > 1)} at {kinks}" if kinks else "no kink")
    x_low, x_high = activation.ends(FLAT)
    ends = [f"x <= {x_low:.4g}"] if x_low is not None else []
    if x_high is not None:
        ends.append("x > 0" if 0 < x_high < 1e-300 else f"x >= {x_high:.4g}")
    parts.append(f"flat where {' or '.join(ends)}" if ends else "no flat end")
    return "; ".join(parts)


def _gain(name: str, entry: Row, arguments: Mapping[str, Any]) -> str:
    """Say what `gain: auto` is, torch's beside it, and whether the variance stays at 1 with it."""
    from weightinit_cli.experiments import gain_of
    from weightinit_cli.spec import Component

    gain, slope = gain_of(Component(name, tuple(arguments.items())))
    if gain == inf:
        return "no gain: it is zero"
    if isnan(gain):
        return "no gain: theory cannot follow it"
    sentence = f"gain {gain:.4g}"
    if entry.torch_gain is not None:
        sentence += f" (torch {entry.torch_gain(**arguments):.4g})"
    sentence += f"; slope of q' at 1 with it: {round(slope, 6):.3g}"
    return f"{sentence}: UNSTABLE, the variance leaves 1" if slope > 1 + MARGINAL else sentence


def parameter_words(parameter: Parameter) -> str:
    """Say what a parameter is, its default, and what it may be."""
    value = "required" if parameter.required else f"default {parameter.default}"
    if parameter.default is None:
        value = "optional"
    choices = f", one of {', '.join(parameter.choices)}" if parameter.choices else ""
    words = " ".join(filter(None, (parameter.doc, f"({value}{choices})")))
    return f"{parameter.name}: {words}"


def _aliases(aliases: Mapping[str, str], columns: int) -> list[str]:
    names = ", ".join(f"{name} = {entry}" for name, entry in aliases.items())
    return ["", *wrapped(f"Other names: {names}", columns, indent=INDENT)]
