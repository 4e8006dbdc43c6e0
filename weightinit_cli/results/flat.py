"""A tree of plain values taken apart: every number and text by its dotted path."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = float | int | str | bool | None


def flat(tree: Any, path: str = "") -> dict[str, Value]:
    """Every value below a tree by its dotted path; `path` is the tree's own."""
    return dict(_flat(tree, path))


def changes(old: Any, new: Any) -> dict[str, str]:
    """What differs between two trees: path -> `relu, now tanh`."""
    was, now = flat(old), flat(new)
    return {
        path: f"{was.get(path, 'absent')}, now {now.get(path, 'absent')}"
        for path in {**was, **now}
        if was.get(path) != now.get(path)
    }


def _flat(value: Any, path: str) -> Iterator[tuple[str, Value]]:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = {str(number): item for number, item in enumerate(value)}.items()
    else:
        yield path, value
        return
    for key, item in items:
        yield from _flat(item, f"{path}.{key}" if path else key)
