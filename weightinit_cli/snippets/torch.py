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
    from weightinit_cli.spec import Residual, Spec

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
DTYPES: Final = {"float64": "double", "float16": "half", "bfloat16": "bfloat16"}
NORMALIZATIONS: Final = {
    "layer_norm": "nn.LayerNorm(fan_out)",
    "rms_norm": "nn.RMSNorm(fan_out, eps=1e-5)",
    "batch_norm": "nn.BatchNorm1d(fan_out)",
}


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
    spec = program.spec
    dtype = "" if spec.dtype == "float32" else f".{DTYPES[spec.dtype]}()"
    if spec.residual is not None:
        blocks.append(_block(spec.residual, spec.layers))
    build = [
        "def build():",
        *first.inputs(f"torch.randn({program.spec.samples}, {', '.join([channels, *sides])})"),
        "    layers = []",
        *loops,
        *_output(program),
        *_projection(program),
        f"    return nn.Sequential(*layers){dtype}",
    ]
    return program.text(["import torch", "from torch import nn"], [*blocks, build])


def _body(start: Start, activation: str) -> list[str]:
    """What is done for each layer, whose activation is this module."""
    body = [f"layer = {_layer(start)}", *_weights(start), *_drawn(start.bias, "layer.bias")]
    if start.weights == "lsuv":
        body += [f"activation = {activation}", *_unit_variance(start.arguments)]
        activation = "activation"
    normalized = NORMALIZATIONS.get(start.spec.normalization or "")
    residual = start.spec.residual
    if residual is None:
        parts = ["layer", *filter(None, [normalized]), activation]
        return [*body, f"layers += [{', '.join(parts)}]"]
    branch = ["layer", activation]
    if start.second is not None:
        body.append("second = nn.Linear(fan_out, fan_out)")
        body += [*_weights(start.second, "second"), *_drawn(start.second.bias, "second.bias")]
        branch.append("second")
    if normalized is not None and residual.placement == "pre":
        branch.insert(0, normalized)
    parts = [f"Block({', '.join(branch)})"]
    if normalized is not None and residual.placement == "post":
        parts.append(normalized)
    return [*body, f"layers += [{', '.join(parts)}]"]


def _block(residual: Residual, layers: int) -> list[str]:
    """The module x + s f(x); a scale of zero is learned, as ReZero's is."""
    scale, own = "", []
    if isinstance(residual.scale, str):
        scale = f"{layers} ** -0.5 * "
    elif residual.scale == 0:
        scale, own = "self.scale * ", ["        self.scale = nn.Parameter(torch.zeros(()))"]
    elif residual.scale != 1:
        scale = f"{literal(residual.scale)} * "
    return [
        "class Block(nn.Module):",
        "    def __init__(self, *branch):",
        "        super().__init__()",
        "        self.branch = nn.Sequential(*branch)",
        *own,
        "",
        "    def forward(self, x):",
        f"        return x + {scale}self.branch(x)",
    ]


def _output(program: Program) -> list[str]:
    """The lines of the output layer, if there is one."""
    output = program.spec.output
    if output is None or program.output is None:
        return []
    stack = program.spec.convolution
    flat = ["layers.append(nn.Flatten())"] if stack else []
    lines = [
        *flat,
        f"fan_in, fan_out = {program.spec.width[-1]}, {output.classes}  # classes",
        "layer = nn.Linear(fan_in, fan_out)",
        *_weights(program.output),
        *_drawn(program.output.bias, "layer.bias"),
        "layers.append(layer)",
    ]
    return [f"    {line}" for line in lines]


def _projection(program: Program) -> list[str]:
    """The lines of the layer that makes the stream of inputs of another size, if there is one."""
    if program.projection is None:
        return []
    lines = [
        f"fan_in, fan_out = {program.spec.features}, WIDTHS[0]  # inputs to the stream",
        "layer = nn.Linear(fan_in, fan_out)",
        *_weights(program.projection),
        "nn.init.zeros_(layer.bias)",
        "layers.insert(0, layer)",
    ]
    return [f"    {line}" for line in lines]


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


def _weights(start: Start, name: str = "layer") -> list[str]:
    """The lines that fill the weights of a layer of this name."""
    weights, tensor = start.weights, f"{name}.weight"
    if isinstance(weights, Law):
        return _drawn(weights, tensor)
    if isinstance(weights, Scaling):
        return _scaled(weights, start.arguments, tensor)
    return _whole(weights, start, tensor)


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


def _scaled(scaling: Scaling, arguments: Mapping[str, Any], tensor: str) -> list[str]:
    gain, mode, distribution = scaling
    if distribution == "truncated_normal":
        std = f"{scaling.root()} / {literal(TRUNCATED_STD)}  # the cut leaves 0.88 of it"
        return [f"std = {std}", f"nn.init.trunc_normal_({tensor}, std=std, a=-2 * std, b=2 * std)"]
    if mode == "fan_avg":
        return [f"nn.init.xavier_{distribution}_({tensor}{gain.option('gain')})"]
    kaiming = f"nn.init.kaiming_{distribution}_({tensor}"
    if mode == "fan_out":
        kaiming += ', mode="fan_out"'
    if "negative_slope" in arguments:
        return [f"{kaiming}, a={literal(arguments['negative_slope'])})"]
    if gain.squared == "2":
        return [f'{kaiming}, nonlinearity="relu")']
    if scaling.key == (literal(1 / 3), "fan_in", "uniform"):
        return [f"{kaiming}, a=math.sqrt(5))  # torch's default"]
    if distribution == "normal":
        return _drawn(Law("normal", ("0", scaling.root())), tensor)
    return _drawn(Law("symmetric", (scaling.root(3),)), tensor)


def _whole(name: str, start: Start, tensor: str) -> list[str]:
    """The lines that fill a layer's weights with what is not drawn independently."""
    gain = start.gain.option("gain")
    match name:
        case "identity":
            scaled = [f"{tensor}.data *= {start.gain.text}"] if gain else []
            return [f"nn.init.eye_({tensor})", *scaled]
        case "dirac":
            groups = literal(start.arguments["groups"])
            return [f"nn.init.dirac_({tensor}{'' if groups == '1' else f', groups={groups}'})"]
        case "delta_orthogonal":
            centre = start.tap(lower_centre)
            return [
                f"nn.init.zeros_({tensor})",
                f"nn.init.orthogonal_({tensor}.data[:, :, {centre}]{gain})",
            ]
        case "sparse":
            return _sparse(start, tensor)
        case "nguyen_widrow":
            dim = "(1, 2, 3)" if start.stack else "1"
            return [
                f"nn.init.uniform_({tensor}, -1, 1)",
                f"norms = torch.linalg.vector_norm({tensor}.data, dim={dim}, keepdim=True)",
                f"{tensor}.data *= 0.7 * {start.columns} ** (1 / fan_in) / norms",
            ]
        case _:  # orthogonal and lsuv
            return [f"nn.init.orthogonal_({tensor}{gain})"]


def _sparse(start: Start, tensor: str) -> list[str]:
    sparsity, std = (literal(start.arguments[key]) for key in ("sparsity", "std"))
    if start.stack is None:
        return [f"nn.init.sparse_({tensor}, {sparsity}, {std})"]
    return [
        f"nn.init.normal_({tensor}, std={std})",
        f"zeros = math.ceil({sparsity} * outputs)  # of each tap of an input channel",
        f"{tensor}.data *= torch.rand_like({tensor}).argsort(dim=0) >= zeros",
    ]


def _unit_variance(arguments: Mapping[str, Any]) -> list[str]:
    """The lines that divide the weights until what they make of `x` has variance 1."""
    return [
        "with torch.no_grad():",
        "    for _ in range(10):",
        "        std = layer(x).std()",
        f"        if abs(std**2 - 1) < {literal(arguments['tolerance'])}:",
        "            break",
        "        layer.weight /= std",
        "    x = activation(layer(x))",
    ]
