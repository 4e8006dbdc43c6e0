"""`winit theory`: what is predicted of a spec, without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import config_option, set_option
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.tables.columns import Cell, Column, layout_for
from weightinit_cli.errors import WinitError, counted, printable
from weightinit_cli.lines import wrapped
from weightinit_cli.numerals import short
from weightinit_cli.results.figures import of_theory
from weightinit_cli.results.words import correlation_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from weightinit_cli.results import LayerTheory
    from weightinit_cli.results.forecast import Forecast, Limits, PhaseDiagram

# Rows of the table from either end of a deep network; --json has all layers.
MOST_LAYERS = 20

# Below so many layers per e-fold, what changes is told by the layer.
FEW = 3

# From so many layers on they are told without decimals, and from so many on as a power of ten.
MANY, TOO_MANY = 1e3, 1e6


@click.command(
    "theory",
    epilog=examples(
        "winit theory -c relu_he",
        "winit theory -c mine.yaml --set layers=200",
    ),
)
@config_option
@plugin_option
@set_option
@click.option("--json", "as_json", is_flag=True, help="Print each forecast as one line of JSON.")
def theory(configs: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> int:
    """Print what mean-field theory predicts of every layer, without drawing a network.

    A row per layer: q, the variance of a pre-activation; c, the correlation of two inputs; the
    standard deviation of the activations, over all values and from input to input; how much lies
    in the flat ends; by what the gradient's total power changes from the layer after to this one,
    and its root mean square. Of residual blocks and normalized layers there are columns of the
    branch, of the gradient along the stream, and of what a normalization is given (winit explain).
    Below the table stand the loss at the start, with an output layer, and where q and c tend with
    depth and over how many layers; where chi_1 = 1, by which power of the depth they fall.
    """
    from weightinit_cli.experiments import forecast
    from weightinit_cli.spec import expand

    code = 0
    for number, config in enumerate(configs):
        try:
            with ProgressBar(f"theory of {config}", shown=True):
                spec = specs.load(config, overrides)
                predicted = forecast(specs.histogram(spec), with_errors=as_json)
            specs.tell_notes(spec)
            runs = expand(spec)
            if len(runs) > 1:
                note = f"{spec.name}: the forecast is of the first of {len(runs):,} runs"
                terminal.note(f"{note}, {runs[0].label}")
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        between = [""] * (number > 0)
        for line in [json_line(predicted)] if as_json else between + _theory_lines(predicted):
            terminal.say(line)
    return code


def json_line(predicted: Forecast | PhaseDiagram) -> str:
    """Write what is predicted as one line of strict JSON."""
    import json
    from dataclasses import asdict

    return json.dumps(asdict(predicted), separators=(",", ":"), sort_keys=True, allow_nan=False)


def _theory_lines(forecast: Forecast) -> list[str]:
    from weightinit_cli.results.outputwords import forecast_sentence
    from weightinit_cli.results.words import described, full_name

    columns = terminal.columns() or terminal.PIPED_COLUMNS
    name = full_name(forecast.name, forecast.overrides)
    heading = printable(f"{name}: {', '.join(described(forecast.spec))}")
    lines = [click.style(line, bold=True) for line in wrapped(heading, columns, indent=2)]
    if forecast.no_theory is not None:
        return [*lines, *wrapped(f"no predictions: {forecast.no_theory}", columns)]
    lines += _table(forecast)
    lines += wrapped(forecast_sentence(forecast), columns, indent=2)
    if forecast.limits is None:
        tends = f"{forecast.with_depth}: {forecast.no_limits}."
        return [*lines, *wrapped(tends, columns, indent=2)]
    for text in _limits(forecast, forecast.limits):
        lines += wrapped(text, columns, indent=2)
    return lines


def _table(forecast: Forecast) -> list[str]:
    numbered = list(enumerate(forecast.layers, 1))
    left_out = len(numbered) - 2 * MOST_LAYERS
    if left_out > 0:
        numbered[MOST_LAYERS:-MOST_LAYERS] = []
    columns = table_columns(numbered)
    layout = layout_for(columns, terminal.room())
    rows = layout.rows()
    if left_out > 0:
        rows.insert(MOST_LAYERS, f"({counted(left_out, 'layer')} left out; --json has all)")
    lines = [*layout.dimmed_heads(), *rows, *layout.left_out(columns)]
    if forecast.no_more is not None:
        lines.append(f"no predictions from layer {len(forecast.layers) + 1} on: {forecast.no_more}")
    return lines


def table_columns(numbered: Sequence[tuple[int, LayerTheory]]) -> list[Column]:
    """Lay out the table: a row per layer, with its number."""
    texts_of = {
        "layer": [str(layer_number) for layer_number, _ in numbered],
        "q": [number(layer.q) for _, layer in numbered],
        "c": [correlation_words(layer.one_minus_c) for _, layer in numbered],
    }
    columns = [Column(head, list(map(Cell, texts))) for head, texts in texts_of.items()]
    for path, row in of_theory([layer for _, layer in numbered]):
        predictions = [layer.figures.get(path) for _, layer in numbered]
        texts = [number(None if each is None else each.value) for each in predictions]
        columns.append(Column(row.head, list(map(Cell, texts)), spare=row.spare))
    return columns


def _changes_size(spec: Mapping[str, Any]) -> bool:
    """Whether images become smaller from layer to layer, and power lies on fewer positions."""
    from weightinit_cli.results.model import convolution

    stack = convolution(spec)
    return stack is not None and len({shape.positions for shape in stack.shapes}) > 1


def _limits(forecast: Forecast, limits: Limits) -> list[str]:
    """Say where q and c go with depth, for layers like the last."""
    summed = _changes_size(forecast.spec)
    lines = [
        f"{forecast.with_depth} (sigma_w {number(limits.sigma_w, 6)}, "
        f"sigma_b {number(limits.sigma_b, 6)}): {limits.sentence}.",
    ]
    if limits.chi_1 is not None:
        over = " (summed over the positions)" if summed else ""
        at = _at(limits) if limits.chi_1_varies else ""
        shown = "1" if limits.critical else _chi(limits.chi_1)
        lines.append(f"chi_1 = {shown}{at}{_gradient(limits.chi_1, limits)}{over}.")
    variance = "grows" if limits.q is None else "settles" if limits.q else "falls"
    scales = (
        ("xi_q", limits.xi_q, f"the variance {variance}"),
        ("xi_c", limits.xi_c, "the correlation settles"),
    )
    lines += [
        f"{name} = {_layers(value)}, over which {what} e-fold."
        for name, value, what in scales
        if value
    ]
    if limits.critical is not None:
        lines.append(f"{_listed(_infinite(limits))} infinite.")
    if limits.late:
        lines.append(_until_then(limits))
    return lines


def _until_then(limits: Limits) -> str:
    """Say from which depth on the sentences on q's limit hold."""
    settled = "grown" if limits.q is None else "settled" if limits.q else "fallen"
    layers = "1e8 layers" if limits.xi_q is None else _layers(float(f"{limits.xi_q:.2g}"))
    return (
        f"All this holds once q has {settled}, which takes more than {layers};"
        " the table shows what happens until then."
    )


def _chi(value: float) -> str:
    """Write chi_1 with six digits, or as its distance from 1 where these do not show it."""
    away = abs(value - 1)
    if away < 1e-4:
        return f"1 {'+' if value > 1 else '-'} {short(f'{away:.2g}')}"
    return short(f"{value:.6g}")


def _at(limits: Limits) -> str:
    """Say at which q chi_1 has its value."""
    if limits.q is None:
        return " in the limit of large q"
    return " at q*" if limits.q else " in the limit q = 0"


def _gradient(chi_1: float, limits: Limits) -> str:
    """Say what becomes of the gradient, and over how many layers."""
    scale = limits.xi_gradient
    if limits.critical is not None:
        return f", critical: {limits.critical.sentence}"
    if not chi_1:
        deep = limits.chi_1_varies
        return f": no gradient comes through {'deep layers' if deep else 'a layer'}"
    verb = "falls" if chi_1 < 1 else "grows"
    if scale is None or scale < FEW:
        return f": the gradient's power {verb} {number(max(chi_1, 1 / chi_1))}-fold a layer"
    return f": the gradient's power {verb} e-fold over {_layers(scale)}"


def _infinite(limits: Limits) -> list[str]:
    """List the depth scales that are infinite where chi_1 = 1."""
    names = ["1 / |ln chi_1|"]
    if limits.xi_c is None and not limits.one_minus_c and limits.q is not None:
        names.insert(0, "xi_c")
    if limits.xi_q is None and limits.q is not None:
        names.insert(0, "xi_q")
    return names


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _layers(value: float) -> str:
    shown = f"{value:,.0f}" if MANY <= value < TOO_MANY else short(f"{value:.4g}")
    return f"{shown} layer{'' if shown == '1' else 's'}"


def number(value: float | None, digits: int = 4) -> str:
    """Write a number short; `-` where there is none."""
    return "-" if value is None else short(f"{value:.{digits}g}")
