"""The runs that checks ask for, done by this process or, where that is worth it, by several."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Generic, NamedTuple, Self, TypeAlias, TypeVar

from weightinit_cli.batch import Failure, Processes, attempt, no_note
from weightinit_cli.errors import DEFECT, WinitError
from weightinit_cli.machine import available_cores
from weightinit_cli.plugins import only_here
from weightinit_cli.progress import Progress
from weightinit_cli.results import AnyResult
from weightinit_cli.results.kinds import interruption
from weightinit_cli.spec import Spec, TrainingSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from weightinit_cli.spec import AnySpec

    Bar = Callable[[str], AbstractContextManager[Progress]]

T = TypeVar("T")

# Seconds that processes must save to be started, a little more than that takes. Those below are of
# one core of 2024, and roughly right.
STARTING = 0.6
PER_RUN = 0.03  # a run of any size: theory, verdicts, environment
PER_CONNECTION = 1 / 4e10  # of a weight and an input, one multiply-add
PER_OBSERVED = 1 / 4e7  # of a unit and an input: drawn or counted, there and back
PER_LAYER_STEP = 5e-5  # of gradient descent, of any size
PRETRAINING_ROWS = 128


class Run(NamedTuple):
    """What a check asks for: the result of a spec, or its shadow of this number from 1 on.

    `name` is what messages call it.
    """

    name: str
    spec: AnySpec
    shadow: int = 0


# A check: it asks for runs, at least one at a time, is sent their results in the same order, and
# returns what it has found. Where a run has failed, its error is raised at that place instead.
Check: TypeAlias = Generator[list[Run], list[AnyResult], T]


def no_bar(label: str) -> AbstractContextManager[Progress]:  # noqa: ARG001
    """Show nothing of the work under this label."""
    return nullcontext(Progress())


def carry_out(
    checks: Iterable[Check[T]],
    *,
    jobs: int | None = 1,
    threads: int | None = None,
    bar: Bar | None = None,
    note: Callable[[str], None] | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> list[T]:
    """Do what the checks ask for, and return what they have found, in their order.

    `jobs` is how many processes there may be, None one per core. As long as they would save little,
    this process does the runs, with so many `threads`; the results are the same bits. So it does
    where a plug-in was registered here alone. `tell` is
    given the number of checks that are done. Raises ValueError for fewer than one process or
    thread.
    """
    most = available_cores() if jobs is None else jobs
    if only_here():
        most = min(most, 1)
    if most < 1 or (threads is not None and threads < 1):
        raise ValueError(f"jobs and threads must be at least 1, not {jobs} and {threads}")
    bar = bar or no_bar
    here = partial(result_of, threads=threads, bar=bar)
    schedule = _Schedule(checks, bar, tell)
    while most == 1 or not schedule.is_worth(most):
        job = next(schedule, None)
        if job is None:
            return schedule.found()
        schedule.take(job, attempt(here, job.given))
    with Processes(most, note or no_note, pictures=False) as processes:
        for job, outcome in processes.run(result_of, schedule):
            schedule.take(job, outcome)
    return schedule.found()


def result_of(run: Run, threads: int | None = 1, bar: Bar = no_bar) -> AnyResult:
    """Do a run. Raises KeyboardInterrupt where ^C has ended it, as it does a training."""
    from weightinit_cli import experiments

    with bar(run.name) as progress:
        if run.shadow:
            result = experiments.shadow(run.spec, run.shadow, threads=threads)
        else:
            result = experiments.run(run.spec, threads=threads, progress=progress)
    if interruption(result) is not None:
        raise KeyboardInterrupt
    return result


def seconds_of(spec: AnySpec) -> float:
    """Estimate how long a run takes one core, by the spec alone: the same on every machine."""
    rows = spec.batch if isinstance(spec, TrainingSpec) else spec.samples
    connections = _connections(spec)

    def descent(steps: int, rows: int) -> float:
        step = (spec.layers + 1) * PER_LAYER_STEP + 3 * rows * connections * PER_CONNECTION
        return steps * step

    if isinstance(spec, Spec):
        network = rows * (sum(spec.width) * PER_OBSERVED + 3 * connections * PER_CONNECTION)
    else:
        network = descent(spec.steps, rows)
    if spec.pretraining is not None:
        network += descent(2 * spec.pretraining.steps, min(rows, PRETRAINING_ROWS))
    return PER_RUN + getattr(spec, "repeats", 1) * network


def _connections(spec: AnySpec) -> int:
    """Count the multiply-adds that one input takes, but for a classifier's output layer."""
    if spec.convolution is None:
        features = getattr(spec, "features", max(spec.width, default=1))
        return sum(map(prod, pairwise((features, *spec.width))))
    kernel = prod(spec.convolution.kernel)
    images = zip(spec.convolution.shapes, spec.width, strict=False)
    return sum(kernel * below.channels * units for below, units in images)


class _Job(NamedTuple):
    """One of the runs that a check has asked for, by its place among them."""

    check: int
    place: int
    given: Run


class _Asked(Generic[T]):
    """A check under way, and what is there of the runs that it has asked for."""

    def __init__(self, check: Check[T], runs: list[Run]) -> None:
        self.check, self.runs = check, runs
        self._outcomes: dict[int, AnyResult | Failure] = {}
        self._missing, self._end = 0, len(runs)

    def takes(self, place: int) -> bool:
        """Whether the outcome of this run matters: it does not after one that has failed."""
        return place < self._end

    def take(self, place: int, outcome: AnyResult | Failure) -> bool:
        """Take an outcome, and say whether all that matter are there."""
        self._outcomes[place] = outcome
        if isinstance(outcome, Failure):
            self._end = min(self._end, place)
        while self._missing < self._end and self._missing in self._outcomes:
            self._missing += 1
        return self._missing >= self._end

    def answer(self) -> list[Run]:
        """Give the check its results, or the first error; return what it asks for next.

        Raises StopIteration with what it has found.
        """
        results: list[AnyResult] = []
        for run, (_, outcome) in zip(self.runs, sorted(self._outcomes.items()), strict=False):
            if isinstance(outcome, Failure):
                return self.check.throw(_error(outcome, run.name))
            results.append(outcome)
        return self.check.send(results)


class _Schedule(Generic[T]):
    """The jobs of checks, each begun when its first ones are wanted.

    That there is none left may change with the next outcome: executors ask again.
    """

    def __init__(self, checks: Iterable[Check[T]], bar: Bar, tell: Callable[[int], None]) -> None:
        self._checks = enumerate(checks)
        self._bar, self._tell = bar, tell
        self._waiting: deque[_Job] = deque()
        self._asked: dict[int, _Asked[T]] = {}
        self._found: dict[int, T] = {}

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Job:
        while True:
            while not self._waiting:
                if not self._begin():
                    raise StopIteration
            job = self._waiting.popleft()
            asked = self._asked.get(job.check)
            if asked is not None and asked.takes(job.place):
                return job

    def is_worth(self, processes: int) -> bool:
        """Whether so many processes save more than they cost; checks are begun until they do."""
        while True:
            seconds = [seconds_of(job.given.spec) for job in self._waiting]
            saved = sum(seconds) - max(sum(seconds) / processes, max(seconds, default=0.0))
            if saved >= STARTING or not self._begin():
                return saved >= STARTING

    def take(self, job: _Job, outcome: AnyResult | Failure) -> None:
        """Take what has become of a job."""
        asked = self._asked.get(job.check)
        if asked is not None and asked.take(job.place, outcome):
            with self._bar(f"comparing {job.given.name}"):
                self._go_on(job.check, asked.check, asked.answer)

    def found(self) -> list[T]:
        """Return what the checks have found, in their order."""
        return [self._found[number] for number in sorted(self._found)]

    def _begin(self) -> bool:
        """Begin another check, where there is one."""
        number, check = next(self._checks, (0, None))
        if check is None:
            return False
        self._go_on(number, check, partial(next, check))
        return True

    def _go_on(self, number: int, check: Check[T], step: Callable[[], list[Run]]) -> None:
        """Have a check take a step; what it asks for comes before all that waits."""
        try:
            runs = step()
        except StopIteration as end:
            self._asked.pop(number, None)
            self._found[number] = end.value
            self._tell(len(self._found))
        else:
            self._asked[number] = _Asked(check, runs)
            jobs = [_Job(number, place, run) for place, run in enumerate(runs)]
            self._waiting.extendleft(reversed(jobs))


def _error(failure: Failure, name: str) -> WinitError:
    lines = failure.lines if failure.located else [f"{name}: {line}" for line in failure.lines]
    return WinitError(*lines, exit_code=DEFECT if failure.defect else WinitError.exit_code)
