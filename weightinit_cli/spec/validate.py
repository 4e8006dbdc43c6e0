"""A tree of nodes -> checked values -> a Spec."""

from __future__ import annotations

from math import ulp
from typing import TYPE_CHECKING, Any

from weightinit_cli.data import EXAMPLES
from weightinit_cli.spec.fields import GRID, TABLES
from weightinit_cli.spec.fitting import check_fit
from weightinit_cli.spec.model import AnySpec, Spec, SymmetrySpec, TrainingSpec
from weightinit_cli.spec.nodes import MapNode, Node, Scalar, marks_of, report_wrong
from weightinit_cli.spec.shapes import CONVOLUTION_KEYS, fill_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from weightinit_cli.spec.nodes import Report
    from weightinit_cli.spec.values import Field

KEYS = {
    experiment: {field.name: field for field in (*fields, *GRID)}
    for experiment, fields in TABLES.items()
}
KINDS = {"histogram": Spec, "symmetry": SymmetrySpec, "training": TrainingSpec}
COMPUTED = {"layers", *(field.name for field in GRID)}
# What the points of a task have: samples and features, None where that is for the spec to say.
POINTS = {"xor": (4, 2), "blobs": (None, 2), "random_labels": (None, None)}
DEFAULT_POINTS = 100, 10


# Keys that are checked together: what one of them may hold depends on the others of its set.
TOGETHER = (
    {"width", "layers", "features"},
    {"data", "samples", "features"},
    {"data", "batch"},
    {"activation", "initializer", "bias", "pretraining"},
)
TOGETHER_IN_CONVOLUTIONS = (*CONVOLUTION_KEYS, *set().union(*TOGETHER))


def read_values(
    root: Node,
    report: Report,
    read_fields: Callable[[Mapping[str, Field], MapNode, Report], dict[str, Any]],
) -> dict[str, Any]:
    """The value of every key, defaults filled in; what is wrong goes to the report.

    `read_fields` reads each key by itself; here it is seen that they go together.
    """
    if not isinstance(root, MapNode):
        report_wrong(report, root, "", "a mapping of keys, such as activation: sigmoid")
        return {}
    experiment = _experiment(root)
    values = read_fields(KEYS[experiment], root, report)
    fill_shapes(values, root, report)
    if experiment == "histogram":
        _check_range(values, root, report)
    if experiment == "symmetry":
        _fill_points(values, root, report)
    if experiment == "training":
        _check_batch(values, root, report)
    check_fit(values, root, report)
    return values


def build_spec(values: Mapping[str, Any], beside: Mapping[str, Any]) -> AnySpec:
    """The spec of checked values, and of what it has beside them: its name, its marks."""
    given = {key: value for key, value in values.items() if key not in COMPUTED}
    built: AnySpec = KINDS[values["experiment"]](**{**given, **beside})
    return built


def checked_together(keys: Collection[str]) -> list[Collection[str]]:
    """These keys in sets, so that what is wrong with a value is known by those of its set."""
    if not set(CONVOLUTION_KEYS).isdisjoint(keys):
        together: tuple[Collection[str], ...] = (TOGETHER_IN_CONVOLUTIONS,)
    else:
        together = TOGETHER
    return [*together, *({key} for key in keys)]


def _experiment(root: MapNode) -> str:
    """The experiment whose keys are read: also where its name is wrong, which is reported."""
    entry = root.entries.get("experiment")
    node = None if entry is None else entry[1]
    named = node.value if isinstance(node, Scalar) else None
    return named if isinstance(named, str) and named in TABLES else "histogram"


def _fill_points(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """How many points a task has, and of what size; see that nothing else is asked for."""
    if values["data"] is None:
        return
    fixed = POINTS[values["data"]]
    for key, own, default in zip(("samples", "features"), fixed, DEFAULT_POINTS, strict=True):
        if values[key] is None and key not in root.entries:
            values[key] = own or default
        elif own and values[key] not in (None, own):
            mark = root.entries[key][1].mark
            report.add(mark, key, f"{values['data']} has {own} {key}, not {values[key]}")


def _check_batch(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """See that a mini-batch is no larger than the training data."""
    batch, data = values["batch"], values["data"]
    if batch is None or data is None or batch <= EXAMPLES[data]:
        return
    mark = marks_of(root).get("batch", root.mark)
    report.add(mark, "batch", f"must be at most the {EXAMPLES[data]:,} training examples")


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
