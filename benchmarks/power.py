"""What `winit check` sees: how many of 12 checks tell each of some defects, at alpha 0.001.

    python benchmarks/power.py [--checks N] [--only TEXT]

In each check one network with the defect is saved, under a seed of its own: five layers, 300
inputs. The statistical gate holds it to the spec's law and to 20 sound networks of other seeds;
the rounding gate to the sound network of the same draws, while the saved one has every value moved
by one ulp. A defect of weights or biases is a function that draws in place of the initializer.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import numpy as np

from weightinit_cli import run
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments import shadow
from weightinit_cli.guard import FRESH_NETWORKS, Gate, Outcome, compare, judge, sample
from weightinit_cli.guard.rounding import SHADOWS
from weightinit_cli.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

ALPHA = 1e-3
FIRST_SEED = 2_000_000
PATTERN = 77  # of the ulps by which the saved network is moved
TRUNCATED_STD = 0.87962566103423978


def spec_of(activation: str, initializer: str, width: object = 100, more: str = "") -> Spec:
    text = f"samples: 300\nlayers: 5\nwidth: {width}\nactivation: {activation}\n"
    text += f"initializer: {initializer}\n{more}"
    spec = parse_spec(text, source="benchmark", stem="network")
    assert isinstance(spec, Spec)
    return spec


# What initializers claim, as a library's author would write them: numpy alone, shapes (in, out).
def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def truncated(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > 2).any():
        drawn[outside] = rng.standard_normal(np.count_nonzero(outside))
    return drawn / TRUNCATED_STD


def uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(-sqrt(3), sqrt(3), shape)


def scaled(
    rng: np.random.Generator, shape: tuple[int, ...], law: Draw = normal, *, gain: float = 1.0,
    fan: str = "avg", factor: float = 1.0, mean: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Draws of a law of variance gain² / fan, with a defect: a factor, or a mean in their std."""
    n = {"in": shape[0], "out": shape[-1], "avg": (shape[0] + shape[-1]) / 2}[fan]
    return gain / sqrt(n) * factor * (law(rng, shape) + mean)


def fixed_seed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:  # noqa: ARG001
    return scaled(np.random.Generator(np.random.PCG64(1)), shape)


def wrong_bias(rng: np.random.Generator, shape: tuple[int, ...], std: float = 0.1) -> np.ndarray:
    return std * rng.standard_normal(shape)


class Defect(NamedTuple):
    """A defect of one network: functions that draw, or a factor of the activation's derivative."""

    name: str
    spec: Spec
    weights: Draw | None = None
    biases: Draw | None = None
    slope: float = 1.0
    gate: Gate = Gate.STATISTICAL


TANH = spec_of("tanh", "xavier_normal")
SIGMOID = spec_of("sigmoid", "xavier_normal")
RELU = spec_of("relu", "he_normal")
UNEQUAL = spec_of("relu", "he_normal", "[50, 200, 100, 400, 100]")
HE = partial(scaled, law=truncated, gain=sqrt(2), fan="in")
PLAIN_HE = partial(scaled, gain=sqrt(2), fan="in")
ROUNDED = {
    "tanh, Xavier": TANH,
    "sigmoid, Xavier": SIGMOID,
    "relu, He": RELU,
    "tanh, std 1": spec_of("tanh", "{name: normal, std: 1}"),
    "sigmoid, std 10": spec_of("sigmoid", "{name: normal, std: 10}"),
}
DEFECTS = [
    Defect("none: tanh, Xavier", TANH, scaled),
    Defect("none: relu, He", UNEQUAL, HE),
    Defect("std x 1.05", TANH, partial(scaled, factor=1.05)),
    Defect("std x 1.02", TANH, partial(scaled, factor=1.02)),
    Defect("std x 1.01", TANH, partial(scaled, factor=1.01)),
    Defect(
        "std x 1.01, width 20", spec_of("tanh", "xavier_normal", 20), partial(scaled, factor=1.01)
    ),
    Defect(
        "std x 1.01, width 400", spec_of("tanh", "xavier_normal", 400), partial(scaled, factor=1.01)
    ),
    Defect("truncated, not corrected", RELU, partial(HE, factor=TRUNCATED_STD)),
    Defect("normal for truncated", RELU, PLAIN_HE),
    Defect("uniform for truncated", RELU, partial(HE, law=uniform)),
    Defect("truncated for normal", TANH, partial(scaled, law=truncated)),
    Defect("uniform for normal", TANH, partial(scaled, law=uniform)),
    Defect("normal for uniform", spec_of("tanh", "xavier_uniform"), scaled),
    Defect(
        "truncated for uniform", spec_of("tanh", "xavier_uniform"), partial(scaled, law=truncated)
    ),
    Defect("fans swapped", UNEQUAL, partial(HE, fan="out")),
    Defect("weight mean of 0.1 std", TANH, partial(scaled, mean=0.1)),
    Defect("bias of std 0.1 for zeros, tanh", TANH, scaled, wrong_bias),
    Defect("bias of std 0.1 for zeros, sigmoid", SIGMOID, scaled, wrong_bias),
    Defect("bias of std 0.1 for zeros, relu", RELU, HE, wrong_bias),
    Defect(
        "bias of std 0.12 for 0.1",
        spec_of("tanh", "xavier_normal", more="bias: {name: normal, std: 0.1}\n"),
        scaled,
        partial(wrong_bias, std=0.12),
    ),
    Defect("every layer the same draws", TANH, fixed_seed),
    Defect("every layer the same draws, unequal", UNEQUAL, fixed_seed),
    *(
        Defect(f"derivative x {by:g}, {name}", spec, slope=by, gate=Gate.ROUNDING)
        for by in (1.05, 1.003)
        for name, spec in ROUNDED.items()
    ),
    Defect("derivative x 1.05, tanh", TANH, slope=1.05),
    Defect("derivative x 1.05, sigmoid", SIGMOID, slope=1.05),
    Defect("derivative x 1.05, relu", RELU, slope=1.05),
    Defect("derivative x 1.2, relu", RELU, slope=1.2),
]


def saved_with(defect: Defect, spec: Spec) -> Any:
    """The result of a network with the defect."""
    row = ACTIVATIONS[spec.activation.name]

    def wrong(**arguments: Any) -> Any:
        activation = row.build(**arguments)
        slope = activation.slope
        return activation._replace(slope=lambda x: slope(x) * x.dtype.type(defect.slope))

    with patch.dict(ACTIVATIONS, {spec.activation.name: row._replace(build=wrong)}):
        if defect.gate is Gate.ROUNDING:
            return shadow(spec, PATTERN, threads=1)
        return run(spec, weights=defect.weights, biases=defect.biases, threads=1)


def check(number: int, seed: int) -> tuple[bool, list[str]]:
    """Whether a check tells the defect, and the figures that do."""
    defect = DEFECTS[number]
    spec = replace(defect.spec, seed=seed)
    saved = saved_with(defect, spec)
    if defect.gate is Gate.ROUNDING:
        shadows = [shadow(spec, k, threads=1) for k in range(1, SHADOWS + 1)]
        outcome = compare(saved, run(spec, threads=1), Outcome(defect.gate), shadows)
    else:
        seeds = range(seed + 1, seed + 1 + FRESH_NETWORKS)
        fresh = [run(replace(spec, seed=each), threads=1) for each in seeds]
        (outcome,) = judge([sample(saved, fresh[0], fresh, Outcome(defect.gate), spec)], ALPHA)
    figures = [drift.place.figure for drift in outcome.drifts]
    return outcome.failed, ["the same draws"] if outcome.structure and not figures else figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=12, help="per defect")
    parser.add_argument("--only", default="", help="defects whose name has this in it")
    arguments = parser.parse_args()
    start = time.perf_counter()
    print(f"{'defect':<38}{'gate':<14}{'seen':<10}  mostly by")
    with ProcessPoolExecutor() as pool:
        jobs = [
            (defect, [pool.submit(check, number, seed_of(k)) for k in range(arguments.checks)])
            for number, defect in enumerate(DEFECTS)
            if arguments.only in defect.name
        ]
        for defect, checks in jobs:
            found = [each.result() for each in checks]
            seen = f"{sum(failed for failed, _ in found)} of {len(found)}"
            figures = Counter(figure for _, each in found for figure in dict.fromkeys(each))
            by = ", ".join(figure for figure, _ in figures.most_common(2))
            print(f"{defect.name:<38}{defect.gate:<14}{seen:<10}  {by}", flush=True)
    print(f"numpy {np.__version__}, {time.perf_counter() - start:.0f} s")


def seed_of(check: int) -> int:
    return FIRST_SEED + check * (FRESH_NETWORKS + 1)


if __name__ == "__main__":
    main()
