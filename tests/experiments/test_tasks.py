"""Small tasks of two classes."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli.experiments.symmetry import TASKS, task

SHARES = {"blobs": 0.3, "random_labels": 0.4}


def test_xor_is_the_four_corners():
    inputs, labels = task("xor", 4, 2, 7)
    assert {tuple(row) for row in inputs.tolist()} == {(-1, -1), (-1, 1), (1, -1), (1, 1)}
    assert np.array_equal(labels, inputs.prod(axis=1) < 0)


@pytest.mark.parametrize(("samples", "features"), [(8, 2), (4, 3), (2, 2)])
def test_xor_of_another_shape_is_refused(samples: int, features: int):
    with pytest.raises(ValueError, match=f"not {samples} of {features}"):
        task("xor", samples, features, 0)


@pytest.mark.parametrize("name", TASKS)
def test_shapes_and_types(name: str):
    inputs, labels = task(name, 4, 2, 0)
    assert (inputs.shape, labels.shape) == ((4, 2), (4,))
    assert inputs.dtype == labels.dtype == np.float64
    assert set(labels.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("samples", [2, 3, 5, 10, 99, 100, 101])
def test_unequal_classes_of_exact_size_and_never_empty(name: str, samples: int):
    _, labels = task(name, samples, 3, 1)
    ones = int(labels.sum())
    assert abs(ones - SHARES[name] * samples) <= 0.5 or ones == 1
    assert 1 <= ones < samples


@pytest.mark.parametrize("name", SHARES)
def test_the_seed_decides(name: str):
    first, again, other = (task(name, 50, 4, seed) for seed in (3, 3, 4))
    assert np.array_equal(first[0], again[0])
    assert not np.isin(first[0], other[0]).any()


@pytest.mark.parametrize("features", [1, 2, 10])
def test_blobs_have_unit_spread_and_centres_three_apart(features: int):
    """Within five standard errors."""
    inputs, labels = task("blobs", 100_000, features, 2)
    one, zero = inputs[labels == 1], inputs[labels == 0]
    difference = one.mean(axis=0) - zero.mean(axis=0)
    error = np.sqrt(1 / len(one) + 1 / len(zero))
    assert np.all(np.abs(difference - 3 / np.sqrt(features)) < 5 * error)
    for cloud in (one, zero):
        assert np.all(np.abs(cloud.var(axis=0) - 1) < 5 * np.sqrt(2 / len(cloud)))


def test_random_labels_know_nothing_of_the_inputs():
    """Within five standard errors."""
    inputs, labels = task("random_labels", 100_000, 3, 2)
    one, zero = inputs[labels == 1], inputs[labels == 0]
    error = np.sqrt(1 / len(one) + 1 / len(zero))
    assert np.all(np.abs(one.mean(axis=0) - zero.mean(axis=0)) < 5 * error)
    assert np.all(np.abs(inputs.mean(axis=0)) < 5 / np.sqrt(len(inputs)))
