"""Arguments and options that name files and folders; the shell completes them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli.names import proposed

if TYPE_CHECKING:
    from click import Context, Parameter

    Base = click.ParamType[Any]
else:
    Base = click.ParamType

EMPTY = "a path must not be empty; the current folder is '.'"
FILE, FOLDER, YAML, PYTHON = "file", "folder", "yaml", "python"


def at_home(text: str) -> str:
    """Put the home folder in place of a `~` that no shell has replaced: in quotes, after a `=`."""
    if text == "~" or text.startswith(("~/", f"~{os.sep}")):
        return os.path.expanduser(text)  # noqa: PTH111  # the text stays as it is written
    return text


class PathText(Base):
    """The text of a path, which need not exist; `kind` is what the shell proposes.

    `~` is the home folder. `-o=out` is `-o out`, as it is for `--output-dir=out`: a path that
    begins with a `=` is written `./=out`.
    """

    name = "path"

    def __init__(self, kind: str = FILE) -> None:
        self.kind = kind

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> Any:
        """Return the path as text. Fails where it is empty."""
        text = str(value)
        if isinstance(param, click.Option):
            text = text.removeprefix("=")
        if text == "":
            self.fail(EMPTY, param, ctx)
        return at_home(text)

    def shell_complete(self, ctx: Context, param: Parameter, incomplete: str) -> list[Any]:  # noqa: ARG002
        """Leave it to the shell to propose what there is."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=self.kind)]


class PathType(PathText):
    """A path as `Path`."""

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> Any:
        """Return the Path. Fails where it is empty."""
        return Path(super().convert(value, param, ctx))


class FileToWrite(PathType):
    """The path of a file to write, which `-` is not; `why` says so, after `must be a file`."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> Any:
        """Return the Path. Fails where it is empty or `-`."""
        if value == "-":
            self.fail(f"must be a file, not -{self.why}", param, ctx)
        return super().convert(value, param, ctx)


class SpecText(PathText):
    """The text of a spec's path, or of a shipped one's name; `-` is standard input."""

    def __init__(self) -> None:
        super().__init__(YAML)

    def shell_complete(self, ctx: Context, param: Parameter, incomplete: str) -> list[Any]:
        """Propose the shipped specs, and leave the files to the shell."""
        from weightinit_cli.cli.names import configs, proposed

        files = super().shell_complete(ctx, param, incomplete)
        return [*proposed(configs(), incomplete), *files]


class TargetText(PathText):
    """The text of file.py:name, or of a package's; of an input NAME= may stand before it.

    `words` are proposed beside Python files.
    """

    def __init__(self, *words: str) -> None:
        super().__init__(PYTHON)
        self.words = words

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> Any:  # noqa: ARG002
        """Return the text, with the home folder in the place of a `~`."""
        name, equals, place = str(value).rpartition("=")
        return f"{name}{equals}{at_home(place)}"

    def shell_complete(self, ctx: Context, param: Parameter, incomplete: str) -> list[Any]:
        """Propose the words, and leave the files to the shell; of a file, what it defines."""
        from weightinit_cli.targets import names_defined_in

        place = incomplete.rpartition(":")[0]
        if place.endswith(".py"):
            found = names_defined_in(at_home(place.rpartition("=")[2]))
            return proposed(dict.fromkeys((f"{place}:{each}" for each in found), ""), incomplete)
        words = proposed(dict.fromkeys(self.words, ""), incomplete)
        return [*words, *super().shell_complete(ctx, param, incomplete)]
