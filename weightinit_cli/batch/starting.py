"""How the worker processes of this machine are started, given a job each, and ended.

On Linux they are forked, in milliseconds, from a process that has loaded what runs need. Not by
`multiprocessing`: its server needs a socket with a name in TMPDIR, leaves folders there, takes
modules from the current folder, and lets workers outlive whoever started them. Elsewhere, where
libraries do not survive a fork, each is a Python of its own.

All have their own environment and are deaf to ^C. This package comes from where this process has
it, other modules from its search path, and none from the current folder.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from types import ModuleType
from typing import TYPE_CHECKING, Any

import weightinit_cli
from weightinit_cli.batch.product import Ended
from weightinit_cli.batch.worker import PR_SET_PDEATHSIG, START
from weightinit_cli.imports import search_path
from weightinit_cli.machine import variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.batch.executors import Job

ENVIRONMENT = {
    # BLAS threads beside processes wait for each other: they cost a factor of eight.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # glibc keeps what a run gives back for the next one: a tenth of the time without pictures.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 26),
    # Python itself would look for modules in the current folder first.
    "PYTHONSAFEPATH": "1",
}
# Loads this very package from its `file`: its folder may hold other modules, which nobody wants.
LOAD = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
found = spec_from_file_location("weightinit_cli", file)
package = sys.modules["weightinit_cli"] = module_from_spec(found)
found.loader.exec_module(package)
"""
SPAWNED = f"""
{LOAD}
from weightinit_cli.batch.worker import work_for_parent
work_for_parent(connection, pictures=pictures)
"""
# A terminal or a service sends these to all its processes; the one that leads ends the others.
FOR_THE_LEADER = ("SIGINT", "SIGTERM", "SIGHUP")
LONGEST_ANSWER = 1 << 16
PATIENCE = 5.0  # seconds for a process to end that nobody speaks to any more


def starter(*, pictures: bool = True) -> Forker | Spawner:
    """Return what starts workers on this system. Raises OSError where it gives no process."""
    return Forker(pictures) if sys.platform == "linux" else Spawner(pictures)


class Worker:
    """A worker process, and what it is doing."""

    def __init__(self, connection: Connection, end: Callable[[], str]) -> None:
        self.connection = connection
        self.job: Job | None = None
        self._end = end

    def give(self, function: Callable[[Any], Any], job: Job) -> None:
        """Have it do a job; that it is dead is seen when the outcome is taken."""
        self.job = job
        with suppress(OSError):
            self.connection.send_bytes(pickle.dumps((function, job.given)))

    def take(self) -> tuple[Any, Any]:
        """Wait for its job; return that and its outcome, or how its process has ended."""
        job, self.job = self.job, None
        try:
            return job, self.connection.recv()
        except (EOFError, OSError):
            return job, Ended(self.end())

    def end(self) -> str:
        """End it where it has not ended, and say how it has."""
        self.connection.close()
        return self._end()


class Forker:
    """Has workers forked by a server, which loads meanwhile, and by another where that has ended.

    Raises OSError where the system gives no process.
    """

    def __init__(self, pictures: bool = True) -> None:
        self._pictures = pictures
        self._server = _Server(pictures)

    def start(self) -> Worker:
        """Start a worker. Raises OSError where the system gives no more."""
        if self._server.ended:
            self._server = _Server(self._pictures)
        return self._server.start()

    def close(self) -> None:
        """End the server, and thereby its workers."""
        self._server.close()


class Spawner:
    """Has `multiprocessing` spawn workers, the first one before it is asked for: it loads.

    Raises OSError where the system gives no process.
    """

    def __init__(self, pictures: bool = True) -> None:
        self._pictures = pictures
        self._started: list[Any] = []
        self._early: Worker | None = self._spawn()

    def start(self) -> Worker:
        """Start a worker. Raises OSError where the system gives no more."""
        early, self._early = self._early, None
        return early or self._spawn()

    def close(self) -> None:
        """End every worker."""
        for process in self._started:
            process.kill()
            process.join()

    def _spawn(self) -> Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        names = {"file": weightinit_cli.__file__, "connection": theirs, "pictures": self._pictures}
        with theirs, _isolated():
            process = context.Process(target=exec, args=(SPAWNED, names), daemon=True)
            process.start()
        self._started.append(process)

        def end() -> str:
            process.join(PATIENCE)
            process.kill()
            process.join()
            return _ending(process.exitcode or 0)

        return Worker(ours, end)


class _Server:
    """The process that runs `worker.serve`. Raises OSError where the system gives none."""

    def __init__(self, pictures: bool) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, _without_signals():
                self._process = _start_server(theirs, pictures)
        except BaseException:
            self._control.close()
            raise

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def start(self) -> Worker:
        """Have it fork a worker. Raises OSError where it cannot."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, suppress(ConnectionError):
                socket.send_fds(self._control, [START], [theirs.fileno()])
            answer = self._answer()
            if answer is None:
                self.close()
                raise OSError(f"the process that starts them {_ending(self._process.returncode)}")
            if isinstance(answer, str):
                raise OSError(answer)
            return Worker(Connection(ours.detach()), partial(self._end, answer))

    def close(self) -> None:
        """End the process; the system ends its workers with it."""
        self._process.kill()
        self._process.wait()
        self._control.close()

    def _end(self, number: int) -> str:
        """Have it end a worker, and say how that has ended."""
        with suppress(OSError):
            self._control.send(str(number).encode())
            answer = self._answer()
            if isinstance(answer, int):
                return _ending(answer)
        self.close()
        return _ending(-signal.SIGKILL)  # by the system, since the server is no more

    def _answer(self) -> str | int | None:
        """Wait for what the process says; None where it has ended."""
        try:
            answered = self._control.recv(LONGEST_ANSWER)
        except ConnectionError:  # it has ended before it had read what was asked
            return None
        answer: str | int | None = json.loads(answered) if answered else None
        return answer


def _start_server(end: socket.socket, pictures: bool) -> subprocess.Popen[bytes]:
    import fcntl  # not on Windows

    program = f"""
import sys
descriptor, file, *sys.path = sys.argv[1:]
import ctypes
ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {signal.SIGKILL:d})
{LOAD}
from weightinit_cli.batch.worker import serve
serve(int(descriptor), pictures={pictures})
"""
    # A number that is nobody's standard stream, though one of those may be closed.
    descriptor = fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    arguments = [str(descriptor), str(weightinit_cli.__file__), *search_path()]
    try:
        return subprocess.Popen(
            [sys.executable, *flags, "-P", "-c", program, *arguments],
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT},
        )
    finally:
        os.close(descriptor)


@contextmanager
def _isolated() -> Iterator[None]:
    """Give what is started here its own environment and modules, and no main module to load.

    Else a worker would import the caller's main module, and start from it what started it.
    """
    path, main = sys.path, sys.modules["__main__"]
    try:
        sys.path = search_path()
        sys.modules["__main__"] = ModuleType("__main__")
        with variables(ENVIRONMENT), _without_signals():
            yield
    finally:
        sys.modules["__main__"] = main
        sys.path = path


@contextmanager
def _without_signals() -> Iterator[None]:
    """Keep from what is started here the signals that are for the process that leads.

    They are blocked: so they are from a process's very first instruction.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in FOR_THE_LEADER])
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _ending(code: int) -> str:
    """Say how a process has ended, by its exit code; a signal's is negative."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
