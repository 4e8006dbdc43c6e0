"""What a process does that works for a batch: one job after the other."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from weightinit_cli.batch.executors import attempt

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from weightinit_cli.batch.product import Product

START = b"start"  # asks the server for a worker; the worker's end of its connection comes with it
PR_SET_PDEATHSIG = 1  # of prctl, on Linux


def prepare() -> None:
    """Load what nearly every run needs.

    Where pictures cannot be drawn, the runs are done all the same; see `weightinit_cli.saving`.
    """
    import weightinit_cli.experiments.histogram
    from weightinit_cli.plots.isolation import load_matplotlib

    with suppress(Exception):
        load_matplotlib()
        import weightinit_cli.plots.paint  # noqa: F401


def work(connection: Connection) -> None:
    """Do the jobs that come, until nobody is there to send them."""
    with suppress(EOFError, OSError, MemoryError):  # of what is sent; see `attempt` for the run
        while True:
            connection.send(attempt(_do, connection.recv_bytes()))


def _do(task: bytes) -> Product:
    function, spec = pickle.loads(task)  # noqa: S301  # from the process that started this one
    product: Product = function(spec)
    return product


def work_for_parent(connection: Any) -> None:
    """The life of a process that `multiprocessing` has spawned: it ends with its parent."""
    import multiprocessing
    import os
    import signal
    from multiprocessing.connection import wait
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    Thread(target=watch, daemon=True).start()
    prepare()
    work(connection)
