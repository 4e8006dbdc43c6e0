"""Options that mean the same in every command."""

from __future__ import annotations

import os
from pathlib import Path

import click

from weightinit_cli.results.store import FORMATS


def at_home(path: str) -> str:
    """The path, `~` or `~/` at its start as the home folder: a shell leaves it in quotes."""
    if path == "~" or path.startswith(("~/", f"~{os.sep}")):
        return os.path.expanduser(path)  # noqa: PTH111
    return path


EMPTY = "a path must not be empty; the current folder is '.'"


class SpecName(click.ParamType):  # type: ignore[type-arg]  # generic in new versions
    """What names a spec, or a folder of them."""

    name = "spec"

    def convert(
        self,
        value: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The name, which is not empty."""
        if value == "":
            self.fail(EMPTY, param, ctx)
        return at_home(value)


class Place(click.ParamType):  # type: ignore[type-arg]
    """A path of a file or folder, which need not exist."""

    name = "path"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The path, which is not empty."""
        if value == "":
            self.fail(EMPTY, param, ctx)
        return Path(at_home(str(value)))


config_option = click.option(
    "-c",
    "--config",
    "configs",
    metavar="SPEC",
    type=SpecName(),
    multiple=True,
    required=True,
    help="A spec: a file, a shipped one's name (winit list configs), - for stdin. Repeatable.",
)
output_option = click.option(
    "-o",
    "--output-dir",
    default="outputs",
    show_default=True,
    type=Place(),
    help="Where results go: OUTPUT_DIR/<name>/.",
)
set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
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
    type=Place(),
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
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads to use; the results do not depend on it. Default: as many as help.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print each result as one line of JSON."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
