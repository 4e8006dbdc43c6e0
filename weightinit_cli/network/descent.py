"""Full-batch gradient descent on a small classifier, exactly alike for units that are alike.

Every unit goes through the same operations in the same order: units that are equal thus stay equal
to the last bit, wherever they stand. BLAS does not promise that: its kernels treat the columns at
an edge otherwise.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.activations.smooth import logistic
from weightinit_cli.network.workers import ignore_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.activations import Activation

Array = np.ndarray[Any, Any]

# The first steps are all recorded, the later ones at most at this many places.
FIRST_STEPS = 50
LATER_STEPS = 100

# Steps from one report of progress to the next.
REPORTED = 200

# Products that are held at a time; the results do not depend on it.
HELD = 1 << 16


class Classifier:
    """A network with one sigmoid unit as its output, and the samples of two classes that it sees.

    `inputs` have shape (samples, features), `labels`, 0 or 1, shape (samples,). Per layer, the
    hidden ones and then the output, `weights` have shape (fan_in, fan_out) and `biases` shape
    (fan_out,); the output's fan_out is 1. `activations` are those of the hidden layers.

    `layers[k]` are rows (units, fan_in + 1) of weights and bias; `seen[k]` is what layer k is
    given, shape (fan_in + 1, samples), the last row ones; `z[k]` its pre-activations, shape
    (units, samples).
    """

    def __init__(
        self,
        inputs: Array,
        labels: Array,
        weights: Sequence[Array],
        biases: Sequence[Array],
        activations: Sequence[Activation],
    ) -> None:
        samples = len(labels)
        shapes = [(matrix.shape[1], len(matrix) + 1) for matrix in weights]
        ends = [0, *accumulate(units * width for units, width in shapes)]
        self.parameters, self.gradient = np.empty(ends[-1]), np.empty(ends[-1])
        self.layers, self.gradients = (
            [
                flat[low:high].reshape(shape)
                for (low, high), shape in zip(pairwise(ends), shapes, strict=True)
            ]
            for flat in (self.parameters, self.gradient)
        )
        for layer, matrix, bias in zip(self.layers, weights, biases, strict=True):
            layer[:, :-1], layer[:, -1] = matrix.T, bias
        self.firsts = ends[:-1]
        self.labels = labels.astype(float)
        self.activations = activations
        self.seen = [np.ones((width, samples)) for _, width in shapes]
        self.seen[0][:-1] = inputs.T
        self.z = [np.zeros((units, samples)) for units, _ in shapes]

    def forward(self) -> None:
        """Put z = WᵀX + b of each layer into `z`, and X = φ(z) into `seen` for the next."""
        for number, (layer, x) in enumerate(zip(self.layers, self.seen, strict=True), 1):
            z = self.z[number - 1] = mix(layer[:, :-1].T, x[:-1])
            z += layer[:, -1:]
            if number < len(self.layers):
                self.activations[number - 1].write(z, self.seen[number][:-1])

    def backward(self) -> None:
        """Put δXᵀ / samples of each layer into `gradients` (Rumelhart, Hinton & Williams 1986).

        δ = σ(z) - labels at the output, φ'(z) (Wδ) below.
        """
        delta = logistic(self.z[-1])
        delta -= self.labels
        for number in range(len(self.layers) - 1, -1, -1):
            np.divide(pair(delta, self.seen[number]), len(self.labels), out=self.gradients[number])
            if number:
                delta = mix(self.layers[number][:, :-1], delta)
                delta *= self.activations[number - 1].derivative(self.z[number - 1])

    def step(self, learning_rate: float) -> list[bool]:
        """Go down the gradient; return, per layer, whether that changed any parameter."""
        after = self.parameters - learning_rate * self.gradient
        moved: list[bool] = np.logical_or.reduceat(after != self.parameters, self.firsts).tolist()
        self.parameters[...] = after
        return moved

    def finite(self) -> bool:
        """Whether the parameters and the output are finite, and with them the loss."""
        return bool(np.isfinite(self.parameters).all() and np.isfinite(self.z[-1]).all())

    def loss(self) -> float:
        """The mean of ln(1 + exp m) = max(m, 0) + ln(1 + exp -|m|), m = z at label 0, -z at 1."""
        m = (1 - 2 * self.labels) * self.z[-1][0]
        terms = np.maximum(m, 0) + np.log1p(np.exp(-np.abs(m)))
        return float(fold(terms / len(terms)))

    def accuracy(self) -> float:
        """The share of labels that equal (z > 0)."""
        return float(np.mean((self.z[-1][0] > 0) == self.labels))


class LayerTrace:
    """What one layer did in descent; arrays have shape (recorded steps,).

    The gradient is the one that made the step (nan where it is not finite), the other figures
    are those after it. `moved` says whether the step changed the value of any parameter;
    `distinct_units` counts the units that differ in incoming weights or bias, exactly;
    `participation` is that of the incoming weights, nan where they are zero.

    `start_...` are those before the first step. Over every step, recorded or not: `first_moved`
    is the first that moved the layer, `fewest_distinct` and `most_distinct` the extremes, the
    start among them.
    """

    def __init__(self, rows: Array, gradient: Array) -> None:
        """Take views of the rows, as they are before the first step, and of their gradient."""
        self._rows, self._gradient = rows, gradient
        self._distinct = distinct(rows)
        self.units = len(rows)
        self.start_distinct = self.fewest_distinct = self.most_distinct = self._distinct
        self.start_participation = participation(rows[:, :-1])
        self.first_moved: int | None = None
        self.weight_gradient_rms = self.bias_gradient_rms = self.participation = np.empty(0)
        self.moved, self.distinct_units = np.empty(0, bool), np.empty(0, int)

    def move(self, step: int) -> None:
        """Count the different units anew, as this step moved the layer."""
        if self.first_moved is None:
            self.first_moved = step
        if self.units > 1:
            self._distinct = distinct(self._rows)
            self.fewest_distinct = min(self.fewest_distinct, self._distinct)
            self.most_distinct = max(self.most_distinct, self._distinct)

    def record(self, moved: bool) -> None:
        """Add the figures of one step."""
        weights, bias = self._gradient[:, :-1], self._gradient[:, -1]
        self.weight_gradient_rms = np.append(self.weight_gradient_rms, rms(weights))
        self.bias_gradient_rms = np.append(self.bias_gradient_rms, rms(bias))
        self.moved = np.append(self.moved, moved)
        self.distinct_units = np.append(self.distinct_units, self._distinct)
        spread = participation(self._rows[:, :-1])
        self.participation = np.append(self.participation, spread)


class Trace(NamedTuple):
    """What descent did; `layers` are the hidden ones, then the output.

    `steps`, from 1, and `loss`, the mean cross-entropy in nats after each, have shape (recorded
    steps,). `accuracy`, at the end, is the share of labels that equal (z > 0), z being the
    output's pre-activation. `diverged` is the step after which z or a parameter was not finite,
    which is then the last one (0: they never were). `weights` and `biases` are those of the end,
    in the shapes of the start.
    """

    steps: Array
    start_loss: float
    loss: Array
    accuracy: float
    diverged: int | None
    layers: tuple[LayerTrace, ...]
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]


def recorded_steps(steps: int) -> list[int]:
    """The steps to record: the first ones all, then in geometric progression, then the last."""
    first = range(1, min(steps, FIRST_STEPS) + 1)
    later = np.geomspace(FIRST_STEPS, max(steps, FIRST_STEPS), LATER_STEPS + 1)
    return sorted(
        {*first, *later.round().astype(int).tolist()} - {*range(steps + 1, FIRST_STEPS + 1)}
    )


def descend(
    net: Classifier, steps: int, learning_rate: float, done: Callable[[float], None] = ignore_work
) -> Trace:
    """Take up to `steps` steps down the gradient of the mean cross-entropy, in float64.

    The classifier's parameters are updated in place. `done` is told of steps that add up to those
    taken.
    """
    with np.errstate(all="ignore"):
        return _descend(net, steps, learning_rate, done)


def _descend(
    net: Classifier, steps: int, learning_rate: float, done: Callable[[float], None]
) -> Trace:
    net.forward()
    traces = tuple(map(LayerTrace, net.layers, net.gradients))
    wanted = recorded_steps(steps)
    start_loss = net.loss()
    recorded: list[int] = []
    losses: list[float] = []
    diverged = None if net.finite() else 0
    step = told = 0
    while step < steps and diverged is None:
        step += 1
        net.backward()
        moved = net.step(learning_rate)
        net.forward()
        if not net.finite():
            diverged = step
        for trace, layer_moved in zip(traces, moved, strict=True):
            if layer_moved:
                trace.move(step)
        if step == wanted[len(recorded)] or diverged:
            recorded.append(step)
            losses.append(net.loss())
            for trace, layer_moved in zip(traces, moved, strict=True):
                trace.record(layer_moved)
        if step - told == REPORTED:
            done(step - told)
            told = step
    done(step - told)
    return Trace(
        np.array(recorded, np.int64),
        start_loss,
        np.array(losses),
        net.accuracy(),
        diverged,
        traces,
        tuple(layer[:, :-1].T.copy() for layer in net.layers),
        tuple(layer[:, -1].copy() for layer in net.layers),
    )


def fold(terms: Array) -> Array:
    """Σ over the first axis, in place: the second half is added to the first until one is left.

    Swapping the halves of 2^k terms, or those of any part, changes no bit of the sum.
    """
    count = len(terms)
    while count > 1:
        half = (count + 1) // 2
        np.add(terms[: count - half], terms[half:count], out=terms[: count - half])
        count = half
    total: Array = terms[0]
    return total


def mix(weights: Array, x: Array) -> Array:
    """WᵀX: y[m, s] = Σ_k w[k, m] x[k, s], of shapes (k, m), (k, s) -> (m, s)."""
    mixed = np.empty((weights.shape[1], x.shape[1]))
    columns = max(1, HELD // x.size)
    for left in range(0, len(mixed), columns):
        part = slice(left, left + columns)
        mixed[part] = fold(np.multiply(weights[:, part, None], x[:, None], order="C"))
    return mixed


def pair(x: Array, y: Array) -> Array:
    """XYᵀ: p[a, b] = Σ_s x[a, s] y[b, s], of shapes (a, s), (b, s) -> (a, b)."""
    paired = np.empty((len(x), len(y)))
    rows = max(1, HELD // y.size)
    for top in range(0, len(x), rows):
        part = slice(top, top + rows)
        terms = np.multiply(x[part, None], y, order="C")
        # Each sum is its own contiguous row of one length, so numpy adds all in the same order.
        np.add.reduce(terms, axis=-1, out=paired[part])
    return paired


def rms(values: Array) -> float:
    """The root mean square, free of overflow and underflow; nan where a value is not finite."""
    largest = float(np.abs(values).max())
    if not 0 < largest < np.inf:
        return 0.0 if largest == 0 else np.nan
    return largest * float(np.sqrt(np.square(values / largest).mean()))


def participation(rows: Array) -> float:
    """(tr G)² / tr G² with G = WᵀW, of the weights W into each unit, shape (units, fan_in).

    The participation ratio of G's eigenvalues (Gao et al. 2017, doi:10.1101/214262): in
    how many directions the units' weights lie, from 1 to the smaller side. Free of overflow; nan
    where W is zero or not finite.
    """
    largest = float(np.abs(rows).max())
    if not 0 < largest < np.inf:
        return np.nan
    scaled = rows / largest
    gram = pair(scaled, scaled) if len(rows) <= rows.shape[1] else pair(scaled.T, scaled.T)
    return float(np.square(np.trace(gram)) / np.square(gram).sum())


def distinct(rows: Array) -> int:
    """How many rows differ in value: -0 is 0, and nan is nan."""
    canonical = rows + 0.0
    canonical[np.isnan(canonical)] = np.nan
    return len(set(canonical.view(f"V{canonical.itemsize * canonical.shape[1]}").ravel().tolist()))
