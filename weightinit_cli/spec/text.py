"""Bytes -> text that may be YAML, or a located reason why it cannot be."""

from __future__ import annotations

import codecs
import re

from weightinit_cli.errors import Mark, Problem, SpecError

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
