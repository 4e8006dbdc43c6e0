"""The table of activations."""

from __future__ import annotations

from typing import Final

from weightinit_cli.activations import gated, piecewise, smooth
from weightinit_cli.activations.entry import Entry
from weightinit_cli.parameters import Alias, Parameter

_SLOPE = Parameter("negative_slope", "slope for x < 0", minimum=-1e6, maximum=1e6)
_ALPHA = Parameter("alpha", "-alpha is the limit to the left", 1.0, minimum=0, maximum=1e6)

_ROWS: Final = (
    Entry("linear", piecewise.linear, "x"),
    Entry("sigmoid", smooth.sigmoid, "1 / (1 + exp(-x))"),
    Entry("tanh", smooth.tanh, "tanh x"),
    Entry("relu", piecewise.relu, "max(0, x)", "Nair & Hinton 2010"),
    Entry(
        "leaky_relu",
        piecewise.leaky_relu,
        "x if x > 0 else negative_slope x",
        "Maas et al. 2013",
        (_SLOPE,),
    ),
    Entry(
        "elu",
        piecewise.elu,
        "x if x > 0 else alpha (exp x - 1)",
        "Clevert et al. 2016 (arXiv:1511.07289)",
        (_ALPHA,),
    ),
    Entry(
        "selu",
        piecewise.selu,
        "1.0507 (x if x > 0 else 1.6733 (exp x - 1))",
        "Klambauer et al. 2017 (arXiv:1706.02515)",
    ),
    Entry(
        "gelu",
        gated.gelu,
        "x Phi(x); tanh: x sigmoid(1.5958 (x + 0.044715 x³))",
        "Hendrycks & Gimpel 2016 (arXiv:1606.08415)",
        (Parameter("approximate", "none: with erf; tanh", choices=("none", "tanh")),),
    ),
    Entry("silu", gated.silu, "x sigmoid(x)", "Hendrycks & Gimpel 2016 (arXiv:1606.08415)"),
    Entry("softplus", smooth.softplus, "ln(1 + exp x)", "Dugas et al. 2001"),
    Entry("softsign", smooth.softsign, "x / (1 + |x|)", "Glorot & Bengio 2010"),
)

ACTIVATIONS: Final[dict[str, Entry]] = {row.name: row for row in _ROWS}

ALIASES: Final[dict[str, Alias]] = {"swish": Alias("silu")}
