"""Where each verdict begins, unless a spec says otherwise."""

from __future__ import annotations

from typing import NamedTuple


class Thresholds(NamedTuple):
    """The value of a verdict's figure from which on it is drawn, by the verdict's name."""

    collapsed: float = 0.001
    saturated: float = 0.3
    inputs_indistinguishable: float = 0.02
    dying: float = 0.1
    vanishing_signal: float = 0.57
    exploding_signal: float = 1.75
    vanishing_gradient: float = 0.57
    exploding_gradient: float = 1.75
