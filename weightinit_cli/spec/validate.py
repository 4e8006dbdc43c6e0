"""A tree of nodes -> checked values -> a Spec: what its keys must be together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from weightinit_cli.convolution import Convolution, Shape
from weightinit_cli.parameters import ParameterError
from weightinit_cli.spec.components import default_bias
from weightinit_cli.spec.kinds import (
    CONVOLUTION_KEYS,
    DEFAULT_KIND,
    DENSE_KEYS,
    GRID,
    SPEC_KINDS,
    TABLES,
)
from weightinit_cli.spec.layers import COMPONENT_KEYS, Apart, alike
from weightinit_cli.spec.nodes import MapNode, Node, Scalar, join, marks_of, report_wrong
from weightinit_cli.spec.outputs import complete_output

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from weightinit_cli.errors import Mark, Problem
    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.model import Component, Experiment, LeftRange, PerLayer
    from weightinit_cli.spec.nodes import Report
    from weightinit_cli.spec.values import Field

_KEYS = {
    experiment: {field.name: field for field in (*fields, *GRID)}
    for experiment, fields in TABLES.items()
}
_COMPUTED = {"layers", *(field.name for field in GRID)}
# What a convolution has where a spec that has one of its keys does not say.
_CONVOLUTION_DEFAULTS = {
    "channels": 16,
    "kernel": (3, 3),
    "image": (16, 16, 3),
    "padding": "circular",
    "stride": 1,
}
# Where a kernel that is too large is told, the first that is written.
_WRITTEN = ("kernel", "image", "stride", "channels", "padding")
# Keys that are checked together: what one of them may hold depends on the others of its set.
_TOGETHER = (
    {"width", "layers", "features"},
    {"inputs", "samples", "features"},
    {"data", "samples", "features"},
    {"data", "batch"},
    {"normalization", "residual", "width", "layers", "samples", "inputs"},
    {"normalization", "residual", "initializer", "pretraining"},
    {"activation", "initializer", "bias", "pretraining", "output", "inputs"},
    {"output", "learning_rate", "backward"},
    {"dtype", "initializer", "pretraining"},
)
_ALL_TOGETHER = (*CONVOLUTION_KEYS, *set().union(*_TOGETHER))


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
    if _is_probe(root, report):
        return {}
    experiment = _experiment(root)
    values = read_fields(_KEYS[experiment], root, report)
    _fill_shapes(values, root, report, SPEC_KINDS[experiment].default_layers)
    SPEC_KINDS[experiment].complete(values, root, report)
    _check_fit(values, root, report)
    if "output" in values:
        complete_output(values, root, report)
    return values


def build_spec(values: Mapping[str, Any], beside: Mapping[str, Any]) -> AnySpec:
    """The spec of checked values, and of what it has beside them: its name, its marks."""
    given = {key: value for key, value in values.items() if key not in _COMPUTED}
    built: AnySpec = SPEC_KINDS[values["experiment"]].spec(**{**given, **beside})
    return built


def checked_together(keys: Collection[str], *, by_layer: bool) -> list[Collection[str]]:
    """These keys in sets, so that what is wrong with a value is known by those of its set.

    `by_layer` says that the components of some run may differ between layers.
    """
    if by_layer or not set(CONVOLUTION_KEYS).isdisjoint(keys):
        together: tuple[Collection[str], ...] = (_ALL_TOGETHER,)
    else:
        together = _TOGETHER
    return [*together, *({key} for key in keys)]


def notes(spec: AnySpec) -> list[Problem]:
    """What is as the spec says, but worth a word, in any of its runs.

    These are ranges that are left for auto, and which centre an even kernel has.
    """
    keys = {"activation", "histogram"}
    if spec.convolution is not None:
        keys |= {"initializer", *CONVOLUTION_KEYS}
    runs = [spec]
    if spec.runs is not None:
        runs = [spec.runs[number] for number in sorted(spec.runs.first_of_each(keys))]
    return [*_left_ranges(runs), *(note for run in runs for note in _centres(run))]


def _left_ranges(runs: Sequence[AnySpec]) -> list[Problem]:
    """Which ranges are left for auto, each told once with all activations that do so."""
    found: dict[LeftRange, dict[str, AnySpec]] = {}
    for run in runs:
        if run.experiment == "histogram" and run.left_range is not None:
            names = " / ".join(dict.fromkeys(each.name for each in run.activations))
            found.setdefault(run.left_range, {}).setdefault(names, run)
    problems = []
    for (range_, owner), others in found.items():
        low, high = range_
        *before, last = others
        drawn = f"{', '.join(before)} and {last} are" if before else f"{last} is"
        message = f"[{low:g}, {high:g}] belongs to {owner}; {drawn} drawn over auto"
        problems.append(others[last].problem("histogram.range", message))
    return problems


def _centres(spec: Experiment) -> list[Problem]:
    """Which row and column of an even kernel the initializer takes for its centre."""
    from weightinit_cli.initializers import INITIALIZERS

    if spec.convolution is None:
        return []
    kernel = spec.convolution.kernel
    if all(side % 2 for side in kernel):
        return []
    found = []
    for name in dict.fromkeys(each.name for each in spec.initializers):
        centre, convention = INITIALIZERS[name].centre, INITIALIZERS[name].convention
        if centre is not None:
            row, column = map(centre, kernel)
            message = (
                f"{kernel[0]} × {kernel[1]} has no middle; {name} takes row {row}, "
                f"column {column}, counted from 0, as {convention} does"
            )
            found.append(spec.problem("kernel", message))
    return found


def _experiment(root: MapNode) -> str:
    """The experiment whose keys are read: also where its name is wrong, which is reported."""
    entry = root.entries.get("experiment")
    node = None if entry is None else entry[1]
    named = node.value if isinstance(node, Scalar) else None
    return named if isinstance(named, str) and named in SPEC_KINDS else DEFAULT_KIND


def _is_probe(root: MapNode, report: Report) -> bool:
    """Whether a spec asks for a probe of a model, which no file can name; then this is reported."""
    _, node = root.entries.get("experiment", (None, None))
    if not (isinstance(node, Scalar) and node.value == "probe"):
        return False
    message = "a model of your own is named on the command line, as no file runs code: winit probe"
    report.add(node.mark, "experiment", f"{message} mymodel.py:build --input 64,3,32,32")
    return True


def _fill_shapes(
    values: dict[str, Any], root: MapNode, report: Report, default_layers: int
) -> None:
    """Make `width` one number per layer, and see that lists of components have one per layer.

    Of convolutions `width` and `features` are the values of an image; their keys become
    `convolution`.
    """
    own = {key: values.pop(key) for key in CONVOLUTION_KEYS if key in values}
    given = [key for key in CONVOLUTION_KEYS if key in root.entries and key in own]
    if given:
        values["width"] = values["convolution"] = None
        _refuse_dense(given[0], root, report)
        _fill_convolution(values, own, root, report, default_layers)
        return
    filled = _per_layer({"width": values["width"]}, values, root, report, default_layers)
    values["width"] = None if filled is None else filled["width"]


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
    for key, default in _CONVOLUTION_DEFAULTS.items():
        if own[key] is None:
            if key in root.entries:
                return
            own[key] = default
    lists = {key: own[key] for key in ("channels", "stride")}
    filled = _per_layer(lists, values, root, report, default_layers)
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
    numbers: dict[str, Any],
    values: dict[str, Any],
    root: MapNode,
    report: Report,
    default: int,
) -> dict[str, tuple[int, ...]] | None:
    """The `numbers`, each with one per layer, as `layers` or the first list says; None if wrong.

    Components get what they are in the end: one, or where layers differ one per layer.
    """
    layers = values["layers"]
    if None in numbers.values() or (layers is None and "layers" in root.entries):
        return None
    lists = numbers | {key: values[key] for key in COMPONENT_KEYS}
    decides = "layers"
    if layers is None:
        layers = default
        for key, value in lists.items():
            if isinstance(value, tuple):
                decides, layers = key, len(value)
                break
    for key, value in lists.items():
        if isinstance(value, tuple) and len(value) != layers:
            what = "number" if key in numbers else "entry"
            message = f"must have one {what} per layer ({layers}, by {decides}), not {len(value)}"
            report.add(root.entries[key][1].mark, key, message)
        elif isinstance(value, tuple) and key in COMPONENT_KEYS:
            values[key] = alike(value)
        elif isinstance(value, Apart):
            values[key] = _spread(value, key, layers, root, report)
    filled = {key: (v,) * layers if isinstance(v, int) else v for key, v in numbers.items()}
    return filled if all(len(each) == layers for each in filled.values()) else None


def _spread(given: Apart, key: str, layers: int, root: MapNode, report: Report) -> PerLayer | None:
    """One component per layer, those apart in their places; None where there is no such layer."""
    beyond = [number for number in given.apart if number >= layers]
    for number in beyond:
        path = join(key, str(number))
        message = f"has layers 0 to {layers - 1}, no {number}" if layers else "has no layers"
        report.add(_mark_at(path, root), path, message)
    if beyond:
        return None
    return alike([given.apart.get(number, given.of_all) for number in range(layers)])


def _kernel_fits(convolution: Convolution, root: MapNode, report: Report) -> bool:
    """See that no kernel is larger than the image that it sees."""
    kernel = convolution.kernel
    shapes: Sequence[Shape] = convolution.shapes
    for number, shape in enumerate(shapes[:-1], 1):
        if kernel[0] > shape.height or kernel[1] > shape.width:
            written = next(key for key in _WRITTEN if key in root.entries)
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


def _check_fit(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Give the biases their default; see that the initializers fit the layers they are for."""
    initializer: PerLayer | Apart | None = values["initializer"]
    activation: PerLayer | Apart | None = values["activation"]
    convolution: Convolution | None = values.get("convolution")
    if convolution is not None and values.get("pretraining") is not None:
        message = "is for fully connected layers, not for convolutions"
        report.add(root.entries["pretraining"][0], "pretraining", message)
    if initializer is None or isinstance(initializer, Apart):
        return
    if values["bias"] is None and "bias" not in root.entries:
        every = initializer if isinstance(initializer, tuple) else (initializer,)
        values["bias"] = alike([default_bias(each) for each in every])
    if isinstance(activation, Apart):
        return
    of_kernels = "convolution" in values
    if _all_fit(initializer, activation, root, report, of_kernels=of_kernels) and convolution:
        _check_kernels(initializer, convolution, root, report)


def _all_fit(
    initializer: PerLayer,
    activation: PerLayer | None,
    root: MapNode,
    report: Report,
    *,
    of_kernels: bool,
) -> bool:
    """See that each initializer is for layers like its own; an initializer of all is told once."""
    lists = [each for each in (initializer, activation) if isinstance(each, tuple)]
    count = len(lists[0]) if lists else 1
    pairs = zip(_each(initializer, count), _each(activation, count), strict=False)
    fit = True
    for number, (own, of_layer) in enumerate(pairs):
        unfit = _unfit(own, of_layer, of_kernels=of_kernels, alone=own == initializer)
        if unfit is None:
            continue
        fit = False
        if not isinstance(initializer, tuple):
            where = f" in layer {number + 1}" if isinstance(activation, tuple) else ""
            report.add(_mark_at("initializer", root), "initializer", unfit + where)
            break
        path = join("initializer", str(number))
        report.add(_mark_at(path, root), path, unfit)
    return fit


def _each(given: PerLayer | None, count: int) -> Sequence[Component | None]:
    return given if isinstance(given, tuple) else (given,) * count


def _mark_at(path: str, root: MapNode) -> Mark:
    """Where a path is written, or else what it lies below."""
    marks = marks_of(root)
    while path not in marks:
        path = path.rpartition(".")[0]
    return marks[path]


def _unfit(
    initializer: Component | None, activation: Component | None, *, of_kernels: bool, alone: bool
) -> str | None:
    """Why an initializer is not for a layer of this activation; `alone` says it is that of all."""
    from weightinit_cli.initializers import INITIALIZERS

    if initializer is None:
        return None
    row, name = INITIALIZERS[initializer.name], initializer.name
    if row.activation and activation is not None and activation.name != row.activation:
        return f"{name!r} needs the activation {row.activation!r}, not {activation.name!r}"
    if row.only == ("matrix" if of_kernels else "kernel"):
        kinds = ("fully connected layers", "convolutions (channels, kernel)")
        wanted, other = kinds if of_kernels else kinds[::-1]
        instead = f"; for {other}, there is {row.instead!r}" if row.instead else ""
        return f"{name!r} is for {wanted} alone{instead}"
    if row.data_dependent and not alone:
        return f"{name!r} finds its scales on the data, layer after layer: it is for all or none"
    return None


def _check_kernels(
    initializer: PerLayer, convolution: Convolution, root: MapNode, report: Report
) -> None:
    """Try those for kernels alone out on every layer; report the first that is refused."""
    from weightinit_cli.initializers import AUTO, INITIALIZERS, Fans

    channels = (convolution.image.channels, *convolution.channels)
    listed = isinstance(initializer, tuple)
    pairs = zip(pairwise(channels), _each(initializer, len(channels) - 1), strict=True)
    for number, ((below, above), own) in enumerate(pairs):
        if own is None or INITIALIZERS[own.name].only != "kernel":
            continue
        fans = Fans.of_kernel(convolution.kernel, below, above, first=number == 0)
        arguments = {k: 1.0 if v == AUTO else v for k, v in own.arguments.items()}
        try:
            INITIALIZERS[own.name].build(fans, **arguments)
        except ParameterError as error:
            path = f"initializer.{number}" if listed else "initializer"
            path = join(path, error.parameter)
            report.add(_mark_at(path, root), path, f"layer {number + 1}: {error.message}")
            return
