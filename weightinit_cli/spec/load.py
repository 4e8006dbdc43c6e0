"""The ways to a spec: from a file that a name stands for, from text, from the normal form."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import chain
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weightinit_cli.errors import Mark, Problem, SpecError, printable, reason
from weightinit_cli.reading import open_at_once
from weightinit_cli.spec.build import Builder
from weightinit_cli.spec.kinds import ACTIVATION, INITIALIZER, WRITTEN_PATTERN
from weightinit_cli.spec.layers import differ_by_layer
from weightinit_cli.spec.names import slug
from weightinit_cli.spec.nodes import (
    ECHO_LENGTH,
    MOST_LEVELS,
    MOST_PROBLEMS,
    Flawed,
    MapNode,
    Node,
    Report,
    Scalar,
    nearest,
    node_from_json,
    quote,
    replaced,
)
from weightinit_cli.spec.parse import MOST_BYTES, decode, parse_yaml
from weightinit_cli.spec.runs import SWEEP, VARIANTS, Runs, overlap, paths_of, read_axes
from weightinit_cli.spec.validate import checked_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.model import Component
    from weightinit_cli.spec.nodes import Entries
    from weightinit_cli.spec.runs import Axis
    from weightinit_cli.spec.values import ValueType

# What stands for standard input in place of a path.
STDIN = "-"

_PACKAGE = Path(__file__).parent.parent
MOST_RUNS = 100_000


def config_folder() -> Path:
    """The folder of the shipped configs: in the package, or beside it in an editable install."""
    inside = _PACKAGE / "configs"
    return inside if _holds(inside.is_dir) else _PACKAGE.parent / "configs"


def shipped_configs() -> list[Path]:
    """The shipped configs, sorted by name."""
    return sorted(config_folder().glob("*.yaml"))


def find_config(name: str) -> Path:
    """The file that `name` stands for.

    `-` is standard input. With a path separator (of any platform) or a drive it is a path, and is
    not looked for. Else it is a file of that name in the current folder, else the shipped config,
    with or without `.yaml`.

    Raises SpecError if a bare name stands for nothing; it names a shipped config near it.
    """
    if name == STDIN or re.search(r"[/\\]|^[A-Za-z]:", name):
        return Path(name)
    config = _shipped(name)
    here = Path(name)
    if _holds(here.is_file):
        return here
    if config is not None:
        return config
    if name and _holds(here.is_dir):
        return here
    raise SpecError([Problem(Mark(printable(name) or quote(name)), "", _missing(name))])


def shadowed(name: str) -> Path | None:
    """The shipped config of this bare name where another file of the current folder hides it."""
    here, config = Path(name), _shipped(name)
    if config is None or not _holds(here.is_file) or _holds(lambda: here.samefile(config)):
        return None
    return config


def load_spec(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), *, most_runs: int = MOST_RUNS
) -> AnySpec:
    """Read the spec of a file, given by its path or by the bare name of a shipped config.

    `overrides` are `path=value` texts, as after `--set`; they apply before validation, to every
    run. A spec of several runs (`expand` gives them) is checked whole, and refused where they are
    more than `most_runs`.

    Raises SpecError if the file cannot be read, or for all that is wrong with it and with the
    overrides, each with its place.

    Example:
        >>> import weightinit_cli as winit
        >>> winit.load_spec("relu_he", ["width=50"]).width
        (50, 50, 50, 50, 50)
    """
    name = os.fspath(path)
    found = find_config(name)
    data = _read(found, name)
    return parse_spec(data, source=name, stem=found.stem, overrides=overrides, most_runs=most_runs)


def default_name(source: str) -> str:
    """The name, and so the folder of results, of a spec in this file that gives itself none."""
    return slug("spec" if source == STDIN else Path(source).stem, WRITTEN_PATTERN)


def parse_spec(
    data: bytes | str,
    *,
    source: str,
    stem: str,
    overrides: Sequence[str] = (),
    most_runs: int = MOST_RUNS,
) -> AnySpec:
    """Read a spec from YAML text; `source` names it in messages, `stem` is its default name.

    Raises SpecError for all that is wrong, in the order of the text, then of the overrides.
    """
    source = _shown(source)
    text = decode(data, source)
    report = Report()
    root = parse_yaml(text, lambda line, column: Mark(source, line, column), report)
    if root is None:
        report.add(Mark(source, 1, 1), "", "an empty file; `winit new` writes a spec to start from")
        root = Flawed(Mark(source, 1, 1))
    return spec_from_tree(root, stem, overrides, report, most_runs)


def spec_from_normal_form(form: Mapping[str, Any], source: str) -> AnySpec:
    """Read a spec from its normal form, as `json.loads` returns it, by the same checks.

    Raises SpecError for all that is wrong; the places are paths in `source`.
    """
    source = _shown(source)
    report = Report()
    root = node_from_json(form, Mark(source), report)
    return _one(root, Path(source).stem, (), report)


def spec_from_tree(
    root: Node, stem: str, overrides: Sequence[str], report: Report, most_runs: int = MOST_RUNS
) -> AnySpec:
    """Check the tree of a spec whose default name is `stem`.

    Raises SpecError for all that is wrong, also for what is in the report already.
    """
    variants: Axis = ()
    sweep: tuple[Axis, ...] = ()
    if isinstance(root, MapNode):
        root, variants, sweep = read_axes(root, report, WRITTEN_PATTERN)
    if not (variants or sweep):
        return _one(root, stem, overrides, report)
    _refuse_set_of_varied({*paths_of(variants), *chain(*map(paths_of, sweep))}, overrides, report)
    size = prod(map(len, sweep)) * (len(variants) or 1)
    if size > most_runs:
        count = f"{size:,}" if size < 10**18 else "more than 10^18"
        message = f"describes {count} runs; at most {most_runs:,} are taken"
        mark, *_ = [at for at, _ in sweep[0][0].overrides.values()] if sweep else [root.mark]
        report.add(mark, SWEEP, message)
    written, root = root, _apply_overrides(root, overrides, report)
    report.raise_if_any(later_sources=map(source_of, overrides))
    builder = Builder(root, stem, overrides, written)
    runs = Runs(variants, sweep, builder.build)
    keys = {*root.entries, *runs.keys} if isinstance(root, MapNode) else runs.keys
    by_layer = differ_by_layer(root, (each.overrides for each in chain(variants, *sweep)))
    together = checked_together(keys, by_layer=by_layer)
    numbers = {number for each in together for number in runs.first_of_each(each)}
    _check(builder, (runs.overrides(number) for number in sorted(numbers)), overrides)
    return replace(runs[0], runs=runs, run="", label="", varied=())


def parse_activation(text: str, source: str) -> Component:
    """Read an activation as a spec has it, from YAML text; `source` names it in messages.

    Raises SpecError for all that is wrong.
    """
    return _parse_component(ACTIVATION, text, source)


def parse_initializer(given: str | Mapping[str, Any], source: str) -> Component:
    """Read an initializer as a spec has it, from YAML text or a mapping of `name` and parameters.

    `source` names it in messages. Raises SpecError for all that is wrong.
    """
    return _parse_component(INITIALIZER, given, source)


def _parse_component(kind: ValueType, given: str | Mapping[str, Any], source: str) -> Component:
    mark = Mark(source)
    report = Report()
    if isinstance(given, str):
        root = parse_yaml(decode(given, source), lambda _line, _column: mark, report)
    else:
        root = node_from_json(given, mark, report)
    node = Scalar(mark, None, "") if root is None else root
    component = kind.read(node, "", report)
    report.raise_if_any()
    return cast("Component", component)


def _shipped(name: str) -> Path | None:
    """The shipped config of this bare name, with or without `.yaml`."""
    return {path.stem: path for path in shipped_configs()}.get(name.removesuffix(".yaml"))


def source_of(override: str) -> str:
    """How an override is named in messages: as it was typed, on one line, shortened."""
    shown = printable(override)
    if len(shown) > ECHO_LENGTH:
        shown = f"{shown[: ECHO_LENGTH - 3]}..."
    return f"--set {shown}"


def _apply_overrides(root: Node, overrides: Sequence[str], report: Report) -> Node:
    """The tree with each `path=value` applied, in order; problems go to the report.

    A name above the path is widened to a mapping first: `initializer.std=1` makes of
    `initializer: normal` an `initializer: {name: normal, std: 1}`. What does not exist yet is
    made; the path may lead to an existing item of a list, counted from 0 (`width.2=50`).
    """
    for override in overrides:
        mark = Mark(source_of(override))
        path, equals, text = override.partition("=")
        keys = path.strip().split(".")
        if not equals:
            report.add(mark, "", "must be path=value, for example seed=1")
        elif not all(keys):
            report.add(mark, "", "must begin with the path of a key, for example seed=1")
        elif len(keys) > MOST_LEVELS:
            report.add(mark, "", f"nested more than {MOST_LEVELS} levels deep")
        elif keys[0] in (VARIANTS, SWEEP):
            message = f"gives one value to all runs; write {keys[0]} into the spec itself"
            report.add(mark, "", message)
        else:
            value = _override_value(text, mark, report)
            root = replaced(root, keys, "", value, mark, report)
    return root


def _override_value(text: str, mark: Mark, report: Report) -> Node:
    try:
        clean = decode(text, mark.source)
    except SpecError as error:
        report.add(mark, "", error.problems[0].message)
        return Flawed(mark)
    node = parse_yaml(clean, lambda _line, _column: mark, report)
    return Scalar(mark, None, "") if node is None else node


def _missing(name: str) -> str:
    """What to say of a file that does not exist, with the name of a config near it."""
    bare = re.split(r"[/\\]", name)[-1].removesuffix(".yaml")
    near = nearest(bare, (path.stem for path in shipped_configs()))
    if near:
        return f"no such file; did you mean the shipped config {near!r}?"
    return "no such file; `winit list configs` shows the shipped configs"


def _holds(question: Callable[[], bool]) -> bool:
    """Ask the file system, and take it for a no where it cannot even be asked (a name too long)."""
    try:
        return question()
    except (OSError, ValueError):
        return False


def _one(root: Node, stem: str, overrides: Sequence[str], report: Report) -> AnySpec:
    written, root = root, _apply_overrides(root, overrides, report)
    later_sources = list(map(source_of, overrides))
    return Builder(root, stem, overrides, written).build((), report, later_sources)


def _refuse_set_of_varied(
    varied_paths: Iterable[str], overrides: Sequence[str], report: Report
) -> None:
    for override in overrides:
        path = override.partition("=")[0].strip()
        for varied in sorted(varied_paths):
            if overlap(path, varied):
                mark = Mark(source_of(override))
                report.add(mark, "", f"the spec varies {varied} itself, by variants or a sweep")


def _check(
    builder: Builder, members: Iterable[Sequence[Entries]], overrides: Sequence[str]
) -> None:
    """Raise what is wrong with any of these members of a grid, once."""
    report = Report()
    for varied in members:
        known = set(report.problems)
        report.problems += [each for each in builder.problems(varied) if each not in known]
        if len(report.problems) > MOST_PROBLEMS:
            break
    report.raise_if_any(later_sources=map(source_of, overrides))


def _read(path: Path, name: str) -> bytes:
    """The bytes of a file, at most one more than a spec may have."""
    try:
        if path.is_dir():
            raise _error(name, "a folder; give the path of a spec, a YAML file")
        with open_at_once(path) as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _error(name, _missing(name)) from None
    except PermissionError:
        raise _error(name, "no permission to read this file") from None
    except (OSError, ValueError) as error:
        raise _error(name, f"cannot be read: {printable(reason(error).lower())}") from None


def _error(name: str, message: str) -> SpecError:
    return SpecError([Problem(Mark(_shown(name)), "", message)])


def _shown(source: str) -> str:
    """The source as it was written, on one line."""
    return printable(source) or quote(source)
