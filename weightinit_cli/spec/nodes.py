"""A spec as a tree of nodes, each with its place, and the problems found in it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.errors import Problem, SpecError, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.errors import Mark

ECHO_LENGTH = 60
MOST_PROBLEMS = 100
MOST_LEVELS = 20
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
_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+")

ScalarValue = str | int | float | bool | None


class Scalar(NamedTuple):
    """One value: what it stands for, and the text as it was written."""

    mark: Mark
    value: ScalarValue
    text: str
    plain: bool = True


class ListNode(NamedTuple):
    """A list of nodes."""

    mark: Mark
    items: tuple[Node, ...]


class MapNode(NamedTuple):
    """Keys, each with the place of the key and its node, in the order of the file."""

    mark: Mark
    entries: Entries


class Flawed(NamedTuple):
    """Something that was reported already, and that no message needs to mention again."""

    mark: Mark


Node = Scalar | ListNode | MapNode | Flawed
# What stands at keys, or at paths below them, each with the place where the key was written.
Entries = Mapping[str, tuple["Mark", Node]]


class Report:
    """The problems found so far; one file's are raised together, in the order of the file."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, mark: Mark, path: str, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(mark, path, message))

    def raise_if_any(self, later_sources: Iterable[str] = ()) -> None:
        """Raise what was found, sorted by place: the file first, then `later_sources` in order.

        Raises SpecError if there is any problem. Of more than a hundred, the first hundred and
        how many more there are.
        """
        if not self.problems:
            return
        rank = {source: number for number, source in enumerate(later_sources, 1)}
        ordered = sorted(
            self.problems,
            key=lambda problem: (
                rank.get(problem.mark.source, 0),
                problem.mark.line,
                problem.mark.column,
            ),
        )
        if len(ordered) > MOST_PROBLEMS:
            left = ordered[MOST_PROBLEMS:]
            more = f"and {counted(len(left), 'more problem')}"
            ordered[MOST_PROBLEMS:] = [Problem(left[0].mark, "", more)]
        raise SpecError(ordered)


def describe(node: Node) -> str:
    """A node in words, for the end of a message: `'1O'`, `5.0`, `an empty list`."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            return quote(node.text)
        if node.value is None:
            return "an empty value" if node.text == "" else node.text
        return _number(node.text)
    if isinstance(node, ListNode):
        return "a list" if node.items else "an empty list"
    return "an empty mapping" if isinstance(node, MapNode) and not node.entries else "a mapping"


def _number(text: str) -> str:
    if len(text) <= 40:
        return text
    return f"{text[:20]}... ({len(text)} characters)"


def report_wrong(report: Report, node: Node, path: str, expected: str) -> None:
    """Report that `node` is not what was expected; nothing if it was reported before."""
    if isinstance(node, Flawed):
        return
    message = f"must be {expected}, not {describe(node)}"
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.plain:
        unquoted = resolve(node.text)
        wanted = "true" if isinstance(unquoted, bool) else "number"
        if isinstance(unquoted, int | float) and wanted in expected:
            message += "; leave out the quotes"
    if isinstance(node, Scalar) and "number" in expected:
        message += _comma(node.text, whole="whole number" in expected)
    report.add(node.mark, path, message)


def _comma(text: str, *, whole: bool) -> str:
    """How a number is written without its comma: `; write 0.1, with a point`."""
    if whole and _THOUSANDS.fullmatch(text):
        return f"; write {text.replace(',', '')}, without a comma"
    found = None if whole else _COMMA.fullmatch(text)
    return f"; write {found[1]}.{found[2]}, with a point" if found else ""


def node_from_json(value: object, mark: Mark, report: Report, path: str = "") -> Node:
    """The tree of a value as `json.loads` returns it; every node stands at `mark`."""
    return _from_json(value, mark, report, path, 1)


def _from_json(value: Any, mark: Mark, report: Report, path: str, level: int) -> Node:
    if level > MOST_LEVELS and isinstance(value, Mapping | list | tuple):
        report.add(mark, path, f"nested more than {MOST_LEVELS} levels deep")
        return Flawed(mark)
    if isinstance(value, Mapping):
        return MapNode(
            mark,
            {
                str(key): (mark, _from_json(item, mark, report, join(path, str(key)), level + 1))
                for key, item in value.items()
            },
        )
    if isinstance(value, list | tuple):
        items = (
            _from_json(item, mark, report, join(path, str(number)), level + 1)
            for number, item in enumerate(value)
        )
        return ListNode(mark, tuple(items))
    return _scalar_from_json(value, mark, report, path)


def _scalar_from_json(value: object, mark: Mark, report: Report, path: str) -> Node:
    if isinstance(value, str):
        return Scalar(mark, value, value, plain=False)
    if value is None or isinstance(value, bool):
        return Scalar(mark, value, {None: "null", True: "true", False: "false"}[value])
    if isinstance(value, int):
        if abs(value) >= 10**MOST_DIGITS:
            return Scalar(mark, math.copysign(math.inf, value > 0 or -1), "an integer too large")
        return Scalar(mark, value, str(value))
    if isinstance(value, float):
        return Scalar(mark, value, repr(value))
    report.add(mark, path, f"must be a value of JSON, not of the type {type(value).__name__}")
    return Flawed(mark)


def marks_of(node: Node, path: str = "") -> dict[str, Mark]:
    """The place of every key and list item, by its path: `histogram.bins`, `width.2`."""
    found: dict[str, Mark] = {path: node.mark}
    children: Sequence[tuple[str, Node]] = ()
    if isinstance(node, MapNode):
        children = [(key, child) for key, (_, child) in node.entries.items()]
    elif isinstance(node, ListNode):
        children = [(str(number), child) for number, child in enumerate(node.items)]
    for key, child in children:
        found |= marks_of(child, join(path, key))
    return found


def replaced(
    node: Node, keys: Sequence[str], path: str, value: Node, mark: Mark, report: Report
) -> Node:
    """`node` with `value` at the path `keys` below it; `path` is its own."""
    if not keys:
        return value
    key, below = keys[0], join(path, keys[0])
    if isinstance(node, Scalar) and isinstance(node.value, str) and path:
        node = MapNode(node.mark, {"name": (node.mark, node)})
    if isinstance(node, MapNode):
        key_mark, child = node.entries.get(key, (mark, MapNode(mark, {})))
        new = replaced(child, keys[1:], below, value, mark, report)
        return MapNode(node.mark, {**node.entries, key: (key_mark, new)})
    if isinstance(node, ListNode):
        if not (key.isascii() and key.isdigit() and len(key) < 7 and int(key) < len(node.items)):
            count = len(node.items)
            message = f"has items 0 to {count - 1}, no {segment(key)}" if count else "has no items"
            report.add(mark, path, message)
            return node
        items = list(node.items)
        items[int(key)] = replaced(items[int(key)], keys[1:], below, value, mark, report)
        return ListNode(node.mark, tuple(items))
    if not isinstance(node, Flawed):
        report.add(mark, path, f"is {describe(node)}, which holds no {segment(key)}")
    return node


def quote(text: str) -> str:
    """The text in quotes, control characters escaped, shortened to about sixty characters."""
    quoted = repr(text[:ECHO_LENGTH])
    if len(text) <= ECHO_LENGTH and len(quoted) <= ECHO_LENGTH + 2:
        return quoted
    kept = text[: ECHO_LENGTH - 3]
    while len(repr(kept)) > ECHO_LENGTH - 1:
        kept = kept[:-1]
    return repr(kept + "...")


def segment(key: str) -> str:
    """One key as it appears in a path: as written where that is clear, else in quotes."""
    clear = key.isprintable() and key.strip() == key and 0 < len(key) <= ECHO_LENGTH
    return key if clear else quote(key)


@lru_cache(4096)
def join(path: str, key: str) -> str:
    """The path of a key below `path`."""
    return f"{path}.{segment(key)}" if path else segment(key)


def nearest(text: str, choices: Iterable[str]) -> str | None:
    """The choice that `text` was probably meant to be, if any."""
    by_folded = {choice.casefold(): choice for choice in choices}
    folded = text[:ECHO_LENGTH].casefold().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(folded, by_folded, n=1)
    if not found and len(folded) > 1:
        found = [choice for choice in by_folded if choice.startswith(folded)]
    return by_folded[found[0]] if found else None


def suggestion(text: str, choices: Iterable[str], otherwise: str) -> str:
    """`; did you mean 'x'?` where a choice is near, else `; ` and what else would help."""
    near = nearest(text, choices)
    return f"; did you mean {near!r}?" if near else f"; {otherwise}"


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
