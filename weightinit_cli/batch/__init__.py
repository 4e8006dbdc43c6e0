"""Many runs: specs -> jobs, done by an executor, written as they come, counted, summed up.

`find_specs` and `make_plan` say what there is to do; an `Executor` and its kinds, `Processes` and
`Cluster`, all give the same results, bit for bit; `run_batch` has one do what is not done yet.
`product_of` is what becomes of a single run, `compare_runs` of several.
"""

from weightinit_cli.batch.cluster import Cluster
from weightinit_cli.batch.engine import (
    Counts,
    Ledger,
    Record,
    Settings,
    jobs_of,
    run_batch,
)
from weightinit_cli.batch.executors import Executor, Processes, no_note, our_numpy
from weightinit_cli.batch.plan import Plan, find_specs, make_plan
from weightinit_cli.batch.product import (
    Failure,
    Product,
    attempt,
    produce,
    product_of,
    saved,
)
from weightinit_cli.batch.summing import compare_runs, compare_saved, list_runs, sum_up

__all__ = [
    "Cluster",
    "Counts",
    "Executor",
    "Failure",
    "Ledger",
    "Plan",
    "Processes",
    "Product",
    "Record",
    "Settings",
    "attempt",
    "compare_runs",
    "compare_saved",
    "find_specs",
    "jobs_of",
    "list_runs",
    "make_plan",
    "no_note",
    "our_numpy",
    "produce",
    "product_of",
    "run_batch",
    "saved",
    "sum_up",
]
