"""Layers compose: of different kinds, activations and initializers, against numpy by hand."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import weightinit_cli
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import (
    Dense,
    Elementwise,
    Network,
    Request,
    Stage,
    backward,
    draw_parameters,
    forward,
)
from weightinit_cli.network.draws import Parameters
from weightinit_cli.network.learning import Learner, cross_entropy
from weightinit_cli.network.lsuv import lsuv_gains, with_gains
from weightinit_cli.network.propagation import Places, at_once, pull, push, walk_back, walk_forward
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

WIDTHS = (6, 9, 7, 8, 5)
SAMPLES = 40
REQUEST = Request(20, None, None)
STEP = np.finfo(float).eps ** (1 / 3)


class Centred(NamedTuple):
    """A made-up kind of layer: every input's values less their mean, times a constant."""

    factor: float
    units: int

    @property
    def work(self) -> float:
        """Two operations for each value."""
        return 2.0 * self.units

    @property
    def scratch(self) -> int:
        """The means."""
        return 1

    def forward(self, x, out):
        """In place, too."""
        np.subtract(x, x.mean(axis=1, keepdims=True), out=out)
        out *= self.factor

    def backward(self, delta, x, out):
        """A projection is its own adjoint."""
        self.forward(delta, out)

    def by_hand(self, a):
        """The outputs, in numpy's plain words."""
        return self.factor * (a - a.mean(axis=1, keepdims=True))


class Scaled(Centred):
    """Another one: every value times a constant."""

    def forward(self, x, out):
        """In place, too."""
        np.multiply(x, self.factor, out=out)

    def by_hand(self, a):
        """The outputs, in numpy's plain words."""
        return self.factor * a


def activation(name, **parameters):
    return ACTIVATIONS[name].build(**parameters)


FUNCTIONS = (activation("tanh"), activation("softplus"), activation("sin", omega=1.0), None)
INITIALS = (("xavier_normal", {}), ("uniform", {"low": -1, "high": 1}), ("orthogonal", {}))


def network(functions=FUNCTIONS, between=(), dtype="float64"):
    """Of four activations (None: none) and three initializers; `between` in the second stage."""
    stages = []
    for number, (fan_in, fan_out) in enumerate(pairwise(WIDTHS)):
        name, parameters = INITIALS[number % len(INITIALS)]
        fans = Fans(fan_in, fan_out)
        bias = INITIALIZERS["normal"].build(fans, std=0.2) if number else None
        weights = INITIALIZERS[name].build(fans, **parameters)
        function = functions[number]
        stages.append(
            Stage(
                Dense(fan_in, fan_out, weights, bias),
                function and Elementwise(function, fan_out),
                tuple(kind(units=fan_out) for kind in between) if number == 1 else (),
            )
        )
    return Network(tuple(stages), SAMPLES, np.dtype(dtype), seed=3)


def centred(units):
    return Centred(1.5, units)


def scaled(units):
    return Scaled(0.25, units)


NETWORKS = {
    "three activations and an output": network(),
    "with an activation at the end": network((*FUNCTIONS[:3], activation("sigmoid"))),
    "without one in the middle": network((FUNCTIONS[0], None, None, FUNCTIONS[1])),
    "with a layer between": network(between=(centred,)),
    "with two of two kinds": network(between=(centred, scaled)),
    "with two and no activation": network((FUNCTIONS[0], None, *FUNCTIONS[2:]), (centred, centred)),
}


@pytest.fixture(params=NETWORKS)
def net(request):
    return NETWORKS[request.param]


def by_hand(net, x, weights, biases):
    """What goes in, then xW + b and the output of every stage."""
    found = [(x, x)]
    for stage, w, b in zip(net.stages, weights, biases, strict=True):
        z = found[-1][1] @ w + b
        a = z
        for layer in stage.between:
            a = layer.by_hand(a)
        found.append((z, a if stage.activation is None else stage.function.value(a)))
    return found


def traced(net):
    trace = []
    return list(forward(net, REQUEST, 1, trace=trace)), trace


def drawn(net):
    weights, biases, _ = draw_parameters(net)
    return weights, biases


def test_forward_is_that_by_hand(net):
    records, (x, *zs) = traced(net)
    for number, (z, a) in enumerate(by_hand(net, x, *drawn(net))):
        seen = records[number].activations
        assert seen.mean == pytest.approx(a.mean(), rel=1e-12, abs=1e-15)
        assert seen.std == pytest.approx(a.std(), rel=1e-12)
        if number:
            np.testing.assert_allclose(zs[number - 1], z, rtol=1e-12, atol=1e-14)
    without = list(forward(net, REQUEST, 1))
    assert [r.activations.std for r in without] == [r.activations.std for r in records]


def test_preactivations_are_what_the_activation_is_given():
    net = NETWORKS["with a layer between"]
    records, (_, *zs) = traced(net)
    given = 1.5 * (zs[1] - zs[1].mean(axis=1, keepdims=True))
    assert records[2].preactivations.moments.std == pytest.approx(given.std(), rel=1e-12)
    assert records[1].preactivations.moments.std == pytest.approx(zs[0].std(), rel=1e-12)


def test_backward_is_that_of_central_differences(net):
    """Of Σ g · output, g being the cotangent, by every layer's weights; in units of its root."""
    _, trace = traced(net)
    x = trace[0]
    records = list(backward(net, trace, 1))[::-1]
    generator = stream(net.seed, Role.COTANGENT, layer=len(net.stages))
    g = generator.standard_normal((SAMPLES, WIDTHS[-1]), np.float32).astype(float)
    weights, biases = drawn(net)
    for w, record in zip(weights, records, strict=True):
        slopes = np.empty_like(w)
        for index in np.ndindex(w.shape):
            before, sides = w[index], []
            for side in (before + STEP, before - STEP):
                w[index] = side
                sides.append(np.sum(g * by_hand(net, x, weights, biases)[-1][1]))
            w[index] = before
            slopes[index] = (sides[0] - sides[1]) / (2 * STEP)
        expected = np.sqrt(np.mean((slopes / SAMPLES) ** 2))
        assert record.weights.rms(record.exponent) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("power", [-10, 7])
def test_what_is_resolved_is_that_of_the_same_network_without_a_layer_between(power):
    """Weights 2^-k of theirs, times 2^k: the same values, whose errors and limits are the same."""

    def floors(std, between):
        fans, units = Fans(30, 30), 30
        weights = INITIALIZERS["normal"].build(fans, std=std)
        layer = Dense(units, units, weights, None)
        stage = Stage(layer, Elementwise(activation("tanh"), units), between)
        net = Network((stage,) * 12, SAMPLES, np.dtype("float32"), seed=3)
        return [record.resolution for record in forward(net, REQUEST, 1)]

    plain = floors(2.0**-4, ())
    between = floors(2.0 ** (-4 - power), (Scaled(2.0**power, 30),))
    for one, other in zip(plain, between, strict=True):
        assert other._replace(given=one.given) == pytest.approx(one, rel=1e-5)


def test_work_and_memory_are_asked_of_the_layers():
    plain, more = NETWORKS["three activations and an output"], NETWORKS["with a layer between"]
    assert more.forward_work - plain.forward_work == SAMPLES * 2 * WIDTHS[2]
    assert more.stages[1].scratch(10) == 10 * (WIDTHS[2] + 1)
    assert plain.stages[1].scratch(10) == 0
    told, trace = [], []
    list(forward(more, REQUEST, 2, told.append, trace))
    assert sum(told) == pytest.approx(more.forward_work, rel=1e-12)


def test_lsuv_brings_every_stage_to_unit_variance():
    net = NETWORKS["with a layer between"]
    x = traced(net)[1][0]
    with workers(1, ignore_work) as apply:
        scaled = with_gains(net, lsuv_gains(net, x, 0.01, apply))
    for z in traced(scaled)[1][1:]:
        assert z.var() == pytest.approx(1, abs=0.01)


def test_training_takes_the_gradient_of_the_composition():
    """One step of rate 1 against central differences of the loss."""
    net = NETWORKS["with a layer between"]
    inputs = traced(net)[1][0]
    labels = stream(0, Role.DATA).integers(WIDTHS[-1], size=SAMPLES)

    def loss(weights, biases):
        return cross_entropy(by_hand(net, inputs, weights, biases)[-1][1], labels).mean()

    weights, biases = drawn(net)
    learner = Learner(net.stages, *drawn(net), rate=1.0)
    assert learner.step(inputs, labels) == pytest.approx(loss(weights, biases), rel=1e-12)
    after = [*learner.weights, *learner.biases]
    for p, moved in zip([*weights, *biases], after, strict=True):
        for index in list(np.ndindex(p.shape))[::5]:
            before, sides = p[index], []
            for side in (before + STEP, before - STEP):
                p[index] = side
                sides.append(loss(weights, biases))
            p[index] = before
            slope = (sides[0] - sides[1]) / (2 * STEP)
            assert before - moved[index] == pytest.approx(slope, rel=0, abs=100 * STEP * STEP)


def test_one_walk_is_the_adjoint_of_the_other(net):
    """Held weights and all inputs at once: the directional derivative is <g, J v> = <Jᵀ g, v>."""
    weights, biases = drawn(net)
    x = traced(net)[1][0]
    shapes = [(SAMPLES, stage.units) for stage in net.stages]
    zs, outs, deltas = ([np.empty(shape) for shape in shapes] for _ in range(3))
    walk = walk_forward(
        net.stages,
        x,
        parameters=lambda n, *_: Parameters(weights[n - 1], biases[n - 1]),
        places=lambda n: Places(zs[n - 1], outs[n - 1]),
        each=at_once,
        through=push,
    )
    *_, (out, _, _) = walk
    np.testing.assert_allclose(out, by_hand(net, x, weights, biases)[-1][1], rtol=1e-12, atol=1e-14)
    generator = stream(1, Role.DATA)
    g, v = generator.standard_normal(out.shape), generator.standard_normal(x.shape)
    walk = walk_back(
        net.stages,
        g,
        weights=lambda n: weights[n - 1],
        kept=lambda n: zs[n - 1],
        place=lambda n: deltas[n - 1],
        each=at_once,
        through=pull,
    )
    *_, (number, leg, _) = walk
    assert number == 1
    sides = [by_hand(net, x + h * v, weights, biases)[-1][1] for h in (STEP, -STEP)]
    forwards = np.sum(g * (sides[0] - sides[1])) / (2 * STEP)
    assert np.sum((leg.out @ weights[0].T) * v) == pytest.approx(forwards, rel=1e-7)


def test_only_the_builder_names_kinds_of_layers():
    """So that a new kind takes a file of its own, the builder, and a key of the spec."""
    root = Path(weightinit_cli.__file__).parent
    naming = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        if {alias.name for alias in node.names} & {"Dense", "Conv", "Elementwise"}
    }
    assert naming == {"network/__init__.py", "experiments/build.py"}
