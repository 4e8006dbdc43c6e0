"""Theory of normalized layers and residual blocks against means over seeds, at two widths.

    python benchmarks/theory_blocks.py [--quick] [--seeds N] [--processes N]

There are `--seeds` networks of width 100 in each mean, 200 by default, and a quarter as many of
width 400, whose figures vary half as much.

Theory is that of wide layers, so that a mean over seeds lies off by about c / width: four times as
much at width 100 as at 400. What theory had wrong would stay. So the two widths also tell what an
infinite one has, (4 m(400) - m(100)) / 3, but for noise and for what falls faster than 1 / width.

What is off is told relative to the prediction; of the mean, and of how far the means of units
differ, relative to the standard deviation of all values. It may be, at width 400,

    4 SE + C L / width, and for batch_norm of N inputs 2 / N more,

L being the number of layers and SE the standard error of that mean. Beyond that a figure is a
failure, and the exit code 1. C = 2, as for plain layers in `theory_grid.py`; at width 100 the
largest that is off is 1.4 L / width.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import defaultdict
from itertools import product
from math import sqrt
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

import weightinit_cli as winit

LAYERS, SEEDS = 6, 200
SAMPLES, MANY = 100, 1000
SMALL, LARGE = 100, 400
FORWARD = (
    "mean",
    "std",
    "std_across_inputs",
    "std_across_units",
    "preactivation_std",
    "prenorm_std",
    "branch.rms",
)
BACKWARD = ("gradient.signal_rms", "gradient.stream_rms", "gradient.ratio")
OF_STD = ("mean", "std_across_units")
# What finite width may add to a figure, in units of layers / width.
C = 2.0

# Uniform laws are drawn fastest, and in the limit are what normal ones are.
INITIALIZERS = {
    "relu": "kaiming_uniform",
    "tanh": "xavier_uniform",
    "gelu": "xavier_uniform",
    "sigmoid": "xavier_uniform",
}
ARGUMENTS: dict[str, Any] = {"gelu": {"name": "gelu", "approximate": "none"}}
SCALES = (1.0, 0.3, "1/sqrt(branches)", 0.0)
PLACED = (
    ("none", None),
    ("pre", "layer_norm"),
    ("pre", "rms_norm"),
    ("post", "layer_norm"),
)
# Of V, which is square: LeCun's scale, as by default.
SECOND = "xavier_uniform"


class Cell(NamedTuple):
    """Networks of one kind, but for their width."""

    activation: str
    kind: str
    scale: float | str | None
    keys: dict[str, Any]

    @property
    def samples(self) -> int:
        """Batch normalization's theory is that of many inputs."""
        return MANY if self.is_batch_norm else SAMPLES

    @property
    def few(self) -> float:
        """What so many inputs may add where theory is that of many more."""
        return 2 / self.samples if self.is_batch_norm else 0.0

    @property
    def is_batch_norm(self) -> bool:
        return self.keys.get("normalization") == "batch_norm"

    @property
    def name(self) -> str:
        scale = "" if self.scale is None else f", s = {self.scale}"
        return f"{self.activation}, {self.kind}{scale}"


class Deviation(NamedTuple):
    """How far the mean over seeds of one figure of one layer lies from theory, and its error."""

    layer: int
    path: str
    off: float
    error: float

    @property
    def resolved(self) -> bool:
        return abs(self.off) > 4 * self.error


class Pair(NamedTuple):
    """The deviations of one figure at both widths."""

    cell: Cell
    small: Deviation
    large: Deviation

    @property
    def room(self) -> float:
        """How far the mean may lie off at the larger width."""
        return 4 * self.large.error + C * LAYERS / LARGE + self.cell.few

    @property
    def limit(self) -> float:
        """How far off it is in the limit of wide layers, by what both widths say."""
        return (LARGE * self.large.off - SMALL * self.small.off) / (LARGE - SMALL)

    @property
    def limit_error(self) -> float:
        large, small = LARGE * self.large.error, SMALL * self.small.error
        return sqrt(large**2 + small**2) / (LARGE - SMALL)

    def stays(self, errors: int) -> bool:
        """Whether more is off in the limit than so many errors, and what two widths cannot tell."""
        room = errors * self.limit_error + (LAYERS / LARGE) ** 2 + self.cell.few
        return abs(self.limit) > room

    @property
    def fails(self) -> bool:
        return not abs(self.large.off) <= self.room


def grid(activations: tuple[str, ...], scales: tuple[float | str, ...]) -> list[Cell]:
    """Normalized layers of every kind, and residual blocks of every branch, place and scale."""
    found = [
        Cell(name, f"plain, {kind}", None, {"normalization": kind})
        for name, kind in product(activations, ("layer_norm", "rms_norm", "batch_norm"))
    ]
    for name, branch, (placement, kind), scale in product(activations, (1, 2), PLACED, scales):
        if scale == 0 and name != activations[0]:
            continue  # nothing of it goes anywhere
        residual = {"branch": branch, "scale": scale, "placement": placement}
        residual |= {"initializer": SECOND} if branch == 2 else {}
        keys = {"residual": residual, **({"normalization": kind} if kind else {})}
        placed = f"{placement} {kind}" if kind else "no norm."
        found.append(Cell(name, f"branch {branch}, {placed}", scale, keys))
    return found


def deviations(job: tuple[int, Cell, int, int]) -> list[Deviation]:
    """All figures of a cell's networks of one width; no two cells share their draws.

    A mean that is rounding alone is none.
    """
    seed, cell, width, seeds = job
    spec = {
        "seed": seed,
        "activation": ARGUMENTS.get(cell.activation, cell.activation),
        "initializer": INITIALIZERS[cell.activation],
        "layers": LAYERS,
        "width": width,
        "samples": cell.samples,
        "repeats": seeds,
        "histogram": {"bins": 1},
        **cell.keys,
    }
    with threadpool_limits(1):
        result = winit.run(spec, threads=1)
    found = []
    for number, layer in enumerate(result.layers, 1):
        predictions = layer.theory.figures
        for path in (*FORWARD, *BACKWARD):
            if path not in predictions or path not in layer.repeats:
                continue
            predicted, over = predictions[path].value, layer.repeats[path]
            size = predictions["std"].value if path in OF_STD else predicted
            off, error = over.mean - predicted, over.std / sqrt(seeds)
            found.append(Deviation(number, path, off / (size or 1.0), error / (size or 1.0)))
    return found


def paired(cell: Cell, small: list[Deviation], large: list[Deviation]) -> list[Pair]:
    """The figures that there are at both widths."""
    of_large = {(each.layer, each.path): each for each in large}
    both = ((each, of_large.get((each.layer, each.path))) for each in small)
    return [Pair(cell, one, other) for one, other in both if other is not None]


def pooled(each: list[Deviation]) -> float:
    """The root mean square of what is off, less what noise alone adds; 0 where it is all noise."""
    square = sum(one.off**2 - one.error**2 for one in each) / len(each)
    return sqrt(max(square, 0.0))


HEADER = (
    "| figure | worst at 100 | worst at 400 | its room | typical at 100 | at 400 | their ratio "
    "| worst in the limit |\n|---|---|---|---|---|---|---|---|"
)


def row(path: str, pairs: list[Pair]) -> str:
    """What is off of one figure of one kind, in per cent."""
    small = max((pair.small for pair in pairs), key=lambda each: abs(each.off))
    large = max(pairs, key=lambda pair: abs(pair.large.off))
    limit = max(pairs, key=lambda pair: abs(pair.limit) / (pair.limit_error or 1.0))
    of_small, of_large = (pooled([getattr(pair, n) for pair in pairs]) for n in ("small", "large"))
    is_resolved = any(pair.large.resolved for pair in pairs) and of_large > 0
    return (
        f"| `{path}` | {shown(small.off, small.error)} | "
        f"{shown(large.large.off, large.large.error)} | {100 * large.room:.1f} | "
        f"{100 * of_small:.2f} | {100 * of_large:.2f} | "
        f"{f'{of_small / of_large:.1f}' if is_resolved else ''} | "
        f"{shown(limit.limit, limit.limit_error)} ({limit.cell.name}, layer {limit.large.layer}) |"
    )


def shown(off: float, error: float) -> str:
    return f"{100 * off:+.2f} ± {100 * error:.2f}"


def report(pairs: list[Pair]) -> int:
    """Print what is off, by kind and figure; returns how many figures fail."""
    kinds: dict[str, dict[str, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        kinds[pair.cell.kind][pair.large.path].append(pair)
    for kind, paths in kinds.items():
        print(f"\n{kind}, per cent:\n\n{HEADER}")
        print(*(row(path, each) for path, each in paths.items()), sep="\n")
    failures = [pair for pair in pairs if pair.fails]
    for pair in sorted(failures, key=lambda pair: -abs(pair.large.off) / pair.room):
        both = " %, ".join(shown(each.off, each.error) for each in (pair.small, pair.large))
        where = f"{pair.cell.name}, layer {pair.large.layer}, {pair.large.path}"
        print(f"FAILS: {where}: {both} %, room {100 * pair.room:.2f} %")
    for errors in (3, 4):
        stay = sum(pair.stays(errors) for pair in pairs)
        print(f"\nIn the limit of wide layers {stay} figures are off by {errors} standard errors.")
    return len(failures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--quick", action="store_true", help="relu and tanh, one scale")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    cells = (
        grid(("relu", "tanh"), SCALES[2:3]) if asked.quick else grid(tuple(INITIALIZERS), SCALES)
    )
    start = time.perf_counter()
    jobs = [
        (2 * number + (width == LARGE), cell, width, seeds)
        for number, cell in enumerate(cells)
        for width, seeds in ((SMALL, asked.seeds), (LARGE, asked.seeds * SMALL // LARGE))
    ]
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        found = pool.map(deviations, jobs, chunksize=1)
    pairs = [
        pair
        for cell, small, large in zip(cells, found[::2], found[1::2], strict=True)
        for pair in paired(cell, small, large)
    ]
    failures = report(pairs)
    print(
        f"\n{len(cells)} kinds of networks, {len(pairs)} figures, {asked.seeds} seeds at width "
        f"{SMALL}: {failures} failures; {time.perf_counter() - start:.0f} s"
    )
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
