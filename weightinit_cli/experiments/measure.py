"""One network, forwards and backwards: every layer's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weightinit_cli.experiments.statistics import gradient_statistics, statistics
from weightinit_cli.experiments.unresolved import unresolved_gradient
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
    figures, resolutions = [], []
    for seen, places in zip(records, positions, strict=True):
        figures.append(statistics(seen, request, places))
        resolutions.append(seen.resolution)
    if trace is None:
        return figures
    above = None
    sloped, flushed = True, False
    returned = backward(network, trace, threads, done)
    for number, record in zip(range(len(figures) - 1, 0, -1), returned, strict=True):
        sloped = sloped and resolutions[number].sloped
        flushed = flushed or resolutions[number].flushed
        gradient = gradient_statistics(record, above, network.dtype)
        layer = replace(figures[number], gradient=gradient)
        lost = unresolved_gradient(
            layer,
            figures[number - 1],
            record,
            above,
            network.dtype,
            sloped=sloped,
            flushed=flushed,
        )
        figures[number] = replace(layer, unresolved={**layer.unresolved, **lost})
        above = record
    return figures


def _positions(layer: Layer) -> int | None:
    return layer.positions if isinstance(layer, Conv) else None
