"""A tree of nodes -> checked values -> a Spec."""

from __future__ import annotations

import hashlib
import re
from math import ulp
from typing import TYPE_CHECKING, Any

from weightinit_cli.spec.components import default_bias, needed_activation
from weightinit_cli.spec.fields import FIELDS, GRID
from weightinit_cli.spec.groups import read_fields
from weightinit_cli.spec.kinds import fits_as_name
from weightinit_cli.spec.model import Spec
from weightinit_cli.spec.nodes import MapNode, Node, marks_of, report_wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.errors import Mark
    from weightinit_cli.spec.report import Report

DEFAULT_LAYERS = 5


def read_values(root: Node, report: Report) -> dict[str, Any]:
    """The value of every key, defaults filled in; what is wrong goes to the report."""
    if not isinstance(root, MapNode):
        report_wrong(report, root, "", "a mapping of keys, such as activation: sigmoid")
        return {}
    values = read_fields((*FIELDS, *GRID), root, "", report)
    _fill_shapes(values, root, report)
    _check_range(values, root, report)
    if values["initializer"] is not None:
        _fill_by_initializer(values, root, report)
    return values


def build_spec(values: Mapping[str, Any], stem: str, marks: Mapping[str, Mark]) -> Spec:
    """The spec of checked values; where they give no name, it is the stem, slugged."""
    computed = {"layers", *(field.name for field in GRID)}
    given = {key: value for key, value in values.items() if key not in computed}
    return Spec(**{**given, "name": values["name"] or slug(stem)}, marks=marks)


def _fill_shapes(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Make `width` one number per layer, and `features` the first of them unless given."""
    width, layers = values["width"], values["layers"]
    if width is None or (layers is None and "layers" in root.entries):
        return
    if isinstance(width, int):
        width = (width,) * (layers or DEFAULT_LAYERS)
    elif layers not in (None, len(width)):
        mark = root.entries["width"][1].mark
        message = f"must have one number per layer ({layers}, by layers), not {len(width)}"
        report.add(mark, "width", message)
    values["width"] = width
    values["features"] = values["features"] or width[0]


def _check_range(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """See that floats can divide a range into so many bins."""
    histogram = values["histogram"]
    if histogram is None or isinstance(histogram.range, str):
        return
    low, high = histogram.range
    if high / 2 - low / 2 > 8 * histogram.bins * ulp(max(abs(low), abs(high))):
        return
    mark = marks_of(root)["histogram.range"]
    report.add(mark, "histogram.range", f"too narrow to be divided into {histogram.bins} bins")


def _fill_by_initializer(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Give the biases their default; see that the activation is the one that is needed."""
    initializer, activation = values["initializer"], values["activation"]
    if values["bias"] is None and "bias" not in root.entries:
        values["bias"] = default_bias(initializer)
    needed = needed_activation(initializer)
    if needed and activation is not None and activation.name != needed:
        mark = root.entries["initializer"][1].mark
        message = f"{initializer.name!r} needs the activation {needed!r}, not {activation.name!r}"
        report.add(mark, "initializer", message)


def slug(stem: str) -> str:
    """The stem as a name: runs of characters that do not fit become one `-`, ends stripped.

    What still does not fit is `spec-` and eight digits of the sha256 of the stem.
    """
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)
    if text != stem:
        text = text.strip("-")
    if fits_as_name(text):
        return text
    return f"spec-{hashlib.sha256(stem.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
