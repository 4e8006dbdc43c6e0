"""How weights are drawn: reproducible, in place, panel by panel, and known by their fingerprint."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from support.cases import every
from support.examples import each_initializer
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import LAWS, fingerprint
from weightinit_cli.streams import Role, stream

Z = 4.5
SHAPE = (30, 20)
# A matrix, and kernels (2, 3, 5, 20): of the same shape as a matrix.
FANS = (Fans(*SHAPE), Fans(30, 120, kernel=(2, 3)))
DTYPES = ("float32", "float64")

# Pairs that draw the same numbers and scale them differently.
SCALES = [
    (("normal", {"std": 0.01}), ("normal", {"std": 10.0})),
    (("normal", {"std": 0.0}), ("normal", {"std": 1.0})),
    (("normal", {"std": 0.01, "mean": 3.0}), ("normal", {"std": 1.0})),
    (("normal", {"std": 0.01}), ("xavier_normal", {})),
    (("xavier_normal", {}), ("kaiming_normal", {"gain": 2.0})),
    (("truncated_normal", {"std": 0.5}), ("he_normal", {})),
    (("glorot_normal", {}), ("lecun_normal", {})),
    (("uniform", {"low": 0.0, "high": 3.0}), ("he_uniform", {})),
    (("torch_linear", {}), ("he_uniform", {})),
    (("siren", {"omega": 30.0}), ("uniform", {"low": -1.0, "high": 1.0})),
    (("sparse", {"sparsity": 0.3}), ("sparse", {"sparsity": 0.3, "std": 3.0})),
    (("orthogonal", {}), ("orthogonal", {"gain": 2.0})),
    (("orthogonal", {}), ("lsuv", {})),
]


def draw(name, parameters, fans=FANS[0], *, dtype="float64", seed=0):
    weights = np.empty(SHAPE, dtype)
    sampler = INITIALIZERS[name].build(fans, **parameters)
    return weights, sampler.fill(weights, stream(seed, Role.WEIGHTS))


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_same_stream_same_weights(example, fans, dtype):
    one, print_of_one = draw(*example, fans, dtype=dtype)
    other, print_of_other = draw(*example, fans, dtype=dtype)
    assert np.array_equal(one, other)
    assert print_of_one == print_of_other
    assert isinstance(print_of_one, bytes)


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_another_stream_other_weights(example, fans, dtype):
    one, print_of_one = draw(*example, fans, dtype=dtype)
    other, print_of_other = draw(*example, fans, dtype=dtype, seed=1)
    if print_of_one == b"":
        assert np.array_equal(one, other)
    else:
        assert print_of_one != print_of_other
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("law", LAWS)
@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.integers(0, 2**64 - 1), npst.array_shapes(min_dims=2, max_dims=2, max_side=90))
def test_float64_draws_are_those_of_float32(law, seed, shape):
    """To the bit, redraws of the truncated law included, and so are those that come after."""
    draws, prints, following = [], [], []
    for dtype in DTYPES:
        generator = stream(seed, Role.WEIGHTS)
        draws.append(np.empty(shape, dtype))
        prints.append(LAWS[law].fill(draws[-1], generator))
        following.append(generator.random(3).tobytes())
    assert np.array_equal(*draws)
    assert prints[0] == prints[1]
    assert following[0] == following[1]


@each_initializer(FANS)
def test_float64_weights_are_those_of_float32(example, fans, build):
    """But for rounding: of an entry, its scale and its mean, or of a product of matrices."""
    weights, prints = zip(*(draw(*example, fans, dtype=dtype) for dtype in DTYPES), strict=True)
    sampler = build(fans)
    eps = np.finfo(np.float32).eps
    whole = 2 * fans.larger if example[0] in ("orthogonal", "delta_orthogonal", "lsuv") else 4
    tolerance = whole * eps * (abs(sampler.mean) + sampler.std)
    assert np.abs(weights[0] - weights[1]).max() <= tolerance + 4 * eps * np.abs(weights[1]).max()
    assert prints[0] == prints[1]


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_fills_its_panel_and_nothing_else(example, fans, build, dtype):
    """Into the middle of a matrix, over whatever stood there, as the network does."""
    memory = np.full((SHAPE[0] + 8, SHAPE[1]), np.nan, dtype)
    sampler = build(fans)
    sampler.fill(memory[4:-4], stream(0, Role.WEIGHTS))
    assert np.isnan(memory[:4]).all()
    assert np.isnan(memory[-4:]).all()
    assert np.array_equal(memory[4:-4], draw(*example, fans, dtype=dtype)[0])


@each_initializer(FANS)
def test_panels_are_independent(example, fans, build):
    """Each panel by its own stream: the same alone as with the others, and uncorrelated with them.

    The correlation of n independent pairs is N(0, 1/n).
    """
    sampler = build(fans)
    if sampler.whole or sampler.std == 0:
        return
    weights = np.empty((400, fans.columns))
    halves = [slice(0, 200), slice(200, 400)]
    prints = [
        sampler.fill(weights[rows], stream(0, Role.WEIGHTS, panel=panel))
        for panel, rows in reversed(list(enumerate(halves)))
    ]
    assert prints[0] != prints[1]
    alone = np.empty((200, fans.columns))
    sampler.fill(alone, stream(0, Role.WEIGHTS, panel=1))
    assert np.array_equal(weights[200:], alone)
    first, second = (weights[rows].ravel() for rows in halves)
    assert abs(np.corrcoef(first, second)[0, 1]) * sqrt(first.size) < Z


@each_initializer(FANS)
def test_rows_and_columns_differ(example, fans, build):
    """No row and no column is drawn twice, which neither mean nor std would show."""
    weights, drawn = draw(*example, fans)
    if build(fans).std == 0 or not drawn:
        return
    rows = weights[weights.any(axis=1)]
    assert len(rows) == (fans.channels if example[0] == "delta_orthogonal" else fans.fan_in)
    assert len({row.tobytes() for row in rows}) == len(rows)
    assert len({column.tobytes() for column in weights.T}) == fans.columns


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("one", "other"), SCALES)
def test_scale_does_not_change_the_fingerprint(one, other, dtype):
    assert draw(*one, dtype=dtype)[1] == draw(*other, dtype=dtype)[1] != b""


@pytest.mark.parametrize(("one", "other"), SCALES)
def test_scale_does_not_change_the_draws(one, other):
    """In standard units the weights agree to rounding: a few eps of the mean over the std."""
    units = []
    for name, parameters in (one, other):
        sampler = INITIALIZERS[name].build(FANS[0], **parameters)
        if sampler.std == 0:
            return
        units.append((draw(name, parameters)[0] - sampler.mean) / sampler.std)
    assert np.allclose(*units, rtol=1e-12, atol=1e-12)


def test_laws_have_fingerprints_of_their_own():
    prints = {
        draw(name, parameters)[1]
        for name, parameters in [
            ("normal", {"std": 1.0}),
            ("truncated_normal", {"std": 1.0}),
            ("uniform", {"low": -1.0, "high": 1.0}),
        ]
    }
    assert len(prints) == 3


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_fingerprint_changes_when_one_draw_changes(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(npst.array_shapes(min_dims=2, max_dims=2, max_side=9))
    width = np.dtype(dtype).itemsize * 8
    draws = data.draw(npst.arrays(dtype, shape, elements=st.floats(-9, 9, width=width)))
    place = tuple(data.draw(st.integers(0, side - 1)) for side in shape)
    changed = draws.copy()
    changed[place] = data.draw(st.floats(-9, 9, width=width))
    same_bits = changed[place].tobytes() == draws[place].tobytes()
    assert (fingerprint(changed) == fingerprint(draws)) == same_bits
