"""Which method computes the expectations of which activation."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from weightinit_cli.activations.piecewise import SELU_ALPHA, SELU_SCALE
from weightinit_cli.theory.closed_forms import ErrorFunction, Exponential, Rectifier, Sine
from weightinit_cli.theory.distribution import REACH, Distribution
from weightinit_cli.theory.piecewise_linear import PiecewiseLinear
from weightinit_cli.theory.smoothing import Smoothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.entry import Array
    from weightinit_cli.theory.moments import Method


def _gelu(f: Activation, approximate: str) -> Method:
    """The even part of x gate(x), where gate(-x) = 1 - gate(x), is x (gate(x) - ½)."""

    def even(x: Array) -> Array:
        if approximate == "tanh":
            return x / 2 * np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))
        from scipy.special import erf  # the activation imports it too

        return x / 2 * erf(x * sqrt(0.5))

    return Smoothing(f, 1.0, even)


def _mish_even(x: Array) -> Array:
    """½ (φ(x) + φ(-x)): the gates' difference, over one denominator, with e = exp(-|x|)."""
    e = np.exp(-np.abs(x))
    bottom = (1 + 2 * e + 2 * e * e) * (2 + 2 * e + e * e)
    even: Array = np.abs(x) * -np.expm1(-np.abs(x)) * (1 + e) ** 3 / bottom
    return even


def _exponential_linear(
    f: Activation, alpha: float, scale: float = 1.0, width: float = 1.0
) -> Method:
    """Scale times (x for x > 0, else alpha (exp(x / width) - 1))."""

    def even(x: Array) -> Array:
        y = np.abs(x) / width
        s = np.minimum(y, 0.01)
        series = s * s / 2 * (1 - s / 3 * (1 - s / 4 * (1 - s / 5 * (1 - s / 6))))
        bend = np.where(y < 0.01, series, y + np.expm1(-y))  # exp(-y) - 1 + y
        return scale / 2 * ((width - alpha) * y + alpha * bend)

    return Smoothing(f, width, even, kinks=(0.0,))


def _threshold(f: Activation, threshold: float, value: float) -> Method:
    def even(x: Array) -> Array:
        return (f.value(x) + f.value(-x)) / 2  # exactly 0 where x is left as it is

    return PiecewiseLinear(f, (1.0,), jumps=(threshold - value,), even=even)


def _shrink(f: Activation, threshold: float, *, jump: bool) -> Method:
    if threshold == 0:
        return Rectifier(1.0)
    jumps = (threshold, threshold) if jump else ()
    return PiecewiseLinear(f, (-1.0, 1.0), jumps=jumps, left=1.0, even=0.0)


# By an activation's name: what takes the parameters of its row ...
CLOSED: Final[dict[str, Callable[..., Method]]] = {
    "linear": lambda: Rectifier(1.0),
    "relu": lambda: Rectifier(0.0),
    "leaky_relu": lambda negative_slope: Rectifier(negative_slope),
    "prelu": lambda negative_slope: Rectifier(negative_slope),
    "exponential": Exponential,
    "erf": ErrorFunction,
    "sin": lambda omega: Sine(omega),
}
# ... and what takes the activation too.
OTHERS: Final[dict[str, Callable[..., Method]]] = {
    "sigmoid": lambda f: Smoothing(f, 1.0, 0.5),
    "tanh": lambda f: Smoothing(f, 1.0, 0.0),
    "relu6": lambda f: PiecewiseLinear(f, (1.0, -1.0)),
    "elu": _exponential_linear,
    "celu": lambda f, alpha: _exponential_linear(f, alpha, width=alpha),
    "selu": lambda f: _exponential_linear(f, SELU_ALPHA, scale=SELU_SCALE),
    "gelu": _gelu,
    "silu": lambda f: Smoothing(f, 1.0, lambda x: x / 2 * np.tanh(x / 2)),
    "mish": lambda f: Smoothing(f, 1.0, _mish_even),
    "hard_silu": lambda f: Smoothing(f, 3.0, lambda x: np.abs(x) * np.minimum(np.abs(x), 3) / 6),
    "softplus": lambda f: Smoothing(f, 1.0),
    "squareplus": lambda f, b: Smoothing(f, sqrt(b), far=inf),
    "softsign": lambda f: Smoothing(f, 1.0, 0.0, far=inf, kinks=(0.0,)),
    "hard_tanh": lambda f: PiecewiseLinear(f, (1.0, -1.0), even=0.0),
    "hard_sigmoid": lambda f, form: PiecewiseLinear(f, (f.steepest, -f.steepest), even=0.5),  # noqa: ARG005
    "log_sigmoid": lambda f: Smoothing(f, 1.0),
    "step": lambda f: PiecewiseLinear(f, (0.0,), jumps=(1.0,), even=0.5),
    "threshold": _threshold,
    "tanh_shrink": lambda f: Smoothing(f, 1.0, 0.0),
    "soft_shrink": lambda f, threshold: _shrink(f, threshold, jump=False),
    "hard_shrink": lambda f, threshold: _shrink(f, threshold, jump=True),
}


def method(name: str, f: Activation, arguments: dict[str, float | str]) -> Method:
    """What computes the expectations of the activation of a row of ACTIVATIONS."""
    return CLOSED[name](**arguments) if name in CLOSED else OTHERS[name](f, **arguments)


# Where the gated activations are lowest.
_TROUGHS: Final = {
    "silu": -1.2784645427610738,
    "mish": -1.1924312145154952,
    "hard_silu": -1.5,
    "gelu none": -0.7517915246935645,
    "gelu tanh": -0.7524614220710162,
}
# A sine of N(0, 25) is distributed as one of a uniform phase, but for exp(-25 / 2).
_TURNED = 5.0


def distribution(name: str, f: Activation, arguments: dict[str, float | str]) -> Distribution:
    """The distribution of φ(x), which needs to know where φ turns."""
    if name == "sin":
        omega = float(arguments["omega"])
        phases = np.arange(0.5, REACH * _TURNED / pi) * pi / omega
        return Distribution(f, (*phases, *-phases), (_TURNED / omega) ** 2)
    key = f"gelu {arguments['approximate']}" if name == "gelu" else name
    return Distribution(f, (_TROUGHS[key],) if key in _TROUGHS else (), inf)
