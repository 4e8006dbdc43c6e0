"""Residual and normalized stages against torch, of the same weights and inputs, in float64."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.support.networks import blocks
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.network import Request, backward, forward
from weightinit_cli.network.draws import draw_bias, redraw_weights
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

torch = pytest.importorskip("torch")

REQUEST = Request(20, None, None)
EPS = 1e-5
KINDS = ("layer_norm", "rms_norm", "batch_norm")
ACTIVATIONS_OF_TORCH = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softplus": torch.nn.functional.softplus,
}
PLAIN = [{"branch": None, "normalization": kind} for kind in KINDS]
RESIDUAL = [
    {"branch": branch, "scale": scale, "normalization": kind, "placement": placement}
    for branch, scale, (kind, placement) in product(
        (1, 2),
        (1.0, 0.5, 0.0, -0.7),
        [(None, "none"), *product(KINDS, ("pre", "post"))],
    )
]
# The rest is drawn for each of these from numbers of its own.
CASES = [(number, case) for number, case in enumerate([*PLAIN * 10, *RESIDUAL * 2])]


def network_of(number, case):
    """A network of the case, whose activation, depth, width, features, biases are drawn."""
    draw = np.random.Generator(np.random.PCG64(number))
    width = int(draw.integers(4, 10))
    name = str(draw.choice(list(ACTIVATIONS_OF_TORCH)))
    chosen = {
        "depth": int(draw.integers(1, 6)),
        "features": [width, width + 3, 1][draw.integers(3)],
        "std": float(draw.choice([0.3, 1.0, 2.0])),
        "bias_std": float(draw.choice([0.0, 0.2])),
        "samples": int(draw.choice([9, 23])),
        "seed": number,
    }
    activation = ACTIVATIONS[name].build()
    return name, blocks(width=width, activation=activation, **chosen, **case)


def drawn(net):
    """W, b, V, a of every stage, and the projection's weights, as tensors; None where zero."""

    def matrix(number, layer, role):
        out = np.empty((layer.fan_in, layer.columns))
        redraw_weights(net, number, out, apply, role)
        return torch.tensor(out, requires_grad=True)

    def bias(number, role):
        found, _ = draw_bias(net, number, apply, role)
        return 0.0 if found is None else torch.tensor(found)

    rows, first = [], None
    with workers(1, ignore_work) as apply:
        if net.projection is not None:
            first = matrix(0, net.projection, Role.FIRST_WEIGHTS)
        for number, stage in enumerate(net.stages, 1):
            row = [matrix(number, stage.weighted, Role.WEIGHTS), bias(number, Role.BIAS)]
            if stage.second is not None:
                row.append(matrix(number, stage.second, Role.SECOND_WEIGHTS))
                row.append(bias(number, Role.SECOND_BIAS))
            rows.append(row)
    return rows, first


def normalized(kind, x):
    """The kind's normalization by torch."""
    if kind == "batch_norm":
        return torch.nn.functional.batch_norm(x, None, None, training=True, eps=EPS)
    if kind == "layer_norm":
        return torch.nn.functional.layer_norm(x, x.shape[1:], eps=EPS)
    return torch.nn.functional.rms_norm(x, x.shape[1:], eps=EPS)


def by_torch(net, name, case, x):
    """Of every stage xW + b, pre-activations, branch, sum and outputs, and the weights."""
    phi, kind = ACTIVATIONS_OF_TORCH[name], case["normalization"]
    rows, first = drawn(net)
    x = torch.tensor(x)
    if first is not None:
        x = x @ first
    found = []
    for row in rows:
        w, b, *second = row
        pre, post = (case.get("placement") == each for each in ("pre", "post"))
        z = (normalized(kind, x) if pre else x) @ w + b
        given = z if case["branch"] or kind is None else normalized(kind, z)
        h = phi(given)
        if case["branch"] is None:
            added, total, out = None, None, h
        else:
            added = case["scale"] * (h @ second[0] + second[1] if second else h)
            total = x + added
            out = normalized(kind, total) if post else total
        for kept in (z, given, out):
            kept.retain_grad()
        found.append((z, given, added, total, out))
        x = out
    return found, rows


def rms(values):
    return float(np.sqrt(np.mean(np.square(np.asarray(values)))))


def near(found, expected):
    size = max(rms(expected), 1e-300)
    assert np.abs(np.asarray(found) - np.asarray(expected)).max() <= 1e-12 * size * 10


@pytest.mark.parametrize("numbered", CASES, ids=lambda each: "-".join(map(str, each[1].values())))
def test_both_passes_are_those_of_torch(numbered):
    number, case = numbered
    name, net = network_of(number, case)
    trace = []
    records = list(forward(net, REQUEST, 1, trace=trace))
    kept = [array.copy() for array in trace]
    returned = list(backward(net, trace, 1))[::-1]
    stages, rows = by_torch(net, name, case, kept.pop(0))
    if net.projection is not None:
        kept.pop(0)
    g = stream(net.seed, Role.COTANGENT, layer=len(net.stages))
    g = g.standard_normal((net.samples, net.stages[-1].units), np.float32).astype(float)
    stages[-1][-1].backward(torch.tensor(g))
    for record, seen, (z, given, added, total, out), (w, _, *second) in zip(
        records[1:], returned, stages, rows, strict=True
    ):
        near(kept.pop(0), z.detach())
        assert record.preactivations.moments.std == pytest.approx(
            given.std(unbiased=False).item(), rel=1e-12, abs=1e-14
        )
        near(record.activations.rms, rms(out.detach()))
        samples = net.samples
        size = rms(given.grad)
        assert seen.signal.rms(seen.exponent) == pytest.approx(size, rel=1e-12)
        assert seen.weights.rms(seen.exponent) == pytest.approx(
            rms(w.grad) / samples, rel=1e-12, abs=1e-12 * size
        )
        if total is None:
            continue
        near(kept.pop(0), total.detach())
        near(record.branch.rms(), rms(added.detach()))
        assert seen.stream.rms(seen.exponent) == pytest.approx(rms(out.grad), rel=1e-12)
        if second:
            assert seen.second.rms(seen.exponent) == pytest.approx(
                rms(second[0].grad) / samples, rel=1e-12, abs=1e-12 * size
            )
    assert not kept
