"""A Dask cluster: the same jobs, on whatever workers its scheduler has."""

from __future__ import annotations

import time
import warnings
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from weightinit_cli.batch.executors import Executor, no_note
from weightinit_cli.batch.product import Failure, attempt
from weightinit_cli.errors import WinitError, reason
from weightinit_cli.plugins import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from weightinit_cli.batch.executors import J, R

PATIENCE = 2.0  # seconds for a scheduler to answer
LOOK_EVERY = 0.5  # seconds between two looks at the workers while nothing comes from them
FIRST_WORD, NEXT_WORD = 3.0, 60.0  # seconds without workers until that is said, and said again
AHEAD = 2  # jobs in flight for each thread of the workers, so that none waits for us


class Cluster(Executor):
    """Has the workers of a scheduler, which is trusted like oneself: it runs what it is sent.

    A job whose worker dies is given to another one by the scheduler. Where there is none, `note`
    is told now and then, and waiting for one ends after `wait` seconds. Raises WinitError where
    there is no scheduler at the address, or no `distributed`.
    """

    def __init__(
        self, address: str, note: Callable[[str], None] = no_note, wait: float | None = None
    ) -> None:
        _reach(address)
        self._waiting = _Waiting(address, note, wait)
        self._latest_room = AHEAD
        try:
            import distributed
        except ImportError:
            message = (
                "--scheduler needs the package distributed: pip install 'weightinit-cli[dask]'"
            )
            raise WinitError(message) from None
        _silence()
        self._dask: Any = distributed
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other versions; see `numpy`
                self._client: Any = distributed.Client(
                    address, timeout=PATIENCE, set_as_default=False
                )
        except Exception as error:  # noqa: BLE001  # of another server's words it makes anything
            raise _unreachable(address, error) from None

    @property
    def numpy(self) -> frozenset[str]:
        """The versions of numpy of the workers; where there are none, the version here."""
        with suppress(Exception):  # a scheduler that is lost is seen where it is needed
            workers = self._client.get_versions()["workers"].values()
            found = frozenset(str(each["packages"]["numpy"]) for each in workers if each)
            if found:
                return found
        return super().numpy

    def run(
        self, function: Callable[[Any], R], jobs: Iterable[J]
    ) -> Iterator[tuple[J, R | Failure]]:
        """Give the outcomes, each as soon as it is there.

        Raises WinitError where the scheduler is lost on the way, or no worker comes.
        """
        jobs, function = iter(jobs), carried(function)
        in_flight: dict[Any, J] = {}
        completed = self._dask.as_completed(loop=self._client.loop)

        def submit(number: int) -> None:
            for job in islice(jobs, max(number, 0)):
                future = self._client.submit(attempt, function, job.given, pure=False)
                in_flight[future] = job
                completed.add(future)

        submit(AHEAD)
        while in_flight:
            # Workers come and go; they are counted again when so many jobs are done as they take.
            room = self._room()
            submit(room - len(in_flight))
            for _ in range(min(room, len(in_flight))):
                future = self._next(completed)
                job = in_flight.pop(future)
                outcome: R | Failure = self._outcome(future)
                submit(1)
                yield job, outcome
            if not in_flight:
                submit(AHEAD)

    def _next(self, completed: Any) -> Any:
        """Wait for the next future that is done, and see meanwhile who works."""
        changed = completed.thread_condition
        while True:
            with changed:
                if changed.wait_for(completed.has_ready, LOOK_EVERY):
                    return next(completed)
            self._room()

    def _outcome(self, future: Any) -> Any:
        """Fetch what a future has; one that was lost with its worker is done again."""
        patience = LOOK_EVERY
        while True:
            try:
                result = future.result(timeout=patience)
            except TimeoutError:
                patience *= 2  # a large one may take longer to come
            except Exception as error:  # noqa: BLE001  # of the cluster, not of the run: see `attempt`
                said = str(error).partition("\n")[0]
                return Failure((f"the cluster did not do it: {type(error).__name__}: {said}",))
            else:
                return result
            self._room()

    def _room(self) -> int:
        try:
            threads = self._client.nthreads()
        except Exception as error:  # noqa: BLE001  # whatever its streams raise
            if self._client.status == "running":  # it is slow to answer, yet the stream is open
                return self._latest_room
            raise WinitError(f"the scheduler is lost: {error}") from None
        self._waiting.see(len(threads))
        self._latest_room = AHEAD * max(sum(threads.values()), 1)
        return self._latest_room

    def close(self) -> None:
        """Leave the scheduler."""
        with suppress(Exception):
            self._client.close(timeout=PATIENCE)


class _Waiting:
    """Tells now and then that there is no worker, and ends the waiting that takes too long."""

    def __init__(self, address: str, note: Callable[[str], None], longest: float | None) -> None:
        self._address, self._note, self._longest = address, note, longest
        self._since: float | None = None
        self._due = 0.0

    def see(self, workers: int) -> None:
        """Note how many workers there are. Raises WinitError after too long without any."""
        now = time.monotonic()
        if workers:
            self._since = None
            return
        if self._since is None:
            self._since, self._due = now, now + FIRST_WORD
        if self._longest is not None and now - self._since >= self._longest:
            raise WinitError(
                f"--scheduler {self._address}: no workers for {self._longest:g} s (--wait); "
                "the runs that are done are saved"
            )
        if now >= self._due:
            self._due = now + NEXT_WORD
            self._note(f"--scheduler {self._address}: 0 workers; waiting for one")


def _silence() -> None:
    """Keep distributed from logging: what goes wrong is said in our words, once."""
    import logging

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _reach(address: str) -> None:
    """See that a scheduler is there, without the second that importing distributed takes."""
    import socket

    try:
        place = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise _unreachable(address, error) from None
    if host is None or port is None:
        raise WinitError(f"--scheduler {address}: must be an address such as tcp://host:8786")
    try:
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            if place.scheme == "tcp":
                connection.recv(1)  # a scheduler speaks first; Client waits for one for ever
    except OSError as error:
        raise _unreachable(address, error) from None


def _unreachable(address: str, error: Exception) -> WinitError:
    said = reason(error) or "it speaks another language"
    return WinitError(f"--scheduler {address}: no scheduler answers there: {said.lower()}")
