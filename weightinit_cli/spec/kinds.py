"""What a key of the spec may hold: each kind reads a node, and describes itself as a schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from weightinit_cli.spec.names import (
    DEVICE_PATTERN,
    NAME_PATTERN,
    WRITTEN_PATTERN,
    composed,
    unfit,
)
from weightinit_cli.spec.nodes import ListNode, Node, Scalar, describe, join, report_wrong

if TYPE_CHECKING:
    from weightinit_cli.spec.nodes import Report

LARGEST = 2**63 - 1
MOST_LAYERS = 100_000


class Kind(Protocol):
    """What a key may hold."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        """The value of `node`, or None after reporting what is wrong with it."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what is accepted, as far as a schema can say it."""


class Integer(NamedTuple):
    """An integer from `minimum` to `maximum`."""

    minimum: int
    maximum: int = LARGEST

    def read(self, node: Node, path: str, report: Report) -> int | None:
        """An int; neither a float nor a bool passes for one."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool):
            if self.minimum <= value <= self.maximum:
                return value
        elif value == math.inf:
            value = self.maximum + 1
        unlimited = self.maximum == LARGEST and not (isinstance(value, int) and value > LARGEST)
        bounds = f">= {self.minimum}" if unlimited else f"from {self.minimum} to {self.maximum}"
        report_wrong(report, node, path, f"a whole number {bounds}")
        return None

    def schema(self) -> dict[str, Any]:
        """An integer with its bounds."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


class Number(NamedTuple):
    """A finite number; `above` and `below` are bounds that are excluded themselves."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def read(self, node: Node, path: str, report: Report) -> float | None:
        """A float; an int is fine, and -0.0 is 0.0."""
        value = number_of(node)
        if value is None or not self.holds(value):
            report_wrong(report, node, path, self.expected())
            return None
        return value

    def schema(self) -> dict[str, Any]:
        """A number with its bounds."""
        bounds = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        return {"type": "number", **{key: at for key, at in bounds.items() if at is not None}}

    def holds(self, value: float) -> bool:
        """Whether a number lies within the bounds."""
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def expected(self) -> str:
        """What a message says that it must be."""
        bounds = (
            (">=", self.minimum),
            (">", self.above),
            ("<=", self.maximum),
            ("<", self.below),
        )
        parts = [f"{sign} {at:g}" for sign, at in bounds if at is not None]
        return " ".join(("a finite number", " and ".join(parts))).strip()


def number_of(node: Node) -> float | None:
    """The node's value as a finite float, or None."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value + 0.0 if math.isfinite(value) else None


class Choice(NamedTuple):
    """One of a few words."""

    names: tuple[str, ...]

    def read(self, node: Node, path: str, report: Report) -> str | None:
        """The word."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.names:
            return node.value
        report_wrong(report, node, path, " or ".join(self.names))
        return None

    def schema(self) -> dict[str, Any]:
        """The words."""
        return {"enum": list(self.names)}


class Boolean:
    """True or false."""

    def read(self, node: Node, path: str, report: Report) -> bool | None:
        """The bool."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        report_wrong(report, node, path, "true or false")
        return None

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


class NumberOrWord(NamedTuple):
    """A number, or one of a few words."""

    number: Number
    words: tuple[str, ...]

    def read(self, node: Node, path: str, report: Report) -> float | str | None:
        """The word, or the number."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        value = number_of(node)
        if value is not None and self.number.holds(value):
            return value
        expected = f"{self.number.expected()}, or {' or '.join(self.words)}"
        report_wrong(report, node, path, expected)
        return None

    def schema(self) -> dict[str, Any]:
        """Either form."""
        return {"anyOf": [{"enum": list(self.words)}, self.number.schema()]}


class Name:
    """A name that is a good folder on every platform."""

    def read(self, node: Node, path: str, report: Report) -> str | None:
        """The name."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and isinstance(node, Scalar):
            report.add(node.mark, path, f"must be text, not {describe(node)}; put it in quotes")
            return None
        name = composed(value) if isinstance(value, str) else ""
        wrong = unfit(name)
        if wrong is None:
            return name
        report_wrong(report, node, path, wrong)
        return None

    def schema(self) -> dict[str, Any]:
        """The pattern."""
        return {
            "type": "string",
            "pattern": f"^{NAME_PATTERN}$",
            "not": {"pattern": f"^({DEVICE_PATTERN}|{WRITTEN_PATTERN})$"},
        }


class PerLayer(NamedTuple):
    """One value for all layers, or a list with one for each, `fewest` at least."""

    item: Integer
    fewest: int = 1

    def read(self, node: Node, path: str, report: Report) -> int | tuple[int, ...] | None:
        """The value, or the tuple of values."""
        if not isinstance(node, ListNode):
            return self.item.read(node, path, report)
        if len(node.items) < self.fewest:
            expected = f"a whole number >= {self.item.minimum} or a list with one per layer"
            report_wrong(report, node, path, expected)
            return None
        if len(node.items) > MOST_LAYERS:
            message = f"must be at most {MOST_LAYERS} numbers, not {len(node.items)}"
            report.add(node.mark, path, message)
            return None
        values = [
            self.item.read(item, join(path, str(number)), report)
            for number, item in enumerate(node.items)
        ]
        kept = tuple(value for value in values if value is not None)
        return kept if len(kept) == len(values) else None

    def schema(self) -> dict[str, Any]:
        """Either form."""
        one = self.item.schema()
        many = {"type": "array", "items": one, "maxItems": MOST_LAYERS, "minItems": self.fewest}
        return {"anyOf": [one, many]}


class Sizes(NamedTuple):
    """A list of one size per side; `alone` says that a single number stands for all of them."""

    sides: tuple[str, ...]
    alone: bool = False

    def read(self, node: Node, path: str, report: Report) -> tuple[int, ...] | None:
        """One number per side."""
        one = Integer(1)
        if self.alone and not isinstance(node, ListNode):
            size = one.read(node, path, report)
            return None if size is None else (size,) * len(self.sides)
        expected = f"[{', '.join(self.sides)}]"
        if not isinstance(node, ListNode):
            report_wrong(report, node, path, expected)
            return None
        if len(node.items) != len(self.sides):
            report.add(node.mark, path, f"must be {expected}, not a list of {len(node.items)}")
            return None
        sizes = [
            one.read(item, join(path, str(number)), report)
            for number, item in enumerate(node.items)
        ]
        return None if None in sizes else tuple(size for size in sizes if size is not None)

    def schema(self) -> dict[str, Any]:
        """Either form."""
        one, number = Integer(1).schema(), len(self.sides)
        many = {"type": "array", "items": one, "minItems": number, "maxItems": number}
        return {"anyOf": [one, many]} if self.alone else many


class RangeOrWord(NamedTuple):
    """One of a few words, or a list `[low, high]`."""

    words: tuple[str, ...]

    def read(self, node: Node, path: str, report: Report) -> str | tuple[float, float] | None:
        """The word, or the two ends."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        if not isinstance(node, ListNode) or len(node.items) != 2:
            report_wrong(report, node, path, f"{', '.join(self.words)} or [low, high]")
            return None
        low, high = (
            Number().read(item, join(path, str(number)), report)
            for number, item in enumerate(node.items)
        )
        if low is None or high is None:
            return None
        if low >= high:
            ends = ", ".join(describe(item) for item in node.items)
            message = f"must be [low, high] with low < high, not [{ends}]"
            report.add(node.mark, path, message)
            return None
        return (low, high)

    def schema(self) -> dict[str, Any]:
        """Either form."""
        ends = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"enum": list(self.words)}, ends]}
