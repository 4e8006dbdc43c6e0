"""Where a spec is: a path, a file in the current folder, or a shipped config by its bare name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import Mark, Problem, SpecError, printable
from weightinit_cli.spec.report import nearest, quote

if TYPE_CHECKING:
    from collections.abc import Callable

# What stands for standard input in place of a path.
STDIN = "-"

_PACKAGE = Path(__file__).parent.parent


class FoundConfig(NamedTuple):
    """The file that a name stands for, and the shipped config of that name that it hides."""

    path: Path
    shadows: Path | None = None


def config_folder() -> Path:
    """The folder of the shipped configs: in the package, or beside it in an editable install."""
    inside = _PACKAGE / "configs"
    return inside if _holds(inside.is_dir) else _PACKAGE.parent / "configs"


def shipped_configs() -> list[Path]:
    """The shipped configs, sorted by name."""
    return sorted(config_folder().glob("*.yaml"))


def find_config(name: str) -> FoundConfig:
    """The file that `name` stands for.

    `-` is standard input. With a path separator (of any platform) or a drive it is a path, and is
    not looked for. Else it is a file of that name in the current folder, else the shipped config,
    with or without `.yaml`.

    Raises SpecError if a bare name stands for nothing; it names a shipped config near it.
    """
    if name == STDIN or re.search(r"[/\\]|^[A-Za-z]:", name):
        return FoundConfig(Path(name))
    shipped = {path.stem: path for path in shipped_configs()}
    config = shipped.get(name.removesuffix(".yaml"))
    here = Path(name)
    if _holds(here.is_file):
        hides = config is not None and not _holds(lambda: here.samefile(config))
        return FoundConfig(here, config if hides else None)
    if config is not None:
        return FoundConfig(config)
    if name and _holds(here.is_dir):
        return FoundConfig(here)
    raise SpecError([Problem(Mark(printable(name) or quote(name)), "", missing(name))])


def missing(name: str) -> str:
    """What to say of a file that does not exist, with the name of a config near it."""
    bare = re.split(r"[/\\]", name)[-1].removesuffix(".yaml")
    near = nearest(bare, (path.stem for path in shipped_configs()))
    if near:
        return f"no such file; did you mean the shipped config {near!r}?"
    return "no such file; `winit list configs` shows the shipped configs"


def _holds(question: Callable[[], bool]) -> bool:
    """The answer; no where the system cannot even ask, as of a name too long."""
    try:
        return question()
    except (OSError, ValueError):
        return False
