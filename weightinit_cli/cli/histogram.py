"""`winit histogram`."""

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
    threads_option,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "histogram", short_help="Run specs: every layer's activations, as picture and numbers."
)
@config_option
@output_option
@set_option
@seed_option
@format_option
@no_plot_option
@threads_option
@json_option
@quiet_option
def command(
    configs: tuple[str, ...],
    output_dir: Path,
    overrides: tuple[str, ...],
    seed: str | None,
    formats: tuple[str, ...],
    no_plot: bool,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Push Gaussian inputs through a network, a gradient back, and record every layer.

    Writes stats.json, histogram.png and depth.png to OUTPUT_DIR/<name>/, and prints a row per
    layer: mean and standard deviation of the activations, how many standard errors the latter
    is off theory's (z), how much lies in the flat ends of the activation function, how many units
    still differ, one unit's standard deviation from input to input, the gradient's power over
    that of the layer after, and the histogram. Below it what is wrong (winit explain).
    """
    from weightinit_cli.cli.running import Running

    wanted = () if no_plot else formats
    running = Running(
        "histogram", output_dir, wanted, threads=threads, as_json=as_json, quiet=quiet
    )
    return running.run(configs, overrides, seed)
