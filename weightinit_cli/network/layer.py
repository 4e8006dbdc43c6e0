"""What a network is: layers of several kinds, composed, and the streams that they draw from.

A kind of layer is a class with the methods of `Weighted`, as `Dense` and `Conv`, or of
`Weightless`, as `Elementwise`; nothing else knows which kinds there are.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.network.shown import NORMAL
from weightinit_cli.network.sums import SquareSum
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.random import Generator

    from weightinit_cli.activations import Activation
    from weightinit_cli.convolution import Axis
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network.shown import Shown
    from weightinit_cli.network.workers import Map
    from weightinit_cli.precision import Precision

Array = np.ndarray[Any, Any]

# Rows per block are part of a run's result (they decide how BLAS rounds), so they depend on shapes
# alone, never on the number of threads.
BLOCK_ROWS = 512
BLOCK_VALUES = 1 << 19

# The same of images. These are wide, and of every block some sums per unit are kept, so blocks are
# few; yet enough for threads to share, and of an even number.
IMAGE_ROWS = 16
IMAGE_VALUES = 1 << 21
IMAGE_BLOCKS = 16

# Columns of a weight gradient that are computed at a time: they decide how BLAS rounds, so they
# are fixed.
BLOCK_COLUMNS = 128

# What drawing a weight and observing a value take, in multiply-adds; for the progress alone.
DRAW_WORK = 400.0
OBSERVE_WORK = 500.0


class Weighted(Protocol):
    """A kind of layer whose weights are a matrix, and whose output is linear in them.

    Its inputs have shape (n, inputs), its outputs shape (n, units).
    """

    @property
    def weights(self) -> Sampler:
        """What the weights are drawn by."""

    @property
    def bias(self) -> Sampler | None:
        """What the bias is drawn by, an entry per column; None where it is zero."""

    @property
    def fan_in(self) -> int:
        """Connections into one unit."""

    @property
    def fan_out(self) -> int:
        """Connections out of one value of the input."""

    @property
    def inputs(self) -> int:
        """Values of one input."""

    @property
    def units(self) -> int:
        """Values of one output."""

    @property
    def columns(self) -> int:
        """Columns of the weights."""

    @property
    def entries(self) -> int:
        """The number of weights."""

    @property
    def positions(self) -> int:
        """Units that share a column."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The directions of an image in which windows move; none where units see all inputs."""

    @property
    def scratch(self) -> int:
        """Values that `forward` or `backward` holds beside what it is given."""

    def drawn_by(self, weights: Sampler, bias: Sampler | None) -> Self:
        """The same layer with other samplers."""

    def forward(self, x: Array, weights: Array, out: Array) -> None:
        """Put xW into `out`, of shapes (n, inputs) -> (n, units)."""

    def backward(self, delta: Array, weights: Array, out: Array) -> None:
        """Put δWᵀ into `out`, of shapes (n, units) -> (n, inputs)."""

    def gradient(self, x: Array, delta: Array, out: Array) -> None:
        """Put the weights' gradient Xᵀδ into `out`, shape (fan_in, columns)."""

    def gradient_squares(
        self, x: Array, delta: Array, apply: Map, made: Callable[[Array], None] | None = None
    ) -> SquareSum:
        """The squares of the weights' gradient Xᵀδ / samples, a part of it at a time.

        `made` is called of each part, float32, and may round it.
        """

    def gradient_bytes(self, threads: int, dtype: np.dtype[Any]) -> int:
        """What `gradient_squares` holds beside what it is given."""


class SameShape(Protocol):
    """What all layers without weights have: outputs of the shape of their inputs, (n, units)."""

    @property
    def units(self) -> int:
        """Values of one input, and of one output."""

    @property
    def work(self) -> float:
        """What `forward` takes for one input, in multiply-adds, beside being observed."""

    @property
    def scratch(self) -> int:
        """Values that either pass holds of each input beside what it is given."""


class Weightless(SameShape, Protocol):
    """A kind of layer without weights that takes every input by itself.

    Which others stand beside it in a block makes no difference.
    """

    def forward(self, x: Array, out: Array) -> None:
        """Put the outputs into `out`, which may be x."""

    def backward(self, delta: Array, x: Array, out: Array) -> None:
        """Put the derivative by x into `out`, which may be δ, the one by the outputs."""


class Joint(SameShape):
    """A kind of layer without weights in which one input's outputs depend on all inputs.

    What is seen of a block of inputs is added up over all blocks, in their order; with the sum it
    is a layer for which every input stands by itself.
    """

    @abstractmethod
    def gather(self, x: Array) -> Any:
        """What is seen of a block of inputs."""

    @abstractmethod
    def fitted(self, total: Any) -> Fitted:
        """The layer for these inputs, of which `total` is what was seen of all."""


class Fitted(Weightless):
    """A `Joint` layer for the inputs that it was fitted to."""

    @abstractmethod
    def gather_back(self, delta: Array, x: Array) -> Any:
        """What is seen of a block on the way back."""

    @abstractmethod
    def returning(self, total: Any) -> Weightless:
        """The layer whose `backward` knows what was seen of all blocks."""


class Dense(NamedTuple):
    """A fully connected layer: weights of shape (fan_in, fan_out), a bias of shape (fan_out,).

    A bias of None is zero.
    """

    fan_in: int
    fan_out: int
    weights: Sampler
    bias: Sampler | None

    @property
    def inputs(self) -> int:
        """Values of one input."""
        return self.fan_in

    @property
    def units(self) -> int:
        """Values of one output."""
        return self.fan_out

    @property
    def columns(self) -> int:
        """Columns of the weights, each of one unit."""
        return self.fan_out

    @property
    def entries(self) -> int:
        """The number of weights."""
        return self.fan_in * self.fan_out

    @property
    def positions(self) -> int:
        """Units that share a column."""
        return 1

    @property
    def axes(self) -> tuple[Axis, ...]:
        """No directions: every unit sees all inputs."""
        return ()

    @property
    def scratch(self) -> int:
        """Values that `forward` or `backward` holds beside what it is given."""
        return 0

    def drawn_by(self, weights: Sampler, bias: Sampler | None) -> Dense:
        """The same layer with other samplers."""
        return self._replace(weights=weights, bias=bias)

    def forward(self, x: Array, weights: Array, out: Array) -> None:
        """Put xW into `out`, of shapes (n, inputs) -> (n, units)."""
        np.matmul(x, weights, out=out)

    def backward(self, delta: Array, weights: Array, out: Array) -> None:
        """Put δWᵀ into `out`, of shapes (n, units) -> (n, inputs)."""
        np.matmul(delta, weights.T, out=out)

    def gradient(self, x: Array, delta: Array, out: Array) -> None:
        """Put Xᵀδ into `out`, shape (fan_in, columns)."""
        np.matmul(x.T, delta, out=out)

    def gradient_squares(
        self, x: Array, delta: Array, apply: Map, made: Callable[[Array], None] | None = None
    ) -> SquareSum:
        """The squares of the weights' gradient Xᵀδ / samples, a block of columns at a time."""
        samples = len(x)

        def squares(left: int) -> SquareSum:
            gradient = x.T @ delta[:, left : left + BLOCK_COLUMNS]
            gradient /= samples
            if made is not None:
                made(gradient)
            return SquareSum.of(gradient)

        lefts = range(0, self.columns, BLOCK_COLUMNS)
        cost = samples * self.entries / len(lefts)
        return reduce(add, apply(squares, lefts, cost=cost))

    def gradient_bytes(self, threads: int, dtype: np.dtype[Any]) -> int:
        """What `gradient_squares` holds beside what it is given."""
        blocks = min(threads, -(-self.columns // BLOCK_COLUMNS))
        return blocks * BLOCK_COLUMNS * self.fan_in * dtype.itemsize


class Elementwise(NamedTuple):
    """An activation as a layer: φ of every value."""

    function: Activation
    units: int

    @property
    def work(self) -> float:
        """No more than what observing the values takes."""
        return 0.0

    @property
    def scratch(self) -> int:
        """No more than what a block of values takes while it is observed."""
        return 0

    def forward(self, x: Array, out: Array) -> None:
        """Put φ(x) into `out`, which may be x."""
        self.function.value(x, out=out)

    def backward(self, delta: Array, x: Array, out: Array) -> None:
        """Put δ φ'(x) into `out`, which may be δ."""
        np.multiply(delta, self.function.derivative(x), out=out)


class Residual(NamedTuple):
    """What makes a stage a branch beside a stream, x + s f(x).

    f(x) is what the stage's own layers make of x, or of x as `before` normalizes it; where there is
    a `second` layer with weights, that makes f(x) of it. `after` normalizes the sum.
    """

    scale: float
    second: Weighted | None = None
    before: Weightless | Joint | None = None
    after: Weightless | Joint | None = None

    @property
    def normalizations(self) -> tuple[Weightless | Joint, ...]:
        """Those that there are."""
        return tuple(layer for layer in (self.before, self.after) if layer is not None)


class Stage(NamedTuple):
    """What is numbered and recorded as one layer: weights, then what makes activations of xW + b.

    The layers of `between` make the pre-activations of xW + b, which the activation is given. An
    output layer has no activation. With `residual`, all of this is a branch beside a stream.
    """

    weighted: Weighted
    activation: Elementwise | None = None
    between: tuple[Weightless | Joint, ...] = ()
    residual: Residual | None = None

    @property
    def units(self) -> int:
        """Values of one output."""
        return self.weighted.units

    @property
    def then(self) -> tuple[Weightless | Joint, ...]:
        """All layers after the weights."""
        return self.between if self.activation is None else (*self.between, self.activation)

    @property
    def ends(self) -> tuple[Weightless | Joint, ...]:
        """What makes the outputs of what a trace keeps last: of xW + b, or of x + s f(x)."""
        if self.residual is None:
            return self.then
        return () if self.residual.after is None else (self.residual.after,)

    @property
    def second(self) -> Weighted | None:
        """The second layer with weights of a branch, if there is one."""
        return None if self.residual is None else self.residual.second

    @property
    def joint(self) -> bool:
        """Whether any layer looks at all inputs."""
        return any(isinstance(layer, Joint) for layer in self._weightless)

    @property
    def _weightless(self) -> tuple[Weightless | Joint, ...]:
        return self.then if self.residual is None else (*self.then, *self.residual.normalizations)

    @property
    def function(self) -> Activation:
        """φ, which is the identity where there is no activation."""
        if self.activation is None:
            return ACTIVATIONS["linear"].build()
        return self.activation.function

    @property
    def work(self) -> float:
        """What a forward pass of one input, and its figures, take, in multiply-adds."""
        own = self.units * (self.weighted.fan_in + OBSERVE_WORK)
        if self.second is not None:
            own += self.units * self.second.fan_in
        return own + sum(layer.work for layer in self._weightless)

    def scratch(self, rows: int) -> int:
        """Values that either pass of so many inputs holds beside what comes in and goes out."""
        each = self.held + sum(layer.scratch for layer in self._weightless)
        second = self.weighted if self.second is None else self.second
        return max(self.weighted.scratch, second.scratch, rows * each)

    @property
    def held(self) -> int:
        """Of these, the values of one input that are held while a joint layer sees the others."""
        arrays = len(self.between) + (0 if self.residual is None else 2)
        return self.units * arrays


class Network(NamedTuple):
    """What is run: stages, one after the other, and the inputs and draws that they see.

    A `nudge` of 1, 2, ... moves every input, pre-activation and cotangent by one ulp, up or down
    by a pattern of this number: how far the figures follow is how far rounding may move them.
    A `projection` makes of the inputs what the first stage is given; it is not recorded.
    All values are rounded to a `low` precision, where there is one; the arrays hold it as `dtype`.

    With an `output` layer the last stage makes logits, and what goes back is the gradient of their
    cross-entropy with the `labels`, shape (samples,); these are drawn where they are None.
    """

    stages: tuple[Stage, ...]
    samples: int
    dtype: np.dtype[Any]
    seed: int
    repeat: int = 0
    nudge: int = 0
    inputs: Shown = NORMAL
    projection: Weighted | None = None
    output: bool = False
    labels: Array | None = None
    low: Precision | None = None

    @property
    def precision(self) -> Precision:
        """The type of the numbers: the arrays' own, or a low one that they are rounded to."""
        return self.low or PRECISIONS[self.dtype.name]

    @property
    def body(self) -> Network:
        """The network without its output layer."""
        if not self.output:
            return self
        return self._replace(stages=self.stages[:-1], output=False, labels=None)

    def makes_logits(self, stage: Stage) -> bool:
        """Whether a stage is the output layer."""
        return self.output and stage is self.stages[-1]

    def with_body(self, body: Network) -> Network:
        """Put other layers below the output layer, where there is one."""
        if not self.output:
            return body
        return self._replace(stages=(*body.stages, self.stages[-1]))

    @property
    def weighted(self) -> tuple[Weighted, ...]:
        """The layers with weights, one of each stage."""
        return tuple(stage.weighted for stage in self.stages)

    @property
    def features(self) -> int:
        """Size of one input."""
        first = self.stages[0].weighted if self.projection is None else self.projection
        return first.inputs

    @property
    def seconds(self) -> tuple[Weighted, ...]:
        """The second layers with weights of branches, where there are any."""
        return tuple(stage.second for stage in self.stages if stage.second is not None)

    @property
    def widest(self) -> int:
        """The largest number of values that one input becomes."""
        return max(
            self.features,
            self.stages[0].weighted.inputs,
            *(stage.units for stage in self.stages),
        )

    @property
    def largest(self) -> int:
        """The most weights that a layer has."""
        first = 0 if self.projection is None else self.projection.entries
        return max(first, *(layer.entries for layer in self.weighted))

    @property
    def forward_work(self) -> float:
        """What a forward pass takes, in multiply-adds."""
        layers = (*self.weighted, *self.seconds)
        drawn = self.samples * self.features + sum(layer.entries for layer in layers)
        found = DRAW_WORK * drawn + sum(map(self.work_of, self.stages))
        if self.projection is not None:
            found += (DRAW_WORK + self.samples) * self.projection.entries
        return found

    @property
    def backward_work(self) -> float:
        """What a backward pass takes, in multiply-adds."""
        layers = (*self.weighted, *self.seconds)
        drawn = self.samples * self.stages[-1].units
        drawn += sum(layer.entries for layer in layers) - self.weighted[0].entries
        returned = sum(map(self.work_of, self.stages[1:]))
        weighed = sum(self.samples * layer.positions * layer.entries for layer in layers)
        return DRAW_WORK * drawn + returned + weighed

    def work_of(self, stage: Stage) -> float:
        """What one stage takes for all inputs, in multiply-adds."""
        return self.samples * stage.work

    @property
    def block_count(self) -> int:
        """How many blocks the inputs are split into, by their shape alone."""
        if not any(layer.axes for layer in self.weighted):
            return -(-self.samples // max(BLOCK_ROWS, BLOCK_VALUES // self.widest))
        shared = -(-self.samples // IMAGE_BLOCKS)
        rows = max(IMAGE_ROWS, min(IMAGE_VALUES // self.widest, shared))
        return 1 if self.samples <= rows else 2 * -(-self.samples // (2 * rows))

    @property
    def blocks(self) -> list[slice]:
        """The inputs in fixed blocks of about equal size."""
        return split(self.samples, self.block_count)

    def drawn_by(self, samplers: Iterable[tuple[Sampler, Sampler | None]]) -> Network:
        """The same network with other samplers of weights and bias, a pair for each stage."""
        stages = tuple(
            stage._replace(weighted=stage.weighted.drawn_by(weights, bias))
            for stage, (weights, bias) in zip(self.stages, samplers, strict=True)
        )
        return self._replace(stages=stages)

    def stream(self, role: Role, layer: int, panel: int = 0) -> Generator:
        """The generator of one layer's draws."""
        return stream(self.seed, role, repeat=self.repeat, layer=layer, panel=panel)


def split(count: int, number: int) -> list[slice]:
    """Split `count` inputs into `number` parts of about equal size."""
    bounds = [part * count // number for part in range(number + 1)]
    return [slice(first, end) for first, end in pairwise(bounds)]
