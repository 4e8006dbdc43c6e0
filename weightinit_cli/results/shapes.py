"""How many values a network's input and layers have, by the normal form that it ran from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.convolution import Convolution, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping


def convolution(spec: Mapping[str, Any]) -> Convolution | None:
    """The stack of convolutions that a normal form describes; None where it has widths."""
    if spec.get("channels") is None:
        return None
    return Convolution(
        Shape(*spec["image"]),
        tuple(spec["channels"]),
        tuple(spec["kernel"]),
        spec["padding"],
        tuple(spec["stride"]),
    )


def values(spec: Mapping[str, Any]) -> tuple[int, ...]:
    """The values of one input, then those of every layer: features and units."""
    stack = convolution(spec)
    if stack is None:
        return (spec["features"], *spec["width"])
    return tuple(shape.values for shape in stack.shapes)


def layer_count(spec: Mapping[str, Any]) -> int:
    """How many layers have the activation."""
    return len(spec["width"] if spec.get("channels") is None else spec["channels"])
