"""The executors: the same outcomes whichever it is, few jobs in flight, and no death spreads."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli
from support.batches import BROKEN, CURSED, GREEDY, LETHAL, crowded, empty, perilous, small
from weightinit_cli.batch import (
    Cluster,
    Executor,
    Failure,
    Processes,
    Product,
    jobs_of,
    starting,
)
from weightinit_cli.batch import cluster as cluster_module
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TINY = "samples: 20\nwidth: 8\nlayers: 2\nactivation: sigmoid\ninitializer: xavier_normal\n"

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")

# Also activations that take scipy, before and after those that do not.
KINDS = {
    "a": "sweep: {seed: [0, 1, 2], activation: [erf, sigmoid, tanh]}\n",
    "b": "repeats: 3\n",
    "c": "sweep: {initializer.gain: [1, 100], dtype: [float32, float64]}\n",
}


def files_of(executor, plan) -> dict[int, dict[str, bytes]]:
    with executor:
        outcomes = dict(executor.run(small, jobs_of(plan)))
    for job, product in outcomes.items():
        assert isinstance(product, Product), product
        assert product.digest == job.digest
    return {job.number: product.files for job, product in outcomes.items()}


@pytest.fixture
def serially(plan: Callable) -> dict[int, dict[str, bytes]]:
    found = files_of(Executor(), plan(**KINDS))
    assert len(found) == 14
    return found


@pytest.mark.parametrize("number", [1, 3])
def test_processes_give_the_same_bytes(plan: Callable, serially: dict, number: int):
    assert files_of(Processes(number), plan(**KINDS)) == serially


@pytest.mark.slow
@pytest.mark.cluster
def test_a_cluster_gives_the_same_bytes(plan: Callable, serially: dict, cluster: Callable):
    with cluster() as dask:
        assert files_of(Cluster(dask.address), plan(**KINDS)) == serially


@pytest.mark.slow
def test_a_cluster_loses_a_worker(plan: Callable, cluster: Callable):
    """Killed with jobs in its hands: the other one does them."""
    seeds = plan(a=f"sweep: {{seed: {list(range(60))}}}\n")
    with cluster() as dask, Cluster(dask.address) as executor:
        done, makers = [], set()
        for job, product in executor.run(empty, jobs_of(seeds)):
            assert isinstance(product, Product), product
            done.append(job.number)
            makers.add(product.version)
            if len(done) == 5:
                dask.workers[0].kill()
                dask.workers[0].wait()
    assert sorted(done) == list(range(60))
    assert str(dask.workers[1].pid) in makers


@pytest.mark.slow
def test_a_cluster_loses_its_scheduler(plan: Callable, cluster: Callable):
    """Told, instead of waiting for ever; what was done until then has been given."""
    seeds = plan(a=f"sweep: {{seed: {list(range(60))}}}\n")
    done = []
    with cluster() as dask, Cluster(dask.address) as executor:  # noqa: SIM117
        with pytest.raises(WinitError, match="the scheduler is lost"):  # noqa: PT012
            for job, outcome in executor.run(empty, jobs_of(seeds)):
                done += [job.number] if isinstance(outcome, Product) else []
                if len(done) == 5:
                    dask.scheduler.kill()
                    dask.scheduler.wait()
    assert 5 <= len(done) < 60


@pytest.mark.slow
def test_a_cluster_without_workers(
    plan: Callable, cluster: Callable, monkeypatch: pytest.MonkeyPatch
):
    """Told, with the address, and not waited for longer than wanted."""
    monkeypatch.setattr(cluster_module, "FIRST_WORD", 0.0)
    notes: list[str] = []
    with cluster(workers=0) as dask, Cluster(dask.address, notes.append, wait=0.5) as executor:
        assert executor.numpy == Executor().numpy
        with pytest.raises(WinitError, match=r"no workers for 0.5 s \(--wait\)"):
            list(executor.run(empty, jobs_of(plan(a="seed: 1\n"))))
        assert notes == [f"--scheduler {dask.address}: 0 workers; waiting for one"]


@pytest.mark.slow
def test_a_cluster_loses_its_only_worker(plan: Callable, cluster: Callable):
    seeds = plan(a=f"sweep: {{seed: {list(range(60))}}}\n")
    done = []
    with cluster(workers=1) as dask, Cluster(dask.address, wait=0.0) as executor:  # noqa: SIM117
        with pytest.raises(WinitError, match="the runs that are done are saved"):  # noqa: PT012
            for job, outcome in executor.run(empty, jobs_of(seeds)):
                done += [job.number] if isinstance(outcome, Product) else []
                if len(done) == 5:
                    dask.workers[0].kill()
                    dask.workers[0].wait()
    assert 5 <= len(done) < 60


def test_waiting_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch):
    """By a clock of the test's: after three seconds, each minute, and anew after a worker came."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(cluster_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    told: list[float] = []
    waiting = cluster_module._Waiting("tcp://host:1", lambda _: told.append(clock.now), 500.0)
    for second in range(300):
        clock.now = float(second)
        waiting.see(1 if second in (0, 100, 101) else 0)
    assert told == [4.0, 64.0, 105.0, 165.0, 225.0, 285.0]
    clock.now = 602.0
    with pytest.raises(WinitError, match="no workers for 500 s"):
        waiting.see(0)


def test_no_scheduler():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(WinitError, match="no scheduler answers there: connection refused"):
            Cluster(f"tcp://127.0.0.1:{port}")


def test_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(WinitError, match="no scheduler answers there: timed out"):
            Cluster(f"127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["", "nowhere", "tcp://", "tcp://host", "host:port"])
def test_no_address(address: str):
    with pytest.raises(WinitError, match="--scheduler"):
        Cluster(address)


@posix
@pytest.mark.parametrize("number", [1, 2])
def test_a_process_dies(plan: Callable, tmp_path: Path, number: int):
    """One that always kills its process fails, one that does so once is done; so are the others."""
    seeds = plan(a=f"sweep: {{seed: {list(range(9))}}}\n")
    with Processes(number) as executor:
        outcomes = {
            job.spec.seed: outcome
            for job, outcome in executor.run(partial(perilous, str(tmp_path)), jobs_of(seeds))
        }
    assert sorted(outcomes) == list(range(9))
    failed = {seed: each for seed, each in outcomes.items() if isinstance(each, Failure)}
    assert set(failed) == {LETHAL, GREEDY, BROKEN, 7, 8}
    assert isinstance(outcomes[CURSED], Product)
    (line,) = failed[LETHAL].lines
    assert "SIGKILL" in line
    assert failed[GREEDY].lines == ("not enough memory for this run",)
    assert failed[7] == Failure(("mend this",), located=True)
    assert failed[BROKEN].defect
    assert failed[BROKEN].lines[-1] == "RuntimeError: a defect"


@posix
@pytest.mark.parametrize("number", [1, 3])
def test_lacking_memory_beside_others(plan: Callable, tmp_path: Path, number: int):
    """Refused, out of memory or killed beside other runs: done again alone, with the same result.

    None of the other processes, which could hold memory, is there then.
    """
    seeds = plan(a=f"sweep: {{seed: {list(range(9))}}}\n")
    with Processes(number) as executor:
        outcomes = dict(executor.run(partial(crowded, str(tmp_path)), jobs_of(seeds)))
    assert sorted(job.number for job in outcomes) == list(range(9))
    assert all(isinstance(outcome, Product) for outcome in outcomes.values()), outcomes


def test_lacking_memory_alone(plan: Callable, tmp_path: Path):
    """What fails alone, fails; few such runs are held, however many there are."""
    ends = [round(0.1 + k / 1000, 3) for k in range(110)]
    grid = plan(a=f"sweep: {{seed: [{GREEDY}, 0], saturation: {ends}}}\n")
    with Processes(2) as executor:
        outcomes = list(executor.run(partial(perilous, str(tmp_path)), jobs_of(grid)))
    assert len(outcomes) == 220
    for job, outcome in outcomes:
        assert isinstance(outcome, Failure if job.spec.seed == GREEDY else Product)
    assert next(k for k, (job, _) in enumerate(outcomes) if job.spec.seed == GREEDY) < 100


class Few:
    """A system that gives so many processes, and then no more."""

    def __init__(self, number: int) -> None:
        self._left, self._real = number, starting.starter()

    def start(self) -> object:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        return self._real.start()

    def close(self) -> None:
        self._real.close()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_system_gives_fewer_processes(
    plan: Callable, monkeypatch: pytest.MonkeyPatch, number: int
):
    seeds = plan(a=f"sweep: {{seed: {list(range(9))}}}\n")
    few, notes = Few(number), []
    with monkeypatch.context() as patch:
        patch.setattr(starting, "starter", lambda **_: few)
        executor = Processes(5, notes.append)
    with executor:
        makers = [product.version for _, product in executor.run(empty, jobs_of(seeds))]
    assert len(makers) == 9
    assert len(set(makers)) <= max(number, 1)
    assert (str(os.getpid()) in makers) == (number == 0)
    why = "could be started: resource temporarily unavailable"
    assert notes == [
        f"only {number} of 5 processes {why}; they do all runs"
        if number
        else f"no process {why}; the runs are done in this one"
    ]


def test_no_more_processes_than_runs(plan: Callable, monkeypatch: pytest.MonkeyPatch):
    few, notes = Few(3), []
    monkeypatch.setattr(starting, "starter", lambda **_: few)
    with Processes(200, notes.append) as executor:
        assert len(dict(executor.run(empty, jobs_of(plan(a="sweep: {seed: [0, 1, 2]}\n"))))) == 3
    assert notes == []


@pytest.mark.skipif(sys.platform != "linux", reason="the server is Linux's")
def test_the_server_is_killed(plan: Callable):
    """Its workers go with it; another one forks others, and every run is done."""
    seeds = plan(a=f"sweep: {{seed: {list(range(30))}}}\n")
    with Processes(2) as executor:
        outcomes = executor.run(empty, jobs_of(seeds))
        done = [next(outcomes)]
        executor._starter._server._process.kill()
        done += outcomes
    assert sorted(job.number for job, _ in done) == list(range(30))
    assert all(isinstance(product, Product) for _, product in done)


@pytest.mark.skipif(sys.platform != "linux", reason="the server is Linux's")
def test_the_server_is_killed_before_it_has_read(monkeypatch: pytest.MonkeyPatch):
    """Then the system gives another error: that server is named all the same."""
    forker = starting.Forker()
    server = forker._server._process
    server.send_signal(signal.SIGSTOP)
    send = socket.send_fds

    def kill(*arguments: Any) -> None:
        send(*arguments)
        server.kill()
        server.wait()

    monkeypatch.setattr(socket, "send_fds", kill)
    with pytest.raises(OSError, match="the process that starts them was ended by SIGKILL"):
        forker.start()
    monkeypatch.undo()
    forker.start().end()
    forker.close()


@posix
def test_spawned_processes(
    plan: Callable, serially: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """As on other systems: the same bytes, and nothing of the current folder is imported."""
    monkeypatch.setattr(starting, "starter", starting.Spawner)
    monkeypatch.chdir(tmp_path)
    for name in ("numpy", "matplotlib", "signal", "weightinit_cli", "multiprocessing"):
        Path(f"{name}.py").write_text("open('imported', 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert files_of(Processes(2), plan(**KINDS)) == serially
    assert not Path("imported").exists()


ENDLESS = """
import sys
from support.batches import endless
from weightinit_cli.batch import Processes, jobs_of, make_plan
from weightinit_cli.spec import parse_spec
plan = make_plan("a", lambda name: parse_spec(sys.argv[1], source="a.yaml", stem="a"))
with Processes(2) as executor:
    list(executor.run(endless, jobs_of(plan)))
"""


@posix
def test_the_parent_is_killed():
    """Its workers, each in a run without end, see that; nothing holds the pipe any more."""
    places = [Path(weightinit_cli.__file__).parent.parent, Path(__file__).parent.parent]
    text = f"{TINY}sweep: {{seed: [0, 1, 2]}}\n"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, text],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
    ) as process:
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)] == [b"under way\n"] * 2
        process.kill()
        process.communicate(timeout=20)


@posix
def test_an_idle_process_dies(plan: Callable):
    """Two batches by the same workers; between them one is killed."""
    seeds = plan(a=f"sweep: {{seed: {list(range(6))}}}\n")
    with Processes(2) as executor:
        makers = {product.version for _, product in executor.run(empty, jobs_of(seeds))}
        victim = int(makers.pop())
        os.kill(victim, signal.SIGKILL)
        again = [product for _, product in executor.run(empty, jobs_of(seeds))]
    assert len(again) == 6
    assert str(victim) not in {product.version for product in again}


class Growing:
    """Jobs that end, and go on once the outcomes of all of these are there."""

    def __init__(self, rounds: Iterable[list[Any]]) -> None:
        self._rounds = iter(rounds)
        self._left: list[Any] = []
        self._wanted = 0

    def take(self) -> None:
        self._wanted -= 1

    def __iter__(self) -> Growing:
        return self

    def __next__(self) -> Any:
        if not self._left and not self._wanted:
            self._left = next(self._rounds, [])
            self._wanted = len(self._left)
        if not self._left:
            raise StopIteration
        return self._left.pop()


def rounds_done(executor: Executor, jobs: Iterable[Any]) -> list[int]:
    growing = Growing([*map(list, zip(*[iter(jobs)] * 3, strict=True))])
    done = []
    for job, outcome in executor.run(empty, growing):
        assert isinstance(outcome, Product), outcome
        done.append(job.number)
        growing.take()
    return done


@pytest.mark.parametrize("executor", [Executor, partial(Processes, 2)], ids=["serial", "processes"])
def test_jobs_may_go_on(plan: Callable, executor: Callable):
    with executor() as running:
        done = rounds_done(running, jobs_of(plan(a=f"sweep: {{seed: {list(range(9))}}}\n")))
    assert [sorted(done[k : k + 3]) for k in (0, 3, 6)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.slow
def test_jobs_of_a_cluster_may_go_on(plan: Callable, cluster: Callable):
    with cluster() as dask, Cluster(dask.address) as executor:
        done = rounds_done(executor, jobs_of(plan(a=f"sweep: {{seed: {list(range(9))}}}\n")))
    assert sorted(done) == list(range(9))


@pytest.mark.parametrize("executor", [Executor, partial(Processes, 2)], ids=["serial", "processes"])
def test_few_jobs_are_taken_ahead(plan: Callable, executor: Callable):
    seeds = plan(a=f"sweep: {{seed: {list(range(40))}}}\n")
    taken = 0

    def jobs() -> Iterator:
        nonlocal taken
        for job in jobs_of(seeds):
            taken += 1
            yield job

    with executor() as running:
        for given, _ in enumerate(running.run(empty, jobs())):
            assert taken - given <= 5
    assert taken == 40
