"""What stands above panels: the title with its lines and keys, and the names of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine import drawing as shapes
from weightinit_cli.plots.engine.drawing import MUTED, RULE, Box, Label, polyline
from weightinit_cli.plots.engine.fonts import drawable, fit, paragraph, width_of, wrap
from weightinit_cli.plots.engine.page import SMALL, TEXT, TITLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.drawing import Item
    from weightinit_cli.plots.engine.page import (
        Head,
        Heading,
        Key,
    )

MARGIN = 10.0
LINE = 1.35  # from one line of text to the next, times its size
NOTE_LINE = 10.0
SEPARATOR = " · "
ROW_GAP = 12.0
KEY_SWATCH, KEY_GAP = 16.0, 14.0


def head_items(head: Head, y: float, width: float) -> tuple[list[Item], float]:
    """A row's name above all else of it, and its upper side.

    What it is stands beside the name, or below it where it has no room there.
    """
    room = width - 2 * MARGIN
    name, size = fit(drawable(head.name), 10.0, room, 8.0)
    place = width_of(name, size) + 8
    beside = drawable(SEPARATOR.join(head.beside))
    fits = place + width_of(beside, TEXT) <= room
    every = [*head.lines] if fits else [(head.beside, MUTED), *head.lines]
    lines = [(line, color) for parts, color in every for line in wrapped(parts, room)]
    y += 6
    below = [
        Label(MARGIN, y + k * LINE * TEXT, line, TEXT, color)
        for k, (line, color) in enumerate(reversed(lines))
    ]
    y += len(lines) * LINE * TEXT
    items: list[Item] = []
    if name or beside:
        items.append(Label(MARGIN, y, name, size))
        items += [Label(MARGIN + place, y, beside, TEXT, MUTED)] if beside and fits else []
        y += 10.0 + 4
    items += reversed(below)
    if head.rule:
        items.append(polyline([(MARGIN, y), (width - MARGIN, y)], RULE))
        y += 2
    return items, y


def wrapped(parts: Sequence[str], room: float, size: float = TEXT) -> list[str]:
    """Parts of a sentence in at most three lines; in four where a part is longer than a line.

    In a narrow picture there are more of them.
    """
    texts = [drawable(part) for part in parts if part]
    if not texts:
        return []
    more = max(round(640 / max(room, 1.0)) - 1, 0)
    if any(width_of(text, size) > room for text in texts):
        lines = paragraph(SEPARATOR.join(texts), size, room, 4 + 2 * more)
        return [line.strip(SEPARATOR) for line in lines]
    return wrap(texts, SEPARATOR, size, room, 3 + 2 * more)


def heading_items(heading: Heading, width: float, *, titled: bool) -> tuple[list[Item], float]:
    """Title, lines and keys below 0, and how high they are."""
    room = width - 2 * MARGIN
    items: list[Item] = []
    y = -MARGIN
    if titled:
        title, size = fit(drawable(heading.title), TITLE, room, 0.7 * TITLE)
        y -= TITLE
        items.append(Label(MARGIN, y, title, size))
        y -= (LINE - 1) * TITLE
        for parts, color in heading.lines:
            for line in wrapped(parts, room):
                y -= LINE * TEXT
                items.append(Label(MARGIN, y + (LINE - 1) * TEXT, line, TEXT, color))
    for line_of_keys in _key_lines(heading.keys, room):
        baseline = y - LINE * TEXT + 2
        x = MARGIN
        for key in line_of_keys:
            shown, last = _key(key, x, baseline, room)
            items += shown
            y = min(y, last - 2)
            x += _key_width(key) + KEY_GAP
    return items, -y + 8


def _key_width(key: Key) -> float:
    return KEY_SWATCH + 4 + width_of(key.words, SMALL)


def _key_lines(keys: Sequence[Key], room: float) -> list[list[Key]]:
    lines: list[list[Key]] = []
    for key in keys:
        if lines and sum(map(_key_width, [*lines[-1], key])) + KEY_GAP * len(lines[-1]) <= room:
            lines[-1].append(key)
        else:
            lines.append([key])
    return lines


def _key(key: Key, x: float, baseline: float, room: float) -> tuple[list[Item], float]:
    """What is drawn and its words, of which what has no room is below; and their last line."""
    middle = baseline + 0.36 * SMALL
    swatch: Item = polyline([(x, middle), (x + KEY_SWATCH, middle)], key.color, 2.5)
    if key.band:
        swatch = shapes.rectangle(Box(x, middle - 3, KEY_SWATCH, 6), key.color, key.part)
    x += KEY_SWATCH + 4
    lines = paragraph(key.words, SMALL, room - KEY_SWATCH - 4, 2)
    last = baseline - NOTE_LINE * (len(lines) - 1)
    labels = [
        Label(x, baseline - k * NOTE_LINE, line, SMALL, MUTED) for k, line in enumerate(lines)
    ]
    return [swatch, *labels], last
