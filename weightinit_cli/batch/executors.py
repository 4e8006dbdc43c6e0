"""What does the jobs: one interface, and the simplest way."""

from __future__ import annotations

import traceback
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from weightinit_cli.batch.product import Product
from weightinit_cli.errors import MemoryShortageError, WinitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from weightinit_cli.spec import AnySpec


class Job(NamedTuple):
    """A run to be done, with its place in the plan and the digest of its spec."""

    number: int
    digest: str
    spec: AnySpec


class Failure(NamedTuple):
    """Why a run has no product, one line each.

    `defect` where it is winit's fault, `memory` where there was too little at that moment.
    """

    lines: tuple[str, ...]
    defect: bool = False
    memory: bool = False


Outcome = tuple[Job, Product | Failure]


class Executor(Protocol):
    """Applies a function to jobs, in any order and as many at once as it likes.

    The jobs are taken one by one, as they are wanted, and only a few ahead; an outcome is given
    for each. The function and the jobs' specs are pickled on their way. Leaving its context ends
    whatever it has started.
    """

    @property
    def numpy(self) -> frozenset[str]:
        """The versions of numpy that do the runs: another one makes another result."""
        ...

    def run(self, function: Callable[[AnySpec], Product], jobs: Iterable[Job]) -> Iterator[Outcome]:
        """The outcomes, each as soon as it is there."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started."""
        ...


class Serial:
    """One after the other, in this process."""

    @property
    def numpy(self) -> frozenset[str]:
        """The version of numpy here."""
        return frozenset({our_numpy()})

    def run(self, function: Callable[[AnySpec], Product], jobs: Iterable[Job]) -> Iterator[Outcome]:
        """The outcomes, in the order of the jobs."""
        return ((job, attempt(function, job.spec)) for job in jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


_ONE_AT_A_TIME = Lock()


@cache
def our_numpy() -> str:
    """The version of numpy here."""
    return version("numpy")


def no_note(line: str) -> None:
    """Tell nobody."""


def attempt(function: Callable[[Any], Product], given: Any) -> Product | Failure:
    """The function's product, or why there is none; one at a time in a process.

    The limit on BLAS's threads and matplotlib's settings are a process's, and a worker of a
    cluster may have several threads.
    """
    try:
        with _ONE_AT_A_TIME:
            return function(given)
    except WinitError as error:
        return Failure(error.lines, memory=isinstance(error, MemoryShortageError))
    except MemoryError:
        return Failure(("not enough memory for this run",), memory=True)
    except Exception:  # noqa: BLE001
        return Failure(tuple(traceback.format_exc().splitlines()), defect=True)
