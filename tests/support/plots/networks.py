"""Results of networks run forwards and backwards, with predictions, over several seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from support.plots.builders import DIGEST, layer, relu, sigmoid
from weightinit_cli.results.model import (
    Gradient,
    HistogramCounts,
    LayerStatistics,
    LayerTheory,
    Prediction,
    Resolved,
    Result,
    Saturation,
    Spread,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EDGES = tuple(2.0**k for k in range(-100, 101))
SIZES = {"samples": 200, "width": 50}

PHI: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], tuple[Any, Any]]] = {
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), (-4.36, 4.36)),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(np.clip(x, -300, 300)) ** 2, (-2.18, 2.18)),
    "relu": (relu, lambda x: (x > 0) * 1.0, (0.0, None)),
    "step": (lambda x: (x > 0) * 1.0, lambda x: 0.0 * x, (0.0, 0.0)),
    "linear": (lambda x: x, lambda x: 0.0 * x + 1, (None, None)),
}


def gradient_of(delta: Any, x: Any, following: Any | None) -> Gradient:
    finite = np.abs(delta[np.isfinite(delta)])
    counts, _ = np.histogram(finite, EDGES)
    below = int((finite < EDGES[0]).sum())
    power = None if following is None else float((following**2).mean())
    own = float((delta**2).mean())
    with np.errstate(all="ignore"):
        weights = float(np.sqrt(((x.T @ delta / len(x)) ** 2).mean()))
    return Gradient(
        signal_rms=_number(np.sqrt(own)),
        weight_rms=_number(weights),
        ratio=_number(own / power) if power else None,
        total_ratio=_number(own / power) if power else None,
        nonfinite=delta.size - finite.size,
        histogram=HistogramCounts(
            EDGES,
            tuple(counts.tolist()),
            below,
            int(finite.size - counts.sum() - below),
        ),
    )


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def simulated(
    name: str, std: float, layers: int, limits: Any, seed: int, *, bias: float = 0.0
) -> list[LayerStatistics]:
    """A network of weights N(0, std²), measured forwards and backwards."""
    phi, slope, ends = PHI[name]
    samples, width = SIZES["samples"], SIZES["width"]
    draw = np.random.Generator(np.random.PCG64(seed))
    x = draw.standard_normal((samples, width))
    seen, found = [], []
    with np.errstate(all="ignore"):
        for _ in range(layers):
            weights = draw.standard_normal((width, width)) * std
            z = x @ weights + bias * draw.standard_normal(width)
            seen.append((x, weights, z))
            x = phi(z)
            found.append(_forward(z, x, ends, limits))
        delta = draw.standard_normal(x.shape) * slope(seen[-1][2])
        before = None
        for k in reversed(range(layers)):
            x, weights, _ = seen[k]
            found[k] = replace(found[k], gradient=gradient_of(delta, x, before))
            if k:
                before, delta = delta, (delta @ weights.T) * slope(seen[k - 1][2])
    return found


def _forward(z: Any, x: Any, ends: tuple[Any, Any], limits: Any) -> LayerStatistics:
    low, high = ends
    across = float(x.std(axis=0).__pow__(2).mean()) ** 0.5
    return replace(
        layer(x, limits=limits),
        preactivation_std=_number(z.std()),
        saturation=Saturation(
            None if low is None else float((z <= low).mean()),
            None if high is None else float((z >= high).mean()),
        ),
        std_across_inputs=_number(across),
    )


def predicted(
    name: str, std: float, found: list[LayerStatistics], bias: float = 0.0
) -> list[LayerStatistics]:
    """The layers with what the mean-field maps say of them, by plain quadrature."""
    phi, slope, (low, high) = PHI[name]
    z = np.linspace(-8, 8, 4001)
    p = np.exp(-(z**2) / 2)
    p /= p.sum()
    sigma_w2 = SIZES["width"] * std**2
    q, last, out = sigma_w2 + bias**2, len(found) - 1, []
    powers, qs = [], []
    with np.errstate(all="ignore"):
        for _ in found:
            qs.append(q)
            powers.append(float(p @ slope(np.sqrt(q) * z) ** 2))
            q = sigma_w2 * float(p @ phi(np.sqrt(q) * z) ** 2) + bias**2
        signal = powers[last]
        signals = [signal]
        for k in reversed(range(last)):
            signal *= sigma_w2 * powers[k]
            signals.insert(0, signal)
    for k, (each, q) in enumerate(zip(found, qs, strict=True)):
        with np.errstate(all="ignore"):
            x = phi(np.sqrt(q) * z)
            figures = {
                "std": float(np.sqrt(max(p @ x**2 - (p @ x) ** 2, 0.0))),
                "gradient.signal_rms": float(np.sqrt(signals[k])),
            }
        if low is not None:
            figures["saturation.low"] = float(p[np.sqrt(q) * z <= low].sum())
        if high is not None:
            figures["saturation.high"] = float(p[np.sqrt(q) * z >= high].sum())
        if k < last and powers[k]:
            figures["gradient.ratio"] = figures["gradient.total_ratio"] = sigma_w2 * powers[k]
        if not all(np.isfinite(v) for v in (q, *figures.values())):
            out.append(each)
            continue
        edges = each.histogram.edges
        expected, _ = np.histogram(x, edges, weights=p) if edges[0] < edges[-1] else ([], 0)
        theory = LayerTheory(
            q,
            0.0,
            {path: Prediction(value, None, None) for path, value in figures.items()},
            tuple(float(v) for v in expected),
        )
        out.append(replace(each, theory=theory))
    return out


RATIOS = ("gradient.ratio", "gradient.total_ratio")
PATHS = (
    "std", "std_across_inputs", "saturation.low", "saturation.high",
    "gradient.signal_rms", "gradient.weight_rms", *RATIOS,
)  # fmt: skip


def _figure(each: LayerStatistics, path: str) -> float | None:
    value: Any = each
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _over_seeds(networks: list[list[LayerStatistics]]) -> list[LayerStatistics]:
    out = []
    for each in zip(*networks, strict=True):
        repeats = {}
        for path in PATHS:
            values = [v for v in (_figure(one, path) for one in each) if v is not None]
            if values:
                repeats[path] = Spread(
                    float(np.mean(values)),
                    float(np.std(values, ddof=1)) if values[1:] else None,
                    None,
                )
        out.append(replace(each[0], repeats=repeats))
    return out


def network(
    name: str,
    std: float,
    layers: int = 5,
    limits: Any = (0.0, 1.0),
    *verdict: Verdict,
    repeats: int = 1,
    bias: float = 0.0,
    theory: bool = True,
) -> Result:
    """A whole result; `std` is in units of sqrt(1 / width)."""
    scaled = std / SIZES["width"] ** 0.5
    found = simulated(name, scaled, layers, limits, 0, bias=bias)
    if repeats > 1:
        more = [simulated(name, scaled, layers, limits, k, bias=bias) for k in range(1, repeats)]
        found = _over_seeds([found, *more])
    if theory:
        found = predicted(name, scaled, found, bias)
    spec = {
        "name": f"{name}_{std:g}",
        "experiment": "histogram",
        "seed": 0,
        "samples": SIZES["samples"],
        "features": SIZES["width"],
        "layers": layers,
        "width": [SIZES["width"]] * layers,
        "activation": {"name": name},
        "initializer": {"name": "normal", "mean": 0.0, "std": scaled},
        "bias": {"name": "zeros"},
        "histogram": {"bins": 30, "range": list(limits) if limits else "per_layer"},
        "dtype": "float64",
        "saturation": 0.05,
        "backward": True,
        "repeats": repeats,
    }
    return Result(
        2, spec["name"], spec, Resolved(None, None, ()), DIGEST, found[0], tuple(found), verdict, {}
    )


def lost(result: Result, first: int, *paths: str, floor: float | None = 5.81e-8) -> Result:
    """The result with these figures below the resolution from a layer on."""
    layers = [
        replace(each, unresolved={**each.unresolved, **dict.fromkeys(paths, floor)})
        if number >= first
        else each
        for number, each in enumerate(result.layers, 1)
    ]
    return replace(result, layers=tuple(layers))


def underflowing(layers: int) -> Result:
    """From the middle on all values have underflowed, so that no gradient is known."""
    result = network("linear", 0.01, layers, None, VANISHING)
    sizes = ("mean", "std", "min", "max", "std_across_inputs")
    result = lost(result, layers // 2 + 1, *sizes, floor=1e3)
    sizes = ("gradient.signal_rms", "gradient.weight_rms")
    return lost(result, 1, *sizes, *RATIOS, floor=None)


def partial(result: Result, first: int) -> Result:
    """The result with values and gradients that are mostly not finite from a layer on."""
    layers = [
        replace(each, nonfinite=90_000, gradient=replace(each.gradient, nonfinite=70_000))
        if number >= first and each.gradient
        else each
        for number, each in enumerate(result.layers, 1)
    ]
    return replace(result, layers=tuple(layers))


HEALTHY = Verdict("healthy", None, advice="at the start")
VANISHING = Verdict("vanishing_gradient", "severe", 4, "norm ratio", 0.0031, (5, 1))
SAME = Verdict(
    "inputs_indistinguishable", "warning", 3, "std_across_inputs", 0.0006,
    because="vanishing_gradient",
)  # fmt: skip
SATURATED = Verdict("saturated", "note", 1, "saturation", 0.83)
EXPLODING = Verdict("exploding_gradient", "warning", 4, "norm ratio", 88.0, (5, 1))

NETWORKS: dict[str, Callable[[], Result]] = {
    "net_sigmoid": lambda: network("sigmoid", 1.0, 5, (0.0, 1.0), VANISHING, SAME),
    "net_std10": lambda: network("sigmoid", 70.0, 5, (0.0, 1.0), EXPLODING, SATURATED),
    "net_relu": lambda: network("relu", 2**0.5, 5, (0.0, 10.0), HEALTHY),
    "net_relu_own": lambda: network("relu", 7.0, 5, None, EXPLODING),
    "net_tanh_1": lambda: network("tanh", 1.0, 1, (-1.0, 1.0), HEALTHY),
    "net_tanh_3": lambda: network("tanh", 1.5, 3, (-1.0, 1.0), HEALTHY, SATURATED, repeats=5),
    "net_tanh_10": lambda: network("tanh", 10.0, 10, (-1.0, 1.0), EXPLODING, SATURATED, repeats=5),
    "net_sigmoid_10": lambda: network("sigmoid", 1.0, 10, (0.0, 1.0), VANISHING, SAME),
    "net_sigmoid_12": lambda: network("sigmoid", 1.0, 12, (0.0, 1.0), VANISHING, SAME),
    "net_tanh_50": lambda: network("tanh", 1.2, 50, (-1.0, 1.0), HEALTHY, repeats=5, bias=0.1),
    "net_tanh_300": lambda: network("tanh", 1.0, 300, (-1.0, 1.0), HEALTHY),
    "net_relu_300": lambda: network("relu", 1.0, 300, None, VANISHING),
    "net_step": lambda: network("step", 1.0, 5, (0.0, 1.0), VANISHING),
    "net_step_12": lambda: network("step", 1.0, 12, (0.0, 1.0), VANISHING),
    "net_zero": lambda: network("sigmoid", 0.0, 5, (0.0, 1.0), replace(SAME, because=None)),
    "net_overflow": lambda: network("linear", 1e120, 5, None, EXPLODING),
    "net_overflow_12": lambda: network("linear", 1e60, 12, None, EXPLODING),
    "net_exploding_10": lambda: network("linear", 100.0, 10, None, EXPLODING),
    "net_vanishing_10": lambda: network("linear", 0.01, 10, None, VANISHING),
    "net_lost": lambda: lost(network("sigmoid", 1.0, 5), 4, "std_across_inputs"),
    "net_underflow_10": lambda: underflowing(10),
    "net_underflow_12": lambda: underflowing(12),
    "net_partial_10": lambda: partial(network("tanh", 1.0, 10, (-1.0, 1.0)), 7),
    "net_partial_12": lambda: partial(network("tanh", 1.0, 12, (-1.0, 1.0)), 12),
    "net_no_theory": lambda: network("tanh", 1.0, 5, (-1.0, 1.0), theory=False),
}
