"""A Dask cluster: the same jobs, on whatever workers its scheduler has."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from weightinit_cli.batch.executors import Failure, attempt
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from weightinit_cli.batch.executors import Job, Outcome
    from weightinit_cli.batch.product import Product
    from weightinit_cli.spec import AnySpec

PATIENCE = 2.0  # seconds for a scheduler to answer
AHEAD = 2  # jobs in flight for each thread of the workers, so that none waits for us


class ClusterError(WinitError):
    """A cluster that cannot be used."""


class Cluster:
    """The workers of a scheduler, which is trusted like oneself: it runs what it is sent.

    A job whose worker dies is given to another one by the scheduler. Raises ClusterError where
    there is no scheduler at the address, or no `distributed`.
    """

    def __init__(self, address: str) -> None:
        _knock(address)
        try:
            import distributed
        except ImportError:
            message = (
                "--scheduler needs the package distributed: pip install 'weightinit-cli[dask]'"
            )
            raise ClusterError(message) from None
        _silence()
        self._dask: Any = distributed
        try:
            self._client: Any = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except Exception as error:  # noqa: BLE001  # of another server's words it makes anything
            raise _unreachable(address, error) from None

    def run(self, function: Callable[[AnySpec], Product], jobs: Iterable[Job]) -> Iterator[Outcome]:
        """The outcomes, each as soon as it is there.

        Raises ClusterError where the scheduler is lost on the way.
        """
        jobs = iter(jobs)
        in_flight: dict[Any, Job] = {}
        completed = self._dask.as_completed(loop=self._client.loop)

        def submit(number: int) -> None:
            for job in islice(jobs, max(number, 0)):
                future = self._client.submit(attempt, function, job.spec, pure=False)
                in_flight[future] = job
                completed.add(future)

        submit(AHEAD)
        while in_flight:
            # Workers come and go; they are counted again when so many jobs are done as they take.
            room = self._room()
            submit(room - len(in_flight))
            for future in islice(completed, min(room, len(in_flight))):
                job = in_flight.pop(future)
                outcome = _outcome(future)
                submit(1)
                yield job, outcome

    def _room(self) -> int:
        try:
            threads: int = sum(self._client.nthreads().values())
        except Exception as error:  # noqa: BLE001  # whatever its streams raise
            raise ClusterError(f"the scheduler is lost: {error}") from None
        return AHEAD * max(threads, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self._client.close(timeout=PATIENCE)


def _silence() -> None:
    """What goes wrong is said in our words, once."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _outcome(future: Any) -> Product | Failure:
    try:
        result: Product | Failure = future.result()
    except Exception as error:  # noqa: BLE001  # of the cluster, not of the run: see `attempt`
        said = str(error).partition("\n")[0]
        return Failure((f"the cluster did not do it: {type(error).__name__}: {said}",))
    return result


def _knock(address: str) -> None:
    """See that a scheduler is there, without the second that importing distributed takes."""
    try:
        place = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise _unreachable(address, error) from None
    if host is None or port is None:
        raise ClusterError(f"--scheduler {address}: must be an address such as tcp://host:8786")
    try:
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            if place.scheme == "tcp":
                connection.recv(1)  # a scheduler speaks first; Client waits for one for ever
    except OSError as error:
        raise _unreachable(address, error) from None


def _unreachable(address: str, error: Exception) -> ClusterError:
    reason = getattr(error, "strerror", None) or str(error) or "it speaks another language"
    return ClusterError(f"--scheduler {address}: no scheduler answers there: {reason.lower()}")
