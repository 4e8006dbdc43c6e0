"""The memory that a run takes stays below what `peak_bytes` says, and not far below it.

Measured by tracemalloc, which sees every array of numpy, but not Python's modules and BLAS's own
buffers: `BYTES_AT_ANY_SIZE` is for these and is left out of the bound here. What any run allocates,
however small, is measured on the smallest one and subtracted.
"""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from support.networks import blocks, composed
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.convolution import Convolution, Shape
from weightinit_cli.experiments.histogram import measure
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Conv, Dense, Request, peak_bytes
from weightinit_cli.network.workers import ignore_work


def network(widths, samples, activation, initializer, dtype="float32", **parameters):
    layers = tuple(
        Dense(
            fan_in,
            fan_out,
            INITIALIZERS[initializer].build(Fans(fan_in, fan_out), **parameters),
            None,
        )
        for fan_in, fan_out in pairwise(widths)
    )
    return composed(layers, build(activation), samples, np.dtype(dtype), 0)


def convolutions(
    image, channels, kernel, padding, stride, samples, activation, dtype="float32", std=None
):
    """Channels: one number per layer; He's standard deviation unless given."""
    stack = Convolution(Shape(*image), channels, kernel, padding, (stride,) * len(channels))
    area = kernel[0] * kernel[1]
    layers = tuple(
        Conv(
            shape,
            out,
            kernel,
            padding,
            stride,
            INITIALIZERS["normal"].build(
                Fans(area * shape.channels, area * out, kernel=kernel),
                std=std or (2 / (area * shape.channels)) ** 0.5,
            ),
            INITIALIZERS["normal"].build(Fans(1, out), std=1.0),
        )
        for shape, out in zip(stack.shapes, channels, strict=False)
    )
    return composed(layers, build(activation), samples, np.dtype(dtype), 0)


def build(activation):
    return ACTIVATIONS[activation].build(
        **({"approximate": "none"} if activation == "gelu" else {})
    )


def peak(net, bins, threads, *, traced):
    """The most bytes held at one time, with the figures of every layer kept, as a run does."""
    request = Request(bins, None, 0.05)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = measure(net, request, threads, ignore_work, with_gradient=traced)
        taken = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert len(kept) == len(net.weighted) + 1
    assert all((layer.gradient is not None) == traced for layer in kept[1:])
    return taken


def bound_of(net, bins, threads, *, traced):
    """Without what is for all but arrays."""
    return sum(peak_bytes(net, bins, threads, traced=traced))


SHAPES = {
    "wide": ((1200, 1200, 1200), 300, "tanh", "he_normal"),
    "many inputs": ((30, 30, 30), 60_000, "relu", "he_normal"),
    "one spike, every value looked into": ((100, 100), 20_000, "sigmoid", "zeros"),
    "gelu's temporaries": ((300, 300), 3000, "gelu", "he_uniform"),
    "orthogonal, drawn as a whole": ((900, 900), 50, "tanh", "orthogonal"),
    "orthogonal, float64": ((600, 600), 50, "tanh", "orthogonal", "float64"),
    "orthogonal, wide": ((300, 1500), 50, "tanh", "orthogonal"),
    "float64": ((500, 500), 3000, "tanh", "xavier_uniform", "float64"),
    "few inputs, panels being drawn": ((1200, 1200), 1, "tanh", "he_normal"),
    "few inputs, float64": ((1200, 1200), 1, "tanh", "he_normal", "float64"),
    "one norm, float64": ((1200, 1200), 1, "tanh", "nguyen_widrow", "float64"),
    "funnel": ((3000, 10, 3000), 200, "relu", "he_normal"),
}


@pytest.fixture(scope="module")
def least():
    """What the smallest run allocates, after a first one has made all imports."""
    small = network((1, 1), 1, "gelu", "he_normal")
    peak(small, 1, 2, traced=True)
    return peak(small, 1, 2, traced=True)


@pytest.mark.parametrize("traced", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_peak_stays_below_the_bound(shape, threads, traced, least):
    net = network(*SHAPES[shape])
    bound = bound_of(net, 30, threads, traced=traced)
    taken = peak(net, 30, threads, traced=traced) - least
    assert taken < bound
    # A bound that is never near would refuse what fits.
    assert bound < 12 * taken


IMAGES = {
    "many inputs": ((16, 16, 32), (32, 32), (3, 3), "circular", 1, 400, "relu"),
    "few inputs": ((16, 16, 64), (64, 64), (3, 3), "same", 1, 20, "tanh"),
    "one large input": ((40, 40, 32), (32, 32), (3, 3), "same", 1, 1, "relu"),
    "large images": ((96, 96, 16), (16,), (3, 3), "circular", 1, 20, "relu"),
    "gelu's temporaries": ((16, 16, 32), (32, 32), (3, 3), "same", 1, 200, "gelu"),
    "many channels": ((4, 4, 384), (384,), (3, 3), "circular", 1, 60, "relu"),
    "large kernels": ((12, 12, 96), (96,), (9, 9), "circular", 1, 20, "tanh"),
    "strides": ((32, 32, 16), (64, 256), (3, 3), "same", 2, 100, "relu"),
    "small images": ((2, 2, 256), (256,), (3, 3), "circular", 1, 2000, "relu"),
    "one place": ((1, 1, 500), (500, 500), (1, 1), "valid", 1, 2000, "relu"),
    "float64": ((16, 16, 32), (32, 32), (3, 3), "valid", 1, 200, "tanh", "float64"),
    "collapsed": ((64, 64, 8), (8, 8), (3, 3), "circular", 1, 60, "sigmoid", "float32", 1e-6),
    "overflowed": ((16, 16, 32), (32, 32), (3, 3), "circular", 1, 100, "linear", "float32", 3e38),
    "overflowed, float64": ((16, 16, 32), (32,), (3, 3), "same", 1, 60, "linear", "float64", 1e308),
}
# Four runs of these take more than two seconds.
LONG = {"collapsed", "gelu's temporaries", "large images", "many inputs"}


@pytest.mark.parametrize("traced", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "shape",
    [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in IMAGES],
)
def test_convolutions_stay_below_the_bound(shape, threads, traced, least):
    """With panels of patches, every unit's sums of every block, and the gradient's strands."""
    net = convolutions(*IMAGES[shape])
    bound = bound_of(net, 30, threads, traced=traced)
    taken = peak(net, 30, threads, traced=traced) - least
    assert taken < bound
    assert bound < 4 * taken


BLOCKS = {
    "batch norm between": {"normalization": "batch_norm"},
    "branches of one layer": {"branch": 1},
    "of two, pre": {"branch": 2, "normalization": "layer_norm", "placement": "pre"},
    "of two, post batch norm": {"branch": 2, "normalization": "batch_norm", "placement": "post"},
    "of two, projected": {"branch": 2, "features": 100},
    "wide, few inputs": {"branch": 2, "width": 900, "samples": 60},
}


@pytest.mark.parametrize("traced", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_stay_below_the_bound(kind, threads, traced, least):
    """With second weights, the sums that are kept, and the stream beside δ on the way back."""
    shape = {"width": 300, "samples": 3000, "dtype": "float32"} | BLOCKS[kind]
    net = blocks(3, activation=build("gelu"), **shape)
    bound = bound_of(net, 30, threads, traced=traced)
    taken = peak(net, 30, threads, traced=traced) - least
    assert taken < bound
    assert bound < 6 * taken


@pytest.mark.parametrize("traced", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_collapsed_layers_stay_below_the_bound(activation, dtype, traced, least):
    """Nearly every value lies in a bucket that must be looked into; enough of them to count."""
    net = network((100, 100), 60_000, activation, "normal", dtype, std=1e-6)
    assert peak(net, 30, 2, traced=traced) - least < bound_of(net, 30, 2, traced=traced)


@pytest.mark.parametrize("traced", [False, True], ids=["forward", "backward"])
def test_overflowed_layers_stay_below_the_bound(traced, least):
    """Inf and nan take another path through the figures, with copies of a block."""
    net = network((300, 300, 300), 4000, "linear", "normal", std=3e38)
    assert peak(net, 30, 2, traced=traced) - least < bound_of(net, 30, 2, traced=traced)


def test_layers_and_bins_stay_below_the_bound(least):
    """What each layer leaves behind."""
    net = network((2,) * 61, 3, "tanh", "he_normal")
    for bins in (1, 1000):
        for traced in (False, True):
            bound = peak_bytes(net, bins, 1, traced=traced)
            assert peak(net, bins, 1, traced=traced) - least < sum(bound)
    assert bound.records == max(bound)


def test_depth_costs_records_and_the_trace(least):
    """The same two buffers of signals and one of weights for any number of layers.

    Of the trace, one signal for each layer more.
    """
    few, many = (network((400,) * layers, 1000, "tanh", "he_normal") for layers in (3, 23))
    for traced in (False, True):
        shallow, deep = (peak_bytes(net, 30, 2, traced=traced) for net in (few, many))
        assert (shallow.weights, shallow.signals) == (deep.weights, deep.signals)
        assert deep.trace - shallow.trace == (20 * 4 * 1000 * 400 if traced else 0)
        taken = peak(many, 30, 2, traced=traced) - peak(few, 30, 2, traced=traced)
        assert 0 < taken < sum(deep) - sum(shallow)
    assert shallow.trace > 0


@pytest.mark.parametrize("traced", [False, True])
def test_total_is_at_least_the_sum(traced):
    bound = peak_bytes(network((10, 10), 10, "tanh", "he_normal"), 30, 1, traced=traced)
    assert bound.total >= sum(bound)
