"""A network in the lines of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.errors import SpecError
from weightinit_cli.initializers.samplers import TRUNCATED_STD
from weightinit_cli.initializers.schemes import lower_centre
from weightinit_cli.snippets.start import Entry, Law, Program, Scaling, Start, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.convolution import Convolution
    from weightinit_cli.spec import Spec

# Modules, or where torch has none what `forward` returns.
ACTIVATIONS: Final[dict[str, Entry]] = {
    "linear": "nn.Identity()",
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU({negative_slope})",
    "prelu": "nn.PReLU(init={negative_slope})",
    "relu6": "nn.ReLU6()",
    "elu": "nn.ELU({alpha})",
    "celu": "nn.CELU({alpha})",
    "selu": "nn.SELU()",
    "gelu": {"none": "nn.GELU()", "tanh": 'nn.GELU(approximate="tanh")'},
    "silu": "nn.SiLU()",
    "mish": "nn.Mish()",
    "hard_silu": "nn.Hardswish()",
    "softplus": "nn.Softplus()",
    "squareplus": "(x + torch.sqrt(x * x + {b})) / 2",
    "softsign": "nn.Softsign()",
    "hard_tanh": "nn.Hardtanh()",
    "hard_sigmoid": {"torch": "nn.Hardsigmoid()", "keras2": "torch.clamp(0.2 * x + 0.5, 0, 1)"},
    "log_sigmoid": "nn.LogSigmoid()",
    "exponential": "torch.exp(x)",
    "erf": "torch.erf(x)",
    "sin": "torch.sin({omega} * x)",
    "step": "(x > 0).to(x.dtype)",
    "threshold": "nn.Threshold({threshold}, {value})",
    "tanh_shrink": "nn.Tanhshrink()",
    "soft_shrink": "nn.Softshrink({threshold})",
    "hard_shrink": "nn.Hardshrink({threshold})",
}
W = "layer.weight"


def text(program: Program) -> str:
    """The program: `build()` makes the model, whose images have their channels first.

    Raises SpecError for what torch cannot do.
    """
    blocks, loops = [], []
    for number, start in enumerate(program.starts):
        activation = start.activation_in(ACTIVATIONS)
        if not activation.startswith("nn."):
            name = program.numbered("Activation", number)
            forward = ["    def forward(self, x):", f"        return {activation}"]
            blocks.append([f"class {name}(nn.Module):", *forward])
            activation = f"{name}()"
        loops += start.loop(_body(start, activation))
    first = program.starts[0]
    *sides, channels = first.input_shape
    double = ".double()" if program.spec.dtype == "float64" else ""
    build = [
        "def build():",
        *first.inputs(f"torch.randn({program.spec.samples}, {', '.join([channels, *sides])})"),
        "    layers = []",
        *loops,
        f"    return nn.Sequential(*layers){double}",
    ]
    return program.text(["import torch", "from torch import nn"], [*blocks, build])


def _body(start: Start, activation: str) -> list[str]:
    """What is done for each layer, whose activation is this module."""
    body = [f"layer = {_layer(start)}", *_weights(start), *_drawn(start.bias, "layer.bias")]
    if start.weights == "lsuv":
        body += [f"activation = {activation}", *_unit_variance(start.arguments)]
        activation = "activation"
    return [*body, f"layers += [layer, {activation}]"]


def _layer(start: Start) -> str:
    stack = start.stack
    if stack is None:
        return "nn.Linear(fan_in, fan_out)"
    options = "" if set(stack.stride) == {1} else f", stride={start.stride}"
    if stack.padding != "valid":
        options += f", padding={_padding(start.spec, stack)}"
    if stack.padding == "circular":
        options += ', padding_mode="circular"'
    return f"nn.Conv2d(inputs, outputs, KERNEL{options})"


def _padding(spec: Spec, stack: Convolution) -> str:
    if set(stack.stride) == {1}:
        return '"same"'
    circular = stack.padding == "circular"
    if circular and all(side % 2 for side in stack.kernel):
        return str(tuple(side // 2 for side in stack.kernel))
    kind = "kernels of an even side" if circular else "a stride above 1"
    message = f"torch's Conv2d does not pad so for {kind}; Keras and JAX do"
    raise SpecError([spec.problem("padding", message)])


def _weights(start: Start) -> list[str]:
    weights = start.weights
    if isinstance(weights, Law):
        return _drawn(weights, W)
    if isinstance(weights, Scaling):
        return _scaled(weights, start.arguments)
    return _whole(weights, start)


def _drawn(law: Law, tensor: str) -> list[str]:
    """The lines that fill a tensor with independent draws."""
    match law.name, law.numbers:
        case "constant", ("0",):
            return [f"nn.init.zeros_({tensor})"]
        case "constant", ("1",):
            return [f"nn.init.ones_({tensor})"]
        case "constant", (value,):
            return [f"nn.init.constant_({tensor}, {value})"]
        case "normal", ("0", std):
            return [f"nn.init.normal_({tensor}, std={std})"]
        case "normal", (mean, std):
            return [f"nn.init.normal_({tensor}, {mean}, {std})"]
        case "uniform", (low, high):
            return [f"nn.init.uniform_({tensor}, {low}, {high})"]
        case "symmetric", (bound,):
            return [f"bound = {bound}", f"nn.init.uniform_({tensor}, -bound, bound)"]
    mean, std = law.numbers
    ends = "mean - 2 * std, mean + 2 * std"
    return [f"mean, std = {mean}, {std}", f"nn.init.trunc_normal_({tensor}, mean, std, {ends})"]


def _scaled(scaling: Scaling, arguments: Mapping[str, Any]) -> list[str]:
    gain, mode, distribution = scaling
    if distribution == "truncated_normal":
        std = f"{scaling.root()} / {literal(TRUNCATED_STD)}  # the cut leaves 0.88 of it"
        return [f"std = {std}", f"nn.init.trunc_normal_({W}, std=std, a=-2 * std, b=2 * std)"]
    if mode == "fan_avg":
        return [f"nn.init.xavier_{distribution}_({W}{gain.option('gain')})"]
    kaiming = f"nn.init.kaiming_{distribution}_({W}"
    if mode == "fan_out":
        kaiming += ', mode="fan_out"'
    if "negative_slope" in arguments:
        return [f"{kaiming}, a={literal(arguments['negative_slope'])})"]
    if gain.squared == "2":
        return [f'{kaiming}, nonlinearity="relu")']
    if scaling.key == (literal(1 / 3), "fan_in", "uniform"):
        return [f"{kaiming}, a=math.sqrt(5))  # torch's default"]
    if distribution == "normal":
        return _drawn(Law("normal", ("0", scaling.root())), W)
    return _drawn(Law("symmetric", (scaling.root(3),)), W)


def _whole(name: str, start: Start) -> list[str]:
    """The lines that fill a layer's weights with what is not drawn independently."""
    gain = start.gain.option("gain")
    match name:
        case "identity":
            scaled = [f"{W}.data *= {start.gain.text}"] if gain else []
            return [f"nn.init.eye_({W})", *scaled]
        case "dirac":
            groups = literal(start.arguments["groups"])
            return [f"nn.init.dirac_({W}{'' if groups == '1' else f', groups={groups}'})"]
        case "delta_orthogonal":
            centre = start.tap(lower_centre)
            return [
                f"nn.init.zeros_({W})",
                f"nn.init.orthogonal_({W}.data[:, :, {centre}]{gain})",
            ]
        case "sparse":
            return _sparse(start)
        case "nguyen_widrow":
            dim = "(1, 2, 3)" if start.stack else "1"
            return [
                f"nn.init.uniform_({W}, -1, 1)",
                f"norms = torch.linalg.vector_norm({W}.data, dim={dim}, keepdim=True)",
                f"{W}.data *= 0.7 * {start.columns} ** (1 / fan_in) / norms",
            ]
        case _:  # orthogonal and lsuv
            return [f"nn.init.orthogonal_({W}{gain})"]


def _sparse(start: Start) -> list[str]:
    sparsity, std = (literal(start.arguments[key]) for key in ("sparsity", "std"))
    if start.stack is None:
        return [f"nn.init.sparse_({W}, {sparsity}, {std})"]
    return [
        f"nn.init.normal_({W}, std={std})",
        f"zeros = math.ceil({sparsity} * outputs)  # of each tap of an input channel",
        f"{W}.data *= torch.rand_like({W}).argsort(dim=0) >= zeros",
    ]


def _unit_variance(arguments: Mapping[str, Any]) -> list[str]:
    """The lines that divide the weights until what they make of `x` has variance 1."""
    return [
        "with torch.no_grad():",
        "    for _ in range(10):",
        "        std = layer(x).std()",
        f"        if abs(std**2 - 1) < {literal(arguments['tolerance'])}:",
        "            break",
        f"        {W} /= std",
        "    x = activation(layer(x))",
    ]
