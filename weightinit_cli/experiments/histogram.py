"""The histogram experiment: what becomes of Gaussian inputs, layer by layer."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments.environment import environment
from weightinit_cli.experiments.memory import check_memory
from weightinit_cli.experiments.statistics import statistics
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Dense, Network, Request, available_cores, forward, peak_bytes
from weightinit_cli.results import SCHEMA_VERSION, Resolved, ResolvedLayer, Result
from weightinit_cli.spec import digest, normal_form

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation
    from weightinit_cli.experiments.progress import Progress
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.spec import Spec

# Multiply-adds below which a second thread costs more than it gains.
SMALL_WORK = 1 << 28


def histogram(spec: Spec, threads: int | None, progress: Progress) -> Result:
    """Run one spec; see `weightinit_cli.experiments.run`."""
    activation = ACTIVATIONS[spec.activation.name].build(**spec.activation.arguments)
    network = build_network(spec, activation)
    request = _request(spec, activation)
    threads = _threads_for(network) if threads is None else threads
    check_memory(spec, peak_bytes(network, request.bins, threads))
    progress.start(network.work)
    records = forward(network, request, threads, progress.step)
    figures = [statistics(record, request) for record in records]
    return Result(
        schema_version=SCHEMA_VERSION,
        name=spec.name,
        spec=normal_form(spec),
        resolved=_resolved(network, request),
        digest=digest(spec),
        input=figures[0],
        layers=tuple(figures[1:]),
        environment=environment(),
    )


def build_network(spec: Spec, activation: Activation) -> Network:
    """The network that a spec describes, ready to be drawn."""
    layers = []
    for number, (fan_in, fan_out) in enumerate(pairwise((spec.features, *spec.width))):
        fans = Fans(fan_in, fan_out, first=number == 0)
        bias = _bias(spec, fans)
        zero = bias.mean == 0 and bias.std == 0
        layers.append(Dense(fan_in, fan_out, _weights(spec, fans), None if zero else bias))
    return Network(tuple(layers), activation, spec.samples, np.dtype(spec.dtype), spec.seed)


def _weights(spec: Spec, fans: Fans) -> Sampler:
    row = INITIALIZERS[spec.initializer.name]
    shared = spec.activation.arguments if row.activation else {}
    return row.build(fans, **shared, **spec.initializer.arguments)


def _bias(spec: Spec, fans: Fans) -> Sampler:
    row = INITIALIZERS[spec.bias.name]
    if row.build_bias is not None:
        return row.build_bias(fans, **spec.bias.arguments)
    return row.build(Fans(1, fans.fan_out), **spec.bias.arguments)


def _request(spec: Spec, activation: Activation) -> Request:
    span: tuple[float, float] | None
    if spec.histogram.range == "auto":
        span = activation.bounds if all(map(isfinite, activation.bounds)) else None
    else:
        span = None if spec.histogram.range == "per_layer" else spec.histogram.range
    return Request(spec.histogram.bins, span, *activation.ends(spec.saturation))


def _resolved(network: Network, request: Request) -> Resolved:
    layers = (
        ResolvedLayer(
            fan_in=layer.fan_in,
            fan_out=layer.fan_out,
            weight_std=layer.weights.std,
            bias_std=layer.bias.std if layer.bias else 0.0,
        )
        for layer in network.layers
    )
    return Resolved(request.x_low, request.x_high, tuple(layers))


def _threads_for(network: Network) -> int:
    work = network.samples * sum(layer.fan_in * layer.fan_out for layer in network.layers)
    return 1 if work < SMALL_WORK else available_cores()
