"""All that a spec can ask of a network at once, against torch's autograd in float64.

The specs are drawn. `winit` builds a network and its result; the program below, which knows the
spec and the drawn arrays alone, computes every figure of that result again.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

import weightinit_cli as winit
from weightinit_cli.experiments.build import build_network
from weightinit_cli.network.draws import draw_bias, draw_inputs, draw_weights
from weightinit_cli.network.loss import labels_of
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results.figures import figure
from weightinit_cli.spec import spec_of
from weightinit_cli.streams import Role, stream

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def gelu(z):
    """As `functional.gelu`, which makes 0 of all below -8.3, where 1 + erf cancels."""
    return z * torch.special.erfc(-z / sqrt(2)) / 2


ACTIVATIONS = [
    ("tanh", torch.tanh),
    ("sigmoid", torch.sigmoid),
    ("relu", torch.relu),
    ("softplus", functional.softplus),
    ("silu", functional.silu),
    ("selu", functional.selu),
    ("mish", functional.mish),
    ("erf", torch.erf),
    ({"name": "gelu", "approximate": "none"}, gelu),
    ({"name": "gelu", "approximate": "tanh"}, lambda z: functional.gelu(z, approximate="tanh")),
    ({"name": "elu", "alpha": 0.7}, lambda z: functional.elu(z, 0.7)),
    ({"name": "leaky_relu", "negative_slope": 0.1}, lambda z: functional.leaky_relu(z, 0.1)),
    ({"name": "sin", "omega": 3}, lambda z: torch.sin(3 * z)),
]
INITIALIZERS = [
    "xavier_normal",
    "he_uniform",
    "lecun_normal",
    "torch_linear",
    "orthogonal",
    {"name": "normal", "std": 0.7},
    {"name": "xavier_normal", "gain": 1.5},
]
BIASES = ["zeros", {"name": "normal", "std": 0.3}, {"name": "uniform", "low": -0.2, "high": 0.5}]
KINDS = ["layer_norm", "rms_norm", "batch_norm"]
SCALES = [1.0, 0.3, "1/sqrt(branches)", "zero"]
EPS = 1e-5


# -- the specs ----------------------------------------------------------------------------------


class Drawing:
    """What a spec can ask, chosen by the numbers of one seed."""

    def __init__(self, number, folder):
        self.rng = np.random.default_rng(number)
        self.folder = folder
        self.phis = []
        samples, self.layers = int(self.rng.integers(8, 24)), int(self.rng.integers(1, 5))
        self.spec = {"seed": number, "samples": samples, "dtype": "float64"}
        self.choose_blocks(number % 6)
        self.choose_layers()
        self.choose_inputs()
        self.choose_output()

    def one(self, choices):
        return choices[self.rng.integers(len(choices))]

    def choose_blocks(self, case):
        """Plain, normalized, or residual blocks of each placement and branch."""
        width = int(self.rng.integers(5, 12))
        self.spec["width"] = [width] * self.layers
        if case < 2:
            self.spec["width"] = self.rng.integers(5, 12, self.layers).tolist()
            if case == 1:
                self.spec["normalization"] = self.one(KINDS)
            return
        placement = ["none", "pre", "post", self.one(["none", "pre", "post"])][case - 2]
        residual = {"placement": placement, "branch": int(self.rng.integers(1, 3))}
        residual["scale"] = self.one(SCALES)
        if residual["branch"] == 2 and self.rng.random() < 0.7:
            residual["initializer"] = self.one(INITIALIZERS)
        if placement != "none":
            self.spec["normalization"] = self.one(KINDS)
        self.spec["residual"] = residual

    def choose_layers(self):
        """One activation, initializer and bias for all layers, or one for each."""
        drawn = [self.one(ACTIVATIONS) for _ in range(self.layers)]
        if self.rng.random() < 0.3:
            drawn = [drawn[0]] * self.layers
        self.phis = [phi for _, phi in drawn]
        self.spec["activation"] = [name for name, _ in drawn]
        for key, choices in (("initializer", INITIALIZERS), ("bias", BIASES)):
            listed = self.rng.random() < 0.6
            found = [self.one(choices) for _ in range(self.layers)]
            self.spec[key] = found if listed else found[0]

    def choose_inputs(self):
        """As many features as units or not, of a law or of a file."""
        features = int(self.one([self.spec["width"][0], 3, 13]))
        low = {"name": "uniform", "low": -1, "high": 2}
        kind = self.one(["normal", {"name": "normal", "correlation": 0.6}, low, "file", "file"])
        if kind == "file":
            path = self.folder / "inputs.npy"
            values = self.rng.standard_normal((self.spec["samples"], features)) + 0.5
            np.save(path, values)
            kind = {"name": "file", "path": str(path), "standardize": bool(self.one([0, 1]))}
            if kind["standardize"]:
                values = (values - values.mean(0)) / values.std(0)
            self.given = values
        else:
            self.given = None
            self.spec["features"] = features
        self.spec["inputs"] = kind

    def choose_output(self):
        """An output layer, with or without an initializer, biases and a rate of its own."""
        if self.rng.random() < 0.4:
            return
        output = {"classes": int(self.rng.integers(2, 9))}
        if self.rng.random() < 0.6:
            output["initializer"] = self.one(INITIALIZERS)
        if self.rng.random() < 0.6:
            output["bias"] = self.one(BIASES)
        self.spec["output"] = output
        if self.rng.random() < 0.6:
            self.spec["learning_rate"] = 0.3


# -- what winit has drawn -----------------------------------------------------------------------


class Arrays:
    """Inputs, weights, biases, labels and the last layer's cotangent, as tensors."""

    def __init__(self, spec, given):
        network = build_network(spec_of(spec))
        residual, width, samples = spec.get("residual"), spec["width"], spec["samples"]
        layers, classes = len(width), spec.get("output", {}).get("classes")
        features = spec.get("features") or given.shape[1]
        with workers(1, ignore_work) as apply:

            def weights(number, rows, columns, role=Role.WEIGHTS):
                out = np.empty((rows, columns))
                draw_weights(network, number, out, apply, role)
                return torch.tensor(out, requires_grad=True)

            def bias(number, columns, role=Role.BIAS):
                drawn, _ = draw_bias(network, number, apply, role)
                return torch.zeros(columns) if drawn is None else torch.tensor(drawn[0])

            if given is None:
                given = np.empty((samples, features))
                draw_inputs(network, given, apply)
            self.x, self.first = torch.tensor(given), None
            if residual and features != width[0]:
                self.first = weights(0, features, width[0], Role.FIRST_WEIGHTS)
                features = width[0]
            self.layers = []
            for number, (rows, columns) in enumerate(
                zip([features, *width], width, strict=False), 1
            ):
                row = [weights(number, rows, columns), bias(number, columns)]
                if residual and residual["branch"] == 2:
                    row.append(weights(number, rows, columns, Role.SECOND_WEIGHTS))
                    row.append(bias(number, columns, Role.SECOND_BIAS))
                self.layers.append(row)
            self.output, self.labels = None, None
            if classes:
                number = layers + 1
                self.output = weights(number, width[-1], classes), bias(number, classes)
                self.labels = torch.tensor(labels_of(network))
        above = stream(spec["seed"], Role.COTANGENT, layer=layers)
        drawn = above.standard_normal((samples, width[-1]), np.float32)
        self.cotangent = torch.tensor(drawn.astype(float))


# -- the same network by torch ------------------------------------------------------------------


def normalized(kind, x):
    if kind == "batch_norm":
        return functional.batch_norm(x, None, None, training=True, eps=EPS)
    if kind == "layer_norm":
        return functional.layer_norm(x, x.shape[1:], eps=EPS)
    return functional.rms_norm(x, x.shape[1:], eps=EPS)


class Block:
    """One layer of the program, and what is to be known of it."""

    def __init__(self, spec, phi, parameters, x):
        kind, residual = spec.get("normalization"), spec.get("residual")
        placement = residual["placement"] if residual else "none"
        self.w, self.b, self.v, self.a = [*parameters, None, None][:4]
        self.norm = self.added = None
        self.below = x
        if placement == "pre":
            self.norm, self.below = x, normalized(kind, x)
        z = self.below @ self.w + self.b
        if kind and not residual:
            self.norm, z = z, normalized(kind, z)
        self.phi, self.z = phi(z), z
        self.out = self.phi
        if residual:
            f = self.phi if self.v is None else self.phi @ self.v + self.a
            words = {"1/sqrt(branches)": 1 / sqrt(len(spec["width"])), "zero": 0.0}
            self.added = words.get(residual["scale"], residual["scale"]) * f
            self.out = x + self.added
            if placement == "post":
                self.norm, self.out = self.out, normalized(kind, self.out)
        self.z.retain_grad()
        self.out.retain_grad()


class Program:
    """The whole network, after its way back."""

    def __init__(self, spec, phis, arrays):
        x = arrays.x if arrays.first is None else arrays.x @ arrays.first
        self.blocks = []
        for phi, parameters in zip(phis, arrays.layers, strict=True):
            self.blocks.append(Block(spec, phi, parameters, x))
            x = self.blocks[-1].out
        if arrays.output is None:
            x.backward(arrays.cotangent)
            return
        w, b = arrays.output
        self.logits = x @ w + b
        self.logits.retain_grad()
        loss = functional.cross_entropy(self.logits, arrays.labels, reduction="sum")
        loss.backward()
        self.loss = loss.item() / len(x)
        self.accuracy = (self.logits.argmax(1) == arrays.labels).double().mean().item()


# -- its figures --------------------------------------------------------------------------------


def rms(x):
    return x.detach().square().mean().sqrt().item()


def std(x):
    return x.detach().std(correction=0).item()


def of_values(x):
    """The figures of a layer's activations."""
    x = x.detach()
    return {
        "mean": x.mean().item(),
        "std": std(x),
        "min": x.min().item(),
        "max": x.max().item(),
        "zero_fraction": (x == 0).double().mean().item(),
        "dead_units": (x == 0).all(0).sum().item(),
        "std_across_inputs": x.var(0, correction=0).mean().sqrt().item(),
        "std_across_units": std(x.mean(0)),
    }


def of_parameters(x):
    x = x.detach()
    return {"mean": x.mean().item(), "std": std(x), "min": x.min().item(), "max": x.max().item()}


def near(found, expected, size=0.0):
    """The same to 1e-12, or where it is what is left of a difference, to 1e-14 of that."""
    assert found is not None
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-14 * size)


def compare_values(layer, x):
    for path, expected in of_values(x).items():
        near(figure(layer, path), expected, rms(x))


def compare_parameters(found, x):
    if found is None:
        assert not x.any()
        return
    for name, expected in of_parameters(x).items():
        near(getattr(found, name), expected, rms(x))


def compare_gradient(gradient, w, z, below, rate):
    """Of a layer with weights w that was given `below`, and whose z has a derivative."""
    samples, size = len(z), rms(z.grad)
    near(gradient.signal_rms, size)
    near(gradient.weight_rms, rms(w.grad) / samples, size * rms(below))
    if rate is None:
        assert gradient.update_ratio is None
    else:
        near(gradient.update_ratio, rate * rms(w.grad) / samples / rms(w), size * rms(below))


def compare_layer(layer, block, rate):
    compare_values(layer, block.out)
    compare_parameters(layer.weights, block.w)
    compare_parameters(layer.biases, block.b)
    near(layer.preactivation_std, std(block.z), rms(block.z))
    compare_gradient(layer.gradient, block.w, block.z, block.below, rate)
    if block.norm is None:
        assert layer.prenorm_std is None
    else:
        near(layer.prenorm_std, std(block.norm), rms(block.norm))
    if block.added is None:
        assert layer.branch is layer.gradient.stream_rms is None
        return
    near(layer.branch.rms, rms(block.added))
    near(layer.gradient.stream_rms, rms(block.out.grad))
    if block.v is None:
        assert layer.branch.weights is layer.branch.weight_rms is None
        return
    compare_parameters(layer.branch.weights, block.v)
    compare_parameters(layer.branch.biases, block.a)
    size = rms(block.out.grad) * rms(block.phi)
    near(layer.branch.weight_rms, rms(block.v.grad) / len(block.z), size)


@pytest.mark.parametrize("number", range(72))
def test_every_figure_is_that_of_torch(number, tmp_path):
    drawing = Drawing(number, tmp_path)
    spec = drawing.spec
    result = winit.run(spec)
    arrays = Arrays(spec, drawing.given)
    program = Program(spec, drawing.phis, arrays)
    rate = spec.get("learning_rate")
    compare_values(result.input, arrays.x)
    for layer, block in zip(result.layers, program.blocks, strict=True):
        compare_layer(layer, block, rate)
    powers = [
        (block.z if block.added is None else block.out).grad.square() for block in program.blocks
    ]
    for layer, here, above in zip(result.layers, powers, powers[1:], strict=False):
        near(layer.gradient.ratio, (here.mean() / above.mean()).item())
        near(layer.gradient.total_ratio, (here.sum() / above.sum()).item())
    assert result.layers[-1].gradient.ratio is None
    if arrays.output is None:
        assert result.output is None
        return
    output, (w, b) = result.output, arrays.output
    near(output.loss, program.loss)
    near(output.indifferent, log(spec["output"]["classes"]))
    near(output.rms, rms(program.logits))
    assert output.accuracy == pytest.approx(program.accuracy)
    compare_values(output.logits, program.logits)
    compare_parameters(output.logits.weights, w)
    compare_parameters(output.logits.biases, b)
    compare_gradient(output.logits.gradient, w, program.logits, program.blocks[-1].out, rate)
