"""Learning: against finite differences and torch's steps, and what it may not depend on."""

from __future__ import annotations

import json
from itertools import islice, pairwise
from math import isfinite, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.networks import classifier, shaped_as
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers.samplers import filled, independent
from weightinit_cli.network import Dense, Network, blas
from weightinit_cli.network.draws import draw_bias, draw_weights
from weightinit_cli.network.layer import BLOCK_ROWS
from weightinit_cli.network.learning import Learner, batches, cross_entropy, start
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

SETTINGS = settings(deadline=None, derandomize=True, max_examples=100)
DTYPES = ("float32", "float64")
RECORDED = json.loads((Path(__file__).parents[1] / "peers" / "training.json").read_text("ascii"))
PARAMETERS = {"elu": {"alpha": 1.0}, "leaky_relu": {"negative_slope": 0.2}, "sin": {"omega": 1.0}}


def activation(name):
    return ACTIVATIONS[name].build(**PARAMETERS.get(name, {}))


def learner(widths, name="tanh", *, dtype="float64", rate=0.1, momentum=0.0, scale=1.0):
    """Normal weights of variance scale² / fan_in, and biases that are not zero."""
    generator = stream(0, Role.WEIGHTS)

    def drawn(*shape):
        return (generator.standard_normal(shape) * scale / sqrt(shape[0])).astype(dtype)

    weights = [drawn(*shape) for shape in pairwise(widths)]
    biases = [drawn(width) for width in widths[1:]]
    stages = classifier(shaped_as(weights), activation(name))
    return Learner(stages, weights, biases, rate=rate, momentum=momentum)


def examples(rows, features, classes, dtype="float64"):
    generator = stream(1, Role.DATA)
    inputs = generator.standard_normal((rows, features)).astype(dtype)
    return inputs, generator.integers(classes, size=rows)


def parameters(of):
    return [*of.weights, *of.biases]


def copied(of):
    return [p.copy() for p in parameters(of)]


def same(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


# Against finite differences and torch -----------------------------------------------------------


@pytest.mark.parametrize("hidden", [(5,), (5, 4), (4, 6, 5), (5, 4, 3, 5)], ids=len)
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "softplus", "silu", "elu", "sin", "relu", "leaky_relu"]
)
def test_gradient_is_that_of_central_differences(name, hidden):
    widths = (6, *hidden, 3)
    inputs, labels = examples(7, 6, 3)
    stepped, probed = learner(widths, name, rate=1.0), learner(widths, name)
    stepped.step(inputs, labels)
    h = np.finfo(float).eps ** (1 / 3)
    for p, after in zip(parameters(probed), parameters(stepped), strict=True):
        for index in np.ndindex(p.shape):
            before = p[index]
            sides = []
            for side in (before + h, before - h):
                p[index] = side
                sides.append(probed.score(inputs, labels)[0])
            p[index] = before
            slope = (sides[0] - sides[1]) / (2 * h)
            # the loss's rounding over h, which is h², and a third derivative of order 1
            assert before - after[index] == pytest.approx(slope, rel=0, abs=20 * h * h)


def case(training):
    return "-".join(str(training[key]) for key in ("activation", "momentum", "dtype"))


@pytest.mark.parametrize("training", RECORDED["trainings"], ids=case)
def test_steps_are_torchs(training):
    begin, dtype = RECORDED["start"], training["dtype"]
    inputs, labels = np.array(begin["inputs"], dtype), np.array(begin["labels"])
    weights = [np.array(w, dtype) for w in begin["weights"]]
    ours = Learner(
        classifier(shaped_as(weights), activation(training["activation"])),
        weights,
        [np.array(b, dtype) for b in begin["biases"]],
        rate=begin["rate"],
        momentum=training["momentum"],
    )
    losses = []
    for step in range(len(training["losses"])):
        rows = (step * begin["batch"] + np.arange(begin["batch"])) % len(inputs)
        losses.append(ours.step(inputs[rows], labels[rows]))
    # numbers of order 1 after twenty steps, each of which rounds them a few times
    near = {"rtol": 0, "atol": 64 * np.finfo(dtype).eps}
    np.testing.assert_allclose(losses, training["losses"], **near)
    for p, theirs in zip(
        parameters(ours), [*training["weights"], *training["biases"]], strict=True
    ):
        assert p.dtype == dtype
        np.testing.assert_allclose(p, theirs, **near)


# What it may not depend on ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_of_blas_change_nothing(dtype):
    def trained(threads):
        inputs, labels = examples(700, 300, 10, dtype)
        of = learner((300, 120, 110, 10), "relu", dtype=dtype, momentum=0.5)
        with blas().limit(limits=threads, user_api="blas"):
            losses = [
                of.step(inputs[rows], labels[rows])
                for rows in islice(batches(stream(0, Role.BATCH), 700, 128), 10)
            ]
            return losses, of.score(inputs, labels), copied(of)

    *figures, one = trained(1)
    *again, two = trained(2)
    assert figures == again
    assert same(one, two)


def test_what_was_seen_before_changes_nothing():
    inputs, labels = examples(40, 6, 3, "float32")
    fresh, used = (learner((6, 5, 3), dtype="float32", rate=0.0) for _ in range(2))
    used.step(inputs[:7], labels[:7])
    used.score(inputs, labels)
    assert used.step(inputs, labels) == fresh.step(inputs, labels)
    assert same(parameters(used), parameters(fresh))


def test_inputs_labels_and_scored_parameters_stay():
    inputs, labels = examples(20, 6, 3)
    kept = inputs.copy(), labels.copy()
    of = learner((6, 5, 3))
    before = copied(of)
    of.score(inputs, labels)
    assert same(parameters(of), before)
    of.step(inputs, labels)
    assert not same(parameters(of), before)
    assert same((inputs, labels), kept)


def test_labels_of_bytes_do():
    inputs, labels = examples(20, 6, 3)
    one, other = learner((6, 5, 3)), learner((6, 5, 3))
    assert one.step(inputs, labels) == other.step(inputs, labels.astype("uint8"))
    assert one.score(inputs, labels) == other.score(inputs, labels.astype("uint8"))


# Scores and losses ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, BLOCK_ROWS, 2 * BLOCK_ROWS + 3])
def test_score_is_that_of_all_rows_at_once(rows):
    inputs, labels = examples(rows, 6, 3)
    of = learner((6, 5, 3), "tanh")
    (w1, w2), (b1, b2) = of.weights, of.biases
    logits = np.tanh(inputs @ w1 + b1) @ w2 + b2
    loss, accuracy = of.score(inputs, labels)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(rows), labels]
    assert loss == pytest.approx(expected.mean(), rel=1e-13)
    assert accuracy == (logits.argmax(axis=1) == labels).mean()


def test_the_first_of_equal_logits_is_the_answer():
    of = learner((6, 5, 4), scale=0.0)
    inputs, labels = examples(100, 6, 4)
    loss, accuracy = of.score(inputs, labels)
    assert loss == pytest.approx(log(4))
    assert accuracy == (labels == 0).mean()


@pytest.mark.parametrize("dtype", DTYPES)
@SETTINGS
@given(st.integers(1, 50), st.integers(1, 20), st.floats(-(2.0**99), 2.0**99, width=32))
def test_loss_of_uniform_logits_is_the_log_of_the_classes(dtype, classes, rows, level):
    loss = cross_entropy(np.full((rows, classes), level, dtype), np.arange(rows) % classes)
    assert loss == pytest.approx(log(classes), rel=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", DTYPES)
@SETTINGS
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12), st.integers(-8000, 8000))
def test_a_shift_of_all_logits_changes_nothing(dtype, sixtyfourths, shift):
    logits = np.array([sixtyfourths], dtype) / 64  # so that the shift rounds nothing
    label = np.array([len(sixtyfourths) // 2])
    slopes = np.empty_like(logits), np.empty_like(logits)
    moved = cross_entropy(logits + np.dtype(dtype).type(shift), label, slopes[0])
    assert moved == cross_entropy(logits, label, slopes[1])
    assert same(slopes[:1], slopes[1:])
    assert abs(slopes[0].sum()) <= len(sixtyfourths) * np.finfo(dtype).eps


def test_logits_far_apart_are_exact():
    logits = np.array([[0, 1e30], [1e30, 0], [-1e300, 0]])
    assert cross_entropy(logits, np.array([0, 0, 0])).tolist() == [1e30, 0.0, 1e300]


# Divergence -------------------------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_ends_without_a_warning(dtype, momentum):
    inputs, labels = examples(64, 6, 3, dtype)
    of = learner((6, 5, 5, 3), "linear", dtype=dtype, rate=1e6, momentum=momentum)
    losses, before = [], []
    while not losses or isfinite(losses[-1]):
        assert len(losses) < 1000
        before = copied(of)
        losses.append(of.step(inputs, labels))
    assert len(losses) > 1
    assert same(parameters(of), before)
    assert not isfinite(of.score(inputs, labels)[0])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_an_answer_of_nan_is_wrong(value):
    of = learner((6, 5, 3))
    of.biases[-1][:] = value
    inputs, _ = examples(10, 6, 3)
    loss, accuracy = of.score(inputs, np.zeros(10, int))
    assert not isfinite(loss)
    assert accuracy == (0.0 if np.isnan(value) else 1.0)


# Batches ----------------------------------------------------------------------------------------


def test_batches_are_uniform():
    examples, size, number = 50, 128, 400
    drawn = np.concatenate([*islice(batches(stream(3, Role.BATCH), examples, size), number)])
    assert drawn.size == size * number
    expected = drawn.size / examples
    counts = np.bincount(drawn, minlength=examples)
    assert len(counts) == examples
    chi2 = ((counts - expected) ** 2 / expected).sum()
    # chi² with 49 degrees of freedom: mean 49, variance 98
    assert abs(chi2 - (examples - 1)) < 5 * sqrt(2 * (examples - 1))


def test_batches_depend_on_the_stream_alone():
    def first(seed, repeat=0):
        chosen = batches(stream(seed, Role.BATCH, repeat=repeat), 8000, 128)
        return [batch.tolist() for batch in islice(chosen, 5)]

    assert first(0) == first(0)
    assert first(0) != first(1)
    assert first(0) != first(0, repeat=1)


def test_a_batch_may_exceed_the_examples():
    (batch,) = islice(batches(stream(0, Role.BATCH), 3, 10), 1)
    assert set(batch.tolist()) <= {0, 1, 2}
    assert len(batch) == 10


# Starts -----------------------------------------------------------------------------------------


def network(*, std=0.5, bias=None, dtype="float32", seed=0, repeat=0, widths=(6, 5, 4, 3)):
    layers = tuple(Dense(*fans, independent("normal", std), bias) for fans in pairwise(widths))
    return Network(classifier(layers, activation("relu")), 1, np.dtype(dtype), seed, repeat)


@pytest.mark.parametrize("bias", [None, filled(0.25), independent("uniform", 0.1)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_start_draws_what_forward_draws(dtype, bias):
    """Also where one panel does not hold the weights."""
    of = network(dtype=dtype, bias=bias, widths=(6, 900, 700, 3))
    begun, _ = start(of, rate=0.1)
    with workers(1, ignore_work) as apply:
        for number, (w, b) in enumerate(zip(begun.weights, begun.biases, strict=True), 1):
            expected = np.empty_like(w)
            draw_weights(of, number, expected, apply)
            drawn, _ = draw_bias(of, number, apply)
            assert w.dtype == b.dtype == dtype
            assert same([w], [expected])
            assert b.shape == (w.shape[1],)
            assert same([b], [np.zeros_like(b) if drawn is None else drawn[0]])


def test_the_hash_is_that_of_the_draws():
    def drawn(**changes):
        return start(network(**changes), rate=0.1)[1]

    assert len(drawn()) == 16
    assert int(drawn(), 16) >= 0
    assert drawn() == drawn(std=3.0) == drawn(bias=filled(1.0)) == drawn(dtype="float64")
    others = [drawn(seed=1), drawn(repeat=1), drawn(widths=(6, 5, 3))]
    assert len({drawn(), *others}) == 4


def test_a_start_learns():
    inputs, _ = examples(400, 6, 3, "float32")
    labels = inputs[:, :3].argmax(axis=1)
    begun, _ = start(network(), rate=0.1, momentum=0.9)
    for rows in islice(batches(stream(0, Role.BATCH), 400, 32), 300):
        begun.step(inputs[rows], labels[rows])
    loss, accuracy = begun.score(inputs, labels)
    assert loss < 0.3 < 0.9 < accuracy
