"""How often `winit conform` fails sound initializers, and how often it catches defects.

    python benchmarks/conform.py [--checks N] [--frameworks numpy,torch,jax] [--only NAME]
    python benchmarks/conform.py --power [--checks N]

Sound functions: winit's own samplers of every row that can be asked for, and numpy's generators;
where torch and JAX are installed, theirs. Each check draws by seeds of its own. Alarms per whole
check, with Clopper and Pearson's two-sided 95 % limits. With --power: the defects of the tests, how
often each is caught at alpha 0.001, and how often the verdict names it.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
from scipy.stats import beta

from weightinit_cli import conform
from weightinit_cli.conformity.report import judged
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.spec import parse_initializer

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.defects import DEFECTS, SOUND
from support.peer_initializers import LIKES, ONLY, PEERS

ALPHAS = (0.05, 0.01)
# Likes in whose draws no chance is.
CERTAIN = ("zeros", "ones", "constant", "identity", "dirac")


def by_winit(rng, shape, fans, *, like):
    """Draw as the row of the table itself does."""
    component = parse_initializer(like, "benchmark")
    panel = np.empty((prod(shape[:-1]), shape[-1]), np.float32)
    INITIALIZERS[component.name].build(fans, **component.arguments).fill(panel, rng)
    return panel.reshape(shape)


def sound(frameworks):
    """Every sound initializer by its name: the function, its like, and the shapes it takes."""
    if "numpy" in frameworks:
        for like in LIKES:
            if (like if isinstance(like, str) else like["name"]) not in CERTAIN:
                yield f"winit, {words(like)}", (partial(by_winit, like=like), like, "")
        for function, like in SOUND:
            yield f"numpy, {function.__name__}", (function, like, "")
    for name in ("torch", "jax"):
        if name in frameworks and importlib.util.find_spec(name):
            for peer, (_, like) in PEERS[name]().items():
                if (like if isinstance(like, str) else like["name"]) not in CERTAIN:
                    yield f"{name}, {peer}", ((name, peer), like, ONLY.get(peer, ""))


def words(like):
    return like if isinstance(like, str) else ", ".join(map(str, like.values()))


def alarms(case, checks, first):
    """How many checks of one sound initializer fail at each alpha, and at which rows."""
    target, like, only = case
    if isinstance(target, tuple):
        framework, peer = target
        target = PEERS[framework]()[peer][0]
    found, rows = Counter(), Counter()
    for seed in range(first, first + checks):
        outcome = conform(target, like, seed=seed, only=only)
        for alpha in ALPHAS:
            failing = [row for row in judged(outcome.rows, alpha) if row.fails]
            found[alpha] += bool(failing)
            rows.update({row.asked for row in failing} if alpha == ALPHAS[0] else ())
    return found, rows


def power(checks):
    print(f"{'defect':<28}{'like':<18}{'caught':>10}{'named':>10}")
    for function, like, expected in DEFECTS:
        found = [conform(function, like, seed=seed) for seed in range(1, 1 + checks)]
        caught = sum(not each.conforms for each in found)
        named = sum(expected in each.verdict for each in found)
        kind = words(like)
        print(
            f"{function.__name__:<28}{kind:<18}{caught:>6}/{checks}{named:>6}/{checks}", flush=True
        )


def limits(count, checks):
    """Clopper and Pearson's two-sided 95 % limits of a rate."""
    low = beta.ppf(0.025, count, checks - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, checks - count) if count < checks else 1.0
    return float(low), float(high)


def line(name, checks, found):
    rates = []
    for alpha in ALPHAS:
        low, high = limits(found[alpha], checks)
        rates.append(f"{f'{found[alpha] / checks:.2%} ({low:.2%} to {high:.2%})':>26}")
    return f"{name:<44}{checks:>7,}" + "".join(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=30, help="per initializer")
    parser.add_argument("--frameworks", default="numpy,torch,jax")
    parser.add_argument("--only", default="", help="initializers whose name has this in it")
    parser.add_argument("--power", action="store_true", help="how often defects are caught")
    parser.add_argument("--jobs", type=int, default=None)
    arguments = parser.parse_args()
    if arguments.power:
        power(arguments.checks)
        return
    start = time.perf_counter()
    total, rows, checked = Counter(), Counter(), 0
    print(
        f"{'sound initializer':<44}{'checks':>7}" + "".join(f"{f'alpha {a:g}':>26}" for a in ALPHAS)
    )
    cases = [
        (name, case)
        for name, case in sound(arguments.frameworks.split(","))
        if arguments.only in name
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        jobs = [
            (name, pool.submit(alarms, case, arguments.checks, 1_000_000 * (1 + number)))
            for number, (name, case) in enumerate(cases)
        ]
        for name, job in jobs:
            found, failing = job.result()
            total += found
            rows += failing
            checked += arguments.checks
            print(line(name, arguments.checks, found), flush=True)
    print(line("all", checked, total))
    print("alarms at alpha 0.05 by question:", dict(rows.most_common()))
    print(f"numpy {np.__version__}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
