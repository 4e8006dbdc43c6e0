"""Residual and normalized stages: any composition against numpy by hand, blocks and threads."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.support.networks import blocks
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import (
    BatchNorm,
    Dense,
    Elementwise,
    LayerNorm,
    Network,
    Request,
    Residual,
    RMSNorm,
    Stage,
    backward,
    forward,
)
from weightinit_cli.network import layer as shapes
from weightinit_cli.network.draws import draw_bias, redraw_weights
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

SAMPLES = 30
REQUEST = Request(20, None, None)
STEP = np.finfo(float).eps ** (1 / 3)
TANH = ACTIVATIONS["tanh"].build()
KINDS = (LayerNorm, RMSNorm, BatchNorm)


def dense(fan_in, fan_out, bias_std=0.2):
    fans = Fans(fan_in, fan_out)
    bias = INITIALIZERS["normal"].build(fans, std=bias_std)
    return Dense(fan_in, fan_out, INITIALIZERS["lecun_normal"].build(fans), bias)


def stage(fan_in, units, residual=None, *between, name="tanh"):
    activation = name and Elementwise(ACTIVATIONS[name].build(), units)
    return Stage(dense(fan_in, units), activation, between, residual)


def composed(*stages, projection=None):
    return Network(stages, SAMPLES, np.dtype("float64"), seed=4, projection=projection)


NETWORKS = {
    "a mixture below an output": composed(
        stage(5, 6, None, BatchNorm(6)),
        stage(6, 6, Residual(0.7, dense(6, 6), LayerNorm(6))),
        stage(6, 6, Residual(1.0, None, None, RMSNorm(6)), name="softplus"),
        stage(6, 6, Residual(-0.5, dense(6, 6), BatchNorm(6))),
        stage(6, 4, None, LayerNorm(4)),
        stage(4, 4, Residual(1.0)),
        stage(4, 3, name=None),
    ),
    "a projection below a branch with all": composed(
        stage(6, 6, Residual(0.5, dense(6, 6), RMSNorm(6), BatchNorm(6)), LayerNorm(6)),
        stage(6, 6, Residual(2.0, dense(6, 6), BatchNorm(6), LayerNorm(6)), BatchNorm(6)),
        projection=dense(4, 6),
    ),
    "joint below joint": composed(
        stage(6, 6, Residual(1.0, None, None, BatchNorm(6))),
        stage(6, 6, Residual(1.0, None, BatchNorm(6))),
        stage(6, 6, None, BatchNorm(6), name="softplus"),
        stage(6, 6, Residual(1.0, dense(6, 6), LayerNorm(6)), name=None),
    ),
}


@pytest.fixture(params=NETWORKS)
def net(request):
    return NETWORKS[request.param]


def by_kind(layer, x):
    """The outputs of a normalization, in numpy's plain words."""
    axis = 0 if isinstance(layer, BatchNorm) else 1
    if not isinstance(layer, RMSNorm):
        x = x - x.mean(axis=axis, keepdims=True)
    return x / np.sqrt(np.mean(x**2, axis=axis, keepdims=True) + 1e-5)


def drawn(net):
    """The projection's weights, and of every stage W, b, V, a; those of zero size are not there."""

    def matrix(number, layer, role):
        out = np.zeros((0, 0) if layer is None else (layer.fan_in, layer.columns))
        if layer is not None:
            redraw_weights(net, number, out, apply, role)
        return out

    with workers(1, ignore_work) as apply:
        first = matrix(0, net.projection, Role.FIRST_WEIGHTS)
        rows = []
        for number, each in enumerate(net.stages, 1):
            w = matrix(number, each.weighted, Role.WEIGHTS)
            b, _ = draw_bias(net, number, apply)
            v = matrix(number, each.second, Role.SECOND_WEIGHTS)
            a = None if each.second is None else draw_bias(net, number, apply, Role.SECOND_BIAS)[0]
            rows.append((w, b, v, a))
    return first, rows


def by_hand(net, x, parameters):
    """Of every stage what is kept: xW + b, the sum of a residual one, and the outputs."""
    first, rows = parameters
    x = x @ first if net.projection is not None else x
    found = []
    for each, (w, b, v, a) in zip(net.stages, rows, strict=True):
        residual = each.residual
        given = x
        if residual is not None and residual.before is not None:
            given = by_kind(residual.before, given)
        z = given @ w + b
        out = z
        for layer in each.between:
            out = by_kind(layer, out)
        out = each.function.value(out)
        total = None
        if residual is not None:
            out = out if residual.second is None else out @ v + a
            out = total = x + residual.scale * out
            if residual.after is not None:
                out = by_kind(residual.after, out)
        found.append((z, total, out))
        x = out
    return found


def traced(net):
    trace = []
    return list(forward(net, REQUEST, 1, trace=trace)), trace


def test_forward_is_that_by_hand(net):
    records, (x, *kept) = traced(net)
    if net.projection is not None:
        kept.pop(0)
    for record, (z, total, out) in zip(records[1:], by_hand(net, x, drawn(net)), strict=True):
        assert record.activations.mean == pytest.approx(out.mean(), rel=1e-11, abs=1e-14)
        assert record.activations.std == pytest.approx(out.std(), rel=1e-12)
        for expected in (z, total):
            if expected is not None:
                np.testing.assert_allclose(kept.pop(0), expected, rtol=1e-11, atol=1e-13)
    assert not kept
    without = list(forward(net, REQUEST, 1))
    for one, other in zip(records, without, strict=True):
        assert one.activations.std == other.activations.std
        assert one.branch == other.branch
        assert (one.given and one.given.std) == (other.given and other.given.std)


def test_backward_is_that_of_central_differences(net):
    """Of Σ g · output, g being the cotangent, by every W and V."""
    _, trace = traced(net)
    x = trace[0]
    records = list(backward(net, trace, 1))[::-1]
    generator = stream(net.seed, Role.COTANGENT, layer=len(net.stages))
    g = generator.standard_normal((SAMPLES, net.stages[-1].units), np.float32).astype(float)
    parameters = drawn(net)
    for record, (w, _, v, _) in zip(records, parameters[1], strict=True):
        for matrix, squares in ((w, record.weights), (v, record.second)):
            if squares is None:
                assert not matrix.size
                continue
            slopes = np.empty_like(matrix)
            for index in np.ndindex(matrix.shape):
                before, sides = matrix[index], []
                for side in (before + STEP, before - STEP):
                    matrix[index] = side
                    sides.append(np.sum(g * by_hand(net, x, parameters)[-1][2]))
                matrix[index] = before
                slopes[index] = (sides[0] - sides[1]) / (2 * STEP)
            expected = np.sqrt(np.mean((slopes / SAMPLES) ** 2))
            assert squares.rms(record.exponent) == pytest.approx(expected, rel=1e-7)


def test_the_stream_is_the_derivative_by_the_outputs():
    """Without a branch's effect it is the cotangent itself; and with one what is left of it."""
    for scale in (0.0, 1.0):
        net = blocks(3, 7, TANH, branch=1, scale=scale)
        records = list(backward(net, traced(net)[1], 1))
        sizes = [each.stream.rms(each.exponent) for each in records]
        assert (sizes[0] == sizes[1] == sizes[2]) == (scale == 0)
        assert (records[0].signal.total == 0) == (scale == 0)


def test_a_stream_far_from_one_is_scaled_back_with_its_branch():
    """By powers of two, which are told beside; in float64 nothing has to be."""

    def seen(dtype):
        net = blocks(5, 8, ACTIVATIONS["linear"].build(), branch=2, scale=2.0**22, dtype=dtype)
        return list(backward(net, traced(net)[1], 1))

    single, double = seen("float32"), seen("float64")
    assert single[-1].exponent > 60
    for one, other in zip(single, double, strict=True):
        for name in ("signal", "stream", "weights", "second"):
            sizes = (getattr(each, name).rms(each.exponent) for each in (one, other))
            assert next(sizes) == pytest.approx(next(sizes), rel=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_change_no_bit(threads, dtype, monkeypatch):
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 8)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 1)

    def seen(number):
        found = []
        for net in NETWORKS.values():
            net = net._replace(dtype=np.dtype(dtype))
            assert net.block_count == 4
            trace = []
            for record in forward(net, REQUEST, number, trace=trace):
                moments = record.activations
                found += [moments.mean, moments.std, record.counts.tolist(), record.resolution]
                found += [record.branch, record.given and record.given.std]
            found += [array.tobytes() for array in trace]
            for record in backward(net, trace, number):
                found += [record.signal, record.weights, record.stream, record.second]
        return found

    assert seen(threads) == seen(1)


def test_blocks_change_no_more_than_rounding(monkeypatch):
    def seen():
        found = []
        for net in NETWORKS.values():
            records, trace = traced(net)
            found += [record.activations.std for record in records]
            returned = list(backward(net, trace, 1))
            found += [each.weights.rms(each.exponent) for each in returned]
        return found

    whole = seen()
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 8)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 1)
    assert seen() == pytest.approx(whole, rel=1e-11)


def test_work_adds_up(net):
    told, trace = [], []
    list(forward(net, REQUEST, 2, told.append, trace))
    assert sum(told) == pytest.approx(net.forward_work, rel=1e-12)
    told.clear()
    list(backward(net, trace, 2, told.append))
    assert sum(told) == pytest.approx(net.backward_work, rel=1e-12)


def test_a_branch_of_no_size_leaves_the_stream_as_it_was():
    net = blocks(3, 7, TANH, branch=2, scale=0.0)
    records, (x, *kept) = traced(net)
    for total in kept[1::2]:
        np.testing.assert_array_equal(total, x)
    assert [record.branch.total for record in records[1:]] == [0, 0, 0]


@pytest.mark.parametrize(("kind", "placement"), [*product(KINDS, ["between", "pre", "post"])])
def test_what_a_normalization_is_given_is_recorded(kind, placement):
    width = 6
    residual = None if placement == "between" else Residual(1.0, dense(width, width))
    if placement == "pre":
        residual = residual._replace(before=kind(width))
    if placement == "post":
        residual = residual._replace(after=kind(width))
    between = (kind(width),) if placement == "between" else ()
    net = composed(*[stage(width, width, residual, *between)] * 3)
    records, trace = traced(net)
    given = trace[0]
    found = by_hand(net, given, drawn(net))
    for record, (z, total, out) in zip(records[1:], found, strict=True):
        values = {"between": z, "pre": given, "post": total}[placement]
        assert record.given.std == pytest.approx(values.std(), rel=1e-12)
        given = out


def test_a_value_that_is_no_number_stays_with_its_input_or_its_unit():
    x = np.arange(12.0).reshape(4, 3)
    x[1, 2] = np.inf
    out = np.empty_like(x)
    with np.errstate(all="ignore"):
        LayerNorm(3).forward(x, out)
        assert np.isnan(out).any(axis=1).tolist() == [False, True, False, False]
        norm = BatchNorm(3)
        norm.fitted(norm.gather(x)).forward(x, out)
        assert np.isnan(out).any(axis=0).tolist() == [False, False, True]


def test_equal_units_are_zero_after_layer_norm_and_equal_inputs_after_batch_norm():
    x = np.array([[3.0, 3.0], [3.0, 3.0]], np.float32)
    for kind in (LayerNorm, BatchNorm):
        norm = kind(2)
        out = np.empty_like(x)
        (norm.fitted(norm.gather(x)) if kind is BatchNorm else norm).forward(x, out)
        assert not out.any()
