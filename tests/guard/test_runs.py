"""The runs of checks: whoever does them, and in whatever order, checks find the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli.batch import Executor, Failure
from weightinit_cli.errors import DEFECT, MemoryShortageError, WinitError
from weightinit_cli.guard import runs
from weightinit_cli.guard.runs import Run, carry_out, seconds_of
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from random import Random

    from weightinit_cli.guard.runs import Check

SPEC = parse_spec("activation: relu\ninitializer: zeros\n", source="a.yaml", stem="a")
AHEAD = 4
SIZES = st.lists(st.lists(st.integers(1, 5), max_size=3), max_size=6)
FAILING = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 14)))


class Shuffled(Executor):
    """Has a few jobs at once, and any of them done next."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def run(self, function: Callable, jobs: Iterable) -> Iterator:
        jobs, held = iter(jobs), []
        while True:
            while len(held) < AHEAD and (job := next(jobs, None)) is not None:
                held.append(job)
            if not held:
                return
            job = held.pop(self._chance.randrange(len(held)))
            yield job, function(job.given)


def check(name: str, sizes: list[int]) -> Check[Any]:
    """Ask for so many runs one time after the other; return their results or the first error."""
    found, number = [], 0
    for size in sizes:
        asked = [Run(name, SPEC, number + each) for each in range(size)]
        try:
            results = yield asked
        except WinitError as error:
            return str(error)
        found += results
        number += size
    return found


def carried_out(checks: Iterable[Check[Any]], jobs: int = 2) -> list[Any]:
    return carry_out(checks, jobs=jobs)


@given(SIZES, FAILING, st.randoms(use_true_random=False))
def test_whatever_the_order(sizes: list[list[int]], failing: set[tuple[int, int]], chance: Random):
    """Results come in the order of what was asked for; of several errors the first one counts."""

    def result(run: Run) -> Any:
        name, number = int(run.name), run.shadow
        return Failure((f"{number} fails",)) if (name, number) in failing else (name, number)

    expected: list[Any] = []
    for name, each in enumerate(sizes):
        numbers = range(sum(each))
        first = next((number for number in numbers if (name, number) in failing), None)
        wanted = [(name, number) for number in numbers]
        expected.append(wanted if first is None else f"{name}: {first} fails")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "STARTING", 0)
        patch.setattr(runs, "result_of", result)
        patch.setattr(runs, "Processes", lambda *_, **__: Shuffled(chance))
        checks = [check(str(name), each) for name, each in enumerate(sizes)]
        assert carried_out(checks) == expected


def test_few_checks_are_under_way(monkeypatch: pytest.MonkeyPatch):
    """However many there are: what each of them holds is held of few."""
    begun = ended = most = 0

    def counted() -> Check[None]:
        nonlocal begun, ended, most
        begun += 1
        most = max(most, begun - ended)
        yield [Run("a", SPEC), Run("a", SPEC)]
        ended += 1

    class Serial(Executor):
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

    monkeypatch.setattr(runs, "result_of", lambda _, **__: None)
    monkeypatch.setattr(runs, "Processes", Serial)
    for jobs in (1, 2):
        begun = ended = most = 0
        assert len(carried_out((counted() for _ in range(300)), jobs)) == ended == 300
        assert most <= (1 if jobs == 1 else runs.STARTING / runs.PER_RUN + 1)


@pytest.mark.parametrize(
    ("failure", "lines", "code"),
    [
        (MemoryError(), ["b: not enough memory for this run"], 2),
        (WinitError("x.yaml:1:2: width: mend this"), ["x.yaml:1:2: width: mend this"], 2),
        (
            MemoryShortageError([SPEC.problem("width", "too much")]),
            ["a.yaml:1:1: width: too much"],
            2,
        ),
        (RuntimeError("odd"), ["b: RuntimeError: odd"], DEFECT),
    ],
    ids=lambda each: type(each).__name__,
)
def test_why_a_run_failed(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, lines: list[str], code: int
):
    """Said of the run, where its error does not say so itself."""

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    def asking() -> Check[WinitError]:
        with pytest.raises(WinitError) as caught:
            yield [Run("b", SPEC)]
        return caught.value

    monkeypatch.setattr(runs, "result_of", fail)
    (error,) = carried_out([asking()], jobs=1)
    assert error.exit_code == code
    assert list(error.lines)[-1:] == lines


def spec_of(text: str) -> Any:
    return parse_spec(text, source="a.yaml", stem="a")


RELU = "activation: relu\ninitializer: he_normal\n"


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (RELU, f"{RELU}samples: 100000\n"),
        (RELU, f"{RELU}repeats: 20\n"),
        (RELU, f"{RELU}width: 1000\n"),
        (RELU, f"{RELU}image: [32, 32, 3]\nchannels: 32\n"),
        (RELU, f"{RELU}pretraining: {{method: autoencoder, steps: 1000, learning_rate: 0.1}}\n"),
        (f"{RELU}experiment: symmetry\n", f"{RELU}experiment: symmetry\nsteps: 100000\n"),
        (RELU, f"{RELU}experiment: training\ndata: digits\n"),
    ],
    ids=["samples", "repeats", "width", "image", "pretraining", "steps", "training"],
)
def test_more_work_takes_longer(less: str, more: str):
    assert 0.03 < seconds_of(spec_of(less)) < 0.3 * seconds_of(spec_of(more))


@pytest.mark.parametrize(
    ("seconds", "worth"),
    [
        ([10.0], False),
        ([10.0, 0.1], False),
        ([0.5] * 2, False),
        ([1.0] * 2, True),
        ([0.1] * 20, True),
    ],
)
def test_processes_are_started_where_they_save(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], worth: bool
):
    """Not beside one long run, nor for a few short ones."""
    started = []

    class Counted(Executor):
        def __init__(self, number: int, *_: Any, **__: Any) -> None:
            started.append(number)

    monkeypatch.setattr(runs, "seconds_of", lambda spec: seconds[spec.seed])
    monkeypatch.setattr(runs, "result_of", lambda run, **_: run.spec.seed)
    monkeypatch.setattr(runs, "Processes", Counted)

    def once(number: int) -> Check[Any]:
        return (yield [Run("a", replace(SPEC, seed=number))])

    numbers = range(len(seconds))
    assert carried_out(map(once, numbers)) == [[number] for number in numbers]
    assert started == [2] * worth
