"""The table of the histogram experiment: a row per layer, and the verdict."""

from __future__ import annotations

from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import (
    Cell,
    Column,
    Layout,
    digits,
    layout_for,
    layouts,
    lean,
)
from weightinit_cli.cli.tables.verdicts import verdict_lines
from weightinit_cli.lines import wrapped
from weightinit_cli.results.comparison import SIGNAL, mean_gradient_ratio, ratio_is_unresolved
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.histogram import LOSS_HEAD, told
from weightinit_cli.results.model import is_healthy
from weightinit_cli.results.outputwords import logits_sentence, loss_sentence
from weightinit_cli.results.precisionwords import rounding_sentence
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import (
    below,
    figure_words,
    four_digits,
    gradient_of_finite,
    is_rounded,
    of_blocks,
    of_finite,
    reconstructions,
    share_words,
    table_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.results import LayerStatistics, Result
    from weightinit_cli.results.figures import Figure

RUN_HEADS = ("std", "std (inputs)", "grad. ratio", LOSS_HEAD, "verdict")
# What the columns show that are no single figure of a layer, here and in theory's table.
MEANINGS = {
    "finite": "how many of the layer's activations are finite numbers: its figures are of these, "
    "and leave out inf and nan",
    "grad. finite": "how many values of the gradient at this layer are finite numbers: its ratio "
    "compares these with those of the layer after, and leaves out inf and nan",
    "outside": "the share of activations outside the histogram's range",
    "histogram": "how the layer's activations are spread, from low to high",
    "q": "theory's variance of a pre-activation",
    "c": "theory's correlation of two inputs' pre-activations",
    "grad.": "the root mean square of the gradient: theory's, at the pre-activations; in a probe, "
    "of the loss's derivative by the value",
}
BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
SPARK_WIDTH = 30
SPARK_GOOD = 20
SPARK_HEAD = "histogram"
SATURATION = ("saturation.low", "saturation.high")
SHADED = 0.2
# Standard errors from theory that chance does not explain.
FAR_OFF = 5


def table(result: Result) -> list[str]:
    """Write a row per layer, and a line per verdict."""
    columns = _columns(result.layers, told(result))
    layout = _layout(columns)
    shown = layout
    if (room := _beside(layout)) >= len(SPARK_HEAD):
        levels = BLOCKS if terminal.takes(BLOCKS) else ASCII
        bars = [Cell(_spark(_counts(layer), levels, room)) for layer in result.layers]
        shown = layout.beside(Column(SPARK_HEAD, bars, words=True))
    lines = [*shown.dimmed_heads(), *shown.rows(), *layout.left_out(columns)]
    lines += wrapped(of_blocks(result.spec), terminal.room(), indent=2)
    for sentence in (loss_sentence(result), logits_sentence(result), rounding_sentence(result)):
        lines += terminal.fitted(sentence)
    lines += terminal.fitted(reconstructions(result.resolved.pretraining))
    return [*lines, *verdict_lines(result.verdict)]


def run_cells(result: Result) -> dict[str, Cell]:
    """Say most of a run: figures of the last layer, of all gradients, the loss, the root causes."""
    last = result.layers[-1]
    shown = [
        figure_words(last, path, figure(last, path), digits)
        for path in ("std", "std_across_inputs")
    ]
    lost = ratio_is_unresolved(result.layers)
    ratio = below(None) if lost else digits(mean_gradient_ratio(result.layers))
    loss = digits(None if result.output is None else result.output.loss)
    words = "; ".join(filter(None, (brief(result.verdict), *_of_finite(result))))
    cells = [
        *map(Cell, (*shown, ratio, loss)),
        Cell(words, "green" if is_healthy(result.verdict) else "red"),
    ]
    return dict(zip(RUN_HEADS, cells, strict=True))


def _of_finite(result: Result) -> list[str]:
    """Say which of the shown figures are of the finite values alone."""
    last = result.layers[-1]
    own = "" if last.std is None else of_finite(last)
    measured = [layer for layer in result.layers if resolved(layer, SIGNAL) is not None]
    gradient = next(filter(None, map(gradient_of_finite, measured)), "")
    known = gradient and mean_gradient_ratio(result.layers) is not None
    return [own, f"gradient {gradient}" if known else ""]


def _layout(columns: Sequence[Column]) -> Layout:
    """Choose the first with room for histograms, else the first that fits, else the narrowest."""
    room = terminal.room()
    full = layouts(columns, room)
    few = layouts(lean(columns), room)
    least = len(SPARK_HEAD)
    for needed, candidates in ((SPARK_GOOD, full), (least, full), (least, few)):
        for layout in candidates:
            if _beside(layout) >= needed:
                return layout
    return layout_for(columns, room)


def _beside(layout: Layout) -> int:
    """Return how much room is left for the histogram."""
    return layout.room - len(layout.gap)


def _columns(layers: Sequence[LayerStatistics], rows: Mapping[str, Figure]) -> list[Column]:
    """Make the columns of every result, and those that this one has something to show in."""
    finite = [_finite(of_finite(layer)) for layer in layers]
    of_gradient = [_finite(gradient_of_finite(layer)) for layer in layers]
    return [
        Column("layer", [Cell(str(number), "cyan") for number in range(1, len(layers) + 1)]),
        *_figures(layers, rows, gradient=False),
        *_coloured("finite", finite),
        *_figures(layers, rows, gradient=True),
        *_coloured("grad. finite", of_gradient),
        *_coloured("outside", [_outside(layer) for layer in layers]),
    ]


def _figures(
    layers: Sequence[LayerStatistics], rows: Mapping[str, Figure], *, gradient: bool
) -> list[Column]:
    """Make the columns of figures; those of the gradient where there is something to show."""
    columns = []
    for path, row in rows.items():
        if row.in_table and path.startswith("gradient.") == gradient:
            cells = [_cell(layer, path) for layer in layers]
            if not gradient or any(cell.text != "-" for cell in cells):
                columns.append(Column(row.head, cells, spare=row.spare))
        if path == "std" and not gradient:
            z = [_z(layer) for layer in layers]
            columns += [Column("z (std)", z, spare=1)] if any(c.text != "-" for c in z) else []
    return columns


def _coloured(head: str, cells: list[Cell]) -> list[Column]:
    """Make a column that is shown where a cell of it is set off."""
    return [Column(head, cells)] if any(cell.colour for cell in cells) else []


def _cell(layer: LayerStatistics, path: str) -> Cell:
    """Write a figure, or what is known of it; where much is saturated, the share is set off."""
    much = path in SATURATION and _is_saturated(layer)
    return Cell(table_words(layer, path), "yellow" if much else None)


def _is_saturated(layer: LayerStatistics) -> bool:
    """Tell whether both flat ends exist and hold much (relu's one is flat by design)."""
    low, high = (resolved(layer, end) for end in SATURATION)
    return low is not None and high is not None and low + high > SHADED


def _z(layer: LayerStatistics) -> Cell:
    """Write how many standard errors std is from theory's; set off where there are many."""
    predicted = layer.theory.figures.get("std") if layer.theory else None
    if predicted is None or predicted.z is None:
        return Cell("-")
    z = predicted.z
    shown = f"{z:.1f}" if abs(z) < 1000 else four_digits(z)
    return Cell(shown, "yellow" if abs(z) > FAR_OFF else None)


def _outside(layer: LayerStatistics) -> Cell:
    """Write how much lies outside the histogram's range."""
    outside = layer.histogram.underflow + layer.histogram.overflow
    share = outside / max(outside + sum(layer.histogram.counts), 1)
    return Cell(share_words(share), "yellow" if outside else None)


def _finite(words: str) -> Cell:
    """Write `of 160`, below the head that goes on with `finite`."""
    return Cell(words.removesuffix(" finite"), "red") if words else Cell("all")


def _counts(layer: LayerStatistics) -> Sequence[int]:
    """Return the histogram's counts; where it shows rounding alone, one full bin in the middle."""
    counts = layer.histogram.counts
    if not is_rounded(layer):
        return counts
    return [int(bin_ == len(counts) // 2) for bin_ in range(len(counts))]


def _spark(counts: Sequence[int], levels: str, room: int) -> str:
    """Draw the density as bars of text, at most SPARK_WIDTH of them; any count shows."""
    width = min(len(counts), SPARK_WIDTH, room)
    bounds = [bin_ * len(counts) // width for bin_ in range(width + 1)]
    groups = [counts[a:b] for a, b in pairwise(bounds)]
    scale = lcm(*map(len, groups))
    densities = [sum(group) * (scale // len(group)) for group in groups]
    most = max(densities)
    top = len(levels) - 1
    return "".join(levels[-(-one * top // most)] if most else levels[0] for one in densities)
