"""A batch: what is not done yet is done, written as it comes, recorded and counted."""

from __future__ import annotations

import pickle
import time
from array import array
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, Self

from weightinit_cli import __version__
from weightinit_cli.batch.executors import no_note, our_numpy
from weightinit_cli.batch.product import Failure, Product, produce, saved
from weightinit_cli.errors import DEFECT, INTERRUPTED, WinitError, reason
from weightinit_cli.experiments import digest_of
from weightinit_cli.results import STATS
from weightinit_cli.results.store import replaced
from weightinit_cli.saving import save
from weightinit_cli.spec import normal_form

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from weightinit_cli.batch.executors import Executor
    from weightinit_cli.batch.plan import Plan
    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.kinds import Row
    from weightinit_cli.results.model import Verdict
    from weightinit_cli.spec import AnySpec

NOT_YET = -1


class Job(NamedTuple):
    """A run to be done, with its place in the plan and the digest of its spec."""

    number: int
    digest: str
    spec: AnySpec

    @property
    def given(self) -> AnySpec:
        """What `produce` is given."""
        return self.spec


class Settings(NamedTuple):
    """Where the results go, which pictures are drawn, and whether saved results are trusted."""

    out: Path
    formats: tuple[str, ...] = ("png",)
    force: bool = False

    def saved(self, job: Job, numpy: Collection[str]) -> Product | None:
        """The saved product of a run that need not be done again with these versions of numpy."""
        return None if self.force else saved(self.out, job.spec, job.digest, self.formats, numpy)


@dataclass(slots=True)
class Counts:
    """What has become of a batch's runs so far.

    Of those that are done, `undrawn` are saved without their pictures. Of these and of those that
    failed, `defects` are winit's fault and `unwritten` the machine's: it lacks space or memory.
    """

    total: int
    done: int = 0
    failed: int = 0
    skipped: int = 0
    undrawn: int = 0
    defects: int = 0
    unwritten: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """How many runs there are of which nothing is known yet."""
        return self.total - self.done - self.failed - self.skipped

    def rate(self, now: float) -> float:
        """How many runs are over per second, without those that were skipped."""
        return (self.done + self.failed) / max(now - self.began, 1e-9)

    def seconds_left(self, now: float) -> float | None:
        """How long the runs that are left will take; None before the first is done."""
        rate = self.rate(now)
        return self.left / rate if rate else None


class Record(NamedTuple):
    """One run: where its result is, what it says, and why it or its pictures are missing.

    `replaced` says which other spec's result it took the place of, `seconds` how long it took.
    """

    name: str
    run: str
    digest: str
    status: Literal["done", "skipped", "failed"]
    verdict: tuple[Verdict, ...] = ()
    rows: list[Row] = []  # noqa: RUF012
    compared: AnyComparedRun | None = None
    errors: tuple[str, ...] = ()
    found: str = ""
    replaced: str = ""
    seconds: float | None = None

    @property
    def folder(self) -> str:
        """The folder below the output folder where the run was found, else is written to."""
        return self.found or (f"{self.name}/{self.run}" if self.run else self.name)


class Ledger:
    """The records of a batch by the runs' numbers, in a file of the output folder without a name.

    So nothing of it is left, whatever ends the batch; and a folder that cannot be written to is
    known before the first run. Raises WinitError then. What the file does not take later is held
    in memory: the runs that are still to come have a right to be tried.
    """

    def __init__(self, out: Path, total: int) -> None:
        import tempfile  # not every command needs it

        self._out = out
        self._places = array("q", [NOT_YET]) * total
        self._held: dict[int, Record] = {}
        try:
            out.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=out, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise WinitError(f"{out}: cannot be written: {reason(error)}") from None

    def write(self, number: int, record: Record) -> None:
        """Note what has become of a run."""
        self._places[number] = NOT_YET
        data = memoryview(pickle.dumps(tuple(record)))
        try:
            place = self._file.seek(0, 2)
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._held[number] = record
        else:
            self._places[number] = place

    def read(self, numbers: Iterable[int] | None = None) -> Iterator[Record]:
        """Give the records of these runs, or of all, in the order of their numbers.

        Raises WinitError where the file cannot be read any more.
        """
        for number in range(len(self._places)) if numbers is None else numbers:
            if self._places[number] != NOT_YET:
                yield self._record_at(self._places[number])
            elif number in self._held:
                yield self._held[number]

    def _record_at(self, place: int) -> Record:
        try:
            self._file.seek(place)
            return Record(*pickle.load(self._file))  # noqa: S301  # its own file
        except OSError as error:
            message = f"{self._out}: what was noted there cannot be read: {reason(error)}"
            raise WinitError(message) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _tell_nobody(record: Record, counts: Counts) -> None:
    """Show nothing."""


def run_batch(
    plan: Plan,
    executor: Executor,
    settings: Settings,
    ledger: Ledger,
    tell: Callable[[Record, Counts], None] = _tell_nobody,
    note: Callable[[str], None] = no_note,
) -> Counts:
    """Do every run of the plan that is not saved yet; record all of them in the ledger.

    Whatever happens to one run, the others are done. `tell` is called for every run that has been
    done, has failed or was skipped, and `note` with what is worth knowing about how they are done;
    both from the thread that runs the batch.
    """
    counts = Counts(plan.total)
    versions = executor.numpy, {our_numpy()}
    batch = _Batch(settings, ledger, tell, note, counts, *versions)
    for outcome in executor.run(partial(produce, formats=settings.formats), batch.jobs(plan)):
        batch.take(*outcome)
    return batch.counts


def jobs_of(plan: Plan) -> Iterator[Job]:
    """Give every run its number and its digest."""
    return (Job(number, digest_of(run), run) for number, run in enumerate(plan.runs()))


class _Batch(NamedTuple):
    settings: Settings
    ledger: Ledger
    tell: Callable[[Record, Counts], None]
    note: Callable[[str], None]
    counts: Counts
    numpy: frozenset[str]
    known: set[str]

    def jobs(self, plan: Plan) -> Iterator[Job]:
        """Give the jobs that are to be done; record on the way those that are saved."""
        for job in jobs_of(plan):
            former = self.settings.saved(job, self.numpy)
            if former is None:
                yield job
            else:
                self.counts.skipped += 1
                self._record(job, _record_of(job, "skipped", former))

    def take(self, job: Job, outcome: Product | Failure) -> None:
        """Write what a run has produced."""
        former = ""
        if isinstance(outcome, Product):
            former = replaced(
                self.settings.out / job.spec.folder, job.digest, normal_form(job.spec)
            )
            outcome = self._written(job, outcome)
        if isinstance(outcome, Failure):
            self.counts.failed += 1
            self.counts.defects += outcome.defect
            self._record(job, Record(*_names(job), "failed", errors=outcome.lines))
        else:
            self.counts.done += 1
            self._count(outcome.undrawn)
            self._record(job, _record_of(job, "done", outcome)._replace(replaced=former))
            if outcome.undrawn is not None and outcome.undrawn.exit_code == INTERRUPTED:
                raise KeyboardInterrupt

    def _written(self, job: Job, product: Product) -> Product | Failure:
        if (product.version, product.digest) != (__version__, job.digest):
            return Failure((f"its worker has winit {product.version}; here is {__version__}",))
        place = self.settings.out, job.spec.folder, job.digest
        self._tell_numpy(product.numpy)
        try:
            written = save(*place, product.files, product.undrawn)
        except WinitError as error:
            self.counts.unwritten += 1
            return Failure(error.lines)
        return product._replace(undrawn=written.undrawn)

    def _count(self, undrawn: WinitError | None) -> None:
        if undrawn is not None:
            self.counts.undrawn += 1
            self.counts.defects += undrawn.exit_code == DEFECT
            self.counts.unwritten += undrawn.exit_code == WinitError.exit_code

    def _tell_numpy(self, numpy: str) -> None:
        """Say of every other version of numpy, once, that runs are done with it."""
        if numpy not in self.known:
            self.known.add(numpy)
            bits = "the last bits of its results may differ; their stats.json says so"
            self.note(f"a worker has numpy {numpy}, here is {our_numpy()}: {bits}")

    def _record(self, job: Job, record: Record) -> None:
        self.ledger.write(job.number, record)
        self.tell(record, self.counts)


def _record_of(job: Job, status: Literal["done", "skipped"], product: Product) -> Record:
    errors: tuple[str, ...] = ()
    if product.undrawn is not None:
        errors = (*product.undrawn.lines, f"{STATS} is saved without its pictures")
    return Record(
        *_names(job),
        status,
        product.verdict,
        product.rows,
        product.compared,
        errors,
        found=product.folder,
        seconds=product.seconds,
    )


def _names(job: Job) -> tuple[str, str, str]:
    return job.spec.name, job.spec.run, job.digest
