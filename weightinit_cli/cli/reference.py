"""`winit list` and `winit explain`: what the names and words of specs and tables mean."""

from __future__ import annotations

import re
import sys
from itertools import product, takewhile
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.plugins import load_installed, plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.tables.columns import Cell, columns_of, layouts, narrowed
from weightinit_cli.lines import wrapped
from weightinit_cli.parameters import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.activations import Activation, Row
    from weightinit_cli.parameters import Parameter
    from weightinit_cli.verdicts import Definition

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
# What stands in place of a figure, in any column.
BELOW = "<6e-8"
MARKS = {
    BELOW: "the figure is too small for the numbers that the network is computed with (dtype): "
    "all that is known is that it is smaller than this",
    "?": "nothing is known of the figure: it depends on values that the dtype rounds away",
    ">=98": "at least so many: rounding may have made others equal to one of them",
    "<0.1%": "there are some, but fewer than one of 1,000",
    ">99.9%": "all but fewer than one of 1,000",
    "-": "there is no such figure",
}
# The words of stats.json and summary.csv that no column shows.
WORDS = {
    "floor": "what a figure has to reach to be more than rounding or underflow",
    "resolution": "the floors of a layer's figures, which the dtype sets, in stats.json",
    "unresolved": "the figures that lie below their floor, or of which nothing is known, "
    "in stats.json, in summary.csv and in pictures",
    "no_z": "why a figure that theory predicts has no z, in stats.json",
}
Z = (
    "how many standard errors std lies from what theory expects at this width; more than 5 are no "
    "chance; where there is none, no_z in stats.json says why"
)


@click.command("list")
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
        [entry.doc, entry.reference, *map(_parameter, entry.parameters)]
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
            _derivative(entry),
            *_shapes(name, entry),
            entry.reference or entry.source,
            *map(_parameter, entry.parameters),
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
    from weightinit_cli.spec import shipped_configs

    rows = [(path.stem, _leading_comment(path)) for path in shipped_configs()]
    return _entries(("config", "what it shows"), rows, [[]] * len(rows), columns)


def _leading_comment(path: Path) -> str:
    """Read the first paragraph of the comment at the top of a config."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = takewhile(lambda line: line.lstrip("# ") and line.startswith("#"), lines)
    return " ".join(line.lstrip("# ") for line in comment)


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


def _derivative(entry: Row) -> str:
    """Return the first line of the function's docstring where it has the derivative."""
    line = (entry.build.__doc__ or "").partition("\n")[0]
    return line if "derivative" in line else ""


def _shapes(name: str, entry: Row) -> list[str]:
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


def _parameter(parameter: Parameter) -> str:
    value = "required" if parameter.required else f"default {parameter.default}"
    if parameter.default is None:
        value = "optional"
    choices = f", one of {', '.join(parameter.choices)}" if parameter.choices else ""
    words = " ".join(filter(None, (parameter.doc, f"({value}{choices})")))
    return f"{parameter.name}: {words}"


def _aliases(aliases: Mapping[str, str], columns: int) -> list[str]:
    names = ", ".join(f"{name} = {entry}" for name, entry in aliases.items())
    return ["", *wrapped(f"Other names: {names}", columns, indent=INDENT)]


def column_meanings() -> dict[str, str]:
    """Return what each column shows, by its head."""
    from weightinit_cli.cli.tables import view
    from weightinit_cli.results.figures import FIGURES
    from weightinit_cli.results.kinds import RESULT_KINDS

    meanings: dict[str, str] = {}
    for row in FIGURES.values():
        if row.head:
            meanings[row.head] = row.words
        if row.head == "std":
            meanings["z (std)"] = Z
    for experiment in RESULT_KINDS:
        meanings |= view(experiment).MEANINGS
    return meanings


@click.command("explain")
@click.argument("name", required=False)
def explain(name: str | None) -> None:
    """Print what a verdict means, where it begins and what to do, or what a column shows.

    NAME may also be a figure as stats.json and summary.csv name it, as branch.rms. Without it, all
    verdicts and columns.
    """
    columns = terminal.columns() or terminal.PIPED_COLUMNS
    for line in _all(columns) if name is None else _one(name, columns):
        terminal.say(line)


def _all(columns: int) -> list[str]:
    """Write a row per verdict, worst first, per column, and per what else stands in tables."""
    from weightinit_cli.results.model import HEALTHY
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS

    meanings = {name: definition.meaning for name, definition in DEFINITIONS.items()}
    meanings[HEALTHY] = ALL_IS_WELL
    others = {"column": column_meanings(), "in place of a figure": MARKS, "in files": WORDS}
    lists = {"verdict": meanings, "severity": SEVERITY_MEANINGS, **others}
    tables = [_meanings(what, each, columns) for what, each in lists.items()]
    return [line for lines in tables for line in ["", *lines]][1:]


def _meanings(what: str, meanings: Mapping[str, str], columns: int) -> list[str]:
    width = max(map(len, (what, *meanings)))
    lines = [click.style(f"{what:<{width}}  what it means", dim=True)]
    for name, meaning in meanings.items():
        first, *more = wrapped(f"{name:<{width}}  {meaning}", columns, indent=width + 2)
        lines += [click.style(name, bold=True) + first[len(name) :], *more]
    return lines


def _one(name: str, columns: int) -> list[str]:
    """Write all of one verdict, the columns of a head, or a figure's or another word's meaning.

    Raises UsageError for another name.
    """
    from weightinit_cli.results.figures import FIGURES
    from weightinit_cli.results.model import HEALTHY
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.spec.nodes import suggestion
    from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS

    figures = {path: row.words for path, row in FIGURES.items()}
    words = {**figures, **MARKS, **WORDS, **SEVERITY_MEANINGS}
    names = [*DEFINITIONS, HEALTHY, *column_meanings(), *words]
    heads = [] if name in figures else _heads_of(_plain(name))
    mark = BELOW if re.fullmatch(r"<[0-9][0-9.,e+-]*", name) else name
    if mark in words:
        found = {name: {"meaning": words[mark]}}
    elif not heads and name not in names:
        verdicts = ", ".join([*DEFINITIONS, HEALTHY])
        hint = suggestion(name, names, f"there are {verdicts}, and the heads of columns")
        raise click.UsageError(f"no verdict or column {name!r}{hint}")
    elif heads:
        found = {head: {"meaning": column_meanings()[head]} for head in heads}
    elif name == HEALTHY:
        found = {name: {"meaning": ALL_IS_WELL, "formula": "no verdict warns; notes may follow"}}
        found[name]["trained"] = _trained(name)
    else:
        found = {name: _rows(name, DEFINITIONS[name])}
    lines = []
    for each, rows in found.items():
        lines.append(click.style(each, bold=True))
        labels = max(map(len, rows)) + 2
        for label, text in rows.items():
            row = wrapped(f"{label:<{labels}}{text}", columns - INDENT, indent=labels)
            lines += [" " * INDENT + line for line in row]
    return lines


def _heads_of(word: str) -> list[str]:
    """Find the column of this head, else those whose heads begin with this word."""
    plain = {_plain(head): head for head in column_meanings()}
    if word in plain:
        return [plain[word]]
    return [head for each, head in plain.items() if word and each.startswith(f"{word} ")]


def _plain(head: str) -> str:
    """Return the head as it may be typed: without dots and brackets, with any separator."""
    return re.sub("[^a-z]+", " ", head.casefold()).strip()


def _rows(name: str, definition: Definition) -> dict[str, str]:
    """Label all that the table of verdicts says of one."""
    from weightinit_cli.parameters import Thresholds

    default = Thresholds()._asdict().get(name)
    rows = {
        "meaning": definition.meaning,
        "severity": _severity(name, definition),
        "figure": definition.figure,
        "formula": definition.formula,
        "threshold": "none" if default is None else f"{default:g}, set by thresholds.{name}",
        "trained": _trained(name) or UNTRAINED,
        "follows from": ", ".join(definition.follows_from),
        "advice": definition.advice,
        "reference": definition.reference,
    }
    return {label: text for label, text in rows.items() if text}


def _severity(name: str, definition: Definition) -> str:
    """Say how bad a verdict is, and where it is worse."""
    from weightinit_cli.numerals import short
    from weightinit_cli.results.model import NOTE, SEVERE
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.verdicts import DEFINITIONS

    parts = [f"{definition.severity}: {SEVERITY_MEANINGS[definition.severity]}"]
    if definition.noted is not None:
        parts.append(f"{NOTE} from {definition.noted:g} up to the threshold")
    if definition.severe is not None:
        beyond = "below" if definition.severe < 1 else "above"
        parts.append(f"{SEVERE} where the value is {beyond} {short(f'{definition.severe:g}')}")
    is_cause = any(name in each.follows_from for each in DEFINITIONS.values())
    if is_cause and definition.severity != SEVERE:
        parts.append("as bad as the worst that follows from it")
    return "; ".join(parts)


UNTRAINED = "not measured by trainings of plain layers: by reasoning, of models and networks seen"
KINDS = {"note": "a note and no warning", "warning": "a warning", "severe": "severe"}


def _trained(name: str) -> str:
    """Say how many networks with a verdict failed in training, by its severity."""
    from weightinit_cli.verdicts import TRAINED

    parts = []
    for severity, (networks, sgd, adam) in TRAINED[name].items() if name in TRAINED else ():
        it = f"it as {KINDS[severity]}" if severity else "it"
        parts.append(
            f"of {networks:,} networks with {it}, {sgd:,} failed by plain SGD, {adam:,} by Adam"
        )
    if parts:
        parts.append("all of them plain layers, without normalization and residual blocks")
    return "; ".join(parts)
