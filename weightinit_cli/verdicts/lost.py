"""What a low precision loses of a layer: which of its parts overflow, or are flushed to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from weightinit_cli.numerals import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.results.model import LayerStatistics, Rounding

# The share of a layer's gradient that may be flushed, and from which on most of it is lost: then
# the rest no longer says which way the whole of it points.
MOST_FLUSHED: Final = 0.01
LOST: Final = 0.5
# What can be rounded of a layer, in the order of a run, in words; the gradient's parts last.
FORWARD: Final = {
    "weights": "weights",
    "biases": "biases",
    "preactivations": "pre-activations",
    "activations": "activations",
    "branch": "values of the branch",
}
BACKWARD: Final = {
    "gradient": "values of the gradient",
    "returned": "values of the gradient on its way",
    "weight_gradient": "entries of the weights' gradient",
}


def flushed_share(rounded: Mapping[str, Rounding] | None) -> float:
    """The largest share of a layer's gradient, or of its weights', that was flushed to zero."""
    parts = (rounded or {}).items()
    counted = [each for name, each in parts if name in BACKWARD]
    return max((each.flushed / each.values for each in counted if each.values), default=0.0)


def overflowed(figures: LayerStatistics, names: Mapping[str, str]) -> Iterator[str]:
    """Which parts of a layer overflowed, and how much of them: `12 of 300 weights`."""
    for name, words in names.items():
        part = (figures.rounded or {}).get(name)
        if part is not None and part.overflowed:
            yield f"{part.overflowed:,} of {part.values:,} {words} are too large for the dtype"


def where_overflowed(layers: Sequence[LayerStatistics]) -> tuple[int, str] | None:
    """The first layer, from 1, in which something overflows, and what; back from the last."""
    for number, figures in enumerate(layers, 1):
        for said in overflowed(figures, FORWARD):
            return number, said
    for number in range(len(layers), 0, -1):
        for said in overflowed(layers[number - 1], BACKWARD):
            return number, said
    return None


def where_lost(layers: Sequence[LayerStatistics]) -> tuple[int, float] | None:
    """The last layer, from 1, that loses most of its gradient to zero, and the share."""
    for number in range(len(layers), 0, -1):
        share = flushed_share(layers[number - 1].rounded)
        if share > LOST:
            return number, share
    return None


def said_of_lost(share: float, scale: int | None, *, of_several: bool) -> str:
    """How much of a gradient is flushed, and what was tried that keeps it, on one network."""
    kept = "no loss scale keeps it without an overflow"
    if scale is not None:
        kept = f"a loss scale of {scale:,} (2^{scale.bit_length() - 1}) keeps it"
    tried = "as tried on the first network" if of_several else "as tried"
    return f"{percent(share)} of the gradient is flushed to zero; {kept}, {tried}"
