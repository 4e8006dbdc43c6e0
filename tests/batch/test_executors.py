"""The executors: the same outcomes whichever it is, few jobs in flight, and no death spreads."""

from __future__ import annotations

import os
import signal
import socket
from functools import partial
from typing import TYPE_CHECKING

import pytest
from batch_functions import BROKEN, CURSED, GREEDY, LETHAL, empty, perilous, small

from weightinit_cli.batch import Cluster, Failure, Processes, Product, Serial, jobs_of
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
    found = files_of(Serial(), plan(**KINDS))
    assert len(found) == 14
    return found


@pytest.mark.parametrize("number", [1, 3])
def test_processes_give_the_same_bytes(plan: Callable, serially: dict, number: int):
    assert files_of(Processes(number), plan(**KINDS)) == serially


def test_a_cluster_gives_the_same_bytes(plan: Callable, serially: dict, cluster: Callable):
    with cluster() as dask:
        assert files_of(Cluster(dask.address), plan(**KINDS)) == serially


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
    assert failed[GREEDY] == Failure(("not enough memory for this run",))
    assert failed[7] == Failure(("mend this",))
    assert failed[BROKEN].defect
    assert failed[BROKEN].lines[-1] == "RuntimeError: a defect"


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


@pytest.mark.parametrize("executor", [Serial, partial(Processes, 2)], ids=["serial", "processes"])
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
