"""The first layer's kernels, as many as a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.network import Conv
from weightinit_cli.network.draws import draw_weights
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results import Kernels

if TYPE_CHECKING:
    from weightinit_cli.network import Network

MOST_FILTERS = 64
MOST_VALUES = 1 << 14


def first_kernels(network: Network) -> Kernels | None:
    """Those of the first layer; None where it is no convolution."""
    layer = network.layers[0]
    if not isinstance(layer, Conv):
        return None
    shown = min(layer.columns, MOST_FILTERS, max(1, MOST_VALUES // layer.rows))
    weights = np.empty((layer.rows, layer.columns), network.dtype)
    with workers(1, ignore_work) as apply:
        draw_weights(network, 1, weights, apply)
    finite = np.nan_to_num(weights[:, :shown].T)
    return Kernels(
        shape=(*layer.kernel, layer.image.channels),
        filters=layer.columns,
        values=tuple(tuple(float(f"{value:.6g}") for value in row) for row in finite.tolist()),
    )
