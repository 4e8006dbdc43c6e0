"""What a plain scalar stands for: YAML 1.2's core schema, and nothing of YAML 1.1."""

from __future__ import annotations

import math
import re

ScalarValue = str | int | float | bool | None

MOST_DIGITS = 400
_WORDS: dict[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o([0-7]+)")
_HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")


def resolve(text: str) -> ScalarValue:
    """The value of a plain scalar by YAML 1.2's core schema; text that is nothing else is text.

    An integer of more than 400 digits is beyond every limit of every key (and Python refuses to
    read some of them), so infinity stands for it.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _DECIMAL.fullmatch(text):
        return _integer(text, 10)
    if match := _OCTAL.fullmatch(text):
        return _integer(match[1], 8)
    if match := _HEXADECIMAL.fullmatch(text):
        return _integer(match[1], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INFINITY.fullmatch(text):
        return float(f"{match[1]}inf")
    return text


def _integer(text: str, base: int) -> int | float:
    digits = text.lstrip("+-").lstrip("0")
    sign = -1 if text.startswith("-") else 1
    if len(digits) > MOST_DIGITS:
        return sign * math.inf
    return sign * int(digits or "0", base)
