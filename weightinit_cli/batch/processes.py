"""Processes of this machine, a job at a time each; one that dies takes nothing else with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing.connection import wait
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from weightinit_cli.batch.executors import Failure, Job, attempt
from weightinit_cli.machine import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    from weightinit_cli.batch.executors import Outcome
    from weightinit_cli.batch.product import Product
    from weightinit_cli.spec import AnySpec

TRIES = 2
# On Linux, workers are forked from a process that has these loaded, in milliseconds; elsewhere
# the system's libraries do not survive a fork.
METHOD = "forkserver" if sys.platform == "linux" else "spawn"
PRELOADED = ["weightinit_cli.batch.preloaded", __name__]
ENVIRONMENT = {
    # BLAS threads beside processes wait for each other: they cost a factor of eight.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # glibc keeps what a run gives back for the next one: a tenth of the time without pictures.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 26),
}


class _Task(NamedTuple):
    job: Job
    tries: int


class Processes:
    """So many worker processes, started at once: they load while the specs are read."""

    def __init__(self, number: int | None = None) -> None:
        self._workers = [_Worker() for _ in range(available_cores() if number is None else number)]

    def run(self, function: Callable[[AnySpec], Product], jobs: Iterable[Job]) -> Iterator[Outcome]:
        """The outcomes, each as soon as it is there.

        A job whose worker dies is done again by a fresh one, once. As many jobs as there are
        workers are held ready, and a worker has its next one before its last outcome is given.
        """
        tasks = (_Task(job, 1) for job in jobs)
        ready: deque[_Task] = deque()
        while True:
            ready.extend(islice(tasks, max(len(self._workers) - len(ready), 0)))
            for worker in self._workers:
                if ready and worker.task is None:
                    worker.give(function, ready.popleft())
            busy = {worker.connection: worker for worker in self._workers if worker.task}
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy[cast("Connection", connection)]
                task, result = worker.take()
                if isinstance(result, _Died) and task.tries < TRIES:
                    ready.appendleft(_Task(task.job, task.tries + 1))
                    continue
                if ready:
                    worker.give(function, ready.popleft())
                yield task.job, result.failure if isinstance(result, _Died) else result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()


class _Died(NamedTuple):
    exit_code: int | None

    @property
    def failure(self) -> Failure:
        """What to say of it."""
        how = f"ended with code {self.exit_code}"
        if self.exit_code is not None and self.exit_code < 0:
            how = f"was ended by {_signal_name(-self.exit_code)}"
        return Failure((f"its process {how}, twice; it may have needed more memory than there is",))


class _Worker:
    """One process, replaced by another when it dies; and what it is doing."""

    def __init__(self) -> None:
        self.task: _Task | None = None
        self._start()

    def give(self, function: Callable[[AnySpec], Product], task: _Task) -> None:
        """Have it do a job; that it is dead is seen when the outcome is taken."""
        self.task = task
        with suppress(OSError):
            self.connection.send((function, task.job.spec))

    def take(self) -> tuple[_Task, Product | Failure | _Died]:
        """What has become of its job; waits for it."""
        task, self.task = cast("_Task", self.task), None
        try:
            return task, self.connection.recv()
        except (EOFError, OSError):
            self.connection.close()
            self._process.join()
            died = _Died(self._process.exitcode)
            self._start()
            return task, died

    def end(self) -> None:
        """End it, whatever it does; it writes nothing that could be left half."""
        self._process.kill()
        self._process.join()
        self.connection.close()

    def _start(self) -> None:
        context: Any = multiprocessing.get_context(METHOD)
        if METHOD == "forkserver":
            context.set_forkserver_preload(PRELOADED)
        self.connection, theirs = context.Pipe()
        with _by_itself():
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
        theirs.close()


def _serve(connection: Connection) -> None:
    """A worker's life: until nobody is there to send jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            function, spec = connection.recv()
            connection.send(attempt(function, spec))


@contextmanager
def _by_itself() -> Iterator[None]:
    """What is started here has its own environment, is deaf to ^C, and loads no main module.

    Else a worker would import the caller's main module, and start from it what started it.
    """
    former = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    blocked = None
    if hasattr(signal, "pthread_sigmask"):
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
