"""The sizes of a spec's layers: of widths, or of convolutions on an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.convolution import Convolution, Shape
from weightinit_cli.spec.fields import CONVOLUTION, DEFAULT_LAYERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.spec.nodes import MapNode, Report

# What a convolution has where a spec that has one of its keys does not say.
DEFAULTS = {
    "channels": 16,
    "kernel": (3, 3),
    "image": (16, 16, 3),
    "padding": "circular",
    "stride": 1,
}
CONVOLUTION_KEYS = tuple(field.name for field in CONVOLUTION)
# Where a kernel that is too large is told, the first that is written.
WRITTEN = ("kernel", "image", "stride", "channels", "padding")
DENSE_KEYS = ("width", "features")


def fill_shapes(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Make `width` one number per layer, and `features` the first of them unless given.

    Of convolutions they are the values of an image; the keys of these become `convolution`.
    """
    own = {key: values.pop(key) for key in CONVOLUTION_KEYS if key in values}
    given = [key for key in CONVOLUTION_KEYS if key in root.entries and key in own]
    default = DEFAULT_LAYERS[values["experiment"] or "histogram"]
    if given:
        values["width"] = values["convolution"] = None
        _refuse_dense(given[0], root, report)
        _fill_convolution(values, own, root, report, default)
        return
    filled = _per_layer({"width": values["width"]}, values["layers"], root, report, default)
    if filled is None:
        values["width"] = None
        return
    values["width"] = filled["width"]
    if values["experiment"] == "histogram":
        values["features"] = values["features"] or values["width"][0]


def _refuse_dense(given: str, root: MapNode, report: Report) -> None:
    for key in DENSE_KEYS:
        if key in root.entries:
            instead = "channels" if key == "width" else "image"
            message = (
                f"is for fully connected layers, and {given} for convolutions; leave one of them "
                f"out (a convolution has {instead} in place of {key})"
            )
            report.add(root.entries[key][0], key, message)


def _fill_convolution(
    values: dict[str, Any],
    own: dict[str, Any],
    root: MapNode,
    report: Report,
    default_layers: int,
) -> None:
    for key, default in DEFAULTS.items():
        if own[key] is None:
            if key in root.entries:
                return
            own[key] = default
    lists = {key: own[key] for key in ("channels", "stride")}
    filled = _per_layer(lists, values["layers"], root, report, default_layers)
    if filled is None:
        return
    convolution = Convolution(
        Shape(*own["image"]), filled["channels"], own["kernel"], own["padding"], filled["stride"]
    )
    if _kernel_fits(convolution, root, report):
        values["convolution"] = convolution
        features, *width = (shape.values for shape in convolution.shapes)
        values["features"], values["width"] = features, tuple(width)


def _per_layer(
    lists: dict[str, Any], layers: int | None, root: MapNode, report: Report, default: int
) -> dict[str, tuple[int, ...]] | None:
    """Each list with one number per layer, as `layers` or the first list says; None if wrong."""
    if None in lists.values() or (layers is None and "layers" in root.entries):
        return None
    decides = "layers"
    if layers is None:
        layers = default
        for key, value in lists.items():
            if isinstance(value, tuple):
                decides, layers = key, len(value)
                break
    filled = {}
    for key, value in lists.items():
        filled[key] = (value,) * layers if isinstance(value, int) else value
        if len(filled[key]) != layers:
            mark = root.entries[key][1].mark
            message = (
                f"must have one number per layer ({layers}, by {decides}), not {len(filled[key])}"
            )
            report.add(mark, key, message)
    return filled if all(len(each) == layers for each in filled.values()) else None


def _kernel_fits(convolution: Convolution, root: MapNode, report: Report) -> bool:
    """See that no kernel is larger than the image that it sees."""
    kernel = convolution.kernel
    shapes: Sequence[Shape] = convolution.shapes
    for number, shape in enumerate(shapes[:-1], 1):
        if kernel[0] > shape.height or kernel[1] > shape.width:
            written = next(key for key in WRITTEN if key in root.entries)
            mark = root.entries[written][1].mark
            seen = "the image" if number == 1 else f"what layer {number} sees"
            message = (
                f"{kernel[0]} × {kernel[1]} is larger than {seen}, {shape.height} × {shape.width}"
            )
            *ways, last = _instead(convolution, number)
            report.add(mark, "kernel", f"{message}; take {', '.join(ways)} or {last}")
            return False
    return True


def _instead(convolution: Convolution, number: int) -> list[str]:
    """What would help, of a kernel that is too large for what layer `number` sees."""
    ways = ["a smaller kernel", "a larger image"]
    if number == 1:
        return ways
    if max(convolution.stride) > 1:
        ways.append("smaller strides")
    if convolution.padding == "valid":
        ways.append("padding: circular")
    return [*ways, "fewer layers"]
