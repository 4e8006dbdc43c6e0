"""`winit phase`: the order-to-chaos phase diagram of an activation, with one's own specs on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.look import Asked, look_options
from weightinit_cli.cli.names import components, propose
from weightinit_cli.cli.options import (
    format_option,
    output_option,
    quiet_option,
    set_option,
    specs_option,
)
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.specs import note_lacking, tell_undrawn
from weightinit_cli.cli.tables.columns import columns_of, layout_for, table_lines
from weightinit_cli.cli.theory import json_line, number
from weightinit_cli.errors import SpecError, counted, printable
from weightinit_cli.results.forecast import MOST_UNITS, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from weightinit_cli.errors import Problem
    from weightinit_cli.experiments.phases import OwnRuns
    from weightinit_cli.plots import Look
    from weightinit_cli.results.forecast import PhaseDiagram
    from weightinit_cli.spec import Component, Spec

# Runs of a spec that are marked.
MOST_TAKEN = 10_000
# Rows of the table from either end of very many runs; --json has all of them.
MOST_RUNS = 20
DEPTH_HEAD = "1 / |ln chi_1|"


def _ends(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,
    given: tuple[str, str] | None,
) -> tuple[float, float] | None:
    """Convert the two ends of an axis of the diagram."""
    if given is None:
        return None
    from weightinit_cli.experiments.phases import unfit

    wanted = unfit(given, f"{option.opts[0]} 0 3")
    if wanted is None:
        low, high = map(float, given)
        return low, high
    raise click.BadParameter(f"must be {wanted}, not {' '.join(map(printable, given))}")


@click.command(
    "phase",
    epilog=examples(
        "winit phase -a tanh",
        "winit phase -c mine.yaml --sigma-w 0 2",
    ),
)
@click.option(
    "-a",
    "--activation",
    metavar="ACTIVATION",
    shell_complete=propose(partial(components, "activation")),
    help="As in a spec: tanh, or '{name: leaky_relu, negative_slope: 0.1}'. Default: that of -c.",
)
@specs_option(
    "A spec of your own, or a shipped one, whose runs are marked on the diagram. Repeatable.",
    required=False,
)
@plugin_option
@set_option
@click.option(
    "--width",
    type=click.IntRange(1, MOST_UNITS),
    help="Units per layer; places the standard initializers on the diagram.  "
    f"[default: what the last layer of -c sees, else {WIDTH}]",
)
@click.option(
    "--sigma-w",
    nargs=2,
    metavar="LOW HIGH",
    callback=_ends,
    help="The ends of the axis of sigma_w. Default: so that what is marked is seen.",
)
@click.option(
    "--sigma-b",
    nargs=2,
    metavar="LOW HIGH",
    callback=_ends,
    help="The ends of the axis of sigma_b.",
)
@output_option(
    "Where the picture goes: OUTPUT_DIR/phase-<activation>/, or OUTPUT_DIR/<name of -c>/."
)
@format_option
@look_options("--picture-width")
@click.option("--json", "as_json", is_flag=True, help="Print the diagram as one line of JSON.")
@quiet_option
def phase(
    activation: str | None,
    configs: tuple[str, ...],
    overrides: tuple[str, ...],
    width: int | None,
    sigma_w: tuple[float, float] | None,
    sigma_b: tuple[float, float] | None,
    output_dir: Path,
    formats: tuple[str, ...],
    asked: Asked,
    as_json: bool,
    quiet: bool,
) -> int:
    """Draw what becomes of signal and gradient over (sigma_w, sigma_b), the scales of the weights
    and biases (sigma_w^2 = fan_in Var(W)).

    Below the critical line chi_1 = 1 two inputs become one and gradients vanish, above it they
    come apart and gradients explode; on it both reach deepest. Standard initializers at --width
    are marked, and the runs of your own spec (-c) where the scales of its last layer lie; of runs
    with several activations -a chooses one.
    """  # noqa: D205
    from weightinit_cli.experiments.phases import phase_diagram
    from weightinit_cli.results import write_files
    from weightinit_cli.saving import Saved, draw_safely

    look = asked.look(quiet=quiet)
    component, own = _subject(activation, configs, overrides, quiet=quiet)
    folder = "-".join(["phase", component.name, *(f"{k}-{v}" for k, v in component.parameters)])
    if own is not None:
        folder = own.folder or folder
        width = width or own.width
    with ProgressBar(f"drawing {folder}", shown=not quiet):
        diagram = phase_diagram(component, width or WIDTH, sigma_w, sigma_b, own)
        pictures, undrawn = draw_safely(lambda: _phase_pictures(diagram, formats, look))
        paths = write_files(output_dir, folder, pictures) if pictures else []
    if own is not None and not quiet:
        note_lacking([own.name, *(each.name for each in diagram.own)])
    if as_json:
        terminal.say(json_line(diagram))
    elif not quiet:
        for line in _phase_lines(diagram):
            terminal.say(line)
        for path in paths:
            terminal.say(printable(str(path)))
    return tell_undrawn(Saved(paths, undrawn))


def _subject(
    activation: str | None, configs: Sequence[str], overrides: Sequence[str], *, quiet: bool
) -> tuple[Component, OwnRuns | None]:
    """Read of which activation the diagram is, and which runs it marks."""
    from weightinit_cli.experiments.phases import own_runs
    from weightinit_cli.spec import parse_activation

    component = None if activation is None else parse_activation(activation, "--activation")
    if configs:
        own = own_runs(_own_specs(configs, overrides, quiet=quiet), component)
        for line in () if quiet else own.left_out:
            terminal.note(printable(f"{own.name}: {line}"))
        return own.activation, own
    if overrides:
        raise click.UsageError("--set is for a spec (-c mine.yaml), and none is given")
    if component is None:
        raise click.UsageError("give an activation (-a tanh) or a spec (-c mine.yaml)")
    return component, None


def _own_specs(configs: Sequence[str], overrides: Sequence[str], *, quiet: bool) -> list[Spec]:
    """Read the specs whose runs are marked. Raises SpecError for all that is wrong with them."""
    loaded: list[Spec] = []
    problems: list[Problem] = []
    for config in configs:
        try:
            with ProgressBar(f"reading {config}", shown=not quiet):
                loaded.append(specs.histogram(specs.load(config, overrides, most_runs=MOST_TAKEN)))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return loaded


def _phase_pictures(
    diagram: PhaseDiagram, formats: tuple[str, ...], look: Look
) -> dict[str, bytes]:
    from weightinit_cli.plots import compose_phase, render

    drawing = compose_phase(diagram)
    return {f"phase.{name}": render(drawing, name, "", look) for name in dict.fromkeys(formats)}


def _phase_lines(diagram: PhaseDiagram) -> list[str]:
    from weightinit_cli.results.telling import critical_line

    critical = terminal.fitted(f"{diagram.activation}: {critical_line(diagram)}")
    lines = [click.style(line, bold=True) for line in critical]
    if diagram.critical_kind in ("line", "line above"):
        step = max(len(diagram.critical) // 8, 1)
        rows = [(f"{b:.3f}", f"{w:.4f}") for w, b in diagram.critical[::step]]
        lines += table_lines(columns_of(("sigma_b", "sigma_w"), rows))
    if diagram.note and diagram.critical_kind != "line above":
        lines += terminal.fitted(diagram.note.removeprefix("has no critical sigma_w: "))
    return lines + _own_lines(diagram)


def _own_lines(diagram: PhaseDiagram) -> list[str]:
    """A row for each run of the person's own specs, of very many the first and the last ones."""
    rows = [
        (
            printable(own.name),
            number(own.sigma_w, 5),
            number(own.sigma_b, 5),
            own.phase,
            number(own.depth_scale),
        )
        for own in diagram.own
    ]
    left_out = len(rows) - 2 * MOST_RUNS
    if left_out > 0:
        rows[MOST_RUNS:-MOST_RUNS] = []
    if not rows:
        return []
    (names,) = columns_of(("run",), [row[:1] for row in rows], words=True)
    columns = columns_of(("sigma_w", "sigma_b", "phase", DEPTH_HEAD), [row[1:] for row in rows])
    layout = layout_for([names, *columns], terminal.room())
    lines = layout.dimmed_heads()
    for place, cells in enumerate(zip(names.cells, *(c.cells for c in columns), strict=True)):
        if left_out > 0 and place == MOST_RUNS:
            lines.append(f"({counted(left_out, 'run')} left out; --json has all)")
        lines += layout.row(cells)
    return lines
