"""Both passes in float16 and bfloat16, step by step as numpy and ml_dtypes round."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.network import Dense, Elementwise, Network, Request, Stage, backward, forward
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.streams import Role

WIDTH, SAMPLES, LAYERS = 20, 30, 3
REQUEST = Request(10, None, 0.05)


def narrowed(values, name):
    """Rounded to the nearest of the type, held as float32."""
    kind = name if name == "float16" else pytest.importorskip("ml_dtypes").bfloat16
    with np.errstate(all="ignore"):
        return values.astype(kind).astype(np.float32)


def network(name, std=0.3, activation="tanh", **changes):
    normal = INITIALIZERS["normal"].build
    phi = ACTIVATIONS[activation].build()
    fans = Fans(WIDTH, WIDTH)
    layer = Dense(WIDTH, WIDTH, normal(fans, mean=0.0, std=std), normal(fans, mean=0.0, std=0.1))
    stages = (Stage(layer, Elementwise(phi, WIDTH)),) * LAYERS
    low = PRECISIONS[name] if PRECISIONS[name].is_low else None
    return Network(stages, SAMPLES, np.dtype(np.float32), 7, low=low, **changes)


def drawn(net, role, number, shape, scale=1.0):
    out = np.empty(shape, np.float32)
    LAWS["normal"].fill(out, net.stream(role, number, 0))
    return out * np.float32(scale)


def passes(net, threads=1, scale=1.0):
    trace = []
    seen = list(forward(net, REQUEST, threads, trace=trace))
    kept = [each.copy() for each in trace]
    return seen, kept, list(backward(net, trace, threads, loss_scale=scale))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_step_is_rounded_once(name):
    net = network(name)
    seen, kept, returned = passes(net)
    x = narrowed(drawn(net, Role.INPUT, 0, (SAMPLES, WIDTH)), name)
    assert np.array_equal(kept[0], x)
    weights, zs, xs = [], [], [x]
    for number in range(1, LAYERS + 1):
        w = narrowed(drawn(net, Role.WEIGHTS, number, (WIDTH, WIDTH), 0.3), name)
        b = narrowed(drawn(net, Role.BIAS, number, (1, WIDTH), 0.1), name)
        z = narrowed(xs[-1] @ w + b, name)
        assert np.array_equal(kept[number], z)
        weights.append(w)
        zs.append(z)
        xs.append(narrowed(ACTIVATIONS["tanh"].build().value(z), name))
        assert seen[number].activations.mean == pytest.approx(xs[-1].mean(dtype=float), rel=1e-9)
    g = narrowed(drawn(net, Role.COTANGENT, LAYERS, (SAMPLES, WIDTH)), name)
    slope = ACTIVATIONS["tanh"].build().derivative
    for number, record in zip(range(LAYERS, 0, -1), returned, strict=True):
        delta = narrowed(g * slope(zs[number - 1]), name)
        assert record.signal.rms() == pytest.approx(np.sqrt((delta.astype(float) ** 2).mean()))
        gradient = narrowed(xs[number - 1].T @ delta / SAMPLES, name)
        expected = np.sqrt((gradient.astype(float) ** 2).mean())
        assert record.weights.rms() == pytest.approx(expected, rel=1e-6)
        g = narrowed(delta @ weights[number - 1].T, name)


def test_what_overflows_and_what_is_flushed_is_counted():
    seen, kept, _ = passes(network("float16", std=1e4, activation="linear"))
    made = seen[1].rounded["preactivations"]
    assert made.overflowed == np.isinf(kept[1]).sum() > 0
    _, _, returned = passes(network("float16", std=1e-4, activation="linear"))
    made = returned[-1].rounded
    assert made["returned"].flushed + made["gradient"].flushed == returned[-1].buckets.zeros > 0


def test_a_loss_scale_keeps_what_would_be_flushed():
    net = network("float16", std=1e-4, activation="linear")
    plain, scaled = (passes(net, scale=scale)[2][-1] for scale in (1.0, 2.0**10))
    assert plain.rounded["returned"].flushed > 5 * scaled.rounded["returned"].flushed
    wide = passes(network("float32", std=1e-4, activation="linear"))[2][-1]
    exact = wide.signal.rms(wide.exponent)
    assert scaled.signal.rms() / 2**10 == pytest.approx(exact, rel=1e-2)


def test_threads_change_nothing():
    net = network("float16")._replace(samples=3000)
    one, two = passes(net), passes(net, threads=2)
    assert all(map(np.array_equal, one[1], two[1]))
    assert [each.rounded for each in one[0]] == [each.rounded for each in two[0]]
    assert [each.rounded for each in one[2]] == [each.rounded for each in two[2]]


def test_a_nudge_is_one_ulp_of_the_low_precision():
    plain, moved = (passes(network("float16", nudge=nudge))[1][0] for nudge in (0, 1))
    before, after = (each.astype(np.float16).view(np.int16) for each in (plain, moved))
    assert (np.abs(after - before)[plain != 0] == 1).all()
