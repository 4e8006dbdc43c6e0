"""Every kind of picture at its extremes, as wide as it is and in a column: no two texts overlap.

None leaves the page, either. The phase diagram's are in test_phase.py.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from support.plots import descents, kernels, trainings
from support.plots.extents import collisions
from weightinit_cli.plots import PLAIN, Look, compose_comparison, drawings, symmetry, training
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.page import Page
from weightinit_cli.results.comparison import VARIANT, Comparison, DescentRun, TrainedRun, compared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import Result

COLUMN = Look(width=237.6)
LONG = "a name that is much longer than any picture could ever be wide " * 3
JAPANESE = "重み初期化の名前 (活性化関数)"
FIVE_LAYERS = ("net_sigmoid", "net_zero", "net_overflow", "all_nan", "net_relu", "net_std10")


def hold(picture: Any) -> None:
    """Hold that no texts overlap and that none is outside the page, in both widths."""
    for look in (PLAIN, COLUMN):
        drawing = drawn(picture, look) if isinstance(picture, Page) else picture
        assert collisions(drawing) == []


def deep(result: Result, layers: int) -> Result:
    """The same result over so many layers: each of its own stands for several, or for none."""
    of = len(result.layers)
    chosen = tuple(result.layers[k * of // layers] for k in range(layers))
    spec = {**result.spec, "layers": layers, "width": [50] * layers}
    return replace(result, layers=chosen, spec=spec)


@pytest.mark.parametrize("layers", [1, 2, 10, 11, 100, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["net_tanh_10", "net_overflow", "net_zero", "all_nan"])
def test_layers(name: str, layers: int, shape: Callable[[str], Result]) -> None:
    for picture in drawings(deep(shape(name), layers)).values():
        hold(picture)


@pytest.mark.parametrize("name", [LONG, JAPANESE])
def test_names(name: str, shape: Callable[[str], Result]) -> None:
    for picture in drawings(replace(shape("net_sigmoid"), name=name)).values():
        hold(picture)


def many(shape: Callable[[str], Result], runs: Sequence[tuple[tuple[str, Any], ...]]) -> Comparison:
    """One of a few results at each of these values."""
    keep = len(runs) <= 8
    found = [
        compared(shape(FIVE_LAYERS[k % len(FIVE_LAYERS)]), str(k), varied, keep)
        for k, varied in enumerate(runs)
    ]
    return Comparison("many", shape("net_relu").spec, tuple(found))


def trained(runs: Sequence[tuple[tuple[str, Any], ...]]) -> Page | None:
    """A training at each of these values; one of four diverges."""
    found = []
    for k, varied in enumerate(runs):
        diverged = 20 if k % 4 == 3 else None
        made = trainings.network(2.4, 0.1 + k / 50, 60, seed=k, diverged=diverged)
        name = ",".join(str(value) for _, value in varied)
        found.append(TrainedRun(name, trainings.trained([made]), varied))
    return training.comparison("many", found[0].result.spec, found, len(runs))


def named(number: int) -> list[str]:
    """So many names, of which one is long and one Japanese."""
    return [JAPANESE, f"1 {LONG}", *(f"variant {k}" for k in range(2, number))][-number:]


@pytest.mark.parametrize("number", [1, 3, 12, 40])
def test_variants(number: int, shape: Callable[[str], Result]) -> None:
    hold(compose_comparison(many(shape, [((VARIANT, each),) for each in named(number)])))
    hold(trained([((VARIANT, each),) for each in named(number)]))
    descent = descents.staircase(3)
    runs = [DescentRun(descent, ((VARIANT, each),)) for each in named(number)]
    hold(symmetry.comparison("many", descent.spec, runs, number))


@pytest.mark.parametrize(
    "axes",
    [
        {"initializer.std": [0, 1e-12, 0.1, 1e6]},
        {"activation": named(4), "initializer.std": [0.01, 0.1, 1]},
        {"initializer.std": [0.01, 0.1, 1], "width": [1, 10, 1000]},
        {"activation": named(12), "initializer": named(3)},
        {"a": named(3), "b": [0.001, 12345678], "c": [1, 2]},
        {"a": [1, 2], "b": named(3), "c": [1e-300, 2.5], "d": [True, False]},
    ],
)
def test_sweeps(axes: dict[str, list[Any]], shape: Callable[[str], Result]) -> None:
    runs = [tuple(zip(axes, values, strict=True)) for values in product(*axes.values())]
    hold(compose_comparison(many(shape, runs)))
    hold(trained(runs))


@pytest.mark.parametrize(
    "result",
    [
        *(descents.DESCENTS[name] for name in ("staircase", "diverging", "japanese")),
        *(trainings.TRAININGS[name] for name in ("some_diverged", "one_step", "odd_names")),
        lambda: [("restarts", trainings.restarts(40, 60))],
        lambda: kernels.built("he"),
    ],
)  # fmt: skip
def test_other_experiments(result: Callable[[], Any]) -> None:
    made = result()
    for each in [one for _, one in made] if isinstance(made, list) else [made]:
        for picture in drawings(each).values():
            hold(picture)
