"""Every row of both tables through the experiment: figures in strict JSON, biases, flat ends."""

from __future__ import annotations

import json
from itertools import pairwise
from math import asinh, ceil, exp, isfinite, log, nextafter, sqrt

import numpy as np
import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import run
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.results.model import values
from weightinit_cli.spec import parse_spec, spec_from_normal_form

DTYPES = ("float32", "float64")
SIN = "{name: sin, omega: 30}"
# What a name alone is not enough for.
ACTIVATION = {
    "leaky_relu": "{name: leaky_relu, negative_slope: 0.1}",
    "prelu": "{name: prelu, negative_slope: 0.25}",
    "gelu": "{name: gelu, approximate: none}",
    "hard_sigmoid": "{name: hard_sigmoid, form: torch}",
    "sin": SIN,
    "threshold": "{name: threshold, threshold: 0.5, value: -0.25}",
}
INITIALIZER = {
    "constant": "{name: constant, value: 0.1}",
    "normal": "{name: normal, std: 0.5}",
    "truncated_normal": "{name: truncated_normal, std: 0.5}",
    "uniform": "{name: uniform, low: -0.5, high: 0.5}",
    "variance_scaling": "{name: variance_scaling, scale: 2, mode: fan_avg, distribution: uniform}",
    "sparse": "{name: sparse, sparsity: 0.3, std: 0.5}",
}
# `critical` at sigma_b = 0, as without a bias: where there is no critical sigma_w at all, and
# where a bias is needed.
NEVER_CRITICAL = {
    *("softplus", "log_sigmoid", "squareplus", "exponential", "step", "threshold"),
    *("tanh_shrink", "soft_shrink", "hard_shrink"),
}
CRITICAL_WITH_BIAS = {"gelu", "silu", "mish", "hard_silu"}
NEW = ("torch_linear", "sparse", "siren", "nguyen_widrow")


def result_of(activation, initializer, *overrides, **keys):
    text = "".join(
        f"{key}: {value}\n"
        for key, value in {
            "activation": ACTIVATION.get(activation, activation),
            "initializer": INITIALIZER.get(initializer, initializer),
            **keys,
        }.items()
    )
    return run(parse_spec(text, source="x.yaml", stem="x", overrides=overrides))


def numbers(value):
    """Every number in JSON data."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def refuse(constant):
    raise ValueError(constant)


def check(result):
    """Strict JSON, every number finite and no -0.0, every value in its place."""
    text = dump_result(result)
    data = json.loads(text, parse_constant=refuse)
    assert all(isfinite(number) for number in numbers(data))
    assert "-0.0," not in text
    assert "-0.0\n" not in text
    for layer, units in zip(result.layers, values(result.spec)[1:], strict=True):
        counts = layer.histogram
        finite = sum(counts.counts) + counts.underflow + counts.overflow
        assert finite + layer.nonfinite == result.spec["samples"] * units
        assert all(low < high for low, high in pairwise(counts.edges))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_with_every_initializer(activation):
    """A warning is an error here. Wide, narrow, and one unit; one input, too."""
    for number, (initializer, row) in enumerate(INITIALIZERS.items()):
        if row.activation in ("", activation) and row.only != "kernel":
            shape = {"features": (3, 1)[number % 2], "width": ([7, 1, 4], [2, 9])[number % 2]}
            keys = {"samples": 9, "dtype": DTYPES[number // 2 % 2], **shape}
            if initializer == "critical" and activation in NEVER_CRITICAL | CRITICAL_WITH_BIAS:
                with pytest.raises(SpecError, match=f"initializer: {activation} has .*critical"):
                    result_of(activation, initializer, **keys)
                if activation in NEVER_CRITICAL:
                    continue
                keys["bias"] = "{name: normal, std: 1}"
            try:
                check(result_of(activation, initializer, **keys))
            except SpecError as error:
                assert row.data_dependent
                assert "initializer: lsuv finds no scale for layer" in str(error)  # noqa: PT017


@pytest.mark.parametrize("initializer", [n for n, r in INITIALIZERS.items() if r.only != "matrix"])
def test_every_initializer_on_kernels(initializer):
    """All paddings, strides, kernels that are even, not square, or of one element."""
    activation = INITIALIZERS[initializer].activation or "tanh"
    shapes = (
        {"channels": "[2, 4]", "kernel": 3, "image": "[5, 6, 2]"},
        {"channels": "[3, 3]", "kernel": "[2, 1]", "image": "[7, 4, 1]", "stride": "[2, 1]"},
        {"channels": "[4, 6]", "kernel": 1, "image": "[1, 1, 3]"},
        {"channels": 4, "kernel": 4, "image": "[16, 9, 1]", "layers": 1, "stride": 5},
    )
    for number, shape in enumerate(shapes):
        for padding in ("circular", "same", "valid"):
            keys = {"samples": 5, "dtype": DTYPES[number % 2], "padding": padding, **shape}
            check(result_of(activation, initializer, **keys))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("initializer", NEW)
def test_new_initializers_at_size(initializer, dtype):
    activation = INITIALIZERS[initializer].activation or "tanh"
    result = result_of(activation, initializer, samples=40, width="[300, 200]", dtype=dtype)
    check(result)
    for layer, resolved in zip(result.layers, result.resolved.layers, strict=True):
        # 60,000 weights or more: 1 % is 4.5 standard errors even of a normal's.
        assert layer.weights.std == pytest.approx(resolved.weight_std, rel=0.013)
        zeros = ceil(0.3 * resolved.fan_out) / resolved.fan_out if initializer == "sparse" else 0
        assert layer.weights.zero_fraction == zeros
    assert len({layer.weights.stream for layer in result.layers}) == 2


# -- flat ends ----------------------------------------------------------------------------------

# At 5 % of sup|φ'|, by the closed form of the slope (design, section 4).
ENDS = {
    "linear": (None, None),
    "relu": (0, None),
    "tanh": (-asinh(sqrt(19)), asinh(sqrt(19))),
    "leaky_relu": (None, None),
    "prelu": (None, None),
    "relu6": (0, 6),
    "celu": (log(0.05), None),
    "hard_silu": (-3, None),
    "squareplus": (-1.8 / sqrt(0.19), None),
    "hard_tanh": (-1, 1),
    "hard_sigmoid": (-3, 3),
    "log_sigmoid": (None, log(19)),
    "exponential": (None, None),
    "erf": (-sqrt(log(20)), sqrt(log(20))),
    "sin": (None, None),
    "step": (0, nextafter(0, 1)),
    "threshold": (0.5, None),
    "tanh_shrink": (None, None),
    "soft_shrink": (None, None),
    "hard_shrink": (None, None),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ENDS)
def test_saturation_ends(activation, dtype):
    result = result_of(activation, "torch_linear", samples=20, width=10, dtype=dtype)
    resolved = (result.resolved.x_low, result.resolved.x_high)
    for found, expected in zip(resolved, ENDS[activation], strict=True):
        assert found == (None if expected is None else pytest.approx(expected, rel=1e-12))
    for layer in result.layers:
        recorded = (layer.saturation.low, layer.saturation.high)
        assert [end is None for end in recorded] == [end is None for end in ENDS[activation]]


def test_mish_is_flat_to_the_left():
    """|φ'| falls to 5 % of its largest, 1.0885, left of the trough at -2.256, and not before."""
    resolved = result_of("mish", "zeros", samples=2, width=2).resolved
    mish = ACTIVATIONS["mish"].build()
    assert resolved.x_high is None
    assert resolved.x_low < -2.2563764
    assert mish.steepest == pytest.approx(1.0885, abs=5e-5)
    at = abs(mish.derivative(np.array([resolved.x_low]))[0])
    assert at == pytest.approx(0.05 * mish.steepest, rel=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("bias", "low", "high"), [(0, 1, 0), (-1e-30, 1, 0), (1e-30, 0, 1), (5e-324, None, None)]
)
def test_step_is_flat_on_both_sides(bias, low, high, dtype):
    """Every x <= 0 is low, every x > 0 high, down to the smallest number of the dtype."""
    if low is None:
        low, high = (1, 0) if dtype == "float32" else (0, 1)
    bias = f"{{name: constant, value: {bias}}}"
    for layer in result_of("step", "zeros", samples=7, width=5, bias=bias, dtype=dtype).layers:
        assert (layer.saturation.low, layer.saturation.high) == (low, high)
        assert layer.mean == high
        assert layer.zero_fraction == low


def test_what_overflowed_is_not_hidden_by_a_branch():
    """inf - inf is nan, and nan > 0 is false: a nan must not turn into a healthy number.

    In float32 the sums of the first layer overflow, to inf, -inf and nan.
    """
    weights = "{name: uniform, low: -1.5e38, high: 1.5e38}"
    keys = {"samples": 50, "features": 100, "width": "[100]"}
    names = ("linear", "relu", "step", "threshold", "hard_shrink", "soft_shrink")
    [linear, relu, step, threshold, hard, soft] = [
        result_of(name, weights, **keys).layers[0] for name in names
    ]
    assert linear.nonfinite > relu.nonfinite > 0
    assert 0 < step.nonfinite < relu.nonfinite
    assert step.saturation.low + step.saturation.high == 1  # of those that are a number
    assert threshold.nonfinite == relu.nonfinite
    assert hard.nonfinite == soft.nonfinite == linear.nonfinite


# -- biases -------------------------------------------------------------------------------------

WIDE = {"samples": 3, "features": 25, "width": "[20000, 100, 4]", "dtype": "float64"}


def test_bias_of_torch_linear_knows_the_layers_fan_in():
    """With zero weights and a linear activation the activations are the biases."""
    result = result_of("linear", "zeros", bias="torch_linear", **WIDE)
    fans = [25, 20000, 100]
    assert [layer.bias_std for layer in result.resolved.layers] == pytest.approx(
        [1 / sqrt(3 * fan) for fan in fans], rel=1e-14
    )
    first = result.layers[0]
    # 20,000 uniform draws: the ends are reached to 1e-3, the standard deviation to 1.5 %.
    assert (first.min, first.max) == pytest.approx((-0.2, 0.2), rel=1e-3)
    assert -0.2 <= first.min < first.max <= 0.2
    assert first.std == pytest.approx(0.2 / sqrt(3), rel=0.015)
    assert max(-result.layers[2].min, result.layers[2].max) <= 0.1
    assert first.std_across_inputs == 0


def test_bias_of_nguyen_widrow_spreads_over_the_norm():
    result = result_of("linear", "zeros", bias="nguyen_widrow", **WIDE)
    norms = [0.7 * 20000 ** (1 / 25), 0.7 * 100 ** (1 / 20000), 0.7 * 4 ** (1 / 100)]
    assert [layer.bias_std for layer in result.resolved.layers] == pytest.approx(
        [norm / sqrt(3) for norm in norms], rel=1e-13
    )
    assert result.layers[0].max == pytest.approx(norms[0], rel=1e-3)


@pytest.mark.parametrize("initializer", ["torch_linear", "siren", "nguyen_widrow"])
def test_default_bias_is_drawn_and_zeros_leave_it_out(initializer):
    activation = INITIALIZERS[initializer].activation or "tanh"
    keys = {"samples": 20, "features": 6, "width": "[8, 5]"}
    own = result_of(activation, initializer, **keys)
    name = {"nguyen_widrow": "nguyen_widrow"}.get(initializer, "torch_linear")
    assert own.spec["bias"] == {"name": name}
    assert all(layer.bias_std > 0 for layer in own.resolved.layers)
    same = result_of(activation, initializer, bias=name, **keys)
    assert dump_result(same) == dump_result(own)
    without = result_of(activation, initializer, bias="zeros", **keys)
    assert all(layer.bias_std == 0 for layer in without.resolved.layers)
    assert without.layers != own.layers
    for one, other in zip(own.layers, without.layers, strict=True):
        assert one.weights == other.weights


@pytest.mark.parametrize("initializer", NEW)
def test_a_result_runs_again_from_itself(initializer, tmp_path):
    activation = INITIALIZERS[initializer].activation or "tanh"
    result = result_of(activation, initializer, samples=20, features=6, width="[8, 5]")
    place = tmp_path / "stats.json"
    place.write_text(dump_result(result))
    again = run(spec_from_normal_form(load_result(place).spec, "stats.json"))
    assert dump_result(again) == dump_result(result)


# -- siren --------------------------------------------------------------------------------------


@pytest.mark.parametrize("omega", [30, 2.5])
def test_siren_takes_omega_from_the_activation(omega):
    result = result_of(
        f"{{name: sin, omega: {omega}}}", "siren", samples=10, features=40, width="[50, 30, 20]"
    )
    stds = [layer.weight_std for layer in result.resolved.layers]
    bounds = [1 / 40, sqrt(6 / 50) / omega, sqrt(6 / 30) / omega]
    assert stds == pytest.approx([bound / sqrt(3) for bound in bounds], rel=1e-14)
    for layer, bound in zip(result.layers, bounds, strict=True):
        assert max(-layer.weights.min, layer.weights.max) <= bound * (1 + 1e-6)
        assert max(-layer.weights.min, layer.weights.max) > bound * 0.97


def test_siren_keeps_its_signal_through_the_depth():
    """Mean-field: omega z is N(0, s²) with s² = 900 / (3 n) in layer 1, of n inputs N(0, 1); the
    mean square of sin is (1 - exp(-2 s²)) / 2, and twice that is the next s²: towards 0.797.

    Of n = 256 units a layer's mean square is known to some sqrt(2 / 256) = 9 % / sqrt(2); 25 % is
    far below the factor 1/900 or 900 of a lost omega, and the factor 3 of a lost sqrt(6).
    """
    layers = result_of("sin", "siren", samples=200, width=256, layers=8, bias="zeros").layers
    square = 900 / (3 * 256)
    for layer in layers:
        assert (30 * layer.preactivation_std) ** 2 == pytest.approx(square, rel=0.25)
        assert layer.mean**2 + layer.std**2 == pytest.approx((1 - exp(-2 * square)) / 2, rel=0.25)
        square = 1 - exp(-2 * square)


# -- extremes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("activation", "initializer", "overrides"),
    [
        ("{name: sin, omega: 1e-300}", "siren", ()),
        ("{name: sin, omega: 1e-40}", "siren", ()),
        ("{name: sin, omega: 1e6}", "siren", ()),
        ("{name: sin, omega: 1e6}", "{name: normal, std: 1e300}", ()),
        ("{name: squareplus, b: 1e-320}", "zeros", ()),
        ("{name: squareplus, b: 1e12}", "torch_linear", ()),
        ("squareplus", "torch_linear", ("saturation=1e-17",)),
        ("squareplus", "torch_linear", ("saturation=0.9999999999999999",)),
        ("{name: celu, alpha: 1e-50}", "torch_linear", ()),
        ("{name: celu, alpha: 1e-310}", "torch_linear", ()),
        ("{name: celu, alpha: 1e6}", "torch_linear", ("saturation=1e-300",)),
        ("erf", "torch_linear", ("saturation=1e-300",)),
        ("log_sigmoid", "torch_linear", ("saturation=1e-300",)),
        ("mish", "torch_linear", ("saturation=1e-300",)),
        ("hard_silu", "torch_linear", ("saturation=0.9999999999999999",)),
        ("step", "torch_linear", ("saturation=0.9999999999999999",)),
        ("exponential", "{name: normal, std: 10}", ()),
        ("{name: threshold, threshold: 1e30, value: -1e30}", "torch_linear", ()),
        ("{name: threshold, threshold: -1e30, value: 1e30}", "torch_linear", ()),
        ("{name: soft_shrink, threshold: 1e6}", "torch_linear", ()),
        ("{name: hard_shrink, threshold: 0}", "torch_linear", ()),
        ("{name: prelu, negative_slope: -1e6}", "torch_linear", ()),
        ("tanh", "{name: sparse, sparsity: 1}", ()),
        ("tanh", "{name: sparse, sparsity: 0, std: 0}", ()),
        ("tanh", "{name: sparse, sparsity: 0.5, std: 1e300}", ()),
        ("tanh", "nguyen_widrow", ("features=1", "width=[1, 1]")),
    ],
)
def test_extreme_parameters_end_in_a_result(activation, initializer, overrides, dtype):
    """Silently (a warning is an error here) and in strict JSON, unless the table refuses them."""
    keys = {"samples": 10, "features": 5, "width": "[6, 3]", "dtype": dtype}
    try:
        result = result_of(activation, initializer, *overrides, **keys)
    except SpecError as error:
        (line,) = error.lines
        assert "must be a finite number >=" in line
    else:
        check(result)


def test_celu_of_the_smallest_alpha_is_relu():
    """In float32 a smaller alpha would be 0 itself, and 0/0 nan."""
    [parameter] = ACTIVATIONS["celu"].parameters
    alpha = parameter.minimum or 1e-50
    celu = result_of(f"{{name: celu, alpha: {alpha}}}", "torch_linear", samples=20, width=9)
    relu = result_of("relu", "torch_linear", samples=20, width=9)
    for one, other in zip(celu.layers, relu.layers, strict=True):
        assert one.nonfinite == 0
        assert (one.mean, one.max) == pytest.approx((other.mean, other.max), rel=1e-6, abs=1e-5)


def test_one_input_gives_every_unit_its_norm():
    """In float32 one draw in 2^24 is a zero, which has no direction; seed 32 draws one here."""
    result = result_of(
        "linear", "nguyen_widrow", samples=1, features=1, width="[100000]", bias="zeros", seed=32
    )
    assert result.layers[0].nonfinite == 0
    assert result.layers[0].weights.zero_fraction == 0
    assert result.layers[0].weights.std == pytest.approx(70_000, rel=1e-3)
