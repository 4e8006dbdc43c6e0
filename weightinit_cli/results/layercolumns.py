"""The columns of a table with a row per layer, as text with the numbers that it is written of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.results.figures import resolved
from weightinit_cli.results.told import Rounded
from weightinit_cli.results.words import (
    four_digits,
    gradient_of_finite,
    of_finite,
    share_words,
    table_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.results.figures import Figure
    from weightinit_cli.results.model import LayerStatistics

Z, FINITE, GRADIENT_FINITE, OUTSIDE = "z (std)", "finite", "grad. finite", "outside"
ALL = "all"


def columns_of(
    layers: Sequence[LayerStatistics], rows: Mapping[str, Figure]
) -> dict[str, list[str]]:
    """The cells of each column by its head: every figure of `rows` that tables show.

    Those of the gradient, and what figures leave out, where there is something to show.
    """
    found = _figures(layers, rows, gradient=False)
    finite = [_finite(of_finite(layer)) for layer in layers]
    of_gradient = [_finite(gradient_of_finite(layer)) for layer in layers]
    outside = [_outside(layer) for layer in layers]
    found |= {FINITE: finite} if any(cell != ALL for cell in finite) else {}
    found |= _figures(layers, rows, gradient=True)
    found |= {GRADIENT_FINITE: of_gradient} if any(cell != ALL for cell in of_gradient) else {}
    return found | ({OUTSIDE: list(outside)} if any(cell.value for cell in outside) else {})


def figure_cell(layer: LayerStatistics, path: str) -> Rounded:
    """A figure, or what is known of it."""
    return Rounded(table_words(layer, path), resolved(layer, path))


def _figures(
    layers: Sequence[LayerStatistics], rows: Mapping[str, Figure], *, gradient: bool
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, row in rows.items():
        if row.in_table and path.startswith("gradient.") == gradient:
            cells: list[str] = [figure_cell(layer, path) for layer in layers]
            if not gradient or any(cell != "-" for cell in cells):
                found[row.head] = cells
        if path == "std" and not gradient:
            z: list[str] = [_z(layer) for layer in layers]
            found |= {Z: z} if any(cell != "-" for cell in z) else {}
    return found


def _z(layer: LayerStatistics) -> Rounded:
    """How many standard errors std is from theory's."""
    predicted = layer.theory.figures.get("std") if layer.theory else None
    z = None if predicted is None else predicted.z
    return Rounded(f"{z:z.1f}" if z is not None and abs(z) < 1000 else four_digits(z), z)


def _outside(layer: LayerStatistics) -> Rounded:
    """How much lies outside the histogram's range."""
    outside = layer.histogram.underflow + layer.histogram.overflow
    share = outside / max(outside + sum(layer.histogram.counts), 1)
    return Rounded(share_words(share), share)


def _finite(words: str) -> str:
    """`of 160`, below the head that goes on with `finite`."""
    return words.removesuffix(" finite") or ALL
