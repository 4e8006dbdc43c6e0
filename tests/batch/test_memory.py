"""A batch of many runs needs no more memory than one of few."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from support.batches import small
from weightinit_cli.batch import Executor, Ledger, Settings, run_batch, sum_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PER_RUN = 1000  # bytes; its rows and files alone are fifty times that


class Canned(Executor):
    """Says of every run what was made of the first."""

    def run(self, function: Callable, jobs: Iterator) -> Iterator:
        first = next(iter(jobs))
        product = small(first.spec)
        yield first, product
        for job in jobs:
            yield job, product._replace(digest=job.digest)


def peak(plan: Callable, out: Path, number: int) -> int:
    ends = [round(0.1 + k / 1000, 3) for k in range(number // 10)]
    grid = f"sweep: {{seed: {list(range(10))}, saturation: {ends}}}"
    tracemalloc.start()
    try:
        made = plan(a=grid)
        assert made.total == number
        with Ledger(out, made.total) as ledger:
            counts = run_batch(made, Canned(), Settings(out, ()), ledger)
            sum_up(made, ledger, out, ())
        assert counts.done == number
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_is_flat(plan: Callable, tmp_path: Path):
    peak(plan, tmp_path / "warm", 10)
    few, many = (
        min(peak(plan, tmp_path / f"{number}-{again}", number) for again in range(2))
        for number in (50, 300)
    )
    assert (many - few) / 250 < PER_RUN
