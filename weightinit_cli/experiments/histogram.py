"""The histogram experiment: what becomes of Gaussian inputs, layer by layer."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.environment import environment
from weightinit_cli.experiments.kernels import first_kernels
from weightinit_cli.experiments.measure import measure
from weightinit_cli.experiments.memory import check_memory
from weightinit_cli.experiments.predict import ENOUGH_REPEATS, Predicted, predicted, with_theory
from weightinit_cli.experiments.repeats import with_spreads
from weightinit_cli.experiments.starts import start_work, started
from weightinit_cli.machine import most_threads
from weightinit_cli.network import peak_bytes
from weightinit_cli.results import SCHEMA_VERSION, Resolved, ResolvedLayer, Result
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.verdicts import draw_verdict

if TYPE_CHECKING:
    from weightinit_cli.experiments.progress import Progress
    from weightinit_cli.experiments.starts import Started
    from weightinit_cli.network import Network, PeakBytes, Request
    from weightinit_cli.spec import Spec

# Multiply-adds below which a second thread costs more than it gains.
SMALL_WORK = 1 << 28


def histogram(spec: Spec, threads: int | None, progress: Progress, nudge: int = 0) -> Result:
    """Run one spec; see `weightinit_cli.experiments.run`, and `shadow` for `nudge`."""
    network = build_network(spec)._replace(nudge=nudge)
    request = build_request(spec, network.activation)
    threads = _threads_for(network, threads)
    check_memory(spec, _needed(spec, network, request, threads))
    work = network.forward_work + (network.backward_work if spec.backward else 0.0)
    progress.start(spec.repeats * (work + start_work(spec, network)))
    start = started(spec, network, threads, progress.step)
    others = (
        started(spec, network._replace(repeat=repeat), threads, progress.step).network
        for repeat in range(1, spec.repeats)
    )
    runs = (
        measure(each, request, threads, progress.step, with_gradient=spec.backward)
        for each in chain([start.network], others)
    )
    input_figures, *layers = with_spreads(runs)
    network = start.network
    said = predicted(network, spec.activation, request)
    return Result(
        schema_version=SCHEMA_VERSION,
        name=spec.name,
        spec=normal_form(spec),
        resolved=_resolved(spec, start, request, said),
        digest=digest(spec),
        input=input_figures,
        layers=with_theory(layers, said, spec.repeats),
        verdict=draw_verdict(
            layers,
            spec.width,
            spec.thresholds,
            (request.x_low, request.x_high),
            [layer.positions for layer in network.layers],
        ),
        kernels=first_kernels(network),
        environment=environment(spec.activation),
        overrides=spec.overrides or None,
    )


def _needed(spec: Spec, network: Network, request: Request, threads: int) -> PeakBytes:
    needed = peak_bytes(network, request.bins, threads, traced=spec.backward)
    if spec.pretraining is None:
        return needed
    # with repeats the first network, the one before and the one in work; each with its draws
    networks = 2 if spec.repeats == 1 else 4
    entries = networks * sum(layer.entries for layer in network.layers) + 3 * network.largest
    return needed._replace(weights=needed.weights + network.dtype.itemsize * entries)


def _resolved(spec: Spec, start: Started, request: Request, said: Predicted) -> Resolved:
    layers = (
        ResolvedLayer(
            fan_in=layer.fan_in,
            fan_out=layer.fan_out,
            weight_std=layer.weights.std,
            bias_std=layer.bias.std if layer.bias else 0.0,
        )
        for layer in start.network.layers
    )
    return Resolved(
        x_low=request.x_low,
        x_high=request.x_high,
        layers=tuple(layers),
        no_theory=said.why_not,
        standard_errors=_standard_errors(spec, said),
        pretraining=start.pretraining,
    )


def _standard_errors(spec: Spec, said: Predicted) -> Literal["derived", "repeats"] | None:
    if said.why_not is not None:
        return None
    return "repeats" if spec.repeats >= ENOUGH_REPEATS else "derived"


def _threads_for(network: Network, wanted: int | None) -> int:
    """As many threads as are wanted or worth it, yet no more than this machine has use for."""
    work = network.samples * sum(layer.fan_in * layer.units for layer in network.layers)
    if wanted == 1 or (wanted is None and work < SMALL_WORK):
        return 1
    most = most_threads()
    return most if wanted is None else min(wanted, most)
