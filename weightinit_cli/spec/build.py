"""Trees that share most of their nodes -> Specs: what a key holds is read once per node."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from weightinit_cli.spec.keys import hint
from weightinit_cli.spec.kinds import WRITTEN_PATTERN
from weightinit_cli.spec.model import LeftRange
from weightinit_cli.spec.names import slug
from weightinit_cli.spec.nodes import MapNode, Node, Report, marks_of, replaced, segment
from weightinit_cli.spec.ranges import owner_of_range
from weightinit_cli.spec.validate import build_spec, read_values
from weightinit_cli.spec.values import read_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.errors import Mark, Problem
    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.nodes import Entries
    from weightinit_cli.spec.values import Field

# Entries of the tree that differ between runs, kept for the next run.
MOST_KEPT = 20_000


class Builder:
    """Makes the specs of one tree and its overrides; those of a grid share nearly everything.

    `applied` are the overrides that the tree has already, and `written` it is without them.
    """

    def __init__(self, root: Node, stem: str, applied: Sequence[str], written: Node) -> None:
        self._root, self._applied, self._written = root, tuple(applied), written
        self._stem, self._name = stem, slug(stem, WRITTEN_PATTERN)
        self._shared: dict[str, tuple[Any, list[Problem]]] = {}
        self._read: dict[int, tuple[object, Any, list[Problem]]] = {}
        self._entries: dict[tuple[object, ...], tuple[MapNode, list[Problem]]] = {}
        self._marks: dict[int, tuple[Node, dict[str, Mark]]] = {}

    def build(
        self,
        overrides: Sequence[Entries] = (),
        report: Report | None = None,
        later_sources: Sequence[str] = (),
        **told: Any,
    ) -> AnySpec:
        """The spec with these overrides; `told` are fields that it has beside its keys.

        Raises SpecError for all that is wrong, also for what is in the report already.
        """
        report = report or Report()
        root, values = self._values(overrides, report)
        report.raise_if_any(later_sources)
        if values["name"] is None:
            told |= {"name": self._name, "stem": self._stem}
        told |= {"overrides": self._applied, "marks": self._marks_of(root)}
        other = owner_of_range(self._written, self._root, root)
        if other is not None:
            told["left_range"] = LeftRange(values["histogram"].range, other)
            values["histogram"] = replace(values["histogram"], range="auto")
        return build_spec(values, told)

    def problems(self, overrides: Sequence[Entries]) -> list[Problem]:
        """The problems of the spec with these overrides."""
        report = Report()
        self._values(overrides, report)
        return report.problems

    def _values(self, overrides: Sequence[Entries], report: Report) -> tuple[Node, dict[str, Any]]:
        root = self._root
        if overrides and isinstance(root, MapNode):
            root = self._tree(root, overrides, report)
        return root, read_values(root, report, self._read_fields)

    def _read_fields(
        self, fields: Mapping[str, Field], node: MapNode, report: Report
    ) -> dict[str, Any]:
        """The value of every key; those of the tree itself, and of each entry, are read once."""
        base = cast("MapNode", self._root)
        if not self._shared:
            for key in dict.fromkeys((*base.entries, *fields)):
                self._shared[key] = _read(key, fields, base)
        own = {
            key: entry for key, entry in node.entries.items() if base.entries.get(key) is not entry
        }
        values = {}
        for key, (value, problems) in self._shared.items():
            values[key] = value
            if key not in own:
                report.problems += problems
        for key, entry in own.items():
            known = self._read.get(id(entry))
            if known is None:
                if len(self._read) >= MOST_KEPT:
                    self._read.clear()
                # The entry is kept, lest another one gets its id.
                known = self._read[id(entry)] = entry, *_read(key, fields, node)
            values[key] = known[1]
            report.problems += known[2]
        return {key: values[key] for key in fields}

    def _tree(self, root: MapNode, overrides: Sequence[Entries], report: Report) -> MapNode:
        """The root with overrides; those of one key are applied together, once."""
        entries = dict(root.entries)
        by_key: dict[str, list[tuple[str, tuple[Mark, Node]]]] = {}
        for path, entry in chain.from_iterable(each.items() for each in overrides):
            by_key.setdefault(path.partition(".")[0], []).append((path, entry))
        for key, own in by_key.items():
            place = key, *(id(entry) for _, entry in own)
            if place not in self._entries:
                if len(self._entries) >= MOST_KEPT:
                    self._entries.clear()
                tree = MapNode(root.mark, {key: entries[key]} if key in entries else {})
                self._entries[place] = _overridden(tree, own)
            tree, problems = self._entries[place]
            report.problems += problems
            entries.update(tree.entries)
        return MapNode(root.mark, entries)

    def _marks_of(self, root: Node) -> dict[str, Mark]:
        """The place of every key, those of shared nodes taken from the last time."""
        if not isinstance(root, MapNode):
            return marks_of(root)
        found = {"": root.mark}
        for key, (_, child) in root.entries.items():
            known = self._marks.get(id(child))
            if known is None:
                if len(self._marks) >= MOST_KEPT:
                    self._marks.clear()
                known = self._marks[id(child)] = child, marks_of(child, segment(key))
            found |= known[1]
        return found


def _read(key: str, fields: Mapping[str, Field], node: MapNode) -> tuple[Any, list[Problem]]:
    """Read one key of a spec: the value that it holds, and the problems with it."""
    report = Report()
    return read_key(key, fields, node, "", report, hint), report.problems


def _overridden(
    tree: MapNode, overrides: Sequence[tuple[str, tuple[Mark, Node]]]
) -> tuple[MapNode, list[Problem]]:
    report = Report()
    node: Node = tree
    for path, (mark, value) in overrides:
        node = replaced(node, path.split("."), "", value, mark, report)
    return cast("MapNode", node), report.problems
