"""Commands on one file: a spec before it is run, or a saved result."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import specs, terminal
from weightinit_cli.cli.experiments import EXPERIMENTS
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.look import Asked, look_options
from weightinit_cli.cli.options import (
    data_option,
    format_option,
    quiet_option,
)
from weightinit_cli.cli.paths import FOLDER, PathType, SpecText
from weightinit_cli.cli.plugins import load_installed, plugin_option
from weightinit_cli.cli.probe import refuse_shown, shown_as, shown_options
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.reporting import Reporter, fail_on_option, json_option
from weightinit_cli.cli.specs import note_lacking, tell_undrawn
from weightinit_cli.errors import WinitError, counted, printable
from weightinit_cli.reading import open_at_once

if TYPE_CHECKING:
    from pathlib import Path

# What editors read in a comment: where the schema is.
MODELINE, SCHEMA_FILE = "yaml-language-server:", "winit.schema.json"


@click.command(
    "new",
    epilog=examples(
        "winit new mine",
        "winit new wide --all",
        "winit new deep.yaml --like relu_he",
    ),
)
@click.argument("file", type=PathType())
@click.option("--all", "every_key", is_flag=True, help="Write every key, each with its meaning.")
@click.option(
    "--like",
    metavar="CONFIG",
    type=SpecText(),
    help="Start from this spec: a file, a shipped name, - for stdin.",
)
@plugin_option
def new(file: Path, every_key: bool, like: str | None) -> None:
    """Write a short commented spec to FILE to start from; an existing file is left alone.

    FILE gets the suffix .yaml where it has none; - prints the spec. Its first line names
    winit.schema.json, by which editors complete and check YAML, and which is written beside it
    where there is none yet; winit schema > winit.schema.json writes it anew.
    """
    from weightinit_cli.results import write_file
    from weightinit_cli.spec import STDIN, parse_spec

    text = _to_start_from(like, every_key=every_key)
    if str(file) == STDIN:
        terminal.say(text.removesuffix("\n"))
        return
    file = specs.yaml_file(file)
    schema_file = file.parent / SCHEMA_FILE
    if MODELINE not in text:
        text = f"# {MODELINE} $schema={SCHEMA_FILE}\n{text}"
    write_file(file, text.encode())
    experiment = parse_spec(text, source=str(file), stem="spec").experiment
    run = f"winit {EXPERIMENTS[experiment].command} -c {shlex.quote(str(file))}"
    terminal.say(printable(f"{file}: written; run it with {run}"))
    if SCHEMA_FILE in text.partition("\n")[0] and not schema_file.exists():
        write_file(schema_file, f"{_schema_text()}\n".encode())
        terminal.say(printable(f"{schema_file}: written; editors complete and check specs by it"))


def _to_start_from(like: str | None, *, every_key: bool) -> str:
    """Return the text of the spec that is asked for. Raises SpecError for one that cannot run."""
    from weightinit_cli.spec import short_template, template

    if like is None:
        return template() if every_key else short_template()
    if every_key:
        raise click.UsageError("--all writes every key, --like a copy; give one of them")
    return _checked(like).decode("utf-8-sig")


@click.command(
    "validate",
    epilog=examples(
        "winit validate mine.yaml",
        "winit validate specs -q",
    ),
)
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...", type=SpecText())
@data_option
@plugin_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def validate(paths: tuple[str, ...], quiet: bool) -> int:
    """Check specs without running them: print `FILE: ok, N runs`, or every problem.

    Folders are searched as winit batch does. The exit code is 1 where only some runs of a spec
    can be done.
    """
    from weightinit_cli.experiments import impossible
    from weightinit_cli.spec import expand

    files, problems = specs.find(paths, quiet=quiet)
    code = specs.tell_problems(problems)
    for file in files:
        try:
            with ProgressBar(f"checking {file}", shown=not quiet):
                spec = specs.load(file)
                runs = expand(spec)
                wrong = impossible(spec)
        except WinitError as error:
            code = max(code, terminal.fail(error.lines, error.exit_code))
            continue
        reasons = ((runs[number].folder, reason) for number, reason in wrong.items())
        code = max(code, specs.tell_impossible(reasons))
        if not (quiet or wrong):
            specs.tell_notes(spec)
            specs.tell_left_out(spec)
            line = printable(f"{file}: ok, {counted(len(runs), 'run')}")
            terminal.say(terminal.no_command(line))
    return code


@click.command(
    "schema",
    epilog=examples(
        "winit schema > winit.schema.json",
    ),
)
@plugin_option
def schema() -> None:
    """Print the JSON Schema of a spec, for editors that check and complete YAML.

    It has the initializers and activations of installed packages, too.
    """
    terminal.say(_schema_text())


def _schema_text() -> str:
    from weightinit_cli.activations import ACTIVATIONS
    from weightinit_cli.initializers import INITIALIZERS
    from weightinit_cli.spec import json_schema

    load_installed(INITIALIZERS, ACTIVATIONS)
    return json.dumps(json_schema(), indent=2)


@click.command(
    "show",
    epilog=examples(
        "winit show outputs/mine",
        "winit show outputs/mine --json",
    ),
)
@click.argument("path", metavar="RESULT", type=PathType())
@fail_on_option
@json_option("Print the result as one line of JSON.")
@shown_options
def show(
    path: Path,
    fail_on: tuple[str, ...],
    as_json: bool,
    depth: int | None,
    worst: int | None,
    parameters: bool,
) -> int:
    """Print the table of a saved result again: RESULT is a stats.json or its folder.

    Of the folder of several runs (variants, a sweep) it is the table with a line per run. --depth,
    --worst and --parameters are for results of winit probe.
    """
    from weightinit_cli.cli.tables import table
    from weightinit_cli.cli.trees import show_runs
    from weightinit_cli.results import dump_line, load_result
    from weightinit_cli.results.tree import find_tree, labelled

    reporter = Reporter(fail_on)
    asked = shown_as(depth, worst, parameters=parameters)
    if (tree := find_tree(path)) is not None:
        refuse_shown(asked, path)
        return show_runs(path, tree, reporter, as_json=as_json)
    result = load_result(path)
    if result.spec["experiment"] != "probe":
        refuse_shown(asked, path)
    folder = path if path.is_dir() else path.parent
    for line in [dump_line(result)] if as_json else table(labelled(folder, result), **asked):
        terminal.say(line)
    return reporter.saved(path, result)


@click.command(
    "plot",
    epilog=examples(
        "winit plot outputs/mine --format svg",
        "winit plot outputs/mine --format pdf --width 3.3in --no-title",
    ),
)
@click.argument("path", metavar="RESULT", type=PathType())
@click.option(
    "-o",
    "--output-dir",
    metavar="PATH",
    type=PathType(FOLDER),
    help="Folder for the pictures. Default: beside the result.",
)
@format_option
@look_options()
@quiet_option
def plot(
    path: Path, output_dir: Path | None, formats: tuple[str, ...], asked: Asked, quiet: bool
) -> int:
    """Draw the pictures of a saved result again: RESULT is a stats.json or its folder.

    Of the folder of several runs (variants, a sweep) it is the picture of all of them.
    """
    from weightinit_cli.cli.trees import plot_runs
    from weightinit_cli.results import load_result, write_files
    from weightinit_cli.results.tree import find_tree, labelled
    from weightinit_cli.saving import Saved, draw_result

    look = asked.look(quiet=quiet)
    if (tree := find_tree(path)) is not None:
        return plot_runs(path, tree, output_dir or path, formats, look, quiet=quiet)
    result = load_result(path)
    beside = path if path.is_dir() else path.parent
    result = labelled(beside, result)
    folder = output_dir or beside
    with ProgressBar(f"drawing {path}", shown=not quiet):
        pictures, undrawn = draw_result(result, formats, look)
    paths = write_files(folder, "", pictures) if pictures else []
    if not quiet:
        for written in paths:
            terminal.say(printable(str(written)))
        note_lacking([result.name, *(result.overrides or ())])
    return tell_undrawn(Saved(paths, undrawn))


def _checked(config: str) -> bytes:
    """Read the bytes of a spec that can be run. Raises SpecError."""
    from weightinit_cli.spec import STDIN, find_config, load_spec, parse_spec
    from weightinit_cli.spec.parse import MOST_BYTES

    if config == STDIN:
        text = specs.read_stdin()
        parse_spec(text, source="stdin", stem="spec")
        return text
    path = find_config(config)
    try:
        with open_at_once(path) as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        load_spec(config)  # says why it cannot be read
        raise
    parse_spec(text, source=config, stem=path.stem)
    return text
