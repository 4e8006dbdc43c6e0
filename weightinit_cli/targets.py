"""Whom a person names on the command line: `file.py:name` or `package.module:name`."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.sources import load_file, portable, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

MOST_NAMES = 10
FORMS = "must be file.py:name or package.module:name"


def find(target: str, loaded: dict[str, ModuleType] | None = None) -> Any:
    """Return what a target names; a name may be dotted (`init.py:Family.normal`).

    Modules that are `loaded` already, by their place, are not run again, and new ones are added.

    The file is run, and may import what stands in its folder, where no installed module has that
    name; in a folder with an `__init__.py` it is imported as a module of that package, so that its
    relative imports work. The current folder is not searched for packages.

    Raises WinitError for what is not there, and where the module raises.
    """
    place, colon, name = target.rpartition(":")
    if not (colon and place and name):
        raise WinitError(printable(f"{target or repr(target)}: {FORMS}{_defined_in(target)}"))
    is_file = place.endswith(".py") or any(separator in place for separator in "/\\")
    modules = {} if loaded is None else loaded
    if place not in modules:
        with without_arguments(place):
            modules[place] = _of_file(Path(place)) if is_file else _of_package(place)
    found: Any = modules[place]
    for part in name.split("."):
        if not hasattr(found, part):
            raise WinitError(printable(f"{place}: no {name!r} in it{_near(part, found)}"))
        found = getattr(found, part)
    return found


@contextmanager
def without_arguments(place: str) -> Iterator[None]:
    """Have a person's code see the command line of its file alone: the arguments are winit's.

    A script that reads its own (`--seed`, `--depth`) would take winit's for them.
    """
    former = sys.argv
    sys.argv = [place]
    try:
        yield
    finally:
        sys.argv = former


def portable_target(target: str) -> str:
    """A target as a result names it, without folders of this machine above the current one."""
    place, colon, name = target.rpartition(":")
    return f"{portable(place)}{colon}{name}"


def names_defined_in(file: str) -> list[str]:
    """The functions and classes that a file defines, which is not run for that."""
    import ast

    if not (file.endswith(".py") and Path(file).is_file()):
        return []
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, ValueError, SyntaxError):
        return []
    kinds = ast.FunctionDef | ast.ClassDef
    return [each.name for each in tree.body if isinstance(each, kinds) and each.name[0] != "_"]


def _defined_in(file: str) -> str:
    """The same in words."""
    names = names_defined_in(file)
    few = ", ".join(names[:MOST_NAMES]) + ", ..." * (len(names) > MOST_NAMES)
    return f"; it defines {few}" if names else ""


def _of_file(path: Path) -> ModuleType:
    """Load a file, in its package where it stands in one."""
    file = path.absolute()
    folder, names = file.parent, [] if file.stem == "__init__" else [file.stem]
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    if folder == file.parent or not file.is_file():
        return load_file(path)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    name = ".".join(names)
    module = _of_package(name)
    if module.__file__ is None or not file.samefile(module.__file__):
        raise WinitError(printable(f"{path}: {name} is another module here, {module.__file__}"))
    return module


def _of_package(place: str) -> ModuleType:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(f"{error.name}.")):
            file = f"{place.replace('.', '/')}.py"
            mine = file if Path(file).is_file() else "mine.py"
            hint = f"a file is named with its ending, as {mine}:name"
            raise WinitError(printable(f"{place}: no module of this name; {hint}")) from None
        raise WinitError(f"{place}: cannot be imported: {said(error)}") from error
    except (Exception, SystemExit) as error:
        raise WinitError(f"{place}: cannot be imported: {said(error)}") from error


def _near(name: str, module: object) -> str:
    from weightinit_cli.spec.nodes import suggestion

    names = [each for each in vars(module) if not each.startswith("_")]
    callables = [each for each in names if callable(getattr(module, each))]
    there = ", ".join(callables[:10]) if len(callables) <= 10 else f"{len(callables)} callables"
    return suggestion(name, callables, f"it has {there or 'no callable'}")
