"""Gradient descent, in which units that are alike stay alike to the last bit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from support.cases import every
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments.symmetry import task
from weightinit_cli.network import descent
from weightinit_cli.network.descent import Classifier, recorded_steps

ACTIVE = ("sigmoid", "tanh", "relu")


class Start(NamedTuple):
    """What a classifier is made of."""

    inputs: Any
    labels: Any
    weights: Any
    biases: Any
    activations: Any


def descend(begin, *asked):
    return descent.descend(Classifier(*begin), *asked)


def generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


def start(widths, activation="sigmoid", *, samples=7, std=1.0, seed=0, data=None):
    """Normal weights and biases; `widths` are the features and the hidden layers'."""
    draw = generator(seed)
    inputs, labels = data or task("random_labels", samples, widths[0], seed)
    shapes = [*pairwise([*widths, 1])]
    weights = tuple(std * draw.standard_normal(shape) for shape in shapes)
    biases = tuple(std * draw.standard_normal(shape[1]) for shape in shapes)
    activations = (ACTIVATIONS[activation].build(),) * (len(weights) - 1)
    return Start(inputs, labels, weights, biases, activations)


def zero(widths, activation="sigmoid", **others):
    return start(widths, activation, std=0.0, **others)


def permuted(begin, orders):
    """The same network, the units of each hidden layer in another order."""
    orders = [slice(None), *orders, slice(None)]
    weights = tuple(
        w[below][:, above]
        for w, (below, above) in zip(begin.weights, pairwise(orders), strict=True)
    )
    biases = tuple(b[order] for b, order in zip(begin.biases, orders[1:], strict=True))
    return begin._replace(weights=weights, biases=biases)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def entropy(labels):
    p = labels.mean()
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


# -- the gradient ------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVE)
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3), (4, 3, 5)])
def test_gradient_against_finite_differences(activation: str, hidden: tuple[int, ...]):
    begin = start([3, *hidden], activation, samples=9, seed=len(hidden))
    trace = descend(begin, 1, 1.0)
    worst = 0.0
    for name in ("weights", "biases"):
        before = getattr(begin, name)
        for layer, (values, after) in enumerate(zip(before, getattr(trace, name), strict=True)):
            for place in np.ndindex(values.shape):
                losses = []
                for shift in (1e-6, -1e-6):
                    moved = [value.copy() for value in before]
                    moved[layer][place] += shift
                    losses.append(descend(begin._replace(**{name: (*moved,)}), 0, 1.0).start_loss)
                expected = (losses[0] - losses[1]) / 2e-6
                worst = max(worst, abs(values[place] - after[place] - expected))
    assert worst < 1e-8


def test_figures_are_those_of_the_gradient():
    begin = start([3, 4])
    trace = descend(begin, 1, 1.0)
    for number, layer in enumerate(trace.layers):
        by_weights = begin.weights[number] - trace.weights[number]
        by_biases = begin.biases[number] - trace.biases[number]
        assert layer.weight_gradient_rms[0] == pytest.approx(np.sqrt(np.mean(by_weights**2)))
        assert layer.bias_gradient_rms[0] == pytest.approx(np.sqrt(np.mean(by_biases**2)))


# -- units that are alike ----------------------------------------------------------------------


@pytest.mark.parametrize("width", [5, 7, 10, 37])
def test_identical_units_stay_identical(width: int):
    begin = zero([2, width])
    trace = descend(begin, 5_000, 0.5)
    hidden = trace.layers[0]
    assert (hidden.start_distinct, hidden.fewest_distinct, hidden.most_distinct) == (1, 1, 1)
    assert (trace.layers[1].first_moved, hidden.first_moved) == (1, 2)
    assert trace.loss[-1] < entropy(begin.labels) - 0.01
    assert np.unique(trace.weights[1]).size == 1


@pytest.mark.parametrize("activation", ACTIVE)
@pytest.mark.parametrize("width", [5, 7, 10, 37])
@pytest.mark.parametrize("samples", [4, 7, 33])
def test_twins_among_others_stay_twins_wherever_they_stand(
    activation: str, width: int, samples: int
):
    begin = start([3, width, width], activation, samples=samples, seed=width)
    order = generator(samples).permutation(width)
    one, other = order[: width // 2], order[-(width // 2) :]
    for layer in (0, 1):
        begin.weights[layer][:, other] = begin.weights[layer][:, one]
        begin.biases[layer][other] = begin.biases[layer][one]
        begin.weights[layer + 1][other] = begin.weights[layer + 1][one]
    trace = descend(begin, 200, 0.5)
    alone = width - width // 2
    for layer in trace.layers[:2]:
        assert layer.fewest_distinct == layer.most_distinct == alone
        assert layer.first_moved == 1


@pytest.mark.parametrize("activation", ACTIVE)
@pytest.mark.parametrize("width", [2, 8, 32])
def test_permuted_units_give_the_permuted_result(activation: str, width: int):
    """Their numbers xor a mask: that swaps halves, so even sums over units keep their bits."""
    begin = start([3, width, width], activation, seed=width)
    for mask in {1, width // 2, width - 1}:
        order = np.arange(width) ^ mask
        trace = descend(begin, 100, 0.5)
        other = descend(permuted(begin, [order, order]), 100, 0.5)
        expected = permuted(begin._replace(weights=trace.weights, biases=trace.biases), [order] * 2)
        assert same(other.weights, expected.weights)
        assert same(other.biases, expected.biases)
        assert np.array_equal(other.loss, trace.loss)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_of_activations_do_not_depend_on_the_place(activation: str):
    """Their vector code must end a row as it begins it."""
    entry = ACTIVATIONS[activation]
    words = {"approximate": "none", "form": "torch"}
    asked = {p.name: words.get(p.name, 0.5) for p in entry.parameters}
    built = entry.build(**asked)
    values = np.concatenate([3 * generator(0).standard_normal(20), [0.0, -40.0, 40.0, 300.0]])
    with np.errstate(all="ignore"):
        for width in range(1, 34):
            rows = np.repeat(values[:, None], width, axis=1)
            for row in (*rows, *np.roll(rows, 1, axis=0)):
                for function in (built.value, built.derivative):
                    assert np.unique(function(row)).size == 1


@pytest.mark.parametrize("held", [1, 50, 1 << 30])
def test_blocks_change_no_bit(held: int, monkeypatch: pytest.MonkeyPatch):
    whole = descend(start([3, 5, 6]), 50, 0.5)
    monkeypatch.setattr(descent, "HELD", held)
    assert same(descend(start([3, 5, 6]), 50, 0.5).weights, whole.weights)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4), (13, 5, 7), (1, 8, 100)])
def test_sums_of_products_against_numpy(shape: tuple[int, int, int]):
    a, b, c = shape
    x, y, weights = (generator(1).standard_normal(s) for s in ((a, c), (b, c), (a, b)))
    np.testing.assert_allclose(descent.pair(x, y), x @ y.T, atol=1e-13)
    np.testing.assert_allclose(descent.mix(weights, x), weights.T @ x, atol=1e-13)


@every("samples", [1, 2, 4, 7, 8, 9, 33, 100, 129, 1000])
@every("units", [1, 2, 5, 10, 37])
def test_sums_over_samples_do_not_depend_on_the_place(samples: int, units: int):
    row, other = generator(samples).standard_normal((2, samples))
    paired = descent.pair(np.tile(row, (units, 1)), np.tile(other, (3, 1)))
    assert set(paired.ravel().tolist()) == set(descent.pair(row[None], other[None])[0].tolist())


# -- figures -----------------------------------------------------------------------------------


def test_distinct_rows_by_value():
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [np.nan, 1.0], [-np.nan, 1.0], [1e-320, 1.0]])
    assert descent.distinct(rows) == 3


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1.0, 1e200, 1.7e308])
def test_root_mean_square_and_participation_at_every_scale(scale: float):
    assert descent.rms(np.full((3, 4), scale)) == scale
    assert descent.participation(np.full((4, 3), scale)) == pytest.approx(1)
    assert descent.participation(np.eye(3, 5) * scale) == pytest.approx(3)
    assert descent.participation(np.eye(5, 3) * scale) == pytest.approx(3)


def test_participation_against_the_eigenvalues():
    rows = generator(2).standard_normal((4, 6))
    values = np.linalg.eigvalsh(rows.T @ rows)
    assert descent.participation(rows) == pytest.approx(values.sum() ** 2 / (values**2).sum())


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan])
def test_no_participation_without_weights(value: float):
    assert np.isnan(descent.participation(np.full((2, 2), value)))


@pytest.mark.parametrize("steps", [0, 1, 49, 50, 51, 149, 150, 151, 1000, 10**6])
def test_recorded_steps(steps: int):
    recorded = recorded_steps(steps)
    first = min(steps, 50)
    assert recorded[:first] == list(range(1, first + 1))
    assert recorded[-1:] == ([steps] if steps else [])
    assert len(recorded) <= 150
    gaps = np.diff(recorded[first:])
    assert np.all(gaps >= 1)
    assert np.all(np.diff(gaps[:-1]) >= -1)


@pytest.mark.parametrize("steps", [0, 1, 60, 450])
def test_trace_has_one_value_per_recorded_step_and_work_adds_up(steps: int):
    told: list[float] = []
    trace = descend(start([2, 3]), steps, 0.1, told.append)
    assert sum(told) == steps
    assert trace.steps.tolist() == recorded_steps(steps)
    for layer in trace.layers:
        for figure in (
            layer.weight_gradient_rms,
            layer.bias_gradient_rms,
            layer.moved,
            layer.distinct_units,
            layer.participation,
        ):
            assert figure.shape == trace.steps.shape == trace.loss.shape
    assert trace.layers[0].moved.dtype == bool


def test_accuracy_and_loss_of_known_output():
    inputs, labels = np.array([[-2.0], [-1.0], [1.0], [3.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    sigmoid = ACTIVATIONS["sigmoid"].build()
    begin = Start(inputs, labels, (np.array([[1.0]]),), (np.zeros(1),), sigmoid)
    trace = descend(begin, 0, 1.0)
    assert trace.accuracy == 0.5
    p = 1 / (1 + np.exp(-inputs[:, 0]))
    assert trace.start_loss == pytest.approx(-np.log(np.where(labels == 1, p, 1 - p)).mean())


# -- what becomes of a start -------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVE)
@pytest.mark.parametrize("hidden", [(), (10,), (10, 10)])
def test_zero_start_on_xor_moves_nothing(activation: str, hidden: tuple[int, ...]):
    trace = descend(zero([2, *hidden], activation, data=task("xor", 4, 2, 0)), 100, 0.5)
    for layer in trace.layers:
        assert layer.first_moved is None
        assert not layer.moved.any()
        assert not layer.weight_gradient_rms.any()
        assert np.isnan(layer.participation).all()
    assert set(trace.loss.tolist()) == {trace.start_loss}
    assert trace.start_loss == pytest.approx(np.log(2))


def test_layers_wake_one_per_step_from_the_top():
    trace = descend(zero([2, 4, 4, 4], data=task("blobs", 100, 2, 0)), 10, 0.5)
    assert [layer.first_moved for layer in trace.layers] == [4, 3, 2, 1]
    assert trace.layers[0].moved.tolist() == [False] * 3 + [True] * 7


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_zero_start_leaves_the_output_bias_alone(activation: str):
    begin = zero([2, 10], activation, data=task("blobs", 100, 2, 0))
    trace = descend(begin, 1000, 0.5)
    assert [layer.first_moved for layer in trace.layers] == [None, 1]
    assert not any(w.any() for w in trace.weights)
    assert trace.loss[-1] == pytest.approx(entropy(begin.labels))


def test_logistic_regression_learns_as_well_from_zero_as_from_random():
    data = task("blobs", 100, 2, 0)
    ends = [descend(start([2], std=std, data=data), 5000, 0.5).loss[-1] for std in (0.0, 1.0)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-7)


@pytest.mark.parametrize("activation", ["relu", "linear", "exponential"])
@pytest.mark.parametrize("learning_rate", [1e200, 1e308])
def test_divergence_ends_the_run_without_a_warning(activation: str, learning_rate: float):
    trace = descend(start([2, 5], activation, samples=20), 1000, learning_rate)
    assert trace.diverged is not None
    assert trace.steps[-1] == trace.diverged < 1000
    parameters = np.concatenate([*trace.biases, *(w.ravel() for w in trace.weights)])
    assert not (np.isfinite(trace.loss[-1]) and np.isfinite(parameters).all())
    assert np.isfinite(trace.loss[:-1]).all()
    assert 0 <= trace.accuracy <= 1


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturated_units_hold_out_without_a_warning(activation: str):
    trace = descend(start([2, 5], activation, samples=20), 1000, 1e300)
    assert trace.diverged is None
    assert np.isfinite(trace.loss).all()
    assert trace.loss.max() > 1e290


def test_start_that_is_not_finite_takes_no_step():
    begin = start([2, 5], "relu")
    begin.weights[0][...] = begin.weights[1][...] = 1e300
    trace = descend(begin, 10, 0.1)
    assert trace.diverged == 0
    assert trace.steps.size == trace.loss.size == 0
    assert not np.isfinite(trace.start_loss)
