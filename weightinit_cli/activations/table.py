"""The table of activations."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.activations import piecewise, smooth
from weightinit_cli.parameters import Parameter
from weightinit_cli.plugins import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations.activation import Activation


class Row(NamedTuple):
    """One row of the table: how it is built, what it takes, its formula and where it is from.

    `torch_gain` is what torch's `calculate_gain` says of it, by the same parameters, where torch
    has one. `source` is the package or the file of a plug-in's row.
    """

    build: Callable[..., Activation]
    formula: str
    reference: str = ""
    parameters: tuple[Parameter, ...] = ()
    torch_gain: Callable[..., float] | None = None
    source: str = ""

    @property
    def doc(self) -> str:
        """The activation in one line: its formula."""
        return self.formula


_SLOPE = Parameter("negative_slope", "slope for x < 0", minimum=-1e6, maximum=1e6)
_ALPHA = Parameter("alpha", "-alpha is the limit to the left", 1.0, minimum=0, maximum=1e6)
_CELU_ALPHA = Parameter("alpha", "-alpha is the limit to the left", 1.0, minimum=1e-30, maximum=1e6)
_SHRINK = Parameter("threshold", "how far from 0 the line begins", 0.5, minimum=0, maximum=1e6)

_ROWS: Final[dict[str, Row]] = {
    "linear": Row(piecewise.linear, "x", "Keras; torch's Identity", torch_gain=lambda: 1.0),
    "sigmoid": Row(
        smooth.sigmoid,
        "1 / (1 + exp(-x))",
        "Rumelhart, Hinton & Williams 1986",
        torch_gain=lambda: 1.0,
    ),
    "tanh": Row(
        smooth.tanh, "tanh x", "LeCun et al. 1998, Efficient BackProp", torch_gain=lambda: 5 / 3
    ),
    "relu": Row(piecewise.relu, "max(0, x)", "Nair & Hinton 2010", torch_gain=lambda: sqrt(2)),
    "leaky_relu": Row(
        piecewise.leaky_relu,
        "x if x > 0 else negative_slope x",
        "Maas et al. 2013",
        (_SLOPE,),
        torch_gain=lambda negative_slope: sqrt(2 / (1 + negative_slope**2)),
    ),
    "prelu": Row(
        piecewise.leaky_relu,
        "leaky_relu with a slope that is learned; this is its start",
        "He et al. 2015 (arXiv:1502.01852)",
        (_SLOPE,),
    ),
    "relu6": Row(piecewise.relu6, "min(max(0, x), 6)", "Krizhevsky 2010"),
    "elu": Row(
        piecewise.elu,
        "x if x > 0 else alpha (exp x - 1)",
        "Clevert et al. 2016 (arXiv:1511.07289)",
        (_ALPHA,),
    ),
    "celu": Row(
        piecewise.celu,
        "x if x > 0 else alpha (exp(x / alpha) - 1)",
        "Barron 2017 (arXiv:1704.07483)",
        (_CELU_ALPHA,),
    ),
    "selu": Row(
        piecewise.selu,
        "1.0507 (x if x > 0 else 1.6733 (exp x - 1))",
        "Klambauer et al. 2017 (arXiv:1706.02515)",
        torch_gain=lambda: 3 / 4,
    ),
    "gelu": Row(
        smooth.gelu,
        "x Phi(x); tanh: x sigmoid(1.5958 (x + 0.044715 x³))",
        "Hendrycks & Gimpel 2016 (arXiv:1606.08415)",
        (Parameter("approximate", "none: with erf; tanh", choices=("none", "tanh")),),
    ),
    "silu": Row(smooth.silu, "x sigmoid(x)", "Hendrycks & Gimpel 2016 (arXiv:1606.08415)"),
    "mish": Row(smooth.mish, "x tanh(ln(1 + exp x))", "Misra 2019 (arXiv:1908.08681)"),
    "hard_silu": Row(
        piecewise.hard_silu,
        "x relu6(x + 3) / 6",
        "Howard et al. 2019 (arXiv:1905.02244)",
    ),
    "softplus": Row(smooth.softplus, "ln(1 + exp x)", "Dugas et al. 2001"),
    "squareplus": Row(
        smooth.squareplus,
        "(x + sqrt(x² + b)) / 2",
        "Barron 2021 (arXiv:2112.11687)",
        (Parameter("b", "roundness of the bend at 0", 4.0, minimum=1e-30, maximum=1e12),),
    ),
    "softsign": Row(smooth.softsign, "x / (1 + |x|)", "Glorot & Bengio 2010"),
    "hard_tanh": Row(piecewise.hard_tanh, "min(max(-1, x), 1)", "Collobert 2004"),
    "hard_sigmoid": Row(
        piecewise.hard_sigmoid,
        "relu6(x + 3) / 6; keras2: 0.2 x + 0.5 cut at 0 and 1",
        "Courbariaux et al. 2015 (arXiv:1511.00363)",
        (Parameter("form", "torch: also Keras 3, JAX; keras2", choices=("torch", "keras2")),),
    ),
    "log_sigmoid": Row(smooth.log_sigmoid, "-ln(1 + exp(-x))", "torch, JAX, Keras"),
    "exponential": Row(smooth.exponential, "exp x", "Keras"),
    "erf": Row(smooth.erf, "2 / sqrt(pi) times the integral of exp(-t²) from 0 to x", "torch, JAX"),
    "sin": Row(
        smooth.sin,
        "sin(omega x)",
        "Sitzmann et al. 2020 (arXiv:2006.09661)",
        (Parameter("omega", "angular frequency", minimum=1e-30, maximum=1e6),),
    ),
    "step": Row(piecewise.step, "1 if x > 0 else 0", "Rosenblatt 1958"),
    "threshold": Row(
        piecewise.threshold,
        "x if x > threshold else value",
        "torch",
        parameters=(
            Parameter("threshold", "where the line begins", minimum=-1e30, maximum=1e30),
            Parameter("value", "everything up to there", minimum=-1e30, maximum=1e30),
        ),
    ),
    "tanh_shrink": Row(smooth.tanh_shrink, "x - tanh x", "torch's Tanhshrink"),
    "soft_shrink": Row(
        piecewise.soft_shrink,
        "x - min(max(-threshold, x), threshold)",
        "Donoho 1995",
        (_SHRINK,),
    ),
    "hard_shrink": Row(
        piecewise.hard_shrink,
        "x if |x| > threshold else 0",
        "Donoho & Johnstone 1994",
        (_SHRINK,),
    ),
}

# Other names of entries.
ALIASES: Final = {"swish": "silu", "hard_swish": "hard_silu"}

ACTIVATIONS: Final = Table("activation", _ROWS, ALIASES)
