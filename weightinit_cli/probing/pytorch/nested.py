"""Tensors in dicts, dataclasses, tuples and lists, as models take and return them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def shape_words(tensor: torch.Tensor) -> str:
    """`64,3,32,32`."""
    return ",".join(map(str, tensor.shape)) or "() (a scalar)"


def dtype_words(tensor: torch.Tensor) -> str:
    """`float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def by_name(returned: Any) -> dict[str, Any]:
    """What a dict or a dataclass holds; nothing of other things."""
    if isinstance(returned, dict):
        return {str(name): each for name, each in returned.items()}
    if is_dataclass(returned) and not isinstance(returned, type):
        return {each.name: getattr(returned, each.name) for each in fields(returned)}
    return dict(getattr(returned, "_asdict", dict)())


def tensors(things: Any) -> Iterator[torch.Tensor]:
    """Every tensor in tuples, lists, dicts and dataclasses."""
    if isinstance(things, torch.Tensor):
        yield things
    elif isinstance(things, list | tuple):
        for each in things:
            yield from tensors(each)
    elif isinstance(things, dict):
        for each in things.values():
            yield from tensors(each)
    elif hasattr(things, "__dataclass_fields__") and not isinstance(things, type):
        for name in things.__dataclass_fields__:
            yield from tensors(getattr(things, name, None))


def named_tensors(things: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in dicts, dataclasses, tuples and lists, with the path to it."""
    if isinstance(things, torch.Tensor):
        yield path, things
        return
    parts = by_name(things)
    if not parts and isinstance(things, tuple | list):
        parts = {str(place): each for place, each in enumerate(things)}
    for name, each in parts.items():
        yield from named_tensors(each, f"{path}.{name}" if path else name)


def changed(things: Any, change: Callable[[Any], Any]) -> Any:
    """The same dicts, tuples and lists, with what is in them changed."""
    if isinstance(things, dict):
        return {name: changed(each, change) for name, each in things.items()}
    if hasattr(things, "_fields"):
        return type(things)(*(changed(each, change) for each in things))
    if isinstance(things, tuple | list):
        return type(things)(changed(each, change) for each in things)
    return change(things)
