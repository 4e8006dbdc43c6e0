"""Specs that describe several runs: variants side by side, times a sweep's grid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate, product
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from weightinit_cli.spec.names import composed, folder_of, safe, shortened, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from weightinit_cli.errors import Mark
    from weightinit_cli.spec.model import AnySpec
    from weightinit_cli.spec.nodes import Node


class Override(NamedTuple):
    """What stands at a path in one run, and where that was written."""

    path: str
    mark: Mark
    value: Node

    @property
    def plain(self) -> Any:
        """The value as JSON has it."""
        return plain(self.value)


class Variant(NamedTuple):
    """A named set of overrides."""

    name: str
    mark: Mark
    overrides: tuple[Override, ...]

    @property
    def paths(self) -> set[str]:
        """Every path that it sets."""
        return {each.path for each in self.overrides}


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
        varied = {path for variant in self.variants for path in variant.paths}
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

    def __init__(self, grid: Grid, build: Callable[..., AnySpec]) -> None:
        self.grid = grid
        self._build = build
        self._words = tuple(_words(grid))

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
        number %= len(self)
        variant, swept = self.grid.at(number)
        run, label = self._names(number)
        varied = tuple(_varied(variant, swept))
        return self._build(self.overrides(number), run=run, label=label, varied=varied)

    def __iter__(self) -> Iterator[AnySpec]:
        return (self[number] for number in range(len(self)))

    def overrides(self, number: int) -> tuple[Override, ...]:
        """What a run has of its own."""
        variant, swept = self.grid.at(number)
        return swept if variant is None else (*variant.overrides, *swept)

    @property
    def keys(self) -> set[str]:
        """The keys of the spec in which runs may differ."""
        return {path.partition(".")[0] for path in self.grid.paths}

    def first_of_each(self, keys: Collection[str]) -> Iterator[int]:
        """The number of the first run of each combination of what these keys hold.

        A key is a path of the spec, and holds all that lies below it.
        """
        return map(sum, product(*(places if here else (0,) for here, places in self._axes(keys))))

    def first_like(self, number: int, keys: Collection[str]) -> int:
        """The number of the first run for which these keys hold what they do in a run."""
        return sum(
            number % (places.step * len(places)) // places.step * places.step
            for here, places in self._axes(keys)
            if here
        )

    def like(self, number: int, keys: Collection[str]) -> Iterator[int]:
        """The numbers of the runs for which these keys hold what they do in a run."""
        fixed = []
        for here, places in self._axes(keys):
            step = places.step
            own = range(number % (step * len(places)) // step * step, number + 1)[:1]
            fixed.append(own if here else places)
        return map(sum, product(*fixed))

    def _axes(self, keys: Collection[str]) -> list[tuple[bool, range]]:
        """Of the variants and every axis: whether they touch these keys, what each place adds."""
        variants = {path for each in self.grid.variants for path in each.paths}
        touched = [variants] if self.grid.variants else []
        touched += [{axis[0].path} for axis in self.grid.axes]
        sizes = [len(words.labels) for words in self._words]
        steps = list(accumulate(reversed(sizes), mul, initial=1))[-2::-1]
        return [
            (
                any(overlap(path, key) for path in paths for key in keys),
                range(0, size * step, step),
            )
            for paths, size, step in zip(touched, sizes, steps, strict=True)
        ]

    def _names(self, number: int) -> tuple[str, str]:
        """The folder of a run, and what people are shown."""
        folders, labels = [], []
        for words in reversed(self._words):
            number, place = divmod(number, len(words.labels))
            folders.append(words.folders[place])
            labels.append(words.labels[place])
        return shortened(",".join(reversed(folders))), ",".join(reversed(labels))


def overlap(a: str, b: str) -> bool:
    """Whether two paths are one, or one lies below the other."""
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def expand(spec: AnySpec) -> Sequence[AnySpec]:
    """The runs that a spec describes, in order: itself alone without variants and sweep.

    Each has its folder's name in `run` and what was varied in `varied`; they are built as they
    are asked for, so that any number of them takes no memory.
    """
    return (spec,) if spec.runs is None else spec.runs


class _Words(NamedTuple):
    """What is said of each place on an axis: to people, and as a part of the folder's name."""

    labels: list[str]
    folders: list[str]


def _words(grid: Grid) -> Iterator[_Words]:
    """The words of the variants, if there are any, and of every axis.

    As the parts of a label hold no comma, labels are told apart where their parts are.
    """
    if grid.variants:
        names = [variant.name for variant in grid.variants]
        yield _Words(names, told_apart(safe(folder_of(name)) for name in names))
    for axis in grid.axes:
        path = axis[0].path
        words = [in_words(each.plain) for each in axis]
        numbers = [isinstance(each.plain, int | float) for each in axis]
        folders = [
            text if number else folder_of(text) for text, number in zip(words, numbers, strict=True)
        ]
        yield _Words(
            [f"{path}={text}" for text in told_apart(words)],
            [f"{path}={text}" for text in told_apart(folders)],
        )


def in_words(value: Any) -> str:
    """A value, short: `0.1`, `relu`; `normal-0.05` of a mapping, `100-50` of a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "-".join(map(in_words, value))
    if isinstance(value, dict):
        parts = (
            in_words(each) if "name" in value else f"{key}-{in_words(each)}"
            for key, each in sorted(value.items(), key=lambda entry: entry[0] != "name")
        )
        return "-".join(parts)
    return json.dumps(value)


def _varied(variant: Variant | None, swept: tuple[Override, ...]) -> Iterator[tuple[str, Any]]:
    if variant is not None:
        yield ("variant", variant.name)
    for each in swept:
        yield (each.path, each.plain)


def plain(node: Node) -> Any:
    """The node as JSON has it, text in one spelling."""
    from weightinit_cli.spec.nodes import ListNode, MapNode, Scalar

    if isinstance(node, MapNode):
        return {key: plain(child) for key, (_, child) in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(child) for child in node.items]
    value = node.value if isinstance(node, Scalar) else None
    return composed(value) if isinstance(value, str) else value
