"""What is recorded of a peer library: at which points, of which samples, in which form.

Shared by `record_torch.py`, `record_keras.py` and the tests; imports numpy alone. Names and
parameters are winit's; each script says which call of its library they stand for.
"""

from __future__ import annotations

import inspect
import json
import math
import platform
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FOLDER = Path(__file__).parents[2] / "peers"

# Activations ---------------------------------------------------------------------------------

MAGNITUDES = (1e-300, 1e-8, 1e-3, 0.5, 1.0, 2.0, 5.0, 20.0, 90.0)
GRID = (0.0, *MAGNITUDES, *(-x for x in MAGNITUDES))


@dataclass(frozen=True)
class ActivationCase:
    """One activation with its parameters.

    `kinks` are where it or its derivative jumps; `extra` are points beside those of all.
    """

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    kinks: tuple[float, ...] = ()
    extra: tuple[float, ...] = ()

    @property
    def points(self) -> list[float]:
        """The grid, each kink, its two neighbouring floats, and points 1e-3 to its sides."""
        points = {*GRID, *self.extra}
        for kink in self.kinks:
            points |= {kink, kink - 1e-3, kink + 1e-3}
            if kink:  # beside 0 stand ±1e-300: its neighbours are subnormal
                points |= {math.nextafter(kink, -math.inf), math.nextafter(kink, math.inf)}
        return sorted(points)


ACTIVATION_CASES = (
    ActivationCase("linear"),
    ActivationCase("sigmoid"),
    ActivationCase("tanh"),
    ActivationCase("relu", kinks=(0.0,)),
    ActivationCase("leaky_relu", {"negative_slope": 0.01}, (0.0,)),
    ActivationCase("leaky_relu", {"negative_slope": 0.1}, (0.0,)),
    ActivationCase("prelu", {"negative_slope": 0.25}, (0.0,)),
    ActivationCase("elu", {"alpha": 1.0}),
    ActivationCase("elu", {"alpha": 0.5}, (0.0,)),
    ActivationCase("celu", {"alpha": 1.0}),
    ActivationCase("celu", {"alpha": 0.5}),
    ActivationCase("selu", kinks=(0.0,)),
    ActivationCase("gelu", {"approximate": "none"}),
    ActivationCase("gelu", {"approximate": "tanh"}),
    ActivationCase("silu"),
    ActivationCase("mish"),
    ActivationCase("softplus", extra=(20.5, 30.0)),
    ActivationCase("softsign"),
    ActivationCase("squareplus", {"b": 4.0}),
    ActivationCase("squareplus", {"b": 1.0}),
    ActivationCase("log_sigmoid"),
    ActivationCase("exponential"),
    ActivationCase("hard_sigmoid", {"form": "torch"}, (-3.0, 3.0)),
    ActivationCase("hard_silu", kinks=(-3.0, 3.0)),
    ActivationCase("hard_tanh", kinks=(-1.0, 1.0)),
    ActivationCase("relu6", kinks=(0.0, 6.0)),
    ActivationCase("tanh_shrink"),
    ActivationCase("soft_shrink", {"threshold": 0.5}, (-0.5, 0.5)),
    ActivationCase("hard_shrink", {"threshold": 0.5}, (-0.5, 0.5)),
    ActivationCase("threshold", {"threshold": 0.5, "value": -0.25}, (0.5,)),
    ActivationCase("erf"),
    ActivationCase("sin", {"omega": 1.0}),
    ActivationCase("sin", {"omega": 30.0}),
    ActivationCase("step", kinks=(0.0,)),
)


def record_activations(functions: dict[str, Any], evaluate: Callable[..., Any]) -> list[dict]:
    """Values and derivatives of every case that the library has a function for.

    `evaluate(function, x, parameters)` gives both as float64 arrays (None: no derivative).
    """
    entries = []
    for case in ACTIVATION_CASES:
        if case.name not in functions:
            continue
        x = np.array(case.points)
        value, derivative = evaluate(functions[case.name], x, case.parameters)
        entries.append(
            {
                "name": case.name,
                "parameters": case.parameters,
                "kinks": list(case.kinks),
                "x": x.tolist(),
                "value": value.tolist(),
                "derivative": None if derivative is None else derivative.tolist(),
            }
        )
    return entries


# Backwards -----------------------------------------------------------------------------------

WIDTHS = (4, 5, 3, 4)  # the features, then the units of each layer
INPUTS = 6


def fixed(salt: int, *shape: int) -> np.ndarray:
    """Multiples of 1/64 in (-1, 1), known to the last bit: inputs, weights, biases, cotangent."""
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return ((73 * numbers + 29 * salt) % 127 - 63) / 64


def inputs() -> np.ndarray:
    """Of the network, shape (INPUTS, WIDTHS[0])."""
    return fixed(1, INPUTS, WIDTHS[0])


def cotangent() -> np.ndarray:
    """At the last layer's activations, shape (INPUTS, WIDTHS[-1])."""
    return fixed(2, INPUTS, WIDTHS[-1])


def layers() -> list[tuple[np.ndarray, np.ndarray]]:
    """Each layer's weights, shape (fan_in, fan_out), and biases, shape (fan_out,)."""
    return [
        (fixed(10 + number, *shape), fixed(20 + number, shape[1]))
        for number, shape in enumerate(pairwise(WIDTHS))
    ]


def record_backward(functions: dict[str, Any], backpropagate: Callable[..., Any]) -> list[dict]:
    """What autograd sends back, for every case that the library can differentiate.

    `backpropagate(function, parameters)` gives, per layer, the gradients of sum(cotangent *
    activations of the last layer) by its pre-activations and by its weights (None: none).
    Recorded are figures of all layers, and every entry of the first's, which lies below all.
    """
    entries = []
    for case in ACTIVATION_CASES:
        if case.name not in functions:
            continue
        gradients = backpropagate(functions[case.name], case.parameters)
        if gradients is None:
            continue
        signals, weights = (
            [np.asarray(part) for part in parts] for parts in zip(*gradients, strict=True)
        )
        entries.append(
            {
                "name": case.name,
                "parameters": case.parameters,
                "signal_rms": [long(np.sqrt(np.mean(part**2))) for part in signals],
                "signal_min": [long(part.min()) for part in signals],
                "signal_max": [long(part.max()) for part in signals],
                "weight_rms": [long(np.sqrt(np.mean((part / INPUTS) ** 2))) for part in weights],
                "signal": [[long(value) for value in row] for row in signals[0]],
                "weights": [[long(value) for value in row] for row in weights[0] / INPUTS],
            }
        )
    return entries


def long(number: float) -> float:
    """Fourteen digits."""
    return float(f"{number:.14g}")


# Initializers --------------------------------------------------------------------------------

FANS = (200, 400)  # unequal, so that fan_in, fan_out and their mean are told apart
KERNEL = (3, 3, 20, 40)  # of a convolution: (height, width, in, out)
SAMPLES = 2_000_000  # standard error of a standard deviation: at most 5e-4 relative
PROBABILITIES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class InitializerCase:
    """One initializer: our name and parameters, the peer's call, and how to draw once.

    `draw(seed)` gives an array of any shape, except for what holds of a whole matrix; then it
    has our shape (fan_in, fan_out). `bounds` are what the peer's documentation promises.
    """

    name: str | None
    parameters: dict[str, Any]
    call: str
    draw: Callable[[int], np.ndarray]
    bounds: tuple[float, float] | None = None
    fans: tuple[int, int] = FANS
    kernel: tuple[int, ...] = ()


def describe(values: np.ndarray) -> dict[str, Any]:
    """Count, moments, quantiles and exact zeros of a sample; float64 throughout."""
    x = np.sort(np.asarray(values, dtype=np.float64).ravel())
    mean = math.fsum(x) / x.size
    std = float(np.sqrt(np.mean((x - mean) ** 2)))
    fourth = float(np.mean((x - mean) ** 4))
    order = [math.ceil(p * x.size) - 1 for p in PROBABILITIES]  # inverted_cdf
    return {
        "count": x.size,
        "mean": short(mean),
        "std": short(std),
        "min": short(x[0]),
        "max": short(x[-1]),
        "kurtosis": short(fourth / std**4) if std else None,
        "quantiles": {str(p): short(x[k]) for p, k in zip(PROBABILITIES, order, strict=True)},
        "zero_fraction": short(np.count_nonzero(x == 0) / x.size),
    }


def short(number: float) -> float:
    """Nine digits: a float32 whole."""
    return float(f"{number:.9g}")


def fixed_zeros(matrices: Iterable[np.ndarray]) -> dict[str, list[int]]:
    """Zeros per input (row) and per output (column) of (fan_in, fan_out): least and most."""
    zeros = [matrix == 0 for matrix in matrices]
    counts = {
        "per_input": [z.sum(axis=1) for z in zeros],
        "per_output": [z.sum(axis=0) for z in zeros],
    }
    return {key: [int(np.min(c)), int(np.max(c))] for key, c in counts.items()}


def orthonormality(matrix: np.ndarray, gain: float) -> dict[str, bool]:
    """Whether the rows, and the columns, of a matrix are orthogonal of length `gain`."""

    def holds(gram: np.ndarray) -> bool:
        return bool(np.allclose(gram, gain**2 * np.eye(len(gram)), rtol=0, atol=1e-12))

    return {"rows": holds(matrix @ matrix.T), "columns": holds(matrix.T @ matrix)}


def record_initializer(case: InitializerCase, samples: int = SAMPLES) -> dict[str, Any]:
    """One entry: what was called and what it gave, over as many seeds as `samples` needs."""
    first = case.draw(0)
    draws = [first, *(case.draw(seed) for seed in range(1, math.ceil(samples / first.size)))]
    values = np.concatenate([draw.ravel() for draw in draws])
    entry: dict[str, Any] = {
        "name": case.name,
        "parameters": case.parameters,
        "call": case.call,
        "fans": list(case.fans),
        "kernel": list(case.kernel),
        **describe(values),
        "bounds": None if case.bounds is None else [short(bound) for bound in case.bounds],
    }
    if case.bounds is not None:
        low, high = (bound * (1 + 1e-6) for bound in case.bounds)  # float32 rounds outwards
        entry["out_of_bounds"] = int(np.count_nonzero((values < low) | (values > high)))
    if case.name == "sparse":
        entry["zeros"] = fixed_zeros(draws)
    return entry


def record_matrix(case: InitializerCase, samples: int = SAMPLES) -> dict[str, Any]:
    """One entry for orthogonal or identity: what holds of the whole (fan_in, fan_out) matrix."""
    entry = record_initializer(case, samples)
    matrix = case.draw(0).astype(np.float64)
    if matrix.shape != case.fans:
        raise ValueError(f"{case.call}: shape {matrix.shape}, not {case.fans}")
    entry["orthonormal"] = orthonormality(matrix, case.parameters.get("gain", 1.0))
    diagonal = np.diagonal(matrix)
    entry["diagonal"] = short(diagonal[0]) if np.ptp(diagonal) == 0 else None
    return entry


TRACE_SIZE, TRACE_DRAWS = 8, 2000


def record_trace(draw: Callable[[int], np.ndarray]) -> dict[str, float]:
    """Mean and variance of the trace of 8 x 8 orthogonal matrices: 0 and 1 under Haar.

    A QR decomposition without the sign of R's diagonal has a biased diagonal.
    """
    traces = [float(np.trace(draw(seed))) for seed in range(TRACE_DRAWS)]
    return {
        "size": TRACE_SIZE,
        "draws": TRACE_DRAWS,
        "mean": short(np.mean(traces)),
        "variance": short(np.var(traces)),
    }


# The file ------------------------------------------------------------------------------------


def defaults(function: Callable[..., Any], leave_out: Sequence[str]) -> dict[str, Any]:
    """The defaults in a call's signature ("required" where it has none)."""
    return {
        name: "required" if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in leave_out and parameter.kind is not parameter.VAR_KEYWORD
    }


def document(versions: dict[str, str], command: str, notes: Sequence[str]) -> dict[str, Any]:
    """The head of a recorded file: versions and the command that made it."""
    versions = {**versions, "numpy": np.__version__, "python": platform.python_version()}
    return {"versions": versions, "command": command, "notes": list(notes)}


def dumps(recorded: dict[str, Any]) -> str:
    """Strict JSON, one line per field: short, and its differences can be read."""
    sections = []
    for key, section in recorded.items():
        if isinstance(section, list):
            body = ",\n".join(_item(item) for item in section)
            sections.append(f" {json.dumps(key)}: [\n{body}\n ]")
        elif isinstance(section, dict) and section:
            body = _fields(section, "  ")
            sections.append(f" {json.dumps(key)}: {{\n{body}\n }}")
        else:
            sections.append(f" {json.dumps(key)}: {json.dumps(section, allow_nan=False)}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _item(item: object) -> str:
    line = "  " + json.dumps(item, allow_nan=False)
    if isinstance(item, dict) and len(line) > 100:
        return "  {\n" + _fields(item, "   ") + "\n  }"
    return line


def _fields(fields: dict[str, Any], indent: str) -> str:
    return ",\n".join(
        f"{indent}{json.dumps(key)}: {json.dumps(value, allow_nan=False)}"
        for key, value in fields.items()
    )


def write(library: str, recorded: dict[str, Any]) -> None:
    """Rewrite the library's file."""
    path = FOLDER / f"{library}.json"
    path.write_text(dumps(recorded), encoding="ascii", newline="\n")


def load(library: str) -> dict[str, Any]:
    """Read the library's file."""
    recorded: dict[str, Any] = json.loads((FOLDER / f"{library}.json").read_text("ascii"))
    return recorded
