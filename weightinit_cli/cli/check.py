"""`winit check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.options import Place, SpecName, data_option, threads_option
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reports import (
    exclude_option,
    junit_option,
    refuse_nan,
    style_option,
    tell,
)
from weightinit_cli.cli.undrawn import tell_undrawn
from weightinit_cli.errors import FAILED, WinitError, counted

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.cli.rerun import Rerun
    from weightinit_cli.saving import Saved


@click.command("check", short_help="Run saved results again, and say what differs.")
@click.argument("paths", nargs=-1, required=True, metavar="OUT|SPEC...", type=SpecName())
@click.option(
    "--against",
    metavar="OUT",
    type=Place(),
    help="Take the specs from SPEC... (files or folders), the saved results from OUT.",
)
@exclude_option
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=1e-3,
    show_default=True,
    callback=refuse_nan,
    help="How often the statistical gate of a whole check may raise a false alarm.",
)
@click.option("--update", is_flag=True, help="Write what differs as the new baseline; exits 1.")
@junit_option
@style_option
@data_option
@threads_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs, and errors.")
def command(
    paths: tuple[str, ...],
    against: Path | None,
    globs: tuple[str, ...],
    alpha: float,
    update: bool,
    junit: Path | None,
    style: str,
    threads: int | None,
    quiet: bool,
) -> int:
    """Run saved results again from the specs inside them, and say what differs.

    On the machine and versions that saved a result: every figure to the last bit. With the same
    draws elsewhere: within ten times what one ulp at the inputs does to it. With other draws:
    means, scales, gradients and well-filled bins within Student's prediction interval of 20 fresh
    networks. Exits 1 where anything differs, is missing, or a spec has changed.
    """
    from weightinit_cli.cli.baselines import pairs_of
    from weightinit_cli.cli.rerun import judged, rerun

    with ProgressBar("looking for results", shown=not quiet):
        pairs, code = pairs_of(paths, against, globs, quiet=quiet)
    done = []
    with ProgressBar("checking", shown=not quiet) as progress:
        for number, pair in enumerate(pairs, 1):
            progress.step(0, f"{number:,} of {counted(len(pairs), 'run')}")
            done.append(rerun(pair, threads, quiet=quiet, keep=update))
    reports = judged(done, alpha)
    code = max(code, tell(reports, style, junit, quiet=quiet, updating=update))
    if update:
        failing = {report.run for report in reports if report.state == "drift"}
        changed = [each for each in done if each.pair.run in failing or each.older]
        code = max(code, _update(changed, threads))
        if against is not None:
            code = max(code, _renew({each.pair.run for each in changed}, paths, against))
    return code


def _update(changed: list[Rerun], threads: int | None) -> int:
    from weightinit_cli.cli.rerun import save

    code = FAILED if changed else 0
    for each in changed:
        try:
            code = max(code, _tell(save(each, threads)))
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
    return code


def _renew(changed: set[str], paths: tuple[str, ...], against: Path) -> int:
    """Write the tables and pictures over all runs of a spec of which one has changed."""
    from weightinit_cli.batch import compare_saved
    from weightinit_cli.cli.baselines import several_of

    code = 0
    for spec, folders in several_of(paths):
        if not changed.isdisjoint(folders):
            try:
                code = max(code, _tell(compare_saved(spec, against)))
            except WinitError as error:
                code = max(code, terminal.fail(error.lines, error.exit_code))
    return code


def _tell(saved: Saved) -> int:
    for path in saved.paths:
        terminal.note(f"written: {path}")
    if saved.interrupted:
        raise KeyboardInterrupt
    return tell_undrawn(saved)
