"""Kernels: as torch has them, and dirac and delta_orthogonal, which are for them alone."""

from __future__ import annotations

import json
from math import ceil, prod, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.cases import every
from support.peers.tables import orthonormality
from weightinit_cli.convolution import Shape
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Conv
from weightinit_cli.parameters import ParameterError
from weightinit_cli.streams import Role, stream

RECORDED = json.loads((Path(__file__).parents[1] / "peers" / "kernels.json").read_text("ascii"))
SETTINGS = settings(deadline=None, derandomize=True, max_examples=100)
DTYPES = ("float32", "float64")


def fans_of(shape):
    height, width, n_in, n_out = shape
    return Fans(height * width * n_in, height * width * n_out, kernel=(height, width))


def draw(name, shape, dtype="float64", seed=0, **parameters):
    """Kernels of shape (height, width, in, out)."""
    fans = fans_of(shape)
    weights = np.full((fans.fan_in, fans.columns), np.nan, dtype)
    INITIALIZERS[name].build(fans, **parameters).fill(weights, stream(seed, Role.WEIGHTS))
    return weights.reshape(shape)


def convolved(images, kernel):
    """Circularly, the middle (k - 1) // 2 of every window on its place: (n, height, width, in)."""
    total = 0
    for i, j in np.ndindex(*kernel.shape[:2]):
        shift = ((kernel.shape[0] - 1) // 2 - i, (kernel.shape[1] - 1) // 2 - j)
        total = total + np.roll(images, shift, axis=(1, 2)) @ kernel[i, j]
    return total


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (4, 1)])
def test_the_layer_convolves_as_here(kernel):
    """So that what follows is about a network: the centre of the table is the layer's."""
    images = stream(0, Role.DATA).standard_normal((2, 5, 6, 3))
    weights = draw("normal", (*kernel, 3, 4), std=1.0)
    layer = Conv(Shape(5, 6, 3), 4, kernel, "circular", 1, None, None)
    out = np.empty((2, layer.units))
    layer.forward(images.reshape(2, -1), weights.reshape(-1, 4), out)
    assert np.allclose(out.reshape(2, 5, 6, 4), convolved(images, weights), rtol=1e-12)


def norms(images):
    return np.linalg.norm(images.reshape(len(images), -1), axis=1)


# torch's ----------------------------------------------------------------------------------------


@every("dtype", DTYPES)
@pytest.mark.parametrize("entry", RECORDED["dirac"], ids=lambda e: f"{e['shape']}-{e['groups']}")
def test_dirac_is_torchs(entry, dtype):
    if "refused" in entry:
        with pytest.raises(ParameterError) as caught:
            draw("dirac", entry["shape"], groups=entry["groups"])
        assert caught.value.parameter == "groups"
        return
    kernel = draw("dirac", entry["shape"], dtype, groups=entry["groups"])
    expected = np.zeros(entry["shape"])
    expected[tuple(zip(*entry["ones"], strict=True))] = 1
    assert np.array_equal(kernel, expected)
    sampler = INITIALIZERS["dirac"].build(fans_of(entry["shape"]), groups=entry["groups"])
    assert sampler.mean == pytest.approx(kernel.mean(dtype=float), rel=1e-14)
    assert sampler.std == pytest.approx(kernel.std(dtype=float), rel=1e-14)


def test_centre_of_the_table_is_where_torchs_ones_are():
    centre = INITIALIZERS["dirac"].centre
    for entry in RECORDED["dirac"]:
        sides = list(map(centre, entry["shape"][:2]))
        assert all(place[:2] == sides for place in entry.get("ones", []))


@pytest.mark.parametrize("entry", RECORDED["orthogonal"], ids=lambda e: f"{e['shape']}-{e['gain']}")
def test_orthogonal_is_torchs(entry):
    """And Keras's: the same rows or columns are orthonormal, whatever the order of the rows."""
    kernel = draw("orthogonal", entry["shape"], gain=entry["gain"])
    matrix = kernel.reshape(-1, entry["shape"][-1])
    assert orthonormality(matrix, entry["gain"]) == entry["orthonormal"]
    sampler = INITIALIZERS["orthogonal"].build(fans_of(entry["shape"]), gain=entry["gain"])
    assert sampler.std == pytest.approx(entry["rms"], rel=1e-8)


def test_identity_is_for_matrices_as_in_torch():
    assert "eye_" in {entry["call"] for entry in RECORDED["refused"]}
    assert INITIALIZERS["identity"].only == "matrix"


# dirac ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "groups", "said"),
    [
        (10, 3, "must divide the number of output channels, 10; 3 divides 9 and 12"),
        (10, 16, "must divide the number of output channels, 10; 16 divides 16"),
        (1, 2, "must divide the number of output channels, 1; 2 divides 2"),
    ],
)
def test_dirac_says_what_its_groups_would_divide(outputs, groups, said):
    with pytest.raises(ParameterError) as caught:
        draw("dirac", (3, 3, 4, outputs), groups=groups)
    assert (caught.value.parameter, caught.value.message) == ("groups", said)


@every("groups", [1, 2, 3])
@every("inputs", [1, 2, 4, 7])
@pytest.mark.parametrize("kernel", [(3, 3), (1, 5), (2, 3), (4, 4)])
def test_dirac_copies_channels(kernel, inputs, groups):
    """As they are; of an even side, by one place further."""
    images = stream(0, Role.DATA).standard_normal((2, 6, 7, inputs))
    copied = convolved(images, draw("dirac", (*kernel, inputs, 6), groups=groups))
    moved = np.roll(images, tuple(side % 2 - 1 for side in kernel), axis=(1, 2))
    each = 6 // groups
    for channel in range(6):
        d = channel % each
        expected = moved[..., d] if d < inputs else np.zeros((2, 6, 7))
        assert np.array_equal(copied[..., channel], expected)


# delta_orthogonal -------------------------------------------------------------------------------


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 1), (64, 32)])
def test_delta_orthogonal_needs_as_many_outputs_as_inputs(inputs, outputs):
    with pytest.raises(ParameterError) as caught:
        draw("delta_orthogonal", (3, 3, inputs, outputs))
    assert caught.value.parameter == "name"
    assert caught.value.message == (
        "delta_orthogonal needs at least as many output channels as input channels "
        f"({inputs}), not {outputs}; orthogonal takes any"
    )


SIDES = st.integers(1, 5)


@SETTINGS
@given(SIDES, SIDES, st.integers(1, 6), st.integers(0, 4), st.floats(0, 10), st.integers(0, 99))
def test_delta_orthogonal_has_orthonormal_rows_at_its_centre(height, width, n_in, more, gain, seed):
    shape = (height, width, n_in, n_in + more)
    kernel = draw("delta_orthogonal", shape, seed=seed, gain=gain)
    centre = ((height - 1) // 2, (width - 1) // 2)
    matrix = kernel[centre].copy()
    assert np.allclose(matrix @ matrix.T, gain**2 * np.eye(n_in), rtol=0, atol=1e-13 * gain**2)
    kernel[centre] = 0
    assert not kernel.any()
    # Haar, as `orthogonal` is, which draws the same.
    alone = np.empty((n_in, n_in + more))
    orthogonal = INITIALIZERS["orthogonal"].build(Fans(*alone.shape), gain=gain)
    orthogonal.fill(alone, stream(seed, Role.WEIGHTS))
    assert np.array_equal(matrix, alone)


@SETTINGS
@given(SIDES, SIDES, st.integers(1, 6), st.integers(0, 4), st.integers(0, 99))
def test_delta_orthogonal_keeps_the_norm_of_every_image(height, width, n_in, more, seed):
    images = stream(seed, Role.DATA).standard_normal((3, 5, 6, n_in))
    kernel = draw("delta_orthogonal", (height, width, n_in, n_in + more), seed=seed, gain=1.5)
    assert np.allclose(norms(convolved(images, kernel)), 1.5 * norms(images), rtol=1e-13)


def test_orthogonal_does_not_keep_it():
    """The power of the test above: orthonormal as a matrix is not orthogonal as a convolution."""
    images = stream(0, Role.DATA).standard_normal((3, 5, 6, 4))
    seen = norms(convolved(images, draw("orthogonal", (3, 3, 4, 4))))
    assert (np.abs(seen / norms(images) - 1) > 1e-3).all()


# What both have in common -----------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1e-200, 1e-30, 1e100])
def test_figures_of_any_gain(gain):
    """The squares of 1e-200 would underflow."""
    sampler = INITIALIZERS["delta_orthogonal"].build(fans_of((3, 5, 4, 7)), gain=gain)
    assert sampler.std == pytest.approx(gain / sqrt(3 * 5 * 7), rel=1e-14)


@pytest.mark.parametrize("name", ["dirac", "delta_orthogonal"])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (7, 7)])
def test_scratch_is_enough_for_the_centre(name, kernel):
    fans = fans_of((*kernel, 5, 11))
    sampler = INITIALIZERS[name].build(fans)
    entries = prod(kernel) * 5 * 11
    matrix = {"dirac": "identity", "delta_orthogonal": "orthogonal"}[name]
    needed = INITIALIZERS[matrix].build(Fans(5, 11)).scratch * 5 * 11
    assert needed <= sampler.scratch * entries < needed + entries


# Rows and columns of the others -----------------------------------------------------------------


def test_sparse_counts_the_zeros_of_every_tap_of_every_input_channel():
    kernel = draw("sparse", (2, 3, 4, 10), sparsity=0.25)
    assert set(np.count_nonzero(kernel == 0, axis=-1).ravel()) == {ceil(0.25 * 10)}


def test_nguyen_widrow_gives_every_output_channel_its_norm():
    kernel = draw("nguyen_widrow", (2, 2, 3, 50))
    norms = np.linalg.norm(kernel.reshape(12, 50), axis=0)
    assert np.allclose(norms, 0.7 * 50 ** (1 / 12), rtol=1e-14)


def test_lsuv_starts_as_orthogonal():
    for shape in ((3, 3, 4, 6), (2, 2, 3, 20)):
        assert np.array_equal(draw("lsuv", shape, tolerance=0.5), draw("orthogonal", shape))
