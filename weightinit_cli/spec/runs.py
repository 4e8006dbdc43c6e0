"""Specs that describe several runs: variants side by side, times a sweep's grid."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.errors import Mark
    from weightinit_cli.spec.model import AnySpec
    from weightinit_cli.spec.nodes import Node

LONGEST_LABEL = 80
DIGEST_DIGITS = 12


class Override(NamedTuple):
    """What stands at a path in one run, and where that was written."""

    path: str
    mark: Mark
    value: Node


class Variant(NamedTuple):
    """A named set of overrides."""

    name: str
    mark: Mark
    overrides: tuple[Override, ...]


class Grid(NamedTuple):
    """Variants × sweep, as they were read."""

    variants: tuple[Variant, ...]
    axes: tuple[tuple[Override, ...], ...]

    @property
    def size(self) -> int:
        """How many runs there are."""
        return max(len(self.variants), 1) * prod(map(len, self.axes))

    @property
    def paths(self) -> set[str]:
        """Every path that a variant or the sweep sets."""
        varied = {each.path for variant in self.variants for each in variant.overrides}
        return varied | {axis[0].path for axis in self.axes}

    def at(self, number: int) -> tuple[Variant | None, tuple[Override, ...]]:
        """The variant and the sweep's overrides of a run; the sweep's last path changes fastest."""
        swept = []
        for axis in reversed(self.axes):
            number, place = divmod(number, len(axis))
            swept.append(axis[place])
        return self.variants[number] if self.variants else None, tuple(reversed(swept))


class Runs(Sequence["AnySpec"]):
    """The runs of a spec, in order, each built and checked when it is asked for.

    The sweep's last path changes fastest, the variant slowest.
    """

    def __init__(self, grid: Grid, build: Callable[[tuple[Override, ...]], AnySpec]) -> None:
        self.grid = grid
        self._build = build

    def __len__(self) -> int:
        return self.grid.size

    @overload
    def __getitem__(self, number: int) -> AnySpec: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[AnySpec]: ...

    def __getitem__(self, number: int | slice) -> AnySpec | Sequence[AnySpec]:
        """The run of this number, from 0. Raises SpecError where it is not valid."""
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        variant, swept = self.grid.at(number % len(self))
        overrides = () if variant is None else variant.overrides
        spec = self._build((*overrides, *swept))
        return spec.as_run(_label(variant, swept, spec), tuple(_varied(variant, swept)))

    def __iter__(self) -> Iterator[AnySpec]:
        return (self[number] for number in range(len(self)))


def expand(spec: AnySpec) -> Sequence[AnySpec]:
    """The runs that a spec describes, in order: itself alone without variants and sweep.

    Each has its folder's name in `run` and what was varied in `varied`; they are built as they
    are asked for, so that any number of them takes no memory.
    """
    return (spec,) if spec.runs is None else spec.runs


def _label(variant: Variant | None, swept: tuple[Override, ...], spec: AnySpec) -> str:
    """The folder of a run: the variant's slug and `path=value` pairs, or digits of the digest."""
    from weightinit_cli.spec.normal import digest

    values = [_value(each.value) for each in swept]
    parts = [] if variant is None else [_slug(variant.name)]
    parts += [
        f"{each.path}={_slug(value if isinstance(value, str) else json.dumps(value))}"
        for each, value in zip(swept, values, strict=True)
    ]
    label = ",".join(parts)
    scalars = not any(isinstance(value, list | dict) for value in values)
    named = all(part and not part.endswith("=") for part in parts)
    if scalars and named and len(label) <= LONGEST_LABEL:
        return label
    return digest(spec)[:DIGEST_DIGITS]


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-. ")


def _varied(variant: Variant | None, swept: tuple[Override, ...]) -> Iterator[tuple[str, Any]]:
    if variant is not None:
        yield ("variant", variant.name)
    for each in swept:
        yield (each.path, _value(each.value))


def _value(node: Node) -> Any:
    """The node as JSON has it."""
    from weightinit_cli.spec.nodes import ListNode, MapNode, Scalar

    if isinstance(node, MapNode):
        return {key: _value(child) for key, (_, child) in node.entries.items()}
    if isinstance(node, ListNode):
        return [_value(child) for child in node.items]
    return node.value if isinstance(node, Scalar) else None
