"""`winit phase`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.heading import fitted
from weightinit_cli.cli.notes import tell_undrawn
from weightinit_cli.cli.options import format_option, output_option, quiet_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import printable
from weightinit_cli.numerals import rounded_up

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.results.forecast import PhaseDiagram

MOST_UNITS = 10**9


@click.command("phase")
@click.option(
    "-a",
    "--activation",
    required=True,
    metavar="ACTIVATION",
    help="As in a spec: tanh, or '{name: leaky_relu, negative_slope: 0.1}'.",
)
@click.option(
    "--width",
    type=click.IntRange(1, MOST_UNITS),
    default=100,
    show_default=True,
    help="Units per layer; places the standard initializers on the diagram.",
)
@output_option("Where the picture goes: OUTPUT_DIR/phase-<activation>/.")
@format_option
@click.option("--json", "as_json", is_flag=True, help="Print the diagram as one line of JSON.")
@quiet_option
def command(
    activation: str,
    width: int,
    output_dir: Path,
    formats: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    """Draw what becomes of signal and gradient over (sigma_w, sigma_b), the scales of the weights
    and biases (sigma_w^2 = fan_in Var(W)).

    Below the critical line chi_1 = 1 two inputs become one and gradients vanish, above it they
    come apart and gradients explode; on it both reach deepest. Standard initializers at --width
    are marked.
    """  # noqa: D205
    from weightinit_cli.experiments import phase_diagram
    from weightinit_cli.results import write_files
    from weightinit_cli.saving import Saved, drawn
    from weightinit_cli.spec import parse_activation

    component = parse_activation(activation, "--activation")
    folder = "-".join(["phase", component.name, *(f"{k}-{v}" for k, v in component.parameters)])
    with ProgressBar(f"drawing {folder}", shown=not quiet):
        diagram = phase_diagram(component, width)
        pictures = drawn(lambda: _pictures(diagram, formats))
        paths = write_files(output_dir, folder, pictures.files) if pictures.files else []
    if as_json:
        terminal.say(_json(diagram))
    elif not quiet:
        for line in _lines(diagram):
            terminal.say(line)
        for path in paths:
            terminal.say(printable(str(path)))
    return tell_undrawn(Saved(paths, pictures.undrawn))


def _pictures(diagram: PhaseDiagram, formats: tuple[str, ...]) -> dict[str, bytes]:
    from weightinit_cli.plots import compose_phase, render

    drawing = compose_phase(diagram)
    return {f"phase.{name}": render(drawing, name, "") for name in dict.fromkeys(formats)}


def _json(diagram: PhaseDiagram) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(diagram), separators=(",", ":"), sort_keys=True, allow_nan=False)


def _lines(diagram: PhaseDiagram) -> list[str]:
    critical = fitted(f"{diagram.activation}: {_critical(diagram)}")
    lines = [click.style(line, bold=True) for line in critical]
    if diagram.critical_kind in ("line", "line above"):
        step = max(len(diagram.critical) // 8, 1)
        lines.append(click.style("sigma_b  sigma_w", dim=True))
        lines += [f"{b:7.3f}  {w:7.4f}" for w, b in diagram.critical[::step]]
    if diagram.note and diagram.critical_kind != "line above":
        lines += fitted(diagram.note.removeprefix("has no critical sigma_w: "))
    return lines


def _critical(diagram: PhaseDiagram) -> str:
    if diagram.critical_kind == "none":
        return "no critical line"
    sigma_w, sigma_b = diagram.critical[0]
    if diagram.critical_kind == "point":
        return f"critical at the single point sigma_w = {sigma_w:.5g}, sigma_b = 0"
    start = f"{rounded_up(sigma_b):.5g}"
    line = f"critical line from sigma_b = {start} on (sigma_w = {sigma_w:.5g} there)"
    if diagram.begins is None:
        return line
    but = f"but inputs of mean square 1 do not reach it below {start}"
    return f"{line}; it begins at {diagram.begins:.5g}, {but}"
