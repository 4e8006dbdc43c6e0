"""Many runs against a loop: `python benchmarks/batch.py [--specs N] [--rounds N]`.

`winit batch` on a folder of specs (5 x 100 x 1,000, sigmoid, every one with its own seed) against
`loop.py`, a plain numpy loop over the same networks with the same figures, in one process with
BLAS as it comes. Both are whole processes, one after the other in every round; a ratio is that of
the runs per second, and the median over the rounds is taken. The loop runs a part of the specs,
since it needs so much longer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
PYTHON = sys.executable
PART = 10

SPEC = """\
seed: {seed}
samples: 1000
width: 100
layers: 5
activation: sigmoid
initializer: xavier_normal
histogram: {{bins: 30, range: [0, 1]}}
"""
# Name, arguments of winit batch, how many pictures the loop draws of a run, the goal.
FORWARD = ["--set", "backward=false"]
ROWS = [
    ("backward: false, without pictures", ["--no-plot", *FORWARD], 0, 8.0),
    ("the same with backward: true", ["--no-plot"], 0, None),
    ("backward: false, two pictures, the loop one", FORWARD, 1, 25.0),
    ("the same, the loop two as well", FORWARD, 2, None),
    ("the same with backward: true", [], 2, None),
]


def wall(command: list[str]) -> float:
    """Seconds that a process takes as a whole."""
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def winit(specs: Path, out: str, arguments: list[str]) -> float:
    command = ["-m", "weightinit_cli", "batch", str(specs), "-o", out, "-q", *arguments]
    return wall([PYTHON, *command])


def loop(number: int, *folder: str) -> float:
    return wall([PYTHON, str(HERE / "loop.py"), str(number), *folder])


def write_specs(folder: Path, number: int) -> Path:
    folder.mkdir()
    for seed in range(number):
        (folder / f"s{seed:05}.yaml").write_text(SPEC.format(seed=seed))
    return folder


def measure(arguments: list[str], number: int, *, pictures: int) -> tuple[float, float]:
    """Runs per second of winit and of the loop."""
    with tempfile.TemporaryDirectory() as place:
        specs = write_specs(Path(place, "specs"), number)
        ours = number / winit(specs, f"{place}/out", arguments)
        part = max(number // PART, 1)
        theirs = part / loop(part, *([place, str(pictures)] if pictures else []))
    return ours, theirs


def main() -> None:
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{arguments.specs} specs, {os.cpu_count()} cores\n")
    print("| winit batch | runs/s | loop, runs/s | goal | ratio |")
    print("|---|---|---|---|---|")
    for name, options, pictures, goal in ROWS:
        found = [
            measure(options, arguments.specs, pictures=pictures) for _ in range(arguments.rounds)
        ]
        ours, theirs = (median(rates) for rates in zip(*found, strict=True))
        ratio = median(rate / other for rate, other in found)
        aim = "" if goal is None else f"≥ {goal:g}"
        print(f"| {name} | {ours:.3g} | {theirs:.3g} | {aim} | {ratio:.3g} |", flush=True)


if __name__ == "__main__":
    main()
