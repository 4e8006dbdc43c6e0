"""Pages of docs/ that winit prints; `python tests/support/written_pages.py` writes them."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from weightinit_cli.cli import COMMANDS, main

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = """This page is written by `python tests/support/written_pages.py`, and a test holds it to
what `winit` prints."""


def commands() -> str:
    """Return the page of all commands: winit's own help, then that of each."""
    head = f"""# Commands

`winit COMMAND --help` prints what stands here. Exit codes are in
[files, exit codes, environment](files.md#exit-codes). {WRITTEN}
"""
    helped = [section("winit", "--help")]
    helped += [section(f"winit {name}", name, "--help") for name in COMMANDS]
    return "\n".join([head, *helped])


def names() -> str:
    """Return the page of all names that a spec, a table or a verdict may have."""
    head = f"""# All names

What `winit list` and `winit explain` print: every initializer, activation, shipped config, verdict
and column. `winit explain NAME` says more of one of them. {WRITTEN}
"""
    lists = [
        section(f"winit list {what}", "list", what)
        for what in ("initializers", "activations", "configs")
    ]
    return "\n".join([head, *lists, section("winit explain", "explain")])


def section(heading: str, *arguments: str) -> str:
    """Return what a command prints, below a heading."""
    with redirect_stdout(StringIO()) as printed:
        main(arguments)
    return f"## {heading}\n\n```text\n{printed.getvalue()}```\n"


PAGES = {DOCS / "commands.md": commands, DOCS / "all-names.md": names}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), "utf-8")
