"""One network, forwards and backwards: every layer's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weightinit_cli.experiments.statistics import gradient_statistics, statistics
from weightinit_cli.network import Conv, backward, forward

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from weightinit_cli.network import Layer, Network, Request
    from weightinit_cli.results import LayerStatistics


def measure(
    network: Network,
    request: Request,
    threads: int,
    done: Callable[[float], None],
    *,
    with_gradient: bool,
) -> list[LayerStatistics]:
    """The figures of the input, then those of every layer."""
    trace: list[np.ndarray] | None = [] if with_gradient else None
    records = forward(network, request, threads, done, trace)
    positions = (None, *(_positions(layer) for layer in network.layers))
    figures = [
        statistics(record, request, places)
        for record, places in zip(records, positions, strict=True)
    ]
    if trace is None:
        return figures
    above = None
    returned = backward(network, trace, threads, done)
    for number, record in zip(range(len(figures) - 1, 0, -1), returned, strict=True):
        gradient = gradient_statistics(record, above, network.dtype)
        figures[number] = replace(figures[number], gradient=gradient)
        above = record
    return figures


def _positions(layer: Layer) -> int | None:
    return layer.positions if isinstance(layer, Conv) else None
