"""Pretraining: against finite differences, a textbook's code and PCA, and what it may not touch."""

from __future__ import annotations

from itertools import islice, pairwise
from math import inf, isfinite, sqrt

import numpy as np
import pytest

from support.networks import activated, classifier, shaped_as
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.data import load
from weightinit_cli.network import blas, pretraining
from weightinit_cli.network.layer import BLOCK_ROWS
from weightinit_cli.network.learning import Learner, batches
from weightinit_cli.streams import Role, stream

DTYPES = ("float32", "float64")
ANY, UNIT = (-inf, inf), (0.0, 1.0)
BOUNDS = pytest.mark.parametrize("bounds", [ANY, UNIT], ids=["any", "unit"])
PARAMETERS = {"elu": {"alpha": 1.0}, "leaky_relu": {"negative_slope": 0.2}}


def activation(name):
    return ACTIVATIONS[name].build(**PARAMETERS.get(name, {}))


def autoencoder(w, b, function, **given):
    (stage,) = activated(shaped_as([w]), function)
    return pretraining.Autoencoder(stage, w, b, **given)


def pretrain(weights, biases, function, inputs, batches_of, **settings):
    stages = activated(shaped_as(weights), function)
    return pretraining.pretrain(stages, weights, biases, inputs, batches_of, **settings)


def drawn(*widths, dtype="float64", scale=1.0):
    """Normal weights of variance scale² / fan_in, and biases that are not zero."""
    generator = stream(0, Role.WEIGHTS)
    weights = [
        (generator.standard_normal(shape) * scale / sqrt(shape[0])).astype(dtype)
        for shape in pairwise(widths)
    ]
    return weights, [generator.standard_normal(width).astype(dtype) / 4 for width in widths[1:]]


def rows_of(number, features, bounds=ANY, dtype="float64"):
    generator = stream(1, Role.DATA)
    draw = generator.random if bounds == UNIT else generator.standard_normal
    return draw((number, features)).astype(dtype)


def chosen(number, layers, size=16):
    return [batches(stream(2, Role.BATCH, layer=layer), number, size) for layer in range(layers)]


def pretrained(widths, name="sigmoid", *, layers=None, bounds=ANY, dtype="float64", **settings):
    """The weights and biases after pretraining on 100 rows, and what came of it."""
    weights, biases = drawn(*widths, dtype=dtype)
    inputs = rows_of(100, widths[0], bounds, dtype)
    layers = len(weights) if layers is None else layers
    settings = {"steps": 50, "rate": 0.05} | settings
    made = pretrain(
        weights[:layers],
        biases[:layers],
        activation(name),
        inputs,
        chosen(100, layers),
        bounds=bounds,
        **settings,
    )
    return weights, biases, made


def same(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def copied(arrays):
    return [array.copy() for array in arrays]


# Against finite differences, a textbook's code and PCA -------------------------------------------


def forward(parameters, name, bounds, x):
    w, b, c = parameters
    z = x @ w + b
    h = activation(name).value(z)
    a = h @ w.T + c
    return z, h, 1 / (1 + np.exp(-a)) if bounds == UNIT else a


def loss(parameters, name, bounds, x):
    x_hat = forward(parameters, name, bounds, x)[-1]
    if bounds == UNIT:
        each = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat))
    else:
        each = (x_hat - x) ** 2 / 2
    return each.sum(axis=1).mean()


@BOUNDS
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "softplus", "silu", "elu", "linear", "relu", "leaky_relu"]
)
def test_gradient_is_that_of_central_differences(name, bounds):
    (w,), (b,) = drawn(6, 4)
    x = rows_of(7, 6, bounds)
    layer = autoencoder(w, b, activation(name), bounds=bounds, rate=1.0)
    layer.c += np.linspace(-0.5, 0.5, 6)
    before = copied((layer.w, layer.b, layer.c))
    layer.step(x)
    probed = copied(before)
    h = np.finfo(float).eps ** (1 / 3)
    for p, start, after in zip(probed, before, (layer.w, layer.b, layer.c), strict=True):
        for index in np.ndindex(p.shape):
            sides = []
            for side in (start[index] + h, start[index] - h):
                p[index] = side
                sides.append(loss(probed, name, bounds, x))
            p[index] = start[index]
            slope = (sides[0] - sides[1]) / (2 * h)
            # the loss's rounding over h, which is h², and a third derivative of order 10
            assert start[index] - after[index] == pytest.approx(slope, rel=0, abs=100 * h * h)


@BOUNDS
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_are_those_of_a_textbook(dtype, name, bounds):
    widths, steps, rate = (12, 9, 7), 20, 0.05
    weights, biases, _ = pretrained(
        widths, name, bounds=bounds, dtype=dtype, steps=steps, rate=rate
    )
    theirs = drawn(*widths, dtype=dtype)
    x = rows_of(100, 12, bounds, dtype).astype(float)
    decoder = bounds
    for w0, b0, rows_of_steps in zip(*theirs, chosen(100, 2), strict=True):
        w, b, c = w0.astype(float), b0.astype(float), np.zeros(len(w0))
        for rows in islice(rows_of_steps, steps):
            z, h, x_hat = forward((w, b, c), name, decoder, x[rows])
            error = (x_hat - x[rows]) / len(rows)
            delta = activation(name).derivative(z) * (error @ w)
            w, b, c = (
                w - rate * (x[rows].T @ delta) - rate * (h.T @ error).T,
                b - rate * delta.sum(axis=0),
                c - rate * error.sum(axis=0),
            )
        # numbers of order 1 after twenty steps, each of which rounds them a few times
        near = {"rtol": 0, "atol": 64 * np.finfo(dtype).eps}
        np.testing.assert_allclose(weights.pop(0), w, **near)
        np.testing.assert_allclose(biases.pop(0), b, **near)
        x = forward((w, b, c), name, decoder, x)[1]
        decoder = UNIT if name == "sigmoid" else ANY


def test_a_linear_layer_comes_down_to_pca():
    units, deviations = 3, np.array([2.0, 1.6, 1.3, 0.8, 0.5, 0.4, 0.2, 0.1])
    rotation = np.linalg.qr(rows_of(8, 8))[0]
    inputs = rows_of(500, 8) * deviations @ rotation + np.linspace(-1, 1, 8)
    variances = np.linalg.eigvalsh(np.cov(inputs, rowvar=False))
    best = variances[:-units].sum() / variances.sum()
    errors = []
    for steps in (0, 10, 100, 1000):
        weights, biases = drawn(8, units)
        every = [iter([np.arange(500)] * steps)]
        (made,) = pretrain(
            weights, biases, activation("linear"), inputs, every, bounds=ANY, steps=steps, rate=0.05
        )
        errors.append(made.after)
    assert errors == sorted(errors, reverse=True)
    assert best * (1 - 1e-12) < errors[-1] < best * (1 + 1e-6)
    assert errors[1] > 1.1 * best


@pytest.mark.parametrize("seed", range(20))
def test_no_linear_layer_is_better_than_pca(seed):
    inputs = rows_of(50, 6) * np.linspace(0.1, 2, 6)
    values, vectors = np.linalg.eigh(np.cov(inputs, rowvar=False, ddof=0))
    w = vectors[:, 3:] + seed * 1e-3 * stream(seed, Role.WEIGHTS).standard_normal((6, 3))
    layer = autoencoder(w, np.zeros(3), activation("linear"), bounds=ANY, rate=0.1)
    layer.c += inputs.mean(axis=0) @ (np.eye(6) - w @ w.T)
    best = values[:3].sum() / 6
    error = layer.error(inputs)
    assert error == pytest.approx(best, rel=1e-12) if seed == 0 else error > best


# What comes of it --------------------------------------------------------------------------------


@BOUNDS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softplus", "elu", "silu"])
def test_the_error_falls(name, dtype, bounds):
    rate = 0.1 if name == "sigmoid" else 0.02
    _, _, made = pretrained((20, 15, 15), name, dtype=dtype, bounds=bounds, steps=1000, rate=rate)
    assert len(made) == 2
    for layer in made:
        assert layer.diverged is None
        assert layer.after < min(layer.before, 1) / 2


@BOUNDS
def test_error_is_a_share_of_the_variance(bounds):
    inputs = rows_of(2 * BLOCK_ROWS + 3, 5, bounds) * 0.5
    weights, biases = drawn(5, 4, 3)
    before = copied((*weights, *biases))
    made = pretrain(
        weights,
        biases,
        activation("sigmoid"),
        inputs,
        chosen(len(inputs), 2),
        bounds=bounds,
        steps=0,
        rate=1.0,
    )
    assert same((*weights, *biases), before)
    x = inputs
    for layer, w, b, decoder in zip(made, weights, biases, (bounds, UNIT), strict=True):
        _, h, x_hat = forward((w, b, 0), "sigmoid", decoder, x)
        expected = ((x_hat - x) ** 2).mean() / x.var(axis=0).mean()
        assert layer.before == layer.after == pytest.approx(expected, rel=1e-12)
        x = h


def test_inputs_that_do_not_vary_have_no_share():
    weights, biases = drawn(5, 4, 3)
    biases[0] -= 1e3  # dead units
    inputs = rows_of(100, 5)
    made = pretrain(
        weights, biases, activation("relu"), inputs, chosen(100, 2), bounds=ANY, steps=9, rate=0.1
    )
    assert made[0].after is not None
    assert made[1] == (None, None, None)


def test_a_deep_sigmoid_network_keeps_its_signal():
    def faded(weights, biases):
        x = inputs
        for w, b in zip(weights, biases, strict=True):
            x = activation("sigmoid").value(x @ w + b)
        return sqrt(x.var(axis=0).mean())

    weights, biases = drawn(*[50] * 6)
    inputs = rows_of(500, 50)
    start = faded(weights, biases)
    pretrain(
        weights,
        biases,
        activation("sigmoid"),
        inputs,
        chosen(500, 5, size=128),
        bounds=ANY,
        steps=500,
        rate=0.1,
    )
    assert start < 0.001 < 0.05 < faded(weights, biases)


def test_a_deep_sigmoid_network_learns_after_it():
    data = load("digits", None, "float32")
    inputs, labels = data.train.inputs, data.train.labels
    losses = []
    for steps in (0, 300):
        weights, biases = drawn(64, *[100] * 5, 10, dtype="float32")
        stages = classifier(shaped_as(weights), activation("sigmoid"))
        of = Learner(stages, weights, biases, rate=0.1)
        pretrain(
            of.weights[:-1],
            of.biases[:-1],
            activation("sigmoid"),
            inputs,
            chosen(len(inputs), 5, size=128),
            bounds=UNIT,
            steps=steps,
            rate=0.1,
        )
        for rows in islice(batches(stream(0, Role.BATCH), len(labels), 128), 700):
            of.step(inputs[rows], labels[rows])
        losses.append(of.score(inputs, labels)[0])
    assert losses[0] > 2.25 > 0.6 > losses[1]


# What it may not touch or depend on --------------------------------------------------------------


def test_layers_above_change_nothing_below():
    widths = (20, 15, 12, 10)
    weights, biases, made = pretrained(widths)
    for layers in range(4):
        fewer_weights, fewer_biases, fewer = pretrained(widths, layers=layers)
        start_weights, start_biases = drawn(*widths)
        assert fewer == made[:layers]
        assert same(fewer_weights[:layers], weights[:layers])
        assert same(fewer_biases[:layers], biases[:layers])
        assert same(fewer_weights[layers:], start_weights[layers:])
        assert same(fewer_biases[layers:], start_biases[layers:])


def test_each_layer_has_its_turn():
    weights, biases = drawn(20, 15, 12, 10)
    seen = [copied((*weights, *biases))]
    pretrain(
        weights,
        biases,
        activation("tanh"),
        rows_of(100, 20),
        chosen(100, 3),
        bounds=ANY,
        steps=4,
        rate=0.1,
        done=lambda steps: seen.append(copied((*weights, *biases))),
    )
    assert len(seen) == 1 + 3 * 4
    for step, (before, after) in enumerate(pairwise(seen)):
        moved = [not same([one], [other]) for one, other in zip(before, after, strict=True)]
        assert moved == [layer == step // 4 for layer in range(3)] * 2


def test_inputs_stay_and_each_batch_is_drawn_once():
    inputs = rows_of(100, 20)
    kept = inputs.copy()
    inputs.flags.writeable = False
    drawing, expected = chosen(100, 2), chosen(100, 2)
    told = []
    pretrain(
        *drawn(20, 15, 12),
        activation("sigmoid"),
        inputs,
        drawing,
        bounds=ANY,
        steps=30,
        rate=0.1,
        done=told.append,
    )
    assert same([inputs], [kept])
    assert sum(told) == 2 * 30
    for one, other in zip(drawing, expected, strict=True):
        assert same(islice(one, 1), islice(other, 30, 31))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_of_blas_change_nothing(dtype):
    def run(threads):
        with blas().limit(limits=threads, user_api="blas"):
            weights, biases, made = pretrained((300, 120, 110), dtype=dtype, steps=10, rate=0.01)
        return made, [*weights, *biases]

    (made, one), (again, two) = run(1), run(2)
    assert made == again
    assert same(one, two)


# Divergence --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_is_told_with_its_step(dtype):
    widths = (20, 15, 12)
    weights, biases, made = pretrained(widths, "linear", dtype=dtype, rate=1.0)
    ((_, after, diverged),) = made
    assert after is None
    assert 1 < diverged < 50
    assert all(np.isfinite(p).all() for p in (*weights, *biases))
    start = drawn(*widths, dtype=dtype)
    assert not same(weights[:1], start[0][:1])
    assert same([weights[1], biases[1]], [start[0][1], start[1][1]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_is_told_with_its_layer(dtype):
    weights, biases = drawn(20, 15, 12, 10, dtype=dtype)
    weights[1] *= np.sqrt(np.finfo(dtype).max)
    before = copied((*weights[1:], *biases[1:]))
    first, second = pretrain(
        weights,
        biases,
        activation("tanh"),
        rows_of(100, 20, dtype=dtype),
        chosen(100, 3),
        bounds=ANY,
        steps=50,
        rate=0.01,
    )
    assert first.diverged is None
    assert isfinite(first.after)
    assert (second.after, second.diverged) == (None, 1)
    assert same((*weights[1:], *biases[1:]), before)


@BOUNDS
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "linear"])
def test_the_last_step_may_diverge(name, bounds):
    _, _, made = pretrained((20, 15, 12), name, bounds=bounds, dtype="float32", steps=1, rate=1e40)
    assert [(layer.after, layer.diverged) for layer in made] == [(None, 1)]


def test_an_error_that_overflows_diverges_with_finite_weights():
    weights, _, made = pretrained((20, 15), "linear", dtype="float32", steps=1, rate=1e25)
    assert np.isfinite(weights[0]).all()
    assert [(layer.after, layer.diverged) for layer in made] == [(None, 1)]


def test_infinite_weights_diverge_with_a_finite_error():
    weights, biases = [np.ones((1, 1), "float32")], [np.zeros(1, "float32")]
    inputs = np.linspace(0.98, 1, 16, dtype="float32")[:, None]
    (made,) = pretrain(
        weights,
        biases,
        activation("sigmoid"),
        inputs,
        chosen(16, 1),
        bounds=UNIT,
        steps=1,
        rate=1e40,
    )
    assert weights[0] == inf
    assert (made.after, made.diverged) == (None, 1)


@BOUNDS
@pytest.mark.parametrize("rate", [1e10, 1e100, 1e200, 1e300])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "linear"])
def test_any_rate_has_figures_or_none(name, rate, bounds):
    _, _, made = pretrained((20, 15, 12), name, bounds=bounds, steps=3, rate=rate)
    assert all(layer.diverged is None for layer in made[:-1])
    for layer in made:
        assert all(share is None or 0 <= share < inf for share in (layer.before, layer.after))


def test_inputs_that_are_not_finite_diverge_at_once():
    weights, biases = drawn(20, 15)
    inputs = np.full((100, 20), np.nan)
    made = pretrain(
        weights,
        biases,
        activation("tanh"),
        inputs,
        chosen(100, 1),
        bounds=ANY,
        steps=5,
        rate=0.1,
    )
    assert made == ((None, None, 1),)
    assert same((*weights, *biases), (*drawn(20, 15)[0], *drawn(20, 15)[1]))
