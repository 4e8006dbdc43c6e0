"""Specs, for the commands that take some: reading them, and what is told of their results."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, cast

from weightinit_cli.cli import terminal
from weightinit_cli.cli.experiments import EXPERIMENTS
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.errors import DEFECT, FAILED, Mark, Problem, SpecError, printable, reason
from weightinit_cli.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from weightinit_cli.errors import WinitError
    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec, Spec

# Characters and names that are listed, and results of other specs; of more the rest are counted.
SHOWN = 10
MOST_REPLACED = 10


def load(
    config: str,
    overrides: Sequence[str] = (),
    seed: str | None = None,
    *,
    most_runs: int | None = None,
) -> AnySpec:
    """Read a spec as `load_spec` does; `seed` is the text of `--seed`, and named so in messages.

    Raises SpecError for all that is wrong; for a result, that it is one.
    """
    from weightinit_cli.spec import STDIN, find_config, load_spec, parse_spec

    path = find_config(config)
    texts = overrides if seed is None else [*overrides, f"seed={seed}"]
    try:
        most = {} if most_runs is None else {"most_runs": most_runs}
        if config == STDIN:
            return parse_spec(read_stdin(), source="stdin", stem="spec", overrides=texts, **most)
        return load_spec(config, texts, **most)
    except SpecError as error:
        if config != STDIN and _is_result(path):
            message = "this is a result; winit show prints it"
            raise SpecError([Problem(Mark(printable(config)), "", message)]) from None
        if seed is None:
            raise
        raise SpecError(_of_option(problem, seed) for problem in error.problems) from None


def find(
    paths: Sequence[str], exclude: Sequence[str] = (), *, quiet: bool
) -> tuple[list[str], list[Problem]]:
    """Find the specs at files and in folders, and what is wrong with the paths.

    What is left out is printed.
    """
    from weightinit_cli.batch import find_specs

    with ProgressBar("looking for specs", shown=not quiet):
        found, left_out, problems = find_specs(paths, exclude)
    for line in () if quiet else left_out:
        terminal.note(line)
    return found, problems


def tell_problems(problems: Sequence[Problem]) -> int:
    """Print what is wrong with the paths of specs; return the exit code."""
    return terminal.fail(map(str, problems), SpecError.exit_code) if problems else 0


def tell_impossible(reasons: Iterable[tuple[str, WinitError]]) -> int:
    """Print why runs, each given by its folder, cannot be done; return the exit code."""
    lines = [f"{folder}: {line}" for folder, why in reasons for line in why.lines]
    return terminal.fail(lines, FAILED) if lines else 0


def tell_notes(spec: AnySpec) -> None:
    """Print what is worth a word in a spec, or in any of its runs, once each."""
    from weightinit_cli.initializers import INITIALIZERS
    from weightinit_cli.spec import expand, initializers_of_weights, notes

    lines = list(map(str, notes(spec)))
    runs = expand(spec)
    keys = "initializer", "residual", "output"
    numbers = (0,) if spec.runs is None else spec.runs.first_of_each(keys)
    for run in (runs[number] for number in numbers):
        if any(INITIALIZERS[each.name].source for each in initializers_of_weights(run)):
            from weightinit_cli.experiments.plugins import try_initializer

            lines += try_initializer(run)
    if EXPERIMENTS[spec.experiment].data:
        from weightinit_cli.experiments import data_notes

        lines += [note for run in expand(spec) for note in data_notes(run)]
    for line in dict.fromkeys(lines):
        terminal.note(line)


def tell_left_out(spec: AnySpec) -> None:
    """Say, before the first run, what the picture of all runs will draw where it isn't all."""
    if spec.runs is None:
        return
    from weightinit_cli.plots import left_out

    parts = left_out(spec.experiment, spec.runs.axes)
    if parts:
        words = f"{spec.name}: the picture draws {' and '.join(parts)}; summary.csv has all"
        terminal.note(printable(words))


def refuse_others(spec: AnySpec, experiment: str) -> None:
    """Raise SpecError where the spec is of another experiment, naming the command for it."""
    if spec.experiment != experiment:
        message = f"{spec.experiment} is run by winit {EXPERIMENTS[spec.experiment].command}"
        raise SpecError([spec.problem("experiment", message)])


def histogram(spec: AnySpec) -> Spec:
    """Return the spec, one of the histogram experiment. Raises SpecError where it is not."""
    refuse_others(spec, "histogram")
    return cast("Spec", spec)


def yaml_file(file: Path) -> Path:
    """Give a file that a spec is written to the suffix .yaml where it has none."""
    if not file.name.strip(".") or file.suffix.lower() in (".yaml", ".yml"):
        return file
    return file.with_name(f"{file.name}.yaml")


def tell_undrawn(saved: Saved) -> int:
    """Say why there are no pictures, and what is saved without them; return the exit code."""
    if saved.undrawn is None:
        return 0
    lines, code = saved.undrawn.lines, saved.undrawn.exit_code
    kept = f"{saved.paths[-1]} is saved" if saved.paths else "no picture is written"
    if code == DEFECT:
        return terminal.defect([*lines, f"the pictures could not be drawn; {kept}"])
    return terminal.fail([f"{line}; {kept}" for line in lines], code)


def note_pictureless(name: str, saved: Saved) -> None:
    """Say that there is no picture of all runs of a spec where none could be made of them."""
    from weightinit_cli.results.store import COMPARISON

    if saved.undrawn is None and not any(path.stem == COMPARISON for path in saved.paths):
        terminal.note(f"{name}: there is no picture of all runs; summary.csv has their figures")


def names_of(spec: AnySpec) -> Iterator[str]:
    """Yield what a person wrote in a spec, or set beside it, and pictures show as it is."""
    yield spec.name
    yield from spec.overrides
    if spec.runs is not None:
        yield from (variant.label for variant in spec.runs.variants)


def note_lacking(names: Iterable[str]) -> None:
    """Say which characters of these names the pictures cannot show."""
    strange = [name for name in dict.fromkeys(names) if not name.isascii()]
    if not strange:
        return
    from weightinit_cli.plots.engine.fonts import REPLACEMENT, lacking
    from weightinit_cli.plots.engine.settings import load_matplotlib

    load_matplotlib()
    missing = lacking(strange)
    if missing:
        within = [repr(name) for name in strange if lacking([name])]
        terminal.note(
            f"no font of this machine has {_listed(list(missing))}: "
            f"in pictures {REPLACEMENT} stands for each in {_listed(within)}; "
            "a Noto font of their script, once installed, shows them"
        )


def note_replaced(formers: Iterable[str]) -> None:
    """Say which results of other specs are replaced; of very many the first few.

    `formers` has a sentence for each run, empty where it replaces none.
    """
    number = 0
    for former in filter(None, formers):
        number += 1
        if number <= MOST_REPLACED:
            terminal.note(former)
    if number > MOST_REPLACED:
        terminal.note(f"and {number - MOST_REPLACED:,} more results of other specs are replaced")


def read_stdin() -> bytes:
    """Read what stands in standard input, at most a byte more than a spec may have.

    Raises SpecError where it cannot be read.
    """
    from weightinit_cli.spec.parse import MOST_BYTES

    try:
        if sys.stdin is not None:
            if sys.stdin.isatty():
                terminal.note("reading a spec from the terminal; ^D on a line of its own ends it")
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        why = "it is closed"
    except (OSError, ValueError) as error:
        why = reason(error).lower()
    raise SpecError([Problem(Mark("stdin"), "", f"cannot be read: {why}")])


def _is_result(path: Path) -> bool:
    try:
        text = read_file(path)
        data = json.loads(text) if text.startswith(b"{") else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "schema_version" in data


def _of_option(problem: Problem, seed: str) -> Problem:
    """Return the problem, with `--seed` as its place where it stood in the override made of it."""
    from weightinit_cli.spec.load import source_of

    source = source_of(f"seed={seed}")
    if problem.mark.source != source:
        return problem
    option = source.replace("--set seed=", "--seed ", 1)
    path = "" if problem.path == "seed" else problem.path
    return Problem(Mark(option), path, problem.message)


def _listed(parts: list[str]) -> str:
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more
