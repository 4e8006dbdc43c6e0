"""Records what torch gives, into `torch.json` beside this file.

Made with torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, in a virtual environment of its own:

    python -m pip install "torch==2.13.0" numpy
    PYTHONPATH=tests python tests/peers/record_torch.py

Takes about a minute. The seeds are fixed: the same versions give the same file, but for the last
digits where the processor's vector instructions round differently. torch's weights have shape
(out, in); they are turned into ours, (in, out).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional, init

from support.peers import tables
from support.peers.tables import FANS, KERNEL, InitializerCase

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = "PYTHONPATH=tests python tests/peers/record_torch.py"

NOTES = (
    "weights have shape (out, in); recorded as (in, out)",
    "trunc_normal_ cuts at absolute a = -2, b = 2, not at two standard deviations: std 0.02 is "
    "plain, std 1 is Keras's, and std 2 is cut at one standard deviation; never corrected. The "
    "entry without a name (std 2) has no counterpart in winit",
    "xavier_normal_ and kaiming_normal_ are plain normals; Keras's glorot_normal and he_normal, "
    "and JAX's under all four names, are truncated",
    "kaiming_*_ default to nonlinearity leaky_relu with a = 0, so gain sqrt(2)",
    "Linear's default is kaiming_uniform_(a=sqrt(5)) = U(+-1/sqrt(fan_in)), biases as well",
    "sparse_ zeroes ceil(sparsity * out) weights of each input (a column of (out, in)); its "
    "permutations come from the global generator even if `generator` is given",
    "LeakyReLU's default slope is 0.01 (keras.activations 0.2, keras.layers 0.3, JAX 0.01), "
    "PReLU's 0.25 (Keras 0)",
    "gelu's default is approximate='none' (Keras: False, the same; JAX: True, the tanh form)",
    "softplus is x itself where beta x > 20: up to 2.1e-9 off in value and derivative (JAX's and "
    "Keras's on other backends are not)",
    "hard_sigmoid is relu6(x + 3)/6, as in Keras 3 and JAX; Keras 2's was clip(0.2 x + 0.5)",
    "hard_sigmoid's derivative is 1/6 rounded to float32, in float64 too: 3e-8 relative off",
    "gelu cancels on the left (-5: 4e-11 relative in the erf form, 3e-10 in the tanh form; -20: "
    "0), so do the derivatives of sigmoid, tanh and tanh_shrink in their tails and at 0, and "
    "tanh_shrink at 0 (1e-8: 0 instead of 3.3e-25)",
    "derivatives at kinks: relu 0; leaky_relu, prelu, elu and selu their left slope (JAX: "
    "leaky_relu 1, the others the same); relu6 0 at 0 and 6; hard_tanh 0 at -1 "
    "and 1 (JAX 1); hard_sigmoid 0 at -3 and 3; hard_silu 0 at -3 and 1 at 3, where the inner "
    "formula would give -1/2 and 3/2; soft_shrink, hard_shrink and threshold 0 at the threshold",
    "step is heaviside(x, 0): torch has no derivative of it",
    "calculate_gain: tanh 5/3 and selu 3/4 are empirical",
    "backward: by autograd, of a network of fixed numbers (support/peers/tables.py), float64; "
    "weights are the gradient over the number of inputs",
)


def _hard_sigmoid(x: torch.Tensor, form: str) -> torch.Tensor:
    if form != "torch":
        raise ValueError(form)
    return functional.hardsigmoid(x)


FUNCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "linear": torch.nn.Identity(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "prelu": lambda x, negative_slope: functional.prelu(x, x.new_tensor([negative_slope])),
    "elu": functional.elu,
    "celu": functional.celu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "softplus": functional.softplus,
    "softsign": functional.softsign,
    "log_sigmoid": functional.logsigmoid,
    "exponential": torch.exp,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": functional.hardswish,
    "hard_tanh": functional.hardtanh,
    "relu6": functional.relu6,
    "tanh_shrink": functional.tanhshrink,
    "soft_shrink": lambda x, threshold: functional.softshrink(x, lambd=threshold),
    "hard_shrink": lambda x, threshold: functional.hardshrink(x, lambd=threshold),
    "threshold": functional.threshold,
    "erf": torch.erf,
    "sin": lambda x, omega: torch.sin(omega * x),
    "step": lambda x: torch.heaviside(x.detach(), x.new_tensor(0.0)),
}


def evaluate(
    function: Callable[..., torch.Tensor], x: np.ndarray, parameters: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Values and, by autograd, derivatives; None where nothing can be differentiated."""
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = function(tensor, **parameters)
    if not value.requires_grad:
        return value.numpy(), None
    value.sum().backward()
    if tensor.grad is None:
        raise RuntimeError("no gradient came back")
    return value.detach().numpy(), tensor.grad.numpy()


def activations() -> list[dict]:
    """All of torch's, at the chosen points."""
    return tables.record_activations(FUNCTIONS, evaluate)


def backpropagate(
    function: Callable[..., torch.Tensor], parameters: dict[str, Any]
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """By autograd: of every layer's pre-activations and weights, in our shapes."""
    x = torch.tensor(tables.inputs())
    kept = []
    for weights, bias in tables.layers():
        w = torch.tensor(weights, requires_grad=True)
        z = x @ w + torch.tensor(bias)
        z.retain_grad()
        x = function(z, **parameters)
        if not x.requires_grad:
            return None
        kept.append((z, w))
    (torch.tensor(tables.cotangent()) * x).sum().backward()
    return [(z.grad.numpy(), w.grad.numpy()) for z, w in kept]


def backward() -> list[dict]:
    """What comes back through a small network of every activation."""
    return tables.record_backward(FUNCTIONS, backpropagate)


def drawn(
    fill: Callable[[torch.Tensor], Any],
    fans: tuple[int, int] = FANS,
    dtype: torch.dtype = torch.float32,
) -> Callable[[int], np.ndarray]:
    """Draw torch's (out, in) and give our (in, out)."""

    def draw(seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        weight = torch.empty(fans[1], fans[0], dtype=dtype)
        fill(weight)
        return np.ascontiguousarray(weight.numpy().T)

    return draw


def drawn_kernel(fill: Callable[[torch.Tensor], Any]) -> Callable[[int], np.ndarray]:
    """Draw torch's (out, in, height, width)."""

    def draw(seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        height, width, n_in, n_out = KERNEL
        weight = torch.empty(n_out, n_in, height, width)
        fill(weight)
        return weight.numpy()

    return draw


def drawn_linear(seed: int) -> np.ndarray:
    """The default weights of torch.nn.Linear."""
    torch.manual_seed(seed)
    return torch.nn.Linear(*FANS).weight.detach().numpy().T


def drawn_linear_bias(seed: int) -> np.ndarray:
    """The default biases of torch.nn.Linear; many outputs, as their bound knows fan_in alone."""
    torch.manual_seed(seed)
    return torch.nn.Linear(FANS[0], 50_000).bias.detach().numpy()


def _root(scale: float, fan: float) -> float:
    return math.sqrt(scale / fan)


def _within(bound: float) -> tuple[float, float]:
    return (-bound, bound)


def plain_cases() -> list[InitializerCase]:
    """Independent draws, all the same whatever the position (sparse aside)."""
    n_in, n_out = FANS
    average = (n_in + n_out) / 2
    tanh_gain = init.calculate_gain("tanh")
    cases = [
        ("zeros", {}, "zeros_", init.zeros_, None),
        ("ones", {}, "ones_", init.ones_, None),
        ("constant", {"value": 0.3}, "constant_(val=0.3)", lambda w: init.constant_(w, 0.3), None),
        ("normal", {"std": 0.7}, "normal_(std=0.7)", lambda w: init.normal_(w, std=0.7), None),
        (
            "uniform",
            {"low": -0.1, "high": 0.3},
            "uniform_(a=-0.1, b=0.3)",
            lambda w: init.uniform_(w, -0.1, 0.3),
            (-0.1, 0.3),
        ),
        (
            "truncated_normal",
            {"std": 1.0},
            "trunc_normal_(std=1)",
            lambda w: init.trunc_normal_(w, std=1.0),
            _within(2.0),
        ),
        (
            "normal",
            {"std": 0.02},
            "trunc_normal_(std=0.02)",
            lambda w: init.trunc_normal_(w, std=0.02),
            None,
        ),
        (
            None,
            {"std": 2.0},
            "trunc_normal_(std=2)",
            lambda w: init.trunc_normal_(w, std=2.0),
            _within(2.0),
        ),
        (
            "xavier_uniform",
            {},
            "xavier_uniform_()",
            init.xavier_uniform_,
            _within(_root(3, average)),
        ),
        (
            "xavier_uniform",
            {"gain": 1.5},
            "xavier_uniform_(gain=1.5)",
            lambda w: init.xavier_uniform_(w, 1.5),
            _within(1.5 * _root(3, average)),
        ),
        ("xavier_normal", {}, "xavier_normal_()", init.xavier_normal_, None),
        (
            "xavier_normal",
            {"gain": tanh_gain},
            "xavier_normal_(gain=calculate_gain('tanh'))",
            lambda w: init.xavier_normal_(w, tanh_gain),
            None,
        ),
        (
            "kaiming_uniform",
            {},
            "kaiming_uniform_()",
            init.kaiming_uniform_,
            _within(_root(6, n_in)),
        ),
        (
            "kaiming_uniform",
            {"mode": "fan_out"},
            "kaiming_uniform_(mode='fan_out')",
            lambda w: init.kaiming_uniform_(w, mode="fan_out"),
            _within(_root(6, n_out)),
        ),
        (
            "kaiming_uniform",
            {"negative_slope": 0.5},
            "kaiming_uniform_(a=0.5)",
            lambda w: init.kaiming_uniform_(w, a=0.5),
            _within(_root(6 / 1.25, n_in)),
        ),
        ("kaiming_normal", {}, "kaiming_normal_()", init.kaiming_normal_, None),
        (
            "kaiming_normal",
            {"mode": "fan_out"},
            "kaiming_normal_(mode='fan_out')",
            lambda w: init.kaiming_normal_(w, mode="fan_out"),
            None,
        ),
        (
            "kaiming_normal",
            {"negative_slope": 0.5},
            "kaiming_normal_(a=0.5)",
            lambda w: init.kaiming_normal_(w, a=0.5),
            None,
        ),
        (
            "kaiming_normal",
            {"gain": tanh_gain},
            "kaiming_normal_(nonlinearity='tanh')",
            lambda w: init.kaiming_normal_(w, nonlinearity="tanh"),
            None,
        ),
        *(
            (
                "sparse",
                {"sparsity": sparsity, "std": 0.5},
                f"sparse_(sparsity={sparsity}, std=0.5)",
                lambda w, sparsity=sparsity: init.sparse_(w, sparsity, std=0.5),
                None,
            )
            for sparsity in (0.25, 0.101)
        ),
    ]
    linear = [
        InitializerCase(
            "torch_linear",
            {},
            f"torch.nn.Linear(200, 400).{role}",
            draw,
            _within(_root(1, n_in)),
        )
        for role, draw in (("weight", drawn_linear), ("bias", drawn_linear_bias))
    ]
    plain = [
        InitializerCase(name, parameters, f"torch.nn.init.{call}", drawn(fill), bounds)
        for name, parameters, call, fill, bounds in cases
    ]
    return plain + linear


def kernel_cases() -> list[InitializerCase]:
    """Convolutions: the fans are multiplied by the receptive field."""
    height, width, n_in, n_out = KERNEL
    fans = (height * width * n_in, height * width * n_out)
    bound = _root(6, sum(fans))
    cases = [
        ("xavier_uniform", {}, "xavier_uniform_()", init.xavier_uniform_, _within(bound)),
        ("kaiming_normal", {}, "kaiming_normal_()", init.kaiming_normal_, None),
        (
            "kaiming_normal",
            {"mode": "fan_out"},
            "kaiming_normal_(mode='fan_out')",
            lambda w: init.kaiming_normal_(w, mode="fan_out"),
            None,
        ),
    ]
    return [
        InitializerCase(
            name, parameters, f"torch.nn.init.{call}", drawn_kernel(fill), bounds, fans, KERNEL
        )
        for name, parameters, call, fill, bounds in cases
    ]


def matrix_cases() -> list[InitializerCase]:
    """What holds of the whole matrix, in float64, for both rectangular shapes."""
    wide, tall = FANS, FANS[::-1]
    orthogonal = [
        InitializerCase(
            "orthogonal",
            {"gain": gain},
            f"torch.nn.init.orthogonal_(gain={gain})",
            drawn(lambda w, gain=gain: init.orthogonal_(w, gain), fans, torch.float64),
            fans=fans,
        )
        for gain, fans in ((1.0, wide), (1.0, tall), (1.5, wide))
    ]
    identity = [
        InitializerCase("identity", {}, "torch.nn.init.eye_()", drawn(init.eye_, fans), fans=fans)
        for fans in (wide, tall)
    ]
    return orthogonal + identity


def initializers(samples: int = tables.SAMPLES) -> list[dict]:
    """All of torch's whose entries are drawn one by one."""
    cases = (*plain_cases(), *kernel_cases())
    return [tables.record_initializer(case, samples) for case in cases]


def matrices(samples: int = tables.SAMPLES) -> list[dict]:
    """orthogonal_ and eye_."""
    return [tables.record_matrix(case, samples) for case in matrix_cases()]


def trace() -> dict[str, float]:
    """Of small orthogonal matrices."""
    size = tables.TRACE_SIZE
    return tables.record_trace(drawn(init.orthogonal_, (size, size), torch.float64))


def gains() -> list[dict]:
    """Every gain that torch knows."""
    known: list[tuple[str, float | None]] = [
        *((name, None) for name in ("linear", "conv1d", "conv2d", "conv3d")),
        *((f"conv_transpose{n}d", None) for n in (1, 2, 3)),
        ("sigmoid", None),
        ("tanh", None),
        ("relu", None),
        ("leaky_relu", None),
        ("leaky_relu", 0.1),
        ("leaky_relu", 0.5),
        ("leaky_relu", math.sqrt(5)),
        ("selu", None),
    ]
    return [
        {"nonlinearity": name, "param": param, "gain": init.calculate_gain(name, param)}
        for name, param in known
    ]


def signature_defaults() -> dict[str, dict[str, Any]]:
    """The defaults of torch's modules and initializers, under our names."""
    modules = {
        "leaky_relu": torch.nn.LeakyReLU,
        "prelu": torch.nn.PReLU,
        "elu": torch.nn.ELU,
        "celu": torch.nn.CELU,
        "gelu": torch.nn.GELU,
        "softplus": torch.nn.Softplus,
        "hard_tanh": torch.nn.Hardtanh,
        "soft_shrink": torch.nn.Softshrink,
        "hard_shrink": torch.nn.Hardshrink,
        "threshold": torch.nn.Threshold,
        "normal": init.normal_,
        "uniform": init.uniform_,
        "truncated_normal": init.trunc_normal_,
        "xavier_uniform": init.xavier_uniform_,
        "xavier_normal": init.xavier_normal_,
        "kaiming_uniform": init.kaiming_uniform_,
        "kaiming_normal": init.kaiming_normal_,
        "orthogonal": init.orthogonal_,
        "sparse": init.sparse_,
    }
    unnamed = (
        "self",
        "tensor",
        "generator",
        "inplace",
        "device",
        "dtype",
        "min_value",
        "max_value",
    )
    return {name: tables.defaults(module, unnamed) for name, module in modules.items()}


def main() -> None:
    """Rewrite torch.json."""
    tables.write(
        "torch",
        {
            **tables.document({"torch": torch.__version__}, COMMAND, NOTES),
            "defaults": signature_defaults(),
            "gains": gains(),
            "trace": trace(),
            "activations": activations(),
            "backward": backward(),
            "initializers": initializers(),
            "matrices": matrices(),
        },
    )


if __name__ == "__main__":
    main()
