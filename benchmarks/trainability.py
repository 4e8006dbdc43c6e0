"""Which networks train, and what their verdicts said: where winit's thresholds come from.

    python benchmarks/trainability.py [--train] [--quick] [--processes N]

Without --train it reads trainability.csv, fits the thresholds on one half of the networks and
prints what they are worth on the other. With --train it first makes that file: every network of
the grid is looked at by winit at its start, and trained on scikit-learn's digits by plain SGD and
by Adam, each at the best of several learning rates. A network trains where the mean loss of
20 mini-batches in a row falls below half of ln 10 within 300 steps.

The hidden layers are winit's own draw; the output layer's weights are N(0, 1 / fan_in), its biases
zero. The halves are cells of activation and depth, like the fields of a chessboard.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from itertools import product
from math import inf, log
from pathlib import Path
from typing import NamedTuple

import numpy as np

from weightinit_cli import run
from weightinit_cli.data import load
from weightinit_cli.experiments.build import build_activations, build_network
from weightinit_cli.network.draws import draw_parameters
from weightinit_cli.network.learning import cross_entropy
from weightinit_cli.network.workers import one_blas_thread
from weightinit_cli.results.model import NOTE, SEVERE, SEVERITIES
from weightinit_cli.spec import parse_spec
from weightinit_cli.verdicts import Trained

FILE = Path(__file__).with_name("trainability.csv")
CLASSES, FEATURES = 10, 64
STEPS, BATCH, IN_A_ROW = 300, 32, 20
TRAINED = log(CLASSES) / 2
# A learning rate is given up where its loss is no number, or as large as this after 100 steps.
HOPELESS, PATIENCE = 1e3, 100
SGD_RATES = tuple(10 ** (k / 2) for k in range(-8, 4))
ADAM_RATES = (1e-4, 5e-4, 2e-3, 1e-2)
ADAM_BETAS, ADAM_EPSILON = (0.9, 0.999), 1e-8

ACTIVATIONS = {
    "linear": "linear",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "leaky_relu": "{name: leaky_relu, negative_slope: 0.2}",
    "elu": "elu",
    "selu": "selu",
    "gelu": "{name: gelu, approximate: none}",
    "silu": "silu",
    "softplus": "softplus",
    "softsign": "softsign",
    "hard_tanh": "hard_tanh",
    "sin": "{name: sin, omega: 1}",
    "relu6": "relu6",
}
SIGMA_W = (0.3, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)
DEPTHS = (2, 5, 10, 20, 40, 80)
WIDTHS = (48, 96)
BIASES = (0, 0, 0, 0.5)

# Candidates of the thresholds: of a gradient's fall, of its rise, of std_across_inputs / std.
FALLS = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
RISES = tuple(1 / fall for fall in FALLS)
RATIOS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07)
# The same where Adam fails, too: of a fall and of a rise.
FAR_FALLS = tuple(10.0**-k for k in range(3, 13))
FAR_RISES = tuple(10.0**k for k in range(2, 9))
# Every finding shows its value where its threshold is this.
ALWAYS = (
    "{vanishing_gradient: 1, exploding_gradient: 1, inputs_indistinguishable: 1e9, "
    "signal_drowned: 1e9}"
)


class Network(NamedTuple):
    """A network of the grid, or one beside it, whose weights may be all the same number."""

    activation: str
    sigma_w: float
    constant: float
    sigma_b: float
    mean_b: float
    layers: int
    width: int
    seed: int

    def text(self, *lines: str) -> str:
        scale = f"scale: {self.sigma_w**2!r}, mode: fan_in, distribution: normal"
        weights = f"{{name: variance_scaling, {scale}}}"
        if not self.sigma_w:
            weights = f"{{name: constant, value: {self.constant}}}"
        bias = f"{{name: normal, mean: {self.mean_b}, std: {self.sigma_b}}}"
        if not self.sigma_b and not self.mean_b:
            bias = "zeros"
        return "\n".join(
            [
                f"activation: {ACTIVATIONS[self.activation]}",
                f"initializer: {weights}",
                f"bias: {bias}",
                f"layers: {self.layers}",
                f"width: {self.width}",
                f"features: {FEATURES}",
                "samples: 500",
                f"seed: {self.seed}",
                *lines,
            ]
        )

    @property
    def half(self) -> int:
        """0: thresholds are fitted on it; 1: they are tested on it; 2: beside the grid."""
        if self not in grid():
            return 2
        return ([*ACTIVATIONS].index(self.activation) + DEPTHS.index(self.layers)) % 2


class Outcome(NamedTuple):
    """What winit said of a network's start, and what training came to.

    `fall` and `rise` are the gradient's smallest and largest factor over the layers, `across` the
    smallest std_across_inputs / std; `verdicts` has names, each after its severity; a loss is the
    smallest mean of IN_A_ROW mini-batches, None where none was a number.
    """

    network: Network
    fall: float
    rise: float
    across: float
    verdicts: tuple[str, ...]
    sgd_loss: float | None
    adam_loss: float | None

    @property
    def sgd(self) -> bool:
        return self.sgd_loss is not None and self.sgd_loss < TRAINED

    @property
    def adam(self) -> bool:
        return self.adam_loss is not None and self.adam_loss < TRAINED

    @property
    def names(self) -> set[str]:
        return {each.partition(":")[2] for each in self.verdicts}

    @property
    def warned(self) -> bool:
        return any(not each.startswith(("note:", ":")) for each in self.verdicts)

    @property
    def severe(self) -> bool:
        return any(each.startswith(SEVERE) for each in self.verdicts)

    @property
    def otherwise(self) -> bool:
        """Whether there is a warning for which no threshold is fitted."""
        return bool(self.names & {"overflow", "underflow", "units_identical"})


@cache
def grid() -> tuple[Network, ...]:
    """Every activation, depth and scale, at one of the widths, seeds and biases in turn."""
    found = []
    for (i, name), (d, depth), (j, sigma_w) in product(
        enumerate(ACTIVATIONS), enumerate(DEPTHS), enumerate(SIGMA_W)
    ):
        k = i + d + j
        sigma_b = BIASES[(3 * i + 5 * d + 7 * j) % len(BIASES)]
        found.append(Network(name, sigma_w, 0, sigma_b, 0, depth, WIDTHS[k % 2], k // 2 % 2))
    return tuple(found)


def beside() -> list[Network]:
    """What the grid does not have.

    Equal weights, large biases, saturation far beyond the grid's, dying units, one layer, and
    sigmoid where its gradient keeps its size.
    """
    names = ("linear", "tanh", "sigmoid", "relu", "elu", "softsign")
    same = [
        Network(n, 0, c, 0, 0, depth, 48, 0) for n in names for c in (0, 0.05) for depth in (2, 5)
    ]
    biased = [
        Network(name, 1.4 if name == "relu" else 1.0, 0, sigma_b, 0, depth, 48, 1)
        for name in ("linear", "leaky_relu", "relu", "tanh")
        for sigma_b in (3, 10, 30, 100)
        for depth in (2, 5)
    ]
    saturated = [
        Network(name, sigma_w, 0, 0, 0, depth, 96, 2)
        for name in ("sigmoid", "tanh", "softsign", "hard_tanh")
        for sigma_w in (10, 30, 100)
        for depth in (2, 5, 10)
    ]
    dying = [
        Network("relu", sigma_w, 0, 0, mean_b, depth, 48, 3)
        for sigma_w in (1.4, 2)
        for mean_b in (-0.7, -1, -1.4, -2)
        for depth in (2, 5)
    ]
    one_layer = [
        Network(name, sigma_w, 0, 0, 0, 1, 48, 4)
        for name in ("linear", "relu", "tanh", "sigmoid", "softplus")
        for sigma_w in (1e-9, 1e-4, 0.1, 1, 10, 100, 300, 1e3, 1e4, 1e6)
    ]
    on_the_edge = [Network("sigmoid", 10, 0, 0, 0, depth, 96, 5) for depth in (15, 20, 30)]
    return [*same, *biased, *saturated, *dying, *one_layer, *on_the_edge]


# what winit says


def looked_at(network: Network) -> tuple[float, float, float, tuple[str, ...]]:
    """The smallest and largest factor of the gradient, the smallest ratio, and the verdicts."""
    named = {"source": "benchmark", "stem": "network"}
    every = run(parse_spec(network.text(f"thresholds: {ALWAYS}"), **named), threads=1).verdict
    values = {each.name: each.value for each in every}
    across = [
        values[name]
        for name in ("inputs_indistinguishable", "signal_drowned")
        if values.get(name) is not None
    ]
    drawn = run(parse_spec(network.text(), **named), threads=1)
    ratios = [
        layer.std_across_inputs / layer.std
        for layer in drawn.layers
        if layer.std and layer.std_across_inputs is not None
    ]
    return (
        values.get("vanishing_gradient", 1.0),
        values.get("exploding_gradient", 1.0),
        min([*across, *ratios], default=0.0),
        tuple(f"{each.severity or ''}:{each.name}" for each in drawn.verdict),
    )


# training


class Descent:
    """One network at many learning rates at once: every array has the rates as its first axis."""

    def __init__(self, activation, weights, biases, rates, *, adam: bool) -> None:
        self.activation, self.adam = activation, adam
        self.rates = np.array(rates, np.float32)
        many = [np.repeat(w[None], len(rates), 0) for w in weights]
        many += [np.repeat(b[None, None], len(rates), 0) for b in biases]
        self.parameters, self.depth, self.steps = many, len(weights), 0
        self.means = [np.zeros_like(p) for p in many] if adam else []
        self.squares = [np.zeros_like(p) for p in many] if adam else []

    def keep(self, which) -> None:
        """Go on with some of the learning rates alone."""
        self.rates = self.rates[which]
        for held in (self.parameters, self.means, self.squares):
            held[:] = [each[which] for each in held]

    def step(self, inputs, labels):
        """Take one step on a mini-batch; return the loss before it, one per learning rate."""
        weights, biases = self.parameters[: self.depth], self.parameters[self.depth :]
        given = [np.broadcast_to(inputs, (len(self.rates), *inputs.shape))]
        before = []
        for w, b in zip(weights, biases, strict=True):
            z = given[-1] @ w
            z += b
            before.append(z)
            given.append(self.activation.value(z) if len(before) < self.depth else z)
        rates, rows, classes = before[-1].shape
        slope = np.empty((rates * rows, classes), np.float32)
        loss = cross_entropy(
            before[-1].reshape(rates * rows, classes), np.tile(labels, rates), slope=slope
        )
        delta = slope.reshape(rates, rows, classes) / np.float32(rows)
        self.steps += 1
        for n in range(self.depth - 1, -1, -1):
            gradients = given[n].transpose(0, 2, 1) @ delta, delta.sum(axis=1, keepdims=True)
            if n:
                delta = delta @ weights[n].transpose(0, 2, 1)
                delta *= self.activation.derivative(before[n - 1])
            self.descend(n, gradients[0])
            self.descend(self.depth + n, gradients[1])
        return loss.reshape(rates, rows).mean(axis=1, dtype=np.float64)

    def descend(self, n: int, gradient) -> None:
        rates = self.rates[:, None, None]
        if not self.adam:
            self.parameters[n] -= rates * gradient
            return
        mean, square = self.means[n], self.squares[n]
        first, second = ADAM_BETAS
        mean += np.float32(1 - first) * (gradient - mean)
        square += np.float32(1 - second) * (gradient * gradient - square)
        step = rates * (mean / np.float32(1 - first**self.steps))
        step /= np.sqrt(square / np.float32(1 - second**self.steps)) + np.float32(ADAM_EPSILON)
        self.parameters[n] -= step


def best_loss(descent: Descent, inputs, labels, seed: int) -> float | None:
    """The smallest mean loss of IN_A_ROW mini-batches, at any rate; TRAINED ends it."""
    generator = np.random.Generator(np.random.PCG64(seed))
    recent: list[np.ndarray] = []
    best = inf
    with one_blas_thread(), np.errstate(all="ignore"):
        for step in range(1, STEPS + 1):
            rows = generator.integers(len(labels), size=BATCH)
            recent = [*recent[1 - IN_A_ROW :], descent.step(inputs[rows], labels[rows])]
            alive = np.isfinite(recent[-1]) & ((step < PATIENCE) | (recent[-1] < HOPELESS))
            if not alive.all():
                descent.keep(alive)
                recent = [each[alive] for each in recent]
            if not len(descent.rates):
                break
            if len(recent) == IN_A_ROW:
                best = min(best, float(np.mean(recent, axis=0).min()))
            if best < TRAINED:
                break
    return best if best < inf else None


def trained(network: Network) -> tuple[float | None, float | None]:
    """The best losses by plain SGD and by Adam."""
    data = load("digits").train
    inputs = data.inputs - data.inputs.mean(axis=0)
    inputs = (inputs / inputs.std()).astype(np.float32)
    spec = parse_spec(network.text(), source="benchmark", stem="network")
    weights, biases, _ = draw_parameters(build_network(spec))
    draw = np.random.Generator(np.random.PCG64([network.seed, 99]))
    output = draw.standard_normal((network.width, CLASSES)) / network.width**0.5
    weights.append(output.astype(np.float32))
    biases.append(np.zeros(CLASSES, np.float32))
    losses = (
        best_loss(
            Descent(build_activations(spec)[0], weights, biases, rates, adam=adam),
            inputs,
            data.labels,
            network.seed,
        )
        for rates, adam in ((SGD_RATES, False), (ADAM_RATES, True))
    )
    return next(losses), next(losses)


def outcome(network: Network) -> Outcome:
    fall, rise, across, verdicts = looked_at(network)
    sgd, adam = trained(network)
    return Outcome(network, fall, rise, across, verdicts, sgd, adam)


# the file

HEADS = [*Network._fields, *Outcome._fields[1:]]


def written(outcomes: list[Outcome]) -> None:
    with FILE.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADS)
        for each in outcomes:
            figures = [f"{figure:.3g}" for figure in (each.fall, each.rise, each.across)]
            losses = ["" if x is None else f"{x:.4g}" for x in (each.sgd_loss, each.adam_loss)]
            rows.writerow([*each.network, *figures, " ".join(each.verdicts), *losses])


def read() -> list[Outcome]:
    with FILE.open(newline="", encoding="utf-8") as file:
        return [_outcome(row) for row in csv.DictReader(file)]


def _outcome(row: dict[str, str]) -> Outcome:
    number = {name: float(row[name]) for name in ("sigma_w", "constant", "sigma_b", "mean_b")}
    whole = {name: int(row[name]) for name in ("layers", "width", "seed")}
    return Outcome(
        Network(activation=row["activation"], **number, **whole),
        *(float(row[name]) for name in ("fall", "rise", "across")),
        tuple(row["verdicts"].split()),
        *(float(row[name]) if row[name] else None for name in ("sgd_loss", "adam_loss")),
    )


# the fit


class Score(NamedTuple):
    """How often "no warning" agrees with "trains", and the two ways to be wrong."""

    right: float
    false: float
    missed: float


def score(warned: list[bool], trains: list[bool]) -> Score:
    pairs = Counter(zip(warned, trains, strict=True))
    good, bad = (pairs[True, each] + pairs[False, each] for each in (True, False))
    return Score(
        (pairs[True, False] + pairs[False, True]) / len(warned),
        pairs[True, True] / max(good, 1),
        pairs[False, False] / max(bad, 1),
    )


def warned_by(each: Outcome, fall: float, rise: float, across: float) -> bool:
    return each.otherwise or each.fall < fall or each.rise > rise or each.across < across


def fitted(outcomes: list[Outcome]) -> tuple[float, float, float]:
    """The thresholds that are right most often; of equals those that warn least in vain."""
    trains = [each.sgd for each in outcomes]

    def worth(candidate: tuple[float, float, float]) -> tuple[float, float]:
        found = score([warned_by(each, *candidate) for each in outcomes], trains)
        return found.right, -found.false

    return max(product(FALLS, RISES, RATIOS), key=worth)


def far_fitted(outcomes: list[Outcome]) -> tuple[float, float]:
    """The same for Adam: a fall and a rise beyond which it fails, too."""
    trains = [each.adam for each in outcomes]

    def worth(candidate: tuple[float, float]) -> tuple[float, float]:
        found = score([warned_by(each, *candidate, 0.0) for each in outcomes], trains)
        return found.right, -found.false

    return max(product(FAR_FALLS, FAR_RISES), key=worth)


def counted(outcomes: list[Outcome]) -> dict[str, dict[str, Trained]]:
    """Per verdict and severity: how many networks have it, how many fail by SGD and by Adam.

    Of a note, the networks without a warning alone; "healthy" has no severity.
    """
    found: dict[str, dict[str, list[Outcome]]] = {}
    for each in outcomes:
        for verdict in each.verdicts:
            severity, _, name = verdict.partition(":")
            if severity != NOTE or not each.warned:
                found.setdefault(name, {}).setdefault(severity, []).append(each)
    return {
        name: {
            severity: Trained(
                len(some), sum(not each.sgd for each in some), sum(not each.adam for each in some)
            )
            for severity in ("", *SEVERITIES)
            if (some := found[name].get(severity))
        }
        for name in sorted(found)
    }


def report(outcomes: list[Outcome]) -> None:
    halves = [[each for each in outcomes if each.network.half == half] for half in range(3)]
    fall, rise, across = fitted(halves[0])
    far = far_fitted(halves[0])
    print(f"fitted on {len(halves[0])} networks: a fall below {fall:g}, a rise above {rise:g},")
    print(f"a ratio below {across:g}; where Adam fails, too: below {far[0]:g}, above {far[1]:g}\n")
    print("| networks | said | train | do not | right | warned in vain | missed |")
    print("|---|---|---|---|---|---|---|")
    for name, some in zip(("fitted", "tested", "beside the grid"), halves, strict=True):
        print_confusion(f"{name}, SGD", "warning", [(each.warned, each.sgd) for each in some])
        print_confusion(f"{name}, Adam", "severe", [(each.severe, each.adam) for each in some])
    print("\n| verdict | severity | networks | fail by SGD | fail by Adam |")
    print("|---|---|---|---|---|")
    for name, severities in counted(outcomes).items():
        for severity, (networks, sgd, adam) in severities.items():
            print(f"| `{name}` | {severity} | {networks} | {sgd} | {adam} |")


def print_confusion(name: str, word: str, told: list[tuple[bool, bool]]) -> None:
    """Print two rows: of pairs, what was told and whether it trains."""
    pairs, found = Counter(told), score(*map(list, zip(*told, strict=True)))
    shares = f"{found.right:.1%} | {found.false:.1%} | {found.missed:.1%}"
    print(f"| {name} | no {word} | {pairs[False, True]} | {pairs[False, False]} | {shares} |")
    print(f"| | {word} | {pairs[True, True]} | {pairs[True, False]} | | | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="make the file anew")
    parser.add_argument("--quick", action="store_true", help="with --train: every tenth network")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    outcomes = read() if not asked.train else []
    if asked.train:
        networks = [*grid(), *beside()][:: 10 if asked.quick else 1]
        start = time.perf_counter()
        with ProcessPoolExecutor(asked.processes) as pool:
            # the deepest first, so that no process has them left for the end
            deepest = sorted(networks, key=lambda each: -each.layers)
            running = {pool.submit(outcome, each): each for each in deepest}
            done = {}
            for future in as_completed(running):
                done[running[future]] = future.result()
                print(f"\r{len(done)} of {len(networks)}", end="", flush=True)
        outcomes = [done[each] for each in networks]
        print(f"\r{len(networks)} networks, {time.perf_counter() - start:.0f} s")
        if not asked.quick:
            written(outcomes)
    report(outcomes)


if __name__ == "__main__":
    main()
