"""The one table of the spec's keys: validation, schema, template and normal form follow it."""

from __future__ import annotations

from typing import Final

from weightinit_cli.spec.components import (
    ComponentKind,
    activations,
    initializers,
    matrix_initializers,
    vector_initializers,
)
from weightinit_cli.spec.grid import SWEEP, VARIANTS, Sweep, Variants
from weightinit_cli.spec.groups import Field, Group
from weightinit_cli.spec.kinds import (
    MOST_LAYERS,
    Boolean,
    Choice,
    Integer,
    Name,
    Number,
    PerLayer,
    RangeOrWord,
)
from weightinit_cli.spec.model import Histogram
from weightinit_cli.verdicts import Thresholds

_INITIALIZERS_LISTED = "`winit list initializers` shows the names"

HISTOGRAM: Final = (
    Field("bins", Integer(1, 100_000), "how many bins", 30),
    Field(
        "range",
        RangeOrWord(("auto", "per_layer")),
        "auto (the activation's bounds if finite, else per_layer) | per_layer | [low, high]",
        "auto",
    ),
)

ACTIVATION: Final = ComponentKind(
    "activation", "`winit list activations` shows the names", activations
)

THRESHOLDS: Final = tuple(
    Field(name, Number(minimum=0), f"where {name} begins", default)
    for name, default in Thresholds()._asdict().items()
)

FIELDS: Final = (
    Field("name", Name(), "of the output folder; default: the name of the file", None, "my_run"),
    Field("experiment", Choice(("histogram",)), "what is recorded", "histogram"),
    Field("seed", Integer(0, 2**64 - 1), "0 .. 2**64-1; the same seed draws the same numbers", 0),
    Field("samples", Integer(1), "how many inputs, drawn from N(0, 1)", 1000),
    Field("features", Integer(1), "size of one input; default: the first width", None, "100"),
    Field(
        "layers",
        Integer(1, MOST_LAYERS),
        "how many layers; default: the length of a list of widths, else 5",
        None,
        "5",
    ),
    Field("width", PerLayer(Integer(1)), "units: one number, or a list with one per layer", 100),
    Field(
        "activation",
        ACTIVATION,
        "a name, or {name: leaky_relu, negative_slope: 0.1}",
        example="sigmoid",
    ),
    Field(
        "initializer",
        ComponentKind("initializer", _INITIALIZERS_LISTED, initializers),
        "of the weights: a name, or {name: normal, std: 0.01}",
        example="xavier_normal",
    ),
    Field(
        "bias",
        ComponentKind(
            "initializer", _INITIALIZERS_LISTED, vector_initializers, matrix_initializers
        ),
        "initializer of the biases; default: the initializer's own, else zeros",
        None,
        "zeros",
    ),
    Field("histogram", Group(HISTOGRAM, Histogram), "how the activations are binned", {}),
    Field("dtype", Choice(("float32", "float64")), "float32 | float64", "float32"),
    Field(
        "saturation",
        Number(above=0, below=1),
        "an end counts as flat up to this fraction of the largest |slope|",
        0.05,
    ),
    Field("backward", Boolean(), "whether the gradient is measured, too", True),
    Field("repeats", Integer(1, 10_000), "this many networks, each with draws of its own", 1),
    Field(
        "thresholds",
        Group(THRESHOLDS, Thresholds),
        "where each verdict begins; `winit explain NAME` defines them",
        {},
    ),
)

# What makes several runs of a spec; no part of any one of them.
GRID: Final = (
    Field(
        VARIANTS,
        Variants(),
        "runs side by side, each a name with what it changes",
        None,
        "{std = 1: {initializer: {name: normal, std: 1}}, Xavier: {}}",
    ),
    Field(
        SWEEP,
        Sweep(),
        "a grid of runs: paths into the spec, each with a list of values",
        None,
        "{width: [100, 200]}",
    ),
)
