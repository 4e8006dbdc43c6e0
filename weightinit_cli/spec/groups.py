"""Mappings of the spec: a table of keys, what each holds, and what it is when left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.parameters import REQUIRED, Required
from weightinit_cli.spec.nodes import (
    MapNode,
    Node,
    Report,
    join,
    node_from_json,
    report_wrong,
    suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.errors import Problem
    from weightinit_cli.spec.kinds import Kind


class Field(NamedTuple):
    """One key of the spec: what it holds, what it means, and what it is when left out.

    `default` is a value as in JSON, REQUIRED, or None where the default is computed from other
    keys; `example` is what the template and messages show.
    """

    name: str
    kind: Kind
    doc: str
    default: Any = REQUIRED
    example: str = ""


class Group(NamedTuple):
    """A mapping with keys of its own, from which `build` makes the value."""

    fields: Sequence[Field]
    build: Callable[..., Any]

    def read(self, node: Node, path: str, report: Report) -> Any:
        """The value built from the keys, or None if one of them is wrong."""
        if not isinstance(node, MapNode):
            keys = ", ".join(f"{field.name}: ..." for field in self.fields)
            report_wrong(report, node, path, f"a mapping {{{keys}}}")
            return None
        values = read_fields(self.fields, node, path, report)
        return None if None in values.values() else self.build(**values)

    def schema(self) -> dict[str, Any]:
        """An object of these keys."""
        return object_schema(self.fields)


class Memo:
    """What the keys of a spec hold, for reading others that share nearly all of its entries."""

    MOST = 20_000

    def __init__(self, base: MapNode) -> None:
        self._base = base
        self._values: dict[str, Any] = {}
        self._problems: dict[str, list[Problem]] = {}
        self._read: dict[int, tuple[object, Any, list[Problem]]] = {}

    def read_fields(self, fields: Sequence[Field], node: MapNode, report: Report) -> dict[str, Any]:
        """As the function of this name, of a whole spec; always for the same fields."""
        if not self._values:
            for name in dict.fromkeys((*self._base.entries, *(field.name for field in fields))):
                self._values[name], self._problems[name] = _read_key(name, fields, self._base)
        values = dict(self._values)
        own = {
            name: entry
            for name, entry in node.entries.items()
            if self._base.entries.get(name) is not entry
        }
        for name, problems in self._problems.items():
            if name not in own:
                report.problems += problems
        for name, entry in own.items():
            known = self._read.get(id(entry))
            if known is None:
                if len(self._read) >= self.MOST:
                    self._read.clear()
                # The entry is kept, lest another one gets its id.
                known = self._read[id(entry)] = entry, *_read_key(name, fields, node)
            values[name] = known[1]
            report.problems += known[2]
        return {field.name: values[field.name] for field in fields}


def read_fields(
    fields: Sequence[Field], node: MapNode, path: str, report: Report
) -> dict[str, Any]:
    """The values of `fields` in a mapping, defaults filled in; None where one is wrong.

    A key without a default of its own that is left out is None, too. Unknown keys are reported.
    """
    names = {field.name for field in fields}
    for key, (mark, _) in node.entries.items():
        if key not in names:
            report.add(mark, join(path, key), f"unknown key{_hint(key, fields, path)}")
    return {field.name: _read_field(field, node, path, report) for field in fields}


def _read_key(name: str, fields: Sequence[Field], node: MapNode) -> tuple[Any, list[Problem]]:
    """What one key of a spec holds, and what is wrong with it."""
    report = Report()
    for field in fields:
        if field.name == name:
            return _read_field(field, node, "", report), report.problems
    mark, _ = node.entries[name]
    report.add(mark, join("", name), f"unknown key{_hint(name, fields, '')}")
    return None, report.problems


def _hint(key: str, fields: Sequence[Field], path: str) -> str:
    names = [field.name for field in fields]
    if path:
        return suggestion(key, names, f"the keys are {', '.join(names)}")
    from weightinit_cli.spec.hints import of_key

    groups = [
        (field.name, inner.name)
        for field in fields
        if isinstance(field.kind, Group)
        for inner in field.kind.fields
    ]
    return of_key(key, names, groups)


def _read_field(field: Field, node: MapNode, path: str, report: Report) -> Any:
    below = join(path, field.name)
    if field.name in node.entries:
        return field.kind.read(node.entries[field.name][1], below, report)
    if isinstance(field.default, Required):
        example = f"{field.name}: {field.example}"
        report.add(node.mark, below, f"required; for example: {example}")
        return None
    if field.default is None:
        return None
    return field.kind.read(node_from_json(field.default, node.mark, report), below, report)


def object_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema of a mapping with these keys and no others."""
    properties = {}
    for field in fields:
        properties[field.name] = {"description": field.doc, **field.kind.schema()}
        if field.default is not None and not isinstance(field.default, Required):
            properties[field.name]["default"] = field.default
    required = [field.name for field in fields if isinstance(field.default, Required)]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema | {"additionalProperties": False}
