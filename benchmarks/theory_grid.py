"""Theory against simulation: `python benchmarks/theory_grid.py [--quick] [--jobs N] [--samples N]`.

Every activation with every initializer whose weights are independent, and with orthogonal ones: 20
networks of 5 layers of 500 units per cell. The mean over the networks may differ from the
prediction by

    t SE + 2 (L / n) |prediction|    for the standard deviation and the gradient's ratio,
    t SE + 0.001                     for the saturation.

SE is the standard error of that mean; of a saturation p at least sqrt(p (1 - p) / values). t is
Student's quantile at 1e-3 over the number of figures compared, two-sided, so that of a thousand
grids that are right one fails.

2 (L / n) is room for what finite width adds, which is of order 1 / n, but whose coefficient has no
bound: it grows with the tails of φ and with every layer where q is unstable. `Expansion` derives
it. A figure that is off by more than it may, and for which this takes more than half of the room,
is an exception, listed beside what was derived; so is one that float32 does not hold. All of them
are of the activations whose q is unstable: the shrinkers, threshold, exponential.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from math import inf, isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import run
from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.predict import theory_of
from weightinit_cli.spec import parse_spec

LAYERS, WIDTH, REPEATS = 5, 500, 20
RISK = 1e-3
SMALLEST = 2.0**-126  # the smallest normal float32
PATHS = ("std", "gradient.ratio", "saturation.low", "saturation.high")

ACTIVATIONS = {
    "linear": "linear",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leaky_relu": "{name: leaky_relu, negative_slope: 0.1}",
    "prelu": "{name: prelu, negative_slope: 0.25}",
    "relu6": "relu6",
    "elu": "elu",
    "celu": "{name: celu, alpha: 0.5}",
    "selu": "selu",
    "gelu": "{name: gelu, approximate: none}",
    "gelu_tanh": "{name: gelu, approximate: tanh}",
    "silu": "silu",
    "mish": "mish",
    "hard_silu": "hard_silu",
    "softplus": "softplus",
    "squareplus": "squareplus",
    "softsign": "softsign",
    "hard_tanh": "hard_tanh",
    "hard_sigmoid": "{name: hard_sigmoid, form: torch}",
    "hard_sigmoid_keras2": "{name: hard_sigmoid, form: keras2}",
    "log_sigmoid": "log_sigmoid",
    "exponential": "exponential",
    "erf": "erf",
    "sin": "{name: sin, omega: 1}",
    "sin_3": "{name: sin, omega: 3}",
    "step": "step",
    "threshold": "{name: threshold, threshold: 0.5, value: 0.1}",
    "tanh_shrink": "tanh_shrink",
    "soft_shrink": "soft_shrink",
    "hard_shrink": "hard_shrink",
}

INITIALIZERS = {
    "normal_1": ("{name: normal, std: 0.0447}", "zeros"),
    "normal_5": ("{name: normal, std: 0.1}", "zeros"),
    "normal_500": ("{name: normal, std: 1}", "zeros"),
    "uniform": ("{name: uniform, low: -0.1, high: 0.1}", "zeros"),
    "truncated_normal": ("{name: truncated_normal, std: 0.06}", "{name: normal, std: 0.5}"),
    "variance_scaling": (
        "{name: variance_scaling, scale: 1.5, mode: fan_out, distribution: uniform}",
        "{name: uniform, low: -1, high: 1}",
    ),
    "lecun_normal": ("lecun_normal", "zeros"),
    "lecun_uniform": ("lecun_uniform", "zeros"),
    "glorot_normal": ("glorot_normal", "{name: normal, std: 0.1}"),
    "xavier_normal": ("xavier_normal", "zeros"),
    "xavier_uniform": ("xavier_uniform", "zeros"),
    "xavier_auto": ("{name: xavier_normal, gain: auto}", "zeros"),
    "he_normal": ("he_normal", "zeros"),
    "he_uniform": ("he_uniform", "{name: truncated_normal, std: 1}"),
    "kaiming_normal": ("kaiming_normal", "zeros"),
    "kaiming_uniform": ("{name: kaiming_uniform, mode: fan_out}", "zeros"),
    "torch_linear": ("torch_linear", "torch_linear"),
    "critical": ("critical", "zeros"),
    "critical_biased": ("critical", "{name: normal, std: 0.3}"),
    "orthogonal": ("orthogonal", "zeros"),
    "orthogonal_auto": ("{name: orthogonal, gain: auto}", "{name: normal, std: 0.2}"),
}

QUICK = ("normal_5", "truncated_normal", "torch_linear", "orthogonal")
# Fourth cumulants of the laws, in units of the variance squared.
CUMULANTS = {"uniform": -1.2, "truncated_normal": -0.6348, "torch_linear": -1.2}
UNIFORM = ("uniform", "variance_scaling", "torch_linear")
TRUNCATED = ("truncated_normal", "lecun_normal", "glorot_normal", "he_normal")


class Figure(NamedTuple):
    """One figure of one layer: as predicted, and over the networks; `bias` is of order 1 / n."""

    activation: str
    initializer: str
    layer: int
    path: str
    predicted: float
    bias: float
    mean: float
    std: float
    values: int

    @property
    def room(self) -> float:
        """What finite width may add."""
        if self.path.startswith("saturation"):
            return 0.001
        return 2 * LAYERS / WIDTH * abs(self.predicted)

    @property
    def beyond(self) -> bool:
        """Whether finite width takes more than half of it, or float32 does not hold the figure."""
        return not abs(self.bias) <= self.room / 2 or abs(self.predicted) < SMALLEST

    @property
    def error(self) -> float:
        """The standard error of the mean, at least the binomial one of a share of the values."""
        p = self.predicted if self.path.startswith("saturation") else 0.0
        return max(self.std / sqrt(REPEATS), sqrt(p * (1 - p) / (self.values * REPEATS)))

    def excess(self, t: float) -> float:
        """How far off the mean is, in units of what it may be."""
        if not isfinite(self.mean + self.std):
            return inf
        off, room = abs(self.mean - self.predicted), t * self.error + self.room
        return off / room if off else 0.0

    def line(self, t: float) -> str:
        """A row of the table; what is relative is so to the prediction."""
        size = self.predicted or 1.0
        off, error = (self.mean - self.predicted) / size, self.error / size
        name = f"{self.activation:20}{self.initializer:18}{self.layer:<3}{self.path:16}"
        name += f"{self.predicted:10.3g}{off:+12.3g}{error:10.2g}{self.bias / size:+12.3g}"
        return f"{name}{self.excess(t):8.2f}"


class Moved(NamedTuple):
    """E[f] and how it moves: its derivative by ln q, and q² times its second derivative by q."""

    value: float
    by: float
    bend: float

    def shift(self, b: float, v: float) -> float:
        """What is added where ln q is off by b in the mean, with variance v between inputs."""
        return self.by * b + self.bend * v / 2


class Expansion:
    """What finite width adds to the figures, to first order in 1 / n.

    Each input has a q of its own. Its relative variance V and mean deviation b go on by

        V' = s² ((E[φ⁴] / E[φ²]² - 1) / n + χ² V),   b' = s (χ b + q² E[φ²]'' V / (2 E[φ²])),

    with χ = d ln E[φ²] / d ln q and s the weights' share of q'. A mean over values of their own
    variances is that over a law of fourth cumulant 3 V (relative), so biases and weights that are
    not Gaussian add a third of theirs to V: κ_b (sigma_b² / q)², κ_w s² E[φ⁴] / E[φ²]² / n.
    The former does not fall with the width. Orthogonal weights are taken as if independent.

    Backwards, the weights are those of the way forward, so that δ has a part along the inputs of
    the layer above: E[W_ij W_kj φ'(z_j)²] has Var(W) E[φ'²] 2 β' s x_i x_k / (n E[φ²]) for i != k
    too, β' = d ln E[φ'²] / d ln q of the layer above, and this `mode` goes down to the next layer
    with s χ² E[φ²] / (q E[φ'²]). Inputs, and units, whose q is large have their own signal from
    above, which goes with `total`, the derivative of ln δ² by ln q all the way up.
    """

    z = np.linspace(-12, 12, 24001)
    weights = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()

    def __init__(self, network, said, ends, weight_law: float, bias_law: float) -> None:
        self.parts, self.found = [], []
        b, v, below = 0.0, 0.0, None
        with np.errstate(all="ignore"):
            for scale, p in zip(said.scales, said.layers, strict=False):
                share = 1 - scale.bias_variance / p.q if p.q else 0.0
                tail = 3.0 if below is None else below.tail
                own = (tail - 1) / scale.fan_in
                if below is None:
                    b, v = 0.0, share**2 * own
                else:
                    b = share * below.square.shift(b, self.law) / below.square.value
                    chi = below.square.by / below.square.value
                    v = share**2 * (own + chi**2 * v)
                kurtosis = bias_law * (1 - share) ** 2
                kurtosis += weight_law * share**2 * tail / scale.fan_in
                self.law = v + kurtosis / 3
                below = Part(self, network.stages[0].function, p.q, b, v, self.law, share)
                self.parts.append(below)
            for part, p, errors in zip(self.parts, said.layers, said.errors, strict=True):
                self.found.append(self.forward(part, p, errors, ends))
            if len(self.parts) == len(said.scales):
                self.add_ratios(said)

    def moved(self, f) -> Moved:
        """How the mean of f(√q z) moves."""
        z, w = self.z, self.weights * f
        return Moved(w.sum(), w @ (z**2 - 1) / 2, w @ (z**4 - 6 * z**2 + 3) / 4)

    def forward(self, part, p, errors, ends) -> dict[str, float]:
        variance = part.square.value - part.mean.value**2
        shift = part.square.shift(part.b, part.law)
        shift -= 2 * part.mean.value * part.mean.shift(part.b, part.law)
        std = p.figures["std"]
        biases = {"std": std * shift / variance / 2 if variance else 0.0}
        biases["std"] -= errors["std"] ** 2 / std / 2 if std else 0.0
        for path, end, sign in zip(PATHS[2:], ends, (1, -1), strict=True):
            if end is not None:
                tail = self.moved((sign * part.x <= sign * end).astype(float))
                biases[path] = tail.shift(part.b, part.law)
        return biases

    def add_ratios(self, said) -> None:
        after = self.parts[-1]
        total, mode = after.beta, 0.0
        rows = list(zip(self.parts, self.found, said.layers, said.scales, strict=True))
        for part, found, p, scale in reversed(rows[:-1]):
            together = part.both
            relative = part.slopes.shift(part.b, part.law) / part.slopes.value
            relative += after.share * total * (part.beta * part.chi * part.v)
            relative += after.share * total * (together - 1) / scale.fan_out
            mode *= after.share * after.chi**2 * after.square.value
            mode /= after.q * after.slopes.value
            mode += 2 * after.beta * after.share / scale.fan_out
            relative += mode * together
            found["gradient.ratio"] = p.figures.get("gradient.ratio", nan) * relative
            total = part.beta + part.chi * after.share * total
            after = part


class Part:
    """One layer's moments, and how they move."""

    def __init__(self, of: Expansion, activation, q, b, v, law, share) -> None:
        self.q, self.b, self.v, self.law, self.share = q, b, v, law, share
        self.x = sqrt(q) * of.z
        phi, slopes = activation.value(self.x), activation.derivative(self.x) ** 2
        self.mean, self.square, self.slopes = of.moved(phi), of.moved(phi**2), of.moved(slopes)
        self.tail = of.moved(phi**4).value / self.square.value**2
        self.both = of.moved(phi**2 * slopes).value / self.square.value / self.slopes.value
        self.beta = self.slopes.by / self.slopes.value
        self.chi = self.square.by / self.square.value


def spec_of(activation: str, initializer: str, samples: int):
    weights, bias = INITIALIZERS[initializer]
    text = (
        f"activation: {ACTIVATIONS[activation]}\ninitializer: {weights}\nbias: {bias}\n"
        f"layers: {LAYERS}\nwidth: {WIDTH}\nsamples: {samples}\nrepeats: {REPEATS}\n"
    )
    return parse_spec(text, source="grid", stem="grid")


def biases(spec) -> list[dict[str, float]]:
    """What finite width adds to the figures of a spec's layers."""
    network = build_network(spec)
    request = build_request(spec)
    said = theory_of(network, spec.activations, request)
    name = spec.initializer.name
    uniform = name in UNIFORM or name.endswith("_uniform")
    law = -1.2 if uniform else CUMULANTS["truncated_normal"] if name in TRUNCATED else 0.0
    ends = request.ends(network.stages[0].function)
    return Expansion(network, said, ends, law, CUMULANTS.get(spec.bias.name, 0.0)).found


def cell(job: tuple[str, str, int]) -> list[Figure] | str:
    """All figures of one cell; or why there is none."""
    activation, initializer, samples = job
    spec = spec_of(*job)
    try:
        with threadpool_limits(1):
            result = run(spec, threads=1)
    except SpecError as error:
        return str(error)
    found = []
    for number, (layer, bias) in enumerate(zip(result.layers, biases(spec), strict=False), 1):
        for path in PATHS:
            prediction, measured = layer.theory.figures.get(path), layer.repeats.get(path)
            if prediction is None:
                continue
            mean, std = nan, nan
            if measured is not None and measured.std is not None:
                mean, std = measured.mean, measured.std
            of = activation, initializer, number, path, prediction.value
            found.append(Figure(*of, bias.get(path, nan), mean, std, samples * WIDTH))
    return found


HEADER = (
    f"{'activation':20}{'initializer':18}{'l':3}{'figure':16}"
    f"{'predicted':>10}{'off by':>12}{'SE':>10}{'derived':>12}{'excess':>8}"
)


def table(title: str, figures: list[Figure], t: float) -> None:
    print(f"\n{title}: {len(figures)}")
    if figures:
        print(HEADER)
    for figure in sorted(figures, key=lambda figure: -figure.excess(t)):
        print(figure.line(t))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--samples", type=int, default=1000, help="inputs")
    arguments = parser.parse_args()
    names = QUICK if arguments.quick else tuple(INITIALIZERS)
    jobs = [(a, i, arguments.samples) for i in names for a in ACTIVATIONS]
    started = time.perf_counter()
    figures: list[Figure] = []
    none = []
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        for job, found in zip(jobs, pool.imap(cell, jobs), strict=True):
            if isinstance(found, str):
                none.append(f"{job[0]}, {job[1]}: {found.partition(': ')[2]}")
            else:
                figures += found
    t = float(student.isf(RISK / len(figures) / 2, REPEATS - 1))
    off = [figure for figure in figures if not figure.excess(t) <= 1]
    failures = [figure for figure in off if not figure.beyond]
    print("Cells that do not exist:", *none, sep="\n  ")
    table("Exceptions, beyond the first order", [f for f in off if f.beyond], t)
    table("Failures", failures, t)
    within = max((f for f in figures if f not in off), key=lambda f: f.excess(t))
    table("Largest excess of the others", [within], t)
    print(
        f"\n{len(jobs) - len(none)} cells, {len(figures)} figures, t = {t:.2f}: "
        f"{len(off) - len(failures)} exceptions, {len(failures)} failures; "
        f"{time.perf_counter() - started:.0f} s"
    )
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
