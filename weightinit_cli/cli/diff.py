"""`winit diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.check import (
    exclude_option,
    junit_option,
    kept_runs,
    refuse_nan,
    style_option,
    tell,
)
from weightinit_cli.cli.options import path_of
from weightinit_cli.cli.progress import ProgressBar

if TYPE_CHECKING:
    from pathlib import Path


@click.command("diff")
@click.argument("old", metavar="A", type=path_of)
@click.argument("new", metavar="B", type=path_of)
@exclude_option
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=1e-3,
    show_default=True,
    callback=refuse_nan,
    help="How often equal networks of other draws may be told apart.",
)
@junit_option
@style_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs, and errors.")
def command(
    old: Path,
    new: Path,
    globs: tuple[str, ...],
    alpha: float,
    junit: Path | None,
    style: str,
    quiet: bool,
) -> int:
    """Compare two saved results, or the results in two folders, without running anything.

    From one machine: every figure to the last bit. With the same draws elsewhere: to 1e-6 (winit
    check also knows what rounding does to this network). With other draws: the figures whose
    standard error the theory or the repeats tell, in units of it. Exits 1 where they differ.
    """
    from weightinit_cli import guard

    with ProgressBar("comparing", shown=not quiet) as progress:
        sides = guard.sides_of(old, new)
        kept = {run: sides[run] for run in kept_runs(sides, globs, quiet=quiet)}
        reports = guard.diff(kept, alpha=alpha, progress=progress)
    return tell(reports, style, junit, quiet=quiet, updating=True)
