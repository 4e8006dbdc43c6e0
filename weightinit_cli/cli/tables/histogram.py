"""The table of the histogram experiment: a row per layer, and the verdict."""

from __future__ import annotations

from itertools import pairwise
from math import inf, lcm
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
from weightinit_cli.results.figures import FIGURES, figure, resolved
from weightinit_cli.results.histogram import LOSS_HEAD, told
from weightinit_cli.results.layercolumns import (
    ALL,
    FINITE,
    GRADIENT_FINITE,
    OUTSIDE,
    Z,
    columns_of,
)
from weightinit_cli.results.model import is_healthy
from weightinit_cli.results.outputwords import logits_sentence, loss_sentence
from weightinit_cli.results.precisionwords import rounding_sentence
from weightinit_cli.results.told import Rounded
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import (
    below,
    figure_words,
    gradient_of_finite,
    is_rounded,
    of_blocks,
    of_finite,
    reconstructions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import LayerStatistics, Result

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
SATURATION = {FIGURES[path].head: path for path in ("saturation.low", "saturation.high")}
SHADED = 0.2
# Standard errors from theory that chance does not explain.
FAR_OFF = 5


def table(result: Result) -> list[str]:
    """Write a row per layer, and a line per verdict."""
    columns = _columns(result)
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


def _columns(result: Result) -> list[Column]:
    """Make the columns of every result, and those that this one has something to show in."""
    layers = result.layers
    numbers = [Cell(str(number), "cyan") for number in range(1, len(layers) + 1)]
    spare = {row.head: row.spare for row in FIGURES.values()} | {Z: 1}
    columns = columns_of(layers, told(result))
    return [
        Column("layer", numbers),
        *(
            Column(
                head,
                [Cell(text, _colour(head, text, layers[k])) for k, text in enumerate(cells)],
                spare=spare.get(head, 0),
            )
            for head, cells in columns.items()
        ),
    ]


def _colour(head: str, text: str, layer: LayerStatistics) -> str | None:
    """Return what sets a cell off: much that is saturated or far from theory, or values left out.

    relu's one flat end is flat by design.
    """
    if head in SATURATION:
        low, high = (resolved(layer, end) for end in SATURATION.values())
        much = low is not None and high is not None and low + high > SHADED
        return "yellow" if much else None
    if head in (FINITE, GRADIENT_FINITE):
        return None if text == ALL else "red"
    value = text.value if isinstance(text, Rounded) else None
    most = {Z: FAR_OFF, OUTSIDE: 0}.get(head, inf)
    return "yellow" if value is not None and abs(value) > most else None


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
