"""The ways to a Spec: from a file, from text, from the normal form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weightinit_cli.errors import Mark, Problem, SpecError, printable
from weightinit_cli.spec.fields import ACTIVATION
from weightinit_cli.spec.find import find_config, missing
from weightinit_cli.spec.nodes import Flawed, Scalar, marks_of, node_from_json
from weightinit_cli.spec.overrides import apply_overrides, source_of
from weightinit_cli.spec.parse import parse_yaml
from weightinit_cli.spec.report import Report, quote
from weightinit_cli.spec.text import MOST_BYTES, decode
from weightinit_cli.spec.validate import build_spec, read_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.spec.model import Component, Spec
    from weightinit_cli.spec.nodes import Node


def load_spec(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Spec:
    """Read the spec of a file, given by its path or by the bare name of a shipped config.

    `overrides` are `path=value` texts, as after `--set`; they apply before validation.

    Raises SpecError if the file cannot be read, or for all that is wrong with it and with the
    overrides, each with its place.
    """
    name = os.fspath(path)
    found = find_config(name).path
    data = _read(found, name)
    return parse_spec(data, source=name, stem=found.stem, overrides=overrides)


def parse_spec(data: bytes | str, *, source: str, stem: str, overrides: Sequence[str] = ()) -> Spec:
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
    return _checked(root, stem, overrides, report)


def spec_from_normal_form(form: Mapping[str, Any], source: str) -> Spec:
    """Read a spec from its normal form, as `json.loads` returns it, by the same checks.

    Raises SpecError for all that is wrong; the places are paths in `source`.
    """
    source = _shown(source)
    report = Report()
    root = node_from_json(form, Mark(source), report)
    return _checked(root, Path(source).stem, (), report)


def parse_activation(text: str, source: str) -> Component:
    """Read an activation as a spec has it, from YAML text; `source` names it in messages.

    Raises SpecError for all that is wrong.
    """
    mark = Mark(source)
    report = Report()
    root = parse_yaml(decode(text, source), lambda _line, _column: mark, report)
    node = Scalar(mark, None, "") if root is None else root
    component = ACTIVATION.read(node, "", report)
    report.raise_if_any()
    return cast("Component", component)


def _checked(root: Node, stem: str, overrides: Sequence[str], report: Report) -> Spec:
    root = apply_overrides(root, overrides, report)
    values = read_values(root, report)
    report.raise_if_any(later_sources=map(source_of, overrides))
    return build_spec(values, stem, marks_of(root))


def _read(path: Path, name: str) -> bytes:
    """The bytes of a file, at most one more than a spec may have."""
    try:
        if path.is_dir():
            raise _error(name, "a folder; give the path of a spec, a YAML file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _error(name, missing(name)) from None
    except PermissionError:
        raise _error(name, "no permission to read this file") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise _error(name, f"cannot be read: {printable(reason)}") from None


def _error(name: str, message: str) -> SpecError:
    return SpecError([Problem(Mark(_shown(name)), "", message)])


def _shown(source: str) -> str:
    """The source as it was written, on one line."""
    return printable(source) or quote(source)
