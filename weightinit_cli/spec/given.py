"""Specs from Python: of a mapping of keys, or of whatever else stands for a spec."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Final, cast, overload

from weightinit_cli.errors import Mark, Problem, SpecError
from weightinit_cli.spec.components import table_of
from weightinit_cli.spec.kinds import ACTIVATION, AnySpec, Spec, SymmetrySpec, TrainingSpec
from weightinit_cli.spec.load import load_spec, spec_from_tree
from weightinit_cli.spec.model import Component
from weightinit_cli.spec.nodes import (
    MOST_LEVELS,
    Flawed,
    ListNode,
    MapNode,
    Node,
    Report,
    Scalar,
    join,
    node_from_json,
)

SpecLike = AnySpec | Mapping[str, Any] | str | os.PathLike[str]
ActivationLike = Component | Mapping[str, Any] | str | Callable[..., Any]

# Values within one mapping, those counted twice that stand in it twice.
MOST_VALUES: Final = 1 << 18
# Who takes a function of one's own, by the key at which one was given.
_TAKES_FUNCTION: Final = {"initializer": "weights", "bias": "biases"}


@overload
def spec_of(given: Spec, *, name: str = ...) -> Spec: ...


@overload
def spec_of(given: SymmetrySpec, *, name: str = ...) -> SymmetrySpec: ...


@overload
def spec_of(given: TrainingSpec, *, name: str = ...) -> TrainingSpec: ...


@overload
def spec_of(given: SpecLike, *, name: str = ...) -> AnySpec: ...


def spec_of(given: SpecLike, *, name: str = "spec") -> AnySpec:
    """Make a checked spec of whatever stands for one.

    `given` is a mapping whose keys, and those within them, are those of a YAML file; the path of
    such a file, or the bare name of a shipped config; a spec is returned as it is. A mapping that
    has no `name` is called `name`, in messages too. Its values may be tuples, ranges, paths, and
    numpy's scalars. Every call that takes a spec takes these, too.

    Raises SpecError for all that is wrong, each with the path of its key.

    Example:
        >>> import weightinit_cli as winit
        >>> keys = {"activation": "tanh", "initializer": {"name": "normal", "std": 1}}
        >>> spec = winit.spec_of(keys)
        >>> spec.width, spec.initializer.arguments["std"]
        ((100, 100, 100, 100, 100), 1.0)
        >>> winit.spec_of({**keys, "widht": 50, "seed": -1})
        Traceback (most recent call last):
        weightinit_cli.errors.SpecError: spec: widht: unknown key; did you mean 'width'?
        spec: seed: must be a whole number from 0 to 18446744073709551615, not -1
    """
    if isinstance(given, AnySpec):
        return given
    if isinstance(given, str | os.PathLike) and isinstance(os.fspath(given), str):
        return load_spec(given)
    report = Report()
    if isinstance(given, Mapping):
        return spec_from_tree(_Reader(Mark(name), report).node(given, ""), name, (), report)
    held = isinstance(getattr(given, "spec", None), Mapping)
    hint = "; its .spec is such a mapping" if held else ""
    message = (
        "must be a spec, a mapping of its keys, or the path or name of a config, "
        f"not of the type {type(given).__name__}{hint}"
    )
    raise SpecError([Problem(Mark(name), "", message)])


def activation_of(given: ActivationLike) -> Component:
    """Read an activation as a mapping has it: a name, a registered function, or a mapping of them.

    Raises SpecError for all that is wrong.
    """
    report = Report()
    node = _Reader(Mark("phase"), report).node(given, "activation")
    component = ACTIVATION.read(node, "activation", report)
    report.raise_if_any()
    return cast("Component", component)


@overload
def expand(given: Spec) -> Sequence[Spec]: ...


@overload
def expand(given: SpecLike) -> Sequence[AnySpec]: ...


def expand(given: SpecLike) -> Sequence[AnySpec]:
    """List the runs that a spec describes, in order: itself alone without variants and sweep.

    Each has its folder's name in `run` and what was varied in `varied`; they are built as they
    are asked for, so that any number of them takes no memory. `given` is as in `spec_of`, and so
    are the errors.

    Example:
        >>> import weightinit_cli as winit
        >>> keys = {"activation": "relu", "initializer": "he_normal", "sweep": {"width": [50, 99]}}
        >>> [each.width[0] for each in winit.expand(keys)]
        [50, 99]
    """
    spec = spec_of(given)
    return (spec,) if spec.runs is None else spec.runs


def one_run_of(given: SpecLike, call: str) -> AnySpec:
    """Make the spec of a single run, for a call of this name.

    Raises SpecError as `spec_of`; ValueError where there are several runs, with what does them.
    """
    spec = spec_of(given)
    if spec.runs is None:
        return spec
    every = f"[{call}(each) for each in expand(spec)]"
    instead = f"compare({every})" if call == "run" else every
    raise ValueError(f"{spec.name} describes {len(spec.runs):,} runs; {instead} does them all")


class _Reader:
    """Makes the tree of a value of Python; every node stands at one mark, known by its path."""

    def __init__(self, mark: Mark, report: Report) -> None:
        self._mark, self._report = mark, report
        self._around: list[int] = []
        self._left = MOST_VALUES

    def node(self, value: object, path: str) -> Node:
        """The tree of a value; what no spec can hold goes to the report."""
        if isinstance(value, Component):
            value = {"name": value.name, **value.arguments}
        if isinstance(value, Mapping | list | tuple | range):
            return self._held(value, path)
        if callable(value):
            value = _registered(value, path) or value
        plain = _plain(value)
        if plain is None and value is not None:
            return self._wrong(path, _unusable(value, path))
        node = node_from_json(plain, self._mark, self._report, path)
        named = plain is None or isinstance(plain, bool)
        return node._replace(text=str(plain)) if named and isinstance(node, Scalar) else node

    def _held(self, value: Mapping[Any, Any] | Sequence[Any], path: str) -> Node:
        """The tree of a mapping or a list, which may be within itself or within many others."""
        if id(value) in self._around:
            return self._wrong(path, "contains itself")
        if len(self._around) >= MOST_LEVELS:
            return self._wrong(path, f"nested more than {MOST_LEVELS} levels deep")
        if self._left < 0:
            return Flawed(self._mark)
        self._left -= _length(value)
        if self._left < 0:
            return self._wrong("", f"holds more than {MOST_VALUES:,} values")
        self._around.append(id(value))
        if isinstance(value, Mapping):
            node = self._mapping(value, path)
        else:
            items = (self.node(item, join(path, str(place))) for place, item in enumerate(value))
            node = ListNode(self._mark, tuple(items))
        self._around.pop()
        return node

    def _mapping(self, mapping: Mapping[Any, Any], path: str) -> Node:
        entries: dict[str, tuple[Mark, Node]] = {}
        for key, value in mapping.items():
            text = _plain(key)
            if isinstance(text, str):
                entries[text] = self._mark, self.node(value, join(path, text))
            else:
                shown = key if key is None or text is not None else type(key).__name__
                self._wrong(path, f"keys must be text, not {shown}")
        return MapNode(self._mark, entries) if entries or not mapping else Flawed(self._mark)

    def _wrong(self, path: str, message: str) -> Flawed:
        self._report.add(self._mark, path, message)
        return Flawed(self._mark)


def _registered(function: Callable[..., object], path: str) -> str | None:
    """The name that a plug-in's function is registered under, where its key takes such names."""
    *_, key = _without_layer(path.removesuffix(".name")).split(".")
    table = table_of(key)
    return None if table is None else table.name_of(function)


def _without_layer(path: str) -> str:
    """The path of what layers may differ in, without a layer's number."""
    return re.sub(r"\.\d+$", "", path)


def _plain(value: Any) -> str | int | float | bool | None:
    """A value as JSON has it, of Python's own type; None also where it has none.

    An array without axes, as libraries give single numbers, is its only value.
    """
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return None if _is_broken(value) else str.__str__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, os.PathLike):
        return _plain(os.fspath(value))
    return None


def _is_broken(text: str) -> bool:
    """Whether a text has halves of characters, which no file can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _unusable(value: object, path: str) -> str:
    """What to say of a value that no spec can hold."""
    kind = type(value).__name__
    if callable(value):
        taker, key = _TAKES_FUNCTION.get(path), _without_layer(path)
        hint = f"; run(spec, {taker}=fn) takes a function of your own" if taker else ""
        if table_of(key) is not None:
            hint += f"; @weightinit_cli.{key} gives a function a name"
        return f"must be a value, not the function {getattr(value, '__name__', kind)}{hint}"
    if isinstance(value, str):
        return "must be text that can be written to a file, without halves of characters"
    if isinstance(value, set | frozenset):
        return "must be a list, not a set, which has no order"
    if hasattr(value, "tolist"):
        return (
            f"must be a list, not {'an array' if kind == 'ndarray' else kind}; .tolist() makes one"
        )
    return f"must be text, a number, True, False, a list or a mapping, not of the type {kind}"


def _length(value: Mapping[Any, Any] | Sequence[Any]) -> int:
    try:
        return len(value)
    except OverflowError:  # of a range
        return MOST_VALUES + 1
