"""A network in the lines of JAX alone: parameters in a list, and a function that applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.initializers.schemes import upper_centre
from weightinit_cli.snippets.start import Entry, Law, Program, Scaling, Start, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a function of z returns.
ACTIVATIONS: Final[dict[str, Entry]] = {
    "linear": "z",
    "sigmoid": "jax.nn.sigmoid(z)",
    "tanh": "jnp.tanh(z)",
    "relu": "jax.nn.relu(z)",
    "leaky_relu": "jax.nn.leaky_relu(z, {negative_slope})",
    "prelu": "jax.nn.leaky_relu(z, slope)",
    "relu6": "jax.nn.relu6(z)",
    "elu": "jax.nn.elu(z, {alpha})",
    "celu": "jax.nn.celu(z, {alpha})",
    "selu": "jax.nn.selu(z)",
    "gelu": {
        "none": "jax.nn.gelu(z, approximate=False)",
        "tanh": "jax.nn.gelu(z, approximate=True)",
    },
    "silu": "jax.nn.silu(z)",
    "mish": "jax.nn.mish(z)",
    "hard_silu": "jax.nn.hard_silu(z)",
    "softplus": "jax.nn.softplus(z)",
    "squareplus": "jax.nn.squareplus(z, {b})",
    "softsign": "jax.nn.soft_sign(z)",
    "hard_tanh": "jax.nn.hard_tanh(z)",
    "hard_sigmoid": {"torch": "jax.nn.hard_sigmoid(z)", "keras2": "jnp.clip(0.2 * z + 0.5, 0, 1)"},
    "log_sigmoid": "jax.nn.log_sigmoid(z)",
    "exponential": "jnp.exp(z)",
    "erf": "jax.lax.erf(z)",
    "sin": "jnp.sin({omega} * z)",
    "step": "(z > 0).astype(z.dtype)",
    "threshold": "jnp.where(z > {threshold}, z, {value})",
    "tanh_shrink": "z - jnp.tanh(z)",
    "soft_shrink": "z - jnp.clip(z, -{threshold}, {threshold})",
    "hard_shrink": "jnp.where(jnp.abs(z) > {threshold}, z, 0)",
}
NAMED: Final = {
    ("1", "fan_in", "truncated_normal"): "lecun_normal()",
    ("1", "fan_in", "uniform"): "lecun_uniform()",
    ("1", "fan_avg", "truncated_normal"): "glorot_normal()",
    ("1", "fan_avg", "uniform"): "glorot_uniform()",
    ("2", "fan_in", "truncated_normal"): "he_normal()",
    ("2", "fan_in", "uniform"): "he_uniform()",
}


def text(program: Program) -> str:
    """The program: `build(key)` gives `apply(parameters, x)` and the parameters.

    Images have their channels last.
    """
    first = program.starts[0]
    blocks = [_convolve(first)] if first.stack else []
    forward = [line for start in program.starts for line in _forward(start)]
    apply = ["def apply(parameters, x):", *forward, "    return x"]
    one = ", ".join(first.input_shape)
    build = [
        "def build(key):",
        *first.inputs(f"jax.random.normal(key, ({program.spec.samples}, {one}))"),
        "    layers = []",
        *(line for start in program.starts for line in start.loop(_body(start))),
        "    return apply, layers",
    ]
    imports = ["import jax", "import jax.numpy as jnp", "from jax.nn import initializers"]
    double = program.spec.dtype == "float64"
    settings = ['jax.config.update("jax_enable_x64", True)'] if double else []
    return program.text(imports, [*blocks, apply, build], settings)


def _forward(start: Start) -> list[str]:
    """The loop that applies these layers."""
    names = "w, b, slope" if start.activation.name == "prelu" else "w, b"
    over = f"for {names} in {start.of('parameters')}:"
    if start.strides_differ:
        over = f"for ({names}), stride in zip({start.of('parameters')}, {start.of('STRIDES')}):"
    return [
        f"    {over}",
        f"        z = {_affine(start)}",
        f"        x = {start.activation_in(ACTIVATIONS)}",
    ]


def _affine(start: Start) -> str:
    if start.stack:
        return f"convolve(x, w{', stride' if start.strides_differ else ''}) + b"
    return "x @ w + b"


def _body(start: Start) -> list[str]:
    """What is done for each layer."""
    kept = "w, b"
    if start.activation.name == "prelu":
        slope = literal(float(start.activation.arguments["negative_slope"]))
        kept = f"w, b, jnp.asarray({slope})"
    shape = "(*KERNEL, inputs, outputs)" if start.stack else "(fan_in, fan_out)"
    body = [
        "key, w_key, b_key = jax.random.split(key, 3)",
        f"shape = {shape}",
        *_weights(start),
        *_drawn(start.bias, "b", f"({start.columns},)"),
    ]
    if start.weights == "lsuv":
        affine, activation = _affine(start), start.activation_in(ACTIVATIONS)
        body += _unit_variance(start.arguments, affine, activation)
    return [*body, f"layers.append(({kept}))"]


def _convolve(start: Start) -> list[str]:
    if start.stack is None:
        return []
    around = ", ".join(map(str, start.ring))
    ring = [f'    x = jnp.pad(x, ((0, 0), {around}, (0, 0)), mode="wrap")'] if around else []
    return [
        f"def convolve(x, w{', stride' if start.strides_differ else ''}):",
        *ring,
        "    return jax.lax.conv_general_dilated(",
        f"        x, w, ({start.stride}, {start.stride}), "
        f'"{"SAME" if start.stack.padding == "same" else "VALID"}", '
        'dimension_numbers=("NHWC", "HWIO", "NHWC")',
        "    )",
    ]


def _drawn(law: Law, name: str, shape: str) -> list[str]:
    """The lines that make an array of independent draws; its key is named like it."""
    key = f"{name}_key"
    match law.name, law.numbers:
        case "constant", ("0",):
            return [f"{name} = jnp.zeros({shape})"]
        case "constant", ("1",):
            return [f"{name} = jnp.ones({shape})"]
        case "constant", (value,):
            return [f"{name} = jnp.full({shape}, {float(value)})"]
        case "uniform", (low, high):
            return [f"{name} = jax.random.uniform({key}, {shape}, minval={low}, maxval={high})"]
        case "symmetric", (bound,):
            ends = "minval=-bound, maxval=bound"
            return [f"bound = {bound}", f"{name} = jax.random.uniform({key}, {shape}, {ends})"]
    mean, std = law.numbers
    plus = "" if mean == "0" else f"{mean} + "
    return [f"{name} = {plus}initializers.{law.name}({std})({key}, {shape})"]


def _weights(start: Start) -> list[str]:
    weights = start.weights
    if isinstance(weights, Law):
        return _drawn(weights, "w", "shape")
    if isinstance(weights, Scaling):
        return [f"w = initializers.{_scaled(weights)}(w_key, shape)"]
    gain = start.gain.option("").removeprefix(", =")
    match weights:
        case "identity":
            return [f"w = {gain and f'{gain} * '}jnp.eye(fan_in, fan_out)"]
        case "delta_orthogonal":
            return [f"w = initializers.delta_orthogonal({gain})(w_key, shape)"]
        case "dirac":
            groups = literal(start.arguments["groups"])
            return [
                f"taps = jnp.tile(jnp.eye(inputs, outputs // {groups}), {groups})",
                f"w = jnp.zeros(shape).at[{start.tap(upper_centre)}].set(taps)",
            ]
        case "sparse":
            return _sparse(start.arguments, start.columns)
        case "nguyen_widrow":
            axis = "(0, 1, 2)" if start.stack else "0"
            return [
                "w = jax.random.uniform(w_key, shape, minval=-1, maxval=1)",
                f"norms = jnp.sqrt(jnp.sum(w**2, axis={axis}))",
                f"w *= 0.7 * {start.columns} ** (1 / fan_in) / norms",
            ]
    return [f"w = initializers.orthogonal({gain})(w_key, shape)"]


def _scaled(scaling: Scaling) -> str:
    if scaling.key in NAMED:
        return NAMED[scaling.key]
    scale, mode, distribution = scaling.key
    return f'variance_scaling({scale}, "{mode}", "{distribution}")'


def _sparse(arguments: Mapping[str, Any], columns: str) -> list[str]:
    sparsity, std = (literal(arguments[key]) for key in ("sparsity", "std"))
    return [
        f"zeros = math.ceil({sparsity} * {columns})  # of each row",
        "w_key, order_key = jax.random.split(w_key)",
        "kept = jnp.argsort(jax.random.uniform(order_key, shape), axis=-1) >= zeros",
        f"w = kept * initializers.normal({std})(w_key, shape)",
    ]


def _unit_variance(arguments: Mapping[str, Any], affine: str, activation: str) -> list[str]:
    """The lines that divide the weights until what they make of `x` has variance 1."""
    return [
        "for _ in range(10):",
        f"    std = jnp.std({affine})",
        f"    if abs(std**2 - 1) < {literal(arguments['tolerance'])}:",
        "        break",
        "    w /= std",
        f"z = {affine}",
        f"x = {activation}",
    ]
