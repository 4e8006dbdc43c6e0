"""Mappings of the spec: a table of keys, what each holds, and what it is when left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.parameters import REQUIRED, Required
from weightinit_cli.spec.nodes import MapNode, Node, node_from_json, report_wrong
from weightinit_cli.spec.report import Report, join, suggestion

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
    """What keys hold, read once per node: the runs of a spec share most of theirs."""

    MOST = 20_000

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], tuple[Node | None, Any, list[Problem]]] = {}

    def read(self, field: Field, node: MapNode, path: str, report: Report) -> Any:
        """What `_read_field` returns and reports of a key of one and the same mapping."""
        entry = node.entries.get(field.name)
        child = None if entry is None else entry[1]
        key = id(field), id(child)
        known = self._read.get(key)
        if known is None:
            if len(self._read) >= self.MOST:
                self._read.clear()
            own = Report()
            value = _read_field(field, node, path, own)
            # The child is kept, lest another one gets its id.
            known = self._read[key] = child, value, own.problems
        report.problems += known[2]
        return known[1]


def read_fields(
    fields: Sequence[Field], node: MapNode, path: str, report: Report, memo: Memo | None = None
) -> dict[str, Any]:
    """The values of `fields` in a mapping, defaults filled in; None where one is wrong.

    A key without a default of its own that is left out is None, too. Unknown keys are reported.
    """
    names = {field.name for field in fields}
    for key, (mark, _) in node.entries.items():
        if key not in names:
            report.add(mark, join(path, key), f"unknown key{_hint(key, fields, path)}")
    read = _read_field if memo is None else memo.read
    return {field.name: read(field, node, path, report) for field in fields}


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
