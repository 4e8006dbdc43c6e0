"""Results from arrays, with numpy alone: what the pictures need to be tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.results.model import (
    HistogramCounts,
    LayerStatistics,
    Resolved,
    Result,
    Saturation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


Array = "NDArray[np.float64]"
DIGEST = "0123456789abcdef" * 4


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


def relu(x: Any) -> Any:
    return np.maximum(x, 0.0)


def forward(
    phi: Callable[[Any], Any], std: float, layers: int, samples: int = 300, width: int = 60
) -> list[Any]:
    """The activations of a network of standard deviation `std`, layer by layer."""
    draw = np.random.Generator(np.random.PCG64(0))
    x = draw.standard_normal((samples, width))
    found = []
    with np.errstate(all="ignore"):
        for _ in range(layers):
            x = phi(x @ (draw.standard_normal((width, width)) * std))
            found.append(x)
    return found


def overflowing(phi: Callable[[Any], Any], std: float, layers: int) -> list[Any]:
    """As `forward`, where what float32 cannot hold is inf, and what follows may be nan."""
    draw = np.random.Generator(np.random.PCG64(0))
    x = draw.standard_normal((300, 60)).astype(np.float32)
    found = []
    with np.errstate(all="ignore"):
        for _ in range(layers):
            x = phi(x @ (draw.standard_normal((60, 60)) * std).astype(np.float32))
            found.append(x.astype(np.float64))
    return found


def counted(values: Any, bins: int, limits: tuple[float, float] | None) -> HistogramCounts:
    finite = values[np.isfinite(values)]
    if limits is None:
        limits = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = limits
    edges = np.linspace(low, high, bins + 1)
    inside = finite[(finite >= low) & (finite <= high)]
    place = np.minimum(np.searchsorted(edges, inside, side="right") - 1, bins - 1)
    counts = np.bincount(place, minlength=bins)
    return HistogramCounts(
        tuple(edges.tolist()),
        tuple(counts.tolist()),
        int((finite < low).sum()),
        int((finite > high).sum()),
    )


def layer(
    values: Any, bins: int = 30, limits: tuple[float, float] | None = None
) -> LayerStatistics:
    """A layer's statistics; what no picture reads stays empty."""
    finite = values[np.isfinite(values)]
    some = finite.size > 0
    with np.errstate(all="ignore"):
        mean, std = (float(finite.mean()), float(finite.std())) if some else (None, None)
    return LayerStatistics(
        mean=mean,
        std=std if std is not None and np.isfinite(std) else None,
        min=float(finite.min()) if some else None,
        max=float(finite.max()) if some else None,
        quantiles={},
        preactivation_std=None,
        saturation=Saturation(None, None),
        zero_fraction=float((finite == 0).mean()) if some else 0.0,
        dead_units=0,
        distinct_units=None,
        std_across_inputs=None,
        std_across_units=None,
        weights=None,
        nonfinite=int(values.size - finite.size),
        histogram=counted(values, bins, limits),
    )


def result_of(
    arrays: Sequence[Any],
    limits: tuple[float, float] | None = (0.0, 1.0),
    name: str = "sigmoid_xavier",
    bins: int = 30,
    **spec: Any,
) -> Result:
    """A Result whose layers hold these arrays."""
    normal: dict[str, Any] = {
        "name": name,
        "experiment": "histogram",
        "seed": 0,
        "samples": 1000,
        "features": 100,
        "layers": len(arrays),
        "width": [100] * len(arrays),
        "activation": {"name": "sigmoid"},
        "initializer": {"name": "xavier_normal", "gain": 1.0},
        "bias": {"name": "zeros"},
        "histogram": {"bins": bins, "range": list(limits) if limits else "per_layer"},
        "dtype": "float32",
        "saturation": 0.05,
        **spec,
    }
    layers = tuple(layer(values, bins, limits) for values in arrays)
    resolved = Resolved(None, None, ())
    return Result(2, name, normal, resolved, DIGEST, layers[0], layers, (), {})


def sigmoid_result(std: float, layers: int = 5, **spec: Any) -> Result:
    return result_of(forward(sigmoid, std, layers), **spec)


def relu_auto(std: float, layers: int) -> Result:
    return result_of(forward(relu, std, layers), None)


def _mixed(low: float, high: float) -> list[Any]:
    return [np.linspace(low, high, 500) * factor for factor in (0.25, 1.0, 0.5)]


def _nonfinite() -> list[Any]:
    whole = forward(sigmoid, 0.13, 5)
    whole[2] = whole[2].copy()
    whole[2].flat[::8] = np.nan
    whole[4] = np.full((300, 60), np.inf)
    return whole


HE = np.sqrt(2 / 60)
XAVIER = np.sqrt(1 / 60)
DEAD = [np.zeros((300, 60))] * 2
LONG = "a_name_of_one_hundred_characters_" * 3 + "x"

SHAPES: dict[str, Callable[[], Result]] = {
    **{f"xavier_{n}": lambda n=n: sigmoid_result(XAVIER, n) for n in (1, 2, 5, 10, 11, 50, 100)},
    "std10": lambda: sigmoid_result(10.0),
    "std1": lambda: sigmoid_result(1.0),
    "std0": lambda: sigmoid_result(0.0),
    "std0_100": lambda: sigmoid_result(0.0, 100),
    "std10_1000": lambda: result_of([a[:20] for a in forward(sigmoid, 1.0, 1000, 20)]),
    "std0_1": lambda: sigmoid_result(0.0, 1),
    "relu_he": lambda: result_of(forward(relu, HE, 5), (0.0, 5.0), "relu_he"),
    "relu_xavier": lambda: result_of(forward(relu, XAVIER, 5), (0.0, 3.0), "relu_xavier"),
    "relu_std001": lambda: result_of(forward(relu, 0.01, 5), (0.0, 0.3), "relu_std001"),
    "relu_he_per_layer": lambda: result_of(forward(relu, HE, 5), None),
    "relu_xavier_per_layer": lambda: result_of(forward(relu, XAVIER, 5), None),
    "relu_exploding": lambda: result_of(forward(relu, 10.0, 5), None),
    "relu_he_30": lambda: result_of(forward(relu, HE, 30), None),
    **{f"relu_own_{n}": lambda n=n: relu_auto(1.0, n) for n in (3, 5, 10, 11, 30, 100)},
    "relu_vanishing_10": lambda: relu_auto(0.01, 10),
    "relu_vanishing_100": lambda: relu_auto(0.01, 100),
    "linear_own_10": lambda: result_of(forward(lambda x: x, 0.4, 10), None),
    "linear_to_nan_30": lambda: result_of(overflowing(lambda x: x, 1e4, 30), None),
    "relu_to_inf_10": lambda: result_of(overflowing(relu, 1e9, 10), None),
    "relu_to_inf_60": lambda: result_of(overflowing(relu, 10.0, 60), None),
    "dead_layers_5": lambda: result_of([*forward(relu, 1.0, 3), *DEAD], None),
    "dead_layers_12": lambda: result_of([*forward(relu, 1.0, 10), *DEAD], None),
    "negative_own_10": lambda: result_of([-a - 1e4 for a in forward(relu, 1.0, 10)], None),
    "smallest_12": lambda: result_of([np.linspace(0, 10.0**-e, 9) for e in range(300, 312)], None),
    "largest_12": lambda: result_of(
        [np.linspace(-0.8, 0.8, 9) * 10.0**e for e in range(297, 309)], None
    ),
    "relu_he_11": lambda: result_of(forward(relu, HE, 11), None),
    "unequal_widths_5": lambda: result_of(
        [a[:, : 5 * k + 5] for k, a in enumerate(forward(relu, 1.0, 5))], None
    ),
    "relu_overflow_200": lambda: result_of(
        [np.where(a > 3e38, np.inf, a) for a in forward(relu, 3.0, 200)], (0.0, 10.0)
    ),
    "tanh": lambda: result_of(forward(np.tanh, XAVIER, 5), (-1.0, 1.0), "tanh_xavier"),
    "tanh_outside_10": lambda: result_of(forward(np.tanh, XAVIER, 10), (-0.3, 0.5)),
    "all_outside": lambda: result_of([np.full((9, 9), 5.0)] * 2),
    "outside_50": lambda: result_of(forward(np.tanh, XAVIER, 50), (-0.1, 0.1)),
    "nonfinite": lambda: result_of(_nonfinite()),
    "nonfinite_10": lambda: result_of(_nonfinite() * 2),
    "all_nan": lambda: result_of([np.full((10, 10), np.nan)] * 5),
    "all_nan_12": lambda: result_of([np.full((10, 10), np.nan)] * 12, None),
    "huge": lambda: result_of(_mixed(-3e38, 3e38), None),
    "huge_10": lambda: result_of([np.linspace(-3e38, 3e38, 99)] * 10, (-3e38, 3e38)),
    "largest": lambda: result_of(_mixed(-1.7e308 / 2, 1.7e308 / 2), None),
    "tiny": lambda: result_of(_mixed(0.0, 1e-38), None),
    "smallest": lambda: result_of(_mixed(0.0, 1e-310), None),
    "offset": lambda: result_of([1000 + np.linspace(1e-4, 2e-4, 99)] * 10, None),
    "zero_width": lambda: result_of([np.full((9, 9), 0.5)] * 3, None),
    "zero_width_zero": lambda: result_of([np.zeros((9, 9))] * 3, None),
    "zero_width_mixed": lambda: result_of([np.linspace(-1, 1, 99), np.full(99, 0.5)], None),
    "many_bins": lambda: sigmoid_result(XAVIER, 3, bins=5000),
    "one_bin": lambda: sigmoid_result(XAVIER, 3, bins=1),
    "long_name": lambda: sigmoid_result(1.0, 2, name=LONG),
    "long_spec": lambda: sigmoid_result(
        1.0,
        5,
        name=LONG,
        width=[300, 600, 200, 500, 100],
        features=784,
        seed=2**64 - 1,
        dtype="float64",
        activation={"name": "leaky_relu", "negative_slope": 0.0123456789},
        initializer={"name": "variance_scaling", "distribution": "truncated_normal", "scale": 2},
        bias={"name": "normal", "mean": 0.0, "std": 1e-30},
    ),
    "math": lambda: sigmoid_result(1.0, name=r"$\frac{1}{2}$ and $\alpha"),
    "japanese": lambda: sigmoid_result(1.0, name="活性化 😀 \x1b[31m \u202e עברית e\u0301 \ud800"),
}
