"""What stands above every picture: title, spec, verdict, and what lines and bands mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.axes import MARGIN
from weightinit_cli.plots.engine.drawing import (
    AMBER,
    MUTED,
    ORANGE,
    Box,
    Color,
    Item,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import drawable, fit, paragraph, width_of, wrap
from weightinit_cli.results.model import NOTE
from weightinit_cli.results.verdictwords import told
from weightinit_cli.results.words import described, full_name

if TYPE_CHECKING:
    from weightinit_cli.results.model import Result

TITLE_SIZE = 12.0
SUBTITLE_SIZE = 8.5
KEY_SIZE = 7.5
LINE = 1.35
SEPARATOR = " · "
SWATCH = 16.0
KEY_GAP = 14.0


class Key(NamedTuple):
    """A word to a line or, where `band`, to a filled stretch."""

    words: str
    color: Color
    band: bool = False

    @property
    def width(self) -> float:
        """With the swatch."""
        return SWATCH + 4 + width_of(self.words, KEY_SIZE)


THEORY = Key("mean-field theory", AMBER)
THEORY_IN_WORDS = Key("mean-field theory (figures in parentheses)", AMBER)


class Heading(NamedTuple):
    """The title with its size, lines below it, and keys to what is drawn."""

    title: str
    size: float
    lines: tuple[tuple[str, Color], ...]
    keys: tuple[Key, ...] = ()

    @property
    def height(self) -> float:
        """With the margin above."""
        keys = LINE * SUBTITLE_SIZE if self.keys else 0.0
        return MARGIN + LINE * (TITLE_SIZE + SUBTITLE_SIZE * len(self.lines)) + keys + 4

    def items(self, top: float) -> list[Item]:
        """All of it from the left margin on, below `top`."""
        baseline = top - MARGIN - TITLE_SIZE
        items: list[Item] = [Label(MARGIN, baseline, self.title, self.size)]
        baseline -= 2
        for line, color in self.lines:
            baseline -= LINE * SUBTITLE_SIZE
            items.append(Label(MARGIN, baseline, line, SUBTITLE_SIZE, color))
        x = MARGIN
        for key in self.keys:
            items += _key(key, x, baseline - LINE * SUBTITLE_SIZE)
            x += key.width + KEY_GAP
        return items


def _key(key: Key, x: float, baseline: float) -> list[Item]:
    y = baseline + 0.36 * KEY_SIZE
    swatch: Item = polyline([(x, y), (x + SWATCH, y)], key.color, 2.5)
    if key.band:
        swatch = rectangle(Box(x, y - 3, SWATCH, 6), key.color)
    return [swatch, Label(x + SWATCH + 4, baseline, key.words, KEY_SIZE, MUTED)]


def heading(result: Result, room: float, keys: tuple[Key, ...] = ()) -> Heading:
    """A result's heading within `room` points; keys that do not fit beside others are left out."""
    name = full_name(result.name, result.overrides)
    title, size = fit(drawable(name), TITLE_SIZE, room, 0.7 * TITLE_SIZE)
    lines = [(line, MUTED) for line in wrapped(described(result.spec), room)]
    lines += findings(result, room)
    return Heading(title, size, tuple(lines), fitting(keys, room))


def findings(result: Result, room: float) -> list[tuple[str, Color]]:
    """A result's verdicts, and why there is no theory, each line with its colour."""
    warnings: list[str] = []
    others: list[str] = []
    for each in told(result.verdict):
        parts = [each.label + each.rest, *filter(None, [each.consequences])]
        found = others if each.severity in (None, NOTE) else warnings
        found += [part.replace("_", " ") for part in parts]
    lines = [(line, ORANGE) for line in wrapped(warnings, room)]
    lines += [(line, MUTED) for line in wrapped(others, room)]
    if result.resolved.no_theory is not None:
        reason = wrapped([f"no theory: {result.resolved.no_theory}"], room)
        lines += [(line, MUTED) for line in reason]
    return lines


def titled(name: str, parts: list[str], room: float, keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of a picture of many runs: their name, and what all of them share."""
    title, size = fit(drawable(name), TITLE_SIZE, room, 0.7 * TITLE_SIZE)
    lines = tuple((line, MUTED) for line in wrapped(parts, room))
    return Heading(title, size, lines, fitting(keys, room))


def fitting(keys: tuple[Key, ...], room: float) -> tuple[Key, ...]:
    """As many of the keys as fit into one line."""
    while keys and sum(key.width + KEY_GAP for key in keys) - KEY_GAP > room:
        keys = keys[:-1]
    return keys


def wrapped(parts: list[str], room: float) -> list[str]:
    """Parts of a sentence in at most two lines; in three where a part is longer than a line."""
    texts = [drawable(part) for part in parts]
    if any(width_of(text, SUBTITLE_SIZE) > room for text in texts):
        return paragraph(SEPARATOR.join(texts), SUBTITLE_SIZE, room, 3)
    return wrap(texts, SEPARATOR, SUBTITLE_SIZE, room, 2)
