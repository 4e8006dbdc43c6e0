"""Page -> Drawing: where everything stands, so that no text meets another or leaves the page."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.engine import drawing as shapes
from weightinit_cli.plots.engine.drawing import INK, MUTED, RULE, Box, Drawing, Label, polyline
from weightinit_cli.plots.engine.fonts import drawable, elide, fit, paragraph, width_of, wrap
from weightinit_cli.plots.engine.look import PLAIN, painted
from weightinit_cli.plots.engine.marks import markers, shapes_of
from weightinit_cli.plots.engine.names import settled
from weightinit_cli.plots.engine.page import SMALL, TEXT, TITLE, Dots, Page, Panel, Row, Words
from weightinit_cli.plots.engine.ticks import across, level_places, upwards, widest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.plots.engine.drawing import Align, Color, Item
    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.plots.engine.page import (
        ColorBar,
        Entry,
        Head,
        Heading,
        Key,
        Legend,
        Note,
        Remark,
    )

MARGIN = 10.0
TICK = 3.0
FRAME = 1.25
LINE = 1.35  # from one line of text to the next, times its size
NOTE_LINE = 10.0
SEPARATOR = " · "
ROW_GAP = 12.0
BESIDE = 7.0  # from a panel to the names of its curves
MOST_BESIDE = 0.3  # of the page's width
LEAST_PANELS = 0.5  # of the page's width, for a legend to stand beside them
BAR_GAP, BAR, BAR_ABOVE = 14.0, 11.0, 8.0
WIDEST_BAR = 220.0  # of a wide panel: as wide as that, it would look like a row of it
FEW_COLORS = 64  # of a colour bar: as areas they cost less than an image
LEAST_BESIDE_BAR = 180.0  # narrower panels have their bar above
SWATCH, SWATCH_GAP, MARKER = 14.0, 5.0, 2.8
KEY_SWATCH, KEY_GAP = 16.0, 14.0
LEGEND_GAP, ENTRY_LINE, SECOND_LINE = 14.0, 11.5, 9.5
WIDEST_ENTRY = 150.0
LEAST_BAR, MOST_BAR = 60.0, 260.0  # of a legend, in length
TABLE_GAP, CELL_GAP = 12.0, 18.0
BLOCK_GAP = 30.0
MOST_LINES = 12  # of a table before it stands in blocks beside each other
NARROWEST_NAME = 70.0
SMALLEST_NOTE = 5.8
MOST_NOTE_LINES = 4  # of one
LEAST_LOWERED = 0.65  # of a row's height, where its panels stand in several rows
LEAST_SHRUNK = 0.88  # of a note's size, before a shorter form is taken
CAPTION_LINES = 2
POWER_LINE = 11.0


def drawn(page: Page, look: Look = PLAIN) -> Drawing:
    """The picture as shapes in points; as wide as the page, or as `look` asks."""
    width = page.width if look.width is None else look.width / look.scale
    layout = layout_of(page, width, look)
    parts: list[list[Item]] = []  # from below
    panels: list[shapes.Panel] = []
    y = MARGIN
    foot, high = _foot(layout.foot, layout.width - 2 * MARGIN)
    parts.append(_moved(foot, MARGIN, y))
    y += high
    legend = page.legend
    if legend is not None and layout.legend == "below":
        below, high = _legend_below(legend, layout.width - 2 * MARGIN)
        parts.append(_moved(below, MARGIN, y + high))
        y += high + 6
    bottom = y
    for row in reversed(layout.rows):
        items, own, y = _row(row, layout, y)
        parts.append(items)
        panels = [*own, *panels]
        y += 0.0 if row is layout.rows[0] else ROW_GAP
    if legend is not None and layout.legend == "beside":
        box = Box(layout.right + LEGEND_GAP, bottom, layout.legend_width, y - bottom)
        parts.append(_legend_beside(legend, box))
    if legend is not None and layout.legend == "above":
        table, high = _table(legend, layout.width - 2 * MARGIN)
        y += TABLE_GAP + high
        parts.append(_moved(table, MARGIN, y))
    heading, high = _heading(page.heading, layout.width, titled=look.title)
    height = y + high
    parts.append(_moved(heading, 0.0, height))
    every = tuple(item for part in reversed(parts) for item in part)
    return painted(Drawing(layout.width, height, every, tuple(panels)), look)


def _foot(lines: Sequence[Note], room: float) -> tuple[list[Item], float]:
    """Notes at the page's lower side, from 0 upwards, and how high they are."""
    items: list[Item] = []
    y = 0.0
    for text, color in reversed(lines):
        for line in reversed(_wrapped((text,), room, SMALL)):
            items.append(Label(0.0, y, line, SMALL, color))
            y += NOTE_LINE
    return items, y + 4 if lines else 0.0


class Layout(NamedTuple):
    """The page's width, its rows as they have room, the panels' sides, and where the legend stands.

    What stands above panels may reach beyond their right side to `outer`. `foot` stands at the
    page's lower side.
    """

    width: float
    rows: tuple[Row, ...]
    left: float
    right: float
    outer: float
    legend: str
    legend_width: float
    foot: tuple[Note, ...]


def layout_of(page: Page, width: float | None, look: Look = PLAIN) -> Layout:
    """Where a page's parts stand at this width, at that of the rows where it is None."""
    if width is not None:
        page = replace(page, rows=tuple(_bars_above(row, width) for row in page.rows))
    legend, place, wide = page.legend, "", 0.0
    left = max((_left(row) for row in page.rows), default=MARGIN)
    right = max((_after(row.panels[-1], width) for row in page.rows), default=0.0)
    if legend is not None:
        wide = _legend_width(legend)
        place = "above" if legend.above else "beside"
        least = max([LEAST_PANELS * (width or 0.0), *(row.narrowest for row in page.rows)])
        narrow = width is not None and width - left - right - LEGEND_GAP - wide - MARGIN < least
        if place == "beside" and (narrow or not _fits(legend, page.rows)):
            place = "below"
    beyond = LEGEND_GAP + wide + MARGIN if place == "beside" else MARGIN
    rows = page.rows
    if width is None:
        natural = [
            left + sum(row.wide + _before(p, k, row) for k, p in enumerate(row.panels))
            + sum(_after(p, None) for p in row.panels[:-1])
            for row in page.rows
        ]  # fmt: skip
        width = max(natural, default=0.0) + right + beyond
    else:
        if width - left - right - beyond < LEAST_BESIDE_BAR:
            rows = tuple(map(_bars_moved, rows))
            right = max((_after(row.panels[-1], width) for row in rows), default=0.0)
        titles = [panel.title for panel in page.rows[0].panels] if page.rows else []
        for _ in range(2):  # another panel may be a row's first, with wider words beside it
            room = width - left - right - beyond
            folded = tuple(part for row in rows for part in _folded(row, room, titles))
            left = max([left, *map(_left, folded)])
        rows = folded
    rows = _equal(bars_once(rows), 72 / (look.dpi * look.scale))
    side = width - right - beyond
    if all(row.equal for row in rows):
        side = max((_boxes(row, left, width)[-1].right for row in rows), default=side)
    outer = side if place == "beside" else width - MARGIN
    rows, notes = settled([_noted(row, outer - left) for row in rows])
    return Layout(width, rows, left, side, outer, place, wide, (*page.foot, *notes))


def _noted(row: Row, room: float) -> Row:
    """The row with notes that begin at the panels' left sides in as many lines as they need."""
    room = room if len(row.panels) == 1 else row.wide
    panels = tuple(
        replace(panel, notes=tuple(
            (line, color)
            for (text, *_), color in map(_in_forms, panel.notes)
            for line in paragraph(drawable(text), SMALL, room, MOST_NOTE_LINES)
        ))
        if panel.align == "left" else panel
        for panel in row.panels
    )  # fmt: skip
    return replace(row, panels=panels)


def _bars_above(row: Row, width: float) -> Row:
    """The row with colour bars above panels that would be too narrow with bars beside them."""
    last = row.panels[-1]
    if last.bar is None or width - _left(row) - _after(last, width) - MARGIN >= row.narrowest:
        return row
    bars = [panel.bar and replace(panel.bar, above=True) for panel in row.panels]
    panels = zip(row.panels, bars, strict=True)
    return replace(row, panels=tuple(replace(panel, bar=bar) for panel, bar in panels))


def _equal(rows: tuple[Row, ...], pixel: float) -> tuple[Row, ...]:
    """The rows with panels as wide and high as a common unit of all that have equal units asks."""
    spans = {k: _spans(row) for k, row in enumerate(rows) if row.equal}
    if not spans:
        return rows
    unit = min(min(rows[k].wide / x, rows[k].height / y) for k, (x, y) in spans.items())
    unit = math.floor(unit / pixel + 1e-6) * pixel if unit >= 2 * pixel else unit
    return tuple(
        replace(row, wide=unit * spans[k][0], height=unit * spans[k][1]) if k in spans else row
        for k, row in enumerate(rows)
    )


def _spans(row: Row) -> tuple[float, float]:
    """How long the axes of a row's panels are, in their units."""
    first = row.panels[0]
    return first.x.high - first.x.low, first.y.high - first.y.low


def _bars_moved(row: Row) -> Row:
    """The row with its colour bars above the panels."""
    panels = tuple(
        replace(panel, bar=replace(panel.bar, above=True)) if panel.bar else panel
        for panel in row.panels
    )
    return replace(row, panels=panels)


def bars_once(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows without the bars that already stand above the panels of the row before."""
    found = list(rows[:1])
    for before, row in pairwise(rows):
        bars = [panel.bar for panel in row.panels]
        same = len(bars) == len(before.panels) and all(
            bar is not None and bar.above and bar is panel.bar
            for bar, panel in zip(bars, before.panels, strict=True)
        )
        panels = tuple(replace(panel, bar=None) for panel in row.panels) if same else row.panels
        found.append(replace(row, panels=panels))
    return tuple(found)


def _left(row: Row) -> float:
    """From the page's side to a row's first panel."""
    axis = row.panels[0].y
    name = TEXT + 6 if axis.name else 0.0
    words = widest(axis, row.height) if axis.labelled else 0.0
    return MARGIN + name + words + TICK + 2


def _before(panel: Panel, number: int, row: Row) -> float:
    """From the panel before it, what stands beside that one not counted."""
    if number == 0:
        return 0.0
    if not panel.y.labelled:
        return row.gap
    name = TEXT + 6 if panel.y.name else 0.0
    return row.gap + name + widest(panel.y, row.height) + TICK + 2


def _after(panel: Panel, width: float | None) -> float:
    """To the right of a panel: its colour bar, or the names of its curves."""
    if panel.bar is not None and not panel.bar.above:
        words = widest(panel.bar.axis)
        return BAR_GAP + BAR + TICK + 2 + words + 8 + TEXT
    if panel.beside:
        words = max(width_of(text, SMALL) for _, text, _ in panel.beside)
        return BESIDE + min(words, MOST_BESIDE * (width or math.inf))
    return 6.0


def _folded(row: Row, room: float, titles: Sequence[str]) -> Iterator[Row]:
    """The row, or its panels in several rows where they would be too narrow beside each other.

    These then need the titles of the page's first row, which no longer stand above them.
    """
    number = len(row.panels)
    while number > 1 and _panel_width(row, row.panels[:number], room) < row.narrowest:
        number -= 1
    lines = -(-len(row.panels) // number)
    number = -(-len(row.panels) // lines)
    wide = _panel_width(row, row.panels[:number], room)
    lowered = min(max(wide / row.wide, LEAST_LOWERED), 1.0) if lines > 1 and not row.equal else 1.0
    for start in range(0, len(row.panels), number):
        panels = row.panels[start : start + number]
        if lines > 1 and len(titles) == len(row.panels):
            named = zip(panels, titles[start:], strict=False)
            panels = tuple(replace(panel, title=panel.title or title) for panel, title in named)
        if start and not panels[0].y.labelled:
            panels = (replace(panels[0], y=replace(panels[0].y, labelled=True)), *panels[1:])
        last = start + number >= len(row.panels)
        if row.caption and not last:
            panels = tuple(replace(each, x=replace(each.x, name="")) for each in panels)
        yield replace(
            row,
            panels=panels,
            wide=wide,
            height=lowered * row.height,
            head=None if start else row.head,
            caption=row.caption if last else "",
            ticks=row.ticks or lines > 1,
        )


def _panel_width(row: Row, panels: Sequence[Panel], room: float) -> float:
    beside = sum(_before(p, k, row) for k, p in enumerate(panels))
    beside += sum(_after(p, room) for p in panels[:-1])
    return (room - beside) / len(panels)


@dataclass(frozen=True, slots=True)
class _Heights:
    """How much room a row needs below and above its panels."""

    foot: float
    ticks: float
    above: float


def _row(row: Row, layout: Layout, y: float) -> tuple[list[Item], list[shapes.Panel], float]:
    """Everything of a row from `y` upwards, its panels, and its upper side."""
    boxes = _boxes(row, layout.left, layout.width)
    deep = 0.0
    foot: list[Item] = []
    for panel, box in zip(row.panels, boxes, strict=True):
        if row.ticks:
            deep = max(deep, across(panel.x, box.width, row.gap).depth)
    powers = row.ticks and any(_power(panel, row) for panel in row.panels)
    captions, high = _captions(row, boxes, y, layout.width)
    foot += captions
    y += high
    y += POWER_LINE if powers else 0.0
    y += deep
    boxes = [replace(box, y=y) for box in boxes]
    items = foot
    for k, (panel, box) in enumerate(zip(row.panels, boxes, strict=True)):
        items += _panel(panel, box, _after(panel, layout.width) - BESIDE)
        if panel.y.labelled:
            items += upwards(panel.y, box)
            x = MARGIN + TEXT if k == 0 else box.x - TICK - 2 - widest(panel.y, row.height) - 6
            items += [_upright(panel.y.words, x, box)] if panel.y.name else []
        if row.ticks:
            items += across(panel.x, box.width, row.gap).items(box)
            if _power(panel, row):
                place = box.y - across(panel.x, box.width, row.gap).depth - POWER_LINE + 2
                power = f"× 1e{panel.x.power}"
                items.append(Label(box.x + box.width / 2, place, power, SMALL, align="center"))
    top = boxes[0].top
    notes = _notes(row, layout)
    lines = max(map(len, notes))
    for panel, own, box in zip(row.panels, notes, boxes, strict=True):
        items += _above(panel, own, box, row, lines, layout)
    top += _above_height(row, lines)
    if row.head is not None:
        head, top = _head(row.head, top, layout.width)
        items = [*head, *items]
    found = [
        shapes.Panel(panel.words, box, (panel.x.low, panel.x.high), (panel.y.low, panel.y.high))
        for panel, box in zip(row.panels, boxes, strict=True)
    ]
    return items, found, top


def _captions(row: Row, boxes: Sequence[Box], y: float, width: float) -> tuple[list[Item], float]:
    """The name of all x axes, or that of each, within the page, and how high they are."""
    room = width - 2 * MARGIN
    if row.caption:
        names = [(row.caption, (boxes[0].x + boxes[-1].right) / 2, room)]
    elif row.ticks and any(panel.x.name for panel in row.panels):
        rooms = [box.width + row.gap if row.panels[1:] else room for box in boxes]
        names = [
            (panel.x.words, box.x + box.width / 2, most)
            for panel, box, most in zip(row.panels, boxes, rooms, strict=True)
        ]
    else:
        return [], 0.0
    broken = [paragraph(words, TEXT, most, CAPTION_LINES) for words, _, most in names]
    most_lines = max(map(len, broken))
    labels: list[Item] = []
    for lines, (_, middle, _) in zip(broken, names, strict=True):
        for k, text in enumerate(lines):
            half = width_of(text, TEXT) / 2
            x = min(max(middle, MARGIN + half), width - MARGIN - half)
            line = y + (most_lines - 1 - k) * LINE * TEXT
            labels.append(Label(x, line, text, TEXT, align="center"))
    return labels, TEXT + 6 + (most_lines - 1) * LINE * TEXT


def _boxes(row: Row, left: float, width: float) -> list[Box]:
    """Where a row's panels stand across the page."""
    boxes = []
    x = left
    for k, panel in enumerate(row.panels):
        x += _before(panel, k, row)
        boxes.append(Box(x, 0.0, row.wide, row.height))
        x += row.wide + (_after(panel, width) if panel is not row.panels[-1] else 0.0)
    return boxes


def _power(panel: Panel, row: Row) -> bool:
    """Whether a panel's own power of ten stands beneath it: the caption has a common one."""
    return bool(panel.x.power) and len({each.x.power for each in row.panels}) > 1


def _upright(words: str, x: float, box: Box) -> Label:
    text = elide(words, TEXT, max(box.height + 14, 30.0))
    return Label(x, box.y + box.height / 2, text, TEXT, upright=True)


def _panel(panel: Panel, box: Box, beside: float) -> list[Item]:
    """What stands within a panel, its sides, the names of its curves and its colour bar."""
    items: list[Item] = []
    if panel.rules and not all(isinstance(mark, Words) for mark in panel.marks):
        heights = [y for y, _ in level_places(panel.y, box) if y > box.y + 1]
        items += [polyline([(box.x, y), (box.right, y)], RULE) for y in heights]
    if panel.frame == "open":
        corners = [(box.x, box.top), (box.x, box.y), (box.right, box.y)]
        items.append(polyline(corners, INK, FRAME))
    framed = panel.frame != "closed"
    for mark in panel.marks:
        if not framed and isinstance(mark, Dots):
            items.append(_outline(box))
            framed = True
        items += shapes_of(mark, panel, box)
    items += [] if framed else [_outline(box)]
    if panel.bar is not None:
        items += _bar_above(panel.bar, box) if panel.bar.above else _bar(panel.bar, box)
    return items + _beside(panel, box, beside)


def _beside(panel: Panel, box: Box, room: float) -> list[Item]:
    """Each curve's name at the height where it ends, moved apart where they would collide."""
    placed = sorted(
        (
            (box.y + min(max(part, 0.0), 1.0) * box.height, words, color)
            for value, words, color in panel.beside
            if not math.isnan(part := float(panel.y.parts(value)))
        ),
        key=lambda each: -each[0],
    )
    most = max(int(box.height // NOTE_LINE), 1)
    if len(placed) > most:
        placed = [placed[round(k * (len(placed) - 1) / max(most - 1, 1))] for k in range(most)]
    heights = spaced([y for y, _, _ in placed], box.y + 3, box.top - 3)
    return [
        Label(box.right + BESIDE, y - 0.36 * SMALL, elide(words, SMALL, room), SMALL, color)
        for y, (_, words, color) in zip(heights, placed, strict=True)
    ]


def spaced(heights: Sequence[float], low: float, high: float) -> list[float]:
    """Descending heights moved as little as keeps them a line apart and between the limits."""
    placed: list[float] = []
    for y in heights:
        y = min(y, high if not placed else placed[-1] - NOTE_LINE)
        placed.append(y)
    for k in reversed(range(len(placed))):
        floor = low if k + 1 == len(placed) else placed[k + 1] + NOTE_LINE
        placed[k] = max(placed[k], floor)
    return placed


def _above_height(row: Row, lines: int) -> float:
    """The room above a row's panels: bars of colours, above these titles with notes."""
    titled = any(panel.title for panel in row.panels)
    notes = NOTE_LINE * lines
    words = (TEXT + 3 if titled else 0.0) + notes + (4.0 if titled or notes else 0.0)
    return _bars_height(row) + words


def _bars_height(row: Row) -> float:
    bars = [panel.bar for panel in row.panels if panel.bar is not None and panel.bar.above]
    lines = max((len(_bar_name(bar, row.wide)) for bar in bars), default=0)
    return TICK + 1 + SMALL + 8 + BAR_ABOVE + 6 + TEXT + (lines - 1) * LINE * TEXT if bars else 0.0


class _Note(NamedTuple):
    """A note above a panel as it is written."""

    text: str
    size: float
    color: Color


def _notes(row: Row, layout: Layout) -> list[list[_Note]]:
    """Each panel's notes, line by line.

    Of a note in several forms, all panels have the fullest that has room in each of them.
    """
    left = row.panels[0].align == "left"
    room = row.wide + (0.0 if left else row.gap - 4)
    if left and len(row.panels) == 1:
        room = layout.outer - layout.left
    found: list[list[_Note]] = [[] for _ in row.panels]
    for line in zip_longest(*(panel.notes for panel in row.panels), fillvalue=("", INK)):
        every = list(map(_in_forms, line))
        most = max(len(forms) for forms, _ in every)
        for number in range(most):
            texts = [forms[min(number, len(forms) - 1)] for forms, _ in every]
            widest_ = max(width_of(text, SMALL) for text in texts)
            if widest_ * LEAST_SHRUNK <= room:
                break
        size = SMALL if widest_ <= room else max(SMALLEST_NOTE, 0.99 * SMALL * room / widest_)
        for own, text, (_, color) in zip(found, texts, every, strict=True):
            own.append(_Note(elide(text, size, room), size, color))
    return found


def _in_forms(note: Remark) -> tuple[tuple[str, ...], Color]:
    words, color = note
    return (words,) if isinstance(words, str) else words, color


def _above(
    panel: Panel, notes: Sequence[_Note], box: Box, row: Row, lines: int, layout: Layout
) -> list[Item]:
    """A panel's title and notes; equal notes of neighbours stand at equal heights."""
    left = panel.align == "left"
    room = layout.outer - box.x if left and len(row.panels) == 1 else box.width
    room += 0.0 if left else row.gap - 4
    x = box.x if left else box.x + box.width / 2
    align: Align = "left" if left else "center"
    items: list[Item] = []
    top = box.top + _bars_height(row) + 4 + NOTE_LINE * lines
    if panel.title:
        title = elide(panel.title, TEXT, room)
        items.append(Label(x, top + 2, title, TEXT, align=align))
    for k, (text, size, color) in enumerate(notes):
        if text:
            items.append(Label(x, top - (k + 1) * NOTE_LINE + 2, text, size, color, align))
    return items


def _head(head: Head, y: float, width: float) -> tuple[list[Item], float]:
    """A row's name above all else of it, and its upper side.

    What it is stands beside the name, or below it where it has no room there.
    """
    room = width - 2 * MARGIN
    name, size = fit(drawable(head.name), 10.0, room, 8.0)
    place = width_of(name, size) + 8
    beside = drawable(SEPARATOR.join(head.beside))
    fits = place + width_of(beside, TEXT) <= room
    every = [*head.lines] if fits else [(head.beside, MUTED), *head.lines]
    lines = [(line, color) for parts, color in every for line in _wrapped(parts, room)]
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


def _wrapped(parts: Sequence[str], room: float, size: float = TEXT) -> list[str]:
    """Parts of a sentence in at most two lines; in three where a part is longer than a line.

    In a narrow picture there are more of them.
    """
    texts = [drawable(part) for part in parts if part]
    if not texts:
        return []
    more = max(round(640 / max(room, 1.0)) - 1, 0)
    if any(width_of(text, size) > room for text in texts):
        return paragraph(SEPARATOR.join(texts), size, room, 3 + 2 * more)
    return wrap(texts, SEPARATOR, size, room, 2 + 2 * more)


def _heading(heading: Heading, width: float, *, titled: bool) -> tuple[list[Item], float]:
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
            for line in _wrapped(parts, room):
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


def _bar(bar: ColorBar, box: Box) -> list[Item]:
    """The colours from the low end upwards, named at their right."""
    place = Box(box.right + BAR_GAP, box.y, BAR, box.height)
    x = place.right + TICK + 2 + widest(bar.axis, box.height) + 8 + 0.72 * TEXT
    items: list[Item] = [*_colors(bar, place, upright=True), _outline(place)]
    for y, text in level_places(bar.axis, place):
        items.append(polyline([(place.right, y), (place.right + TICK, y)], INK, FRAME))
        items.append(Label(place.right + TICK + 2, y - 0.36 * SMALL, text, SMALL))
    name = elide(SEPARATOR.join(bar.name), TEXT, max(box.height + 14, 30.0))
    return [*items, Label(x, box.y + box.height / 2, name, TEXT, upright=True)]


def _bar_above(bar: ColorBar, box: Box) -> list[Item]:
    """The colours from left to right, with ticks below and the name above."""
    wide = min(box.width, WIDEST_BAR)
    place = Box(box.x, box.top + 8 + SMALL + 1 + TICK, wide, BAR_ABOVE)
    items: list[Item] = [*_colors(bar, place, upright=False), _outline(place)]
    items += [
        Label(place.x, place.top + 6 + k * LINE * TEXT, line, TEXT)
        for k, line in enumerate(reversed(_bar_name(bar, box.width)))
    ]
    return items + across(bar.axis, place.width, 0.0).items(place)


def _bar_name(bar: ColorBar, width: float) -> list[str]:
    """The name of a bar above a panel, in two lines where one has no room, or three."""
    room = width + 8
    if any(width_of(part, TEXT) > room for part in bar.name):
        return paragraph(SEPARATOR.join(bar.name), TEXT, room, 3)
    return wrap(list(bar.name), SEPARATOR, TEXT, room, 2)


def _colors(bar: ColorBar, place: Box, *, upright: bool) -> list[Item]:
    """A bar's colours from its low end on: few as areas, each over all that follow, so that no seam
    is seen; many as an image.
    """  # noqa: D205
    number = len(bar.rgb)
    if number > FEW_COLORS:
        return [shapes.Cells(place, bar.rgb[::-1, None, :] if upright else bar.rgb[None, :, :])]
    items: list[Item] = []
    for k, (red, green, blue) in enumerate((bar.rgb / 255).tolist()):
        part = k / number
        x, y = (0.0, part * place.height) if upright else (part * place.width, 0.0)
        rest = Box(place.x + x, place.y + y, place.width - x, place.height - y)
        items.append(shapes.rectangle(rest, (red, green, blue)))
    return items


def _outline(box: Box) -> Item:
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    return polyline([*corners, corners[0]], INK, FRAME)


def _entry_width(entry: Entry) -> float:
    words = [entry.cells[0], *([entry.second[0]] if entry.second else [])]
    return SWATCH + SWATCH_GAP + min(max(width_of(w, SMALL) for w in words), WIDEST_ENTRY)


def _entry_height(entry: Entry) -> float:
    return ENTRY_LINE + (SECOND_LINE if entry.second else 0.0)


def _legend_width(legend: Legend) -> float:
    widths = [min(width_of(legend.title, TEXT), WIDEST_ENTRY)]
    widths += map(_entry_width, legend.entries)
    if legend.bar is not None:
        widths.append(BAR + TICK + 2 + widest(legend.bar.axis))
    return max(widths)


def _fits(legend: Legend, rows: Sequence[Row]) -> bool:
    """Whether all entries have room beside the panels."""
    room = sum(row.height + ROW_GAP for row in rows)
    bar = LEAST_BAR if legend.bar is not None else 0.0
    return TEXT + 6 + bar + sum(map(_entry_height, legend.entries)) <= room


def _swatch(entry: Entry, x: float, y: float) -> list[Item]:
    color = entry.color
    if entry.shape == "line":
        line = shapes.dashed([(x, y), (x + SWATCH, y)], color, 2.2, entry.dash)
        middle = np.array([[x + SWATCH / 2, y]])
        return [*line, *(markers(middle, entry.marker, MARKER, color) if entry.marker else ())]
    high = 6.0 if entry.shape == "band" else 8.0
    return [shapes.rectangle(Box(x, y - high / 2, SWATCH, high), color)]


def _entry(entry: Entry, x: float, baseline: float, room: float) -> list[Item]:
    items = _swatch(entry, x, baseline + 0.36 * SMALL)
    x += SWATCH + SWATCH_GAP
    room -= SWATCH + SWATCH_GAP
    words = elide(entry.cells[0], SMALL, room)
    items.append(Label(x, baseline, words, SMALL, entry.colors[0]))
    if entry.second is not None:
        words = elide(entry.second[0], SMALL, room)
        items.append(Label(x, baseline - SECOND_LINE, words, SMALL, entry.second[1]))
    return items


def _legend_beside(legend: Legend, box: Box) -> list[Item]:
    y = box.top - TEXT
    items: list[Item] = [Label(box.x, y, elide(legend.title, TEXT, box.width), TEXT)]
    y -= 5
    if legend.bar is not None:
        place = Box(box.x - BAR_GAP, box.y, 0.0, y - 3 - box.y)
        return items + _bar(legend.bar, place)[:-1]
    for entry in legend.entries:
        y -= ENTRY_LINE
        items += _entry(entry, box.x, y, box.width)
        y -= SECOND_LINE if entry.second else 0.0
    if legend.more:
        items.append(
            Label(box.x, y - ENTRY_LINE, elide(legend.more, SMALL, box.width), SMALL, MUTED)
        )
    return items


def _legend_below(legend: Legend, room: float) -> tuple[list[Item], float]:
    """The entries in columns below 0, and how high they are."""
    items: list[Item] = [Label(0.0, -TEXT, elide(legend.title, TEXT, room), TEXT)]
    y = -TEXT - 5
    if legend.bar is not None:
        bar = Box(0.0, y - 6 - BAR_ABOVE - 8 - SMALL - 1 - TICK, min(room, MOST_BAR), 0.0)
        unnamed = replace(legend.bar, axis=replace(legend.bar.axis, name=""))
        shown = _bar_above(unnamed, bar)
        return [*items, *shown], -bar.y
    wide = min(max(map(_entry_width, legend.entries), default=0.0), room)
    columns = max(int((room + LEGEND_GAP) // (wide + LEGEND_GAP)), 1)
    lines = -(-len(legend.entries) // columns)
    high = max(map(_entry_height, legend.entries), default=0.0)
    for k, entry in enumerate(legend.entries):
        column, line = divmod(k, lines)
        baseline = y - ENTRY_LINE - line * high
        items += _entry(entry, column * (wide + LEGEND_GAP), baseline, wide)
    return items, -y + lines * high + 3


class _Table(NamedTuple):
    """How wide the columns of a table are, and which words stand on lines of their own."""

    name: float
    cells: tuple[float, ...]
    wide: float
    beside: bool  # whether what is said below a name has room at the end of its line
    stacked: bool  # whether the cells stand below the name

    def rights(self) -> list[float]:
        """Where the columns end."""
        start = SWATCH + SWATCH_GAP + (-CELL_GAP if self.stacked else self.name)
        return [
            start + CELL_GAP + end for end in accumulate(self.cells, lambda a, b: a + CELL_GAP + b)
        ]

    def height(self, entry: Entry) -> float:
        lines = 1 + self.stacked + (entry.second is not None and not self.beside)
        return ENTRY_LINE + (lines - 1) * SECOND_LINE


def _table_of(legend: Legend, room: float) -> _Table:
    rows = [("", *legend.header), *(entry.cells for entry in legend.entries)]
    columns = zip_longest(*rows, fillvalue="")
    name, *cells = (max(width_of(words, SMALL) for words in column) for column in columns)
    seconds = [width_of(each.second[0], SMALL) + CELL_GAP for each in legend.entries if each.second]
    start, figures, second = (
        SWATCH + SWATCH_GAP,
        sum(cells) + CELL_GAP * len(cells),
        max(seconds, default=0.0),
    )
    beside = start + min(name, WIDEST_ENTRY) + figures + second <= room
    stacked = start + min(name, NARROWEST_NAME) + figures > room
    others = start + (0.0 if stacked else figures) + (second if beside else 0.0)
    name = min(name, room - others)
    return _Table(name, tuple(cells), others + name if beside else room, beside, stacked)


def _table(legend: Legend, room: float) -> tuple[list[Item], float]:
    """A line for each entry with its cells in columns below 0, and how high all is.

    Numbers stand at their columns' right sides. Many entries stand in several blocks beside each
    other; where there is no room, cells stand below the names.
    """
    table = _table_of(legend, room)
    number = max(int((room + BLOCK_GAP) // (table.wide + BLOCK_GAP)), 1)
    number = min(number, -(-len(legend.entries) // MOST_LINES))
    lines = -(-len(legend.entries) // number)
    items: list[Item] = []
    high = 0.0
    for k in range(number):
        some = legend.entries[k * lines : (k + 1) * lines]
        block, y = _block(some, legend.header, table)
        items += _moved(block, k * (table.wide + BLOCK_GAP), 0.0)
        high = max(high, y)
    if legend.more:
        high += ENTRY_LINE
        more = elide(legend.more, SMALL, room - SWATCH - SWATCH_GAP)
        items.append(Label(SWATCH + SWATCH_GAP, -high, more, SMALL, MUTED))
    return items, high


def _block(
    entries: Sequence[Entry], header: Sequence[str], table: _Table
) -> tuple[list[Item], float]:
    items: list[Item] = []
    x, y = SWATCH + SWATCH_GAP, 0.0
    rights = table.rights()
    if header:
        y -= ENTRY_LINE
        for right, words in zip(rights, header, strict=False):
            items.append(Label(right, y, words, SMALL, MUTED, "right"))
    for entry in entries:
        below = y - table.height(entry)
        y -= ENTRY_LINE
        items += _swatch(entry, 0.0, y + 0.36 * SMALL)
        items.append(Label(x, y, elide(entry.cells[0], SMALL, table.name), SMALL))
        y -= SECOND_LINE * table.stacked
        for right, words in zip(rights, entry.cells[1:], strict=False):
            if words:
                items.append(Label(right, y, words, SMALL, align="right"))
        if entry.second is not None:
            words, color = entry.second
            if table.beside:
                right = rights[-1] if rights else x + table.name
                items.append(Label(right + CELL_GAP, y, words, SMALL, color))
            else:
                text = elide(words, SMALL, table.wide - x)
                items.append(Label(x, y - SECOND_LINE, text, SMALL, color))
        y = below
    return items, -y


def _moved(items: Sequence[Item], dx: float, dy: float) -> list[Item]:
    return [shapes.moved(item, dx, dy) for item in items]
