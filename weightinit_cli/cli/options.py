"""Options that mean the same in every command."""

from __future__ import annotations

import os
from math import isnan
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli.names import propose_override
from weightinit_cli.cli.paths import FOLDER, PathType, SpecText
from weightinit_cli.results.store import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refuse_nan(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    value: float | None,
) -> float | None:
    """Return the value of an option; no range holds nan, and click takes it for any."""
    if value is not None and isnan(value):
        raise click.BadParameter("must be a number, not nan")
    return value


def output_option(words: str) -> Callable[[Any], Any]:
    """Return `--output-dir` of a command that writes there what these words say."""
    return click.option(
        "-o",
        "--output-dir",
        default="outputs",
        show_default=True,
        metavar="PATH",
        type=PathType(FOLDER),
        help=words,
    )


def _once_stdin(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    configs: tuple[str, ...],
) -> tuple[str, ...]:
    if configs.count("-") > 1:
        raise click.BadParameter("- is standard input, which is read once; give it once")
    return configs


def specs_option(words: str, *, required: bool) -> Callable[[Any], Any]:
    """Return `--config`: the specs that a command takes, as these words say."""
    return click.option(
        "-c",
        "--config",
        "configs",
        metavar="SPEC",
        type=SpecText(),
        multiple=True,
        required=required,
        callback=_once_stdin,
        help=words,
    )


config_option = specs_option(
    "A spec: a file, a shipped one's name (winit list configs), - for stdin. Repeatable.",
    required=True,
)
set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    shell_complete=propose_override,
    help="Replace a value of the spec, e.g. initializer.std=0.1. Repeatable.",
)
seed_option = click.option("--seed", metavar="N", help="The same as --set seed=N.")


def _set_data_folder(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    folder: Path | None,
) -> None:
    if folder is not None:
        from weightinit_cli.data import DATA_DIR

        os.environ[DATA_DIR] = str(folder)


data_option = click.option(
    "--data-dir",
    metavar="DIR",
    type=PathType(FOLDER),
    expose_value=False,
    callback=_set_data_folder,
    help="Where the files of data sets are. Default: the environment's WINIT_DATA_DIR.",
)
format_option = click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=["png"],
    show_default=True,
    help="Format of the pictures. Repeatable.",
)
no_plot_option = click.option("--no-plot", is_flag=True, help="Write stats.json alone.")


def jobs_option(words: str) -> Callable[[Any], Any]:
    """Return `--jobs`: how many processes do the runs, as these words say."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help=words)


threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads to use; the results do not depend on it. Default: as many as help.",
)


quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
