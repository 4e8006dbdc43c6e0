"""How often the statistical gate of `winit check` raises an alarm where nothing has changed.

    python benchmarks/false_alarms.py [--checks N]

A check of one saved result: the gate's own functions on one network and 20 others of its spec,
each of a seed of its own, so that no two checks share a network. Alarms at alpha per whole check,
with Clopper and Pearson's two-sided 95 % limits.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy.stats import beta

from weightinit_cli.experiments import run
from weightinit_cli.guard import FRESH_NETWORKS, Gate, Outcome, judge, sample
from weightinit_cli.spec import parse_spec

ALPHAS = (0.05, 0.01)
SIZE = "samples: 200\nwidth: 30\nlayers: 4\n"
NETWORKS = {
    "sigmoid, Xavier": SIZE + "activation: sigmoid\ninitializer: xavier_normal\n",
    "sigmoid, std 10": SIZE + "activation: sigmoid\ninitializer: {name: normal, std: 10}\n",
    "tanh, std 1": SIZE + "activation: tanh\ninitializer: {name: normal, std: 1}\n",
    "relu, He": SIZE + "activation: relu\ninitializer: kaiming_normal\n",
    "relu, narrow": "samples: 200\nwidth: 8\nlayers: 8\nactivation: relu\n"
    "initializer: kaiming_normal\n",
    "gelu, unequal": "samples: 200\nwidth: [40, 10, 30]\n"
    "activation: {name: gelu, approximate: none}\ninitializer: lecun_normal\n",
}


def alarms(text: str, checks: int, first_seed: int) -> dict[float, int]:
    """How many of the checks of one network raise an alarm, at each alpha."""
    spec = parse_spec(text, source="benchmark", stem="network")
    found = dict.fromkeys(ALPHAS, 0)
    chosen = Outcome(Gate.STATISTICAL, "another seed")
    seed = first_seed
    for _ in range(checks):
        saved, *fresh = (run(replace(spec, seed=seed + k)) for k in range(FRESH_NETWORKS + 1))
        seed += FRESH_NETWORKS + 1
        pending = sample(saved, fresh[0], fresh, chosen)
        for alpha in ALPHAS:
            (outcome,) = judge([pending], alpha)
            found[alpha] += outcome.failed
    return found


def limits(count: int, checks: int) -> tuple[float, float]:
    """Clopper and Pearson's two-sided 95 % limits of a rate."""
    low = beta.ppf(0.025, count, checks - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, checks - count) if count < checks else 1.0
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=200, help="per network")
    checks = parser.parse_args().checks
    total = dict.fromkeys(ALPHAS, 0)
    start = time.perf_counter()
    print(f"{'network':<18}{'checks':>8}" + "".join(f"{f'alpha {a:g}':>26}" for a in ALPHAS))
    for name, text in NETWORKS.items():
        found = alarms(text, checks, 1_000_000)
        for alpha in ALPHAS:
            total[alpha] += found[alpha]
        print(line(name, checks, found), flush=True)
    print(line("all", checks * len(NETWORKS), total))
    print(f"numpy {np.__version__}, {time.perf_counter() - start:.0f} s")


def line(name: str, checks: int, found: dict[float, int]) -> str:
    columns = []
    for alpha in ALPHAS:
        low, high = limits(found[alpha], checks)
        columns.append(f"{f'{found[alpha] / checks:.2%} ({low:.2%} to {high:.2%})':>26}")
    return f"{name:<18}{checks:>8,}" + "".join(columns)


if __name__ == "__main__":
    main()
