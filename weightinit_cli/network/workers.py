"""Own threads over fixed blocks, with BLAS held at one thread beside them."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from threadpoolctl import LibController

T = TypeVar("T")
R = TypeVar("R")


class Map(Protocol):
    """Applies a function to every item and returns the results in the items' order.

    `cost` is the work of one item, told as each is done.
    """

    def __call__(
        self, function: Callable[[T], R], items: Iterable[T], /, *, cost: float = 0
    ) -> list[R]:
        """Apply `function` to every item."""
        ...


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of this process, looked up once."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[None]:
    """Hold BLAS at one thread.

    Its number of threads is the whole process's, but where it has them from OpenMP: there every
    thread has a number of its own.
    """
    return _limit_both() if len(_of_openmp()) else _limit


@contextmanager
def _limit_both() -> Iterator[None]:
    with _limit, _of_openmp().limit(limits=1, user_api="blas"):
        yield


@cache
def _of_openmp() -> ThreadpoolController:
    return blas().select(threading_layer="openmp")


@cache
def _of_process() -> list[LibController]:
    libraries = blas().select(user_api="blas").lib_controllers
    return [
        library for library in libraries if getattr(library, "threading_layer", None) != "openmp"
    ]


class _Limit:
    """One thread for the whole process, from the first that enters until the last that leaves.

    Were each to put back what it found, the last of several that overlap would put back the one
    thread that it found.
    """

    def __init__(self) -> None:
        self._lock = RLock()  # a generator that is collected inside leaves here
        self._inside = 0
        self._before: list[tuple[LibController, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = [
                    (library, number)
                    for library in _of_process()
                    if (number := library.num_threads)
                ]
                for library, _ in self._before:
                    _set_threads(library, 1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                for library, number in self._before:
                    _set_threads(library, number)


_limit = _Limit()


def _set_threads(library: LibController, number: int) -> None:
    """Set it from any thread: from 3.8 on, threadpoolctl listens to the first one alone."""
    _release(library)
    library.set_num_threads(number)
    _release(library)


def _release(library: LibController) -> None:
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


def ignore_work(work: float) -> None:
    """Ignore the work that is done, where no progress is shown."""


@contextmanager
def workers(threads: int, done: Callable[[float], None]) -> Iterator[Map]:
    """Give a Map over `threads` threads; while it is open, BLAS runs on one thread.

    `done` is told the cost of every item once it is done. Inf and nan are results here, so the
    functions run without numpy's warnings about them.
    """
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        lazily: Any = map
        if threads > 1:
            from weightinit_cli.network.threads import Threads

            pool = Threads(threads)
            stack.callback(pool.shutdown, cancel_futures=True)
            if pool.number:
                lazily = pool.map

        def apply(function: Callable[[T], R], items: Iterable[T], *, cost: float = 0) -> list[R]:
            results: list[R] = []
            for result in lazily(partial(_quiet, function), items):
                results.append(result)
                done(cost)
            return results

        yield apply


def _quiet(function: Callable[[T], R], item: T) -> R:
    with np.errstate(all="ignore"):
        return function(item)
