"""Records what Keras 3 gives on its torch backend, into `keras.json` beside this file.

Made with keras 3.15.1, torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, in a virtual environment of
its own:

    python -m pip install "torch==2.13.0" "keras==3.15.1"
    KERAS_BACKEND=torch PYTHONPATH=tests python tests/peers/record_keras.py

Takes about half a minute. The seeds are fixed: see `record_torch.py`, whose helpers are used
here. Keras's weights have our shape, (in, out).
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

os.environ["KERAS_BACKEND"] = "torch"  # read once, when keras is imported

import keras
import torch

from peers import record_torch
from support.peers import tables
from support.peers.tables import FANS, KERNEL, InitializerCase

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

FIRST_SEED = 1000  # other draws than torch's, whose generator this backend uses
COMMAND = "KERAS_BACKEND=torch PYTHONPATH=tests python tests/peers/record_keras.py"

NOTES = (
    "on the torch backend most activations are torch's own functions: the entries are evidence "
    "of which function and which default Keras means, not of a second implementation",
    "truncated_normal(stddev) is cut at two standard deviations and not corrected: its standard "
    "deviation is 0.8796 stddev; variance scaling's is corrected (stddev / 0.87962566103423978)",
    "on the torch backend truncation takes the first of four draws that lies within: where none "
    "does (0.0455^4 = 4.3e-6 of the entries) the value stays outside, see out_of_bounds; the other "
    "backends redraw or invert the distribution function",
    "variance_scaling's distribution 'normal' silently means truncated_normal; a plain one is "
    "'untruncated_normal'; in ours and in JAX's 'normal' is plain",
    "glorot_normal, he_normal and lecun_normal are truncated, as in JAX; torch's xavier_normal_ "
    "and kaiming_normal_ are plain",
    "leaky_relu's default slope is 0.2, the layer LeakyReLU's 0.3 (torch and JAX 0.01); the layer "
    "PReLU starts at 0 (torch 0.25), and its derivative at 0 is 0 (torch: the slope), since it is "
    "relu(x) - slope relu(-x)",
    "gelu's default is approximate=False (torch's 'none', JAX's True)",
    "hard_sigmoid is relu6(x + 3)/6, as torch's and JAX's; Keras 2's was clip(0.2 x + 0.5)",
    "squareplus (b = 4, as in JAX) and exponential have no counterpart in torch.nn.functional",
    "softplus on the torch backend inherits torch's linear part above 20; the others do not",
    "squareplus is (x + sqrt(x^2 + b))/2, which cancels on the left: 6e-13 relative at -90",
    "random_normal's default stddev is 0.05 (torch 1, JAX 0.01), random_uniform's range +-0.05 "
    "(torch [0, 1), JAX [0, 0.01)), truncated_normal's stddev 0.05 (torch 1, JAX 0.01)",
    "not recorded: step (keras.ops.heaviside, no activation, is computed in float32), sparse and "
    "torch_linear (torch's alone), siren and nguyen_widrow (in neither)",
)


def _prelu(x: torch.Tensor, negative_slope: float) -> torch.Tensor:
    layer = keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(negative_slope),
        shared_axes=[1],
        dtype="float64",
    )
    return layer(x[None])[0]


def _hard_sigmoid(x: torch.Tensor, form: str) -> torch.Tensor:
    if form != "torch":
        raise ValueError(form)
    return keras.activations.hard_sigmoid(x)


_of = keras.activations
FUNCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "linear": lambda x: _of.linear(x) * 1,
    "sigmoid": _of.sigmoid,
    "tanh": _of.tanh,
    "relu": _of.relu,
    "leaky_relu": _of.leaky_relu,
    "prelu": _prelu,
    "elu": _of.elu,
    "celu": _of.celu,
    "selu": _of.selu,
    "gelu": lambda x, approximate: _of.gelu(x, approximate=approximate == "tanh"),
    "silu": _of.silu,
    "mish": _of.mish,
    "softplus": _of.softplus,
    "softsign": _of.softsign,
    "squareplus": _of.squareplus,
    "log_sigmoid": _of.log_sigmoid,
    "exponential": _of.exponential,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _of.hard_silu,
    "hard_tanh": _of.hard_tanh,
    "relu6": _of.relu6,
    "tanh_shrink": _of.tanh_shrink,
    "soft_shrink": _of.soft_shrink,
    "hard_shrink": _of.hard_shrink,
    "threshold": lambda x, threshold, value: _of.threshold(x, threshold, value),
    "erf": keras.ops.erf,
    "sin": lambda x, omega: keras.ops.sin(omega * x),
}


def activations() -> list[dict]:
    """All of Keras's, at the chosen points; derivatives by torch's autograd."""
    return tables.record_activations(FUNCTIONS, record_torch.evaluate)


def drawn(
    make: Callable[..., Any],
    shape: tuple[int, ...] = FANS,
    dtype: str = "float32",
    **parameters: Any,
) -> Callable[[int], np.ndarray]:
    """Draw Keras's (in, out) or (height, width, in, out)."""

    random = issubclass(make, keras.initializers.RandomNormal.__base__)

    def draw(seed: int) -> np.ndarray:
        seeded = {"seed": FIRST_SEED + seed} if random else {}
        return make(**parameters, **seeded)(shape, dtype=dtype).numpy()

    return draw


TRUNCATED = 0.87962566103423978  # the standard deviation of N(0, 1) cut at two of its own


def _bounds(distribution: str, std: float) -> tuple[float, float] | None:
    if distribution == "normal":
        return None
    bound = math.sqrt(3) * std if distribution == "uniform" else 2 * std / TRUNCATED
    return (-bound, bound)


def _fan(mode: str, fans: tuple[int, int]) -> float:
    return {"fan_in": fans[0], "fan_out": fans[1], "fan_avg": sum(fans) / 2}[mode]


NAMED = {
    "glorot_uniform": (keras.initializers.GlorotUniform, 1.0, "fan_avg", "uniform"),
    "glorot_normal": (keras.initializers.GlorotNormal, 1.0, "fan_avg", "truncated_normal"),
    "he_uniform": (keras.initializers.HeUniform, 2.0, "fan_in", "uniform"),
    "he_normal": (keras.initializers.HeNormal, 2.0, "fan_in", "truncated_normal"),
    "lecun_uniform": (keras.initializers.LecunUniform, 1.0, "fan_in", "uniform"),
    "lecun_normal": (keras.initializers.LecunNormal, 1.0, "fan_in", "truncated_normal"),
}


def named_case(
    name: str, fans: tuple[int, int] = FANS, kernel: tuple[int, ...] = ()
) -> InitializerCase:
    """One of Keras's named variance scalings, for a matrix or a kernel."""
    make, scale, mode, distribution = NAMED[name]
    bounds = _bounds(distribution, math.sqrt(scale / _fan(mode, fans)))
    call = f"keras.initializers.{make.__name__}()"
    return InitializerCase(name, {}, call, drawn(make, kernel or fans), bounds, fans, kernel)


def scaling_cases() -> list[InitializerCase]:
    """variance_scaling in its three modes and three distributions."""
    scale = 1.7
    return [
        InitializerCase(
            "variance_scaling",
            {"scale": scale, "mode": mode, "distribution": ours},
            f"keras.initializers.VarianceScaling({scale}, {mode!r}, {theirs!r})",
            drawn(keras.initializers.VarianceScaling, scale=scale, mode=mode, distribution=theirs),
            _bounds(ours, math.sqrt(scale / _fan(mode, FANS))),
        )
        for mode in ("fan_in", "fan_out", "fan_avg")
        for ours, theirs in (
            ("normal", "untruncated_normal"),
            ("truncated_normal", "truncated_normal"),
            ("uniform", "uniform"),
        )
    ]


def plain_cases() -> list[InitializerCase]:
    """Independent draws, all the same whatever the position."""
    of = keras.initializers
    return [
        InitializerCase("zeros", {}, "keras.initializers.Zeros()", drawn(of.Zeros)),
        InitializerCase("ones", {}, "keras.initializers.Ones()", drawn(of.Ones)),
        InitializerCase(
            "constant",
            {"value": 0.3},
            "keras.initializers.Constant(0.3)",
            drawn(of.Constant, value=0.3),
        ),
        InitializerCase(
            "normal",
            {"std": 0.7},
            "keras.initializers.RandomNormal(stddev=0.7)",
            drawn(of.RandomNormal, stddev=0.7),
        ),
        InitializerCase(
            "uniform",
            {"low": -0.1, "high": 0.3},
            "keras.initializers.RandomUniform(-0.1, 0.3)",
            drawn(of.RandomUniform, minval=-0.1, maxval=0.3),
            (-0.1, 0.3),
        ),
        *(
            InitializerCase(
                "truncated_normal",
                {"std": std},
                f"keras.initializers.TruncatedNormal(stddev={std})",
                drawn(of.TruncatedNormal, stddev=std),
                (-2 * std, 2 * std),
            )
            for std in (0.05, 2.0)
        ),
        *(named_case(name) for name in NAMED),
        *scaling_cases(),
    ]


def kernel_cases() -> list[InitializerCase]:
    """Convolutions: the fans are multiplied by the receptive field."""
    height, width, n_in, n_out = KERNEL
    fans = (height * width * n_in, height * width * n_out)
    return [named_case(name, fans, KERNEL) for name in ("glorot_uniform", "he_normal")]


def matrix_cases() -> list[InitializerCase]:
    """What holds of the whole matrix, in float64, for both rectangular shapes."""
    wide, tall = FANS, FANS[::-1]
    return [
        InitializerCase(
            name,
            {"gain": gain},
            f"keras.initializers.{make.__name__}(gain={gain})",
            drawn(make, fans, "float64", gain=gain),
            fans=fans,
        )
        for name, make in (
            ("orthogonal", keras.initializers.Orthogonal),
            ("identity", keras.initializers.Identity),
        )
        for gain, fans in ((1.0, wide), (1.0, tall), (1.5, wide))
    ]


def initializers(samples: int = tables.SAMPLES) -> list[dict]:
    """All of Keras's whose entries are drawn one by one."""
    cases = (*plain_cases(), *kernel_cases())
    return [tables.record_initializer(case, samples) for case in cases]


def matrices(samples: int = tables.SAMPLES) -> list[dict]:
    """Orthogonal and Identity."""
    return [tables.record_matrix(case, samples) for case in matrix_cases()]


def trace() -> dict[str, float]:
    """Of small orthogonal matrices."""
    size = tables.TRACE_SIZE
    return tables.record_trace(drawn(keras.initializers.Orthogonal, (size, size), "float64"))


def signature_defaults() -> dict[str, dict[str, Any]]:
    """The defaults of Keras's functions, layers and initializers, under our names."""
    functions = {
        "leaky_relu": _of.leaky_relu,
        "leaky_relu, layer": keras.layers.LeakyReLU,
        "prelu, layer": keras.layers.PReLU,
        "elu": _of.elu,
        "celu": _of.celu,
        "gelu": _of.gelu,
        "squareplus": _of.squareplus,
        "soft_shrink": _of.soft_shrink,
        "hard_shrink": _of.hard_shrink,
        "threshold": _of.threshold,
        "normal": keras.initializers.RandomNormal,
        "uniform": keras.initializers.RandomUniform,
        "truncated_normal": keras.initializers.TruncatedNormal,
        "variance_scaling": keras.initializers.VarianceScaling,
        "orthogonal": keras.initializers.Orthogonal,
        "identity": keras.initializers.Identity,
    }
    unnamed = ("self", "x", "seed", "input_axes", "output_axes")
    return {name: tables.defaults(function, unnamed) for name, function in functions.items()}


def main() -> None:
    """Rewrite keras.json."""
    versions = {"keras": keras.__version__, "torch": torch.__version__}
    tables.write(
        "keras",
        {
            **tables.document(versions, COMMAND, NOTES),
            "defaults": signature_defaults(),
            "trace": trace(),
            "activations": activations(),
            "initializers": initializers(),
            "matrices": matrices(),
        },
    )


if __name__ == "__main__":
    main()
