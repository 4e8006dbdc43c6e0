"""Which units differ: by their bits, and by what they were made of."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from weightinit_cli.network.draws import Parameters
from weightinit_cli.network.passes import random_directions
from weightinit_cli.network.recording import distinct_units
from weightinit_cli.network.sums import UnitMoments

INPUTS, UNITS = 200, 4096


@pytest.fixture(scope="module")
def directions():
    return np.random.Generator(np.random.PCG64(4)).standard_normal((2, INPUTS))


@pytest.fixture(scope="module", params=["float32", "float64"])
def random_units(request):
    generator = np.random.Generator(np.random.PCG64(5))
    return generator.standard_normal((INPUTS, UNITS)).astype(request.param)


def distinct(values, directions, cuts=(), made=None):
    """Counted over blocks, as the network does."""
    bounds = [0, *cuts, len(values)]
    parts = [
        UnitMoments.of(values[top:bottom], directions[:, top:bottom])
        for top, bottom in pairwise(bounds)
    ]
    return distinct_units(sum(parts[1:], parts[0]), values, made).count()


@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_random_units_are_all_distinct(random_units, directions, offset):
    """One projection alone would merge about ten of 4,096 by chance in float32."""
    values = random_units + random_units.dtype.type(offset)
    assert distinct(values, directions) == UNITS
    assert distinct(values, directions, (17, 90)) == UNITS


@pytest.mark.parametrize("value", [0.0, 0.5, -3e-20, 1e30])
def test_equal_units_are_one(random_units, directions, value):
    same = np.full((INPUTS, 50), value, random_units.dtype)
    assert distinct(same, directions) == 1
    assert distinct(same, directions, (1, 100)) == 1
    copies = np.repeat(random_units[:, :1], 50, axis=1)
    assert distinct(copies, directions) == 1


def test_units_that_differ_in_a_last_place_are_two(random_units, directions):
    copies = np.repeat(random_units[:, :1], 3, axis=1)
    copies[50, 1] = np.nextafter(copies[50, 0], np.inf)
    assert distinct(copies, directions) == 2


def test_units_made_of_the_same_are_one(random_units, directions):
    """BLAS may round columns at an edge otherwise, in the last place."""
    copies = np.repeat(random_units[:, :1], 4, axis=1)
    copies[:, 1] = np.nextafter(copies[:, 0], np.inf)
    weights = np.ones((7, 4), copies.dtype)
    assert distinct(copies, directions, made=Parameters(weights, None)) == 1
    weights[6, 1] = 1.5
    assert distinct(copies, directions, made=Parameters(weights, None)) == 2
    weights[6, 1] = 1
    bias = np.array([[0, 1, 0, 0]], copies.dtype)
    assert distinct(copies, directions, made=Parameters(weights, bias)) == 2


def test_channels_of_equal_kernels_are_one_per_position(random_units, directions):
    """Six units: three channels at two positions."""
    values = random_units[:, [0, 1, 2, 3, 4, 3]].copy()
    made = Parameters(np.array([[1, 2, 1]], values.dtype), None)
    moments = UnitMoments.of(values, directions)
    found = distinct_units(moments, values, made)
    assert (found.count(), found.count(positions=2)) == (5, 3)
    values[:, 2] = values[:, 0]
    found = distinct_units(UnitMoments.of(values, directions), values, made)
    assert (found.count(), found.count(positions=2)) == (4, 2)


def test_links_go_through_units_alike_in_either_way(random_units, directions):
    """1 is as 0 by its bits, 2 as 1 by what it was made of, 3 as 2 by its bits."""
    one = random_units[:, :1]
    other = np.nextafter(one, np.inf)
    values = np.hstack([one, one, other, other])
    weights = np.array([[1, 2, 2, 3]], values.dtype)
    assert distinct(values, directions, made=Parameters(weights, None)) == 1


def test_rounding_is_named_where_it_may_have_merged(random_units, directions):
    values = np.repeat(random_units[:, :1], 3, axis=1)
    moments = UnitMoments.of(values, directions)
    apart, same = (np.array([row], values.dtype) for row in ([1, 2, 3], [1, 1, 1]))
    assert distinct_units(moments, values, Parameters(apart, None)).rounded
    assert not distinct_units(moments, values, Parameters(same, None)).rounded
    dead = np.zeros_like(values)
    found = distinct_units(UnitMoments.of(dead, directions), dead, Parameters(apart, None))
    assert (found.count(), found.rounded) == (1, False)


def test_duplicates_among_random_units_are_found(random_units, directions):
    values = random_units.copy()
    values[:, 100:110] = values[:, :10]
    values[:, 4000] = values[:, 5]
    assert distinct(values, directions) == UNITS - 11


def test_units_that_differ_by_a_thousandth_are_two(random_units, directions):
    """The whole unit by 1e-3, one input alone by 1e-2, and the whole unit by 1e-3 in relation."""
    values = np.repeat(random_units[:, :1], 4, axis=1)
    values[:, 1] += 1e-3
    values[7, 2] += 1e-2
    values[:, 3] *= 1 + 1e-3
    assert distinct(values, directions) == 4


def test_dead_units_are_one(random_units, directions):
    values = random_units[:, :50].copy()
    values[:, 3] = 0
    assert distinct(values, directions) == 50
    values[:, 4:6] = 0
    assert distinct(values, directions) == 48


def test_collapsed_units_still_differ(random_units, directions):
    """Far apart in their offsets, each alone constant: as in a sigmoid with Xavier."""
    values = np.repeat(np.linspace(0.2, 0.8, 300, dtype=random_units.dtype)[None], INPUTS, axis=0)
    assert distinct(values, directions) == 300


def test_one_input_and_one_unit(directions):
    assert distinct(np.ones((1, 1)), directions[:, :1]) == 1
    assert distinct(np.array([[1.0, 2.0, 1.0]]), directions[:, :1]) == 2
    assert distinct(np.zeros((5, 3)), directions[:, :5]) == 1


def test_units_that_differ_by_a_constant_are_told_apart():
    """As in a collapsed layer, where rounding leaves little between them."""
    for inputs in (1, 7, 100, 200, 1000):
        apart = 0.5 * float(np.finfo(np.float32).eps)
        values = (np.full((inputs, 50), 0.5) + apart * np.arange(50)).astype(np.float32)
        moments = UnitMoments.of(values, random_directions(inputs))
        assert distinct_units(moments, values, None).count() == 50


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_distinct_does_not_depend_on_the_size(directions, size):
    values = np.random.Generator(np.random.PCG64(6)).standard_normal((INPUTS, 100))
    values[:, 1] = values[:, 0]
    assert distinct(values * size, directions, (60,)) == 99
