"""Spec -> the network that it describes: theory's numbers filled in, its first weights found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.resources import check_trial
from weightinit_cli.experiments.shown import law_of
from weightinit_cli.initializers import AUTO, INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import given
from weightinit_cli.network import (
    BatchNorm,
    Conv,
    Dense,
    Elementwise,
    LayerNorm,
    Network,
    Request,
    Residual,
    RMSNorm,
    Stage,
    draw_parameters,
)
from weightinit_cli.network.draws import draw_inputs
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.parameters import ParameterError
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.results import Reconstruction, ResolvedLayer
from weightinit_cli.spec import different, initializers_of_weights
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.convolution import Convolution
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network import Weighted
    from weightinit_cli.precision import Precision
    from weightinit_cli.spec import AnySpec, Component, Experiment, Output, PerLayer, Spec
    from weightinit_cli.spec import Residual as BranchSpec
    from weightinit_cli.spec.model import Normalization

Array = np.ndarray[Any, Any]

# Inputs per step of pretraining, drawn with replacement; training has its own `batch`.
PRETRAINING_BATCH = 128

NORMALIZATIONS: Final[dict[Normalization, type[LayerNorm | RMSNorm | BatchNorm]]] = {
    "layer_norm": LayerNorm,
    "rms_norm": RMSNorm,
    "batch_norm": BatchNorm,
}


def build_network(spec: Spec) -> Network:
    """The network that a spec describes, ready to be drawn; `with_data` gives it inputs of a file.

    Raises SpecError where the spec asks theory for a number that does not exist: `critical` for
    an activation without a critical line there, `gain: auto` without a finite one.
    """
    layers: tuple[Weighted, ...]
    projection = None
    if spec.convolution is not None:
        layers = _build_convolutions(spec, spec.convolution)
    else:
        features, width = spec.features, spec.width
        if spec.residual is not None and features != width[0]:
            fans = Fans(features, width[0], first=True)
            weights = INITIALIZERS["lecun_normal"].build(fans)
            projection = Dense(features, width[0], weights, None)
            features = width[0]
        layers = build_dense(spec, (features, *width))
    stages = _in_blocks(spec, activated(spec, layers))
    if spec.output is not None:
        stages = (*stages, Stage(_build_output(spec, spec.output, layers[-1].units)))
    precision = precision_of(spec)
    return Network(
        stages,
        spec.samples,
        np.dtype(precision.held),
        spec.seed,
        low=precision if precision.is_low else None,
        inputs=law_of(spec),
        projection=projection,
        output=spec.output is not None,
    )


def precision_of(spec: Spec) -> Precision:
    """The type of the network's numbers. Raises SpecError where what knows it is missing."""
    if spec.dtype == "bfloat16" and find_spec("ml_dtypes") is None:
        message = "bfloat16 needs ml_dtypes: pip install 'weightinit-cli[bfloat16]'"
        raise SpecError([spec.problem("dtype", message)])
    return PRECISIONS[spec.dtype]


def _in_blocks(spec: Spec, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages with the spec's normalization, as branches beside a stream where it says so."""
    residual, kind = spec.residual, None
    if spec.normalization is not None:
        kind = NORMALIZATIONS[spec.normalization]
    if residual is None:
        if kind is None:
            return stages
        return tuple(stage._replace(between=(kind(stage.units),)) for stage in stages)
    scale = residual.factor(spec.layers)
    found = []
    for stage, second in zip(stages, _seconds(spec, residual), strict=True):
        here = None if kind is None else kind(stage.units)
        before = here if residual.placement == "pre" else None
        after = here if residual.placement == "post" else None
        found.append(stage._replace(residual=Residual(scale, second, before, after)))
    return tuple(found)


def resolved_layer(layer: Weighted) -> ResolvedLayer:
    """The plain numbers that a layer was built from."""
    return ResolvedLayer(
        fan_in=layer.fan_in,
        fan_out=layer.fan_out,
        weight_std=layer.weights.std,
        bias_std=layer.bias.std if layer.bias else 0.0,
    )


def _seconds(spec: Spec, residual: BranchSpec) -> Iterator[Dense | None]:
    """The second layer of each branch, V and a: by its own initializer, and the spec's bias."""
    if residual.initializer is None:
        yield from [None] * spec.layers
        return
    samplers = cache(partial(_samplers, spec))
    for start in second_starts(spec, residual.initializer):
        units = start.fans.fan_in
        yield Dense(units, units, *samplers(start))


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
    """The layers, each with its activation after it."""
    return tuple(
        Stage(layer, Elementwise(activation, layer.units))
        for layer, activation in zip(layers, build_activations(spec), strict=True)
    )


@dataclass(frozen=True, slots=True)
class LayerStart:
    """What a spec says of one layer's start: its initializers, and what lies around its weights.

    `below` is the activation whose values the weights see; in layer 1, which sees the inputs, it is
    the layer's own. `number` is the layer's, from 0; layers that differ in it alone are alike. The
    keys of an output layer, and of a branch's second layer, lie below `above`: "output.", say.
    """

    fans: Fans
    initializer: Component
    bias: Component
    activation: Component
    below: Component
    number: int = field(compare=False)
    above: str = ""

    def path(self, key: str, spec: Experiment) -> str:
        """Where the spec says so: `initializer`, or in a list `initializer.2`."""
        listed = getattr(spec, key)
        if self.above or not isinstance(listed, tuple):
            return f"{self.above}{key}"
        return f"{key}.{_place(listed, self.number)}"


def layer_starts(spec: Experiment, every: Iterable[Fans]) -> Iterator[LayerStart]:
    """What a spec says of layers of these fans; an output layer is drawn as the last hidden one."""
    for number, fans in enumerate(every):
        yield LayerStart(
            fans,
            _of_layer(spec.initializer, number),
            _of_layer(spec.bias, number),
            _of_layer(spec.activation, number),
            _of_layer(spec.activation, max(number - 1, 0)),
            number,
        )


def second_starts(spec: Spec, initializer: Component) -> Iterator[LayerStart]:
    """What a spec says of each branch's second layer, which has its own initializer."""
    own = replace(spec, initializer=initializer)
    for start in layer_starts(own, (Fans(units, units) for units in spec.width)):
        yield replace(start, below=start.activation, above="residual.")


def output_start(spec: Spec, output: Output, fan_in: int) -> LayerStart:
    """What a spec says of the output layer on top of so many values."""
    last = spec.activations[-1]
    fans = Fans(fan_in, output.classes)
    return LayerStart(
        fans, output.initializer, output.bias, last, last, spec.layers, above="output."
    )


def _of_layer(given: PerLayer, number: int) -> Component:
    return given[_place(given, number)] if isinstance(given, tuple) else given


def _place(given: tuple[Component, ...], number: int) -> int:
    return min(number, len(given) - 1)


def build_dense(spec: Experiment, sizes: Sequence[int]) -> tuple[Dense, ...]:
    """Dense layers from each size to the next, all by the spec's initializers."""
    samplers = cache(partial(_samplers, spec))  # of one shape are often very many
    every = (
        Fans(fan_in, fan_out, first=number == 0)
        for number, (fan_in, fan_out) in enumerate(pairwise(sizes))
    )
    return tuple(
        Dense(*size, *samplers(start))
        for size, start in zip(pairwise(sizes), layer_starts(spec, every), strict=True)
    )


def _build_convolutions(spec: Spec, stack: Convolution) -> tuple[Conv, ...]:
    every = (
        Fans.of_kernel(stack.kernel, image.channels, channels, first=number == 0)
        for number, (image, channels) in enumerate(zip(stack.shapes, stack.channels, strict=False))
    )
    return tuple(
        Conv(image, channels, stack.kernel, stack.padding, stride, *_samplers(spec, start))
        for image, channels, stride, start in zip(
            stack.shapes, stack.channels, stack.stride, layer_starts(spec, every), strict=False
        )
    )


def _build_output(spec: Spec, output: Output, fan_in: int) -> Dense:
    """The output layer on top of so many values."""
    start = output_start(spec, output, fan_in)
    return Dense(fan_in, output.classes, *_samplers(spec, start))


def _samplers(spec: Experiment, start: LayerStart) -> tuple[Sampler, Sampler | None]:
    """The samplers of the weights and of the biases, None where these are zero."""
    bias = _bias(start)
    zero = bias.mean == 0 and bias.std == 0
    return build_weights(spec, start), None if zero else bias


def build_weights(spec: Experiment, start: LayerStart) -> Sampler:
    """The sampler of a layer's weights, by its initializer.

    Raises SpecError where a plug-in's does not draw as it must, or needs more memory than there is.
    """
    row = INITIALIZERS[start.initializer.name]
    if row.source:
        check_trial(spec, start.fans)
    try:
        return row.build(start.fans, **weight_arguments(spec, start))
    except ParameterError as error:
        problem = spec.problem(start.path("initializer", spec), error.message)
        raise SpecError([problem]) from error


def build_activations(spec: Experiment) -> tuple[Activation, ...]:
    """Every layer's activation; layers that have the same share it."""
    built = {
        each: ACTIVATIONS[each.name].build(**each.arguments)
        for each in dict.fromkeys(spec.activations)
    }
    return tuple(built[each] for each in spec.activations)


def build_request(spec: Spec) -> Request:
    """What is to be counted: over which range, and up to which slope φ is flat."""
    words: dict[Any, Literal["bounds"] | None] = {"auto": "bounds", "per_layer": None}
    range_ = spec.histogram.range
    span = words[range_] if isinstance(range_, str) else range_
    return Request(spec.histogram.bins, span, spec.saturation)


def asks_theory(spec: AnySpec) -> bool:
    """Whether a number of the network is theory's to say."""
    return any(
        bool(INITIALIZERS[each.name].theory) or each.arguments.get("gain") == AUTO
        for each in initializers_of_weights(spec)
    )


def scaled_on_data(spec: Experiment) -> Component | None:
    """The initializer where it finds its scales on the data, which is that of all layers."""
    first, *others = different(spec.initializer)
    return first if INITIALIZERS[first.name].data_dependent and not others else None


def weight_arguments(spec: Experiment, start: LayerStart) -> dict[str, Any]:
    """What the initializer of a layer's weights is built with, theory's numbers filled in.

    These are for what the weights see: `gain: auto` gives what the activation below hands on the
    variance 1, `critical` keeps its gradient.

    Raises SpecError as `build_network` does.
    """
    row = INITIALIZERS[start.initializer.name]
    arguments: dict[str, Any] = start.initializer.arguments
    if row.activation:
        arguments |= start.activation.arguments
    if row.theory:
        arguments[row.theory] = _critical_sigma_w(spec, start)
    if arguments.get("gain") == AUTO:
        arguments["gain"] = 1.0 if start.fans.first else _gain(spec, start)
    return arguments


def _bias(start: LayerStart) -> Sampler:
    row, fans = INITIALIZERS[start.bias.name], start.fans
    if row.build_bias is not None:
        return row.build_bias(fans, **start.bias.arguments)
    return row.build(Fans(1, fans.columns), **start.bias.arguments)


def _gain(spec: Experiment, start: LayerStart) -> float:
    from weightinit_cli.theory import expectations_of
    from weightinit_cli.theory.maps import gain_of

    gain, _ = gain_of(expectations_of(start.below.name, **start.below.arguments))
    if not (gain and isfinite(gain)):
        square = "not known" if isnan(gain) else "inf" if not gain else "0"
        message = f"{_seen(start)} has no gain: E[φ²] is {square}"
        raise SpecError([spec.problem(f"{start.path('initializer', spec)}.gain", message)])
    return gain


def _seen(start: LayerStart) -> str:
    """The activation below, which is said to be that where the layer has another."""
    name = start.below.name
    return name if start.below == start.activation else f"{name} (in the layer below)"


def _critical_sigma_w(spec: Experiment, start: LayerStart) -> float:
    from weightinit_cli.theory import UnresolvedError, expectations_of
    from weightinit_cli.theory.critical import critical_line, critical_sigma_w

    bias, path = _bias(start), start.path("initializer", spec)
    if bias.mean:
        message = "the critical line is for biases without a mean"
        raise SpecError([spec.problem(start.path("bias", spec), message)])
    name = _seen(start)
    expectations = expectations_of(start.below.name, **start.below.arguments)
    try:
        point = critical_sigma_w(expectations, bias.std)
    except UnresolvedError as error:
        message = f"no critical sigma_w of {name} is known: {error}"
        raise SpecError([spec.problem(path, message)]) from error
    if point is None:
        message = f"{name} {critical_line(expectations).sentence(bias.std)}"
        raise SpecError([spec.problem(path, message)])
    return point.sigma_w


def start_work(spec: Spec, network: Network) -> float:
    """Say how much work `started` is, in multiply-adds."""
    work = 0.0
    if scaled_on_data(spec):
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
    if not scaled_on_data(spec) and spec.pretraining is None:
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
    initializer = scaled_on_data(spec)
    if initializer is None:
        return network
    from weightinit_cli.network.lsuv import NoScaleError, lsuv_gains, with_gains

    tolerance = float(initializer.arguments["tolerance"])
    with workers(threads, done) as apply:
        try:
            return with_gains(network, lsuv_gains(network, inputs, tolerance, apply))
        except NoScaleError as error:
            layer = f"layer {error.layer}{_of(spec, network)}"
            message = f"{initializer.name} finds no scale for {layer}"
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
