"""What a process does that works for a batch: one job after the other.

On Linux a server has loaded what runs need, and forks the workers. It ends when the process that
started it does, and its workers end with it: there is no moment at which one of them could be
left, and no file or name that could be. While it loads, the system ends it; then it sees for
itself, since the thread that started it may end before the batch does. Elsewhere a worker has been
spawned, and sees for itself.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import socket
from contextlib import suppress
from errno import EMFILE
from multiprocessing.connection import Connection
from typing import Any

from weightinit_cli.batch.product import attempt

START = b"start"  # asks the server for a worker; the worker's end of its connection comes with it
PR_SET_PDEATHSIG = 1  # of prctl, on Linux
STDOUT, STDERR = 1, 2


def serve(descriptor: int, *, pictures: bool) -> None:
    """Fork a worker whenever asked, and say its number, or why there is none.

    Given its number, end it where it has not ended, and say its exit code.
    """
    _fill_standard_streams()
    _leave_stdout()
    server = os.getpid()
    with socket.socket(fileno=descriptor) as control:
        trouble = _trouble(pictures=pictures)
        _when_parent_ends(0)
        while True:
            asked, descriptors, *_ = socket.recv_fds(control, 64, 1)
            if not asked:
                return  # nobody is there; the system ends the workers with this process
            answer: int | str
            if asked != START:
                answer = _end(int(asked))
            elif (answer := trouble or _fork(descriptors)) == 0:
                break
            with suppress(OSError):
                control.send(json.dumps(answer).encode())
            for each in descriptors:
                os.close(each)
    # This is a worker.
    _when_parent_ends(signal.SIGKILL)
    if os.getppid() == server:
        _work(Connection(descriptors[0]))


def work_for_parent(connection: Any, *, pictures: bool) -> None:
    """Work as a process that `multiprocessing` has spawned, and end with its parent."""
    import multiprocessing
    from multiprocessing.connection import wait
    from threading import Thread

    _leave_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    Thread(target=watch, daemon=True).start()
    _prepare(pictures=pictures)
    _work(connection)


def _prepare(*, pictures: bool) -> None:
    """Load what nearly every run needs, and what its pictures do.

    Where pictures cannot be drawn, the runs are done all the same; see `weightinit_cli.saving`.
    """
    import weightinit_cli.experiments.histogram

    if not pictures:
        return
    from weightinit_cli.plots.engine.settings import load_matplotlib

    with suppress(Exception):
        load_matplotlib()
        import weightinit_cli.plots.engine.paint  # noqa: F401


def _work(connection: Connection) -> None:
    """Do the jobs that come, until nobody is there to send them."""
    with suppress(EOFError, OSError, MemoryError):  # of what is sent; see `attempt` for the run
        while True:
            connection.send(attempt(_do, connection.recv_bytes()))


def _do(task: bytes) -> Any:
    function, given = pickle.loads(task)  # noqa: S301  # from the process that started this one
    return function(given)


def _fill_standard_streams() -> None:
    """Open those that are closed: what comes from the parent could take their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)


def _leave_stdout() -> None:
    """Have what a plug-in prints go to stderr: stdout is for the lines of who started this."""
    with suppress(OSError):  # where that is closed
        os.dup2(STDERR, STDOUT)


def _when_parent_ends(number: int) -> None:
    """Have the system send this signal when the thread that started this process ends."""
    import ctypes  # costs time, and a worker has it already

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def _trouble(*, pictures: bool) -> str:
    """Load what runs need; say why this process cannot do them, nothing where it can."""
    try:
        _prepare(pictures=pictures)
    except Exception as error:  # noqa: BLE001  # whatever keeps a module from being loaded
        return _reason(error)
    gc.freeze()
    return ""


def _reason(error: Exception) -> str:
    said = (getattr(error, "strerror", None) or "").lower() or f"{type(error).__name__}: {error}"
    return said.partition("\n")[0]


def _fork(descriptors: list[int]) -> int | str:
    """Fork a worker; return its number, 0 in the worker itself, or why there is none."""
    if not descriptors:  # there was no place for the one that was sent
        return os.strerror(EMFILE).lower()
    try:
        return os.fork()
    except OSError as error:
        return _reason(error)


def _end(worker: int) -> int:
    os.kill(worker, signal.SIGKILL)  # of one that has ended already, the exit code stays
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
