"""`winit symmetry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.options import (
    config_option,
    format_option,
    json_option,
    no_plot_option,
    output_option,
    quiet_option,
    seed_option,
    set_option,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "symmetry", short_help="Train a tiny network and see which layer wakes, which units differ."
)
@config_option
@output_option
@set_option
@seed_option
@format_option
@no_plot_option
@json_option
@quiet_option
def command(
    configs: tuple[str, ...],
    output_dir: Path,
    overrides: tuple[str, ...],
    seed: str | None,
    formats: tuple[str, ...],
    no_plot: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run full-batch gradient descent on a small task, and watch the units.

    Every unit goes through the same operations in the same order, so that units that start the
    same stay the same, to the last bit, unless their gradients differ. Writes stats.json and
    symmetry.png to OUTPUT_DIR/<name>/, and prints a row per layer: the first step that moved a
    parameter, how many different units there are at the start, at most and at the end, how many
    directions their weights span (the participation ratio) and the weights' gradient.
    """
    from weightinit_cli.cli.running import Running

    wanted = () if no_plot else formats
    running = Running("symmetry", output_dir, wanted, as_json=as_json, quiet=quiet)
    return running.run(configs, overrides, seed)
