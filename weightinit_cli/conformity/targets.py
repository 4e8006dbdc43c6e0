"""Whom a person names on the command line: `file.py:name` or `package.module:name`."""

from __future__ import annotations

import importlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.reading import open_at_once

if TYPE_CHECKING:
    from types import ModuleType

FORMS = "must be file.py:name or package.module:name"


def find(target: str) -> Any:
    """Return what a target names; a name may be dotted (`init.py:Family.normal`).

    The file is run, and may import what stands in its folder, where no installed module has that
    name; the current folder is not searched for packages. Raises WinitError for what is not there,
    and where the module raises.
    """
    place, colon, name = target.rpartition(":")
    if not (colon and place and name):
        raise WinitError(printable(f"{target or repr(target)}: {FORMS}"))
    is_file = place.endswith(".py") or any(separator in place for separator in "/\\")
    module = _of_file(place) if is_file else _of_package(place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise WinitError(printable(f"{place}: no {name!r} in it{_near(part, found)}"))
        found = getattr(found, part)
    return found


def where(error: BaseException, file: str) -> str:
    """Say where an error was raised: the last line of this file on the way, else of any."""
    frames = traceback.extract_tb(error.__traceback__)
    of_file = [frame for frame in frames if Path(frame.filename) == Path(file)] or frames[-1:]
    return f"{of_file[-1].filename}:{of_file[-1].lineno}" if of_file else file


def said(error: BaseException) -> str:
    """Say what an error is, on one line: `ValueError: no such fan`."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _of_file(place: str) -> ModuleType:
    path = Path(place)
    try:
        with open_at_once(path):
            pass
    except FileNotFoundError:
        raise WinitError(printable(f"{place}: no such file")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WinitError(printable(f"{place}: cannot be read: {reason}")) from None
    name = f"winit_target_{path.stem}"
    spec = spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise WinitError(printable(f"{place}: is no Python file; {FORMS}"))
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look a class's module up
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raise WinitError(_unimportable(place, error, str(path.resolve()))) from None
    return module


def _of_package(place: str) -> ModuleType:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(f"{error.name}.")):
            hint = "a file is named with its ending, as mine.py:name"
            raise WinitError(printable(f"{place}: no module of this name; {hint}")) from None
        raise WinitError(_unimportable(place, error, "")) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raise WinitError(_unimportable(place, error, "")) from None


def _unimportable(place: str, error: BaseException, file: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == file:
        return printable(f"{place}:{error.lineno}: SyntaxError: {error.msg}")
    return printable(f"{place}: cannot be imported: {said(error)} ({where(error, file)})")


def _near(name: str, module: object) -> str:
    from weightinit_cli.spec.nodes import suggestion

    names = [each for each in vars(module) if not each.startswith("_")]
    callables = [each for each in names if callable(getattr(module, each))]
    there = ", ".join(callables[:10]) if len(callables) <= 10 else f"{len(callables)} callables"
    return suggestion(name, callables, f"it has {there or 'no callable'}")
