"""Bytes -> text -> a tree of nodes, built from YAML's events, so nothing unsafe is composed."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import Mark, Problem, SpecError
from weightinit_cli.spec.nodes import (
    MOST_LEVELS,
    Flawed,
    ListNode,
    MapNode,
    Node,
    Report,
    Scalar,
    join,
    quote,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Locate = Callable[[int, int], Mark]

# Characters that the pure parser reads in a fraction of a second.
LONG = 30_000
MOST_BYTES = 2**20
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_TABBED = re.compile(" *\t")
_CANNOT_START = re.compile(r"found character (.*?) ?that cannot start any token")
_ENDS = "the text ends before a list or a mapping is closed"
_SYNTAX: tuple[tuple[str, str], ...] = (
    ("mapping values are not allowed", "unexpected ':'; check this line and the one above it: each "
     "'key: value', indented alike, text that holds ': ' in quotes"),
    ("could not find expected ':'", "a key without ':'; write key: value"),
    ("found unexpected end of stream", "a quoted text without its closing quote{opened}"),
    ("found unexpected document separator", "a quoted text without its closing quote{opened}"),
    ("expected ',' or ']'", "a list without its closing ']', or a ',' is missing{opened}"),
    ("expected ',' or '}'", "a mapping without its closing '}}', or a ',' is missing{opened}"),
    ("expected <block end>", "does not fit the lines above it; check indentation and quotes"),
    ("found '<stream end>'", _ENDS),
    ("expected node content", "a value is missing, or a character that cannot begin one"),
    ("expected the node content", "a value is missing, or a character that cannot begin one"),
    ("expected key", "does not fit the lines above it; check indentation and quotes"),
    ("expected <document start>", "does not fit the lines above it; check indentation"),
    ("expected '<document start>'", "does not fit the lines above it; check indentation"),
    ("found unknown escape character", "an unknown escape in a text in double quotes; use single "
     "quotes"),
    ("found undefined tag handle", "a tag; write the plain value"),
)  # fmt: skip


def decode(data: bytes | str, source: str) -> str:
    """The text of a spec, without byte order mark.

    Raises SpecError for more than 1 MiB; for anything but UTF-8; for characters that YAML does
    not allow, among them line breaks that editors do not show as such.
    """
    if isinstance(data, bytes):
        data = _from_bytes(data, source)
    elif len(data) > MOST_BYTES:
        raise _too_large(source)
    text = data.removeprefix("\ufeff")
    if match := _FORBIDDEN.search(text):
        raise _error(_place(source, text, match.start()), _forbidden(match[0]))
    return text


def parse_yaml(text: str, locate: Locate, report: Report) -> Node | None:
    """The tree of one YAML document, or None for a text without any.

    `locate` turns a line and a column, counted from 1, into a mark. Anchors, aliases, tags,
    merge keys, duplicate keys, keys that are no text, several documents and more than 20 levels
    are reported; what they stand on is left out or `Flawed`.

    The C parser is fast, the pure one says what is wrong: a text that the first refuses is read
    again by the second, so that messages are the same everywhere; but not a long one, for which
    the second takes many seconds, unless it is nested too deep, which both find early.
    """
    import yaml

    known = len(report.problems)
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(text, fast, locate, report)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        del report.problems[known:]
        marked = isinstance(error, yaml.MarkedYAMLError) and "nesting" not in str(error.problem)
        if len(text) > LONG and marked:
            line, column, message = _syntax_problem(error, text)
            report.add(locate(line, column), "", message)
            return Flawed(locate(1, 1))
    try:
        return _build(text, yaml.SafeLoader, locate, report)
    except yaml.MarkedYAMLError as error:
        line, column, message = _syntax_problem(error, text)
        report.add(locate(line, column), "", message)
    except (yaml.YAMLError, ValueError, OverflowError):
        report.add(locate(1, 1), "", "not valid YAML: an escape or a version that is no number")
    return Flawed(locate(1, 1))


def _from_bytes(data: bytes, source: str) -> str:
    if len(data) > MOST_BYTES:
        raise _too_large(source)
    if wide := _wide_encoding(data):
        raise _error(Mark(source, 1, 1), f"{wide} text; save the file as UTF-8")
    if b"\0" in data:
        before = data[: data.index(0)].decode("utf-8", "replace")
        mark = _place(source, before, len(before))
        raise _error(mark, "a binary file (it holds a NUL byte), not YAML text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        mark = _place(source, before, len(before))
        message = f"byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise _error(mark, message) from None


def _wide_encoding(data: bytes) -> str | None:
    for bom, name in _WIDE:
        if data.startswith(bom):
            return name
    head = data[:400]
    for name, size in (("UTF-32", 4), ("UTF-16", 2)):
        if len(head) < 2 * size or len(head) % size:
            continue
        for letter in (0, size - 1):
            zeros = sum(
                not any(unit[:letter] + unit[letter + 1 :]) and unit[letter] != 0
                for unit in (head[i : i + size] for i in range(0, len(head), size))
            )
            if zeros > 0.8 * len(head) / size:
                return name
    return None


def _forbidden(character: str) -> str:
    code = ord(character)
    if code == 0:
        return "a binary file (it holds a NUL character), not YAML text"
    return f"the invisible character U+{code:04X} cannot stand in YAML; remove it"


def _place(source: str, text: str, offset: int) -> Mark:
    lines = re.split("\r\n|\r|\n", text[:offset])
    return Mark(source, len(lines), len(lines[-1]) + 1)


def _too_large(source: str) -> SpecError:
    return _error(Mark(source), "larger than 1 MiB; a spec is a few lines of YAML")


def _error(mark: Mark, message: str) -> SpecError:
    return SpecError([Problem(mark, "", message)])


def _build(text: str, loader: Any, locate: Locate, report: Report) -> Node | None:
    import yaml

    events = yaml.parse(text, Loader=loader)
    try:
        return _EventReader(iter(events), locate, report).document()
    except SpecError:
        return Flawed(locate(1, 1))


class _EventReader:
    """Reads events into nodes; `level` counts the collections around a node."""

    def __init__(self, events: Iterator[Any], locate: Locate, report: Report) -> None:
        self.events = events
        self.locate = locate
        self.report = report

    def document(self) -> Node | None:
        """Read the one document of the stream."""
        root: Node | None = None
        for event in self.events:
            match type(event).__name__:
                case "DocumentStartEvent" if root is not None:
                    self.stop(event, "", "a second document ('---'); a spec is one document")
                case "AliasEvent" | "ScalarEvent" | "SequenceStartEvent" | "MappingStartEvent":
                    root = self.node(event, "", 1)
        return root

    def node(self, event: Any, path: str, level: int) -> Node:
        """Read the node that begins with `event`."""
        mark = self.mark(event)
        kind = type(event).__name__
        if kind == "AliasEvent":
            self.report.add(mark, path, f"an alias (*{_short(event.anchor)}); write the value out")
            return Flawed(mark)
        if event.anchor is not None:
            message = f"an anchor (&{_short(event.anchor)}); a spec has none"
            self.report.add(mark, path, message)
        node = self.content(event, kind, mark, path, level)
        if event.tag is not None:
            self.report.add(mark, path, f"a tag ({_short(_tag(event.tag))}); write the plain value")
            return Flawed(mark)
        return node

    def content(self, event: Any, kind: str, mark: Mark, path: str, level: int) -> Node:
        """Read the node without regard to its anchor and its tag."""
        if kind == "ScalarEvent":
            plain = not event.style
            return Scalar(mark, resolve(event.value) if plain else event.value, event.value, plain)
        if level > MOST_LEVELS:
            self.stop(event, path, f"nested more than {MOST_LEVELS} levels deep")
        if kind == "SequenceStartEvent":
            return ListNode(mark, self.items(path, level))
        return MapNode(mark, self.entries(path, level))

    def items(self, path: str, level: int) -> tuple[Node, ...]:
        """Read the items of the sequence that has begun."""
        items: list[Node] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self.node(event, join(path, str(len(items))), level + 1))
        return tuple(items)

    def entries(self, path: str, level: int) -> dict[str, tuple[Mark, Node]]:
        """Read the entries of the mapping that has begun; the first of two equal keys stays."""
        entries: dict[str, tuple[Mark, Node]] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key = self.node(event, path, level + 1)
            if not isinstance(key, Scalar):
                if not isinstance(key, Flawed):
                    self.report.add(key.mark, path, "a key must be a name, not a list or a mapping")
                self.node(next(self.events), path, level + 1)
                continue
            below = join(path, key.text)
            value = self.node(next(self.events), below, level + 1)
            if key.plain and key.text == "<<":
                self.report.add(key.mark, below, "a merge key; write the keys out")
            elif key.text in entries:
                self.report.add(key.mark, below, f"duplicate key{_first(entries[key.text][0])}")
            else:
                entries[key.text] = (key.mark, value)
        return entries

    def mark(self, event: Any) -> Mark:
        """Return the place in the text where the event begins."""
        return self.locate(event.start_mark.line + 1, event.start_mark.column + 1)

    def stop(self, event: Any, path: str, message: str) -> None:
        """Report what makes reading on pointless, and stop by a SpecError."""
        self.report.add(self.mark(event), path, message)
        raise SpecError(self.report.problems)


def _first(mark: Mark) -> str:
    return f"; it stands at {mark.line}:{mark.column} already" if mark.line else ""


def _tag(tag: str) -> str:
    standard = "tag:yaml.org,2002:"
    return f"!!{tag.removeprefix(standard)}" if tag.startswith(standard) else tag


def _short(text: str) -> str:
    return quote(text)[1:-1]


def _syntax_problem(error: Any, text: str) -> tuple[int, int, str]:
    """Line, column and message for an error of either parser."""
    mark = error.problem_mark or error.context_mark
    lines = re.split("\r\n|\r|\n", text)
    number, column = mark.line, mark.column + 1
    if number >= len(lines):  # the C parser has the end of the text on a line of its own
        number, column = len(lines) - 1, len(lines[-1]) + 1
        if "node content" in str(error.problem):
            return number + 1, column, _ENDS
    line = lines[number]
    if indentation := _TABBED.match(line):
        column = indentation.end()
    if line[column - 1 : column] == "\t":
        return number + 1, column, "a tab; indent and separate with spaces"
    return number + 1, column, _syntax_message(error, line[column - 1 : column])


def _syntax_message(error: Any, character: str) -> str:
    problem = str(error.problem or error.context or "")
    if _CANNOT_START.search(problem):
        return f"a value cannot begin with {character!r}; put the text in quotes"
    opened = ""
    if error.context_mark:
        opened = f" (it begins at {error.context_mark.line + 1}:{error.context_mark.column + 1})"
    for part, message in _SYNTAX:
        if part in problem:
            return message.format(opened=opened)
    return f"not valid YAML: {_short(problem)}"
