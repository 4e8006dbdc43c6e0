"""Page -> Drawing: where everything stands, so that no text meets another or leaves the page."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.engine import drawing as shapes
from weightinit_cli.plots.engine.drawing import INK, RULE, Box, Drawing, Label, polyline
from weightinit_cli.plots.engine.fonts import drawable, elide, fit, paragraph, width_of
from weightinit_cli.plots.engine.heading import (
    LINE,
    MARGIN,
    NOTE_LINE,
    ROW_GAP,
    head_items,
    heading_items,
    wrapped,
)
from weightinit_cli.plots.engine.legend import (
    BAR,
    BAR_ABOVE,
    BAR_GAP,
    LEGEND_GAP,
    TABLE_GAP,
    bar_above,
    bar_beside,
    bar_name,
    fits_beside,
    legend_above,
    legend_below,
    legend_beside,
    legend_width,
    outline,
)
from weightinit_cli.plots.engine.look import PLAIN, painted
from weightinit_cli.plots.engine.marks import shapes_of
from weightinit_cli.plots.engine.names import settled
from weightinit_cli.plots.engine.page import SMALL, TEXT, Break, Dots, Page, Panel, Row, Words
from weightinit_cli.plots.engine.ticks import FRAME, TICK, across, level_places, upwards, widest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.plots.engine.drawing import Align, Color, Item
    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.plots.engine.page import (
        Note,
        Remark,
    )


BESIDE = 7.0  # from a panel to the names of its curves
MOST_BESIDE = 0.3  # of the page's width
LEAST_PANELS = 0.5  # of the page's width, for a legend to stand beside them
LEAST_BESIDE_BAR = 180.0  # narrower panels have their bar above
SMALLEST_NOTE, SMALLEST_NAME = 5.8, 6.5
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
    parts.append(shapes.moved_all(foot, MARGIN, y))
    y += high
    legend = page.legend
    if legend is not None and layout.legend == "below":
        below, high = legend_below(legend, layout.width - 2 * MARGIN)
        parts.append(shapes.moved_all(below, MARGIN, y + high))
        y += high + 6
    bottom = y
    for row in reversed(layout.rows):
        items, own, y = _row(row, layout, y)
        parts.append(items)
        panels = [*own, *panels]
        y += 0.0 if row is layout.rows[0] else ROW_GAP
    if legend is not None and layout.legend == "beside":
        box = Box(layout.right + LEGEND_GAP, bottom, layout.legend_width, y - bottom)
        parts.append(legend_beside(legend, box))
    if legend is not None and layout.legend == "above":
        table, high = legend_above(legend, layout.width - 2 * MARGIN)
        y += TABLE_GAP + high
        parts.append(shapes.moved_all(table, MARGIN, y))
    heading, high = heading_items(page.heading, layout.width, titled=look.title)
    height = y + high
    parts.append(shapes.moved_all(heading, 0.0, height))
    every = tuple(item for part in reversed(parts) for item in part)
    return painted(Drawing(layout.width, height, every, tuple(panels)), look)


def _foot(lines: Sequence[Note], room: float) -> tuple[list[Item], float]:
    """Notes at the page's lower side, from 0 upwards, and how high they are."""
    items: list[Item] = []
    y = 0.0
    for text, color in reversed(lines):
        for line in reversed(wrapped((text,), room, SMALL)):
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
        wide = legend_width(legend)
        place = "above" if legend.above else "beside"
        least = max([LEAST_PANELS * (width or 0.0), *(row.narrowest for row in page.rows)])
        narrow = width is not None and width - left - right - LEGEND_GAP - wide - MARGIN < least
        if place == "beside" and (narrow or not fits_beside(legend, page.rows)):
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
            for forms, color in map(_in_forms, panel.notes)
            for line in _lines(forms, room)
        ))
        if panel.align == "left" else panel
        for panel in row.panels
    )  # fmt: skip
    return replace(row, panels=panels)


def _lines(forms: tuple[str, ...], room: float) -> list[str]:
    """A note in the first of its forms that has room on one line, else the fullest in several."""
    texts = [drawable(form) for form in forms]
    text = next((each for each in texts if width_of(each, SMALL) <= room), texts[0])
    return paragraph(text, SMALL, room, MOST_NOTE_LINES)


def _bars_above(row: Row, width: float) -> Row:
    """The row with colour bars above panels that would be too narrow with bars beside them."""
    last = row.panels[-1]
    if last.bar is None or width - _left(row) - _after(last, width) - MARGIN >= row.narrowest:
        return row
    return _bars_moved(row)


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
        head, top = head_items(row.head, top, layout.width)
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
    text, size = fit(words, TEXT, max(box.height + 14, 30.0), SMALLEST_NAME)
    return Label(x, box.y + box.height / 2, text, size, upright=True)


def _panel(panel: Panel, box: Box, beside: float) -> list[Item]:
    """What stands within a panel, its sides, the names of its curves and its colour bar."""
    items: list[Item] = []
    if panel.rules and not all(isinstance(mark, Words) for mark in panel.marks):
        said = any(isinstance(mark, Break) and mark.words for mark in panel.marks)
        top = box.top - (SMALL + 2 if said else 0)  # none through how high a cut bar is
        heights = [y for y, _ in level_places(panel.y, box) if box.y + 1 < y <= top]
        items += [polyline([(box.x, y), (box.right, y)], RULE) for y in heights]
    if panel.frame == "open":
        corners = [(box.x, box.top), (box.x, box.y), (box.right, box.y)]
        items.append(polyline(corners, INK, FRAME))
    framed = panel.frame != "closed"
    for mark in panel.marks:
        if not framed and isinstance(mark, Dots):
            items.append(outline(box))
            framed = True
        items += shapes_of(mark, panel, box)
    items += [] if framed else [outline(box)]
    if panel.bar is not None:
        items += bar_above(panel.bar, box) if panel.bar.above else bar_beside(panel.bar, box)
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
    lines = max((len(bar_name(bar, row.wide)) for bar in bars), default=0)
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
        if not any(any(forms) for forms, _ in every):
            continue
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
