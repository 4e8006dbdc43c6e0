"""Batches of tiny runs."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import weightinit_cli
from weightinit_cli.batch import Plan, make_plan
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TINY = "samples: 20\nwidth: 8\nlayers: 2\nactivation: sigmoid\ninitializer: xavier_normal\n"

SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker
async def main():
    address, folder = sys.argv[1:]
    async with Worker(address, nthreads=1, dashboard=False, local_directory=folder) as worker:
        print(worker.address, flush=True)
        await worker.finished()
asyncio.run(main())
"""


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """The plan of specs given by what they have more than the tiny one, by name."""

    def build(**more: str) -> Plan:
        def load(name: str):
            return parse_spec(TINY + more[name], source=f"{name}.yaml", stem=name)

        return make_plan(more, load)

    return build


class Cluster:
    """A real scheduler with its workers on the loopback address."""

    def __init__(
        self, address: str, scheduler: subprocess.Popen, workers: list[subprocess.Popen]
    ) -> None:
        self.address, self.scheduler, self.workers = address, scheduler, workers


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., object]:
    """Start a cluster, for a `with`."""
    pytest.importorskip("distributed")
    places = [Path(weightinit_cli.__file__).parent.parent, Path(__file__).parent.parent]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}

    def start(stack: ExitStack, code: str, *arguments: str) -> tuple[subprocess.Popen, str]:
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                text=True,
            )
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    @contextmanager
    def run(workers: int = 2) -> Iterator[Cluster]:
        folder = str(tmp_path_factory.mktemp("dask"))
        with ExitStack() as stack:
            scheduler, address = start(stack, SCHEDULER)
            started = [start(stack, WORKER, address, folder)[0] for _ in range(workers)]
            yield Cluster(address, scheduler, started)

    return run
