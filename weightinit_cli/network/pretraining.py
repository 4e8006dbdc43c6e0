"""Greedy layer-wise pretraining with autoencoders (Bengio, Lamblin, Popovici & Larochelle 2007).

One layer after the other learns to give back its own inputs x from its outputs h,

    h = φ(x W + b),   x̂ = ψ(h Wᵀ + c);

then c is dropped, and all h are the inputs of the next layer. What the inputs are decides the loss:
where they lie in [0, 1], ψ is the logistic function and the loss their cross-entropy with x̂,
-Σ [x ln x̂ + (1 - x) ln(1 - x̂)]; else ψ(a) = a and the loss is ½ Σ (x̂ - x)². Both are sums over the
inputs of one row, and both have the derivative x̂ - x by ψ's argument.

Both choices are about the signal. Had the decoder weights of its own, they would grow in place of
W: a faint h is enough to give x back, and layer by layer it fades. And sigmoid layers, of slope 1/4
at most, keep a signal's size only where W Wᵀ is 16 or more: a logistic decoder, of slope 1/4
itself, asks for as much, a linear one for 4.
"""

from __future__ import annotations

from itertools import islice
from math import hypot, inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.activations.smooth import logistic
from weightinit_cli.network.draws import Parameters, nudge
from weightinit_cli.network.layer import BLOCK_ROWS
from weightinit_cli.network.propagation import Leg, Places, alone, pull, push
from weightinit_cli.network.sums import UnitMoments
from weightinit_cli.network.workers import ignore_work, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from weightinit_cli.network.layer import Stage

Array = np.ndarray[Any, Any]


class Reconstruction(NamedTuple):
    """How well a layer gives back its inputs, before its pretraining and after.

    Both are the mean squared error over the inputs' variance about their means, of all rows: 0 is
    exact, 1 no better than the means alone. None where the inputs do not vary, where the error is
    not finite, and after a divergence. `diverged` is the step, from 1, at which something was no
    longer finite.
    """

    before: float | None
    after: float | None
    diverged: int | None


class Autoencoder:
    """One stage that learns to give back its inputs, by plain gradient descent.

    The weights `w` and the bias `b`, of shape (units,), are updated in place; the inputs share
    their dtype and lie within `bounds`.
    """

    def __init__(
        self, stage: Stage, w: Array, b: Array, *, bounds: tuple[float, float], rate: float
    ) -> None:
        self.stage = stage
        self.w, self.b, self.c = w, b, np.zeros(stage.weighted.inputs, w.dtype)
        self.rate = rate
        self.unit_interval = bounds[0] >= 0 and bounds[1] <= 1
        self._gradients = np.empty_like(w), np.empty_like(w)

    def step(self, x: Array) -> float:
        """Take one step on a mini-batch, shape (rows, inputs); return the sum of (x̂ - x)² before.

        Where that is not finite, no step is taken: the parameters stay as they were. With
        ε = (x̂ - x) / rows and δ = φ'(z) (ε W), the gradients of the rows' mean loss are
        xᵀδ + εᵀh by W, and the sums of δ and of ε over the rows by b and c.
        """
        layer = self.stage.weighted
        z, h, delta = (np.empty((len(x), layer.units), x.dtype) for _ in range(3))
        self._push(x, z, h)
        error = self._decode(h)
        error -= x
        squared = float(np.vdot(error, error))
        if isfinite(squared):
            error *= self.rate / len(x)
            layer.forward(error, self.w, delta)
            alone(pull(Leg(self.stage, z, delta, delta), slice(None)))
            by_code, by_decoder = self._gradients
            layer.gradient(x, delta, by_code)
            layer.gradient(error, h, by_decoder)
            by_code += by_decoder
            self.w -= by_code
            self.b -= delta.sum(axis=0)
            self.c -= error.sum(axis=0)
        return squared

    def error(self, inputs: Array) -> float:
        """The mean of (x̂ - x)² over all rows and inputs, seen in fixed blocks."""
        total = 0.0
        for top in range(0, len(inputs), BLOCK_ROWS):
            x = inputs[top : top + BLOCK_ROWS]
            total += float(np.square(self._decode(self.outputs(x)) - x, dtype=np.float64).sum())
        return total / inputs.size

    def outputs(self, x: Array) -> Array:
        """The outputs h, shape (rows, units)."""
        h = np.empty((len(x), self.stage.units), x.dtype)
        self._push(x, h, h)
        return h

    @property
    def finite(self) -> bool:
        """Whether the weights and the bias, which are kept, are finite."""
        return all(bool(np.isfinite(p).all()) for p in (self.w, self.b))

    def _push(self, x: Array, z: Array, h: Array) -> None:
        alone(push(self.stage, x, Parameters(self.w, self.b), Places(z, h), slice(None)))

    def _decode(self, h: Array) -> Array:
        x_hat = np.empty((len(h), len(self.c)), h.dtype)
        self.stage.weighted.backward(h, self.w, x_hat)
        x_hat += self.c
        return logistic(x_hat, out=x_hat) if self.unit_interval else x_hat


def pretrain(
    stages: Sequence[Stage],
    weights: Sequence[Array],
    biases: Sequence[Array],
    inputs: Array,
    batches: Iterable[Iterator[Array]],
    *,
    bounds: tuple[float, float],
    steps: int,
    rate: float,
    nudged: int = 0,
    done: Callable[[float], None] = ignore_work,
) -> tuple[Reconstruction, ...]:
    """Pretrain stages in place, the first one first, each for `steps` steps.

    `stages`, of dense layers, are the hidden ones alone, like their `weights`, of shape
    (fan_in, fan_out), and `biases`, (fan_out,); `inputs` have shape (rows, features) and lie within
    `bounds`; a number other than 0 in `nudged` has every layer's outputs moved by one ulp, by that
    pattern. `batches` has one iterator per layer, over the row numbers of its mini-batches. A layer
    that diverges is the last of those returned, and those above it stay as they were. `done` is
    told of every step.
    """
    reconstructions: list[Reconstruction] = []
    x = inputs
    with one_blas_thread(), np.errstate(all="ignore"):
        for stage, w, b, chosen in zip(stages, weights, biases, batches, strict=True):
            layer = Autoencoder(stage, w, b, bounds=bounds, rate=rate)
            before = layer.error(x)
            diverged = _learn(layer, x, islice(chosen, steps), done)
            after = layer.error(x) if diverged is None else inf
            if not (isfinite(after) and layer.finite):
                diverged, after = diverged or steps, inf
            std = _std_across_rows(x)
            reconstructions.append(
                Reconstruction(_share(before, std), _share(after, std), diverged)
            )
            if diverged is not None:
                break
            x, bounds = layer.outputs(x), stage.function.bounds
            if nudged:
                nudge(x, nudged)
    return tuple(reconstructions)


def _learn(
    layer: Autoencoder, x: Array, batches: Iterable[Array], done: Callable[[float], None]
) -> int | None:
    """Take a step per mini-batch; return the one, from 1, whose error was not finite."""
    for step, rows in enumerate(batches, 1):
        if not isfinite(layer.step(x[rows])):
            return step
        done(1.0)
    return None


def _std_across_rows(x: Array) -> float:
    """The root mean square, over a layer's inputs, of their std; 0 where it is rounding alone."""
    moments = UnitMoments.of(x)
    std = moments.std_within or 0.0
    rms = hypot(moments.mean or 0.0, moments.std or 0.0)
    return std if std > 16 * float(np.finfo(x.dtype).eps) * rms else 0.0


def _share(error: float, std: float) -> float | None:
    share = error / std / std if std else inf
    return share if isfinite(share) else None
