"""Layers' figures as curves over depth: measured, the band over the seeds, predicted."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import figures
from weightinit_cli.results.figures import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.drawing import Color
    from weightinit_cli.results.model import LayerStatistics

Values = tuple[float | None, ...]


class Series(NamedTuple):
    """One figure of every layer; with several seeds their mean, between one deviation each way."""

    words: str
    color: Color
    values: Values
    low: Values
    high: Values
    predicted: Values

    @property
    def known(self) -> list[float]:
        """All that is to be shown, without the bands."""
        return [value for value in (*self.values, *self.predicted) if value is not None]


def series(layers: Sequence[LayerStatistics], path: str, words: str, color: Color) -> Series | None:
    """The figure of every layer, None where no layer has it."""
    spreads = [figures.spread(layer, path) for layer in layers]
    values = tuple(
        over.mean if over is not None else figure(layer, path)
        for layer, over in zip(layers, spreads, strict=True)
    )
    bands = [
        (None, None)
        if over is None or over.std is None
        else (over.mean - over.std, over.mean + over.std)
        for over in spreads
    ]
    if all(value is None for value in values):
        return None
    low, high = zip(*bands, strict=True)
    predicted = tuple(figures.predicted(layer, path) for layer in layers)
    return Series(words, color, values, low, high, predicted)


def layer_words(layers: Sequence[int]) -> str:
    """`layer 3`, `layers 1 to 4`, or how many and the first of them."""
    stretches = [
        [layer for _, layer in run]
        for _, run in groupby(enumerate(layers), key=lambda pair: pair[1] - pair[0])
    ]
    if len(layers) == 1:
        return f"layer {layers[0]}"
    if len(stretches) == 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"{len(layers)} layers, the first {layers[0]}"
