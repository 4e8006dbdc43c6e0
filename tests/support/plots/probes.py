"""Probed models from arrays, with numpy alone: what their pictures need to be tried on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from support.plots.builders import DIGEST, counted, layer
from weightinit_cli.results.model import HEALTHY, Gradient, Verdict, WeightStatistics
from weightinit_cli.results.probe import (
    ProbedLoss,
    ProbedParameter,
    ProbedValue,
    ProbeResult,
    Stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LONG = "a_part_of_a_path_that_is_long." * 3 + "last"
JAPANESE = "層.重み_😀.größe"


def drawn(std: float, seed: int = 0, shape: tuple[int, ...] = (40, 25)) -> Any:
    """N(0, std²)."""
    return std * np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def gradient_of(rms: float | None, nonfinite: int = 0) -> Gradient:
    histogram = counted(np.abs(drawn(rms or 0.0)), 10, None)
    return Gradient(rms, None, None, None, nonfinite, histogram)


def value(
    module: str, operation: str, array: Any, gradient: Gradient | None = None, call: int = 1
) -> ProbedValue:
    """A value of these numbers, the inputs on its first axis."""
    figures = layer(array)
    finite = bool(np.isfinite(array).all())
    across = float(np.sqrt(array.var(axis=0).mean())) if finite else None
    figures = replace(figures, std_across_inputs=across, gradient=gradient)
    no_gradient = "computed under no_grad" if gradient is None else None
    return ProbedValue(
        module, "Module", operation, call, array.shape, array.shape[-1], (), (), "model.py:1",
        figures, no_gradient, None,
    )  # fmt: skip


def parameter(
    name: str,
    std: float,
    fans: tuple[int, int] | None,
    scheme: str | None = None,
    gradient: float | None = 1e-3,
    nonfinite: int = 0,
) -> ProbedParameter:
    fan_in, fan_out = fans or (None, None)
    return ProbedParameter(
        name=name,
        module=name.rpartition(".")[0],
        kind="Linear",
        shape=fans or (10,),
        fan_in=fan_in,
        fan_out=fan_out,
        statistics=WeightStatistics(0.0, std, -std, std, None, 3.0, 0.0, nonfinite, "0123abcd"),
        scaled_std=std * np.sqrt(fan_in) if fan_in else None,
        scheme=scheme,
        evidence="",
        gradient_rms=gradient,
        gradient_ratio=None if gradient is None else gradient / (std or 1.0),
        no_gradient="it is frozen" if gradient is None else None,
        shared_with=(),
        copy_of=None,
    )


def result_of(
    values: Iterable[ProbedValue],
    parameters: Iterable[ProbedParameter] = (),
    streams: Sequence[Stream] = (),
    verdict: tuple[Verdict, ...] = (Verdict(HEALTHY, None),),
    name: str = "gpt",
    loss: float | None = 6.3,
) -> ProbeResult:
    spec = {
        "experiment": "probe", "name": name, "target": "gpt.py:build", "framework": "torch",
        "inputs": {"0": "int:4,64<512"}, "loss": "cross_entropy", "seed": 0, "repeats": 1,
        "exact": False,
    }  # fmt: skip
    return ProbeResult(
        6, name, spec, DIGEST, {}, tuple(values), tuple(parameters), tuple(streams),
        ProbedLoss("cross_entropy", loss, 512, np.log(512)), verdict, (), {},
    )  # fmt: skip


def residual(
    blocks: int, prefix: str = "", verdict: tuple[Verdict, ...] = (Verdict(HEALTHY, None),)
) -> ProbeResult:
    """Blocks of a normalization, a product, an activation and a sum; the sums are a stream."""
    values = [value(f"{prefix}wte", "embedding", drawn(1.0), gradient_of(1e-3))]
    parameters = [parameter(f"{prefix}wte.weight", 0.02, (64, 64), "normal (std 0.02)")]
    stream, branches = [0], []
    for k in range(blocks):
        path = f"{prefix}blocks.{k}"
        gradient = gradient_of(1e-3 * 0.9**k)
        values += [
            value(f"{path}.ln", "layer_norm", drawn(1.0, k), gradient),
            value(f"{path}.fc", "linear", drawn(0.5, k + 1), gradient),
            value(path, "relu", np.maximum(drawn(0.5, k + 1), 0.0), gradient),
            value(path, "add", drawn(1.1**k, k), gradient),
        ]
        stream.append(len(values) - 1)
        branches.append(len(values) - 2)
        parameters += [
            parameter(f"{path}.ln.weight", 0.0, None),
            parameter(f"{path}.fc.weight", np.sqrt(2 / 64), (64, 256), "he_normal"),
            parameter(f"{path}.proj.weight", np.sqrt(1 / 256 / 3), (256, 64), "torch_linear"),
        ]
    values.append(value(f"{prefix}head", "linear", drawn(8.0), gradient_of(1e-4)))
    streams = [Stream(f"{prefix}blocks", "residual", tuple(stream), tuple(branches))]
    return result_of(values, parameters, streams, verdict)


def sequential(
    stds: Sequence[float], gradients: Sequence[float | None], name: str = "{}"
) -> ProbeResult:
    """A chain of linear layers, the name of each from its number."""
    values = [
        value(name.format(k), "linear", drawn(std, k), None if size is None else gradient_of(size))
        for k, (std, size) in enumerate(zip(stds, gradients, strict=True))
    ]
    parameters = [
        parameter(f"{name.format(k)}.weight", 0.1, (25, 25), None, size)
        for k, size in enumerate(gradients)
    ]
    return result_of(values, parameters, [Stream("", "sequential", tuple(range(len(values))))])


def nothing_finite() -> ProbeResult:
    whole = sequential([1.0] * 5, [1.0] * 5)
    lost = gradient_of(None, 1000)
    values = [
        value(each.module, "linear", np.full((40, 25), np.nan), lost) for each in whole.values
    ]
    parameters = [
        replace(each, gradient_rms=None, gradient_ratio=None, scaled_std=None)
        for each in whole.parameters
    ]
    return replace(whole, values=tuple(values), parameters=tuple(parameters))


def many_schemes() -> ProbeResult:
    """More schemes than there are colours."""
    whole = residual(12)
    parameters = [
        replace(each, scheme=f"normal (std {k})") for k, each in enumerate(whole.parameters)
    ]
    return replace(whole, parameters=tuple(parameters))


POINTED = (
    Verdict(
        "saturated", "warning", 24, "saturation", 0.7, module="blocks.5.add", line="model.py:12",
        evidence="70 % of it lies in the flat ends of tanh",
    ),
    Verdict("grows", "note", 30, module="blocks.7", evidence="× 1.1 a block"),
)  # fmt: skip

PROBES: dict[str, Callable[[], ProbeResult]] = {
    "one_value": lambda: sequential([1.0], [1.0]),
    "two_layers": lambda: sequential([1.0, 0.5], [0.1, 0.2]),
    "vanishing": lambda: sequential([0.3**k for k in range(30)], [0.3**k for k in range(30)]),
    "zeros": lambda: sequential([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
    "no_gradient": lambda: sequential([1.0] * 4, [None] * 4),
    "frozen_stem": lambda: sequential([1.0] * 4, [None, None, 0.1, 0.2]),
    "nothing_finite": nothing_finite,
    "gpt12": lambda: residual(12),
    "gpt12_pointed": lambda: residual(12, verdict=POINTED),
    "many_values": lambda: sequential([1.0] * 300, [0.1] * 300),
    "long_paths": lambda: residual(3, f"{LONG}."),
    "long_names": lambda: sequential([1.0] * 8, [0.1] * 8, LONG.replace(".", "_") + "{}"),
    "japanese": lambda: sequential([1.0] * 8, [0.1] * 8, JAPANESE + ".{}"),
    "many_schemes": many_schemes,
    "no_streams": lambda: replace(residual(2), streams=()),
    "six_streams": lambda: replace(
        residual(12), streams=tuple(Stream(f"s{k}", "residual", (k, k + 9)) for k in range(6))
    ),
    "no_parameters": lambda: replace(residual(2), parameters=()),
    "no_values": lambda: result_of([], loss=None),
}
