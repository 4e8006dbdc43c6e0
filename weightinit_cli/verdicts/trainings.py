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
TRAINED_DEEP: Final = Trained(39, 16, 11)

# By severity, which "healthy" has none of; of a note, the networks that have no warning.
TRAINED: Final[dict[str, dict[str, Trained]]] = {
    "collapsed": {"note": Trained(4, 0, 0)},
    "dying": {"note": Trained(3, 0, 0), "severe": Trained(5, 5, 4)},
    "exploding_gradient": {
        "note": Trained(35, 13, 9),
        "warning": Trained(35, 28, 17),
        "severe": Trained(117, 116, 114),
    },
    "exploding_signal": {"warning": Trained(45, 37, 20), "severe": Trained(81, 81, 79)},
    "healthy": {"": Trained(466, 33, 17)},
    "inputs_indistinguishable": {"warning": Trained(39, 37, 16), "severe": Trained(71, 71, 70)},
    "overflow": {"severe": Trained(9, 9, 9)},
    "saturated": {
        "note": Trained(76, 7, 5),
        "warning": Trained(2, 2, 1),
        "severe": Trained(1, 1, 1),
    },
    "signal_drowned": {"warning": Trained(13, 13, 1)},
    "underflow": {"severe": Trained(12, 12, 12)},
    "units_identical": {"severe": Trained(29, 23, 22)},
    "vanishing_gradient": {"warning": Trained(78, 78, 25), "severe": Trained(159, 158, 151)},
    "vanishing_signal": {
        "note": Trained(26, 1, 1),
        "warning": Trained(44, 44, 9),
        "severe": Trained(73, 73, 67),
    },
}
