"""How often the statistical gate of `winit check` raises an alarm where nothing has changed.

    python benchmarks/false_alarms.py [--checks N] [--only NAME] [--out FILE.csv]

A check of one saved result: the gate's own functions on one network and 20 others of its spec,
each of a seed of its own, so that no two checks share a network. Networks: every run of the shipped
configs of `winit histogram` and eight others. Alarms at alpha per whole check, with Clopper and
Pearson's two-sided 95 % limits.
"""

from __future__ import annotations

import argparse
import csv
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from weightinit_cli.experiments import run
from weightinit_cli.guard import FRESH_NETWORKS, Gate, Outcome, judge, sample
from weightinit_cli.spec import Spec, expand, load_spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGS = Path(__file__).parent.parent / "configs"
ALPHAS = (0.05, 0.01)
FIRST_SEED, SEEDS = 1_000_000, 100_000
OTHERS = {
    "relu, width 3": "samples: 200\nwidth: 3\nlayers: 6\nactivation: relu\n"
    "initializer: kaiming_normal\n",
    "relu, width 8": "samples: 200\nwidth: 8\nlayers: 8\nactivation: relu\n"
    "initializer: kaiming_normal\n",
    "gelu, unequal": "samples: 200\nwidth: [40, 10, 30]\n"
    "activation: {name: gelu, approximate: none}\ninitializer: lecun_normal\n",
    "tanh, width 400": "samples: 100\nwidth: 400\nlayers: 3\nactivation: tanh\n"
    "initializer: glorot_normal\nbias: {name: normal, std: 0.05}\n",
    "sigmoid, collapsed": "samples: 200\nwidth: 50\nlayers: 20\nactivation: sigmoid\n"
    "initializer: {name: normal, std: 0.01}\n",
    "relu, exploding": "samples: 200\nwidth: 50\nlayers: 20\nactivation: relu\n"
    "initializer: {name: uniform, low: -1, high: 1}\n",
    "convolution, tanh": "samples: 50\nlayers: 4\nchannels: [4, 8, 16, 8]\nkernel: 3\n"
    "image: [8, 8, 3]\npadding: circular\nactivation: tanh\ninitializer: glorot_uniform\n",
    "orthogonal": "samples: 200\nwidth: 40\nlayers: 6\nactivation: tanh\ninitializer: orthogonal\n",
}
# Networks that take seconds each have a sixth of the checks.
LARGE_WORK = 4e9
FEWER = 6


def networks() -> Iterator[tuple[str, Spec]]:
    """Give every network with its name; what is equal but for its name comes once."""
    seen = set()
    for path in sorted(CONFIGS.glob("*.yaml")):
        spec = load_spec(str(path))
        if not isinstance(spec, Spec):
            continue
        for each in expand(spec):
            bare = replace(each, name="", seed=0, repeats=1, overrides=(), run="", runs=None)
            if repr(bare) not in seen:
                seen.add(repr(bare))
                yield each.folder, each
    for name, text in OTHERS.items():
        yield name, parse_spec(text, source="benchmark", stem="network")


def alarms(spec: Spec, checks: int, first_seed: int) -> dict[float, int]:
    """How many of the checks of one network raise an alarm, at each alpha."""
    found = dict.fromkeys(ALPHAS, 0)
    chosen = Outcome(Gate.STATISTICAL, "another seed")
    for check in range(checks):
        first = first_seed + check * (FRESH_NETWORKS + 1)
        seeds = range(first, first + FRESH_NETWORKS + 1)
        saved, *fresh = (run(replace(spec, seed=seed, repeats=1), threads=1) for seed in seeds)
        pending = sample(saved, fresh[0], fresh, chosen, spec)
        for alpha in ALPHAS:
            (outcome,) = judge([pending], alpha)
            found[alpha] += outcome.failed
    return found


def work_of(spec: Spec) -> float:
    """About how many multiply-adds a network takes."""
    from weightinit_cli.experiments.build import build_network

    network = build_network(spec)
    return network.forward_work + network.backward_work


def limits(count: int, checks: int) -> tuple[float, float]:
    """Clopper and Pearson's two-sided 95 % limits of a rate."""
    low = beta.ppf(0.025, count, checks - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, checks - count) if count < checks else 1.0
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=26, help="per network")
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    parser.add_argument("--out", type=Path, help="write the counts as CSV, too")
    arguments = parser.parse_args()
    chosen = [(name, spec) for name, spec in networks() if arguments.only in name]
    total, checked = dict.fromkeys(ALPHAS, 0), 0
    start = time.perf_counter()
    rows = []
    print(f"{'network':<42}{'checks':>8}" + "".join(f"{f'alpha {a:g}':>26}" for a in ALPHAS))
    with ProcessPoolExecutor() as pool:
        jobs = []
        for name, spec in chosen:
            large = spec.pretraining is not None or work_of(spec) > LARGE_WORK
            checks = max(1, arguments.checks // (FEWER if large else 1))
            first_seed = FIRST_SEED + SEEDS * len(jobs)
            jobs.append((name, checks, pool.submit(alarms, spec, checks, first_seed)))
        for name, checks, job in jobs:
            found = job.result()
            checked += checks
            for alpha in ALPHAS:
                total[alpha] += found[alpha]
            rows.append([name, checks, *found.values()])
            print(line(name, checks, found), flush=True)
    print(line("all", checked, total))
    print(f"numpy {np.__version__}, {time.perf_counter() - start:.0f} s")
    if arguments.out:
        with arguments.out.open("w", newline="") as file:
            csv.writer(file).writerows([["network", "checks", *ALPHAS], *rows])


def line(name: str, checks: int, found: dict[float, int]) -> str:
    columns = []
    for alpha in ALPHAS:
        low, high = limits(found[alpha], checks)
        columns.append(f"{f'{found[alpha] / checks:.2%} ({low:.2%} to {high:.2%})':>26}")
    return f"{name:<42}{checks:>8,}" + "".join(columns)


if __name__ == "__main__":
    main()
