"""A figure of every layer as a curve over depth: measured, the band over the seeds, predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import figures
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import finite, is_partial, layer_words, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.results.model import LayerStatistics

Values = tuple[float | None, ...]
ABSENT = "no finite value"


class DepthCurve(NamedTuple):
    """One figure of every layer; with several seeds their mean, between one deviation each way.

    `gaps` says why a layer has no value, and nothing where it has one; `zeros` has the layers in
    which the figure is 0 and of all values; `partial` says in which layers it is of the finite
    values alone.
    """

    words: str
    color: Color
    values: Values
    low: Values
    high: Values
    predicted: Values
    gaps: tuple[str, ...] = ()
    zeros: tuple[int, ...] = ()
    partial: str = ""

    @property
    def known(self) -> list[float]:
        """All values that are to be shown, measured and predicted, without the bands."""
        return [value for value in (*self.values, *self.predicted) if value is not None]


def depth_curve(
    layers: Sequence[LayerStatistics], path: str, words: str, color: Color, dtype: str
) -> DepthCurve | None:
    """The figure at a path over depth; None where no layer has it.

    A gradient that is inf or nan in all layers was measured, and is said to have no finite value.
    """
    measured = [_measured(layer, path) for layer in layers]
    values, low, high = zip(*measured, strict=True)
    gaps = tuple(
        "" if value is not None else _gap(layer, path, dtype)
        for layer, value in zip(layers, values, strict=True)
    )
    overflown = any(
        layer.gradient and layer.gradient.nonfinite
        for layer in layers
        if path.startswith("gradient.")
    )
    if all(gap == ABSENT for gap in gaps) and not overflown:
        return None
    predicted = tuple(figures.predicted(layer, path) for layer in layers)
    zeros = tuple(
        number
        for number, (layer, value) in enumerate(zip(layers, values, strict=True), 1)
        if value == 0 and not is_partial(layer, path)
    )
    partial = _partial(layers, path)
    return DepthCurve(words, color, values, low, high, predicted, gaps, zeros, partial)


def _measured(layer: LayerStatistics, path: str) -> Values:
    """A layer's figure and the ends of its band, None where there is no such number."""
    over = figures.spread(layer, path)
    if over is None or path in layer.unresolved:
        return resolved(layer, path), None, None
    if over.std is None:
        return over.mean, None, None
    return over.mean, over.mean - over.std, over.mean + over.std


def _gap(layer: LayerStatistics, path: str, dtype: str) -> str:
    """Why a layer has no value of the figure at a path."""
    if path not in layer.unresolved:
        return ABSENT
    where = "lost to" if layer.unresolved[path] is None else "below"
    return f"{where} the resolution of {dtype}"


def _partial(layers: Sequence[LayerStatistics], path: str) -> str:
    """Of which values the figure is: `of 160 to 3,906 finite values in layers 1 to 4`.

    Nothing is said where all values are finite. Of the pre-activations, whose shares are saturated,
    it is not known how many are.
    """
    counts = {}
    for number, layer in enumerate(layers, 1):
        of = values_of(layer, path)
        if of is not None and of.nonfinite and resolved(layer, path) is not None:
            counts[number] = finite(of.histogram)
    if not counts:
        return ""
    least, most = min(counts.values()), max(counts.values())
    number_of = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    if path.startswith("saturation."):
        number_of = "the"
    return f"of {number_of} finite values in {layer_words(list(counts))}"
