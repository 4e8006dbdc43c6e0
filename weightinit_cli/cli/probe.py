"""`winit probe`: a person's own model at its first step."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.options import (
    format_option,
    no_plot_option,
    quiet_option,
)
from weightinit_cli.cli.paths import FOLDER, PathType, TargetText
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reporting import (
    Reporter,
    fail_on_option,
    json_option,
    junit_option,
    style_option,
)
from weightinit_cli.cli.specs import note_lacking, note_replaced, tell_undrawn
from weightinit_cli.errors import Mark, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results.probe import ProbeResult


def shown_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which rows of a probe are shown."""
    options = (
        click.option(
            "--depth",
            type=click.IntRange(0),
            metavar="N",
            help="Fold values by the first N parts of their modules' paths; a large N folds none. "
            "Default: as fits a screen.",
        ),
        click.option(
            "--worst",
            type=click.IntRange(1),
            metavar="N",
            help="Show only the N values that stand out most: those that verdicts point at, then "
            "those whose std, std (inputs) or gradient is by the largest factor above or below "
            "that of the value before (normalizations and softmax come last, one of each kind of "
            "repeated module first). Of parameters those "
            "that verdicts name, those without gradient, then those whose std × √fan_in is "
            "farthest from the middle one.",
        ),
        click.option(
            "--parameters",
            is_flag=True,
            help="Show a table of the parameters: shape, fans, std, scheme, gradient.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def shown_as(depth: int | None, worst: int | None, *, parameters: bool) -> dict[str, Any]:
    """Return which rows are asked for, without what is not.

    Raises UsageError for --depth of rows that are not folded.
    """
    if depth is not None and (parameters or worst is not None):
        other = "--parameters" if parameters else "--worst"
        raise click.UsageError(f"--depth folds values; with {other} nothing is folded")
    asked = {"depth": depth, "worst": worst, "parameters": parameters or None}
    return {name: value for name, value in asked.items() if value is not None}


def refuse_shown(asked: dict[str, Any], place: Path) -> None:
    """Raise UsageError where rows of a probe are asked for of another result."""
    if asked:
        options = ", ".join(f"--{name}" for name in asked)
        raise click.UsageError(f"{options}: {place} is no result of winit probe")


@click.command(
    "probe",
    epilog=examples(
        "winit probe mymodel.py:build --input 64,3,32,32 --loss cross_entropy:10",
        "winit probe mygpt.py:GPT --input 'int:8,128<50257' --loss cross_entropy --worst 10",
    ),
)
@click.argument("target", type=TargetText())
@click.option(
    "--input",
    "inputs",
    metavar="[NAME=]INPUT",
    type=TargetText(),
    multiple=True,
    help="What the model is called with: a shape as 64,3,32,32 (drawn from N(0, 1), the inputs on "
    "the first axis), integers as 'int:16,128<50257', x.npy, or file.py:function, which returns a "
    "batch. Repeatable: in the order of the model's arguments, or by their NAME.",
)
@click.option(
    "--loss",
    metavar="LOSS",
    type=TargetText("cross_entropy", "mean_square"),
    help="cross_entropy or cross_entropy:CLASSES (labels are drawn), mean_square (against "
    "N(0, 1)), or file.py:function, called with the model's output and the batch. Default: the "
    "loss that the model returns, else the outputs' sum with random weights.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**64 - 1),
    default=0,
    show_default=True,
    help="Under which the model is built, and inputs and labels are drawn.",
)
@click.option(
    "--repeats",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Build and run it under so many seeds, from --seed on: stats.json then has how every "
    "figure spreads.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Exact quantiles, and how many units differ: takes more time and memory.",
)
@shown_options
@click.option(
    "-o",
    "--output-dir",
    metavar="PATH",
    type=PathType(FOLDER),
    help="Write stats.json and pictures to PATH/<name>/. Default: nothing is written.",
)
@format_option
@no_plot_option
@click.option(
    "--against",
    metavar="OUT",
    type=PathType(FOLDER),
    help="Compare with the saved probe in OUT, which -o has written; exits 1 where they differ. "
    "With the same weights: within what rounding does. With other draws: parameters of a known "
    "scheme by the law of its draws, all else by the spread over the seeds of both, 10 --repeats "
    "or more together.",
)
@fail_on_option
@junit_option
@style_option()
@json_option("Print the result as one line of JSON.")
@quiet_option
def probe(
    target: str,
    inputs: tuple[str, ...],
    loss: str | None,
    seed: int,
    repeats: int,
    exact: bool,
    depth: int | None,
    worst: int | None,
    parameters: bool,
    output_dir: Path | None,
    formats: tuple[str, ...],
    no_plot: bool,
    against: Path | None,
    fail_on: tuple[str, ...],
    junit: Path | None,
    style: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run a PyTorch model of yours once, forwards and backwards, and say what is wrong with it.

    TARGET is file.py:name or package.module:name, a model (torch.nn.Module), its class, or a
    function without arguments that builds one. Its code is run and not changed. Printed are the
    loss beside that of a model that knows nothing, a row per value or module in the order of the
    run, and what is wrong and where (winit explain): the standard deviation, one unit's standard
    deviation from input to input, and the gradient.
    """
    from weightinit_cli.cli.tables import table
    from weightinit_cli.probing import probe as run
    from weightinit_cli.results import dump_line

    asked = shown_as(depth, worst, parameters=parameters)
    reporter = Reporter(fail_on, junit, style, as_json=as_json)

    def work() -> int:
        found = {} if against is None else _found(against)
        began = time.monotonic()
        with ProgressBar(f"probing {target}", shown=not quiet):
            result = run(target, inputs, loss=loss, seed=seed, repeats=repeats, exact=exact)
        seconds = time.monotonic() - began
        if reporter.as_json:
            terminal.say(dump_line(result))
        elif not quiet:
            for line in table(result, **asked):
                terminal.say(line)
        code = 0
        if against is not None:  # first: -o may replace what is compared with
            code = _compare(result, found, against, reporter, quiet=quiet)
        if output_dir is not None:
            wanted = () if no_plot else formats
            code = max(code, _save(output_dir, result, wanted, reporter, quiet=quiet))
        if reporter.asked:
            case = reporter.result(result.name, "probe", result.verdict, {})
            place = _place_of(target, result, case.kind)
            code = max(code, reporter.done(case._replace(place=place, seconds=seconds)))
        return code

    return reporter.writing(work)


def _place_of(target: str, result: ProbeResult, name: str) -> Mark:
    """Return the line of the target's file where a verdict of this name begins, if it is there."""
    from weightinit_cli.ci import NOWHERE

    file = target.rpartition(":")[0]
    lines = (each.line for each in result.verdict if each.name == name and each.line is not None)
    source, _, line = next(lines, "").rpartition(":")
    if not file.endswith(".py") or not line.isdigit() or Path(file).name != source:
        return NOWHERE
    return Mark(file, int(line))


def _found(against: Path) -> dict[str, Path]:
    """Find what there is to compare with. Raises WinitError where there is nothing."""
    from weightinit_cli.results.folders import find_results

    return find_results(against)


def _compare(
    result: ProbeResult, found: dict[str, Path], against: Path, reporter: Reporter, *, quiet: bool
) -> int:
    """Say what differs from a saved probe, of several the one of its name; return the exit code."""
    from weightinit_cli.cli.check import tell_reports
    from weightinit_cli.guard import diff

    if result.name not in found and len(found) > 1:
        names = f"{len(found):,} results, none named {result.name}"
        return terminal.fail([printable(f"{against}: holds {names}; give the folder of one")], 2)
    saved = found[result.name] if len(found) > 1 else next(iter(found.values()))
    reports = diff({result.name: ((saved, against), result)})
    return tell_reports(reports, reporter, quiet=quiet, hint=False)


def _save(
    out: Path, result: ProbeResult, formats: tuple[str, ...], reporter: Reporter, *, quiet: bool
) -> int:
    """Write the files of a probe and say which; return the exit code."""
    from weightinit_cli.results.store import replaced
    from weightinit_cli.saving import save_result

    if not quiet:
        note_replaced([replaced(out / result.name, result.digest, result.spec)])
    with ProgressBar(f"saving {result.name}", shown=not quiet):
        saved = save_result(out, result.name, result, formats)
    if not (quiet or reporter.as_json):
        for path in saved.paths:
            terminal.say(printable(str(path)))
    if formats and not quiet:
        note_lacking([result.name])
    return tell_undrawn(saved)
