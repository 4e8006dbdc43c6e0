"""winit's tables against one recorded entry: to rounding, or to the sampling error of both sides.

Shared by `test_recorded.py` and `test_live.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from support.networks import activated
from support.peers.tables import (
    INPUTS,
    TRACE_DRAWS,
    TRACE_SIZE,
    cotangent,
    fixed_zeros,
    inputs,
    layers,
    orthonormality,
)
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.activations import ALIASES as ACTIVATION_ALIASES
from weightinit_cli.initializers import ALIASES as INITIALIZER_ALIASES
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Dense, Network, Request, backward, forward
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation
    from weightinit_cli.initializers import Sampler

Entry = dict[str, Any]

OURS = {*ACTIVATIONS, *ACTIVATION_ALIASES, *INITIALIZERS, *INITIALIZER_ALIASES}


def is_ours(name: str) -> bool:
    """Whether our tables have it, under this name or as an alias."""
    return name in OURS


EPS = float(np.finfo(np.float64).eps)

# Activations: 1e-12 relative, which leaves room for some thousand roundings, and nothing
# absolute but for the smallest numbers, except where the *peer's* formula cancels. What it loses
# there was found by recomputing every recorded number with 120 digits; every other one is right
# to 6e-13.
RELATIVE = 1e-12
SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Slack:
    """An absolute tolerance, from the peer's formula: `constant + per_x |x|` where x > `above`."""

    reason: str
    constant: float = 0.0
    per_x: float = 0.0
    above: float = -math.inf

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.where(x > self.above, self.constant + self.per_x * np.abs(x), 0.0)


SLACK = {
    ("sigmoid", "derivative"): Slack("torch: y (1 - y)", EPS),
    ("tanh", "derivative"): Slack("torch: 1 - y²", EPS),
    ("gelu", "value"): Slack("torch: x (1 + erf)/2 and x (1 + tanh)/2", per_x=EPS),
    ("gelu", "derivative"): Slack("torch: the same factors", 4 * EPS),
    ("softplus", "value"): Slack("torch: x itself above 20", 2.1e-9, above=20.0),
    ("softplus", "derivative"): Slack("torch: 1 above 20", 2.1e-9, above=20.0),
    ("hard_sigmoid", "value"): Slack("(x + 3)/6 or x/6 + 1/2, next to -3", EPS),
    ("hard_sigmoid", "derivative"): Slack("torch: 1/6 rounded to float32", 5e-9),
    ("hard_silu", "value"): Slack("x times hard_sigmoid", per_x=EPS),
    ("tanh_shrink", "value"): Slack("torch: x - tanh x", per_x=EPS),
    ("tanh_shrink", "derivative"): Slack("torch: 1 - (1 - y²)", EPS),
}
EXACT = Slack("nothing cancels")

# Where the libraries choose differently at a kink, ours is torch's.
KINK_DIFFERENCES = {
    ("keras", "prelu", 0.0): "relu(x) - slope relu(-x): 0; torch: the slope",
}


def activation(entry: Entry) -> Activation:
    """Ours."""
    name = entry["name"]
    row = ACTIVATIONS.get(name) or ACTIVATIONS[ACTIVATION_ALIASES[name]]
    return row.build(**entry["parameters"])


def wrong_points(library: str, entry: Entry, figure: str) -> list[str]:
    """The points at which our `figure` ("value" or "derivative") is not the recorded one."""
    ours = activation(entry)
    x = np.array(entry["x"])
    expected = np.array(entry[figure])
    with np.errstate(over="ignore", under="ignore"):  # exp in the far tails, on the way to 0 or 1
        found = getattr(ours, figure)(x.copy())
    slack = SLACK.get((entry["name"], figure), EXACT)
    wrong = ~(np.abs(found - expected) <= RELATIVE * np.abs(expected) + slack(x) + SMALLEST)
    return [
        f"{figure}({x[k]!r}): ours {found[k]!r}, {library} {expected[k]!r}"
        for k in np.flatnonzero(wrong)
        if figure == "value" or (library, entry["name"], x[k]) not in KINK_DIFFERENCES
    ]


# Backwards: our network with the tables' numbers in place of draws. A rounding of the values
# grows through three layers, most where φ' turns fast: sin(30 x), 30³ / 1e3 times eps.
BACKWARD = 1e-12
BACKWARD_WIDER = {"sin": 1e-11, "hard_sigmoid": 2e-7}  # hard_sigmoid: 1/6 in float32, three times


class Given:
    """Numbers in the place of draws: a sampler of weights or biases, or a generator of normals."""

    mean, std, whole, scratch = 0.0, 1.0, True, 0

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def fill(self, panel: np.ndarray, generator: object) -> bytes:
        """As a sampler."""
        panel[...] = self.values
        return b""

    def standard_normal(self, *, out: np.ndarray, dtype: type) -> None:
        """As a generator."""
        out[...] = self.values


class GivenNetwork(Network):
    """A network whose inputs and cotangent are the tables'."""

    __slots__ = ()

    def stream(self, role: Role, layer: int, panel: int = 0) -> Any:
        """No weights are drawn from it."""
        given = {Role.INPUT: inputs, Role.COTANGENT: cotangent}
        return Given(given[role]()) if role in given else None


def wrong_backward(library: str, entry: Entry) -> list[str]:
    """The figures of `backward` in every layer, and entries of the first, that are not as recorded.

    The records hold no entries: those are of the same formula over our φ and φ', in numpy.
    """
    ours = activation(entry)
    dense = tuple(Dense(*weights.shape, Given(weights), Given(bias)) for weights, bias in layers())
    network = GivenNetwork(activated(dense, ours), INPUTS, np.dtype("float64"), 0)
    trace: list[np.ndarray] = []
    list(forward(network, Request(5, None, None), 1, trace=trace))
    x, *below = (part.copy() for part in trace)
    records = list(backward(network, trace, 1))[::-1]
    found: dict[str, Any] = {
        "signal_rms": [record.signal.rms(record.exponent) for record in records],
        "signal_min": [math.ldexp(record.buckets.low, record.exponent) for record in records],
        "signal_max": [math.ldexp(record.buckets.high, record.exponent) for record in records],
        "weight_rms": [record.weights.rms(record.exponent) for record in records],
    }
    signal = cotangent()
    for number in range(len(below) - 1, -1, -1):
        signal = signal * ours.derivative(below[number])
        if number:
            signal = signal @ layers()[number][0].T
    found["signal"], found["weights"] = signal, x.T @ signal / INPUTS
    share = BACKWARD_WIDER.get(entry["name"], BACKWARD)
    wrong = []
    for key, values in found.items():
        # An entry is a sum that cancels: to the size of its layer's.
        size = np.array(entry["weight_rms" if key.startswith("weight") else "signal_rms"])
        off = np.abs(np.asarray(values) - np.array(entry[key]))
        if not (off <= share * (size[0] if off.ndim == 2 else size)).all():
            wrong.append(f"{key}: ours {values}, {library} {entry[key]}")
    return wrong


# Initializers: z-scores by the standard errors of both samples. The limit of 5 is passed by
# chance once in 2 million comparisons, and some thousand are made.
LIMIT = 5.0
COUNT = 400_000  # ours, per entry: a standard deviation to 1.2e-3


def sampler(entry: Entry) -> Sampler:
    """Ours, with the entry's fans and parameters; of a recorded bias, the law of our biases."""
    if is_bias(entry):
        build = INITIALIZERS[entry["name"]].build_bias
        if build is None:
            raise ValueError(f"{entry['name']} has no law for biases")
        return build(Fans(*entry["fans"]), **entry["parameters"])
    return named_sampler(entry["name"], entry["fans"], entry["parameters"])


def is_bias(entry: Entry) -> bool:
    """Whether it was recorded of a layer's biases."""
    call: str = entry["call"]
    return call.endswith(".bias")


def named_sampler(name: str, fans: list[int], parameters: dict[str, Any]) -> Sampler:
    """Ours by name or alias."""
    row = INITIALIZERS.get(name) or INITIALIZERS[INITIALIZER_ALIASES[name]]
    return row.build(Fans(*fans), **parameters)


def draw(ours: Sampler, fans: list[int], dtype: str = "float32", seed: int = 0) -> np.ndarray:
    """`COUNT` of our values, in rows of a layer; a whole matrix is drawn once."""
    rows = fans[0] if ours.whole else math.ceil(COUNT / fans[1])
    panel = np.empty((rows, fans[1]), dtype)
    ours.fill(panel, np.random.Generator(np.random.PCG64DXSM(seed)))
    return panel


def scores(sample: np.ndarray, entry: Entry) -> dict[str, float]:
    """The z-scores of our sample against the entry's figures.

    Standard errors: of the mean, std √(1/n + 1/m); of the standard deviation, std √((κ - 1)/4)
    times the same, with κ the kurtosis; of the kurtosis, from its influence function
    z⁴ - 2κz² - 4sz + κ, with s the skewness. A quantile is compared as a probability: the share
    of ours up to the recorded value is binomial around p, as is the recorded value's own
    probability; an atom (sparse's zeros) may lie on either side.
    """
    x = sample.astype(np.float64).ravel()
    error = math.sqrt(1 / x.size + 1 / entry["count"])
    mean, std = float(x.mean()), float(x.std())
    if not std or not entry["std"]:
        raise ValueError("a constant has no sampling error")
    z = (x - mean) / std
    square = z * z
    skewness, kurtosis = float(np.mean(square * z)), float(np.mean(square * square))
    influence = square * square - 2 * kurtosis * square - 4 * skewness * z
    spread = math.sqrt((max(kurtosis, entry["kurtosis"]) - 1) / 4)
    found = {
        "mean": (mean - entry["mean"]) / (std * error),
        "std": (std / entry["std"] - 1) / (spread * error),
        "kurtosis": (kurtosis - entry["kurtosis"]) / (float(influence.std()) * error),
    }
    for name, value in entry["quantiles"].items():
        p = float(name)
        below, up_to = np.count_nonzero(x < value) / x.size, np.count_nonzero(x <= value) / x.size
        gap = max(below - p, 0.0) + min(up_to - p, 0.0)
        found[f"quantile {name}"] = gap / (math.sqrt(p * (1 - p)) * error)
    return found


def wrong_figures(ours: Sampler, entry: Entry, dtype: str = "float32") -> list[str]:
    """What is not as recorded: figures beyond the limit, bounds, fixed zeros, the formula's std."""
    sample = draw(ours, entry["fans"], dtype)
    if not entry["std"]:  # zeros, ones, constant
        value = np.float32(entry["mean"])  # as recorded
        same = ours.std == 0 and np.all(sample.astype(np.float32) == value)
        return [] if same else [f"not {value} everywhere"]
    wrong = [
        f"{figure}: {z:.1f} standard errors off"
        for figure, z in scores(sample, entry).items()
        if not abs(z) < LIMIT
    ]
    # The formula has no sampling error: the recorded one alone.
    error = math.sqrt((entry["kurtosis"] - 1) / 4 / entry["count"])
    if not abs(ours.std / entry["std"] - 1) < LIMIT * error:
        wrong.append(f"std by formula: {ours.std:.9g}, recorded {entry['std']:.9g}")
    if entry["bounds"] is not None:
        wrong += wrong_bounds(sample, *entry["bounds"])
    if "zeros" in entry:
        zeros = fixed_zeros([sample])["per_input"]
        if zeros != entry["zeros"]["per_input"]:
            wrong.append(f"zeros per input: {zeros}, recorded {entry['zeros']['per_input']}")
    return wrong


def wrong_bounds(sample: np.ndarray, low: float, high: float) -> list[str]:
    """Our values lie within the bounds, and reach to within 0.1 % of the range.

    Of 400,000 uniform (truncated normal) values none in the last 0.1 % has probability
    exp(-400) (exp(-90)).
    """
    least, most = float(sample.min()), float(sample.max())
    width = high - low
    rounding = 4 * float(np.finfo(np.float32).eps) * width  # the recorded ones are float32
    ends = (
        low - rounding <= least <= low + 1e-3 * width,
        high - 1e-3 * width <= most <= high + rounding,
    )
    return [] if all(ends) else [f"values in [{least}, {most}], not all of [{low}, {high}]"]


def wrong_matrix(entry: Entry) -> list[str]:
    """A whole matrix, in float64: orthonormality, the standard deviation, the diagonal."""
    ours = sampler(entry)
    if not ours.whole:
        return ["not drawn as a whole"]
    matrix = draw(ours, entry["fans"], "float64")
    wrong = []
    gain = entry["parameters"].get("gain", 1.0)
    if orthonormality(matrix, gain) != entry["orthonormal"]:
        wrong.append(f"orthonormal: {orthonormality(matrix, gain)}")
    # No sampling error: the sum of the squares is gain² times the lesser fan; the mean of an
    # orthogonal one's entries, whose square is missing in the variance, is below 5 std/√n.
    share = 12.5 / matrix.size if entry["diagonal"] is None else 1e-8
    wrong += [
        f"std {what}: {std:.9g}, recorded {entry['std']:.9g}"
        for what, std in (("by formula", ours.std), ("drawn", float(matrix.std())))
        if not abs(std / entry["std"] - 1) < share
    ]
    if entry["diagonal"] is None:
        wrong += [
            f"{figure}: {z:.1f} standard errors off"
            for figure, z in scores(matrix, entry).items()
            if figure != "std" and not abs(z) < LIMIT
        ]
    elif not np.array_equal(matrix, entry["diagonal"] * np.eye(*matrix.shape)):
        wrong.append(f"not {entry['diagonal']} times the identity")
    return wrong


def wrong_trace(recorded: dict[str, float]) -> list[str]:
    """Mean and variance of the trace of small orthogonal matrices, 0 and 1 under Haar.

    The trace is all but Gaussian at size 8, so that its variance has a standard error of √(2/n).
    """
    ours = named_sampler("orthogonal", [TRACE_SIZE, TRACE_SIZE], {})
    generator = np.random.Generator(np.random.PCG64DXSM(1))
    matrix = np.empty((TRACE_SIZE, TRACE_SIZE))
    traces = np.empty(TRACE_DRAWS)
    for k in range(TRACE_DRAWS):
        ours.fill(matrix, generator)
        traces[k] = np.trace(matrix)
    error = math.sqrt(1 / TRACE_DRAWS + 1 / recorded["draws"])
    found = {
        "mean": (traces.mean() - recorded["mean"]) / error,
        "variance": (traces.var() - recorded["variance"]) / (math.sqrt(2) * error),
    }
    return [f"trace's {f}: {z:.1f} standard errors" for f, z in found.items() if not abs(z) < LIMIT]
