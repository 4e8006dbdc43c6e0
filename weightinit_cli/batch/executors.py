"""What does the jobs: this process, or processes of this machine behind the same interface."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast

from weightinit_cli.batch.product import Ended, Failure, attempt
from weightinit_cli.errors import reason
from weightinit_cli.machine import available_cores
from weightinit_cli.plugins import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    from weightinit_cli.batch.starting import Forker, Spawner, Worker

# How many jobs wait at most until no other one runs.
MOST_ASIDE = 100
# What this process opens beside: the ledger, results, specs, modules, fonts.
SPARE_DESCRIPTORS = 6


class Job(Protocol):
    """What is to be done: of a job, a function is given this alone."""

    @property
    def given(self) -> Any:
        """What the function is given, in whatever process."""


J = TypeVar("J", bound=Job)
R = TypeVar("R")


class Executor:
    """Applies a function to jobs, one after the other in this process; others do more at once.

    They may give the outcomes in any order. All take the jobs one by one, as they are wanted, and
    only a few ahead, and give an outcome for each; the function, what it is given and what it makes
    may be pickled on their way. Where the jobs have come to an end, executors ask again for more
    after every outcome. Leaving an executor's context ends whatever it has started.
    """

    @property
    def numpy(self) -> frozenset[str]:
        """The versions of numpy that do the runs: another one makes another result."""
        return frozenset({our_numpy()})

    def run(
        self, function: Callable[[Any], R], jobs: Iterable[J]
    ) -> Iterator[tuple[J, R | Failure]]:
        """Give the outcomes, each as soon as it is there."""
        return ((job, attempt(function, job.given)) for job in jobs)

    def close(self) -> None:
        """End what was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def our_numpy() -> str:
    """The version of numpy in this process."""
    from importlib.metadata import version  # loads much, and few commands ask

    return version("numpy")


def no_note(line: str) -> None:
    """Say nothing of what is worth knowing about how the runs are done."""


class Processes(Executor):
    """Has worker processes, each started when a job needs it; they load while specs are read.

    A job whose process dies, or that lacks memory, is done again when no other one runs: only what
    fails alone, fails. Where the system gives fewer processes, these do the jobs; where it gives
    none, this process does. `note` is told. Without `pictures` the processes load nothing for them.
    """

    def __init__(
        self,
        number: int | None = None,
        note: Callable[[str], None] = no_note,
        *,
        pictures: bool = True,
    ) -> None:
        from weightinit_cli.batch.starting import starter  # not every command needs it

        self._wanted = self._most = available_cores() if number is None else number
        self._note = note
        self._workers: list[Worker] = []
        self._starter: Forker | Spawner | None = None
        with self._limits(), _spare_descriptors():
            self._starter = starter(pictures=pictures)

    def run(
        self, function: Callable[[Any], R], jobs: Iterable[J]
    ) -> Iterator[tuple[J, R | Failure]]:
        """Give the outcomes, each as soon as it is there."""
        left, function = iter(jobs), carried(function)
        while True:
            aside: list[J] = []
            yield from self._together(function, left, aside)
            for job in aside:
                yield job, self._alone(function, job)
            if not aside:
                return

    def close(self) -> None:
        """End the workers and what starts them."""
        if self._starter is not None:
            self._starter.close()

    def _together(
        self, function: Callable[[Any], R], jobs: Iterator[J], aside: list[J]
    ) -> Iterator[tuple[J, R | Failure]]:
        """Have all workers do jobs at once; put aside those that might get through alone.

        As many jobs as there may be workers are held ready, and a worker has its next one before
        its last outcome is given.
        """
        from multiprocessing.connection import wait

        ready: deque[J] = deque()
        while True:
            wanted = self._most if len(aside) < MOST_ASIDE else 0
            ready.extend(islice(jobs, max(wanted - len(ready), 0)))
            while ready and (worker := self._idle() or self._add()):
                worker.give(function, ready.popleft())
            busy = {worker.connection: worker for worker in self._workers if worker.job}
            if not busy:
                break
            for connection in wait(list(busy)):
                worker = busy[cast("Connection", connection)]
                job, outcome = worker.take()
                if isinstance(outcome, Ended):
                    self._workers.remove(worker)
                elif ready:
                    worker.give(function, ready.popleft())
                if isinstance(outcome, Ended) or (isinstance(outcome, Failure) and outcome.memory):
                    aside.append(job)
                else:
                    yield job, outcome
        if not self._most:
            yield from super().run(function, chain(ready, jobs))

    def _alone(self, function: Callable[[Any], R], job: J) -> R | Failure:
        """Do a job in a fresh process, with no other one that could hold memory."""
        while self._workers:
            self._workers.pop().end()
        worker = self._add()
        if worker is None:
            return Failure(("no process could be started for it",))
        worker.give(function, job)
        outcome: R | Failure | Ended = worker.take()[1]
        if not isinstance(outcome, Ended):
            return outcome
        self._workers.remove(worker)
        how = f"its process {outcome.how}, also when no other run was under way"
        return Failure((f"{how}; it may have needed more memory than there is",))

    def _idle(self) -> Worker | None:
        return next((worker for worker in self._workers if not worker.job), None)

    def _add(self) -> Worker | None:
        """Start another worker, where there may be more."""
        if self._starter is None or len(self._workers) >= self._most:
            return None
        with self._limits():
            with _spare_descriptors():
                worker = self._starter.start()
            self._workers.append(worker)
            return worker
        return None

    @contextmanager
    def _limits(self) -> Iterator[None]:
        """Make do with what has been started where the system gives no more, and say so."""
        try:
            yield
        except OSError as error:
            self._most = len(self._workers)
            where = f"{error.filename}: " if error.filename else ""
            why = f"could be started: {where}{reason(error).lower()}"
            if self._most:
                few = f"only {self._most} of {self._wanted} processes"
                self._note(f"{few} {why}; they do all runs")
            else:
                self._note(f"no process {why}; the runs are done in this one")


@contextmanager
def _spare_descriptors() -> Iterator[None]:
    """Leave some file descriptors for what comes. Raises OSError where there are too few."""
    held: list[int] = []
    try:
        while len(held) < SPARE_DESCRIPTORS:
            held.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
