"""`assert_healthy`: what a test says of a network that starts badly."""

from __future__ import annotations

import doctest
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli.testing
from support.probes import probe_result
from weightinit_cli import WinitError, load_spec, run, spec_of
from weightinit_cli.results.model import Verdict
from weightinit_cli.testing import assert_conforms, assert_healthy

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = {"samples": 60, "width": 12, "layers": 2, "activation": "sigmoid"}
SOUND = {**SMALL, "initializer": "xavier_normal"}
SICK = {**SMALL, "initializer": {"name": "normal", "std": 0}}
SAID = """\
2 verdicts of warning or worse
{name}:
  severe: units_identical first at layer 1: all its units are the same
  severe: vanishing_gradient: its norm falls to 0 from layer 2 down to layer 1; \
threshold 1e-6; follows from units_identical"""


def test_a_sound_start():
    for what in (SOUND, spec_of(SOUND), run(SOUND), "relu_he"):
        assert_healthy(what)


def test_a_bad_start_in_any_form(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in SICK.items()).replace("'", ""))
    for name, what in (
        *(("spec", SICK), ("spec", spec_of(SICK)), ("spec", run(SICK))),
        *(("mine", file), ("mine", str(file)), ("mine", load_spec(file))),
    ):
        with pytest.raises(AssertionError) as caught:
            assert_healthy(what)
        assert str(caught.value) == SAID.format(name=name)


def test_a_probe_of_a_model():
    """Which has no thresholds of its own."""
    assert_healthy(probe_result())
    drawn = Verdict("no_gradient", "warning", module="head", line="model.py:3", evidence="unused")
    with pytest.raises(AssertionError, match=r"small:\n  warning: no_gradient at head \(.*unused"):
        assert_healthy(probe_result(verdict=[drawn]))
    assert_healthy(probe_result(verdict=[drawn]), allow="no_gradient")


def test_what_is_allowed():
    assert_healthy(SICK, allow=["units_identical", "vanishing_gradient"])
    with pytest.raises(AssertionError, match=r"1 verdict of severe\n.*\n.*units_identical"):
        assert_healthy(SICK, allow="vanishing_gradient", fail_on="severe")
    with pytest.raises(AssertionError, match=r"1 verdict of note or worse(?s:.*)note: collapsed"):
        assert_healthy(SICK, allow={"units_identical", "vanishing_gradient"}, fail_on="note")


def test_every_run_is_looked_at_and_those_that_fail_are_named():
    swept = {**SOUND, "sweep": {"initializer.gain": [0, 1, 1e-9]}}
    with pytest.raises(AssertionError) as caught:
        assert_healthy(swept)
    runs = [line for line in str(caught.value).splitlines() if line.endswith(":")]
    assert runs == ["spec/initializer.gain=0:", "spec/initializer.gain=1e-09:"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"allow": ["saturate"]}, "allow: no verdict 'saturate'; did you mean 'saturated'?"),
        ({"allow": ["healthy"]}, "allow: no verdict 'healthy'; there are overflow, "),
        ({"allow": [3]}, "allow: no verdict 3; there are overflow, "),
        ({"fail_on": "warn"}, "fail_on: no severity 'warn'; did you mean 'warning'?"),
        ({"fail_on": "dying"}, "fail_on: no severity 'dying'; there are note, warning, severe"),
        ({"fail_on": None}, "fail_on: no severity None; "),
    ],
)
def test_unknown_names(given: dict[str, Any], said: str):
    with pytest.raises(ValueError, match="no ") as caught:
        assert_healthy("no such file", **given)
    assert str(caught.value).startswith(said)


def test_what_has_no_verdicts_is_not_called_healthy():
    trained = {"experiment": "symmetry", "activation": "tanh", "initializer": "zeros", "steps": 1}
    with pytest.raises(ValueError, match="spec: verdicts are those of histogram, not symmetry"):
        assert_healthy(trained)
    for result in (run(trained), replace(run(SOUND), verdict=())):
        with pytest.raises(ValueError, match="spec: there are no verdicts in a result of this"):
            assert_healthy(result)


def test_bad_specs_are_the_errors_of_run():
    for what in ({"activation": "tanh"}, "no such file", 3):
        with pytest.raises(WinitError):
            assert_healthy(what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fails",
    [
        lambda: assert_healthy(SICK),
        lambda: assert_healthy({**SICK, "widht": 3}),
        lambda: assert_healthy(SICK, allow=["nothing"]),
        lambda: assert_conforms(lambda _, shape: list(shape), "he_normal"),
        lambda: assert_conforms(None, "he_norml"),
    ],
)
def test_a_failure_shows_the_test_and_none_of_ours(fails: Callable[[], None]):
    with pytest.raises((AssertionError, WinitError, ValueError)) as caught:
        fails()
    names = {Path(entry.path).name for entry in caught.traceback.filter(caught)}
    assert names == {Path(__file__).name}


def test_its_example():
    assert doctest.testmod(weightinit_cli.testing).failed == 0


def test_nothing_is_put_into_anybodys_pytest():
    names = [each.value for each in entry_points(group="pytest11")]
    assert not any(name.startswith("weightinit_cli") for name in names)
