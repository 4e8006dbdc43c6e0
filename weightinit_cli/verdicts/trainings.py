"""How often networks with a verdict fail: the outcome of benchmarks/trainability.py."""

from __future__ import annotations

from typing import Final, NamedTuple


class Trained(NamedTuple):
    """Of so many trained networks with a verdict, how many failed by plain SGD and by Adam."""

    networks: int
    sgd_failed: int
    adam_failed: int


# Networks of so many layers and more that have no warning.
DEEP: Final = 40
TRAINED_DEEP: Final = Trained(42, 19, 14)

# Of a note, the networks that have no warning.
TRAINED: Final = {
    "collapsed": Trained(3, 2, 3),
    "exploding_gradient": Trained(152, 144, 131),
    "exploding_signal": Trained(10, 5, 3),
    "healthy": Trained(424, 35, 19),
    "inputs_indistinguishable": Trained(110, 108, 86),
    "overflow": Trained(9, 9, 9),
    "saturated": Trained(61, 4, 4),
    "signal_drowned": Trained(13, 13, 1),
    "underflow": Trained(12, 12, 12),
    "units_identical": Trained(24, 18, 18),
    "vanishing_gradient": Trained(232, 231, 172),
    "vanishing_signal": Trained(19, 1, 1),
}
