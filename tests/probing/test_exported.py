"""A spec's model in torch's lines with winit's own weights: a probe has the histogram's figures."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli import probe
from weightinit_cli.experiments import run
from weightinit_cli.experiments.build import build_network
from weightinit_cli.network.draws import draw_normal, draw_parameters
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results.figures import figure
from weightinit_cli.snippets import snippet
from weightinit_cli.spec import parse_spec
from weightinit_cli.streams import Role

torch = pytest.importorskip("torch")

PATHS = (
    "std", "std_across_inputs", "std_across_units", "preactivation_std", "saturation.low",
    "saturation.high", "zero_fraction", "dead_units", "min", "max",
)  # fmt: skip
# Of rounding: products in float32 are summed in another order.
ROUNDING = 1e-5


def normal(network, role, layer, columns):
    drawn = np.empty((network.samples, columns), network.dtype)
    with workers(1, ignore_work) as apply:
        draw_normal(network, role, layer, drawn, apply)
    return drawn


@pytest.mark.parametrize(
    "text",
    [
        "activation: tanh\ninitializer: {name: normal, std: 0.3}\nbias: {name: normal, std: 0.1}",
        "activation: relu\ninitializer: kaiming_normal",
        "activation: gelu\ninitializer: torch_linear",
        "activation: sigmoid\ninitializer: xavier_normal",
    ],
)
def test_a_probe_of_the_exported_model_has_the_figures_of_the_histogram(text):
    text = text.replace("gelu", "{name: gelu, approximate: tanh}")
    shape = "\nfeatures: 30\nsamples: 200\nlayers: 4\nwidth: 40\nhistogram: {range: per_layer}\n"
    spec = parse_spec(text + shape, source="exported", stem="exported")
    expected = run(spec)
    names = {}
    exec(compile(snippet(spec, "torch"), "model.py", "exec"), names)  # noqa: S102
    model = names["build"]()
    network = build_network(spec)
    weights, biases, _ = draw_parameters(network)
    linear = [each for each in model if isinstance(each, torch.nn.Linear)]
    with torch.no_grad():
        for layer, w, b in zip(linear, weights, biases, strict=True):
            layer.weight.copy_(torch.from_numpy(w.T))
            layer.bias.copy_(torch.from_numpy(b))
    cotangent = torch.from_numpy(normal(network, Role.COTANGENT, 4, 40))
    inputs = torch.from_numpy(normal(network, Role.INPUT, 0, 30))
    found = probe(model, inputs, loss=lambda output, _: (output * cotangent).sum(), exact=True)
    before, after = found.values[::2], found.values[1::2]
    matrices = [each for each in found.parameters if each.name.endswith("weight")]
    for z, x, matrix, layer in zip(before, after, matrices, expected.layers, strict=True):
        for path in PATHS:
            ours, theirs = figure(x.figures, path), figure(layer, path)
            if theirs is None:
                assert ours is None, path
            else:
                assert ours == pytest.approx(theirs, rel=ROUNDING, abs=1e-6), path
        assert x.figures.quantiles == pytest.approx(layer.quantiles, rel=ROUNDING, abs=1e-6)
        assert sum(x.figures.histogram.counts) == sum(layer.histogram.counts)
        assert x.figures.distinct_units == layer.distinct_units
        signal = z.figures.gradient.signal_rms
        assert signal == pytest.approx(layer.gradient.signal_rms, rel=ROUNDING)
        of_weights = layer.gradient.weight_rms * spec.samples
        assert matrix.gradient_rms == pytest.approx(of_weights, rel=ROUNDING)
        assert matrix.statistics.std == pytest.approx(layer.weights.std, rel=ROUNDING)
        assert matrix.statistics.kurtosis == pytest.approx(layer.weights.kurtosis, rel=ROUNDING)
    assert found.input["0"].std == pytest.approx(expected.input.std)
