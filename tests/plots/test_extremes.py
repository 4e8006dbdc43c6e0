"""Results at the ends of the floats: every picture is drawn, without a warning."""

from __future__ import annotations

import random
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from support.plots import descents, kernels, networks, trainings
from support.plots.drawn import shapes
from weightinit_cli.plots import (
    FORMATS,
    comparison_pictures,
    pictures,
    render,
)
from weightinit_cli.plots.engine.drawing import Area, Dots, Label, Line
from weightinit_cli.plots.pictures import drawings
from weightinit_cli.results.comparison import VARIANT, TrainedRun, compared
from weightinit_cli.results.model import HistogramCounts, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.plots.engine.drawing import Drawing

SMALLEST, LARGEST = 5e-324, 1.7976931348623157e308
EXTREMES = (0.0, -0.0, SMALLEST, -1e-310, 1.0, 1e300, LARGEST, -LARGEST)

RESULTS: dict[str, Callable[[], Any]] = {
    "dense": lambda: networks.NETWORKS["net_tanh_3"](),
    "own axes": lambda: networks.NETWORKS["net_exploding_10"](),
    "deep": lambda: networks.NETWORKS["net_sigmoid_12"](),
    "convolution": lambda: kernels.built("he"),
    "descent": descents.staircase,
    "trained": lambda: trainings.comparison(40)[0][1],
    "restarts": lambda: trainings.restarts(6, 40),
}


def changed(value: Any, floats: Callable[[], float], name: str = "") -> Any:
    """The same with every float replaced; integers, texts and what a spec says stay.

    The value of a verdict is no less than 0: another one is refused.
    """
    if isinstance(value, Verdict):
        return replace(value, value=abs(floats()))
    if isinstance(value, HistogramCounts):
        ends = sorted((floats(), floats()))
        edges = sorted(ends + [ends[k % 2] for k in range(len(value.edges) - 2)])
        return replace(value, edges=tuple(edges))
    if is_dataclass(value) and not isinstance(value, type):
        news = {
            each.name: changed(getattr(value, each.name), floats, each.name)
            for each in fields(value)
        }
        return replace(value, **news)
    if isinstance(value, tuple | list):
        return tuple(changed(each, floats) for each in value)
    if isinstance(value, dict) and name not in ("spec", "environment"):
        return {key: changed(each, floats) for key, each in value.items()}
    return floats() if isinstance(value, float) else value


def assert_finite(drawing: Drawing) -> None:
    """Everything in the picture has a place."""
    assert np.isfinite([drawing.width, drawing.height]).all()
    for item in drawing.items:
        if isinstance(item, Area | Line | Dots):
            assert np.isfinite(item.vertices).all()
        if isinstance(item, Label):
            assert np.isfinite([item.x, item.y, item.size]).all()


@pytest.fixture(scope="module", params=RESULTS)
def result(request: pytest.FixtureRequest) -> Any:
    return RESULTS[request.param]()


@pytest.mark.parametrize("value", [0.0, SMALLEST, LARGEST, -LARGEST])
def test_one_value_everywhere(result: Any, value: float):
    for drawing in map(shapes, drawings(changed(result, lambda: value)).values()):
        assert_finite(drawing)


def test_any_values(result: Any):
    chance = random.Random(13)  # noqa: S311
    for format_ in FORMATS:
        for _ in range(3):
            drawn = drawings(changed(result, lambda: chance.choice(EXTREMES)))
            for drawing in map(shapes, drawn.values()):
                assert_finite(drawing)
        assert render(next(iter(drawn.values())), format_, "")


def test_comparisons():
    chance = random.Random(14)  # noqa: S311
    network = networks.NETWORKS["net_tanh_3"]()
    axes = {
        "variants": lambda k: ((VARIANT, f"run {k}"),),
        "swept": lambda k: (("initializer.std", EXTREMES[k]),),
        "maps": lambda k: (("initializer.std", EXTREMES[k // 3]), ("width", k % 3)),
    }
    for varied in axes.values():
        runs = tuple(
            compared(
                changed(network, lambda: chance.choice(EXTREMES)), str(k), varied(k), keep=True
            )
            for k in range(6)
        )
        assert comparison_pictures("many", network.spec, runs, len(runs), ("png",))
    results = [RESULTS[name]() for name in ("trained", "restarts", "trained")]
    losses = [
        TrainedRun(str(k), changed(each, lambda: chance.choice(EXTREMES)), (("seed", k),))
        for k, each in enumerate(results)
    ]
    assert comparison_pictures("many", results[0].spec, losses, len(losses), ("svg",))


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb \x00\n\x1b $x$ 重み初期化 😀"])
def test_any_text(text: str):
    """In the name, which is drawn, and the digest, which is in the file's metadata."""
    for made in (networks.NETWORKS["net_tanh_1"](), trainings.comparison(20)[0][1]):
        assert pictures(replace(made, name=text, digest=text), FORMATS)


def test_every_kind_is_a_figure(result: Any):
    for picture in drawings(result):
        result.figure(picture).canvas.draw()
