"""Convolutions' results from the weights of their first layer, with numpy alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from support.plots.builders import DIGEST, LONG, layer
from weightinit_cli.results.model import (
    Kernels,
    Resolved,
    ResolvedLayer,
    Result,
    WeightStatistics,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STORED = 64


def statistics(weights: Any) -> WeightStatistics:
    """Of all finite elements; what no picture reads stays empty."""
    finite = weights[np.isfinite(weights)].astype(np.float64)
    if not finite.size:
        return WeightStatistics(None, None, None, None, None, None, 0.0, None, None)
    scale = float(np.abs(finite).max()) or 1.0
    mean, std = (scale * float(figure(finite / scale)) for figure in (np.mean, np.std))
    zero = float(np.mean(weights == 0))
    low, high = finite.min().item(), finite.max().item()
    return WeightStatistics(mean, std, low, high, None, None, zero, None, None)


def kernels_of(weights: Any, stored: int = STORED) -> Kernels:
    """Of an array of shape (height, width, channels, filters): finite, to six digits."""
    filters = np.nan_to_num(np.moveaxis(weights, -1, 0)).reshape(weights.shape[-1], -1)
    values = tuple(tuple(float(f"{v:.6g}") for v in row) for row in filters[:stored].tolist())
    return Kernels(weights.shape[:3], weights.shape[3], values)


def convolution(
    weights: Any, name: str = "conv", initializer: str = "kaiming_normal", stored: int = STORED
) -> Result:
    """The result of a convolution whose first layer has these weights."""
    high, wide, channels, filters = weights.shape
    spec = {
        "name": name,
        "experiment": "histogram",
        "seed": 0,
        "samples": 100,
        "layers": 2,
        "channels": [filters, filters],
        "kernel": [high, wide],
        "image": [max(16, high), max(16, wide), channels],
        "padding": "circular",
        "stride": [1, 1],
        "activation": {"name": "relu"},
        "initializer": {"name": initializer},
        "bias": {"name": "zeros"},
        "dtype": "float32",
    }
    fan_in, fan_out = high * wide * channels, high * wide * filters
    resolved = ResolvedLayer(fan_in, fan_out, float(np.sqrt(2 / fan_in)), 0.0)
    below = layer(np.linspace(-1.0, 1.0, 9))
    return Result(
        schema_version=3,
        name=name,
        spec=spec,
        resolved=Resolved(None, None, (resolved,)),
        digest=DIGEST,
        input=below,
        layers=(replace(below, weights=statistics(weights)), below),
        verdict=(),
        kernels=kernels_of(weights, stored),
        environment={},
    )


def normal(high: int, wide: int, channels: int, filters: int) -> Any:
    """He's, as float32."""
    draw = np.random.Generator(np.random.PCG64(0))
    drawn = draw.standard_normal((high, wide, channels, filters), np.float32)
    return drawn * np.float32(np.sqrt(2 / (high * wide * channels)))


def uniform(high: int, wide: int, channels: int, filters: int) -> Any:
    draw = np.random.Generator(np.random.PCG64(0))
    return draw.uniform(-0.2, 0.2, (high, wide, channels, filters))


def sparse(share: float) -> Any:
    draw = np.random.Generator(np.random.PCG64(0))
    return normal(3, 3, 3, 20) * (draw.random((3, 3, 3, 20)) < share)


def dirac(high: int, wide: int, channels: int, filters: int) -> Any:
    weights = np.zeros((high, wide, channels, filters))
    for k in range(min(channels, filters)):
        weights[high // 2, wide // 2, k, k] = 1
    return weights


def delta_orthogonal(channels: int, filters: int) -> Any:
    draw = np.random.Generator(np.random.PCG64(0))
    q, _ = np.linalg.qr(draw.standard_normal((max(channels, filters),) * 2))
    weights = np.zeros((3, 3, channels, filters))
    weights[1, 1] = q[:channels, :filters]
    return weights


def overflowing() -> Any:
    with np.errstate(over="ignore"):
        return normal(3, 3, 3, 8) * np.float32(3e38) * np.float32(1e9)


WEIGHTS: dict[str, Callable[[], Any]] = {
    "he": lambda: normal(3, 3, 3, 64),
    "uniform": lambda: uniform(3, 3, 3, 20),
    "sparse": lambda: sparse(0.1),
    "shifted": lambda: 5 + normal(3, 3, 3, 20),
    "grey_5x5": lambda: normal(5, 5, 1, 16),
    "grey_512": lambda: normal(3, 3, 1, 512),
    "dirac": lambda: dirac(3, 3, 3, 16),
    "dirac_whole": lambda: dirac(3, 3, 16, 16),
    "dirac_of_many": lambda: dirac(3, 3, 512, 512),
    "delta_orthogonal": lambda: delta_orthogonal(16, 16),
    "zeros": lambda: np.zeros((3, 3, 3, 16), np.float32),
    "constant": lambda: np.full((3, 3, 3, 16), 0.1, np.float32),
    "negative": lambda: np.full((2, 2, 2, 2), -1.0),
    "alexnet": lambda: normal(11, 11, 3, 96),
    "stem_7x7": lambda: normal(7, 7, 3, 64),
    "1x1": lambda: normal(1, 1, 3, 64),
    "1x1_of_512": lambda: normal(1, 1, 512, 512),
    "1x7": lambda: normal(1, 7, 3, 32),
    "7x1": lambda: normal(7, 1, 3, 32),
    "1x15": lambda: normal(1, 15, 2, 64),
    "15x1": lambda: normal(15, 1, 2, 64),
    "2x600": lambda: normal(2, 600, 3, 2),
    "64x64": lambda: normal(64, 64, 3, 4),
    "one_filter": lambda: normal(3, 3, 1, 1),
    "one_of_512_channels": lambda: normal(3, 3, 512, 1),
    "one_element": lambda: np.full((1, 1, 1, 1), 0.3, np.float32),
    "four_filters": lambda: normal(3, 3, 4, 4),
    "tiny": lambda: normal(3, 3, 3, 16).astype(np.float64) * 1e-30,
    "huge": lambda: normal(3, 3, 3, 16).astype(np.float64) * 1e30,
    "smallest": lambda: uniform(3, 3, 3, 16) * 1e-322,
    "largest": lambda: uniform(3, 3, 3, 16) * 5 * 1.7e308,
    "all_magnitudes": lambda: 10.0 ** np.linspace(-300, 300, 432).reshape(3, 3, 3, 16),
    "overflowing": overflowing,
}


def built(name: str) -> Result:
    """The result of the named weights; one of them has a long name."""
    return convolution(WEIGHTS[name](), LONG if name == "he" else name)
