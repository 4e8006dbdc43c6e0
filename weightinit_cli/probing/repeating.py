"""A model built under several seeds: what the first one shows, and how it spreads over all."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, counted, printable
from weightinit_cli.results.spreads import OverSeeds, layer_figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.probing.observing import Framework, Observation
    from weightinit_cli.results.probe import ProbedParameter

SEEDS = 1 << 64
SAME_WEIGHTS = (
    "other draws of the weights: the target builds the same ones under every seed, so that the "
    "repeats differ in their inputs alone"
)


def observe_seeds(
    framework: Framework,
    target: Any,
    inputs: Mapping[str, Input],
    loss: Loss,
    *,
    seed: int,
    repeats: int,
    exact: bool,
) -> Observation:
    """Build and run a model under `seed`, `seed` + 1 and so on, so many times.

    Inputs and labels that are drawn are drawn anew for each. The observation is the first seed's,
    with the spread of every figure over all. Raises WinitError where the target is a model, which
    is not built anew, and where a seed gives a model of other values or parameters.
    """

    def observed(number: int) -> Observation:
        own = (seed + number) % SEEDS
        model = framework.build(target, own)
        if model is target and repeats > 1:
            raise WinitError(
                f"{counted(repeats, 'repeat')} of a model that is there already: give a function "
                "that builds it, which is called once for each seed"
            )
        return framework.observe(model, inputs, loss, seed=own, exact=exact)

    first = observed(0)
    if repeats == 1:
        return first
    values, parameters, losses = OverSeeds(), OverSeeds(), OverSeeds()
    weights = set()
    for number in range(repeats):
        one = first if number == 0 else observed(number)
        _refuse_others(first, one, seed, (seed + number) % SEEDS)
        values.add(layer_figures(value.figures) for value in one.values)
        parameters.add(map(parameter_figures, one.parameters))
        losses.add([{"loss": one.loss.value}] if one.loss else [])
        weights.add(tuple(each.statistics.stream for each in one.parameters))
    found = first.loss and replace(first.loss, spread=losses.spreads()[0].get("loss"))
    return first._replace(
        values=tuple(
            replace(value, figures=replace(value.figures, repeats=spreads))
            for value, spreads in zip(first.values, values.spreads(), strict=True)
        ),
        parameters=tuple(
            replace(parameter, repeats=spreads)
            for parameter, spreads in zip(first.parameters, parameters.spreads(), strict=True)
        ),
        loss=found,
        unseen=(*first.unseen, SAME_WEIGHTS) if len(weights) == 1 else first.unseen,
    )


def parameter_figures(parameter: ProbedParameter) -> dict[str, float | None]:
    """The figures of a parameter that differ from draw to draw."""
    return {
        "statistics.mean": parameter.statistics.mean,
        "statistics.std": parameter.statistics.std,
        "statistics.kurtosis": parameter.statistics.kurtosis,
        "scaled_std": parameter.scaled_std,
        "gradient_rms": parameter.gradient_rms,
        "gradient_ratio": parameter.gradient_ratio,
    }


def _refuse_others(first: Observation, one: Observation, seed: int, other: int) -> None:
    """Raise WinitError where the model of another seed has other values or parameters."""
    pairs = (
        ("value", _shapes(first.values), _shapes(one.values)),
        ("parameter", _shapes(first.parameters), _shapes(one.parameters)),
    )
    for what, of_first, of_other in pairs:
        for number, (was, now) in enumerate(zip_longest(of_first, of_other), 1):
            if was != now:
                raise WinitError(
                    printable(
                        f"the model is another one under seed {other}: {what} {number} is "
                        f"{now or 'not there'}, and under seed {seed} {was or 'not there'}; "
                        "repeats need the same ones under every seed"
                    )
                )


def _shapes(things: Iterable[Any]) -> list[str]:
    return [f"{each.name} {each.shape}" for each in things]
