"""Learning: mini-batch gradient descent of a classifier on softmax cross-entropy.

Hidden layers a_l = φ(z_l), z_l = a_{l-1} W_l + b_l, and an output layer whose z are the
logits. BLAS runs on one thread, so that the numbers do not depend on how many there are; inf
and nan are results here, without warnings.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.network.draws import Parameters, draw_parameters, hash_of
from weightinit_cli.network.layer import BLOCK_ROWS
from weightinit_cli.network.propagation import Places, at_once, pull, push, walk_back, walk_forward
from weightinit_cli.network.workers import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator

    from weightinit_cli.network.layer import Network, Stage

Array = np.ndarray[Any, Any]


class Learner:
    """A classifier and its gradient descent.

    With the gradient g of the mini-batch's mean loss, v <- momentum v + g and w <- w - rate v, from
    v = 0: torch's SGD (no dampening, no Nesterov), whose v is Sutskever et al.'s (2013) over -rate.

    `stages` are of dense layers, the output layer, without an activation, the last. `weights` have
    shape (fan_in, fan_out), `biases` (fan_out,), one of each per layer; both are updated in place,
    so they are the caller's to give away. They share one dtype, float32 or float64, and so must the
    inputs.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        weights: Sequence[Array],
        biases: Sequence[Array],
        *,
        rate: float,
        momentum: float = 0.0,
    ) -> None:
        self.stages = tuple(stages)
        self.weights = list(weights)
        self.biases = list(biases)
        self.rate = rate
        self.momentum = momentum
        self._parameters = list(map(Parameters, self.weights, self.biases))
        parameters = [*self.weights, *self.biases]
        self._velocities = [np.zeros_like(p) for p in parameters] if momentum else []
        self._gradients = [np.empty_like(p) for p in parameters]
        self._signals = self._memory(0)

    def step(self, inputs: Array, labels: Array) -> float:
        """Take one step on a mini-batch; return its mean loss before the step, in nats.

        `inputs` have shape (rows, features), `labels` (rows,), from 0. Where the loss is not
        finite, no step is taken: the parameters stay as they were.
        """
        with one_blas_thread(), np.errstate(all="ignore"):
            loss = self._gradient(inputs, labels)
            if isfinite(loss):
                self._descend()
        return loss

    def score(self, inputs: Array, labels: Array) -> tuple[float, float]:
        """The mean cross-entropy in nats and the share of right answers, of at least one row.

        The answer is the largest logit, the first of equals; where one is nan there is none. The
        rows are seen in fixed blocks, so memory does not grow with them.
        """
        loss, right = 0.0, 0
        with one_blas_thread(), np.errstate(all="ignore"):
            for top in range(0, len(inputs), BLOCK_ROWS):
                x, y = inputs[top : top + BLOCK_ROWS], labels[top : top + BLOCK_ROWS]
                z, a, _ = self._memory(len(x))
                logits = self._push(x, z, a)
                answers = np.where(np.isnan(logits).any(axis=1), -1, logits.argmax(axis=1))
                right += int(np.count_nonzero(answers == y))
                loss += float(cross_entropy(logits, y).sum(dtype=np.float64))
        return loss / len(inputs), right / len(inputs)

    def _memory(self, rows: int) -> tuple[list[Array], list[Array], list[Array]]:
        """Memory for z_l, a_l and δ_l of so many rows, each of shape (rows, fan_out).

        The output layer's a is its z.
        """
        z, a, deltas = ([np.empty((rows, b.size), b.dtype) for b in self.biases] for _ in range(3))
        return z, [*a[:-1], z[-1]], deltas

    def _push(self, inputs: Array, z: list[Array], a: list[Array]) -> Array:
        """Fill z and a, and return the logits."""
        walk = walk_forward(
            self.stages,
            inputs,
            parameters=lambda n, *_: self._parameters[n - 1],
            places=lambda n: Places(z[n - 1], a[n - 1]),
            each=at_once,
            through=push,
        )
        for _ in walk:
            pass
        return z[-1]

    def _gradient(self, inputs: Array, labels: Array) -> float:
        """Back-propagate (Rumelhart, Hinton & Williams 1986), below a loss that is finite.

        δ_L = (p - y) / rows, δ_l = φ'(z_l) (δ_{l+1} W_{l+1}ᵀ); the gradients are a_{l-1}ᵀ δ_l by
        the weights and the sum of δ_l over the rows by the biases. The inputs' is not computed.
        """
        rows, depth = len(inputs), len(self.stages)
        z, a, deltas = self._signals
        if len(z[-1]) != rows:
            self._signals = z, a, deltas = self._memory(rows)
        logits = self._push(inputs, z, a)
        loss = float(cross_entropy(logits, labels, slope=deltas[-1]).mean(dtype=np.float64))
        if not isfinite(loss):
            return loss
        deltas[-1] /= rows
        walk = walk_back(
            self.stages,
            deltas[-1],
            weights=lambda n: self.weights[n - 1],
            kept=lambda n: z[n - 1],
            place=lambda n: deltas[n - 1],
            each=at_once,
            through=pull,
        )
        for number, leg, _ in walk:
            x = a[number - 2] if number > 1 else inputs
            leg.stage.weighted.gradient(x, leg.out, self._gradients[number - 1])
            np.add.reduce(leg.out, axis=0, out=self._gradients[depth + number - 1])
        return loss

    def _descend(self) -> None:
        for number, (w, g) in enumerate(
            zip([*self.weights, *self.biases], self._gradients, strict=True)
        ):
            v = g
            if self.momentum:
                v = self._velocities[number]
                v *= self.momentum
                v += g
            w -= np.multiply(v, self.rate, out=g)


def cross_entropy(logits: Array, labels: Array, slope: Array | None = None) -> Array:
    """ln sum_k exp(z_k) - z_label of every row, shape (rows,), by way of z - max z.

    `logits` of shape (rows, classes) are overwritten. `slope`, where given, gets the derivative
    by the logits, softmax(z) - onehot(label).
    """
    rows = np.arange(len(logits))
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[rows, labels]
    powers = np.exp(logits, out=logits)
    total = powers.sum(axis=1)
    if slope is not None:
        np.divide(powers, total[:, None], out=slope)
        slope[rows, labels] -= 1
    loss: Array = np.log(total, out=total)
    loss -= chosen
    return loss


def batches(stream: Generator, examples: int, size: int) -> Iterator[Array]:
    """Draw mini-batches for ever: `size` indices below `examples`, uniform and independent.

    They are drawn with replacement, so an example may stand twice in a batch and there are no
    epochs; a batch is an unbiased sample of the data whatever their number.
    """
    while True:
        yield stream.integers(examples, size=size)


def start(network: Network, *, rate: float, momentum: float = 0.0) -> tuple[Learner, str]:
    """Draw a network whose last layer is the output layer, and a short hash of its weights' draws.

    Weights and biases are those of the same layers, seed and repeat in `forward`; the hash, 16 hex
    digits, is over the layers' own.
    """
    weights, biases, hashes = draw_parameters(network)
    learner = Learner(network.stages, weights, biases, rate=rate, momentum=momentum)
    return learner, hash_of(hashes)
