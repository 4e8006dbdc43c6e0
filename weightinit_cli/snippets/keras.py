"""A network in the lines of Keras 3, on any of its backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.errors import SpecError
from weightinit_cli.snippets.start import Entry, Law, Program, Scaling, Start, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names, layers, or where Keras has neither what a function of x returns.
ACTIVATIONS: Final[dict[str, Entry]] = {
    "linear": '"linear"',
    "sigmoid": '"sigmoid"',
    "tanh": '"tanh"',
    "relu": '"relu"',
    "leaky_relu": "keras.activations.leaky_relu(x, {negative_slope})",
    "prelu": "keras.layers.PReLU(keras.initializers.Constant({negative_slope}))",
    "relu6": '"relu6"',
    "elu": "keras.layers.ELU({alpha})",
    "celu": "keras.activations.celu(x, {alpha})",
    "selu": '"selu"',
    "gelu": {"none": '"gelu"', "tanh": "keras.activations.gelu(x, approximate=True)"},
    "silu": '"silu"',
    "mish": '"mish"',
    "hard_silu": '"hard_silu"',
    "softplus": '"softplus"',
    "squareplus": "keras.activations.squareplus(x, {b})",
    "softsign": '"softsign"',
    "hard_tanh": '"hard_tanh"',
    "hard_sigmoid": {"torch": '"hard_sigmoid"', "keras2": "keras.ops.clip(0.2 * x + 0.5, 0, 1)"},
    "log_sigmoid": '"log_sigmoid"',
    "exponential": '"exponential"',
    "erf": "keras.ops.erf(x)",
    "sin": "keras.ops.sin({omega} * x)",
    "step": "keras.ops.cast(x > 0, x.dtype)",
    "threshold": "keras.activations.threshold(x, {threshold}, {value})",
    "tanh_shrink": '"tanh_shrink"',
    "soft_shrink": "keras.activations.soft_shrink(x, {threshold})",
    "hard_shrink": "keras.activations.hard_shrink(x, {threshold})",
}
NAMED: Final = {
    ("1", "fan_in", "truncated_normal"): "LecunNormal()",
    ("1", "fan_in", "uniform"): "LecunUniform()",
    ("1", "fan_avg", "truncated_normal"): "GlorotNormal()",
    ("1", "fan_avg", "uniform"): "GlorotUniform()",
    ("2", "fan_in", "truncated_normal"): "HeNormal()",
    ("2", "fan_in", "uniform"): "HeUniform()",
}
DELTA_ORTHOGONAL: Final = """\
def delta_orthogonal(gain):
    def draw(shape, dtype):
        height, width, inputs, outputs = shape
        taps = keras.initializers.Orthogonal(gain)((1, 1, inputs, outputs), dtype)
        rows, columns = (height - 1) // 2, (width - 1) // 2
        around = ((rows, height - 1 - rows), (columns, width - 1 - columns), (0, 0), (0, 0))
        return keras.ops.pad(taps, around)

    return draw""".splitlines()


def text(program: Program) -> str:
    """The program: `build()` makes the model, whose images have their channels last.

    Raises SpecError where layers draw by functions of one name that are not the same.
    """
    functions, loops = [], []
    initializers: dict[str, list[str]] = {}
    for number, start in enumerate(program.starts):
        activation, function = _activation(start, program.numbered("activation", number))
        functions += function
        _, _, drawing = _weights(start)
        for lines in drawing:
            if initializers.setdefault(lines[0], lines) != lines:
                name = str(start.weights)
                message = f"layers with other parameters of {name} make no short program for Keras"
                path = f"initializer.{start.layers.start}"
                raise SpecError([program.spec.problem(path, message)])
        loops += start.loop(_body(start, activation))
    first = program.starts[0]
    ring = [_ring(first.ring)] if first.ring else []
    shape = ", ".join(first.input_shape)
    one = f"({shape})" if first.stack else f"({shape},)"
    build = [
        "def build():",
        *first.inputs(f"keras.random.normal(({program.spec.samples}, {shape}))"),
        "    layers = []",
        *loops,
        f"    return keras.Sequential([keras.Input({one}), *layers])",
    ]
    settings = []
    if program.spec.dtype == "float64":  # of the inputs, then of the layers
        settings = [f'keras.config.set_{what}("float64")' for what in ("floatx", "dtype_policy")]
        settings[-1] += "  # some operations stay in float32 all the same"
    blocks = [*functions, *initializers.values(), *ring, build]
    return program.text(["import keras"], blocks, settings)


def _body(start: Start, activation: str) -> list[str]:
    """What is done for each layer, whose activation is this layer of Keras's."""
    before, weights, _ = _weights(start)
    bias_before, bias = _drawn(start.bias, "bias_bound")
    inputs = "wrapped(x)" if start.ring else "x"
    body = [
        *before,
        *bias_before,
        *_layer(start),
        *f"    kernel_initializer={weights},".splitlines(),
        f"    bias_initializer={bias},",
        ")",
    ]
    if start.weights == "lsuv":
        body += [f"nonlinearity = {activation}", *_unit_variance(start.arguments, inputs)]
        activation = "nonlinearity"
    if start.ring:
        body.append("layers.append(keras.layers.Lambda(wrapped))")
    return [*body, f"layers += [layer, {activation}]"]


def _activation(start: Start, name: str) -> tuple[str, list[list[str]]]:
    """The layer, and the function of this name that it may be of."""
    entry = start.activation_in(ACTIVATIONS)
    if entry.startswith("keras.layers"):
        return entry, []
    if entry.startswith('"'):
        return f"keras.layers.Activation({entry})", []
    function = [f"def {name}(x):", f"    return {entry}"]
    return f"keras.layers.Activation({name})", [function]


def _layer(start: Start) -> list[str]:
    stack = start.stack
    if stack is None:
        return ["layer = keras.layers.Dense(", "    fan_out,"]
    strides = [] if start.stride == "1" else [f"    strides={start.stride},"]
    padding = ['    padding="same",'] if stack.padding == "same" else []
    layout = '    data_format="channels_last",'
    return [
        "layer = keras.layers.Conv2D(",
        "    outputs,",
        "    KERNEL,",
        *strides,
        *padding,
        layout,
    ]


def _ring(ring: list[tuple[int, int]]) -> list[str]:
    """The function that adds rows and columns of an image's other side around it."""
    lines = ["def wrapped(x):"]
    for axis, (before, after) in enumerate(ring, 1):
        rows = ":, " * axis
        parts = (
            [f"x[{rows}-{before}:]"] * (before > 0) + ["x"] + [f"x[{rows}:{after}]"] * (after > 0)
        )
        if len(parts) > 1:
            lines.append(f"    x = keras.ops.concatenate([{', '.join(parts)}], axis={axis})")
    return [*lines, "    return x"]


def _drawn(law: Law, bound: str) -> tuple[list[str], str]:
    """The initializer, and before it the line that says what its `bound` is, if it has one."""
    of = "keras.initializers."
    match law.name, law.numbers:
        case "constant", ("0",):
            return [], '"zeros"'
        case "constant", ("1",):
            return [], '"ones"'
        case "constant", (value,):
            return [], f"{of}Constant({value})"
        case "symmetric", (half,):
            return [f"{bound} = {half}"], f"{of}RandomUniform(-{bound}, {bound})"
    names = {"normal": "RandomNormal", "truncated_normal": "TruncatedNormal"}
    return [], f"{of}{names.get(law.name, 'RandomUniform')}({', '.join(law.numbers)})"


def _weights(start: Start) -> tuple[list[str], str, list[list[str]]]:
    """The lines before it in the loop, the initializer, and the function that it may be."""
    weights = start.weights
    if isinstance(weights, Law):
        return *_drawn(weights, "bound"), []
    if isinstance(weights, Scaling):
        return [], f"keras.initializers.{_scaled(weights)}", []
    gain = start.gain.option("gain").removeprefix(", ")
    match weights:
        case "identity":
            return [], f"keras.initializers.Identity({gain})", []
        case "sparse":
            return [], weights, [_sparse(start.arguments)]
        case "nguyen_widrow":
            return [], weights, [_nguyen_widrow(start)]
        case "dirac":
            return [], weights, [_dirac(literal(start.arguments["groups"]))]
        case "delta_orthogonal":
            return [], f"delta_orthogonal({start.gain.text})", [DELTA_ORTHOGONAL]
    return [], f"keras.initializers.Orthogonal({gain})", []


def _scaled(scaling: Scaling) -> str:
    if scaling.key in NAMED:
        return NAMED[scaling.key]
    scale, mode, distribution = scaling.key
    theirs = "untruncated_normal" if distribution == "normal" else distribution
    return f'VarianceScaling(\n        {scale}, "{mode}", "{theirs}"\n    )'


def _sparse(arguments: Mapping[str, Any]) -> list[str]:
    return [
        "def sparse(shape, dtype):",
        f"    zeros = math.ceil({literal(arguments['sparsity'])} * shape[-1])  # of each row",
        "    kept = keras.ops.argsort(keras.random.uniform(shape), axis=-1) >= zeros",
        f"    w = keras.random.normal(shape, stddev={literal(arguments['std'])}, dtype=dtype)",
        "    return keras.ops.where(kept, w, 0)",
    ]


def _nguyen_widrow(start: Start) -> list[str]:
    axis = "(0, 1, 2)" if start.stack else "0"
    return [
        "def nguyen_widrow(shape, dtype):",
        "    w = keras.random.uniform(shape, -1, 1, dtype)",
        f"    norms = keras.ops.sqrt(keras.ops.sum(w**2, axis={axis}))",
        "    return 0.7 * shape[-1] ** (1 / math.prod(shape[:-1])) * w / norms",
    ]


def _dirac(groups: str) -> list[str]:
    return [
        "def dirac(shape, dtype):",
        "    height, width, inputs, outputs = shape",
        f"    matrix = keras.ops.eye(inputs, outputs // {groups}, dtype=dtype)",
        f"    taps = keras.ops.tile(matrix, (1, 1, 1, {groups}))",
        "    rows, columns = height // 2, width // 2",
        "    around = ((rows, height - 1 - rows), (columns, width - 1 - columns), (0, 0), (0, 0))",
        "    return keras.ops.pad(taps, around)",
    ]


def _unit_variance(arguments: Mapping[str, Any], inputs: str) -> list[str]:
    """The lines that divide the weights until what they make of `x` has variance 1."""
    return [
        "for _ in range(10):",
        f"    std = keras.ops.std(layer({inputs}))",
        f"    if abs(std**2 - 1) < {literal(arguments['tolerance'])}:",
        "        break",
        "    layer.kernel.assign(layer.kernel / std)",
        f"x = nonlinearity(layer({inputs}))",
    ]
