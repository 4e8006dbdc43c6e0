"""A spec as a tree of nodes, each with its place: the form between text and values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.spec.report import Report, join, quote
from weightinit_cli.spec.scalars import MOST_DIGITS, ScalarValue, resolve

if TYPE_CHECKING:
    from weightinit_cli.errors import Mark

MOST_LEVELS = 20
_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+")


class Scalar(NamedTuple):
    """One value: what it stands for, and the text as it was written."""

    mark: Mark
    value: ScalarValue
    text: str
    plain: bool = True


class ListNode(NamedTuple):
    """A list of nodes."""

    mark: Mark
    items: tuple[Node, ...]


class MapNode(NamedTuple):
    """Keys, each with the place of the key and its node, in the order of the file."""

    mark: Mark
    entries: Mapping[str, tuple[Mark, Node]]


class Flawed(NamedTuple):
    """Something that was reported already, and that no message needs to mention again."""

    mark: Mark


Node = Scalar | ListNode | MapNode | Flawed


def describe(node: Node) -> str:
    """What stands there, for the end of a message: `'1O'`, `5.0`, `an empty list`."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            return quote(node.text)
        if node.value is None:
            return "an empty value" if node.text == "" else node.text
        return _number(node.text)
    if isinstance(node, ListNode):
        return "a list" if node.items else "an empty list"
    return "an empty mapping" if isinstance(node, MapNode) and not node.entries else "a mapping"


def _number(text: str) -> str:
    if len(text) <= 40:
        return text
    return f"{text[:20]}... ({len(text)} characters)"


def report_wrong(report: Report, node: Node, path: str, expected: str) -> None:
    """Report that `node` is not what was expected; nothing if it was reported before."""
    if isinstance(node, Flawed):
        return
    message = f"must be {expected}, not {describe(node)}"
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.plain:
        unquoted = resolve(node.text)
        wanted = "true" if isinstance(unquoted, bool) else "number"
        if isinstance(unquoted, int | float) and wanted in expected:
            message += "; leave out the quotes"
    if isinstance(node, Scalar) and "number" in expected:
        message += _comma(node.text, whole="whole number" in expected)
    report.add(node.mark, path, message)


def _comma(text: str, *, whole: bool) -> str:
    """How a number is written without its comma: `; write 0.1, with a point`."""
    if whole and _THOUSANDS.fullmatch(text):
        return f"; write {text.replace(',', '')}, without a comma"
    found = None if whole else _COMMA.fullmatch(text)
    return f"; write {found[1]}.{found[2]}, with a point" if found else ""


def node_from_json(value: object, mark: Mark, report: Report, path: str = "") -> Node:
    """The tree of a value as `json.loads` returns it; every node stands at `mark`."""
    return _from_json(value, mark, report, path, 1)


def _from_json(value: Any, mark: Mark, report: Report, path: str, level: int) -> Node:
    if level > MOST_LEVELS and isinstance(value, Mapping | list | tuple):
        report.add(mark, path, f"nested more than {MOST_LEVELS} levels deep")
        return Flawed(mark)
    if isinstance(value, Mapping):
        return MapNode(
            mark,
            {
                str(key): (mark, _from_json(item, mark, report, join(path, str(key)), level + 1))
                for key, item in value.items()
            },
        )
    if isinstance(value, list | tuple):
        items = (
            _from_json(item, mark, report, join(path, str(number)), level + 1)
            for number, item in enumerate(value)
        )
        return ListNode(mark, tuple(items))
    return _scalar_from_json(value, mark, report, path)


def _scalar_from_json(value: object, mark: Mark, report: Report, path: str) -> Node:
    if isinstance(value, str):
        return Scalar(mark, value, value, plain=False)
    if value is None or isinstance(value, bool):
        return Scalar(mark, value, {None: "null", True: "true", False: "false"}[value])
    if isinstance(value, int):
        if abs(value) >= 10**MOST_DIGITS:
            return Scalar(mark, math.copysign(math.inf, value > 0 or -1), "an integer too large")
        return Scalar(mark, value, str(value))
    if isinstance(value, float):
        return Scalar(mark, value, repr(value))
    report.add(mark, path, f"must be a value of JSON, not of the type {type(value).__name__}")
    return Flawed(mark)


def marks_of(node: Node, path: str = "") -> dict[str, Mark]:
    """The place of every key and list item, by its path: `histogram.bins`, `width.2`."""
    found: dict[str, Mark] = {path: node.mark}
    children: Sequence[tuple[str, Node]] = ()
    if isinstance(node, MapNode):
        children = [(key, child) for key, (_, child) in node.entries.items()]
    elif isinstance(node, ListNode):
        children = [(str(number), child) for number, child in enumerate(node.items)]
    for key, child in children:
        found |= marks_of(child, join(path, key))
    return found
