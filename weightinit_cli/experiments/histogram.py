"""A spec of `experiment: histogram`: networks forwards and backwards, and spreads over seeds."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np

from weightinit_cli.experiments.build import (
    build_network,
    build_request,
    resolved_layer,
    start_work,
    started,
)
from weightinit_cli.experiments.output import measured_output, output_of, update_ratio
from weightinit_cli.experiments.own import BY_SPEC, Own
from weightinit_cli.experiments.predict import (
    ENOUGH_REPEATS,
    NetworkTheory,
    theory_of,
    with_theory,
)
from weightinit_cli.experiments.resources import (
    check_memory,
    checksums_of,
    data_of,
    environment,
)
from weightinit_cli.experiments.scaling import loss_scale
from weightinit_cli.experiments.shown import bytes_of_data, with_data
from weightinit_cli.experiments.statistics import (
    gradient_statistics,
    roundings,
    second_gradient,
    statistics,
    unresolved_gradient,
)
from weightinit_cli.machine import most_threads
from weightinit_cli.network import Request, backward, forward, peak_bytes
from weightinit_cli.network.draws import draw_weights
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results import (
    SCHEMA_VERSION,
    Kernels,
    Resolved,
    Result,
)
from weightinit_cli.results.spreads import with_spreads
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.verdicts import Layer, Seen, draw_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.experiments.output import MeasuredOutput
    from weightinit_cli.network import Network, PeakBytes, Stage, Weighted
    from weightinit_cli.progress import Progress
    from weightinit_cli.results import LayerStatistics, Output, Reconstruction
    from weightinit_cli.spec import Spec

# Multiply-adds below which a second thread costs more than it gains.
SMALL_WORK = 1 << 28
MOST_FILTERS = 64
MOST_VALUES = 1 << 14


def run(
    spec: Spec, threads: int | None, progress: Progress, pattern: int = 0, own: Own = BY_SPEC
) -> Result:
    """Run one spec; see `weightinit_cli.experiments.run`, and `shadow` for `pattern`."""
    network = build_network(spec)._replace(nudge=pattern)
    request = build_request(spec)
    threads = _threads_for(network, threads)
    check_memory(spec, _needed(spec, network, request, threads, own))
    work = network.forward_work + (network.backward_work if spec.backward else 0.0)
    progress.start(spec.repeats * (work + start_work(spec, network)))
    read = checksums_of(spec) if data_of(spec) else None

    def drawn(repeat: int) -> tuple[Network, tuple[Reconstruction, ...]]:
        one = with_data(spec, network._replace(repeat=repeat))
        body, pretraining = started(spec, own.drawn(one.body), threads, progress.step)
        return one.with_body(body), pretraining

    first, pretraining = drawn(0)
    others = (drawn(repeat)[0] for repeat in range(1, spec.repeats))
    outputs: list[MeasuredOutput] = []
    runs = (
        measure(
            each,
            request,
            threads,
            progress.step,
            with_gradient=spec.backward,
            rate=spec.learning_rate,
            outputs=outputs,
        )
        for each in chain([first], others)
    )
    input_figures, *layers = with_spreads(runs)
    theory = theory_of(first, spec.activations, request)
    scale = loss_scale(first, request, layers, threads)
    layers, output = list(with_theory(layers, theory, spec.repeats)), None
    if first.output:
        output = output_of(first, layers.pop(), outputs, theory)
    return Result(
        schema_version=SCHEMA_VERSION,
        name=spec.name,
        spec=normal_form(spec),
        resolved=_resolved(spec, first, pretraining, request, theory, scale),
        digest=digest(spec, read),
        input=input_figures,
        layers=tuple(layers),
        verdict=draw_verdict(
            _seen(first, request, input_figures, layers, output, scale),
            spec.thresholds,
        ),
        kernels=first_kernels(first),
        output=output,
        environment=environment(spec) | own.names,
        overrides=spec.overrides or None,
        checksums=read,
    )


def _needed(spec: Spec, network: Network, request: Request, threads: int, own: Own) -> PeakBytes:
    needed = peak_bytes(network, request.bins, threads, traced=spec.backward)
    needed = needed._replace(signals=needed.signals + bytes_of_data(spec, network))
    if spec.pretraining is None and own.weights is None:
        return needed
    # with repeats the first network, the one before and the one in work; each with its draws
    networks = 2 if spec.repeats == 1 else 4
    entries = networks * sum(layer.entries for layer in network.weighted) + 3 * network.largest
    return needed._replace(weights=needed.weights + network.dtype.itemsize * entries)


def _resolved(
    spec: Spec,
    network: Network,
    pretraining: tuple[Reconstruction, ...],
    request: Request,
    theory: NetworkTheory,
    scale: int | None,
) -> Resolved:
    ends = [request.ends(stage.function) for stage in network.body.stages]
    of_all = ends[0] if len(set(ends)) == 1 else None
    x_low, x_high = of_all or (None, None)
    layers = (
        replace(
            resolved_layer(stage.weighted),
            x_low=None if of_all else low,
            x_high=None if of_all else high,
            second=None if stage.second is None else resolved_layer(stage.second),
        )
        for stage, (low, high) in zip(network.body.stages, ends, strict=True)
    )
    projection = network.projection
    return Resolved(
        x_low=x_low,
        x_high=x_high,
        layers=tuple(layers),
        projection=None if projection is None else resolved_layer(projection),
        no_theory=theory.why_not,
        standard_errors=_standard_errors(spec, theory),
        pretraining=pretraining,
        loss_scale=scale,
    )


def _seen(
    network: Network,
    request: Request,
    given: LayerStatistics,
    layers: Sequence[LayerStatistics],
    output: Output | None,
    scale: int | None,
) -> Seen:
    """The measured network as verdicts are drawn from it; `given` are the input's figures."""
    return Seen(
        given,
        tuple(
            Layer(
                number=number,
                units=stage.weighted.units,
                positions=stage.weighted.positions,
                samples=network.samples,
                fan_in=stage.weighted.fan_in,
                bias_std=stage.weighted.bias.std if stage.weighted.bias else 0.0,
                low=low,
                high=high,
                slope_at_zero=float(stage.function.derivative(np.zeros(1))[0]),
                figures=figures,
                scale=None if stage.residual is None else stage.residual.scale,
            )
            for number, (stage, figures) in enumerate(
                zip(network.body.stages, layers, strict=True), 1
            )
            for low, high in [request.ends(stage.function)]
        ),
        output,
        network.stages[-1].units if network.output else 0,
        _normalization(network.stages[0]),
        scale,
    )


def _normalization(stage: Stage) -> Literal["none", "plain", "pre", "post"]:
    """Where stages have a normalization, if they do."""
    if stage.residual is None:
        return "plain" if stage.between else "none"
    if stage.residual.before is not None:
        return "pre"
    return "none" if stage.residual.after is None else "post"


def _standard_errors(spec: Spec, theory: NetworkTheory) -> Literal["derived", "repeats"] | None:
    if theory.why_not is not None:
        return None
    return "repeats" if spec.repeats >= ENOUGH_REPEATS else "derived"


def _threads_for(network: Network, wanted: int | None) -> int:
    """Take as many threads as are wanted or worth it, yet no more than the machine can use."""
    layers = (*network.weighted, *network.seconds)
    work = network.samples * sum(layer.fan_in * layer.units for layer in layers)
    if wanted == 1 or (wanted is None and work < SMALL_WORK):
        return 1
    most = most_threads()
    return most if wanted is None else min(wanted, most)


def measure(
    network: Network,
    request: Request,
    threads: int,
    done: Callable[[float], None],
    *,
    with_gradient: bool,
    rate: float | None = None,
    outputs: list[MeasuredOutput] | None = None,
) -> list[LayerStatistics]:
    """Measure the figures of the input, then those of every layer, logits the last.

    `rate` is that of a first step of SGD, and `outputs` gets what is measured of an output layer
    beside its logits.
    """
    trace: list[np.ndarray] | None = [] if with_gradient else None
    records = forward(network, request, threads, done, trace)
    positions = (None, *(_positions(layer) for layer in network.weighted))
    figures, resolutions = [], []
    for seen, places in zip(records, positions, strict=True):
        figures.append(statistics(seen, places))
        resolutions.append(seen.resolution)
        if outputs is not None and seen.loss is not None:
            outputs.append(measured_output(seen.loss, figures[-1]))
    if trace is None:
        return figures
    above = None
    sloped, flushed = True, False
    returned = backward(network, trace, threads, done)
    for number, record in zip(range(len(figures) - 1, 0, -1), returned, strict=True):
        sloped = sloped and resolutions[number].sloped
        flushed = flushed or resolutions[number].flushed
        layer, gradient = figures[number], gradient_statistics(record, above, network.precision)
        ratio = update_ratio(gradient, layer.weights, rate)
        gradient = replace(gradient, update_ratio=ratio)
        branch = layer.branch and replace(layer.branch, weight_rms=second_gradient(record))
        rounded = {**(layer.rounded or {}), **roundings(record.rounded)} or None
        layer = replace(layer, gradient=gradient, branch=branch, rounded=rounded)
        lost = unresolved_gradient(
            layer,
            figures[number - 1],
            record,
            above,
            network.precision,
            sloped=sloped,
            flushed=flushed,
        )
        if ratio is not None and "gradient.weight_rms" in lost:
            lost["gradient.update_ratio"] = None
        figures[number] = replace(layer, unresolved={**layer.unresolved, **lost})
        above = None if network.output and number == len(figures) - 1 else record
    return figures


def _positions(layer: Weighted) -> int | None:
    return layer.positions if layer.axes else None


def first_kernels(network: Network) -> Kernels | None:
    """The kernels of the first layer; None where it is no convolution."""
    layer = network.stages[0].weighted
    if not layer.axes:
        return None
    kernel = tuple(axis.kernel for axis in layer.axes)
    shown = min(layer.columns, MOST_FILTERS, max(1, MOST_VALUES // layer.fan_in))
    weights = np.empty((layer.fan_in, layer.columns), network.dtype)
    with workers(1, ignore_work) as apply:
        draw_weights(network, 1, weights, apply)
    finite = np.nan_to_num(weights[:, :shown].T)
    return Kernels(
        shape=(*kernel, layer.fan_in // prod(kernel)),
        filters=layer.columns,
        values=tuple(tuple(float(f"{value:.6g}") for value in row) for row in finite.tolist()),
    )
