"""From Python without a file: `winit.histogram(...)`, and every call on what stands for a spec."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli as winit
from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments.calls import HistogramKeys
from weightinit_cli.results import SymmetryResult
from weightinit_cli.spec.kinds import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SMALL: dict[str, Any] = {
    "samples": 50,
    "layers": 2,
    "width": 10,
    "activation": "tanh",
    "initializer": "lecun_normal",
}
TANH = {"activation": "tanh"}
SYMMETRY = {**SMALL, "experiment": "symmetry", "steps": 3, "samples": 100}
SEVERAL = {**SMALL, "sweep": {"width": [10, 20]}}
ILL = {**SMALL, "initializer": {"name": "normal", "std": 1e-3}, "layers": 6}


def test_a_network_in_keywords():
    result = winit.histogram(**SMALL, seed=3)
    assert result == winit.run({**SMALL, "name": "histogram", "seed": 3})
    assert winit.histogram(**SMALL, name="mine", features=None).name == "mine"


def test_its_keywords_are_the_keys_of_the_table():
    keys = {field.name for field in TABLES["histogram"]} - {"experiment"}
    assert HistogramKeys.__annotations__.keys() == keys
    assert HistogramKeys.__required_keys__ == {"activation", "initializer"}
    others = {"weights", "biases", "threads", "progress"}
    assert signature(winit.histogram).parameters.keys() == keys | others


def test_functions_of_ones_own():
    def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, 0.5, shape)

    result = winit.histogram(**SMALL, weights=drawn, threads=1)
    assert result.layers[0].weights is not None
    assert result.layers[0].weights.std == pytest.approx(0.5, rel=0.2)


MISSING = "required; for example: initializer: xavier_normal"
OTHER = "must be histogram here, not symmetry"
ENDS = "must be two numbers"


@pytest.mark.parametrize(
    ("call", "keys", "said"),
    [
        (winit.histogram, {**SMALL, "widht": 3}, "widht: unknown key; did you mean 'width'?"),
        (winit.histogram, {"activation": "tanh"}, f"initializer: {MISSING}"),
        (winit.histogram, SYMMETRY, f"experiment: {OTHER}; run(...) takes it"),
        (winit.predict, {"spec": SYMMETRY}, f"experiment: {OTHER}; theory knows histogram alone"),
        (winit.phase, {"specs": [SYMMETRY]}, f"experiment: {OTHER}; theory knows histogram alone"),
        (winit.phase, {}, "give an activation, such as phase('tanh'), or specs"),
        (
            winit.phase,
            {"activation": "tnah"},
            "activation: unknown activation 'tnah'; did you mean 'tanh'?",
        ),
        (
            winit.phase,
            TANH | {"width": 2.5},
            "width: must be a whole number from 1 to 1,000,000,000, not 2.5",
        ),
        (
            winit.phase,
            TANH | {"sigma_w": 3},
            f"sigma_w: {ENDS}, 0 <= LOW < HIGH, for example sigma_w=(0, 3), not 3",
        ),
        (
            winit.phase,
            TANH | {"sigma_b": (1, 1e9)},
            f"sigma_b: {ENDS} with a HIGH from 1e-06 to 100000, not (1, 1000000000.0)",
        ),
    ],
)
def test_what_is_wrong_is_one_line(call: Callable[..., object], keys: dict[str, Any], said: str):
    with pytest.raises(WinitError) as caught:
        call(**keys)
    (line,) = caught.value.lines
    assert line.partition(": ")[2] == said


@pytest.mark.parametrize("name", ["run", "fix", "predict"])
def test_several_runs_are_told_how(name: str):
    with pytest.raises(
        ValueError, match=rf"2 runs; .*\[{name}\(each\) for each in expand\(spec\)\]"
    ):
        getattr(winit, name)(SEVERAL)


def test_what_the_error_shows_does_them_all():
    compared = winit.compare([winit.run(each) for each in winit.expand(SEVERAL)])
    assert compared.names == ("width 10", "width 20")


def test_run_of_another_experiment():
    assert isinstance(winit.run(SYMMETRY), SymmetryResult)


def test_theory_alone():
    forecast = winit.predict(SMALL)
    assert forecast == winit.predict(winit.spec_of(SMALL))
    layer = winit.run(SMALL).layers[1]
    assert layer.theory is not None
    assert forecast.layers[1].figures["std"].value == pytest.approx(
        layer.theory.figures["std"].value
    )


def test_phase_of_an_activation_and_of_specs():
    diagram = winit.phase({"name": "leaky_relu", "negative_slope": 0.5}, width=50, sigma_w=(0, 2))
    assert (diagram.activation, diagram.width) == ("leaky_relu (negative_slope 0.5)", 50)
    assert 0 < diagram.sigma_w[0] < diagram.sigma_w[-1] < 2
    own = winit.phase(specs=SMALL)
    assert [each.name for each in own.own] == ["spec"]
    both = winit.phase("tanh", specs=[SMALL, {**SEVERAL, "initializer": "lsuv", "name": "other"}])
    assert [each.name for each in both.own] == ["spec"]
    assert [line.split(":")[0] for line in both.left_out] == ["2 of 3 runs"]


def test_check_takes_a_mapping():
    result = winit.run(SMALL)
    assert not winit.check(result, against=SMALL).failed
    assert winit.check(result, against={**SMALL, "activation": "relu"}).failed
    with pytest.raises(SpecError, match="spec: widht: unknown key"):
        winit.check(result, against={**SMALL, "widht": 1})


def test_fix_takes_a_mapping():
    remedy = winit.fix(ILL)
    assert not remedy.own.healthy
    assert remedy.mended is not None
    assert winit.run(remedy.mended).verdict[0].name == "healthy"
