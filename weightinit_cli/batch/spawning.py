"""Workers that are each a Python of their own: elsewhere libraries do not survive a fork."""

from __future__ import annotations

import multiprocessing
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import weightinit_cli
from weightinit_cli.batch.starting import ENVIRONMENT, LOAD, Ended, deaf
from weightinit_cli.imports import search_path
from weightinit_cli.surroundings import variables

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = f"""
{LOAD}
from weightinit_cli.batch.worker import work_for_parent
work_for_parent(connection)
"""
PATIENCE = 5.0  # seconds for a process to end that nobody speaks to any more


class Spawner:
    """Has `multiprocessing` spawn workers, the first one before it is asked for: it loads.

    Raises OSError where the system gives no process.
    """

    def __init__(self) -> None:
        self._started: list[_Spawned] = []
        self._early: _Spawned | None = self._spawn()

    def start(self) -> _Spawned:
        """A worker. Raises OSError where the system gives no more."""
        early, self._early = self._early, None
        return early or self._spawn()

    def close(self) -> None:
        """End every worker."""
        for each in self._started:
            each.kill()

    def _spawn(self) -> _Spawned:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        names = {"file": weightinit_cli.__file__, "connection": theirs}
        with theirs, _by_itself():
            process = context.Process(target=exec, args=(PROGRAM, names), daemon=True)
            process.start()
        self._started.append(_Spawned(process, ours))
        return self._started[-1]


class _Spawned:
    def __init__(self, process: Any, connection: Any) -> None:
        self._process, self.connection = process, connection

    def end(self) -> Ended:
        """End it where it has not ended; what had become of it before."""
        self.connection.close()
        self._process.join(PATIENCE)
        self.kill()
        return Ended(self._process.exitcode)

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join()


@contextmanager
def _by_itself() -> Iterator[None]:
    """What is started here has its own environment and modules, and loads no main module.

    Else a worker would import the caller's main module, and start from it what started it.
    """
    path, main = sys.path, sys.modules["__main__"]
    try:
        sys.path = search_path()
        sys.modules["__main__"] = ModuleType("__main__")
        with variables(ENVIRONMENT), deaf():
            yield
    finally:
        sys.modules["__main__"] = main
        sys.path = path
