"""What `winit check` is for: defects of a library's initializers and of its own figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from weightinit_cli.activations import ACTIVATIONS, Activation
from weightinit_cli.experiments import run, shadow
from weightinit_cli.guard import Gate, Outcome, choose, compare
from weightinit_cli.guard.rounding import SHADOWS
from weightinit_cli.initializers import schemes
from weightinit_cli.initializers.samplers import LAWS, Fans, Sampler, independent
from weightinit_cli.network import layer as network_layers
from weightinit_cli.network import recording
from weightinit_cli.spec import parse_spec
from weightinit_cli.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results import Result

    Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

UNEQUAL = "samples: 150\nwidth: [60, 15, 60]\nactivation: tanh\ninitializer: {}\n"
HE = "samples: 100\nwidth: 100\nlayers: 3\nactivation: relu\ninitializer: kaiming_normal\n"
TRUNCATED = "samples: 100\nwidth: 100\nlayers: 2\nactivation: tanh\ninitializer: he_normal\n"


LISTS = (
    "samples: 100\nwidth: 60\nactivation: [relu, tanh, sigmoid]\n"
    "initializer: [kaiming_normal, xavier_normal, {name: normal, std: 0.2}]\n"
)


def of(text: str) -> Result:
    return run(parse_spec(text, source="x.yaml", stem="x"))


def scaled(factor: float, law: str | None = None) -> Callable[..., Sampler]:
    """`independent` with a defect: it draws at another scale, of another law."""

    def wrong(name: str, scale: float, mean: float = 0.0) -> Sampler:
        drawn = independent(law or name, scale * factor, mean)
        return independent(name, scale, mean)._replace(fill=drawn.fill)

    return wrong


def places(outcome: object) -> set[str]:
    return {drift.place.figure for drift in outcome.drifts}


@pytest.mark.parametrize(
    ("text", "factor", "law"),
    [
        (
            "samples: 50\nwidth: 500\nlayers: 2\nbackward: false\nactivation: tanh\n"
            "initializer: xavier_normal\n",
            1.03,
            None,
        ),
        (TRUNCATED, 0.87962566103423978, None),
        (HE, 2**-0.5, None),
        (HE, 1.0, "truncated_normal"),
        (LISTS, 0.8, None),
    ],
    ids=["3 % off", "truncated for plain", "missing root 2", "cut off", "lists"],
)
def test_another_scale(
    monkeypatch: pytest.MonkeyPatch,
    statistical: Callable,
    text: str,
    factor: float,
    law: str | None,
):
    saved = of(text)
    sound = statistical(saved, text)
    assert not sound.failed, sound
    monkeypatch.setattr(schemes, "independent", scaled(factor, law))
    outcome = statistical(saved, text)
    assert outcome.failed
    assert any(figure.endswith("weights.std") for figure in places(outcome))


def test_fans_exchanged(monkeypatch: pytest.MonkeyPatch, statistical: Callable):
    text = UNEQUAL.format("lecun_normal")
    saved = of(text)
    assert not statistical(saved, text).failed
    from weightinit_cli.experiments import build

    def exchanged(fan_in: int, fan_out: int, first: bool = False) -> Fans:
        return Fans(fan_out, fan_in, first)

    monkeypatch.setattr(build, "Fans", exchanged)
    outcome = statistical(saved, text)
    assert outcome.failed
    assert any("weight" in figure or "layers" in figure for figure in places(outcome))


def test_two_layers_of_one_stream(monkeypatch: pytest.MonkeyPatch, statistical: Callable):
    text = "samples: 50\nwidth: 20\nlayers: 3\nactivation: tanh\ninitializer: xavier_normal\n"
    saved = of(text)

    def always_two(seed: int, role: int, *, repeat: int, layer: int, panel: int) -> object:
        return stream(seed, role, repeat=repeat, layer=min(layer, 2), panel=panel)

    monkeypatch.setattr(network_layers, "stream", always_two)
    outcome = statistical(saved, text)
    message = "layers 2 and 3 have the same draws"
    assert message in outcome.structure
    new = of(text)
    assert message in compare(saved, new, choose(saved, new)).structure


def own(law: str = "normal", factor: float = 1.0, mean: float = 0.0, std: float = 0.1) -> Draw:
    """Weights of a library's own: of this law and standard deviation, with a defect."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if law == "uniform":
            return factor * rng.uniform(-1, 1, shape) * std * 3**0.5
        drawn = rng.standard_normal(shape)
        while law == "truncated_normal" and (outside := np.abs(drawn) > 2).any():
            drawn[outside] = rng.standard_normal(np.count_nonzero(outside))
        drawn *= std / LAWS[law].std
        return factor * drawn + mean

    return draw


TANH = (
    "samples: 60\nwidth: 100\nlayers: 3\nbackward: false\nactivation: tanh\n"
    "initializer: xavier_normal\n"
)


@pytest.mark.parametrize(
    ("weights", "seen"),
    [
        (own(), None),
        (own("truncated_normal"), "kurtosis"),
        (own("uniform"), "kurtosis"),
        (own(factor=1.05), "std"),
        (own(factor=1.025), "std"),
        (own(mean=0.01), "mean"),
        (own(mean=0.004), "mean"),
    ],
    ids=["sound", "truncated", "uniform", "std 5 %", "std 2.5 %", "mean", "small mean"],
)
def test_an_initializer_of_ones_own(statistical: Callable, weights: Draw, seen: str | None):
    spec = parse_spec(TANH, source="x.yaml", stem="x")
    outcome = statistical(run(spec, weights=weights), TANH)
    assert outcome.failed == (seen is not None), outcome.drifts
    if seen is not None:
        # All layers together tell most.
        assert f"standardized weights.{seen}" in places(outcome)


@pytest.mark.parametrize(
    ("text", "std", "seen"),
    [
        (TANH, 0.1, "biases"),
        (TANH + "bias: {name: normal, std: 0.1}\n", 0.1, ""),
        (TANH + "bias: {name: normal, std: 0.1}\n", 0.15, "standardized biases.std"),
    ],
)
def test_biases_of_ones_own(statistical: Callable, text: str, std: float, seen: str):
    def biases(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return std * rng.standard_normal(shape)

    outcome = statistical(run(parse_spec(text, source="x.yaml", stem="x"), biases=biases), text)
    assert outcome.failed == bool(seen), outcome.drifts
    assert seen in " ".join([*outcome.structure, *places(outcome)])


def test_what_theory_says_of_other_draws(statistical: Callable):
    saved = of(TANH)
    theory = replace(saved.layers[1].theory, one_minus_c=0.98)
    layers = (saved.layers[0], replace(saved.layers[1], theory=theory), saved.layers[2])
    assert places(statistical(replace(saved, layers=layers), TANH)) == {"theory.one_minus_c"}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_a_slope_half_a_percent_too_steep_in_a_chaotic_network(
    monkeypatch: pytest.MonkeyPatch, other_machine: Outcome, activation: str
):
    text = "samples: 100\nwidth: 60\nlayers: 5\n"
    text += f"activation: {activation}\ninitializer: {{name: normal, std: 1.5}}\n"
    spec = parse_spec(text, source="x.yaml", stem="x")
    new, shadows = run(spec), [shadow(spec, number) for number in range(1, SHADOWS + 1)]
    sound = compare(shadow(spec, 9), new, other_machine, shadows)
    assert not sound.failed, sound.drifts
    row = ACTIVATIONS[activation]

    def steeper() -> Activation:
        right = row.build()
        return right._replace(slope=lambda x: right.slope(x) * np.float32(1.005))

    monkeypatch.setitem(ACTIVATIONS, activation, row._replace(build=steeper))
    steep = compare(shadow(spec, 9), new, other_machine, shadows)
    assert any(figure.endswith("gradient.signal_rms") for figure in places(steep))


@pytest.fixture
def other_machine() -> Outcome:
    return Outcome(Gate.ROUNDING, "BLAS a, now b")


def test_the_upper_bin_is_lost(
    monkeypatch: pytest.MonkeyPatch, statistical: Callable, other_machine: Outcome
):
    text = (
        "samples: 200\nwidth: 30\nlayers: 2\nactivation: sigmoid\n"
        "initializer: {name: normal, std: 10}\n"
    )
    saved = of(text)
    assert not statistical(saved, text).failed
    right = recording.bin_edges

    def lost(bins: int, low: float, high: float) -> np.ndarray:
        edges = right(bins, low, high)
        edges[-1] = np.nextafter(edges[-1], -np.inf, dtype=np.float32)
        return edges

    monkeypatch.setattr(recording, "bin_edges", lost)
    assert statistical(saved, text).failed
    new = of(text)
    for chosen in (choose(saved, new), other_machine):
        outcome = compare(saved, new, chosen)
        assert outcome.drifted
    assert "histogram.overflow" in places(outcome)


@pytest.mark.parametrize("gate", Gate)
def test_saturation_counted_without_the_end(
    monkeypatch: pytest.MonkeyPatch, statistical: Callable, gate: Gate
):
    text = (
        "samples: 100\nwidth: 30\nlayers: 2\nactivation: relu\n"
        "initializer: {name: normal, std: 0}\n"
    )
    saved = of(text)
    assert saved.layers[0].saturation.low == 1
    assert not statistical(saved, text).failed

    def below(threshold: float, dtype: object) -> object:
        return np.nextafter(np.asarray(threshold, dtype), -np.inf, dtype=dtype)

    monkeypatch.setattr(recording, "at_most", below)
    if gate is Gate.STATISTICAL:
        outcome = statistical(saved, text)
    else:
        outcome = compare(saved, of(text), Outcome(gate))
    assert "saturation.low" in places(outcome)
