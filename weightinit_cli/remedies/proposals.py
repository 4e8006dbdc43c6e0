"""Starts that theory proposes for a spec, and weights at any scale."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any, Final, cast

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import gain_of
from weightinit_cli.experiments.build import build_network
from weightinit_cli.initializers import AUTO, INITIALIZERS, Fans
from weightinit_cli.spec import (
    different,
    normal_form,
    per_layer,
    spec_from_normal_form,
    written_per_layer,
)
from weightinit_cli.spec.layers import COMPONENT_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weightinit_cli.network import Weighted
    from weightinit_cli.spec import PerLayer, Spec
    from weightinit_cli.spec.written import Written

    Change = Mapping[str, Any]
    Scaled = Callable[[float], Written]

# Initializers by name, those first that follow the activation.
NAMED: Final[tuple[Written, ...]] = (
    "critical",
    {"name": "xavier_normal", "gain": AUTO},
    "kaiming_normal",
    "lecun_normal",
    "xavier_normal",
    {"name": "orthogonal", "gain": AUTO},
    "orthogonal",
    "lsuv",
)
# Keys of the spec that decide what the weights are connected to.
STRUCTURE: Final = ("normalization", "residual", "output")
# Initializers of layers behind a normalization and of residual branches: of power near 1.
SOUND: Final[tuple[Written, ...]] = ("kaiming_normal", "lecun_normal")
# The scale of residual branches that are as large as their stream, all together.
SCALED: Final = {"scale": "1/sqrt(branches)"}
# The standard deviation of an output layer that says next to nothing.
SMALL_OUTPUT: Final = 0.01
# The parameter that an initializer's scale is, with the power of the standard deviation.
SCALES: Final = {"gain": 1, "std": 1, "scale": 2}
# What the initializers are, as variance_scaling, whose scale is in their name.
LAWS: Final = {
    **dict.fromkeys(("he_normal", "lecun_normal"), ("fan_in", "truncated_normal")),
    **dict.fromkeys(("he_uniform", "lecun_uniform", "torch_linear"), ("fan_in", "uniform")),
    "glorot_normal": ("fan_avg", "truncated_normal"),
    "critical": ("fan_in", "normal"),
}
GAUSSIAN: Final = {"name": "variance_scaling", "mode": "fan_in", "distribution": "normal"}
# Activations to take where one has no start: their critical lines begin at zero biases.
KINDRED: Final = ("tanh", "relu")
DIGITS: Final = 4


def changed(spec: Spec, change: Change) -> Spec:
    """The spec with what a change puts at its keys. Raises SpecError where that is not valid."""
    found = cast("Spec", spec_from_normal_form({**normal_form(spec), **change}, spec.name))
    return replace(found, marks=spec.marks, run=spec.run, label=spec.label)


def start(spec: Spec, initializer: Written, bias: Written) -> Change:
    """The change that gives a spec these weights and biases.

    Biases are named where the spec would have others without a word.
    """
    silent = written_per_layer(spec.bias) if "bias" in spec.marks else _default_bias(initializer)
    own = written_per_layer(spec.initializer)
    weights = {} if initializer == own else {"initializer": initializer}
    return {**weights, **({} if bias == silent else {"bias": bias})}


def _default_bias(initializer: Written) -> Written:
    every = initializer if isinstance(initializer, list) else [initializer]
    names = [each if isinstance(each, str) else each["name"] for each in every]
    biases = [INITIALIZERS[name].default_bias for name in names]
    return biases[0] if len(set(biases)) == 1 else list(biases)


def by_name(spec: Spec) -> Iterator[Written]:
    """The initializers that theory and practice propose for a spec."""
    yield from NAMED
    if spec.convolution is not None:
        yield {"name": "delta_orthogonal", "gain": AUTO}
    names = {each.name for each in different(spec.activation)}
    yield from (name for name, row in INITIALIZERS.items() if names == {row.activation})


def small_output(spec: Spec) -> Change:
    """An output layer whose logits are all near 0, of a spec that has one."""
    output = normal_form(spec)["output"]
    return {"output": {**output, "initializer": {"name": "normal", "std": SMALL_OUTPUT}}}


def small_branches(spec: Spec) -> Change:
    """Residual branches that all together are of the stream's size, of a spec that has some.

    They are scaled by 1 / √branches (Hayou et al. 2021, arXiv:2010.12859).
    """
    return {"residual": {**normal_form(spec)["residual"], **SCALED}}


def structures(spec: Spec) -> Iterator[Change]:
    """What keeps a signal where no scale of the weights does: the smallest change first.

    A normalization of every layer, residual branches, and a normalization of every branch (Xiong
    et al. 2020, arXiv:2002.04745).
    """
    form = normal_form(spec)
    residual = form.get("residual")
    if residual is None and "normalization" not in form:
        yield {"normalization": "layer_norm"}
        yield {"residual": SCALED}
    branches = {**(SCALED if residual is None else residual), "placement": "pre"}
    yield {"normalization": "layer_norm", "residual": branches}


def scales_of_theory(spec: Spec, bias: Written) -> Iterator[float]:
    """The sigma_w of theory for the last layer's activation, then those of He and of LeCun."""
    try:
        layer = build_network(changed(spec, start(spec, "critical", bias))).body.weighted[-1]
        yield layer.weights.std * sqrt(layer.fan_in)
    except SpecError:
        pass
    gain, _ = gain_of(spec.activations[-1])
    if gain and isfinite(gain):
        yield gain
    yield from (sqrt(2), 1.0)


def own_at_scale(spec: Spec, layer: Weighted) -> Scaled | None:
    """The spec's own initializer at any sigma_w; None where it has no scale, or layers differ.

    One that does not follow the fans has the scale that is right for this layer.
    """
    own, *others = different(spec.initializer)
    if others:
        return None
    name = own.name
    if name in LAWS:
        mode, law = LAWS[name]
        return _at_scale({"name": "variance_scaling", "mode": mode, "distribution": law}, layer)
    if name == "uniform":
        end = sqrt(3 / layer.fan_in)
        return lambda s: {"name": name, "low": -rounded(s * end), "high": rounded(s * end)}
    if any(each.name in SCALES for each in INITIALIZERS[name].parameters):
        return _at_scale({"name": name, **own.arguments}, layer)
    return None


def gaussian_at_scale(layer: Weighted) -> Scaled | None:
    """Independent normal weights at any sigma_w, of every layer."""
    return _at_scale(GAUSSIAN, layer)


def of_depth(spec: Spec, layers: int) -> Change:
    """The change that leaves a spec its first layers."""
    keys = ("width",) if spec.convolution is None else ("channels", "stride")
    form = normal_form(spec)
    components = {
        key: written_per_layer(given[:layers])
        for key in COMPONENT_KEYS
        if isinstance(given := getattr(spec, key), tuple)
    }
    return {"layers": layers, **{key: per_layer(form[key][:layers]) for key in keys}, **components}


def kindred(activation: PerLayer) -> Iterator[str]:
    """Activations that are used in place of others, and that have a start at most depths."""
    names = {each.name for each in different(activation)}
    yield from (name for name in KINDRED if names != {name})


def rounded(value: float) -> float:
    """The value with as many digits as a person copies."""
    return float(f"{value:.{DIGITS}g}")


def _at_scale(initializer: Mapping[str, Any], layer: Weighted) -> Scaled | None:
    """An initializer of mean 0 whose scale is such that this layer has any sigma_w."""
    _, *parameters = initializer
    row = INITIALIZERS[initializer["name"]]
    key = next(each.name for each in row.parameters if each.name in SCALES)
    defaults = {each.name: each.default for each in row.parameters}
    kept = {
        k: initializer[k]
        for k in parameters
        if k not in (key, "mean", "negative_slope") and initializer[k] != defaults[k]
    }
    fans = Fans(layer.fan_in, layer.fan_out, kernel=tuple(axis.kernel for axis in layer.axes))
    unit = row.build(fans, **kept, **{key: 1.0}).std * sqrt(layer.fan_in)
    if not unit:
        return None
    power = SCALES[key]
    return lambda s: {"name": initializer["name"], key: rounded((s / unit) ** power), **kept}
