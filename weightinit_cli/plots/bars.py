"""Words in a panel that has nothing else to show."""

from __future__ import annotations

from weightinit_cli.plots.engine.drawing import Box, Label
from weightinit_cli.plots.labels import NOTE_SIZE


def said_inside(box: Box, text: str, color: tuple[float, float, float]) -> Label:
    """Words in the middle of a panel that has nothing else to show."""
    middle = box.x + box.width / 2
    return Label(middle, box.y + box.height / 2, text, NOTE_SIZE, color, "center")
