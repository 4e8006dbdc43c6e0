"""One run's product: what a worker sends home, and how it gets to disk and is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli import __version__
from weightinit_cli.batch.comparing import compared_run
from weightinit_cli.errors import ResultError
from weightinit_cli.results import STATS, Result, dump_result, load_result, write_files
from weightinit_cli.results.pictures import is_of, outdated, picture_names
from weightinit_cli.results.summary import rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import ComparedRun, TrainedRun
    from weightinit_cli.results.summary import Row
    from weightinit_cli.spec import AnySpec


class Product(NamedTuple):
    """What is left of a run: its figures for the tables over all runs, and its files.

    `files` are contents by name, stats.json last; `compared` is of one of several runs.
    """

    digest: str
    version: str
    verdict: tuple[str, ...]
    rows: list[Row]
    compared: ComparedRun | TrainedRun | None
    files: Mapping[str, bytes]


def produce(spec: AnySpec, formats: Sequence[str] = ("png",)) -> Product:
    """Run a spec and draw both its pictures in each of the formats.

    One of several runs has no pictures of its own: all are drawn together.
    """
    from weightinit_cli.experiments import run

    result = run(spec, threads=1)
    if getattr(result, "interrupted", None):
        raise KeyboardInterrupt
    files: dict[str, bytes] = {}
    if formats and not spec.run:
        from weightinit_cli.plots import pictures

        files = pictures(result, formats)
    files[STATS] = dump_result(result).encode()
    return _product(result, spec, files)


def save(product: Product, out: Path, spec: AnySpec) -> None:
    """Write a product's files to the run's folder, the pictures of a former run go.

    Raises OutputError where they cannot be written.
    """
    place = out / spec.folder
    former = [name for name in outdated(place, product.digest) if name not in product.files]
    write_files(out, spec.folder, product.files, former)


def saved(
    out: Path, spec: AnySpec, digest: str, formats: Sequence[str] = ("png",)
) -> Product | None:
    """The product as it stands on disk, without its files; None where it has to be made.

    It stands there if stats.json is whole, from this version of winit and of this digest, and
    every picture that is wanted is of this digest, too.
    """
    place = out / spec.folder
    try:
        result = load_result(place / STATS)
    except ResultError:
        return None
    former = result.name, result.digest, result.environment.get("winit")
    if former != (spec.name, digest, __version__) or getattr(result, "interrupted", None):
        return None
    wanted = [] if spec.run else picture_names(spec.experiment, formats)
    if not all(is_of(place / name, digest) for name in wanted):
        return None
    return _product(result, spec, {})


def _product(result: AnyResult, spec: AnySpec, files: Mapping[str, bytes]) -> Product:
    verdict = tuple(each.name for each in result.verdict) if isinstance(result, Result) else ()
    lines = rows(result, spec.run)
    return Product(result.digest, __version__, verdict, lines, compared_run(result, spec), files)
