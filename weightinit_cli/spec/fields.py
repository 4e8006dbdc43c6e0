"""The one table of the spec's keys: validation, schema, template and normal form follow it."""

from __future__ import annotations

from typing import Final

from weightinit_cli.convolution import PADDINGS
from weightinit_cli.data import NAMES as DATA_SETS
from weightinit_cli.spec.components import (
    activations,
    component,
    initializers,
    matrix_initializers,
    vector_initializers,
)
from weightinit_cli.spec.model import Histogram, Pretraining
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
    per_layer,
    sizes,
)
from weightinit_cli.verdicts import Thresholds

EXPERIMENTS: Final = ("histogram", "symmetry", "training")
TASKS: Final = ("xor", "blobs", "random_labels")
DEFAULT_LAYERS: Final = {"histogram": 5, "symmetry": 1, "training": 4}

_INITIALIZERS_LISTED = "`winit list initializers` shows the names"

HISTOGRAM: Final = (
    Field("bins", integer(1, 100_000), "how many bins", 30),
    Field(
        "range",
        bounds(("auto", "per_layer")),
        "auto (the activation's bounds if finite, else per_layer) | per_layer | [low, high]",
        "auto",
    ),
)

ACTIVATION: Final = component("activation", "`winit list activations` shows the names", activations)

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
)

_NAME = Field(
    "name", folder_name(), "of the output folder; default: the name of the file", None, "my_run"
)
_SEED = Field(
    "seed", integer(0, 2**64 - 1), "0 .. 2**64-1; the same seed draws the same numbers", 0
)
_WIDTH = Field("width", per_layer(), "units: one number, or a list with one per layer", 100)
_ACTIVATION = Field(
    "activation",
    ACTIVATION,
    "a name, or {name: leaky_relu, negative_slope: 0.1}",
    example="sigmoid",
)
_INITIALIZER = Field(
    "initializer",
    component("initializer", _INITIALIZERS_LISTED, initializers),
    "of the weights: a name, or {name: normal, std: 0.01}",
    example="xavier_normal",
)
_BIAS = Field(
    "bias",
    component("initializer", _INITIALIZERS_LISTED, vector_initializers, matrix_initializers),
    "initializer of the biases; default: the initializer's own, else zeros",
    None,
    "zeros",
)
_DTYPE = Field("dtype", choice(("float32", "float64")), "float32 | float64", "float32")
_RATE = number(above=0)


def _experiment(name: str) -> Field:
    doc = "histogram (default) | symmetry | training"
    return Field("experiment", choice(EXPERIMENTS), doc, name)


def _layers(fewest: int, default: int) -> Field:
    doc = f"how many layers; default: the length of a list of widths, else {default}"
    return Field("layers", integer(fewest, MOST_LAYERS), doc, None, str(default))


FIELDS: Final = (
    _NAME,
    _experiment("histogram"),
    _SEED,
    Field("samples", integer(1), "how many inputs, drawn from N(0, 1)", 1000),
    Field("features", integer(1), "size of one input; default: the first width", None, "100"),
    _layers(1, DEFAULT_LAYERS["histogram"]),
    _WIDTH,
    *CONVOLUTION,
    _ACTIVATION,
    _INITIALIZER,
    _BIAS,
    PRETRAINING_FIELD,
    Field("histogram", group(HISTOGRAM, Histogram), "how the activations are binned", {}),
    _DTYPE,
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

SYMMETRY: Final = (
    _NAME,
    _experiment("symmetry"),
    _SEED,
    Field("data", choice(TASKS), "xor | blobs | random_labels, each with two classes", "blobs"),
    Field("samples", integer(2, 100_000), "how many points; xor has 4", None, "100"),
    Field("features", integer(1, 10_000), "size of a point; xor and blobs have 2", None, "2"),
    _layers(0, DEFAULT_LAYERS["symmetry"]),
    _WIDTH._replace(type=per_layer(fewest=0), default=10),
    _ACTIVATION,
    _INITIALIZER,
    _BIAS,
    Field("steps", integer(1, 10_000_000), "of gradient descent on all points at once", 1000),
    Field("learning_rate", _RATE, "the gradient is that of the mean cross-entropy", 1.0),
)

TRAINING: Final = (
    _NAME,
    _experiment("training"),
    _SEED,
    Field("data", choice(DATA_SETS), " | ".join(DATA_SETS), "digits"),
    _layers(1, DEFAULT_LAYERS["training"]),
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

# The keys of each experiment, in the order of the normal form.
TABLES: Final = {"histogram": FIELDS, "symmetry": SYMMETRY, "training": TRAINING}

# What makes several runs of a spec; no part of any one of them.
GRID: Final = (
    Field(
        VARIANTS,
        variants_type(),
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
