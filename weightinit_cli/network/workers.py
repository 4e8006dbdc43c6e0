"""Own threads over fixed blocks, with BLAS held at one thread beside them."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class Map(Protocol):
    """Applies a function to every item and returns the results in the items' order."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        """Apply `function` to every item."""
        ...


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of this process, looked up once."""
    return ThreadpoolController()


def available_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(threads: int) -> Iterator[Map]:
    """Give a Map over `threads` threads; while it is open, BLAS runs on one thread.

    Inf and nan are results here, so the functions run without numpy's warnings about them.
    """
    with ExitStack() as stack:
        stack.enter_context(blas().limit(limits=1, user_api="blas"))
        if threads == 1:
            yield _serial
            return
        from concurrent.futures import ThreadPoolExecutor

        pool = stack.enter_context(ThreadPoolExecutor(threads))
        stack.callback(pool.shutdown, cancel_futures=True)

        def threaded(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
            return list(pool.map(partial(_quiet, function), items))

        yield threaded


def _quiet(function: Callable[[T], R], item: T) -> R:
    with np.errstate(all="ignore"):
        return function(item)


def _serial(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    return [_quiet(function, item) for item in items]
