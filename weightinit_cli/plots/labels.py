"""What stands in words above the panels, and on their axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.numerals import percent
from weightinit_cli.plots import figures
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE, Color, Item, Label
from weightinit_cli.plots.engine.fonts import fit, width_of
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import of_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.binning import Shares
    from weightinit_cli.results.model import LayerStatistics

NOTE_SIZE = 7.5
NOTE_LINE = 10.0
SMALLEST_NOTE = 5.8

Note = tuple[str, Color]


def notes(
    layers: Sequence[LayerStatistics], shares: Sequence[Shares], room: float
) -> list[list[Note]]:
    """For each panel: figures, predicted ones beside them, and values that it does not show.

    Where some are not finite, of how many values the figures are.
    """
    matters = figures.saturation_matters(layers)
    stds = figure_notes(layers, "std", ("std ",), room)
    found: list[list[Note]] = []
    for layer, share, std in zip(layers, shares, stds, strict=True):
        lines: list[Note] = []
        if not share.empty:
            lines.append((std, MUTED))
            if matters:
                lines.append((_saturated(layer, room), MUTED))
            lines += [(of_finite(layer), ORANGE)] if layer.nonfinite else []
            lines += [(text, ORANGE) for text in unseen(share.below, share.above, share.nonfinite)]
        found.append(lines)
    return found


def figure_notes(
    layers: Sequence[LayerStatistics], path: str, names: Sequence[str], room: float
) -> list[str]:
    """A figure of each layer, all in the fullest form that has room everywhere."""
    pairs = [figures.versions(layer, path) for layer in layers]
    forms = [[name + pair[k] for pair in pairs] for k in (0, 1) for name in names]
    for form in forms:
        if all(width_of(text, NOTE_SIZE) <= room for text in form):
            return form
    return forms[-1]


def _saturated(layer: LayerStatistics, room: float) -> str:
    share = figures.saturated(layer, resolved)
    expected = figures.saturated(layer, figures.predicted)
    text = figures.beside(
        "?" if share is None else percent(share), None if expected is None else percent(expected)
    )
    long = f"saturated {text}"
    return long if width_of(long, NOTE_SIZE) <= room else f"sat. {text}"


def unseen(below: float, above: float, nonfinite: float) -> list[str]:
    """Shares that a panel cannot show."""
    pairs = ((below, "below"), (above, "above"), (nonfinite, "inf or nan"))
    return [f"{percent(share)} {words}" for share, words in pairs if share]


def note_items(middle: float, top: float, lines: Sequence[Note], room: float) -> list[Item]:
    """The notes, centred, one below the other, the first one's baseline at `top`."""
    items: list[Item] = []
    for k, (note, color) in enumerate(lines):
        if not note:
            continue
        text, size = fit(note, NOTE_SIZE, room, SMALLEST_NOTE)
        items.append(Label(middle, top - k * NOTE_LINE, text, size, color, "center"))
    return items


def x_label(exponent: int) -> str:
    """The name of the activations' axis, with the power of ten taken out of its ticks."""
    return f"activation (× 1e{exponent})" if exponent else "activation"


GROUPING = {
    "alike": "",
    "regrouped": "each layer's own bins regrouped into common ones",
    "own": "each layer on its own axis",
}
