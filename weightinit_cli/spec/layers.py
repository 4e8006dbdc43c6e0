"""What may differ from layer to layer: one component for all, a list, or single layers apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.spec.nodes import ListNode, MapNode, Node, Report, Scalar, join, report_wrong
from weightinit_cli.spec.values import MOST_LAYERS, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.model import Component, PerLayer
    from weightinit_cli.spec.nodes import Entries

# The keys of a spec that hold components, which may differ between layers.
COMPONENT_KEYS: Final = ("activation", "initializer", "bias")

_NUMBER = re.compile(rf"0|[1-9][0-9]{{,{len(str(MOST_LAYERS)) - 1}}}")


@dataclass(frozen=True, slots=True)
class Apart:
    """One component for all layers but a few, which are `apart` by their numbers from 0."""

    of_all: Component
    apart: dict[int, Component]


def of_layers(one: ValueType) -> ValueType:
    """A component for all layers, or a list with one per layer; `one` is the type of each.

    A mapping may have numbers of layers, from 0, beside its parameters: what these have otherwise,
    `{name: normal, std: 1, 0: {std: 30}}`. So an override of `initializer.0.std` means the same
    where one initializer is that of all layers and where each has its own.
    """

    def read(node: Node, path: str, report: Report) -> Any:
        if isinstance(node, ListNode):
            return _items(one, node, path, report)
        apart = dict(layers_apart(node))
        if not (isinstance(node, MapNode) and apart):
            return one.read(node, path, report)
        rest = {key: entry for key, entry in node.entries.items() if key not in map(str, apart)}
        of_all = one.read(MapNode(node.mark, rest), path, report)
        if of_all is None:
            return None
        own = {
            number: one.read(_with(rest, child), join(path, str(number)), report)
            for number, child in apart.items()
        }
        return None if None in own.values() else Apart(of_all, own)

    def schema() -> dict[str, Any]:
        item = one.schema()
        many = {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_LAYERS}
        numbers = {f"^({_NUMBER.pattern})$": {"type": ["string", "object"]}}
        alone = [
            {**option, "patternProperties": numbers} if "properties" in option else option
            for option in item["anyOf"]
        ]
        return {"anyOf": [*alone, many]}

    return ValueType(read, schema)


def layers_apart(node: Node) -> Iterator[tuple[int, Node]]:
    """The numbers of layers among a component's keys, each with what that layer has otherwise.

    A number with nothing is none: it is what follows a comma, where a point was meant.
    """
    for key, (_, child) in node.entries.items() if isinstance(node, MapNode) else ():
        empty = isinstance(child, Scalar) and child.value is None
        if _NUMBER.fullmatch(key) and not empty:
            yield int(key), child


def differ_by_layer(root: Node, overrides: Iterable[Entries]) -> bool:
    """Whether components may differ between layers, in the tree or with some of the overrides."""
    trees = [root.entries] if isinstance(root, MapNode) else []
    return any(
        path.split(".")[0] in COMPONENT_KEYS
        and (isinstance(node, ListNode) or _names_layer(path) or any(layers_apart(node)))
        for entries in (*trees, *overrides)
        for path, (_, node) in entries.items()
    )


def _names_layer(path: str) -> bool:
    return any(map(_NUMBER.fullmatch, path.split(".")[1:2]))


def different(given: PerLayer) -> tuple[Component, ...]:
    """The components that layers have, each once."""
    return tuple(dict.fromkeys(given)) if isinstance(given, tuple) else (given,)


def initializers_of_weights(spec: AnySpec) -> tuple[Component, ...]:
    """Every initializer of weights in a spec, once: of layers, branches and an output layer."""
    beside = (getattr(spec, key, None) for key in ("residual", "output"))
    others = (each.initializer for each in beside if each is not None)
    every = (*different(spec.initializer), *others)
    return tuple(dict.fromkeys(each for each in every if each is not None))


def alike(components: Sequence[Component]) -> PerLayer:
    """The one that all of several components are, or one per layer."""
    return components[0] if len(set(components)) == 1 else tuple(components)


def _items(one: ValueType, node: ListNode, path: str, report: Report) -> Any:
    if not 0 < len(node.items) <= MOST_LAYERS:
        expected = f"a name, a mapping, or a list of 1 to {MOST_LAYERS} of them, one per layer"
        report_wrong(report, node, path, expected)
        return None
    items = [
        one.read(child, join(path, str(number)), report) for number, child in enumerate(node.items)
    ]
    return None if None in items else tuple(items)


def _with(rest: dict[str, Any], child: Node) -> Node:
    """What a layer apart has: the parameters of all layers' with its own, or a name of its own."""
    if isinstance(child, MapNode) and "name" not in child.entries:
        return MapNode(child.mark, {**rest, **child.entries})
    return child
