"""What is said where theory cannot follow an activation of which its functions alone are known."""

from __future__ import annotations

import numpy as np
import pytest

import weightinit_cli
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import WinitError
from weightinit_cli.experiments import gain_of
from weightinit_cli.spec import Component


@pytest.fixture(autouse=True)
def _waves():
    """Straight up and down without end: kinks are found from -64 to 64; or only near 0."""
    former = dict(ACTIVATIONS)

    def give(name, fast):
        @weightinit_cli.activation(
            name, derivative=lambda x: np.where((fast * x + 1) % 4 < 2, 1.0, -1.0)
        )
        def wave(x):
            return (1 - np.abs((fast * x + 1) % 4 - 2)) / fast

    give("wave", 1)
    give("fast_wave", 1000)
    yield
    ACTIVATIONS.clear()
    ACTIVATIONS.update(former)
    ACTIVATIONS.version += 1


def spec(activation="wave", initializer="critical", **others):
    return {"activation": activation, "initializer": initializer, "width": 20, **others}


def test_predictions_end_and_say_why():
    forecast = weightinit_cli.predict(spec(initializer={"name": "normal", "std": 3}))
    assert len(forecast.layers) == 0
    assert forecast.no_more == "the activation cannot be followed at a variance of 180"
    assert forecast.no_limits.startswith(
        "the variance grows, and the activation is not known there"
    )
    assert "With depth: the variance grows" in repr(forecast)


def test_what_is_known_is_said():
    forecast = weightinit_cli.predict(spec(initializer="he_normal"))
    assert len(forecast.layers) == 5
    assert forecast.no_more is forecast.no_limits is None


def test_a_run_has_no_predictions_there():
    run = {"initializer": {"name": "normal", "std": 3}, "samples": 20}
    result = weightinit_cli.histogram(**spec(**run))
    assert [layer.theory for layer in result.layers] == [None] * 5


def test_what_needs_theory_there_is_refused():
    with pytest.raises(WinitError, match=r"^wave has no phase diagram: it cannot be followed at"):
        weightinit_cli.phase("wave", sigma_w=(0, 100))
    biased = spec(bias={"name": "normal", "std": 20})
    with pytest.raises(WinitError, match="no critical sigma_w of wave is known: it cannot be"):
        weightinit_cli.predict(biased)
    auto = spec("fast_wave", {"name": "xavier_normal", "gain": "auto"})
    with pytest.raises(WinitError, match=r"fast_wave has no gain: E\[φ²\] is not known"):
        weightinit_cli.predict(auto)
    assert np.isnan(gain_of(Component("fast_wave"))[0])
