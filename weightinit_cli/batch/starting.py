"""What all workers of this machine have in common, however they are started.

They have their own environment and are deaf to ^C. This package comes from where this process has
it, other modules from its search path, and none from the current folder.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

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
# A terminal or a service sends these to all its processes; the one that leads ends the others.
FOR_THE_LEADER = ("SIGINT", "SIGTERM", "SIGHUP")


class Ended(NamedTuple):
    """With what code a process has ended; of one that a signal ended, it is negative."""

    code: int

    def __str__(self) -> str:
        if self.code >= 0:
            return f"ended with code {self.code}"
        try:
            return f"was ended by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"was ended by signal {-self.code}"


class Started(Protocol):
    """A worker process."""

    @property
    def connection(self) -> Connection:
        """To send it jobs, and receive what becomes of them."""
        ...

    def end(self) -> Ended:
        """End it where it has not ended; what had become of it before."""
        ...


class Starter(Protocol):
    """Starts workers."""

    def start(self) -> Started:
        """A worker. Raises OSError where the system gives no more."""
        ...

    def close(self) -> None:
        """End all of them; they write nothing that could be left half."""
        ...


@contextmanager
def deaf() -> Iterator[None]:
    """What is started here hears none of the signals that are for the process that leads.

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
