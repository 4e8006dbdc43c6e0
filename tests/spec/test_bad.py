"""Bad specs: every one is refused with the exact message."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from support.cases import every
from weightinit_cli.errors import SpecError
from weightinit_cli.spec import parse, parse_spec

CASES = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
GOOD = "activation: sigmoid\ninitializer: xavier_normal\n"


def problems(data: bytes | str, source: str = "x.yaml") -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse_spec(data, source=source, stem="x")
    return list(caught.value.lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden_message(case: Path):
    expected = case.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert problems(case.read_bytes(), case.name) == expected


@every("case", CASES)
def test_message_does_not_depend_on_the_parser(case: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    test_golden_message(case)


# The C parser has another place, or other words, for what is wrong in a quoted text.
IN_QUOTES = {"bad_code_point", "bad_escape"}


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="no C parser here")
@every("case", [case for case in CASES if case.stem not in IN_QUOTES])
def test_message_of_a_long_text_is_the_same(case: Path, monkeypatch: pytest.MonkeyPatch):
    """Of which the C parser alone says what is wrong."""
    monkeypatch.setattr(parse, "LONG", 0)
    test_golden_message(case)


def test_a_long_list_that_is_not_closed():
    text = GOOD + "width: [" + "1, " * 20_000
    assert problems(text, "x.yaml") == [f"x.yaml:3:{len(text.splitlines()[2]) + 1}: {ENDS}"]


def test_every_case_is_a_pair():
    texts = {path.stem for path in (Path(__file__).parent / "bad").glob("*.txt")}
    assert texts == {case.stem for case in CASES}


ENDS = "the text ends before a list or a mapping is closed"
DEEP = "nested more than 20 levels deep"
AWKWARD = {
    "utf-16 with mark": (GOOD.encode("utf-16"), "x.yaml:1:1: UTF-16 text; save the file as UTF-8"),
    "utf-16 little": (GOOD.encode("utf-16-le"), "x.yaml:1:1: UTF-16 text; save the file as UTF-8"),
    "utf-16 big": (GOOD.encode("utf-16-be"), "x.yaml:1:1: UTF-16 text; save the file as UTF-8"),
    "utf-32 with mark": (GOOD.encode("utf-32"), "x.yaml:1:1: UTF-32 text; save the file as UTF-8"),
    "utf-32 big": (GOOD.encode("utf-32-be"), "x.yaml:1:1: UTF-32 text; save the file as UTF-8"),
    "latin-1": (
        "seed: 1\n# café".encode("latin-1"),
        "x.yaml:2:6: byte 0xE9 is not UTF-8; save the file as UTF-8",
    ),
    "latin-1 after a byte order mark": (
        b"\xef\xbb\xbf# \xe9",
        "x.yaml:1:3: byte 0xE9 is not UTF-8; save the file as UTF-8",
    ),
    "png": (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "x.yaml:3:1: a binary file (it holds a NUL byte), not YAML text",
    ),
    "nul in text": ("a: \0", "x.yaml:1:4: a binary file (it holds a NUL character), not YAML text"),
    "surrogate in text": (
        "a: \ud800",
        "x.yaml:1:4: the invisible character U+D800 cannot stand in YAML; remove it",
    ),
    "over 1 MiB": (b"#" * (2**20 + 1), "x.yaml: larger than 1 MiB; a spec is a few lines of YAML"),
    "over 1 MiB of text": (
        "#" * (2**20 + 1),
        "x.yaml: larger than 1 MiB; a spec is a few lines of YAML",
    ),
    "20,000 lists": ("a: " + "[" * 20_000, f"x.yaml:1:23: a{'.0' * 19}: {DEEP}"),
    "20,000 closed lists": (
        "a: " + "[" * 20_000 + "]" * 20_000,
        f"x.yaml:1:23: a{'.0' * 19}: {DEEP}",
    ),
    "20,000 block lists": ("- " * 20_000, f"x.yaml:1:41: 0{'.0' * 19}: {DEEP}"),
    "20,000 mappings": ("{a: " * 20_000, f"x.yaml:1:81: a{'.a' * 19}: {DEEP}"),
    "1,000 indented mappings": (
        "\n".join(" " * level + "a:" for level in range(1000)),
        f"x.yaml:21:21: a{'.a' * 19}: {DEEP}",
    ),
    "old mac line breaks": ("# 1\r# 2\r- 3", "x.yaml:3:1: must be a mapping of keys, such as "
        "activation: sigmoid, not a list"),
    "huge version": (
        f"%YAML {'9' * 5000}.1\n---\n{GOOD}",
        "x.yaml:1:1: not valid YAML: an escape or a version that is no number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str):
    data, message = AWKWARD[name]
    assert problems(data) == [message]


def test_of_many_problems_the_first_hundred():
    lines = problems(GOOD + "width: [" + "x, " * 1000 + "]")
    assert len(lines) == 101
    assert lines[99].startswith("x.yaml:3:306: width.99: ")
    assert lines[100] == "x.yaml:3:309: and 900 more problems"


def test_too_many_layers_in_a_list():
    lines = problems(GOOD + "width: [" + "1," * 100_001 + "]")
    assert lines == ["x.yaml:3:8: width: must be at most 100000 numbers, not 100001"]


def test_source_with_control_characters_stays_on_one_line():
    assert problems("- 1", "a\nb\x1b.yaml")[0].startswith("a\\nb\\x1b.yaml:1:1: ")


@pytest.mark.parametrize("text", ["-012", "1e400", "-0o17", "~", "'quoted'", "yes", "True"])
def test_echo_shows_what_was_written(text: str):
    (line,) = problems(GOOD + f"layers: {text}\n")
    assert line.endswith((f"not {text}", f"not '{text}'"))
