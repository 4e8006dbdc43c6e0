"""The histogram experiment as a caller sees it: figures, threads, layers, seeds, extremes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite, sqrt
from statistics import mean, stdev

import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import histogram, run
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.spec import parse_spec, spec_from_normal_form

XAVIER = "activation: sigmoid\ninitializer: xavier_normal\n"
LARGE = "samples: 3000\nwidth: 600\nlayers: 3\nactivation: tanh\ninitializer: xavier_normal\n"
SMALL = "samples: 50\nwidth: 20\nlayers: 4\nactivation: tanh\ninitializer: {name: normal, std: 1}\n"


def spec_of(text, *overrides):
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def run_text(text, *overrides, **options):
    return run(spec_of(text, *overrides), **options)


def data(result):
    """What is written, as JSON data."""
    return json.loads(dump_result(result))


def drop_gradient(figures):
    """A layer's figures by their paths, without the backward pass's."""
    return {path: value for path, value in figures.items() if not path.startswith("gradient.")}


def numbers(value):
    """Every number in JSON data."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


# -- what the design says of the well-known pictures --------------------------------------------


def test_sigmoid_xavier_is_spread_between_the_units_alone():
    """Design, section 1: the fifth layer's std is 0.12, one unit's across the inputs 0.0006.

    Over 12 seeds, within 4.5 standard errors of the seeds' mean and the half of a last digit. The
    std of the first is, in theory, that of σ(z) with z the sum of 100 values near 1/2 with
    weights of variance 1/100: z ~ N(0, ≈ 1/4), which keeps its variance from unit to unit.
    """
    fifth = [run_text(XAVIER, f"seed={seed}").layers[4] for seed in range(12)]
    for figure, expected, digit in (("std", 0.12, 0.005), ("std_across_inputs", 6e-4, 5e-5)):
        seen = [getattr(layer, figure) for layer in fifth]
        assert abs(mean(seen) - expected) < 4.5 * stdev(seen) / sqrt(len(seen)) + digit
        # The test has power: the error is far smaller than the figure.
        assert 4.5 * stdev(seen) / sqrt(len(seen)) + digit < 0.25 * expected
    assert all(layer.distinct_units == 100 for layer in fifth)


def test_sigmoid_with_standard_deviation_one_saturates():
    """Design, section 1: two thirds saturated in layer 1, about half after.

    Layer 1 by theory: z ~ N(0, 100) given 100 inputs of N(0, 1), so that P(|z| > 4.36) = 0.663.
    Over 10 seeds; one layer's fraction varies by about sqrt(p (1 - p) / 100), as its 100 units
    see the same inputs.
    """
    runs = [
        run_text("activation: sigmoid\ninitializer: {name: normal, std: 1}\n", f"seed={seed}")
        for seed in range(10)
    ]
    fractions = [
        mean(r.layers[k].saturation.low + r.layers[k].saturation.high for r in runs)
        for k in range(5)
    ]
    error = 4.5 * sqrt(0.25 / 100 / 10)
    assert abs(fractions[0] - 0.663) < error
    assert all(abs(fraction - 0.5) < error for fraction in fractions[1:])


def test_he_keeps_the_spread_of_relu_and_xavier_shrinks_it():
    """The mean square of the activations: × 1 a layer with He, × 1/2 with Xavier.

    Its logarithm varies by about sqrt(5/100) per layer (kurtosis 6 of the square of a ReLU's
    output, 100 units): 0.22 × sqrt(4) over four layers, / sqrt(10 seeds).
    """
    for name, factor in (("kaiming_normal", 1.0), ("xavier_normal", 0.5)):
        ratios = []
        for seed in range(10):
            layers = run_text(f"activation: relu\ninitializer: {name}\n", f"seed={seed}").layers
            squares = [layer.mean**2 + layer.std**2 for layer in layers]
            ratios.append(squares[4] / squares[0])
        assert mean(ratios) ** 0.25 == pytest.approx(factor, rel=4.5 * 0.22 / sqrt(10) / 2)


def test_standard_deviation_zero_is_one_spike():
    result = run_text("activation: sigmoid\ninitializer: {name: normal, std: 0}\n")
    for layer in result.layers:
        assert (layer.mean, layer.std, layer.min, layer.max) == (0.5, 0, 0.5, 0.5)
        assert layer.distinct_units == 1
        assert layer.std_across_inputs == layer.std_across_units == 0
        assert layer.weights.std == 0
        assert layer.weights.zero_fraction == 1
        assert max(layer.histogram.counts) == sum(layer.histogram.counts) == 100_000


# -- what a result holds ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "relu", "linear", "softplus"])
def test_figures_agree_with_each_other(name):
    text = "samples: 70\nwidth: [30, 20]\nfeatures: 9\ninitializer: lecun_normal\n"
    result = run_text(f"{text}activation: {name}\n")
    assert [len(result.layers), result.resolved.layers[0].fan_in] == [2, 9]
    for layer, units in zip((result.input, *result.layers), (9, 30, 20), strict=True):
        assert layer.std**2 == pytest.approx(
            layer.std_across_inputs**2 + layer.std_across_units**2, rel=1e-12
        )
        quantiles = list(layer.quantiles.values())
        assert quantiles == sorted(quantiles)
        assert layer.min <= quantiles[0] <= quantiles[-1] <= layer.max
        assert layer.min <= layer.mean <= layer.max
        counts = layer.histogram
        assert sum(counts.counts) + counts.underflow + counts.overflow == 70 * units
        assert 0 <= layer.zero_fraction <= 1
        assert 0 <= layer.dead_units <= units
        assert 1 <= layer.distinct_units <= units
    low, high = ACTIVATIONS[name].build().ends(0.05)
    for layer in result.layers:
        assert (layer.saturation.low is None, layer.saturation.high is None) == (
            low is None,
            high is None,
        )
    before = result.input
    assert (before.weights, before.preactivation_std) == (None, None)
    assert (before.saturation.low, before.saturation.high) == (None, None)


def test_range_is_the_activations_own_where_it_is_bounded():
    for name, span in (("sigmoid", (0, 1)), ("tanh", (-1, 1)), ("softsign", (-1, 1))):
        for layer in run_text(SMALL, f"activation={name}").layers:
            assert (layer.histogram.edges[0], layer.histogram.edges[-1]) == span
    for layer in run_text(SMALL, "activation=relu").layers:
        assert (layer.histogram.edges[0], layer.histogram.edges[-1]) == (layer.min, layer.max)
    for layer in run_text(SMALL, "histogram.range=[0.25, 0.5]", "histogram.bins=3").layers:
        assert len(layer.histogram.counts) == 3
        assert layer.histogram.underflow > 0
        assert layer.histogram.overflow > 0


def test_bias_is_added_and_its_scale_resolved():
    result = run_text(SMALL, "initializer=zeros", "bias={name: constant, value: 0.5}")
    for layer in result.layers:
        # tanh(0.5) in float32.
        assert layer.mean == pytest.approx(0.46211715726, rel=1e-7)
        assert layer.std == 0
    drawn = run_text(SMALL, "initializer=zeros", "bias={name: normal, std: 0.5}")
    assert all(layer.bias_std == 0.5 for layer in drawn.resolved.layers)
    assert all(layer.std_across_inputs == 0 < layer.std_across_units for layer in drawn.layers)
    assert len({layer.mean for layer in drawn.layers}) == 4


@pytest.mark.parametrize(("bias", "low", "high"), [(-5, 1, 0), (5, 0, 1), (0, 0, 0)])
def test_saturation_is_told_by_its_side(bias, low, high):
    text = f"activation: sigmoid\ninitializer: zeros\nbias: {{name: constant, value: {bias}}}\n"
    for layer in run_text(text).layers:
        assert (layer.saturation.low, layer.saturation.high) == (low, high)


def test_a_result_can_be_run_again_from_itself(tmp_path):
    result = run_text(SMALL, "bias={name: normal, std: 0.5}", "dtype=float64")
    place = tmp_path / "stats.json"
    place.write_text(dump_result(result))
    again = run(spec_from_normal_form(load_result(place).spec, "stats.json"))
    assert dump_result(again) == dump_result(replace(result, overrides=None))


# -- what it may not depend on ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_change_a_byte(dtype):
    one, two, five = (
        dump_result(run_text(LARGE, f"dtype={dtype}", threads=threads)) for threads in (1, 2, 5)
    )
    # On one machine even the environment is equal.
    assert one == two == five


def test_another_layer_changes_no_other():
    forwards = [run_text(SMALL, f"layers={layers}", "backward=false") for layers in (4, 7)]
    both = [run_text(SMALL, f"layers={layers}") for layers in (4, 7)]
    assert forwards[0].layers == forwards[1].layers[:4]
    assert len({result.input.mean for result in (*forwards, *both)}) == 1
    for result in (*forwards, *both):
        assert result.input == forwards[0].input
        for layer, same in zip(result.layers, forwards[1].layers, strict=False):
            theory = replace(layer.theory, figures=drop_gradient(layer.theory.figures))
            assert replace(layer, gradient=None, theory=theory) == same
    # What comes back depends on what lies above.
    assert both[0].layers[0].gradient != both[1].layers[0].gradient


def test_scale_does_not_change_the_draws_and_the_seed_does():
    hashes = {}
    for override in ("initializer.std=0.01", "initializer.std=10", "seed=1", "seed=2"):
        layers = run_text(SMALL, override).layers
        hashes[override] = tuple(layer.weights.stream for layer in layers)
        assert len(set(hashes[override])) == 4
    assert hashes["initializer.std=0.01"] == hashes["initializer.std=10"]
    assert len(set(hashes.values())) == 3
    assert run_text(SMALL, "seed=1").input != run_text(SMALL, "seed=2").input


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        "samples: 200\nwidth: 40\nlayers: 4\nactivation: silu\ninitializer: lsuv\n",
        "samples: 60\nimage: [8, 8, 3]\nchannels: 6\nlayers: 3\nactivation: selu\n"
        "initializer: lecun_normal\nbias: {name: uniform, low: -1, high: 1}\n",
    ],
    ids=["dense", "lsuv", "convolution"],
)
def test_float64_differs_from_float32_by_rounding_alone(text):
    """The same network: only float32's rounding, grown through a few layers, is between them."""
    double, single = (run_text(text, f"dtype={dtype}") for dtype in ("float64", "float32"))
    assert double.input.std == pytest.approx(single.input.std, rel=1e-12)
    for one, other in zip(double.layers, single.layers, strict=True):
        assert one.weights.stream == other.weights.stream
        assert one.weights.std == pytest.approx(other.weights.std, rel=1e-5)
        assert one.std == pytest.approx(other.std, rel=1e-5)
        assert one.std != other.std
        assert one.gradient.signal_rms == pytest.approx(other.gradient.signal_rms, rel=1e-5)


# -- extremes -----------------------------------------------------------------------------------


def test_overflow_is_a_result():
    """ReLU, std 10, 200 layers: no warning (an error here), figures that exist or are null."""
    result = run_text(
        "layers: 200\nsamples: 100\nactivation: relu\ninitializer: {name: normal, std: 10}\n"
    )
    assert result.layers[0].nonfinite == 0
    assert result.layers[-1].nonfinite == 100 * 100
    assert all(isfinite(number) for number in numbers(data(result)))
    for layer in (result.input, *result.layers):
        counts = layer.histogram
        finite = sum(counts.counts) + counts.underflow + counts.overflow
        assert finite + layer.nonfinite == 100 * 100
    lost = result.layers[-1]
    assert (lost.mean, lost.std, lost.min, lost.max, lost.distinct_units) == (None,) * 5
    assert set(lost.quantiles.values()) == {None}
    first = next(layer for layer in result.layers if layer.nonfinite)
    assert first.distinct_units is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "overrides",
    [
        ("activation={name: gelu, approximate: tanh}",),
        ("activation={name: gelu, approximate: none}",),
        ("activation=sigmoid", "saturation=1e-17"),
        ("activation=tanh", "saturation=1e-300"),
        ("activation=silu", "saturation=0.999"),
        ("activation=linear", "initializer=zeros", "bias={name: constant, value: 3e38}"),
        ("activation=linear", "initializer=zeros", "bias={name: constant, value: 1.7e308}"),
        ("activation=linear", "initializer={name: constant, value: 1e300}"),
        ("activation=relu", "initializer.std=1e-310"),
        ("activation=elu", "initializer.std=1e300"),
        ("histogram.range=[-1e300, 1e300]",),
        ("histogram.range=[0, 1e-300]",),
        ("histogram.bins=100000", "layers=1"),
        ("samples=1", "features=1", "width=1"),
    ],
    ids="-".join,
)
def test_every_good_spec_ends_in_a_result(overrides, dtype):
    """Silently (a warning is an error here) and in strict JSON."""
    result = run_text(SMALL, f"dtype={dtype}", *overrides)
    assert all(isfinite(number) for number in numbers(data(result)))
    for layer in result.layers:
        edges = layer.histogram.edges
        assert all(low < high for low, high in pairwise(edges))


@pytest.mark.parametrize(
    "activation",
    ["{name: leaky_relu, negative_slope: 100}", "{name: elu, alpha: 1000}", "selu"],
)
def test_the_steepest_place_is_not_saturated(activation):
    """With zero weights every pre-activation is 0, where the slope is that of the left side, the
    steeper one: none of them lies in a flat end.
    """
    for level in (0.05, 0.7):
        layer = run_text(
            SMALL, f"activation={activation}", "initializer=zeros", f"saturation={level}"
        ).layers[0]
        assert not layer.saturation.high
        assert not layer.saturation.low


def leaves(value):
    """Everything that a Result holds, down to the numbers."""
    names = getattr(value, "__dataclass_fields__", None)
    if names:
        value = [getattr(value, name) for name in names]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def test_numbers_are_plain_python():
    """No numpy scalar in a Result: it is compared, pickled and printed."""
    result = run_text(SMALL, "activation=relu")
    assert {type(leaf) for leaf in leaves(result)} == {int, float, str, bool, type(None)}


def test_refused_before_any_work_where_memory_is_short():
    with pytest.raises(SpecError, match="of memory"):
        run_text(SMALL, "samples=1000000000000")


@pytest.mark.parametrize(("wanted", "given"), [(1, 1), (2, 2), (5000, 3), (None, 1)])
def test_threads_are_no_more_than_the_machine_has_use_for(wanted, given, monkeypatch):
    seen = []

    def measured(network, request, threads, *rest, **more):
        seen.append(threads)
        return measure(network, request, threads, *rest, **more)

    measure = histogram.measure
    monkeypatch.setattr(histogram, "most_threads", lambda: 3)
    monkeypatch.setattr(histogram, "measure", measured)
    run_text(SMALL, threads=wanted)
    assert seen == [given]
