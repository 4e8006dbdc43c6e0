"""Typed values as plain JSON data and back, each value checked, and taken apart by dotted paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LEVELS = 10  # of what is kept as it is read; winit writes two
BEYOND = 1 << 64  # what no count and no seed reaches; floats still hold numbers below it
NUMBERS = (int, float, type(None))
_encode = json.JSONEncoder(allow_nan=False).encode
ROUNDING = 1e-9  # of what is computed, not counted
Value = float | int | str | bool | None


class Mismatch(Exception):  # noqa: N818
    """A value that does not fit: where in the file, and what is wrong with it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)


def decode(kind: Any, value: Any, path: str = "") -> Any:
    """Return `value` as `kind`: a dataclass, tuple, Mapping, Literal, scalar or a union with None.

    Raises Mismatch with the dotted path of the first value that does not fit.
    """
    if kind is Any:
        _check_plain(value, path)
        return value
    if is_dataclass(kind):
        return _decode_fields(kind, _expect(value, dict, "an object", path), path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        kinds = [argument for argument in arguments if argument is not NoneType]
        if isinstance(value, str) and str in kinds:
            return _check_text(value, path)
        return decode(kinds[-1], value, path)
    if origin is Literal:
        if isinstance(value, str) and value in arguments:
            return value
        raise Mismatch(path, f"must be {' or '.join(arguments)}, not {_shown(value)}")
    if origin is tuple:
        items = _expect(value, list, "a list", path)
        return tuple(decode(arguments[0], item, _join(path, i)) for i, item in enumerate(items))
    if origin is Mapping:
        return _decode_mapping(arguments[1], _expect(value, dict, "an object", path), path)
    return _decode_scalar(kind, value, path)


def _decode_fields(kind: Any, value: dict[str, Any], path: str) -> Any:
    hints = _hints(kind)
    names = [field.name for field in fields(kind)]
    absent = {field.name for field in fields(kind) if field.metadata.get("left_out")}
    for name in names:
        if name not in value and name not in absent:
            raise Mismatch(_join(path, name), "missing")
    for name in value:
        if name not in hints:
            raise Mismatch(_join(path, name), "unknown figure")
    for name in absent & value.keys():
        if value[name] is None:
            raise Mismatch(_join(path, name), "must be left out, not null")
    return kind(
        **{
            name: decode(hints[name], value[name], _join(path, name))
            for name in names
            if name in value
        }
    )


def _decode_mapping(kind: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
    for key in value:
        _check_text(key, path)
    return {key: decode(kind, item, _join(path, key)) for key, item in value.items()}


def _decode_scalar(kind: type, value: Any, path: str) -> Any:
    if kind is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = float("inf")
            if isfinite(number):
                return number
        raise Mismatch(path, f"must be a finite number, not {_shown(value)}")
    if kind is int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < BEYOND:
            return value
        most = " and < 2**64" if isinstance(value, int) and value >= BEYOND else ""
        raise Mismatch(path, f"must be a whole number >= 0{most}, not {_shown(value)}")
    if kind is str:
        return _check_text(_expect(value, str, "text", path), path)
    return _expect(value, kind, "true or false", path)


def _expect(value: Any, kind: type, what: str, path: str) -> Any:
    if not isinstance(value, kind):
        raise Mismatch(path, f"must be {what}, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _join(path: str, name: object) -> str:
    shown = str(name)
    if not shown.isprintable() or len(shown) > 40:
        shown = _shown(shown)
    return f"{path}.{shown}" if path else shown


def _check_plain(value: Any, path: str, levels: int = MOST_LEVELS) -> None:
    """Raise Mismatch for what can't be written again: inf, half characters, endless nesting."""
    if isinstance(value, str):
        _check_text(value, path)
    if isinstance(value, float) and not isfinite(value):
        raise Mismatch(path, "must be a finite number")
    if isinstance(value, dict | list):
        if not levels:
            raise Mismatch(path, f"is nested deeper than {MOST_LEVELS} levels")
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _check_text(str(key), path)
            _check_plain(item, _join(path, key), levels - 1)


def _check_text(text: str, path: str) -> str:
    """Return the text, or raise Mismatch for half of a surrogate pair, which no file can hold."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Mismatch(path, f"holds half a character: {_shown(text)}") from None
    return text


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def check_share(value: float | None, place: str) -> None:
    """Raise Mismatch where a value is no share, from 0 to 1 but for rounding."""
    if value is not None and not -ROUNDING <= value <= 1 + ROUNDING:
        raise Mismatch(place, f"must be a share, from 0 to 1, not {value!r}")


def check_shares(values: Iterable[float], place: str) -> None:
    """Raise Mismatch where one of many values is no share."""
    for number, value in enumerate(values):
        check_share(value, f"{place}.{number}")


def check_not_negative(value: float | None, place: str) -> None:
    """Raise Mismatch where a value is below 0."""
    if value is not None and value < 0:
        raise Mismatch(place, "must be >= 0")


def check_none_negative(values: Iterable[float | None], place: str) -> None:
    """Raise Mismatch where one of many values is below 0."""
    for number, value in enumerate(values):
        check_not_negative(value, f"{place}.{number}")


def check_at_most(most: int, value: float | None, place: str) -> None:
    """Raise Mismatch where a value is above the most that there can be."""
    if value is not None and value > most:
        raise Mismatch(place, f"must be at most {most:,}, not {value:,}")


def indented(value: Any, margin: str = "\n") -> str:
    """Dataclasses, mappings, sequences and scalars as JSON; ValueError for nan and inf."""
    if value is None:
        return "null"
    if isinstance(value, float) and isfinite(value):
        return float.__repr__(value)
    if isinstance(value, (str, int, float)):
        return _encode(value)
    if isinstance(value, (list, tuple)):
        if all(isinstance(each, NUMBERS) for each in value):
            return _encode(value)
        inner = margin + " "
        return f"[{inner}{f',{inner}'.join([indented(each, inner) for each in value])}{margin}]"
    pairs = _items(value)
    if not pairs:
        return "{}"
    inner = margin + " "
    lines = [f"{_encode(key)}: {indented(each, inner)}" for key, each in pairs]
    return f"{{{inner}{f',{inner}'.join(lines)}{margin}}}"


def plain(value: Any) -> Any:
    """The same data as dicts, lists and scalars."""
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Mapping) or is_dataclass(value):
        return {key: plain(each) for key, each in _items(value)}
    return value


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return sorted(value.items())
    return [
        (name, each)
        for name, left_out in _names(type(value))  # type: ignore[arg-type]
        if (each := getattr(value, name)) is not None or not left_out
    ]


@cache
def _names(kind: type[Any]) -> list[tuple[str, bool]]:
    """The names of a dataclass's fields, sorted, and whether each is left out where it is None."""
    return sorted((field.name, bool(field.metadata.get("left_out"))) for field in fields(kind))


def flat(tree: Any, path: str = "") -> dict[str, Value]:
    """Every value below a tree by its dotted path; `path` is the tree's own."""
    return dict(_flat(tree, path))


def changes(old: Any, new: Any) -> dict[str, str]:
    """What differs between two trees: path -> `relu, now tanh`, or `auto, now [0.0, 1.0]`."""
    was, now = flat(old), flat(new)
    for one, other in ((was, now), (now, was)):
        for path in one.keys() - other.keys():
            parts: list[Value] = []
            while (part := f"{path}.{len(parts)}") in other:
                parts.append(other.pop(part))
            if parts:
                other[path] = f"[{', '.join(map(str, parts))}]"
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
