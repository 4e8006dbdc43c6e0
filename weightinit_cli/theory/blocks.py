"""How values travel through normalizations and residual branches, in the limit of wide layers.

Yang & Schoenholz 2017 (arXiv:1712.08969) for residual branches, whose sums these are; a branch's
own values are independent of the stream's given the weights, but for the means over the units:

    x' = x + s f,   E[x'] = E[x] + s E[f],   Var(x') = Var(x) + s² Var(f),
    E[x'²] = E[x²] + 2 s E[x] E[f] + s² E[f²],   and so for two inputs.

Layer normalization (Ba et al. 2016, arXiv:1607.06450) and that by the root mean square (Zhang &
Sennrich 2019, arXiv:1910.07467) divide all inputs by the same, as E[x] and E[x²] of many units are
those of every input. Batch normalization divides a unit's values by their standard deviation over
the inputs: Yang et al. 2019 (arXiv:1902.08129), in their limit of many inputs.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from weightinit_cli.theory.predictions import Branch, LayerScale

Normalization = Literal["layer_norm", "rms_norm", "batch_norm"]

# What torch adds to a variance before it divides by its root.
EPS = 1e-5


class Stream(NamedTuple):
    """The values that a layer hands on: their mean and variance over the units of one input.

    `square` is E[x²], `spread` = ½ E[(x - x')²] half the mean square distance of two inputs.
    """

    square: float
    variance: float
    spread: float
    mean: float = 0.0

    def weighted(self, sigma_w2: float, sigma_b2: float) -> Stream:
        """What weights and biases, of no mean, make of it: the mean over their units is 0."""
        square = sigma_w2 * self.square + sigma_b2
        return Stream(square, square, sigma_w2 * self.spread)

    def plus(self, s: float, f: Stream) -> Stream:
        """The sum x + s f, where f is independent of x but for their means."""
        mean, variance = self.mean + s * f.mean, self.variance + s * s * f.variance
        return Stream(variance + mean * mean, variance, self.spread + s * s * f.spread, mean)

    def normalized(self, kind: Normalization, samples: int) -> tuple[Stream, float]:
        """The normalized values, and the square of what they were divided by.

        Of `samples` inputs, batch normalization makes the sum 0 in each unit: their correlation is
        then -1 / (samples - 1).
        """
        if kind == "rms_norm":
            by = self.square + EPS
            mean = self.mean / sqrt(by)
            return Stream(self.square / by, self.variance / by, self.spread / by, mean), by
        if kind == "layer_norm":
            by = self.variance + EPS
            square = self.variance / by
        else:
            by = self.spread * (1 - 1 / samples) + EPS
            square = (by - EPS) / by
        return Stream(square, square, self.spread / by), by


# Inputs of N(0, 1).
STANDARD = Stream(1.0, 1.0, 1.0)


class Entered(NamedTuple):
    """What a layer makes of the stream before its activation.

    Its weights are `given` this, and the activation z. A normalization on the way is given `norm`,
    and divides by the root of `by`.
    """

    given: Stream
    z: Stream
    norm: Stream | None = None
    by: float = 1.0


class Left(NamedTuple):
    """What a layer hands on, and, of a block, the root mean square of what its branch adds.

    A normalization of the sum is given `total`, and divides by the root of `by`.
    """

    stream: Stream
    rms: float = 0.0
    total: Stream | None = None
    by: float = 1.0

    @property
    def largest(self) -> float:
        """The largest mean square that occurs."""
        return max(self.stream.square, 0.0 if self.total is None else self.total.square)


def enter(layer: LayerScale, x: Stream, samples: int) -> Entered:
    """What a layer makes of the stream x before its activation: W N(x) + b, or N(Wx + b)."""
    given, norm, by = x, None, 1.0
    if layer.branch is not None and layer.branch.before is not None:
        norm = x
        given, by = x.normalized(layer.branch.before, samples)
    z = given.weighted(layer.sigma_w2, layer.bias_variance)
    if layer.normalization is not None:
        norm = z
        z, by = z.normalized(layer.normalization, samples)
    return Entered(given, z, norm, by)


def leave(branch: Branch | None, x: Stream, phi: Stream, samples: int) -> Left:
    """What a layer makes of its activations φ, and of the stream x: x + s φ, or x + s (V φ + a)."""
    if branch is None:
        return Left(phi)
    s, f = branch.scale, phi
    if branch.second is not None:
        f = phi.weighted(branch.second.sigma_w2, branch.second.bias_variance)
    total, rms = x.plus(s, f), abs(s) * sqrt(f.square)
    if branch.after is None:
        return Left(total, rms)
    stream, by = total.normalized(branch.after, samples)
    return Left(stream, rms, total, by)
