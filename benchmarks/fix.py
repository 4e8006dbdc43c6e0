"""`winit fix` against a scan: `python benchmarks/fix.py [--jobs N] [ACTIVATION ...]`.

Every activation with three bad initializers and three depths, 64 units and 200 inputs. The scan
runs normal weights of 40 scales, sigma_w from 0.3 to 5, with biases of three scales, and has a
start where one of these runs has no warning: `winit fix` should have one wherever the scan does.

A row has a start of the scan (it begins near what the search found), for how many of the bad
initializers the search found one, after how many runs each, and the longest search as a multiple of
one run; then what was found first, and under how many of two other seeds it has no warning either,
the fewest of the three.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from itertools import product
from math import log
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from weightinit_cli import fix
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments import run
from weightinit_cli.progress import Progress
from weightinit_cli.remedies.model import is_healthy
from weightinit_cli.spec import parse_spec, yaml_lines

WIDTH, SAMPLES = 64, 200
DEPTHS = (5, 20, 50)
BAD = ("{name: normal, std: 10}", "{name: normal, std: 0.001}", "zeros")
SIGMAS_W = np.geomspace(0.3, 5, 40).tolist()
SIGMAS_B = (0.0, 0.1, 0.5)
# Parameters that activations have no default of.
NEEDED = {
    "leaky_relu": ("{name: leaky_relu, negative_slope: 0.1}",),
    "prelu": ("{name: prelu, negative_slope: 0.25}",),
    "gelu": ("{name: gelu, approximate: none}", "{name: gelu, approximate: tanh}"),
    "hard_sigmoid": ("{name: hard_sigmoid, form: torch}", "{name: hard_sigmoid, form: keras2}"),
    "sin": ("{name: sin, omega: 1}", "{name: sin, omega: 30}"),
    "threshold": ("{name: threshold, threshold: 0.5, value: 0.1}",),
}


class Row(NamedTuple):
    """What was found for one activation at one depth; a number per bad initializer."""

    activation: str
    depth: int
    scan: str
    found: int
    runs: tuple[int, ...]
    times: float
    seeds: int | None
    start: str


class Counted(Progress):
    """Counts the runs of a search."""

    def __init__(self) -> None:
        self.runs = 0

    def step(self, amount: float, words: str = "") -> None:  # noqa: ARG002
        self.runs += 1


def spec_of(activation: str, depth: int, initializer: str, sigma_b: float = 0.0):
    bias = f"{{name: normal, std: {sigma_b}}}" if sigma_b else "zeros"
    text = f"activation: {activation}\ninitializer: {initializer}\nbias: {bias}\n"
    text += f"layers: {depth}\nwidth: {WIDTH}\nsamples: {SAMPLES}\n"
    return parse_spec(text, source="benchmark", stem="network")


def scanned(activation: str, depth: int, first: float) -> str:
    """A start without a warning, looked for from one scale outwards."""
    ordered = sorted(SIGMAS_W, key=lambda sigma_w: abs(log(sigma_w / first)))
    for sigma_b, sigma_w in product(SIGMAS_B, ordered):
        normal = f"{{name: normal, std: {sigma_w / WIDTH**0.5}}}"
        if is_healthy(run(spec_of(activation, depth, normal, sigma_b), threads=1).verdict):
            return f"{sigma_w:.3g}, {sigma_b:g}"
    return "-"


def row(job: tuple[str, int]) -> Row:
    activation, depth = job
    with threadpool_limits(1):
        started = time.perf_counter()
        run(spec_of(activation, depth, "xavier_normal"), threads=1)
        one = time.perf_counter() - started
        remedies, runs, longest = [], [], 0.0
        for bad in BAD:
            counted = Counted()
            started = time.perf_counter()
            remedies.append(fix(spec_of(activation, depth, bad), threads=1, progress=counted))
            longest = max(longest, time.perf_counter() - started)
            runs.append(counted.runs)
        found = [remedy.chosen for remedy in remedies if remedy.chosen is not None]
        seeds = min((each.held for each in found if each.held is not None), default=None)
        start = ", ".join(yaml_lines(found[0].change)) if found else ""
        if not found:
            others = (", ".join(yaml_lines(each.change)) for each in remedies[0].nearest)
            start = f"none; beside it {' | '.join(others) or 'nothing'}"
        healthy = sum(remedy.mended is not None for remedy in remedies)
        scan = scanned(activation, depth, found[0].sigma_w if found else 1.0)
    return Row(activation, depth, scan, healthy, tuple(runs), longest / one, seeds, start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("activations", nargs="*", metavar="ACTIVATION", help="default: all")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    arguments = parser.parse_args()
    written = [each for name in ACTIVATIONS for each in NEEDED.get(name, (name,))]
    chosen = arguments.activations or written
    started = time.perf_counter()
    rows = []
    print(f"{'activation':46}{'l':>3}  {'scan: w, b':12}found {'runs':14}times  seeds  start")
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        for each in pool.imap(row, product(chosen, DEPTHS)):
            rows.append(each)
            runs = "/".join(map(str, each.runs))
            seeds = "-" if each.seeds is None else each.seeds
            print(
                f"{each.activation:46}{each.depth:>3}  {each.scan:12}{each.found}/{len(BAD):<4}"
                f"{runs:14}{each.times:6.0f}  {seeds!s:5}  {each.start}",
                flush=True,
            )
    by_scan = sum(len(BAD) for each in rows if each.scan != "-")
    missed = sum(len(BAD) - each.found for each in rows if each.scan != "-")
    found = sum(each.found for each in rows)
    print(
        f"{len(rows) * len(BAD)} networks: the scan finds a start for {by_scan}, winit fix for all "
        f"but {missed} of these, and for {found}; {time.perf_counter() - started:.0f} s"
    )
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
