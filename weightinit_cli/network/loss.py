"""The loss of an output layer's logits: cross-entropy with labels drawn at random, and its slope.

All of it is computed in float64, whatever the dtype of the logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.draws import nudge
from weightinit_cli.network.learning import cross_entropy
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from weightinit_cli.network.layer import Network
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]


class LossRecord(NamedTuple):
    """The mean cross-entropy over the inputs, in nats, and the share of right answers.

    An answer is the largest logit, the first of equals; where one is nan, there is none. The loss
    is inf or nan where logits are.
    """

    mean: float
    accuracy: float


def labels_of(network: Network) -> Array:
    """The label of every input, from 0, shape (samples,); drawn ones are uniform, independent."""
    if network.labels is not None:
        return network.labels
    classes = network.stages[-1].units
    return network.stream(Role.LABELS, 0).integers(classes, size=network.samples)


def loss_of(network: Network, logits: Array, apply: Map) -> LossRecord:
    """The loss of all logits, shape (samples, classes)."""
    labels = labels_of(network)

    def see(block: slice) -> tuple[float, int]:
        z, y = logits[block].astype(np.float64), labels[block]
        answers = np.where(np.isnan(z).any(axis=1), -1, z.argmax(axis=1))
        right = int(np.count_nonzero(answers == y))
        return float(cross_entropy(z, y).sum()), right

    seen = apply(see, network.blocks)
    losses, right = zip(*seen, strict=True)
    return LossRecord(sum(losses) / len(labels), sum(right) / len(labels))


def put_slope(network: Network, logits: Array, out: Array, apply: Map) -> None:
    """Put softmax(z) - onehot(label) of every input into `out`, shape (samples, classes).

    That is the derivative of each input's own loss, not of their mean, which is 1 / samples of it.
    """
    labels = labels_of(network)

    def put(block: slice) -> None:
        z, y = logits[block].astype(np.float64), labels[block]
        cross_entropy(z, y, slope=z)
        out[block] = z
        if network.nudge:
            nudge(out[block], network.nudge)

    apply(put, network.blocks)
