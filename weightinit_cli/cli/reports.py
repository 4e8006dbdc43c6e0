"""What `winit check` and `winit diff` print and write."""

from __future__ import annotations

import os
from math import isnan
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.options import Place
from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from weightinit_cli.guard import Report

exclude_option = click.option(
    "--exclude",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Leave out runs whose folder matches, e.g. 'sweep*'. Repeatable.",
)
junit_option = click.option(
    "--junit",
    metavar="FILE",
    type=Place(),
    help="Write a JUnit XML file, which the usual CI systems read.",
)
style_option = click.option(
    "--format",
    "style",
    type=click.Choice(("text", "json", "github")),
    default="text",
    show_default=True,
    help="text; json: a line per run; github: text with annotations.",
)


def refuse_nan(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    value: float,
) -> float:
    """The value of an option; no range holds nan, and click takes it for any."""
    if isnan(value):
        raise click.BadParameter("must be a number, not nan")
    return value


def tell(
    reports: Sequence[Report], style: str, junit: Path | None, *, quiet: bool, updating: bool
) -> int:
    """Print the reports in a style, write the JUnit file, and return the exit code."""
    from weightinit_cli.guard import UPDATE, annotation, json_line, summary

    failed = [report for report in reports if report.state == "drift"]
    for report in reports:
        if report.state == "error":
            terminal.fail(report.errors, WinitError.exit_code)
        if style == "json":
            terminal.say(json_line(report))
            continue
        for line in _text(report, quiet=quiet):
            terminal.say(terminal.no_command(line))
        if style == "github" and report.state != "same":
            terminal.say(annotation(report))
    if style != "json" and not (quiet and not failed):
        for line in summary(reports):
            terminal.say(line)
        if failed and not updating:
            terminal.say(UPDATE)
    if junit is not None:
        _write_junit(junit, reports)
    states = {report.state for report in reports}
    return WinitError.exit_code if "error" in states else int("drift" in states)


def _text(report: Report, *, quiet: bool) -> list[str]:
    from weightinit_cli.guard import details, heading

    if report.outcome is None or (quiet and not report.outcome.failed):
        return []
    lines = details(report)
    if not (lines or report.outcome.failed):
        return []
    return [printable(heading(report)), *(f"  {printable(line)}" for line in lines)]


def _write_junit(path: Path, reports: Sequence[Report]) -> None:
    """Write the file whole; what is no file, as a pipe, gets the text as it would a line."""
    from weightinit_cli.guard import junit
    from weightinit_cli.results import write_files, write_through

    content = junit(reports)
    if terminal.is_stdout(path):
        terminal.say(content.decode().rstrip("\n"))
    elif os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        write_through(path, content)
    else:
        write_files(path.parent, ".", {path.name: content})
