"""Drawing -> SVG for a page of HTML: small, its text as text, its colours the page's to change.

Coordinates are whole fifths of points. What has the same colour and stroke is one path, also where
other items stand between that it does not meet. Colours that a dark page replaces are classes,
for which a page has `color_classes` and `color_variables` in its style sheet.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from html import escape
from io import BytesIO
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.errors import printable
from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    RULE,
    WHITE,
    Area,
    Cells,
    Dots,
    Label,
    Line,
)
from weightinit_cli.plots.engine.look import on_dark
from weightinit_cli.plots.engine.page import Page
from weightinit_cli.plots.engine.paint import OUTLINES

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.drawing import Color, Drawing
    from weightinit_cli.plots.engine.page import Panel, Row

Bounds = tuple[float, float, float, float]
Shape = Area | Line | Dots | Cells

PARTS = 5  # of a point
PIXELS = 96 / 72  # of CSS, in a point
MOST_DESCRIBED = 12  # panels, or texts
ANCHORS = {"left": "", "center": "m", "right": "e"}
# The classes of the colours that a dark page replaces.
NAMES: dict[Color, str] = {
    INK: "ink",
    MUTED: "mut",
    RULE: "rul",
    WHITE: "pap",
    **{hue: f"h{k}" for k, hue in enumerate(HUES)},
}


class _Group(NamedTuple):
    """The markup before and after what is drawn alike, that itself, and where it lies."""

    style: str
    end: str
    parts: list[str]
    bounds: Bounds


def inline(drawing: Drawing, words: str) -> str:
    """The picture as an element `svg` that `words` describe to whoever does not see it."""
    groups: list[_Group] = []
    labels: dict[str, list[str]] = {}
    for item in drawing.items:
        if isinstance(item, Label):
            style, text = _label(item, drawing.height)
            labels.setdefault(style, []).append(text)
        else:
            _add(groups, item, drawing.height)
    shapes = "".join(f"{group.style}{''.join(group.parts)}{group.end}" for group in groups)
    texts = "".join(f"<g {style}>{''.join(parts)}</g>" for style, parts in labels.items())
    size = f"{round(drawing.width * PARTS)} {round(drawing.height * PARTS)}"
    wide, said = round(drawing.width * PIXELS), escape(printable(words))
    begin = f'<svg viewBox="0 0 {size}" width="{wide}" role="img" aria-label="{said}">'
    return f"{begin}{shapes}{texts}</svg>"


def lean(page: Page, most_rows: int | None = None) -> Page:
    """The page with less on it: no notes, no rules, and words once of panels with the same axis."""
    return replace(page, rows=tuple(map(_lean_row, page.rows[:most_rows])))


def _lean_row(row: Row) -> Row:
    first = row.panels[0].x if row.panels else None
    panels = (
        replace(
            panel,
            notes=(),
            rules=False,
            x=panel.x if number == 0 or panel.x != first else replace(panel.x, labelled=False),
        )
        for number, panel in enumerate(row.panels)
    )
    return replace(row, panels=tuple(panels))


def described(name: str, picture: Page | Drawing, drawing: Drawing) -> str:
    """What is in a picture, in words for whoever does not see it: its panels and their notes.

    Where panels have no names, what is written first on the drawing.
    """
    rows = picture.rows if isinstance(picture, Page) else ()
    panels = [words for row in rows for words in map(_words, row.panels) if words]
    return f"{name}: {'; '.join((panels or drawing.texts)[:MOST_DESCRIBED])}"


def _words(panel: Panel) -> str:
    notes = (note if isinstance(note, str) else note[0] for note, _ in panel.notes)
    return ", ".join(filter(None, (panel.words, *notes)))


def color_variables(*, dark: bool) -> str:
    """The colours of pictures as variables of a style sheet, by their classes' names."""
    return "".join(
        f"--{name}:{_hex(on_dark(color) if dark else color)};" for color, name in NAMES.items()
    )


def color_classes() -> str:
    """The rules of the classes that pictures use: of what is filled, and of strokes."""
    return "".join(
        f"svg .{name}{{fill:var(--{name})}}svg .s{name}{{stroke:var(--{name})}}"
        for name in NAMES.values()
    )


def _add(groups: list[_Group], item: Shape, height: float) -> None:
    """Add what is drawn to the last group like it, unless it would come below what covers it."""
    style, end, part, bounds = _shape(item, height)
    if not part:
        return
    for number in range(len(groups) - 1, -1, -1):
        group = groups[number]
        if group.style == style and end:
            group.parts.append(part)
            groups[number] = group._replace(bounds=_union(group.bounds, bounds))
            return
        if _meet(group.bounds, bounds):
            break
    groups.append(_Group(style, end, [part], bounds))


def _meet(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _union(one: Bounds, other: Bounds) -> Bounds:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _shape(item: Shape, height: float) -> tuple[str, str, str, Bounds]:
    """What begins the element of an item, what ends it, what of the item stands in it, its bounds.

    Nothing ends an element that others are not to be joined to.
    """
    if isinstance(item, Cells):
        box = item.box
        low, high = (height - box.top) * PARTS, (height - box.y) * PARTS
        return "", "", _image(item, height), (box.x * PARTS, low, box.right * PARTS, high)
    lines = _placed(item, height)
    path = "".join(_line(line, closed=not _is_stroke(item)) for line in lines)
    bounds = _bounds(lines)
    if isinstance(item, Area) and item.opacity != 1:
        # What shines through is darker where it lies on itself, so it is never joined.
        shape = f'<path {_fill(item.color)} opacity="{item.opacity:g}" d="{path}"/>'
        return "", "", shape, bounds
    return f'<path {_looks(item)} d="', '"/>', path, bounds


def _is_stroke(item: Shape) -> bool:
    return isinstance(item, Line) or (isinstance(item, Dots) and item.shape == "disc")


def _looks(item: Area | Line | Dots) -> str:
    """The attributes that say how an item is painted; a disc is a stroke of no length."""
    if isinstance(item, Line):
        dash = " ".join(f"{each * PARTS:g}" for each in item.dash)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        return f"{_stroke(item.color, item.width)}{dashed}"
    if isinstance(item, Dots) and item.shape == "disc":
        return _stroke(item.color, 2 * item.radius, "dot ")
    return _fill(item.color)


def _placed(item: Area | Line | Dots, height: float) -> list[list[tuple[int, int]]]:
    """The lines through an item's points, in whole parts of points, from the upper side down."""
    points = item.vertices.tolist()
    if isinstance(item, Area):
        return [_whole(points, height)]
    if isinstance(item, Line):
        return [_whole(part, height) for part in _parts(points)]
    if item.shape == "disc":
        return [_whole([point], height) for point in points]
    outline = [(x * item.radius, y * item.radius) for x, y in OUTLINES[item.shape]]
    return [_whole([(x + dx, y + dy) for dx, dy in outline], height) for x, y in points]


def _parts(points: list[Any]) -> list[list[Any]]:
    """The stretches of a line between points that are nan."""
    stretches = groupby(points, key=lambda point: isnan(point[0]) or isnan(point[1]))
    return [list(stretch) for gap, stretch in stretches if not gap]


def _whole(points: list[Any], height: float) -> list[tuple[int, int]]:
    return [(round(x * PARTS), round((height - y) * PARTS)) for x, y in points]


def _bounds(lines: list[list[tuple[int, int]]]) -> Bounds:
    xs = [x for line in lines for x, _ in line]
    ys = [y for line in lines for _, y in line]
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0, 0, 0, 0)


def _fill(color: Color) -> str:
    name = NAMES.get(color)
    return f'fill="{_hex(color)}"' if name is None else f'class="{name}"'


def _stroke(color: Color, width: float, kind: str = "") -> str:
    """The attributes of a stroke; `kind` are more of its classes."""
    name = NAMES.get(color)
    wide = f'stroke-width="{width * PARTS:.3g}"'
    if name is None:
        return f'class="{kind}l" stroke="{_hex(color)}" {wide}'
    return f'class="{kind}l s{name}" {wide}'


def _hex(color: Color) -> str:
    digits = "".join(f"{round(255 * part):02x}" for part in color)
    return f"#{digits[::2]}" if digits[::2] == digits[1::2] else f"#{digits}"


def _line(points: list[tuple[int, int]], *, closed: bool) -> str:
    x, y = points[0]
    steps: list[tuple[int, int]] = []
    for to_x, to_y in points[1:]:
        step = (to_x - x, to_y - y)
        x, y = to_x, to_y
        if step == (0, 0):
            continue
        if steps and _is_straight_on(steps[-1], step):
            step = (steps[-1][0] + step[0], steps[-1][1] + step[1])
            steps[-1] = step
        else:
            steps.append(step)
    if closed and len(steps) > 1 and (x, y) == points[0]:
        steps.pop()  # which closing the line draws
    first_x, first_y = points[0]
    data, former = f"M{first_x}{_after(first_y)}", "M"
    for dx, dy in steps or [(0, 0)]:
        command = "h" if dy == 0 else "v" if dx == 0 else "l"
        numbers = {"h": f"{dx}", "v": f"{dy}", "l": f"{dx}{_after(dy)}"}[command]
        repeated = command == former == "l"
        data += ("" if numbers[0] == "-" else " ") + numbers if repeated else command + numbers
        former = command
    return data + "z" * closed


def _after(number: int) -> str:
    """A number behind another one."""
    return f"{number}" if number < 0 else f" {number}"


def _is_straight_on(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a step goes on as the one before, and not back."""
    return one[0] * other[1] == one[1] * other[0] and one[0] * other[0] + one[1] * other[1] > 0


def _label(label: Label, height: float) -> tuple[str, str]:
    """What labels of a kind share as attributes of their group, and the element of one."""
    anchor = "m" if label.upright else ANCHORS[label.align]
    name = NAMES.get(label.color) if label.color != WHITE else None
    own = "" if name is not None else f'fill="{_hex(label.color)}" '
    kind = " ".join(filter(None, (name, anchor)))
    style = f'{own}font-size="{label.size * PARTS:.3g}"'
    style = f'class="{kind}" {style}' if kind else style
    x, y = round(label.x * PARTS), round((height - label.y) * PARTS)
    place = f'x="{x}" y="{y}"'
    if label.upright:
        place = f'transform="translate({x} {y})rotate(-90)"'
    return style, f"<text {place}>{escape(label.text, quote=False)}</text>"


def _image(cells: Cells, height: float) -> str:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(cells.rgb)).save(file, "PNG", optimize=True)
    box = cells.box
    numbers = (box.x, height - box.top, box.width, box.height)
    x, y, wide, high = (round(each * PARTS) for each in numbers)
    return (
        f'<image class="px" x="{x}" y="{y}" width="{wide}" height="{high}" '
        f'preserveAspectRatio="none" '
        f'href="data:image/png;base64,{b64encode(file.getvalue()).decode()}"/>'
    )
