"""What a picture says in words: the spec in its subtitle, and what a panel cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.fonts import drawable, fit, wrap
from weightinit_cli.plots.numbers import percent, two_digits
from weightinit_cli.results.describe import described

if TYPE_CHECKING:
    from weightinit_cli.plots.binning import Shares
    from weightinit_cli.results.model import Result

TITLE_SIZE = 12.0
SUBTITLE_SIZE = 8.5
SEPARATOR = " · "


def heading(result: Result, room: float) -> tuple[tuple[str, float], list[str]]:
    """The title with its size, and the subtitle's lines, within `room` points."""
    title = fit(drawable(result.name), TITLE_SIZE, room, 0.7 * TITLE_SIZE)
    subtitle = [drawable(part) for part in described(result.spec)]
    return title, wrap(subtitle, SEPARATOR, SUBTITLE_SIZE, room, 2)


def notes(shares: Shares, std: float | None) -> list[str]:
    """What belongs to a panel: its standard deviation, and values that it does not show."""
    if shares.empty:
        return []
    said = [f"std {two_digits(std)}"]
    if shares.below:
        said.append(f"{percent(shares.below)} below")
    if shares.above:
        said.append(f"{percent(shares.above)} above")
    if shares.nonfinite:
        said.append(f"{percent(shares.nonfinite)} inf or nan")
    return said


def x_label(exponent: int) -> str:
    """The name of the activations' axis, with the power of ten taken out of its ticks."""
    return f"activation (× 1e{exponent})" if exponent else "activation"


GROUPING = {
    "alike": "",
    "regrouped": "each layer's own bins regrouped into common ones",
    "own": "each layer on its own axis",
}
