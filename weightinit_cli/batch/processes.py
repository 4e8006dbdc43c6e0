"""Processes of this machine, a job at a time each; one that dies takes nothing else with it."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Self, cast

from weightinit_cli.batch.executors import Failure, Serial, no_note, our_numpy
from weightinit_cli.errors import reason
from weightinit_cli.machine import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    from weightinit_cli.batch.executors import Job, Outcome
    from weightinit_cli.batch.product import Product
    from weightinit_cli.batch.starting import Forker, Spawner, Worker
    from weightinit_cli.spec import AnySpec

MOST_ASIDE = 100
# What this process opens beside: the ledger, results, specs, modules, fonts.
SPARE_DESCRIPTORS = 6


class Processes:
    """So many worker processes, each started when a job needs it; they load while specs are read.

    A job whose process dies, or that lacks memory, is done again when no other one runs: only what
    fails alone, fails. Where the system gives fewer processes, these do the jobs; where it gives
    none, this process does. `note` is told.
    """

    def __init__(self, number: int | None = None, note: Callable[[str], None] = no_note) -> None:
        from weightinit_cli.batch.starting import starter  # workers have this module, too

        self._wanted = self._most = available_cores() if number is None else number
        self._note = note
        self._workers: list[Worker] = []
        self._starter: Forker | Spawner | None = None
        with self._limits(), _spare_descriptors():
            self._starter = starter()

    @property
    def numpy(self) -> frozenset[str]:
        """The version of numpy here: the workers have the modules that this process has."""
        return frozenset({our_numpy()})

    def run(self, function: Callable[[AnySpec], Product], jobs: Iterable[Job]) -> Iterator[Outcome]:
        """The outcomes, each as soon as it is there."""
        left = iter(jobs)
        while True:
            aside: list[Job] = []
            yield from self._together(function, left, aside)
            for job in aside:
                yield job, self._alone(function, job)
            if not aside:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._starter is not None:
            self._starter.close()

    def _together(
        self, function: Callable[[AnySpec], Product], jobs: Iterator[Job], aside: list[Job]
    ) -> Iterator[Outcome]:
        """As many at once as there are workers; what might get through alone is put aside.

        As many jobs as there may be workers are held ready, and a worker has its next one before
        its last outcome is given.
        """
        ready: deque[Job] = deque()
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
                if isinstance(outcome, str):
                    self._workers.remove(worker)
                elif ready:
                    worker.give(function, ready.popleft())
                if isinstance(outcome, str) or (isinstance(outcome, Failure) and outcome.memory):
                    aside.append(job)
                else:
                    yield job, outcome
        if not self._most:
            yield from Serial().run(function, chain(ready, jobs))

    def _alone(self, function: Callable[[AnySpec], Product], job: Job) -> Product | Failure:
        """What becomes of it in a fresh process, with no other one that could hold memory."""
        while self._workers:
            self._workers.pop().end()
        worker = self._add()
        if worker is None:
            return Failure(("no process could be started for it",))
        worker.give(function, job)
        _, outcome = worker.take()
        if not isinstance(outcome, str):
            return outcome
        self._workers.remove(worker)
        how = f"its process {outcome}, also when no other run was under way"
        return Failure((f"{how}; it may have needed more memory than there is",))

    def _idle(self) -> Worker | None:
        return next((worker for worker in self._workers if not worker.job), None)

    def _add(self) -> Worker | None:
        """Another worker, where there may be more."""
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
    """What is opened here leaves some for what comes. Raises OSError where there are too few."""
    held: list[int] = []
    try:
        while len(held) < SPARE_DESCRIPTORS:
            held.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
