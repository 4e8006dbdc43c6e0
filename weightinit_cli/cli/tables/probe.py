"""The tables of a probed model: its values in the order of the run, and its parameters."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, Column, digits, layout_for
from weightinit_cli.cli.tables.verdicts import colour_of, verdict_lines
from weightinit_cli.errors import counted, printable
from weightinit_cli.lines import wrapped
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.model import is_healthy
from weightinit_cli.results.outstanding import (
    alike,
    folded,
    in_common,
    kept,
    middle,
    module_path,
    named_by,
    pointed_at,
    usual_depth,
    worst_parameters,
    worst_values,
)
from weightinit_cli.results.probe import course
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import four_digits, share_words, table_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from weightinit_cli.results.model import LayerStatistics, Verdict
    from weightinit_cli.results.probe import ProbedParameter, ProbedValue, ProbeResult

RUN_HEADS = ("values", "loss at start", "verdict")
MEANINGS = {
    "values": "how many values the operations of the model made",
    "loss at start": "the cross-entropy of a network with an output layer, or the loss of a "
    "probed model, before any training",
    "value": "what one operation of the model made: the path of its module and the operation; a "
    "second one of the same name ends with #2; of a folded module its path",
    "parameter": "the path of a parameter; * stands for modules whose parameters are alike",
    "folded": "how many values of the module this row stands for; std, std (inputs) and grad. are "
    "those of the last one, which the module hands on, and --depth opens it; or for how many "
    "parameters, of which it shows the middle one",
    "shape": "the sizes of the value's or the parameter's axes",
    "line": "the line of your code that made the value",
    "zeros": "the share of entries that are exactly zero; of a folded module the largest",
    "flat": "the share of pre-activations in the flat ends of an activation function that is "
    "flat on both sides; of a folded module the largest",
    "attention": "the entropy of the attention weights as a share of its largest possible value: "
    "1 is uniform, 0 looks at a single key; of a folded module the smallest",
    "not finite": "how many entries are inf or nan, in all values of a folded module; the figures "
    "leave them out",
    "fan_in": "connections into a unit, by the kind of the module",
    "fan_out": "connections out of a unit, by the kind of the module",
    "std (entries)": "the standard deviation of the parameter's entries",
    "std × √fan_in": "the standard deviation of the parameter's entries times the root of fan_in: "
    "1 keeps the variance of a linear layer, 1.414 that below a ReLU",
    "scheme": "the known scheme that the parameter looks like it was drawn by; then the verdicts "
    "that name it, with whom it is shared, whose copy it is, and why it gets no gradient",
    "grad. / weight": "the root mean square of the parameter's gradient over that of its entries",
}
# The share from which on zeros and flat ends are shown.
SHOWN_FROM = 0.01
MOST_UNSEEN = 5
# Columns for the words of the last column, for which other columns are left out; what is longer is
# broken.
WORDS = 30
# Rows of a screen, from which on some in the middle are left out.
MOST_ROWS = 40
BOTH_ENDS = ("saturation.low", "saturation.high")


def table(
    result: ProbeResult,
    depth: int | None = None,
    worst: int | None = None,
    *,
    parameters: bool = False,
) -> list[str]:
    """Write the loss, a row per value or module (or parameter), the verdicts, what was not seen.

    Values are folded by modules at this depth of their paths, by default such that the rows fit a
    screen; `worst` shows that many alone that stand out most, unfolded.
    """
    entries = sum(prod(each.shape) for each in result.parameters)
    size = f"{counted(len(result.parameters), 'parameter')} with {entries:,} entries"
    lines = terminal.fitted(f"{counted(len(result.values), 'value')}, {size}")
    lines += terminal.fitted(course(result))
    if parameters:
        lines += _parameters(result, worst)
    else:
        lines += _values(result, depth, worst)
    lines += verdict_lines(result.verdict)
    for each in result.unseen[:MOST_UNSEEN]:
        lines += wrapped(f"not seen: {printable(each)}", terminal.room(), indent=2)
    if len(result.unseen) > MOST_UNSEEN:
        lines.append(f"not seen: {len(result.unseen) - MOST_UNSEEN:,} more, in --json")
    return lines


def run_cells(result: ProbeResult) -> dict[str, Cell]:
    """Say most of a probe: how many values, the loss, and the root causes."""
    loss = None if result.loss is None else result.loss.value
    cells = [
        Cell(str(len(result.values))),
        Cell(digits(loss)),
        Cell(brief(result.verdict), "green" if is_healthy(result.verdict) else "red"),
    ]
    return dict(zip(RUN_HEADS, cells, strict=True))


def _values(result: ProbeResult, depth: int | None, worst: int | None) -> list[str]:
    values = result.values
    if worst is not None:
        groups = [range(place, place + 1) for place in worst_values(result, worst)]
        columns = value_columns(result, groups, 0)
        lines = [printable(values[group[0]].line or "") for group in groups]
        columns += [Column("line", list(map(Cell, lines)), words=True)] if any(lines) else []
        return _table(columns, range(len(groups)))
    shown = usual_depth(values) if depth is None else depth
    groups = folded(values, shown)
    marked = pointed_at(result)
    always = [row for row, group in enumerate(groups) if not marked.keys().isdisjoint(group)]
    rows = kept(len(groups), MOST_ROWS, always) if depth is None else range(len(groups))
    return _table(value_columns(result, groups, shown), rows, f"--depth {shown}")


def value_columns(result: ProbeResult, groups: Sequence[range], depth: int) -> list[Column]:
    """Make the columns that have something to show of any of these groups of values."""
    values = result.values
    last = [values[group[-1]] for group in groups]
    columns = [
        Column(
            "value",
            [Cell(_shown(_name(values, group, depth)), "cyan") for group in groups],
            words=True,
        ),
        *_if_any("folded", [str(len(group)) if len(group) > 1 else "" for group in groups], 2),
        Column("shape", [Cell(_shape(each.shape)) for each in last], spare=1, words=True),
        *(
            Column(head, [Cell(table_words(each.figures, path)) for each in last])
            for head, path in (
                ("std", "std"),
                ("std (inputs)", "std_across_inputs"),
                ("grad.", "gradient.signal_rms"),
            )
        ),
    ]
    most: tuple[tuple[str, Callable[[ProbedValue], float | None], Callable[..., float]], ...] = (
        ("zeros", lambda value: value.figures.zero_fraction or None, max),
        ("flat", lambda value: _saturated(value.figures), max),
        ("attention", lambda value: value.entropy, min),
    )
    for head, of, choose in most:
        found = [_chosen(choose, (of(values[place]) for place in group)) for group in groups]
        if head != "attention" and max((one or 0.0 for one in found), default=0.0) < SHOWN_FROM:
            continue
        words = four_digits if head == "attention" else share_words
        columns += _if_any(head, ["" if one is None else words(one) for one in found], 3)
    lost = [sum(values[place].figures.nonfinite for place in group) for group in groups]
    if any(lost):
        columns.append(
            Column("not finite", [Cell(f"{one:,}" if one else "", "red") for one in lost])
        )
    marked = pointed_at(result)
    marks = [
        _marks([each for place in group for each in marked.get(place, ())]) for group in groups
    ]
    if any(mark.text for mark in marks):
        columns.append(Column("verdict", marks, words=True))
    return columns


def _name(values: Sequence[ProbedValue], group: range, depth: int) -> str:
    first = values[group[0]]
    return first.name if len(group) == 1 else module_path(first, depth)


def _shown(name: str) -> str:
    return terminal.no_command(printable(name))


def _saturated(figures: LayerStatistics) -> float | None:
    low, high = (resolved(figures, end) for end in BOTH_ENDS)
    return None if low is None or high is None else low + high


def _chosen(choose: Callable[..., float], found: Iterable[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return choose(known) if known else None


def _marks(verdicts: Sequence[Verdict]) -> Cell:
    names = ", ".join(dict.fromkeys(each.name for each in verdicts))
    return Cell(names, colour_of(verdicts[0].severity)) if verdicts else Cell("")


def _if_any(head: str, texts: Sequence[str], spare: int) -> list[Column]:
    return [Column(head, list(map(Cell, texts)), spare=spare)] if any(texts) else []


def _parameters(result: ProbeResult, worst: int | None) -> list[str]:
    if worst is None:
        places = alike(result)
    else:
        places = [[place] for place in worst_parameters(result, worst)]
    groups = [[result.parameters[place] for place in group] for group in places]
    return _table(parameter_columns(result, groups), range(len(groups)))


def parameter_columns(
    result: ProbeResult, groups: Sequence[Sequence[ProbedParameter]]
) -> list[Column]:
    """Make the columns of parameters, those that are alike together.

    Of several the middle one is shown.
    """
    shown = [middle(group) for group in groups]
    names = [in_common([each.name for each in group]) for group in groups]
    counts = [str(len(group)) if len(group) > 1 else "" for group in groups]
    remarks = [_remarks(each, result.verdict) for each in shown]
    return [
        Column("parameter", [Cell(_shown(name), "cyan") for name in names], words=True),
        *_if_any("folded", counts, 3),
        Column("shape", [Cell(_shape(each.shape)) for each in shown], spare=2, words=True),
        Column("fan_in", [Cell(_whole(each.fan_in)) for each in shown], spare=1),
        Column("fan_out", [Cell(_whole(each.fan_out)) for each in shown], spare=1),
        Column("std (entries)", [Cell(four_digits(each.statistics.std)) for each in shown]),
        Column("std × √fan_in", [Cell(four_digits(each.scaled_std)) for each in shown]),
        Column("grad. / weight", [Cell(four_digits(each.gradient_ratio)) for each in shown]),
        Column("scheme", remarks, words=True),
    ]


def _remarks(parameter: ProbedParameter, verdicts: Sequence[Verdict]) -> Cell:
    """The scheme of a parameter, the verdicts that name it, and what else is to be known of it."""
    named = [each for each in verdicts if named_by(each, parameter)]
    parts = [parameter.scheme or "none known", *dict.fromkeys(each.name for each in named)]
    if parameter.statistics.nonfinite:
        parts.append(f"{parameter.statistics.nonfinite:,} of it inf or nan")
    if parameter.no_gradient is not None:
        parts.append(f"no gradient: {parameter.no_gradient}")
    if parameter.shared_with:
        parts.append(f"shared with {', '.join(parameter.shared_with)}")
    if parameter.copy_of is not None:
        parts.append(f"equal to {parameter.copy_of}")
    return Cell(printable("; ".join(parts)), colour_of(named[0].severity) if named else None)


def _table(columns: Sequence[Column], rows: Sequence[int], all_rows: str = "") -> list[str]:
    """Write these rows of the columns; where some are left out, how many, and what shows all."""
    *others, last = columns
    short = last._replace(cells=[cell._replace(text=cell.text[:WORDS]) for cell in last.cells])
    layout = layout_for([*others, short if last.words else last], terminal.room())
    own = {column.head: column.cells for column in columns}
    lines = layout.dimmed_heads()
    former = -1
    for row in rows:
        if row > former + 1:
            gap = f"... {counted(row - former - 1, 'row')} left out; {all_rows} shows all"
            lines.append(click.style(gap, dim=True))
        lines += layout.row([own[column.head][row] for column in layout.columns])
        former = row
    return [*lines, *layout.left_out(columns)]


def _shape(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape))


def _whole(number: int | None) -> str:
    return "-" if number is None else str(number)
