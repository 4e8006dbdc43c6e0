"""Convolutions as an experiment: figures of channels at positions, kernels, verdicts, memory."""

from __future__ import annotations

import json
from math import prod, sqrt

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import resources, run
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.spec import parse_spec

TEXT = "activation: relu\nimage: [6, 5, 3]\nsamples: 20\nlayers: 2\nchannels: 8\n"


def result_of(initializer, *more, threads=None):
    text = "".join(f"{line}\n" for line in more)
    given = {line.partition(":")[0] for line in more}
    base = "".join(f"{line}\n" for line in TEXT.splitlines() if line.partition(":")[0] not in given)
    spec = parse_spec(f"{base}initializer: {initializer}\n{text}", source="x.yaml", stem="x")
    return run(spec, threads=threads)


def test_figures_are_of_channels_at_positions(tmp_path):
    result = result_of("he_normal", "stride: [1, 2]")
    values = [sum(layer.histogram.counts) for layer in result.layers]
    assert values == [20 * 8 * 30, 20 * 8 * 9]
    assert [(each.fan_in, each.fan_out) for each in result.resolved.layers] == [(27, 72), (72, 72)]
    assert [each.weight_std for each in result.resolved.layers] == pytest.approx(
        [sqrt(2 / 27), sqrt(2 / 72)]
    )
    (tmp_path / "stats.json").write_text(dump_result(result), encoding="utf-8")
    assert load_result(tmp_path) == result


@pytest.mark.parametrize("padding", ["circular", "same", "valid"])
def test_threads_change_nothing(padding):
    more = f"padding: {padding}", "samples: 100", "image: [40, 41, 2]"
    one, two = (dump_result(result_of("he_normal", *more, threads=n)) for n in (1, 2))
    assert one == two


def test_the_first_kernels_are_kept_as_they_were_drawn():
    kernels = result_of("dirac", "kernel: [3, 2]").kernels
    assert (kernels.shape, kernels.filters, len(kernels.values)) == ((3, 2, 3), 8, 8)
    for number, values in enumerate(kernels.values):
        taps = [at for at, value in enumerate(values) if value]
        expected = [(1 * 2 + 1) * 3 + number] if number < 3 else []
        assert taps == expected


def test_kernels_are_those_of_the_weights_figures():
    result = result_of("xavier_uniform", "channels: 64")
    values = [value for each in result.kernels.values for value in each]
    weights = result.layers[0].weights
    assert (min(values), max(values)) == pytest.approx((weights.min, weights.max), rel=1e-5)
    assert sum(values) / len(values) == pytest.approx(weights.mean, abs=1e-6)


def test_of_many_or_large_kernels_only_some_are_kept():
    assert len(result_of("he_normal", "channels: 100").kernels.values) == 64
    many = result_of("he_normal", "image: [12, 12, 60]", "kernel: 11", "channels: 4").kernels
    assert len(many.values) * prod(many.shape) <= 1 << 14


def test_fully_connected_layers_have_no_kernels():
    spec = parse_spec(
        "activation: relu\ninitializer: he_normal\nsamples: 5\n", source="x", stem="x"
    )
    assert run(spec).kernels is None


def test_equal_kernels_are_told():
    (verdict,) = result_of("{name: constant, value: 0.1}", "activation: tanh").verdict[:1]
    assert (verdict.name, verdict.layer, verdict.value) == ("units_identical", 1, 1.0)
    assert verdict.figure == "channels.distinct"
    assert result_of("zeros", "activation: tanh").verdict[0].name == "units_identical"


def names_of(result):
    return {verdict.name for verdict in result.verdict}


def test_channels_that_differ_by_their_biases_alone_are_not_identical():
    result = result_of("zeros", "activation: tanh", "bias: {name: normal, std: 0.5}")
    assert [layer.distinct_units for layer in result.layers] == [8, 8]
    assert [layer.channels.distinct for layer in result.layers] == [8, 8]
    assert "units_identical" not in names_of(result)


@pytest.mark.parametrize("padding", ["circular", "valid", "same"])
def test_few_values_do_not_make_channels_identical(padding):
    result = result_of("he_normal", "activation: step", "samples: 1", f"padding: {padding}")
    assert "units_identical" not in names_of(result)


def test_a_channel_is_dead_where_it_is_zero_everywhere():
    """Of few inputs many units are zero by chance, whole channels hardly any."""
    result = result_of("he_normal", "samples: 3", "channels: 16")
    assert result.layers[0].dead_units > 0.1 * 16 * 30
    assert [layer.channels.dead for layer in result.layers] == [0, 0]
    assert "dying" not in names_of(result)
    dead = result_of("he_normal", "bias: {name: constant, value: -100}")
    assert [layer.channels.dead for layer in dead.layers] == [8, 8]
    assert "dying" in names_of(dead)


@pytest.mark.parametrize("more", ["stride: 2", "padding: valid"])
def test_he_is_healthy_whatever_becomes_of_the_image(more):
    """What comes back lies on fewer positions; the kernels' gradient adds it up."""
    shape = "image: [32, 32, 3]", "channels: 48", "layers: 4", "samples: 30"
    result = result_of("he_normal", more, *shape)
    assert names_of(result) == {"healthy"}
    powers = [layer.gradient.weight_rms**2 for layer in result.layers]
    assert max(powers) < 3 * min(powers)
    small = result_of("{name: normal, std: 0.01}", more, *shape)
    assert "vanishing_gradient" in names_of(small)
    large = result_of("{name: normal, std: 0.5}", more, *shape)
    assert "exploding_gradient" in names_of(large)


def test_one_channel_is_not_identical():
    names = {each.name for each in result_of("he_normal", "channels: 1").verdict}
    assert "units_identical" not in names


@pytest.mark.parametrize("gain", [1.0, "auto"])
@pytest.mark.parametrize("name", [n for n, r in INITIALIZERS.items() if r.only == "kernel"])
def test_rows_of_kernels_alone(name, gain):
    takes = any(parameter.name == "gain" for parameter in INITIALIZERS[name].parameters)
    result = result_of(f"{{name: {name}, gain: {gain}}}" if takes else name, "channels: [8, 16]")
    shares = [layer.weights.zero_fraction for layer in result.layers]
    assert all(share >= 8 / 9 for share in shares)


def test_a_request_that_cannot_fit_names_image_or_channels(monkeypatch):
    monkeypatch.setattr(resources, "available_bytes", lambda: 1 << 30)
    for more, path in (
        (("image: [4000, 4000, 3]",), "image"),
        (("channels: 60000", "image: [3, 3, 1]", "samples: 1"), "channels"),
        (("samples: 10000000",), "samples"),
    ):
        with pytest.raises(SpecError, match=rf" {path}: needs .* GiB of memory"):
            result_of("he_normal", *more)


def test_json_is_strict_where_everything_overflows():
    result = result_of("{name: normal, std: 1e30}", "layers: 4")
    assert "overflow" in [each.name for each in result.verdict]
    json.loads(dump_result(result), parse_constant=pytest.fail)


def test_channels_of_equal_kernels_are_one_whatever_blas_rounds():
    """Sums of 450 weights, which BLAS adds up in another order at the edges of a matrix."""
    text = (
        "samples: 100\nchannels: [50, 50, 50]\nkernel: 3\nimage: [16, 16, 3]\npadding: same\n"
        "activation: relu\ninitializer: {name: constant, value: 0.01}\nbackward: false\n"
    )
    layers = run(parse_spec(text.encode(), source="a.yaml", stem="a")).layers
    assert [layer.channels.distinct for layer in layers] == [1, 1, 1]
    assert all(layer.distinct_units <= 256 for layer in layers)
