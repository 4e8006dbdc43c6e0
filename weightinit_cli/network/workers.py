"""Own threads over fixed blocks, with BLAS held at one thread beside them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


def nobody(work: float) -> None:
    """Not told of the work that is done."""


@contextmanager
def workers(threads: int, done: Callable[[float], None]) -> Iterator[Map]:
    """Give a Map over `threads` threads; while it is open, BLAS runs on one thread.

    `done` is told the cost of every item once it is done. Inf and nan are results here, so the
    functions run without numpy's warnings about them.
    """
    with ExitStack() as stack:
        stack.enter_context(blas().limit(limits=1, user_api="blas"))
        lazily: Any = map
        if threads > 1:
            from concurrent.futures import ThreadPoolExecutor

            pool = stack.enter_context(ThreadPoolExecutor(threads))
            stack.callback(pool.shutdown, cancel_futures=True)
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
