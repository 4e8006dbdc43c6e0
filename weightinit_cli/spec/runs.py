"""Specs that describe several runs: variants side by side, times a sweep's grid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, product
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from weightinit_cli.errors import counted
from weightinit_cli.spec.names import composed, folder_of, safe, shortened, told_apart
from weightinit_cli.spec.nodes import (
    MOST_LEVELS,
    Flawed,
    ListNode,
    MapNode,
    Node,
    Scalar,
    join,
    quote,
    report_wrong,
)
from weightinit_cli.spec.values import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from weightinit_cli.errors import Mark
    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.nodes import Entries, Report

VARIANTS, SWEEP = "variants", "sweep"
# What all runs of a spec share: the folder that they are written to, and what they record.
SHARED = ("name", "experiment", VARIANTS, SWEEP)


class Place(NamedTuple):
    """A variant, or one value of a sweep, with what its runs have of their own.

    `label` is what people are shown, `folder` the part of a run's folder name, and `varied` what
    the runs differ in, with its value. `overrides` are what stands at paths of the spec in these
    runs, each with the place where that was written.
    """

    label: str
    folder: str
    varied: tuple[str, Any]
    overrides: Entries


Axis = tuple[Place, ...]


class Runs(Sequence["AnySpec"]):
    """The runs of a spec, variants × sweep, each built and checked when it is asked for.

    The sweep has an axis for each of its paths. Its last path changes fastest, the variant slowest.
    """

    def __init__(
        self, variants: Axis, sweep: tuple[Axis, ...], build: Callable[..., AnySpec]
    ) -> None:
        self.variants = variants
        self._build = build
        self._axes = (variants, *sweep) if variants else sweep
        self._paths = [paths_of(axis) for axis in self._axes]

    def __len__(self) -> int:
        return prod(map(len, self._axes))

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'run')} of {self[0].name}>"

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
        number %= len(self)
        places = self._places(number)
        return self._build(
            self.overrides(number),
            run=shortened(",".join(place.folder for place in places)),
            label=",".join(place.label for place in places),
            varied=tuple(place.varied for place in places),
        )

    def __iter__(self) -> Iterator[AnySpec]:
        return (self[number] for number in range(len(self)))

    def overrides(self, number: int) -> tuple[Entries, ...]:
        """The overrides that make a run of the tree that all runs share, place by place."""
        return tuple(place.overrides for place in self._places(number))

    @property
    def axes(self) -> list[tuple[str, tuple[Any, ...]]]:
        """What is varied, the variants first, each with its values in their order."""
        return [
            (axis[0].varied[0], tuple(place.varied[1] for place in axis)) for axis in self._axes
        ]

    @property
    def keys(self) -> set[str]:
        """The keys of the spec in which runs may differ."""
        return {path.partition(".")[0] for paths in self._paths for path in paths}

    def first_of_each(self, keys: Collection[str]) -> Iterator[int]:
        """The number of the first run of each combination of what these keys hold.

        A key is a path of the spec, and holds all that lies below it.
        """
        return map(sum, product(*(places if here else (0,) for here, places in self._steps(keys))))

    def first_like(self, number: int, keys: Collection[str]) -> int:
        """The number of the first run for which these keys hold what they do in a run."""
        return sum(
            number % (places.step * len(places)) // places.step * places.step
            for here, places in self._steps(keys)
            if here
        )

    def like(self, number: int, keys: Collection[str]) -> Iterator[int]:
        """The numbers of the runs for which these keys hold what they do in a run."""
        fixed = []
        for here, places in self._steps(keys):
            step = places.step
            own = range(number % (step * len(places)) // step * step, number + 1)[:1]
            fixed.append(own if here else places)
        return map(sum, product(*fixed))

    def _places(self, number: int) -> tuple[Place, ...]:
        """The place of a run on every axis."""
        places = []
        for axis in reversed(self._axes):
            number, place = divmod(number, len(axis))
            places.append(axis[place])
        return tuple(reversed(places))

    def _steps(self, keys: Collection[str]) -> list[tuple[bool, range]]:
        """Whether each axis touches these keys, and what its places add to a run's number."""
        axes = self._axes
        steps = list(accumulate(map(len, reversed(axes)), mul, initial=1))[-2::-1]
        return [
            (
                any(overlap(_of_any_layer(path), key) for path in paths for key in keys),
                range(0, len(axis) * step, step),
            )
            for axis, paths, step in zip(axes, self._paths, steps, strict=True)
        ]


def _of_any_layer(path: str) -> str:
    """The path without numbers of layers: `initializer.0.std` is a kind of `initializer.std`."""
    return ".".join(part for part in path.split(".") if not part.isdigit())


def overlap(a: str, b: str) -> bool:
    """Whether two paths are one, or one lies below the other."""
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def variants_type(written: str) -> ValueType:
    """Names, each with the values that it puts at paths of the spec.

    `written` is the pattern of the files that winit writes beside the runs' folders.
    """
    return ValueType(partial(_read_variants, written), lambda: _mapping_of({"type": "object"}))


def sweep_type() -> ValueType:
    """Paths of the spec, each with the list of values that it takes."""
    return ValueType(_read_sweep, lambda: _mapping_of({"type": "array", "minItems": 1}))


def read_axes(
    root: MapNode, report: Report, written: str
) -> tuple[MapNode, Axis, tuple[Axis, ...]]:
    """The tree without `variants` and `sweep`, and both; empty where there are none, or none right.

    The sweep has an axis for each of its paths. `written` is as in `variants_type`.
    """
    entries = {key: entry for key, entry in root.entries.items() if key not in (VARIANTS, SWEEP)}
    variants: Axis = ()
    sweep: tuple[Axis, ...] = ()
    if VARIANTS in root.entries:
        variants = _read_variants(written, root.entries[VARIANTS][1], VARIANTS, report)
    if SWEEP in root.entries:
        sweep = _read_sweep(root.entries[SWEEP][1], SWEEP, report)
    return MapNode(root.mark, entries), variants, sweep


def _read_variants(written: str, node: Node, path: str, report: Report) -> Axis:
    """The variants in their order; what is wrong is reported."""
    if not isinstance(node, MapNode) or not node.entries:
        report_wrong(report, node, path, "a mapping of names, each with a mapping of overrides")
        return ()
    found: dict[str, Entries] = {}
    for name, (mark, child) in node.entries.items():
        below = join(path, name)
        if composed(name) in found:
            report.add(mark, below, "the same name as another, spelt with other accents")
        elif not name.strip():
            report.add(mark, path, f"a variant needs a name, not {quote(name)}")
        elif not isinstance(child, MapNode):
            report_wrong(report, child, below, "a mapping of overrides, path: value")
        else:
            found[composed(name)] = {
                each: entry
                for each, entry in child.entries.items()
                if _fits(each, entry[0], below, report)
            }
    folders = told_apart(safe(folder_of(name), written) for name in found)
    return tuple(
        Place(name, folder, ("variant", name), overrides)
        for (name, overrides), folder in zip(found.items(), folders, strict=True)
    )


def _read_sweep(node: Node, path: str, report: Report) -> tuple[Axis, ...]:
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
            _refuse_equal(child.items, below, report)
            axes.append(_axis(key, child.items))
    return tuple(axes)


def _axis(path: str, nodes: Sequence[Node]) -> Axis:
    """The places of a sweep's path; as the parts of a label hold no comma, they are told apart."""
    values = [_plain(node) for node in nodes]
    labels = [_in_words(value) for value in values]
    folders = [
        label if isinstance(value, int | float) else folder_of(label)
        for label, value in zip(labels, values, strict=True)
    ]
    words = zip(told_apart(labels), told_apart(folders), values, nodes, strict=True)
    return tuple(
        Place(f"{path}={label}", f"{path}={folder}", (path, value), {path: (node.mark, node)})
        for label, folder, value, node in words
    )


def paths_of(axis: Axis) -> set[str]:
    """Every path that a place of the axis sets."""
    return {path for place in axis for path in place.overrides}


def _mapping_of(values: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a mapping that is not empty."""
    return {"type": "object", "minProperties": 1, "additionalProperties": values}


def _refuse_equal(nodes: Sequence[Node], path: str, report: Report) -> None:
    """See that no value stands on an axis twice."""
    former: dict[str, Node] = {}
    for node in nodes:
        value = _plain(node)
        first = former.setdefault(json.dumps(value), node)
        if first is not node and not isinstance(node, Flawed):
            report.add(node.mark, path, f"{_in_words(value)} stands in this list twice")


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


def _in_words(value: Any) -> str:
    """A value, short: `0.1`, `relu`; `normal-0.05` of a mapping, `100-50` of a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "-".join(map(_in_words, value))
    if isinstance(value, dict):
        parts = (
            _in_words(each) if "name" in value else f"{key}-{_in_words(each)}"
            for key, each in sorted(value.items(), key=lambda entry: entry[0] != "name")
        )
        return "-".join(parts)
    return json.dumps(value)


def _plain(node: Node) -> Any:
    """The node as JSON has it, text in one spelling."""
    if isinstance(node, MapNode):
        return {key: _plain(child) for key, (_, child) in node.entries.items()}
    if isinstance(node, ListNode):
        return [_plain(child) for child in node.items]
    value = node.value if isinstance(node, Scalar) else None
    return composed(value) if isinstance(value, str) else value
