"""What is written over many runs: tables, pictures of each spec's, and an index."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from weightinit_cli import __version__
from weightinit_cli.batch.product import saved
from weightinit_cli.errors import WinitError
from weightinit_cli.experiments import digest_of
from weightinit_cli.results import write_files
from weightinit_cli.results.files import holds
from weightinit_cli.results.model import worst_severity
from weightinit_cli.results.store import COMPARISON, FORMATS, RUNS, SUMMARY, own_files
from weightinit_cli.results.tree import ListedRun, RunTree, dump_tree, replaced_runs
from weightinit_cli.results.words import full_name
from weightinit_cli.saving import Saved, draw_safely, write_safely
from weightinit_cli.spec import expand, normal_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.batch.engine import Ledger, Record
    from weightinit_cli.batch.plan import Plan
    from weightinit_cli.batch.product import Product
    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.files import Content
    from weightinit_cli.results.kinds import Row
    from weightinit_cli.spec import AnySpec

    Read = Callable[[], Iterable[Product | Record]]

INDEX = "index.json"


def list_runs(spec: AnySpec, out: Path) -> str:
    """Write which runs a spec has beside their folders; say in words what of others that replaces.

    Raises WinitError where it cannot be written.
    """
    runs = expand(spec)
    tree = RunTree(
        spec.name,
        tuple(path for path, _ in runs[0].varied),
        tuple(
            ListedRun(run.run, run.label, digest_of(run), tuple(value for _, value in run.varied))
            for run in runs
        ),
        spec.overrides or None,
    )
    former = replaced_runs(out / spec.name, tree)
    write_files(out, spec.name, {RUNS: dump_tree(tree)})
    return former


def sum_up(
    plan: Plan, ledger: Ledger, out: Path, formats: tuple[str, ...] = ("png",)
) -> tuple[list[Path], list[Saved], list[WinitError]]:
    """Write what the ledger says: the files over all runs, what was compared of each spec, errors.

    A file that cannot be written keeps no other from being. After ^C nothing more is drawn.
    """
    paths: list[Path] = []
    comparisons: list[Saved] = []
    errors: list[WinitError] = []
    ends = accumulate((len(expand(spec)) for spec in plan.specs), initial=0)
    for spec, (first, last) in zip(plan.specs, pairwise(ends), strict=True):
        if spec.runs is None:
            continue
        try:
            done = compare_runs(spec, partial(ledger.read, range(first, last)), out, formats)
        except WinitError as error:
            errors.append(error)
            continue
        comparisons.append(done)
        if done.interrupted:
            formats = ()
    for name, content in ((SUMMARY, _table(ledger.read)), (INDEX, _index(ledger.read()))):
        try:
            paths.extend(write_files(out, "", {name: content}))
        except WinitError as error:
            errors.append(error)
    return paths, comparisons, errors


def compare_runs(
    spec: AnySpec, read: Read, out: Path, formats: Sequence[str], *, table: bool = True
) -> Saved:
    """Write the pictures over all runs of a spec and the table, which is there in any case.

    `read` gives what is left of the runs, as often as it is called. Former pictures go where the
    table changes, and those in one of the formats in any case; so does the result of a single run.
    Raises WinitError where the table cannot be written.
    """
    compared = (each.compared for each in read() if each.compared is not None)
    place = out / spec.name
    gone = formats if holds(place / SUMMARY, _table(read)) else FORMATS
    names = (f"{COMPARISON}.{name}" for name in gone)
    former = [name for name in names if not (place / name).is_dir()]

    def write(pictures: Mapping[str, bytes]) -> list[Path]:
        files: dict[str, Content] = {**pictures}
        if table:
            files[SUMMARY] = _table(read)
        outdated = [name for name in (*former, *own_files(place)) if name not in files]
        return write_files(out, spec.name, files, outdated)

    drawn = draw_safely(partial(_pictures, spec, compared, formats)) if formats else ({}, None)
    return write_safely(write, drawn)


def compare_saved(spec: AnySpec, out: Path) -> Saved:
    """Write the table over all saved runs of a spec and the pictures, those that stand there.

    Raises WinitError where they cannot be written.
    """
    place = out / spec.name
    formats = [name for name in FORMATS if (place / f"{COMPARISON}.{name}").exists()]
    list_runs(spec, out)
    found = [saved(out, run, digest_of(run), ()) for run in expand(spec)]
    there = [product for product in found if product is not None]
    return compare_runs(spec, lambda: there, out, formats, table=(place / SUMMARY).exists())


def _pictures(
    spec: AnySpec, runs: Iterable[AnyComparedRun], formats: Sequence[str]
) -> dict[str, bytes]:
    """The comparison in each of the formats, by file name; none where there is nothing to draw."""
    from weightinit_cli.plots import comparison_pictures

    name = full_name(spec.name, spec.overrides)
    return comparison_pictures(name, normal_form(spec), runs, len(expand(spec)), formats)


def _table(read: Read) -> Iterator[bytes]:
    """Give the table of all results, a row per run and layer, piece by piece."""
    header: dict[str, None] = dict.fromkeys(("name", "run", "digest"))
    for run in read():
        for row in run.rows:
            header |= dict.fromkeys(row)
    yield _csv([dict(zip(header, header, strict=True))], header)
    for run in read():
        yield _csv(run.rows, header)


def _csv(rows: Iterable[Row], header: Iterable[str]) -> bytes:
    """The rows as CSV, in the columns of `header`; an empty field where there is nothing."""
    text = io.StringIO()
    csv.DictWriter(text, list(header), restval="", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _index(records: Iterable[Record]) -> Iterator[bytes]:
    """Give every run with its folder, digest, verdict and status, a line each, as JSON."""
    yield f'{{"winit": {json.dumps(__version__)},\n "runs": ['.encode()
    between = "\n  "
    for record in records:
        yield (between + json.dumps(_entry(record), sort_keys=True)).encode()
        between = ",\n  "
    yield b"\n ]}\n"


def _entry(record: Record) -> dict[str, Any]:
    """Give a run as the index has it; one that was skipped is done."""
    return {
        "name": record.name,
        "run": record.run,
        "folder": record.folder,
        "digest": record.digest,
        "status": "failed" if record.status == "failed" else "done",
        "verdict": [each.name for each in record.verdict],
        "severity": worst_severity(record.verdict),
        "errors": list(record.errors),
    }
