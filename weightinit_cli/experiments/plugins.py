"""Whether the functions of plug-ins do what they must."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING

from weightinit_cli.experiments.build import (
    build_weights,
    layer_starts,
    output_start,
    second_starts,
    weight_arguments,
)
from weightinit_cli.initializers import INITIALIZERS, Fans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.experiments.build import LayerStart
    from weightinit_cli.spec import AnySpec

# A formula is told to be another one than the draws' where they differ by more than this part.
UNLIKE = 0.05


def try_initializer(spec: AnySpec) -> list[str]:
    """Try a plug-in's initializer on every shape of the layers; say what is worth a word of it.

    Raises SpecError where it does not draw as it must.
    """
    starts = [
        start
        for start in dict.fromkeys(_starts(spec))
        if INITIALIZERS[start.initializer.name].source
    ]
    if not starts:
        return []
    from weightinit_cli.initializers.own import CHANCE, MEASURED, trial
    from weightinit_cli.initializers.samplers import LAWS

    notes = []
    for start in starts:
        name, fans = start.initializer.name, start.fans
        row = INITIALIZERS[name]
        if row.std == MEASURED:
            notes.append(
                f"{name} has no formula for its standard deviation, which is measured from one "
                "draw of each shape"
            )
        sampler = build_weights(spec, start)
        tried = trial(row.build, fans, **weight_arguments(spec, start))
        if tried is None:
            continue
        weights = f"{fans.fan_in} by {fans.columns} weights"
        if abs(tried.std - sampler.std) > max(UNLIKE * sampler.std, CHANCE * tried.error):
            notes.append(
                f"{name}: by its formula the standard deviation of {weights} is "
                f"{sampler.std:.4g}, but in one draw it is {tried.std:.4g}"
            )
        by_chance = CHANCE * sqrt(24 / (fans.fan_in * fans.columns))
        if sampler.law and abs(tried.kurtosis - 3 - LAWS[sampler.law].excess) > by_chance:
            notes.append(
                f"{name}: by its law, {sampler.law}, the kurtosis of {weights} is "
                f"{3 + LAWS[sampler.law].excess:.3g}, but in one draw it is {tried.kurtosis:.3g}"
            )
        if not tried.drew:
            notes.append(
                f"{name} draws nothing from rng: layers of one shape have the "
                "same weights under every seed"
            )
    return list(dict.fromkeys(notes))


def _starts(spec: AnySpec) -> Iterator[LayerStart]:
    """The starts of all layers with weights, also of branches' second ones and an output layer."""
    yield from layer_starts(spec, _fans(spec))
    if spec.experiment != "histogram":
        return
    if spec.residual is not None and spec.residual.initializer is not None:
        yield from second_starts(spec, spec.residual.initializer)
    if spec.output is not None:
        yield output_start(spec, spec.output, spec.width[-1])


def _fans(spec: AnySpec) -> Iterator[Fans]:
    """The fans of all layers that an initializer draws, but of a classifier's last one."""
    if spec.convolution is not None:
        stack = spec.convolution
        for number, (image, outputs) in enumerate(zip(stack.shapes, stack.channels, strict=False)):
            yield Fans.of_kernel(stack.kernel, image.channels, outputs, first=number == 0)
        return
    of_inputs = getattr(spec, "residual", None) is None and getattr(spec, "features", None)
    features = of_inputs or spec.width[0]  # a stream has the size of its blocks
    for number, (fan_in, fan_out) in enumerate(pairwise((features, *spec.width))):
        yield Fans(fan_in, fan_out, first=number == 0)
