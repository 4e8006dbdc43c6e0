"""One run's product, or why there is none: what a worker sends home, and what is on disk."""

from __future__ import annotations

import time
import traceback
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from weightinit_cli import __version__
from weightinit_cli.errors import MemoryShortageError, WinitError
from weightinit_cli.experiments.resources import plugins_of
from weightinit_cli.results import STATS, load_result
from weightinit_cli.results.kinds import drawn_by, interruption, kind_of, made_by, rows
from weightinit_cli.results.store import files_of, is_of, picture_names
from weightinit_cli.saving import draw_result
from weightinit_cli.spec import former_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.kinds import Row
    from weightinit_cli.results.model import Verdict
    from weightinit_cli.spec import AnySpec

_ONE_AT_A_TIME = Lock()
R = TypeVar("R")


class Product(NamedTuple):
    """What is left of a run: its figures for the tables over all runs, and its files.

    `version` is winit's; `files` are contents by name, stats.json last; `compared` is of one of
    several runs; `folder` says where it was found on disk; `undrawn` why there are no pictures
    among the files, where they could not be drawn; `seconds` how long the run took that made it.
    """

    digest: str
    version: str
    numpy: str
    verdict: tuple[Verdict, ...]
    rows: list[Row]
    compared: AnyComparedRun | None
    files: Mapping[str, bytes]
    folder: str = ""
    undrawn: WinitError | None = None
    seconds: float | None = None


class Failure(NamedTuple):
    """Why a run has no product, one line each.

    `defect` where it is winit's fault, `memory` where there was too little at that moment;
    `located` where the lines say themselves what they are about.
    """

    lines: tuple[str, ...]
    defect: bool = False
    memory: bool = False
    located: bool = False


class Ended(NamedTuple):
    """How the process has ended, in words, that was to send an outcome."""

    how: str


def produce(spec: AnySpec, formats: Sequence[str] = ("png",)) -> Product:
    """Run a spec and draw its pictures in each of the formats."""
    from weightinit_cli.experiments import run

    began = time.monotonic()
    result = run(spec, threads=1)
    seconds = time.monotonic() - began
    if interruption(result) is not None:
        raise KeyboardInterrupt
    return product_of(result, spec, formats)._replace(seconds=seconds)


def attempt(function: Callable[[Any], R], given: Any) -> R | Failure:
    """Return what the function makes, or why there is nothing; one at a time in a process.

    The limit on BLAS's threads and matplotlib's settings are a process's, and a worker of a
    cluster may have several threads.
    """
    try:
        with _ONE_AT_A_TIME:
            return function(given)
    except WinitError as error:
        memory = isinstance(error, MemoryShortageError)
        return Failure(error.lines, memory=memory, located=True)
    except MemoryError:
        return Failure(("not enough memory for this run",), memory=True)
    except Exception:  # noqa: BLE001
        return Failure(tuple(traceback.format_exc().splitlines()), defect=True)


def product_of(result: AnyResult, spec: AnySpec, formats: Sequence[str]) -> Product:
    """The product of a run that is done, with its pictures in each of the formats.

    One of several runs has no pictures of its own: all are drawn together.
    """
    pictures, undrawn = draw_result(result, () if spec.run else formats)
    product = _product(result, spec, files_of(result, pictures))
    return product._replace(undrawn=undrawn)


def saved(
    out: Path,
    spec: AnySpec,
    digest: str,
    formats: Sequence[str] = ("png",),
    numpy: Collection[str] | None = None,
) -> Product | None:
    """The product as it stands on disk, without its files; None where it has to be made.

    It stands there if stats.json is whole, from this version of winit, of this digest and of one
    of these versions of numpy, and every picture that is wanted is of this digest, too. What other
    functions than winit's have drawn is not the spec's own; nor is what another version of a
    plug-in has made.
    """
    folder = _folder(out, spec)
    try:
        result = load_result(out / folder / STATS)
    except WinitError:
        return None
    former = result.name, result.digest, result.environment.get("winit")
    name = folder.partition("/")[0]
    if former != (name, digest, __version__) or interruption(result) is not None:
        return None
    if drawn_by(result) or made_by(result) != plugins_of(spec):
        return None
    if numpy is not None and result.environment.get("numpy") not in numpy:
        return None
    wanted = [] if spec.run else picture_names(result, formats)
    if not all(is_of(out / folder / name, digest) for name in wanted):
        return None
    return _product(result, spec, {})._replace(folder=folder)


def _folder(out: Path, spec: AnySpec) -> str:
    """The folder of a run's result, under an earlier version's name if it is only there."""
    if (out / spec.folder).exists():
        return spec.folder
    there = (folder for folder in former_folders(spec) if (out / folder / STATS).exists())
    return next(there, spec.folder)


def _product(result: AnyResult, spec: AnySpec, files: Mapping[str, bytes]) -> Product:
    kind = kind_of(result)
    return Product(
        digest=result.digest,
        version=__version__,
        numpy=str(result.environment.get("numpy")),
        verdict=kind.verdict(result),
        rows=rows(result, spec.label),
        compared=kind.compared(result, spec.label, spec.varied) if spec.run else None,
        files=files,
    )
