"""`--set path=value`: a value that replaces what stands at a path of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.errors import Mark, SpecError, printable
from weightinit_cli.spec.grid import SWEEP, VARIANTS
from weightinit_cli.spec.nodes import (
    MOST_LEVELS,
    Flawed,
    ListNode,
    MapNode,
    Node,
    Scalar,
    describe,
)
from weightinit_cli.spec.parse import parse_yaml
from weightinit_cli.spec.report import ECHO_LENGTH, Report, join, segment
from weightinit_cli.spec.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence


def source_of(override: str) -> str:
    """How an override is named in messages: as it was typed, on one line, shortened."""
    shown = printable(override)
    if len(shown) > ECHO_LENGTH:
        shown = f"{shown[: ECHO_LENGTH - 3]}..."
    return f"--set {shown}"


def apply_overrides(root: Node, overrides: Sequence[str], report: Report) -> Node:
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
            value = _value(text, mark, report)
            root = replaced(root, keys, "", value, mark, report)
    return root


def _value(text: str, mark: Mark, report: Report) -> Node:
    try:
        clean = decode(text, mark.source)
    except SpecError as error:
        report.add(mark, "", error.problems[0].message)
        return Flawed(mark)
    node = parse_yaml(clean, lambda _line, _column: mark, report)
    return Scalar(mark, None, "") if node is None else node


def replaced(
    node: Node, keys: Sequence[str], path: str, value: Node, mark: Mark, report: Report
) -> Node:
    """`node` with `value` at the path `keys` below it; `path` is its own."""
    if not keys:
        return value
    key, below = keys[0], join(path, keys[0])
    if isinstance(node, Scalar) and isinstance(node.value, str) and path:
        node = MapNode(node.mark, {"name": (node.mark, node)})
    if isinstance(node, MapNode):
        key_mark, child = node.entries.get(key, (mark, MapNode(mark, {})))
        new = replaced(child, keys[1:], below, value, mark, report)
        return MapNode(node.mark, {**node.entries, key: (key_mark, new)})
    if isinstance(node, ListNode):
        if not (key.isascii() and key.isdigit() and len(key) < 7 and int(key) < len(node.items)):
            count = len(node.items)
            message = f"has items 0 to {count - 1}, no {segment(key)}" if count else "has no items"
            report.add(mark, path, message)
            return node
        items = list(node.items)
        items[int(key)] = replaced(items[int(key)], keys[1:], below, value, mark, report)
        return ListNode(node.mark, tuple(items))
    if not isinstance(node, Flawed):
        report.add(mark, path, f"is {describe(node)}, which holds no {segment(key)}")
    return node
