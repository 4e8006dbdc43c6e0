"""What mean-field theory predicts of a network, from its activation and its scales alone.

`critical`, `fixed_points` and `power_laws` are asked for by few, and are
imported from their modules.
"""

from functools import lru_cache

from weightinit_cli.activations import ACTIVATIONS, Row
from weightinit_cli.theory.adaptive import UnresolvedError
from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.finite_width import shifts
from weightinit_cli.theory.inputs import NORMAL, Inputs
from weightinit_cli.theory.output import LossPrediction, predict_loss, with_loss
from weightinit_cli.theory.predictions import LayerPrediction, LayerScale, predict
from weightinit_cli.theory.quadrature import Moments
from weightinit_cli.theory.sampling import standard_errors
from weightinit_cli.theory.validity import why_no_z, z_score

__all__ = [
    "NORMAL",
    "Expectations",
    "Inputs",
    "LayerPrediction",
    "LayerScale",
    "LossPrediction",
    "Moments",
    "UnresolvedError",
    "expectations_of",
    "predict",
    "predict_loss",
    "shifts",
    "standard_errors",
    "why_no_z",
    "with_loss",
    "z_score",
]


def expectations_of(name: str, **arguments: float | str) -> Expectations:
    """The expectations of a row of the table of activations, built once."""
    return _expectations_of(ACTIVATIONS[name], name, **arguments)


@lru_cache(maxsize=64)
def _expectations_of(
    row: Row,  # noqa: ARG001  # which a plug-in may replace
    name: str,
    **arguments: float | str,
) -> Expectations:
    return Expectations(name, **arguments)
