"""`winit train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.options import (
    config_option,
    data_option,
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


@click.command("train", short_help="Train networks from their starts, and compare the losses.")
@config_option
@output_option
@data_option
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
    """Train classifiers by mini-batch gradient descent, from each of their starts.

    Writes stats.json and training.png to OUTPUT_DIR/<name>/; of variants one picture of all and
    summary.csv, a row per step. Prints the losses and the test accuracy. ^C keeps what was
    reached.
    """
    from weightinit_cli.cli.running import Running

    wanted = () if no_plot else formats
    running = Running("training", output_dir, wanted, as_json=as_json, quiet=quiet)
    return running.run(configs, overrides, seed)
