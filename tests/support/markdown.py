"""The README and the pages of docs/: their blocks, the files they write, the commands they show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCED = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_ANNOUNCED = re.compile(r"`(?P<name>[\w./-]+\.(py|yaml|toml))`[^\n]*:$")
_NAMED = re.compile(r"# (?P<name>[\w./-]+\.(py|yaml))\n")


@dataclass
class Block:
    """A fenced block: its kind, its text, and the file that it is said to be, '' where it is none.

    A file is announced by a line before the block that names it and ends in a colon (`mine.yaml`:),
    or by the block's first line (# mine.yaml).
    """

    kind: str
    text: str
    file: str


@dataclass
class Command:
    """A command of a page, and the lines that it is said to print, where the page says that.

    "..." among the lines stands for others.
    """

    line: str
    printed: list[str] = field(default_factory=list)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text("utf-8")
    for match in _FENCED.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n")[2]
        found = _NAMED.match(match["text"]) or _ANNOUNCED.search(before)
        is_file = found and match["kind"] in ("python", "yaml", "toml")
        yield Block(match["kind"], match["text"], found["name"] if found and is_file else "")


def steps(page: Path) -> list[Block | Command]:
    """The blocks of a page, with those of commands as their commands.

    A block "sh" has a command on each line; a block "text" after it is what the last one prints.
    A block "console" has commands after "$ ", each followed by what it prints.
    """
    found: list[Block | Command] = []
    for block in blocks(page):
        if block.kind == "sh":
            lines = block.text.replace("\\\n", " ").splitlines()
            found += [Command(line) for line in lines if line and not line.startswith("#")]
        elif block.kind == "console":
            for part in block.text.removeprefix("$ ").split("\n$ "):
                line, *printed = part.splitlines()
                found.append(Command(line, printed))
        elif block.kind == "text" and found and isinstance(found[-1], Command):
            found[-1].printed = block.text.splitlines()
        else:
            found.append(block)
    return found
