"""`variants` and `sweep` in a spec's tree -> a Grid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weightinit_cli.spec.names import composed
from weightinit_cli.spec.nodes import (
    MOST_LEVELS,
    Flawed,
    ListNode,
    MapNode,
    Node,
    join,
    quote,
    report_wrong,
)
from weightinit_cli.spec.runs import Grid, Override, Variant, in_words

if TYPE_CHECKING:
    from weightinit_cli.errors import Mark
    from weightinit_cli.spec.nodes import Report

VARIANTS, SWEEP = "variants", "sweep"
# What all runs of a spec share: the folder that they are written to, and what they record.
SHARED = ("name", "experiment", VARIANTS, SWEEP)


class Variants:
    """Names, each with the values that it puts at paths of the spec."""

    def read(self, node: Node, path: str, report: Report) -> tuple[Variant, ...] | None:
        """The variants in their order, or None after reporting what is wrong."""
        if not isinstance(node, MapNode) or not node.entries:
            report_wrong(report, node, path, "a mapping of names, each with a mapping of overrides")
            return None
        found: list[Variant] = []
        for name, (mark, child) in node.entries.items():
            below = join(path, name)
            if composed(name) in (variant.name for variant in found):
                report.add(mark, below, "the same name as another, spelt with other accents")
            elif not name.strip():
                report.add(mark, path, f"a variant needs a name, not {quote(name)}")
            elif not isinstance(child, MapNode):
                report_wrong(report, child, below, "a mapping of overrides, path: value")
            else:
                found.append(Variant(composed(name), mark, _overrides(child, below, report)))
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        """A mapping of mappings."""
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "object"},
        }


class Sweep:
    """Paths of the spec, each with the list of values that it takes."""

    def read(self, node: Node, path: str, report: Report) -> tuple[tuple[Override, ...], ...]:
        """An axis per path, in their order; what is wrong is reported."""
        if not isinstance(node, MapNode) or not node.entries:
            report_wrong(report, node, path, "a mapping of paths, each with a list of values")
            return ()
        axes = []
        for key, (mark, child) in node.entries.items():
            below = join(path, key)
            if not isinstance(child, ListNode) or not child.items:
                report_wrong(report, child, below, "a list of values")
            elif _fits(key, mark, path, report):
                axis = tuple(Override(key, item.mark, item) for item in child.items)
                _refuse_equal(axis, below, report)
                axes.append(axis)
        return tuple(axes)

    def schema(self) -> dict[str, Any]:
        """A mapping of lists."""
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1},
        }


def read_grid(root: MapNode, report: Report) -> tuple[MapNode, Grid | None]:
    """Take `variants` and `sweep` out of the tree; None where there are none, or none is right."""
    entries = {key: entry for key, entry in root.entries.items() if key not in (VARIANTS, SWEEP)}
    variants: tuple[Variant, ...] | None = ()
    axes: tuple[tuple[Override, ...], ...] = ()
    if VARIANTS in root.entries:
        variants = Variants().read(root.entries[VARIANTS][1], VARIANTS, report)
    if SWEEP in root.entries:
        axes = Sweep().read(root.entries[SWEEP][1], SWEEP, report)
    grid = Grid(variants or (), axes) if variants or axes else None
    return MapNode(root.mark, entries), grid


def _refuse_equal(axis: tuple[Override, ...], path: str, report: Report) -> None:
    """See that no value stands on an axis twice."""
    former: dict[str, Override] = {}
    for each in axis:
        first = former.setdefault(json.dumps(each.plain), each)
        if first is not each and not isinstance(each.value, Flawed):
            report.add(each.mark, path, f"{in_words(each.plain)} stands in this list twice")


def _overrides(node: MapNode, path: str, report: Report) -> tuple[Override, ...]:
    return tuple(
        Override(key, mark, child)
        for key, (mark, child) in node.entries.items()
        if _fits(key, mark, path, report)
    )


def _fits(key: str, mark: Mark, path: str, report: Report) -> bool:
    """Whether a key is the path of something that runs may differ in."""
    keys = key.split(".")
    if not all(part.strip() for part in keys):
        message = f"must be the path of a key, such as initializer.std, not {quote(key)}"
        report.add(mark, path, message)
        return False
    if len(keys) > MOST_LEVELS:
        report.add(mark, path, f"a path of more than {MOST_LEVELS} keys, {quote(key)}")
        return False
    if keys[0] in SHARED:
        report.add(mark, join(path, key), "cannot be varied: all runs of a spec share it")
        return False
    return True
