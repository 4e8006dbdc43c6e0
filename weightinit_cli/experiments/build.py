"""Spec -> the network that it describes: theory's numbers filled in, its first weights found."""

from __future__ import annotations

from functools import cache, partial
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.resources import check_trial
from weightinit_cli.experiments.shown import law_of
from weightinit_cli.initializers import AUTO, INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import given
from weightinit_cli.network import (
    Conv,
    Dense,
    Elementwise,
    Network,
    Request,
    Stage,
    draw_parameters,
)
from weightinit_cli.network.draws import draw_inputs
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.parameters import ParameterError
from weightinit_cli.results import Reconstruction
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.convolution import Convolution
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network import Weighted
    from weightinit_cli.spec import Experiment, Spec

Array = np.ndarray[Any, Any]

# Inputs per step of pretraining, drawn with replacement; training has its own `batch`.
PRETRAINING_BATCH = 128


def build_network(spec: Spec) -> Network:
    """The network that a spec describes, ready to be drawn; `with_data` gives it inputs of a file.

    Raises SpecError where the spec asks theory for a number that does not exist: `critical` for
    an activation without a critical line there, `gain: auto` without a finite one.
    """
    layers: tuple[Weighted, ...]
    if spec.convolution is None:
        layers = build_dense(spec, (spec.features, *spec.width))
    else:
        layers = _build_convolutions(spec, spec.convolution)
    stages = activated(spec, layers)
    dtype = np.dtype(spec.dtype)
    return Network(stages, spec.samples, dtype, spec.seed, inputs=law_of(spec))


def build_classifier(
    spec: Experiment, sizes: Sequence[int], samples: int, dtype: np.dtype[Any]
) -> Network:
    """Dense layers from each size to the next, the last one an output layer.

    Raises SpecError as `build_network` does.
    """
    *hidden, output = build_dense(spec, sizes)
    stages = (*activated(spec, hidden), Stage(output))
    return Network(stages, samples, dtype, spec.seed)


def activated(spec: Experiment, layers: Iterable[Weighted]) -> tuple[Stage, ...]:
    """The layers, each with the spec's activation after it."""
    activation = build_activation(spec)
    return tuple(Stage(layer, Elementwise(activation, layer.units)) for layer in layers)


def build_dense(spec: Experiment, sizes: Sequence[int]) -> tuple[Dense, ...]:
    """Dense layers from each size to the next, all by the spec's initializers."""
    samplers = cache(partial(_samplers, spec))  # of one shape are often very many
    layers = []
    for number, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        fans = Fans(fan_in, fan_out, first=number == 0)
        layers.append(Dense(fan_in, fan_out, *samplers(fans)))
    return tuple(layers)


def _build_convolutions(spec: Spec, stack: Convolution) -> tuple[Conv, ...]:
    layers = []
    for number, (image, stride) in enumerate(zip(stack.shapes, stack.stride, strict=False)):
        channels = stack.channels[number]
        fans = Fans.of_kernel(stack.kernel, image.channels, channels, first=number == 0)
        weights, bias = _samplers(spec, fans)
        layers.append(Conv(image, channels, stack.kernel, stack.padding, stride, weights, bias))
    return tuple(layers)


def _samplers(spec: Experiment, fans: Fans) -> tuple[Sampler, Sampler | None]:
    """The samplers of the weights and of the biases, None where these are zero."""
    bias = _bias(spec, fans)
    zero = bias.mean == 0 and bias.std == 0
    return build_weights(spec, fans), None if zero else bias


def build_weights(spec: Experiment, fans: Fans) -> Sampler:
    """The sampler of a layer's weights, by the spec's initializer.

    Raises SpecError where a plug-in's does not draw as it must, or needs more memory than there is.
    """
    row = INITIALIZERS[spec.initializer.name]
    if row.source:
        check_trial(spec, fans)
    try:
        return row.build(fans, **weight_arguments(spec, fans))
    except ParameterError as error:
        raise SpecError([spec.problem("initializer", error.message)]) from error


def build_activation(spec: Experiment) -> Activation:
    """The spec's activation."""
    return ACTIVATIONS[spec.activation.name].build(**spec.activation.arguments)


def build_request(spec: Spec) -> Request:
    """What is to be counted: the bins' range, and where the activation is flat."""
    activation = build_activation(spec)
    span: tuple[float, float] | None
    if spec.histogram.range == "auto":
        span = activation.bounds if all(map(isfinite, activation.bounds)) else None
    else:
        span = None if spec.histogram.range == "per_layer" else spec.histogram.range
    return Request(spec.histogram.bins, span, *activation.ends(spec.saturation))


def asks_theory(spec: Experiment) -> bool:
    """Whether a number of the network is theory's to say."""
    row = INITIALIZERS[spec.initializer.name]
    return bool(row.theory) or spec.initializer.arguments.get("gain") == AUTO


def weight_arguments(spec: Experiment, fans: Fans) -> dict[str, Any]:
    """What the initializer of a layer's weights is built with, theory's numbers filled in.

    Raises SpecError as `build_network` does.
    """
    row = INITIALIZERS[spec.initializer.name]
    arguments: dict[str, Any] = spec.initializer.arguments
    if row.activation:
        arguments |= spec.activation.arguments
    if row.theory:
        arguments[row.theory] = _critical_sigma_w(spec, _bias(spec, fans))
    if arguments.get("gain") == AUTO:
        arguments["gain"] = 1.0 if fans.first else _gain(spec)
    return arguments


def _bias(spec: Experiment, fans: Fans) -> Sampler:
    row = INITIALIZERS[spec.bias.name]
    if row.build_bias is not None:
        return row.build_bias(fans, **spec.bias.arguments)
    return row.build(Fans(1, fans.columns), **spec.bias.arguments)


def _gain(spec: Experiment) -> float:
    from weightinit_cli.theory import expectations_of
    from weightinit_cli.theory.maps import gain_of

    gain, _ = gain_of(expectations_of(spec.activation.name, **spec.activation.arguments))
    if not (gain and isfinite(gain)):
        square = "not known" if isnan(gain) else "inf" if not gain else "0"
        message = f"{spec.activation.name} has no gain: E[φ²] is {square}"
        raise SpecError([spec.problem("initializer.gain", message)])
    return gain


def _critical_sigma_w(spec: Experiment, bias: Sampler) -> float:
    from weightinit_cli.theory import UnresolvedError, expectations_of
    from weightinit_cli.theory.critical import critical_line, critical_sigma_w

    if bias.mean:
        message = "the critical line is for biases without a mean"
        raise SpecError([spec.problem("bias", message)])
    expectations = expectations_of(spec.activation.name, **spec.activation.arguments)
    try:
        point = critical_sigma_w(expectations, bias.std)
    except UnresolvedError as error:
        message = f"no critical sigma_w of {spec.activation.name} is known: {error}"
        raise SpecError([spec.problem("initializer", message)]) from error
    if point is None:
        message = f"{spec.activation.name} {critical_line(expectations).sentence(bias.std)}"
        raise SpecError([spec.problem("initializer", message)])
    return point.sigma_w


def start_work(spec: Spec, network: Network) -> float:
    """Say how much work `started` is, in multiply-adds."""
    work = 0.0
    if INITIALIZERS[spec.initializer.name].data_dependent:
        from weightinit_cli.network.lsuv import lsuv_work

        work += lsuv_work(network)
    if spec.pretraining is not None:
        work += len(network.stages) * spec.pretraining.steps * _step_work(network)
    return work


def started(
    spec: Spec, network: Network, threads: int, done: Callable[[float], None]
) -> tuple[Network, tuple[Reconstruction, ...]]:
    """Give the network the weights that it starts from; say how its layers were pretrained.

    Both look at the inputs that it will be shown. Raises SpecError where a layer has no scale, or
    diverges.
    """
    row = INITIALIZERS[spec.initializer.name]
    if not row.data_dependent and spec.pretraining is None:
        return network, ()
    inputs = np.empty((network.samples, network.features), network.dtype)
    with workers(threads, ignore_work) as apply:
        draw_inputs(network, inputs, apply)
    network = scaled(spec, network, inputs, threads, done)
    if spec.pretraining is None:
        return network, ()
    weights, biases, hashes = draw_parameters(network)
    cost = _step_work(network)
    found = pretrained(
        spec,
        network,
        weights,
        biases,
        inputs,
        size=min(PRETRAINING_BATCH, len(inputs)),
        bounds=(-inf, inf),
        done=lambda steps: done(steps * cost),
    )
    samplers = (
        (given(w, (short_hash or "").encode()), given(b[np.newaxis]))
        for w, b, short_hash in zip(weights, biases, hashes, strict=True)
    )
    return network.drawn_by(samplers), found


def scaled(
    spec: Experiment,
    network: Network,
    inputs: Array,
    threads: int = 1,
    done: Callable[[float], None] = ignore_work,
) -> Network:
    """Give the network the scales that its initializer finds on `inputs`, shape (n, features).

    Raises SpecError where a layer has none.
    """
    if not INITIALIZERS[spec.initializer.name].data_dependent:
        return network
    from weightinit_cli.network.lsuv import NoScaleError, lsuv_gains, with_gains

    tolerance = float(spec.initializer.arguments["tolerance"])
    with workers(threads, done) as apply:
        try:
            return with_gains(network, lsuv_gains(network, inputs, tolerance, apply))
        except NoScaleError as error:
            layer = f"layer {error.layer}{_of(spec, network)}"
            message = f"{spec.initializer.name} finds no scale for {layer}"
            problem = spec.problem("initializer", f"{message}: {error.reason}")
            raise SpecError([problem]) from None


def pretrained(
    spec: Experiment,
    network: Network,
    weights: Sequence[Array],
    biases: Sequence[Array],
    inputs: Array,
    *,
    size: int,
    bounds: tuple[float, float],
    done: Callable[[float], None],
) -> tuple[Reconstruction, ...]:
    """Pretrain hidden layers in place, on mini-batches of `size` of the `inputs`.

    Nothing is done, and nothing returned, where the spec does not ask for it. Raises SpecError
    where a layer diverges.
    """
    if spec.pretraining is None:
        return ()
    from weightinit_cli.network.learning import batches
    from weightinit_cli.network.pretraining import pretrain

    found = pretrain(
        network.stages[: len(weights)],
        weights,
        biases,
        inputs,
        [
            batches(
                stream(network.seed, Role.PRETRAINING, repeat=network.repeat, layer=number),
                len(inputs),
                size,
            )
            for number in range(1, len(weights) + 1)
        ],
        bounds=bounds,
        steps=spec.pretraining.steps,
        rate=spec.pretraining.learning_rate,
        nudged=network.nudge,
        done=done,
    )
    for number, each in enumerate(found, 1):
        if each.diverged is not None:
            message = (
                f"layer {number}{_of(spec, network)} diverges at step {each.diverged:,} of its "
                f"pretraining; take less than {spec.pretraining.learning_rate:g}"
            )
            raise SpecError([spec.problem("pretraining.learning_rate", message)])
    return tuple(Reconstruction(each.before, each.after) for each in found)


def _of(spec: Experiment, network: Network) -> str:
    """Say in words which of several networks it is, and of which of several runs."""
    of = f" of network {network.repeat + 1:,}" if network.repeat else ""
    return f"{of} of {spec.label}" if spec.label else of


def _step_work(network: Network) -> float:
    """Say how much work a step of pretraining is: six products of a mini-batch and the weights."""
    entries = sum(layer.entries for layer in network.weighted) / len(network.stages)
    return 6 * min(PRETRAINING_BATCH, network.samples) * entries
