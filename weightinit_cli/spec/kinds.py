"""One row per experiment: its keys, its class, what is seen of its keys together.

Validation, schema, template and normal form follow these tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ulp
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from weightinit_cli.convolution import PADDINGS
from weightinit_cli.data import EXAMPLES
from weightinit_cli.data import NAMES as DATA_SETS
from weightinit_cli.parameters import Thresholds
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.spec.blocks import NORMALIZATION_FIELD, RESIDUAL_FIELD, check_blocks
from weightinit_cli.spec.components import (
    activations,
    component,
    initializers,
    matrix_initializers,
    vector_initializers,
)
from weightinit_cli.spec.inputs import fill_inputs, inputs
from weightinit_cli.spec.layers import of_layers
from weightinit_cli.spec.model import (
    Component,
    Dtype,
    Experiment,
    Histogram,
    LeftRange,
    Normalization,
    Output,
    Pretraining,
    Residual,
    Task,
    TrainingDtype,
)
from weightinit_cli.spec.nodes import marks_of
from weightinit_cli.spec.outputs import AskedOutput
from weightinit_cli.spec.runs import SWEEP, VARIANTS, sweep_type, variants_type
from weightinit_cli.spec.values import (
    MOST_LAYERS,
    Field,
    boolean,
    bounds,
    choice,
    folder_name,
    group,
    integer,
    number,
    or_none,
    per_layer,
    sizes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.spec.nodes import MapNode, Report

# What the points of a task have: samples and features, None where that is for the spec to say.
POINTS: Final = {"xor": (4, 2), "blobs": (None, 2), "random_labels": (None, None)}
DEFAULT_POINTS: Final = 100, 10

_INITIALIZERS_LISTED = "`winit list initializers` shows the names; --plugin adds those of a file"

HISTOGRAM: Final = (
    Field("bins", integer(1, 100_000), "how many bins", 30),
    Field(
        "range",
        bounds(("auto", "per_layer")),
        "auto (the activation's bounds if finite, else per_layer) | per_layer | [low, high]",
        "auto",
    ),
)

_ACTIVATIONS_LISTED = "`winit list activations` shows the names; --plugin adds those of a file"
ACTIVATION: Final = component("activation", _ACTIVATIONS_LISTED, activations)
INITIALIZER: Final = component("initializer", _INITIALIZERS_LISTED, initializers)

THRESHOLDS: Final = tuple(
    Field(name, number(minimum=0), f"where {name} begins", default)
    for name, default in Thresholds()._asdict().items()
)

CONVOLUTION: Final = (
    Field(
        "channels",
        per_layer(),
        "of 2-D convolutions instead of width: one number, or a list with one per layer",
        None,
        "16",
    ),
    Field("kernel", sizes("height", "width", alone=True), "of convolutions", None, "3"),
    Field(
        "image",
        sizes("height", "width", "channels"),
        "one input of convolutions, instead of features",
        None,
        "[16, 16, 3]",
    ),
    Field(
        "padding",
        choice(PADDINGS),
        "circular: the image is a ring | same: zeros around it | valid: none",
        None,
        "circular",
    ),
    Field(
        "stride",
        per_layer(),
        "of convolutions: one number, or a list with one per layer",
        None,
        "1",
    ),
)

CONVOLUTION_KEYS: Final = tuple(field.name for field in CONVOLUTION)
DENSE_KEYS: Final = ("width", "features")
PER_LAYER_KEYS: Final = ("width", "channels", "stride")

PRETRAINING: Final = (
    Field(
        "method",
        choice(("autoencoder",)),
        "each layer learns to give back its input",
        "autoencoder",
    ),
    Field("steps", integer(1, 10_000_000), "of gradient descent, per layer", 1000),
    Field("learning_rate", number(above=0), "of the reconstruction", 0.05),
)
PRETRAINING_FIELD: Final = Field(
    "pretraining",
    group(PRETRAINING, Pretraining),
    "greedy, layer by layer, before anything is recorded; default: none",
    None,
    optional=True,
)

INPUTS_FIELD: Final = Field(
    "inputs",
    inputs(),
    "normal: N(0, 1) | {name: normal, correlation: 0.9} | {name: uniform, low: -1, high: 1} | "
    "digits | {name: file, path: x.npy}",
    None,
    "normal",
    optional=True,
)

_SEED = Field(
    "seed", integer(0, 2**64 - 1), "0 .. 2**64-1; the same seed draws the same numbers", 0
)
_WIDTH = Field("width", per_layer(), "units: one number, or a list with one per layer", 100)
_ACTIVATION = Field(
    "activation",
    of_layers(ACTIVATION),
    "a name, {name: leaky_relu, negative_slope: 0.1}, or a list with one per layer",
    example="sigmoid",
)
_INITIALIZER = Field(
    "initializer",
    of_layers(INITIALIZER),
    "of the weights: a name, {name: normal, std: 0.01}, or a list with one per layer",
    example="xavier_normal",
)
_BIAS = Field(
    "bias",
    of_layers(
        component("initializer", _INITIALIZERS_LISTED, vector_initializers, matrix_initializers)
    ),
    "of the biases, as initializer; default: the initializer's own, else zeros",
    None,
    "zeros",
)
OUTPUT: Final = (
    Field("classes", integer(2), "how many there are, each with a logit", example="10"),
    Field(
        "initializer",
        INITIALIZER,
        "of its weights; default: the last layer's",
        None,
        "{name: normal, std: 0.01}",
    ),
    _BIAS._replace(doc="of its biases; default: those that go with its weights"),
)
_DTYPE = Field("dtype", choice(("float32", "float64")), "float32 | float64", "float32")
# What a network's start can be computed in; training is in the first two.
_ANY_DTYPE = _DTYPE._replace(
    type=choice(tuple(PRECISIONS)),
    doc="float32 | float64 | float16 | bfloat16; of the last two every result is rounded once",
)
_RATE = number(above=0)


def _layers(fewest: int, default: int) -> Field:
    doc = f"how many layers; default: the length of a list with one per layer, else {default}"
    return Field("layers", integer(fewest, MOST_LAYERS), doc, None, str(default))


_HISTOGRAM_FIELDS: Final = (
    Field(
        "samples",
        integer(1),
        "how many inputs; those of a file are drawn from it; default: at most all that it has",
        1000,
    ),
    INPUTS_FIELD,
    Field(
        "features",
        integer(1),
        "size of one input; default: what a file has, else the first width",
        None,
        "100",
    ),
    _layers(1, 5),
    _WIDTH,
    *CONVOLUTION,
    _ACTIVATION,
    _INITIALIZER,
    _BIAS,
    NORMALIZATION_FIELD,
    RESIDUAL_FIELD,
    PRETRAINING_FIELD,
    Field(
        "output",
        or_none(group(OUTPUT, AskedOutput)),
        "a linear layer on top, and the loss at the start; none (default): no such layer",
        None,
        optional=True,
    ),
    Field(
        "learning_rate",
        _RATE,
        "of a first step of SGD on that loss: how far it moves the weights of each layer",
        None,
        "0.1",
        optional=True,
    ),
    Field("histogram", group(HISTOGRAM, Histogram), "how the activations are binned", {}),
    _ANY_DTYPE,
    Field(
        "saturation",
        number(above=0, below=1),
        "an end counts as flat up to this fraction of the largest |slope|",
        0.05,
    ),
    Field("backward", boolean(), "whether the gradient is measured, too", True),
    Field("repeats", integer(1, 10_000), "this many networks, each with draws of its own", 1),
    Field(
        "thresholds",
        group(THRESHOLDS, Thresholds),
        "where each verdict begins; `winit explain NAME` defines them",
        {},
    ),
)

_SYMMETRY_FIELDS: Final = (
    Field(
        "data", choice(tuple(POINTS)), "xor | blobs | random_labels, each with two classes", "blobs"
    ),
    Field("samples", integer(2, 100_000), "how many points; xor has 4", None, "100"),
    Field("features", integer(1, 10_000), "size of a point; xor and blobs have 2", None, "2"),
    _layers(0, 1),
    _WIDTH._replace(type=per_layer(fewest=0), default=10),
    _ACTIVATION,
    _INITIALIZER,
    _BIAS,
    Field("steps", integer(1, 10_000_000), "of gradient descent on all points at once", 1000),
    Field("learning_rate", _RATE, "the gradient is that of the mean cross-entropy", 1.0),
)

_TRAINING_FIELDS: Final = (
    Field("data", choice(DATA_SETS), " | ".join(DATA_SETS), "digits"),
    _layers(1, 4),
    _WIDTH,
    _ACTIVATION,
    _INITIALIZER,
    _BIAS,
    PRETRAINING_FIELD,
    Field("batch", integer(1), "examples per step, drawn with replacement", 128),
    Field("steps", integer(1, 10_000_000), "of stochastic gradient descent", 2000),
    Field("learning_rate", _RATE, "the gradient is that of the mean cross-entropy", 0.01),
    Field("momentum", number(minimum=0, below=1), "0: plain SGD", 0.0),
    _DTYPE,
    Field("repeats", integer(1, 10_000), "this many networks, each with draws of its own", 1),
)


def _complete_histogram(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Make an input as large as the first layer; see that blocks and bins are possible."""
    fill_inputs(values, root, report)
    if values["width"] is not None:
        values["features"] = values["features"] or values["width"][0]
    check_blocks(values, root, report)
    _check_precision(values, root, report)
    histogram = values["histogram"]
    if histogram is None or isinstance(histogram.range, str):
        return
    low, high = histogram.range
    if high / 2 - low / 2 > 8 * histogram.bins * ulp(max(abs(low), abs(high))):
        return
    mark = marks_of(root)["histogram.range"]
    report.add(mark, "histogram.range", f"too narrow to be divided into {histogram.bins} bins")


def _check_precision(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """See that nothing is learned, and no scale found, in a low precision."""
    from weightinit_cli.initializers import INITIALIZERS

    dtype, given = values["dtype"], values["initializer"]
    if dtype is None or not PRECISIONS[dtype].is_low:
        return
    every = given if isinstance(given, tuple) else (given,)
    looks = any(each and INITIALIZERS[each.name].data_dependent for each in every)
    if looks or values["pretraining"] is not None:
        message = f"{dtype} is not for a start that looks at the data; take float32"
        report.add(root.entries["dtype"][1].mark, "dtype", message)


def _complete_symmetry(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Fill in how many points a task has, and their size; see that the spec asks for no others."""
    if values["data"] is None:
        return
    fixed = POINTS[values["data"]]
    for key, own, default in zip(("samples", "features"), fixed, DEFAULT_POINTS, strict=True):
        if values[key] is None and key not in root.entries:
            values[key] = own or default
        elif own and values[key] not in (None, own):
            mark = root.entries[key][1].mark
            report.add(mark, key, f"{values['data']} has {own} {key}, not {values[key]}")


def _complete_training(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """See that a mini-batch is no larger than the training data."""
    batch, data = values["batch"], values["data"]
    if batch is None or data is None or batch <= EXAMPLES[data]:
        return
    mark = marks_of(root).get("batch", root.mark)
    report.add(mark, "batch", f"must be at most the {EXAMPLES[data]:,} training examples")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Spec(Experiment):
    """Activations and gradients before any training: what is drawn, and what is recorded.

    `features` is the size of one input, and `inputs` None where these are N(0, 1); None also
    stands for no `normalization`, and for layers without `residual` branches. Where an override
    puts another activation in the place of that for which the histogram's range was written, the
    range is auto, and `left_range` was it.

    Example:
        >>> import weightinit_cli as winit
        >>> spec = winit.load_spec("sigmoid_std10")
        >>> spec
        <Spec sigmoid_std10: sigmoid, normal (mean 0, std 10), 5 layers of 100, seed 0>
        >>> spec.initializer.arguments["std"], spec.samples, spec.histogram.bins
        (10.0, 1000, 30)
    """

    experiment: Literal["histogram"] = "histogram"
    samples: int
    inputs: Component | None = None
    features: int
    normalization: Normalization | None = None
    residual: Residual | None = None
    histogram: Histogram
    dtype: Dtype
    saturation: float
    backward: bool
    repeats: int
    thresholds: Thresholds
    output: Output | None = None
    learning_rate: float | None = None
    left_range: LeftRange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SymmetrySpec(Experiment):
    """Gradient descent on a small task, step by step: which layer wakes, which units differ."""

    experiment: Literal["symmetry"] = "symmetry"
    data: Task
    samples: int
    features: int
    steps: int
    learning_rate: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrainingSpec(Experiment):
    """Mini-batch SGD on a data set, from `repeats` starts."""

    experiment: Literal["training"] = "training"
    data: str
    batch: int
    steps: int
    learning_rate: float
    momentum: float
    dtype: TrainingDtype
    repeats: int


AnySpec = Spec | SymmetrySpec | TrainingSpec


class SpecKind(NamedTuple):
    """An experiment on the side of the spec.

    `fields` are the keys that it has besides its name, its kind and its seed. `complete` fills in
    the values that depend on others, and sees that they go together. `pictures` are the stems of
    those that it draws beside the one of its own name.
    """

    spec: type[AnySpec]
    fields: tuple[Field, ...]
    complete: Callable[[dict[str, Any], MapNode, Report], None]
    pictures: tuple[str, ...] = ()

    @property
    def default_layers(self) -> int:
        """How many layers a spec has that says nothing of them."""
        return next(int(field.example) for field in self.fields if field.name == "layers")


SPEC_KINDS: Final = {
    "histogram": SpecKind(Spec, _HISTOGRAM_FIELDS, _complete_histogram, ("depth",)),
    "symmetry": SpecKind(SymmetrySpec, _SYMMETRY_FIELDS, _complete_symmetry),
    "training": SpecKind(TrainingSpec, _TRAINING_FIELDS, _complete_training),
}
# The names of the files that winit writes beside the folders of specs and of their runs.
_PICTURES = "|".join(stem for name, kind in SPEC_KINDS.items() for stem in (name, *kind.pictures))
WRITTEN_PATTERN: Final = (
    r"(stats|index|runs)\.json|summary\.csv"
    rf"|({_PICTURES}|kernels|values|streams|weights|comparison|phase)\.(png|svg|pdf)"
)
# What makes several runs of a spec; no part of any one of them.
GRID: Final = (
    Field(
        VARIANTS,
        variants_type(WRITTEN_PATTERN),
        "runs side by side, each a name with what it changes",
        None,
        "{std = 1: {initializer: {name: normal, std: 1}}, Xavier: {}}",
    ),
    Field(
        SWEEP,
        sweep_type(),
        "a grid of runs: paths into the spec, each with a list of values",
        None,
        "{width: [100, 200]}",
    ),
)
# The experiment of a spec that names none.
DEFAULT_KIND, *_OTHERS = SPEC_KINDS

_NAME = Field(
    "name",
    folder_name(WRITTEN_PATTERN),
    "of the output folder; default: the name of the file",
    None,
    "my_run",
)


def _experiment(name: str) -> Field:
    doc = " | ".join((f"{DEFAULT_KIND} (default)", *_OTHERS))
    return Field("experiment", choice(tuple(SPEC_KINDS)), doc, name)


# The keys of each experiment, in the order of the normal form.
TABLES: Final = {
    name: (_NAME, _experiment(name), _SEED, *kind.fields) for name, kind in SPEC_KINDS.items()
}
