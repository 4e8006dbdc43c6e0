"""What a key of the spec may hold: every type of value reads a node and has a JSON Schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.parameters import REQUIRED
from weightinit_cli.spec.names import (
    DEVICE_PATTERN,
    NAME_PATTERN,
    composed,
    unfit,
)
from weightinit_cli.spec.nodes import (
    ListNode,
    MapNode,
    Node,
    Scalar,
    describe,
    join,
    node_from_json,
    report_wrong,
    suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.spec.nodes import Report

LARGEST = 2**63 - 1
MOST_LAYERS = 100_000
NONE = ("none",)


class ValueType(NamedTuple):
    """A type of value that a key may hold.

    `read` returns the value of a node, or None after reporting what is wrong with it; `schema`
    returns the JSON Schema of what is accepted, as far as a schema can say it. A mapping has
    `fields`, the keys below it.
    """

    read: Callable[[Node, str, Report], Any]
    schema: Callable[[], dict[str, Any]]
    fields: Sequence[Field] = ()


class Field(NamedTuple):
    """One key of the spec: what it holds, what it means, and what it is when left out.

    `default` is a value as in JSON, REQUIRED, or None where the default is computed from other
    keys; `example` is what the template and messages show. An `optional` key stands in a normal
    form only where the spec has it.
    """

    name: str
    type: ValueType
    doc: str
    default: Any = REQUIRED
    example: str = ""
    optional: bool = False


def integer(minimum: int, maximum: int = LARGEST) -> ValueType:
    """An integer from `minimum` to `maximum`; neither a float nor a bool passes for one."""

    def read(node: Node, path: str, report: Report) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool):
            if minimum <= value <= maximum:
                return value
        elif value == math.inf:
            value = maximum + 1
        unlimited = maximum == LARGEST and not (isinstance(value, int) and value > LARGEST)
        bounds = f" >= {minimum}" if unlimited else f" from {minimum} to {maximum}"
        if unlimited and minimum == -LARGEST:
            bounds = ""
        report_wrong(report, node, path, f"a whole number{bounds}")
        return None

    return ValueType(read, lambda: {"type": "integer", "minimum": minimum, "maximum": maximum})


def number(
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    words: tuple[str, ...] = (),
) -> ValueType:
    """A finite number, or one of a few words; `above` and `below` exclude the bounds themselves.

    An integer is read as a float, and -0.0 as 0.0.
    """
    bounds = ((">=", minimum), (">", above), ("<=", maximum), ("<", below))
    limits = " and ".join(f"{sign} {at:g}" for sign, at in bounds if at is not None)
    expected = f"a finite number {limits}".strip()
    if words:
        expected += f", or {' or '.join(words)}"

    def read(node: Node, path: str, report: Report) -> float | str | None:
        if (word := _word(node, words)) is not None:
            return word
        value = _finite(node)
        if (
            value is not None
            and (minimum is None or value >= minimum)
            and (maximum is None or value <= maximum)
            and (above is None or value > above)
            and (below is None or value < below)
        ):
            return value
        report_wrong(report, node, path, expected)
        return None

    def schema() -> dict[str, Any]:
        limits = {
            "minimum": minimum,
            "maximum": maximum,
            "exclusiveMinimum": above,
            "exclusiveMaximum": below,
        }
        one = {"type": "number", **{key: at for key, at in limits.items() if at is not None}}
        return {"anyOf": [{"enum": list(words)}, one]} if words else one

    return ValueType(read, schema)


def choice(words: tuple[str, ...]) -> ValueType:
    """One of a few words."""

    def read(node: Node, path: str, report: Report) -> str | None:
        word = _word(node, words)
        if word is None:
            report_wrong(report, node, path, " or ".join(words))
        return word

    return ValueType(read, lambda: {"enum": list(words)})


def boolean() -> ValueType:
    """Either true or false."""

    def read(node: Node, path: str, report: Report) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        report_wrong(report, node, path, "true or false")
        return None

    return ValueType(read, lambda: {"type": "boolean"})


def text(expected: str) -> ValueType:
    """Text of at least one character, not quoted where it needs none; `expected` says of what."""

    def read(node: Node, path: str, report: Report) -> str | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, str) and value:
            return value
        report_wrong(report, node, path, expected)
        return None

    return ValueType(read, lambda: {"type": "string", "minLength": 1})


def folder_name(written: str) -> ValueType:
    """A name that is a good folder on every platform, and that of no file that winit writes."""

    def read(node: Node, path: str, report: Report) -> str | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float):
            report.add(node.mark, path, f"must be text, not {describe(node)}; put it in quotes")
            return None
        name = composed(value) if isinstance(value, str) else ""
        wrong = unfit(name, written)
        if wrong is None:
            return name
        report_wrong(report, node, path, wrong)
        return None

    def schema() -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^{NAME_PATTERN}$",
            "not": {"pattern": f"^({DEVICE_PATTERN}|{written})$"},
        }

    return ValueType(read, schema)


def per_layer(fewest: int = 1) -> ValueType:
    """One positive integer for all layers, or a list with one for each, `fewest` at least."""
    one = integer(1)

    def read(node: Node, path: str, report: Report) -> int | tuple[int, ...] | None:
        if not isinstance(node, ListNode):
            value: int | None = one.read(node, path, report)
            return value
        if len(node.items) < fewest:
            expected = "a whole number >= 1 or a list with one per layer"
            report_wrong(report, node, path, expected)
            return None
        if len(node.items) > MOST_LAYERS:
            message = f"must be at most {MOST_LAYERS} numbers, not {len(node.items)}"
            report.add(node.mark, path, message)
            return None
        return _items(one, node, path, report)

    def schema() -> dict[str, Any]:
        item = one.schema()
        many = {"type": "array", "items": item, "maxItems": MOST_LAYERS, "minItems": fewest}
        return {"anyOf": [item, many]}

    return ValueType(read, schema)


def sizes(*sides: str, alone: bool = False) -> ValueType:
    """A list of one size per side; `alone` says that a single number stands for all of them."""
    one = integer(1)
    expected = f"[{', '.join(sides)}]"

    def read(node: Node, path: str, report: Report) -> tuple[int, ...] | None:
        if alone and not isinstance(node, ListNode):
            size = one.read(node, path, report)
            return None if size is None else (size,) * len(sides)
        if not isinstance(node, ListNode):
            report_wrong(report, node, path, expected)
            return None
        if len(node.items) != len(sides):
            report.add(node.mark, path, f"must be {expected}, not a list of {len(node.items)}")
            return None
        return _items(one, node, path, report)

    def schema() -> dict[str, Any]:
        item, count = one.schema(), len(sides)
        many = {"type": "array", "items": item, "minItems": count, "maxItems": count}
        return {"anyOf": [item, many]} if alone else many

    return ValueType(read, schema)


def bounds(words: tuple[str, ...]) -> ValueType:
    """One of a few words, or a list `[low, high]`."""
    end = number()

    def read(node: Node, path: str, report: Report) -> str | tuple[float, float] | None:
        if (word := _word(node, words)) is not None:
            return word
        if not isinstance(node, ListNode) or len(node.items) != 2:
            report_wrong(report, node, path, f"{', '.join(words)} or [low, high]")
            return None
        ends = _items(end, node, path, report)
        if ends is None:
            return None
        low, high = ends
        if low >= high:
            written = ", ".join(describe(item) for item in node.items)
            message = f"must be [low, high] with low < high, not [{written}]"
            report.add(node.mark, path, message)
            return None
        return (low, high)

    def schema() -> dict[str, Any]:
        ends = {"type": "array", "items": end.schema(), "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"enum": list(words)}, ends]}

    return ValueType(read, schema)


def group(fields: Sequence[Field], build: Callable[..., Any]) -> ValueType:
    """A mapping with keys of its own, from which `build` makes the value.

    A key that has no default of its own and is left out is None.
    """

    def read(node: Node, path: str, report: Report) -> Any:
        if not isinstance(node, MapNode):
            keys = ", ".join(f"{field.name}: ..." for field in fields)
            report_wrong(report, node, path, f"a mapping {{{keys}}}")
            return None
        known = {field.name: field for field in fields}
        unknown = [key for key in node.entries if key not in known]
        for key in unknown:
            read_key(key, known, node, path, report)
        values = {key: read_key(key, known, node, path, report) for key in known}
        wrong = any(
            each is None and not known[key].optional and _is_wrong(known[key], node)
            for key, each in values.items()
        )
        return None if wrong else build(**values)

    return ValueType(read, lambda: object_schema(fields), fields)


def or_none(one: ValueType) -> ValueType:
    """What `one` holds, or the word none, which is as if the key were left out."""

    def read(node: Node, path: str, report: Report) -> Any:
        return None if _word(node, NONE) else one.read(node, path, report)

    return ValueType(read, lambda: {"anyOf": [{"const": "none"}, one.schema()]}, one.fields)


def near_key(key: str, fields: Mapping[str, Field]) -> str:
    """What to say of an unknown key: the key that is near it, or all that there are."""
    return suggestion(key, fields, f"the keys are {', '.join(fields)}")


def read_key(
    key: str,
    fields: Mapping[str, Field],
    node: MapNode,
    path: str,
    report: Report,
    hint: Callable[[str, Mapping[str, Field]], str] = near_key,
) -> Any:
    """The value of one key of the mapping at `path`, or its default; None where it is wrong.

    A key without a default of its own that is left out is None, too. A key that is none of the
    fields is reported, with a `hint` at what is meant.
    """
    below = join(path, key)
    field = fields.get(key)
    if field is None:
        report.add(node.entries[key][0], below, f"unknown key{hint(key, fields)}")
        return None
    if key in node.entries:
        return field.type.read(node.entries[key][1], below, report)
    if field.default is REQUIRED:
        report.add(node.mark, below, f"required; for example: {field.name}: {field.example}")
        return None
    if field.default is None:
        return None
    return field.type.read(node_from_json(field.default, node.mark, report), below, report)


def object_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema of a mapping with these keys and no others."""
    properties = {}
    for field in fields:
        properties[field.name] = {"description": field.doc, **field.type.schema()}
        if field.default is not None and field.default is not REQUIRED:
            properties[field.name]["default"] = field.default
    required = [field.name for field in fields if field.default is REQUIRED]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema | {"additionalProperties": False}


def _is_wrong(field: Field, node: MapNode) -> bool:
    """Whether a key that has no value should have one."""
    return field.default is not None or field.name in node.entries


def _word(node: Node, words: tuple[str, ...]) -> str | None:
    """The text of a node where it is one of these words; else None."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str) and value in words else None


def _finite(node: Node) -> float | None:
    """The node's value as a finite float, or None."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value + 0.0 if math.isfinite(value) else None


def _items(item: ValueType, node: ListNode, path: str, report: Report) -> tuple[Any, ...] | None:
    """The values of a list's items, or None where one of them is wrong."""
    values = tuple(
        item.read(child, join(path, str(place)), report) for place, child in enumerate(node.items)
    )
    return None if None in values else values
