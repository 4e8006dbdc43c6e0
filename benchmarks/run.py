"""The benchmark's table: `python benchmarks/run.py [--rounds N] [--quick]`.

Every row is a ratio of winit to something else, measured in rounds that run both sides one after
the other, each in a fresh process, and taken as the median of the rounds' ratios, so that a
machine that changes its speed changes both. Rows that need torch are left out where there is none.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
PYTHON = sys.executable
WINIT = [PYTHON, "-m", "weightinit_cli"]
FORWARD = ["--set", "backward=false"]


def wall(command: list[str], folder: str) -> float:
    """Seconds that a process takes as a whole."""
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def processes(rounds: int, folder: str) -> list[tuple[str, str, float, float]]:
    """Whole processes against the textbook's script."""
    textbook = [PYTHON, str(HERE / "textbook.py"), "textbook.png"]
    config = ["histogram", "-q", "-c", "sigmoid_xavier"]
    rows = {
        "`winit --help`": ([*WINIT, "--help"], 0.06),
        "`winit histogram`, both pictures and JSON": ([*WINIT, *config], 0.85),
        "the same with `backward: false`": ([*WINIT, *config, *FORWARD], 0.65),
        "`winit histogram --no-plot`, `backward: false`": (
            [*WINIT, *config, *FORWARD, "--no-plot"],
            0.22,
        ),
    }
    ratios: dict[str, list[float]] = {name: [] for name in rows}
    for number in range(rounds + 1):
        against = wall(textbook, folder)
        for name, (command, _) in rows.items():
            ratio = wall(command, folder) / against
            if number:
                ratios[name].append(ratio)
    return [
        (name, "the textbook's script, as a process", goal, median(ratios[name]))
        for name, (_, goal) in rows.items()
    ]


def wide(rounds: int, layers: int) -> list[tuple[str, str, float | None, float]]:
    """One large forward pass against the limit, numpy and torch, and its own memory by depth."""
    ways = ["winit", "limit", "numpy"]
    if importlib.util.find_spec("torch"):
        ways.append("torch")
    found: dict[str, list[dict[str, float]]] = {way: [] for way in [*ways, "deep"]}
    for _ in range(rounds):
        for way in ways:
            found[way].append(forward(way, layers))
    found["deep"] = [forward("winit", 5 * layers)]
    name = f"{layers} layers x 4,096 units x 1,000 inputs"

    def ratio(figure: str, against: str) -> float:
        pairs = zip(found["winit"], found[against], strict=True)
        return median(ours[figure] / theirs[figure] for ours, theirs in pairs)

    rows: list[tuple[str, str, float | None, float]] = [
        (
            f"{name}, compute",
            "drawing the weights and sgemm alone",
            1.15,
            ratio("seconds", "limit"),
        ),
        ("the same", "numpy doing the same", None, ratio("seconds", "numpy")),
    ]
    if "torch" in ways:
        rows.append(("the same", "torch doing the same", 0.5, ratio("seconds", "torch")))
        rows.append(("the same, peak memory", "torch", 0.4, ratio("peak", "torch")))
    rows.append(("the same, peak memory", "numpy", None, ratio("peak", "numpy")))
    deep = found["deep"][0]["peak"] / median(run["peak"] for run in found["winit"])
    rows.append((f"{5 * layers} layers, peak memory", f"{layers} layers", 1.1, deep))
    return rows


def passes() -> list[tuple[str, str, float | None, float]]:
    """The backward pass and theory against the forward pass, within one process."""
    rows: list[tuple[str, str, float | None, float]] = []
    for layers, width in ((5, 100), (4, 4096)):
        command = [PYTHON, str(HERE / "passes.py"), str(layers), str(width)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds: dict[str, float] = json.loads(done.stdout)
        work = f"{layers} layers x {width:,} units x 1,000 inputs"
        share = seconds["backward"] / seconds["forward"]
        rows.append((f"{work}, backward pass", "its forward pass", 2.2, share))
        share = seconds["theory"] / seconds["forward"]
        rows.append(("the same, theory", "its forward pass", None, share))
    return rows


def probed(rounds: int) -> list[tuple[str, str, float | None, float]]:
    """A model of torch that is watched, against its own first step."""
    if not importlib.util.find_spec("torch"):
        return []
    command = [PYTHON, str(HERE / "probe.py"), "--json", "--rounds", str(rounds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ratios: dict[str, float] = json.loads(done.stdout)
    return [
        (
            "`probe` of a GPT, 10 million parameters",
            "its own first step, one thread",
            3,
            ratios["seconds"],
        ),
        ("the same, memory of the step", "its own first step", 1.5, ratios["bytes"]),
    ]


def forward(way: str, layers: int) -> dict[str, float]:
    """Seconds and peak bytes of one pass in a fresh process."""
    command = [PYTHON, str(HERE / "wide.py"), way, str(layers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def machine() -> str:
    """Processor, cores and versions."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        name = next((value.strip() for key, _, value in lines if key.strip() == "model name"), name)
    versions = [f"Python {platform.python_version()}"]
    for package in ("numpy", "matplotlib", "torch"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    return f"{name}, {os.cpu_count()} cores; {', '.join(versions)}"


def main() -> None:
    # Some shells choose an older BLAS kernel; users' shells do not.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds of the processes")
    parser.add_argument("--quick", action="store_true", help="4 layers instead of 20, fewer rounds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows: list[tuple[str, str, float | None, float]] = []
        rows += processes(3 if arguments.quick else arguments.rounds, folder)
    rows += passes()
    rows += probed(1 if arguments.quick else 5)
    rows += wide(1, 4) if arguments.quick else wide(5, 20)
    print(f"{machine()}\n")
    print("| work | against | goal | measured |")
    print("|---|---|---|---|")
    for work, against, goal, measured in rows:
        aim = "" if goal is None else f"≤ {goal}"
        print(f"| {work} | {against} | {aim} | {measured:.3g} |")


if __name__ == "__main__":
    main()
