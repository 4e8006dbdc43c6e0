"""Specs of residual and normalized networks, run as a person runs them."""

from __future__ import annotations

from math import pi, sqrt

import pytest

import weightinit_cli as winit
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.spec import spec_of

SMALL = {"activation": "relu", "initializer": "he_normal", "layers": 4, "width": 24, "samples": 60}


@pytest.mark.parametrize("branch", [1, 2])
@pytest.mark.parametrize("placement", ["none", "pre", "post"])
@pytest.mark.parametrize("kind", ["layer_norm", "rms_norm", "batch_norm"])
def test_every_kind_of_block_runs_and_grows_no_faster_than_it_may(branch, placement, kind):
    normalization = "none" if placement == "none" else kind
    residual = {"branch": branch, "placement": placement}
    result = winit.histogram(**SMALL, residual=residual, normalization=normalization)
    for before, layer in zip(result.layers, result.layers[1:], strict=False):
        assert layer.branch is not None
        # two root mean squares add up to no more than their sum
        power = sqrt(layer.std**2 + layer.mean**2)
        below = sqrt(before.std**2 + before.mean**2)
        if placement != "post":
            assert power <= (below + layer.branch.rms) * (1 + 1e-6)
        elif kind != "rms_norm":
            assert power == pytest.approx(1, rel=1e-3)


def test_the_second_layer_of_a_branch_is_for_what_the_blocks_activation_hands_on():
    residual = {"branch": 2, "initializer": {"name": "xavier_normal", "gain": "auto"}}
    activations = ["tanh", "relu"]
    spec = spec_of(
        {"activation": activations, "initializer": "he_normal", "width": 30, "residual": residual}
    )
    gains = [stage.second.weights.std * sqrt(30) for stage in build_network(spec).stages]
    assert gains == pytest.approx([1 / sqrt(0.394294), sqrt(2)], rel=1e-5)


def test_branches_whose_first_weights_get_no_gradient_are_not_called_healthy():
    residual = {"branch": 2, "scale": "1/sqrt(branches)"}
    result = winit.histogram(**SMALL | {"activation": "step"}, residual=residual)
    found = {each.name: each.figure for each in result.verdict if each.warns}
    assert found["vanishing_gradient"] == "gradient.signal_rms"


@pytest.mark.parametrize("kind", ["layer_norm", "rms_norm", "batch_norm"])
@pytest.mark.parametrize("placement", [None, "pre", "post"])
def test_theory_stands_beside_networks_as_they_are_built_today(kind, placement):
    """Of wide networks, what is measured over seeds is what is predicted; none of it is a z."""
    residual = {"branch": 2, "placement": placement} if placement else "none"
    keys = {"layers": 3, "width": 200, "samples": 50, "features": 200, "repeats": 10}
    result = winit.histogram(**SMALL | keys, residual=residual, normalization=kind)
    assert result.resolved.no_theory is None
    for layer in result.layers:
        assert layer.theory is not None
        for path, told in layer.theory.figures.items():
            spread = layer.repeats.get(path)
            assert told.z is None
            assert told.no_z
            if spread is None or path == "mean":
                continue
            tolerance = 5 * spread.std / sqrt(10) + 0.05 * told.value
            assert spread.mean == pytest.approx(told.value, abs=tolerance), path


def test_theory_of_a_projection_and_of_an_output_layer_on_blocks():
    keys = {"layers": 4, "width": 200, "samples": 40, "features": 60, "repeats": 12}
    residual = {"branch": 2, "scale": "1/sqrt(branches)"}
    result = winit.histogram(**SMALL | keys, residual=residual, output={"classes": 10})
    told, measured = result.output.theory, result.output.repeats["loss"]
    assert measured.mean == pytest.approx(told.value, abs=4 * measured.std / sqrt(12) + 0.1)
    for layer in result.layers:
        for path in ("std", "gradient.stream_rms", "gradient.signal_rms", "branch.rms"):
            spread = layer.repeats[path]
            tolerance = 5 * spread.std / sqrt(12) + 0.05 * spread.mean
            assert layer.theory.figures[path].value == pytest.approx(spread.mean, abs=tolerance)


@pytest.mark.parametrize(
    "more", [{"normalization": "batch_norm"}, {"residual": {"branch": 2}}], ids=["norm", "residual"]
)
def test_the_phase_diagram_is_of_plain_layers(more):
    with pytest.raises(SpecError, match="without normalization and residual branches"):
        winit.phase("relu", specs=[{**SMALL, **more}])


def test_the_gradient_of_batch_normalized_relu_grows_as_yang_et_al_measured():
    """arXiv:1902.08129: by π / (π - 1) = 1.467 a layer of many units and inputs."""
    keys = {"layers": 6, "width": 300, "samples": 300}
    result = winit.histogram(**SMALL | keys, normalization="batch_norm")
    ratios = [layer.gradient.ratio for layer in result.layers[:-1]]
    assert sum(ratios) / len(ratios) == pytest.approx(pi / (pi - 1), rel=0.03)
    for layer in result.layers[1:-1]:
        told = layer.theory.figures["gradient.ratio"]
        assert told.value == pytest.approx(pi / (pi - 1), rel=0.01)
        assert told.z is None


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_branches_of_any_scale(scale: float):
    """The square of a scale may be more, or less, than a float; the gradient of V need not be."""
    keys = {"activation": "tanh", "initializer": "xavier_normal", "layers": 1, "width": 6}
    keys |= {"samples": 10, "dtype": "float64"}
    one, other = (winit.histogram(**keys, residual={"scale": each}) for each in (1, scale))
    found = one.layers[0].branch.weight_rms, other.layers[0].branch.weight_rms
    assert found[1] == pytest.approx(found[0] * scale, rel=1e-12)
