"""The range of the histogram, which is written for one activation and may cut another's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.spec.components import activations
from weightinit_cli.spec.layers import layers_apart
from weightinit_cli.spec.nodes import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from weightinit_cli.spec.nodes import Node


def owner_of_range(written: Node, with_set: Node, run: Node) -> str | None:
    """The activation for which a run's range was written, where the run has another one.

    `written` is the spec's tree as it stands in the file, `with_set` that with what `--set` gives
    all runs, `run` that with the run's variant and values of the sweep. What is set last applies
    last, so a range is for the activation that stands there once it is written: by `--set` for the
    run's own, by a variant or the sweep for the file's or theirs, in the file for the file's. Only
    another name makes another activation: runs that differ in its parameters are compared over one
    range. A range of words (auto, per_layer) is nobody's.
    """
    range_ = _pinned_range(run)
    if range_ is None or (
        range_ is _pinned_range(with_set) and range_ is not _pinned_range(written)
    ):
        return None
    owner = _activation(written)
    own = _activation(run if range_ is _pinned_range(written) else with_set)
    return None if owner is None or own is None or owner == own else owner


def _pinned_range(root: Node) -> ListNode | None:
    """The two numbers that are written as the range, if that is so."""
    found = _below(_below(root, "histogram"), "range")
    return found if isinstance(found, ListNode) else None


def _activation(root: Node) -> str | None:
    """The name of the activation, or of those that layers have, aliases resolved."""
    node = _below(root, "activation")
    if node is None:
        return None
    if isinstance(node, ListNode):
        names = list(map(_name, node.items))
    else:
        names = [_name(node), *(_name(own) for _, own in layers_apart(node) if _named(own))]
    known = [name for name in names if name is not None]
    return " / ".join(dict.fromkeys(known)) if len(known) == len(names) else None


def _name(node: Node | None) -> str | None:
    named = _named(node)
    option = None if named is None else activations().get(str(named.value))
    return None if option is None else option.canonical


def _named(node: Node | None) -> Scalar | None:
    """The node of a component's name."""
    named = node if isinstance(node, Scalar) else _below(node, "name")
    return named if isinstance(named, Scalar) else None


def _below(node: Node | None, key: str) -> Node | None:
    """What stands at a key of a mapping."""
    entry = node.entries.get(key) if isinstance(node, MapNode) else None
    return None if entry is None else entry[1]
