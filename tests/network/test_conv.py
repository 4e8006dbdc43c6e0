"""Convolutions: against torch's, against the matrix that each is, and what they may not depend on.

A convolution is a matrix of shape (inputs, units) in which many entries are one weight: `links`
says which, by the definition, and gives its products without any patch. Sums of products of small
integers are exact in float32, so most comparisons are of all bits.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from itertools import product
from math import prod
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.cases import every
from support.networks import activated, composed
from support.records import flat
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.convolution import PADDINGS, Convolution, Shape
from weightinit_cli.initializers.samplers import independent
from weightinit_cli.network import Conv, Dense, Request, backward, conv, draws, forward
from weightinit_cli.network import layer as shapes
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

SETTINGS = settings(deadline=None, derandomize=True, max_examples=300)
DTYPES = ("float32", "float64")
RECORDED = json.loads((Path(__file__).parents[1] / "peers" / "conv.json").read_text("ascii"))
NORMAL = independent("normal", 1.0)


def convolution(image, channels, kernel, padding="circular", stride=1):
    return Conv(Shape(*image), channels, kernel, padding, stride, NORMAL, None)


def network(
    image,
    channels,
    kernel=(3, 3),
    padding="circular",
    stride=1,
    *,
    activation="tanh",
    std=0.3,
    bias=None,
    samples=40,
    dtype="float64",
    **draws_of,
):
    """Channels: one number per layer."""
    strides = (stride,) * len(channels)
    stack = Convolution(Shape(*image), channels, kernel, padding, strides)
    drawn = bias and independent("normal", bias)
    layers = tuple(
        Conv(shape, out, kernel, padding, stride, independent("normal", std), drawn)
        for shape, out in zip(stack.shapes, channels, strict=False)
    )
    built = ACTIVATIONS[activation].build()
    return composed(layers, built, samples, np.dtype(dtype), **{"seed": 0, **draws_of})


def integers(*shape, dtype="float64", salt=0):
    """From -3 to 3, of which sums of products up to 2**24 are exact in float32."""
    return stream(salt, Role.DATA).integers(-3, 4, size=shape).astype(dtype)


def eps(dtype):
    return float(np.finfo(dtype).eps)


def pushed(layer, x, weights):
    out = np.full((len(x), layer.units), np.nan, x.dtype)
    layer.forward(x, weights, out)
    return out


def pulled(layer, delta, weights):
    out = np.full((len(delta), layer.inputs), np.nan, delta.dtype)
    layer.backward(delta, weights, out)
    return out


def weighed(layer, x, delta):
    """In float64, as the sums over places are."""
    out = np.full((layer.fan_in, layer.columns), np.nan)
    layer.gradient(x, delta, out)
    return out


def squares(layer, x, delta, threads=1):
    with workers(threads, ignore_work) as apply:
        return layer.gradient_squares(x, delta, apply)


def links(layer):
    """Of every product in the convolution: the input's value, the unit, and the weight."""
    height, width = layer.axes
    (*_, channels), (rows, columns) = layer.image, layer.kernel
    found = []
    for (i, j), (a, b) in product(
        np.ndindex(height.windows, width.windows), np.ndindex(rows, columns)
    ):
        row = i * layer.stride - height.before + a
        column = j * layer.stride - width.before + b
        if layer.padding == "circular":
            row, column = row % height.size, column % width.size
        elif not (0 <= row < height.size and 0 <= column < width.size):
            continue
        value = (row * width.size + column) * channels
        unit = (i * width.windows + j) * layer.channels
        weight = (a * columns + b) * channels * layer.channels
        found += [
            (value + c, unit + o, weight + c * layer.channels + o)
            for c, o in np.ndindex(channels, layer.channels)
        ]
    return np.array(found).reshape(-1, 3).T


def as_matrix(layer, weights):
    """Of shape (inputs, units)."""
    values, units, shared = links(layer)
    matrix = np.zeros((layer.inputs, layer.units))
    np.add.at(matrix, (values, units), weights.ravel()[shared])
    return matrix


def gradient_of(layer, x, delta):
    values, units, shared = links(layer)
    gradient = np.zeros(layer.entries)
    np.add.at(gradient, shared, (x.T @ delta)[values, units])
    return gradient.reshape(layer.fan_in, layer.columns)


def passes(net, threads=1):
    """All records forwards, the trace, and those backwards of layers 1 to L."""
    trace = []
    request = Request(20, None, 0.05)
    records = list(forward(net, request, threads, trace=trace))
    kept = list(trace)
    return records, kept, list(backward(net, trace, threads))[::-1]


def smaller(**constants):
    """Panels, blocks and strands of these sizes instead."""
    stack = ExitStack()
    for module in (conv, shapes):
        for name in constants.keys() & vars(module).keys():
            stack.enter_context(patch.object(module, name, constants[name]))
    return stack


SMALL = {"PANEL_VALUES": 60, "PANEL_PLACES": 4, "IMAGE_ROWS": 3, "IMAGE_BLOCKS": 9}
SMALL |= {"BLOCK_ENTRIES": 30, "BLOCK_COLUMNS": 2, "STRAND_ENTRIES": 400}


# Against torch ----------------------------------------------------------------------------------


def case(entry):
    image, kernel = ("x".join(map(str, entry[key])) for key in ("image", "kernel"))
    return f"{image}-{kernel}-{entry['padding']}-{entry['stride']}"


@every("dtype", DTYPES)
@pytest.mark.parametrize("entry", RECORDED["convolutions"], ids=case)
def test_products_are_torchs(entry, dtype):
    """To the bit, as nothing is rounded."""
    kernel = tuple(entry["kernel"])
    layer = convolution(
        entry["image"], entry["channels"], kernel, entry["padding"], entry["stride"]
    )
    assert list(layer.output) == entry["output"]

    def recorded(key, scale, columns):
        return (np.array(entry[key]) / scale).astype(dtype).reshape(-1, columns)

    x, delta = recorded("inputs", 64, layer.inputs), recorded("cotangent", 64, layer.units)
    weights = recorded("kernels", 64, layer.columns)
    z = pushed(layer, x, weights)
    np.testing.assert_array_equal(z, recorded("z", 4096, layer.units))
    back = pulled(layer, delta, weights)
    np.testing.assert_array_equal(back, recorded("input", 4096, layer.inputs))
    expected = recorded("weights", 4096, layer.columns)
    np.testing.assert_array_equal(weighed(layer, x, delta), expected)
    assert z.dtype == back.dtype == dtype


# Against the matrix -----------------------------------------------------------------------------


@st.composite
def convolutions(draw):
    """Of any geometry: kernels larger than the image, strides larger than both."""
    padding = draw(st.sampled_from(PADDINGS))
    height, width = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    most = (height, width) if padding == "valid" else (9, 9)
    kernel = tuple(draw(st.integers(1, size)) for size in most)
    image = (height, width, draw(st.integers(1, 3)))
    stride = draw(st.sampled_from([1, 1, 2, 3, 5]))
    return convolution(image, draw(st.integers(1, 5)), kernel, padding, stride)


@pytest.mark.parametrize("dtype", DTYPES)
@SETTINGS
@given(convolutions(), st.integers(1, 9), st.booleans(), st.booleans())
def test_products_are_those_of_the_matrix(dtype, layer, samples, small, scattered):
    """Panels of several images, of one, and of some rows of it; both ways back."""
    x = integers(samples, layer.inputs, dtype=dtype)
    delta = integers(samples, layer.units, dtype=dtype, salt=1)
    weights = integers(layer.fan_in, layer.columns, dtype=dtype, salt=2)
    matrix = as_matrix(layer, weights)
    with smaller(**SMALL if small else {}, **{"MANY_CHANNELS": 1} if scattered else {}):
        z, back = pushed(layer, x, weights), pulled(layer, delta, weights)
        gradient = weighed(layer, x, delta)
        found = squares(layer, x, delta)
    np.testing.assert_array_equal(z, x @ matrix)
    np.testing.assert_array_equal(back, delta @ matrix.T)
    expected = gradient_of(layer, x, delta)
    np.testing.assert_array_equal(gradient, expected)
    assert found.count == layer.entries
    assert found.rms() == pytest.approx(
        float(np.sqrt(np.mean((expected / samples) ** 2))), rel=1e-14, abs=0
    )
    # <x W, δ> = <x, δ Wᵀ> = <XᵀΔ, W>, without a matrix
    together = [np.sum(z * delta, dtype=float), np.sum(x * back, dtype=float)]
    assert together == [np.sum(gradient * weights, dtype=float)] * 2


@SETTINGS
@given(convolutions())
def test_shapes_fit_the_matrix(layer):
    height, width, channels = layer.output
    assert layer.units == height * width * channels == layer.positions * layer.columns
    assert layer.entries == layer.fan_in * layer.columns
    assert layer.fan_in == prod(layer.kernel) * layer.image.channels
    assert layer.fan_out == prod(layer.kernel) * layer.channels
    values, units, shared = links(layer)
    assert values.max(initial=0) < layer.inputs
    assert units.max(initial=0) < layer.units
    assert shared.max(initial=0) < layer.entries
    if layer.padding != "same":
        # every unit has all its connections, and every weight is used at every place
        assert np.bincount(units).tolist() == [layer.fan_in] * layer.units
        assert np.bincount(shared).tolist() == [layer.positions] * layer.entries


@SETTINGS
@given(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 2)),
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
def test_what_is_moved_around_the_ring_moves_on(image, kernel, steps):
    layer = convolution(image, 3, kernel)
    weights = integers(layer.fan_in, layer.columns)
    x = integers(2, *image, salt=1)
    moved = np.roll(x, steps, axis=(1, 2)).reshape(2, -1)
    z = pushed(layer, x.reshape(2, -1), weights).reshape(2, *layer.output)
    expected = np.roll(z, steps, axis=(1, 2)).reshape(2, -1)
    np.testing.assert_array_equal(pushed(layer, moved, weights), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("padding", "stride", "channels"), [("circular", 1, 24), ("same", 2, 24), ("valid", 1, 300)]
)
def test_rounding_is_that_of_the_sums(padding, stride, channels, dtype):
    """Within n eps of the sums of absolutes, in real panels; a panel's n for the kernels."""
    layer = convolution((40, 30, 20), channels, (3, 5), padding, stride)
    generator = stream(0, Role.DATA)
    shapes_of = ((3, layer.inputs), (3, layer.units), (layer.fan_in, layer.columns))
    x, delta, weights = (generator.standard_normal(shape).astype(dtype) for shape in shapes_of)

    def assert_near(function, terms, *arguments):
        wide = [argument.astype(float) for argument in arguments]
        absolutes = function(*map(np.abs, wide))
        bound = terms * eps(dtype) * absolutes
        error = np.abs(function(*arguments) - function(*wide))
        assert (error <= bound).all()
        assert error.any() == (dtype == "float32")

    def push(x, weights):
        return pushed(layer, x, weights)

    def pull(delta, weights):
        return pulled(layer, delta, weights)

    assert_near(push, layer.fan_in, x, weights)
    assert_near(pull, 15 * layer.columns, delta, weights)
    assert_near(partial(weighed, layer), 2000, x, delta)


# Beside dense layers ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_place_is_a_dense_layer(dtype):
    """Forwards to the bit; the kernels turned round may be multiplied in another order."""
    single, dense = convolution((1, 1, 70), 50, (1, 1)), Dense(70, 50, NORMAL, None)
    for name in ("inputs", "units", "columns", "positions", "fan_in", "fan_out"):
        assert getattr(single, name) == getattr(dense, name)
    generator = stream(0, Role.DATA)
    x, delta, weights = (
        generator.standard_normal(shape).astype(dtype) for shape in ((30, 70), (30, 50), (70, 50))
    )
    np.testing.assert_array_equal(pushed(single, x, weights), pushed(dense, x, weights))
    near = {"rtol": 0, "atol": 300 * eps(dtype)}
    back = pulled(single, delta, weights)
    np.testing.assert_allclose(back, pulled(dense, delta, weights), **near)
    one, other = (squares(layer, x, delta) for layer in (single, dense))
    assert one.rms() == pytest.approx(other.rms(), rel=30 * eps(dtype))
    assert one.count == other.count


def test_networks_of_one_place_are_dense_networks():
    net = network((1, 1, 13), (20, 30, 7), (1, 1), bias=0.5)
    dense = tuple(
        Dense(layer.fan_in, layer.columns, layer.weights, layer.bias) for layer in net.weighted
    )
    forwards, _, backwards = passes(net)
    dense_forwards, _, dense_backwards = passes(
        net._replace(stages=activated(dense, net.stages[0].function))
    )
    for one, other in zip(forwards, dense_forwards, strict=True):
        assert flat(one.weights) == flat(other.weights)
        assert one.quantiles == pytest.approx(other.quantiles, rel=1e-12)
        assert one.activations.std_within == pytest.approx(other.activations.std_within, rel=1e-12)
    for one, other in zip(backwards, dense_backwards, strict=True):
        assert one.signal.rms() == pytest.approx(other.signal.rms(), rel=1e-12)
        assert one.weights.rms() == pytest.approx(other.weights.rms(), rel=1e-12)
        assert one.entries == other.entries


# Both passes ------------------------------------------------------------------------------------


NETWORKS = {
    "circular": ((5, 6, 2), (3, 4, 2), (3, 3), "circular"),
    "same": ((6, 5, 2), (4, 3), (2, 3), "same"),
    "valid": ((9, 8, 1), (3, 2), (3, 2), "valid"),
    "stride 2": ((9, 7, 2), (3, 4), (3, 3), "same", 2),
    "stride 2, circular": ((7, 6, 1), (5, 2), (4, 3), "circular", 2),
    "stride 3, valid": ((11, 10, 2), (3,), (2, 4), "valid", 3),
}


def drawn(net):
    """Each layer's matrix (inputs, units), its kernels, and its bias at every unit; float64."""
    found = []
    with workers(1, ignore_work) as apply:
        for number, layer in enumerate(net.weighted, 1):
            weights = np.empty((layer.fan_in, layer.columns), net.dtype)
            draws.draw_weights(net, number, weights, apply)
            bias = np.zeros(layer.columns)
            if layer.bias is not None:
                generator = stream(net.seed, Role.BIAS, layer=number)
                bias = generator.standard_normal(layer.columns, np.float32).astype(net.dtype)
                bias *= layer.bias.std
            found.append((weights.astype(float), np.tile(bias, layer.positions)))
    return found


def cotangent(net):
    generator = stream(net.seed, Role.COTANGENT, layer=len(net.weighted))
    shape = (net.samples, net.weighted[-1].units)
    return generator.standard_normal(shape, np.float32).astype(float)


def plain(net, inputs):
    """z, δ and the kernels' gradient of every layer, by the matrices."""
    parameters = drawn(net)
    matrices = [
        as_matrix(layer, weights)
        for layer, (weights, _) in zip(net.weighted, parameters, strict=True)
    ]
    xs, zs = [inputs.astype(float)], []
    for matrix, (_, bias) in zip(matrices, parameters, strict=True):
        zs.append(xs[-1] @ matrix + bias)
        xs.append(net.stages[0].function.value(zs[-1]))
    deltas, back = [], cotangent(net)
    for z, matrix in zip(reversed(zs), reversed(matrices), strict=True):
        deltas.insert(0, back * net.stages[0].function.derivative(z))
        back = deltas[0] @ matrix.T
    gradients = [
        gradient_of(layer, x, delta) / net.samples
        for layer, x, delta in zip(net.weighted, xs, deltas, strict=False)
    ]
    return zs, deltas, gradients


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("shape", NETWORKS)
def test_passes_are_those_of_the_matrices(shape, activation, dtype):
    net = network(*NETWORKS[shape], activation=activation, bias=0.4, samples=50, dtype=dtype)
    with smaller(**SMALL):
        assert len(net.blocks) > 5
        forwards, (inputs, *trace), backwards = passes(net, threads=2)
    zs, deltas, gradients = plain(net, inputs)
    # some hundred products of numbers of order one in each of three layers
    near = 1000 * eps(dtype)
    for record, seen, z in zip(forwards[1:], trace, zs, strict=True):
        np.testing.assert_allclose(seen, z, rtol=0, atol=near)
        a = net.stages[0].function.value(z)
        assert record.activations.mean == pytest.approx(a.mean(), abs=near)
        assert record.activations.std == pytest.approx(a.std(), rel=near)
        assert record.activations.std_between == pytest.approx(a.mean(axis=0).std(), rel=near)
        assert record.preactivations.moments.std == pytest.approx(z.std(), rel=near)
        assert record.counts.sum() == record.activations.count == a.size
    for record, delta, gradient in zip(backwards, deltas, gradients, strict=True):
        assert record.signal.rms(record.exponent) == pytest.approx(rms(delta), rel=near)
        assert record.weights.rms(record.exponent) == pytest.approx(rms(gradient), rel=near)
        assert record.signal.count == delta.size
        assert record.weights.count == record.entries == gradient.size
        assert record.buckets.high == pytest.approx(delta.max(), rel=near)


@pytest.mark.parametrize("shape", NETWORKS)
def test_gradients_are_the_slopes_of_the_loss(shape):
    """Central differences, the kernels' entries one by one; the rest of the passes is `push`."""
    net = network(*NETWORKS[shape], samples=5)
    _, (inputs, *_), backwards = passes(net)
    parameters, g = [weights for weights, _ in drawn(net)], cotangent(net)

    def loss():
        x = inputs
        for layer, weights in zip(net.weighted, parameters, strict=True):
            x = net.stages[0].function.value(pushed(layer, x, weights))
        return float(np.sum(g * x)) / net.samples

    step = eps(float) ** (1 / 3)
    for weights, record in zip(parameters, backwards, strict=True):
        slopes = np.empty_like(weights)
        for entry in np.ndindex(weights.shape):
            before = weights[entry]
            weights[entry] = before + step
            slopes[entry] = loss()
            weights[entry] = before - step
            slopes[entry] -= loss()
            weights[entry] = before
        # a third derivative of order 100 at most, times step²
        found = record.weights.rms(record.exponent)
        assert found == pytest.approx(rms(slopes / (2 * step)), rel=1e-7)


def test_a_bias_is_one_number_per_channel():
    net = network((4, 5, 2), (3, 4), std=0.0, bias=1.0, samples=6, dtype="float32")
    _, (_, *trace), _ = passes(net)
    for number, (z, layer) in enumerate(zip(trace, net.weighted, strict=True), 1):
        expected = stream(0, Role.BIAS, layer=number).standard_normal(layer.channels, np.float32)
        np.testing.assert_array_equal(z.reshape(-1, layer.channels), np.tile(expected, (6 * 20, 1)))


def test_kernels_are_drawn_as_the_matrix():
    net = network((4, 4, 5), (7,), (3, 2), dtype="float32")
    layer = Dense(30, 7, net.weighted[0].weights, None)
    dense = net._replace(stages=activated([layer], net.stages[0].function))
    assert flat(passes(net)[0][1].weights) == flat(passes(dense)[0][1].weights)


# What it may not depend on ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("padding", "stride", "channels"), [("circular", 1, 20), ("same", 2, 20), ("same", 1, 260)]
)
def test_threads_do_not_change_a_bit(padding, stride, channels, dtype):
    net = network(
        (12, 10, 3), (channels, 5), (3, 3), padding, stride, bias=0.5, samples=70, dtype=dtype
    )
    assert len(net.blocks) > 3
    one, two, five = (flat(passes(net, threads)) for threads in (1, 2, 5))
    assert one == two == five


@pytest.mark.parametrize("shape", NETWORKS)
def test_threads_do_not_change_a_bit_of_many_small_parts(shape):
    with smaller(**SMALL):
        net = network(*NETWORKS[shape], bias=0.5, samples=50)
        one, two, five = (flat(passes(net, threads)) for threads in (1, 2, 5))
    assert one == two == five


@pytest.mark.parametrize("dtype", DTYPES)
@every("value", [0.0, 1e3, np.inf, np.nan])
@every("stride", [1, 2])
@pytest.mark.parametrize("padding", PADDINGS)
def test_inputs_do_not_see_each_other(padding, stride, value, dtype):
    """Whatever stands in the others, no bit of an input's own products changes."""
    layer = convolution((8, 7, 5), 6, (3, 3), padding, stride)
    generator = stream(0, Role.DATA)
    weights = generator.standard_normal((layer.fan_in, layer.columns)).astype(dtype)
    for product_of, size in ((pushed, layer.inputs), (pulled, layer.units)):
        some = generator.standard_normal((20, size)).astype(dtype)
        others = some.copy()
        others[np.arange(20) != 7] = value
        with np.errstate(all="ignore"):
            expected, found = (product_of(layer, x, weights)[7] for x in (some, others))
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, expected)


def test_arguments_stay():
    layer = convolution((5, 5, 2), 3, (3, 3))
    given_ = [integers(4, layer.inputs), integers(4, layer.units), integers(18, 3)]
    x, delta, weights = (part.copy() for part in given_)
    pushed(layer, x, weights)
    pulled(layer, delta, weights)
    squares(layer, x, delta)
    for one, other in zip(given_, (x, delta, weights), strict=True):
        np.testing.assert_array_equal(one, other)


def test_blocks_cover_every_input_once():
    for samples, size, channels in product((1, 15, 16, 17, 100, 999), (1, 16, 200), (1, 64)):
        net = network((size, size, channels), (3,), samples=samples)
        covered = [row for block in net.blocks for row in range(samples)[block]]
        assert covered == list(range(samples))


def test_blocks_of_images_are_small_and_many():
    """2²¹ values at most, or 16 inputs; 16 blocks at least where they have 16 inputs; even."""

    def sizes(size, samples):
        blocks = network((size, size, 64), (64,), samples=samples).blocks
        return {block.stop - block.start for block in blocks}, len(blocks)

    assert sizes(16, 10_000) == ({125}, 80)
    assert sizes(16, 1000) == ({62, 63}, 16)
    assert sizes(16, 100) == ({12, 13}, 8)
    assert sizes(16, 17) == ({8, 9}, 2)
    assert sizes(16, 16) == ({16}, 1)
    assert sizes(64, 1000) == ({15, 16}, 64)
    dense = network((1, 1, 64), (64,), (1, 1), samples=10_000)
    stages = activated([Dense(16_384, 64, NORMAL, None)], dense.stages[0].function)
    dense = dense._replace(stages=stages)
    assert len(dense.blocks) == 20


# Extremes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@every("stride", [1, 2])
@pytest.mark.parametrize("padding", PADDINGS)
@every("std", [1e30, 1e38, 1e300, 1e308, 1e-40, 5e-324, 0.0])
def test_every_scale_ends_in_figures(std, padding, stride, dtype):
    """No crash, and no warning, which would be an error here."""
    net = network((9, 8, 2), (3, 2), (3, 3), padding, stride, activation="linear", std=std)
    net = net._replace(dtype=np.dtype(dtype), samples=20)
    forwards, _, backwards = passes(net)
    for record, layer in zip(forwards[1:], net.weighted, strict=True):
        assert record.buckets.finite + record.buckets.nonfinite == 20 * layer.units
    for record, layer in zip(backwards, net.weighted, strict=True):
        assert record.buckets.finite + record.buckets.nonfinite == 20 * layer.units
        assert record.weights.count <= layer.entries


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_broken_value_reaches_the_windows_that_see_it(value):
    layer = convolution((6, 6, 1), 2, (3, 3), "same")
    x = np.ones((2, 36))
    x[0, 0] = value
    with np.errstate(all="ignore"):
        z = pushed(layer, x, np.ones((9, 2))).reshape(2, 6, 6, 2)
    broken = np.zeros((2, 6, 6, 2), bool)
    broken[0, :2, :2] = True
    np.testing.assert_array_equal(np.isfinite(z), ~broken)


def test_gradients_that_overflow_are_not_counted():
    layer = convolution((4, 4, 1), 2, (3, 3))
    x, delta = np.ones((3, 16), "float32"), np.ones((3, 32), "float32")
    delta[:, 1::2] = 3e38
    found = squares(layer, x, delta)
    assert found.count == 9
    assert found.rms() == 16


# Progress ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("shape", NETWORKS)
def test_pieces_add_up_to_the_work(shape, threads):
    net = network(*NETWORKS[shape], samples=70)
    trace, forwards, backwards = [], [], []
    request = Request(20, None, 0.05)
    with smaller(**SMALL):
        list(forward(net, request, threads, forwards.append, trace))
        list(backward(net, trace, threads, backwards.append))
    assert sum(forwards) == pytest.approx(net.forward_work, rel=1e-12)
    assert sum(backwards) == pytest.approx(net.backward_work, rel=1e-12)
    assert min(*forwards, *backwards) >= 0


def test_work_counts_every_product():
    layer = convolution((6, 5, 2), 4, (3, 3), "same", 2)
    net = composed((layer,), ACTIVATIONS["tanh"].build(), 7, np.dtype("float32"), 0)
    observed, drawn_ = shapes.OBSERVE_WORK * 7 * 36, shapes.DRAW_WORK
    assert net.work_of(net.stages[0]) == 7 * 9 * 18 * 4 + observed
    assert net.forward_work == net.work_of(net.stages[0]) + drawn_ * (7 * 60 + 72)
    assert net.backward_work == drawn_ * 7 * 36 + 7 * 9 * 72
