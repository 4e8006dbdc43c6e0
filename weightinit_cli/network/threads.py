"""A pool of as many threads as the system lets start."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
Task = tuple["Future[Any]", "Callable[[], Any]"]


class Threads(Executor):
    """Up to `most` threads, and no more than are at work at the same time.

    Where a limit lets no more start, it goes on with those that there are; `ThreadPoolExecutor`
    would fail. Where `number` is 0 none could be started, and nothing may be submitted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[Thread] = []
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = Lock()
        self._unfinished = 0
        self._start()

    @property
    def number(self) -> int:
        """How many threads there are by now."""
        return len(self._threads)

    def submit(
        self, function: Callable[P, R], /, *arguments: P.args, **named: P.kwargs
    ) -> Future[R]:
        """Have one of the threads call the function."""
        future: Future[R] = Future()
        with self._lock:
            self._unfinished += 1
        if self.number < min(self._most, self._unfinished):
            self._start()
        self._tasks.put((future, partial(function, *arguments, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads once all is done; with `cancel_futures` what nobody has begun is not."""
        with suppress(Empty):
            while cancel_futures:
                if task := self._tasks.get_nowait():
                    task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _start(self) -> None:
        thread = Thread(target=self._work)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            self._most = self.number
        else:
            self._threads.append(thread)

    def _work(self) -> None:
        while task := self._tasks.get():
            future, call = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                tell = partial(future.set_result, call())
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                tell = partial(future.set_exception, error)
            with self._lock:
                self._unfinished -= 1
            tell()
            del task, future, call, tell  # what they hold is not kept until the next one comes
