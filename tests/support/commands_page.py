"""docs/commands.md; `python tests/support/commands_page.py` writes it anew."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from weightinit_cli.cli import COMMANDS, main

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
HEAD = """# Commands

`winit COMMAND --help` prints what stands here. (This page is written by
`python tests/support/commands_page.py`, and a test holds it to the commands.) Exit codes are in
[files, exit codes, environment](files.md#exit-codes).
"""


def help_of(*command: str) -> str:
    """What `winit COMMAND --help` prints."""
    with redirect_stdout(StringIO()) as printed:
        main([*command, "--help"])
    return printed.getvalue()


def page() -> str:
    """The whole page: winit's own help, then that of each command."""
    parts = [HEAD, f"## winit\n\n```text\n{help_of()}```\n"]
    parts += [f"## winit {name}\n\n```text\n{help_of(name)}```\n" for name in COMMANDS]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
