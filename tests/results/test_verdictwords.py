"""Verdicts in words, the same for tables, pictures and checks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli.results.model import (
    SEVERITIES,
    Verdict,
    asked_for,
    is_healthy,
    worst_severity,
)
from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS, brief, sentence, told
from weightinit_cli.verdicts import DEFINITIONS, threshold_of


def _of(name: str) -> str:
    return DEFINITIONS[name].figure


def words(*arguments, **others) -> str:
    (only,) = told([Verdict(*arguments, **others)])
    return only.label + only.rest


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (
            ("vanishing_gradient", "severe", 1, "rms", 1.5e-11, (100, 1)),
            "severe (Adam mostly fails, too): vanishing_gradient: its root mean square falls to "
            "1.5e-11 of itself from layer 100 down to layer 1 (× 0.78 a layer)",
        ),
        (
            ("exploding_gradient", "warning", 1, "gradient norm", 6.2e11, (3, 1)),
            "warning: exploding_gradient: its norm grows 6.2e11-fold from layer "
            "3 down to layer 1 (× 7.9e5 a layer)",
        ),
        (
            ("vanishing_signal", "note", 1, "rms", 0.2, (0, 1)),
            "note: vanishing_signal: its root mean square falls to 0.20 of itself from the input "
            "to layer 1",
        ),
        (
            ("vanishing_signal", "warning", 1, "rms", 0.1, (0, 1000)),
            "warning: vanishing_signal: its root mean square falls to 0.10 of itself from the "
            "input to layer 1000 (× 0.9977 a layer)",
        ),
        (
            ("vanishing_signal", "warning", 1, "rms", None, (0, 33)),
            "warning: vanishing_signal: its root mean square falls below what the dtype can tell "
            "from the input to layer 33",
        ),
        (
            ("exploding_signal", "warning", 1, "rms", None, (2, 33)),
            "warning: exploding_signal: its root mean square grows beyond what the dtype can tell "
            "from layer 2 to layer 33",
        ),
        (
            ("vanishing_gradient", "severe", 4, "rms", 0.0, (5, 1)),
            "severe (Adam mostly fails, too): vanishing_gradient: its root mean square falls to 0 "
            "from layer 5 down to layer 1",
        ),
        (
            ("vanishing_gradient", "warning", 5, "gradient.signal_rms", 0.0),
            "warning: vanishing_gradient from layer 5 down: its root mean square is 0",
        ),
        (
            ("vanishing_gradient", "warning", 4, "mean gradient.ratio", 0.05248),
            "warning: vanishing_gradient from layer 4 down: its power is multiplied by 0.052 a "
            "layer, on average",
        ),
        (
            ("overflow", "severe", 3, "nonfinite", 31710.0),
            "severe (Adam mostly fails, too): overflow first at layer 3: 31,710 activations are "
            "inf or nan",
        ),
        (
            ("overflow", "warning", 3, "gradient.nonfinite", 7.0),
            "warning: overflow from layer 3 down: 7 values of the gradient are inf or nan",
        ),
        (
            ("inputs_indistinguishable", "warning", 2, "x", None),
            "warning: inputs_indistinguishable first at layer 2: std from input to input is "
            "smaller than the dtype can tell",
        ),
        (("odd", "note", 2, "std_across_units", 0.5), "note: odd first at layer 2: "
         "std_across_units is 0.50"),
        (("odd", "note"), "note: odd"),
        (("odd", "note", 2), "note: odd first at layer 2"),
    ],
)  # fmt: skip
def test_in_words(verdict: tuple, said: str):
    assert words(*verdict) == said


@pytest.mark.parametrize(
    ("verdict", "thresholds", "said"),
    [
        (
            ("vanishing_gradient", "warning", 1, _of("vanishing_gradient"), 0.0028, (5, 1)),
            {"vanishing_gradient": 0.005},
            "warning: vanishing_gradient: its norm falls to 0.0028 of itself from layer 5 down to "
            "layer 1 (× 0.23 a layer); threshold 0.005",
        ),
        (
            ("vanishing_gradient", "severe", 1, _of("vanishing_gradient"), 1e-9, (2, 1)),
            {"vanishing_gradient": 0.005},
            "severe: vanishing_gradient: its norm falls to 1.0e-9 of itself from layer 2 down to "
            "layer 1; threshold 1e-6",
        ),
        (
            ("exploding_gradient", "note", 1, _of("exploding_gradient"), 86.0, (2, 1)),
            {"exploding_gradient": 200.0},
            "note: exploding_gradient: its norm grows 86-fold from layer 2 down to layer 1; "
            "threshold 20",
        ),
        (
            ("saturated", "note", 1, _of("saturated"), 0.93, None, "dying"),
            {"saturated": 0.125},
            "note: saturated first at layer 1: 93 % of it lies in the activation's flat ends; "
            "threshold 12.5 %; follows from dying",
        ),
        (
            ("collapsed", "note", 3, _of("collapsed"), None),
            {"collapsed": 1e-7},
            "note: collapsed first at layer 3: std is smaller than the dtype can tell; "
            "threshold 1e-7",
        ),
        (
            ("overflow", "severe", 3, "nonfinite", 7.0),
            {"collapsed": 0.001},
            "severe: overflow first at layer 3: 7 activations are inf or nan",
        ),
        (
            ("vanishing_gradient", "warning", 4, "mean gradient.ratio", 0.05),
            {"vanishing_gradient": 0.005},
            "warning: vanishing_gradient from layer 4 down: its power is multiplied by 0.050 a "
            "layer, on average",
        ),
        (("odd", "note", 2), {"odd": 1}, "note: odd first at layer 2"),
    ],
)
def test_a_verdict_by_itself(verdict: tuple, thresholds: dict, said: str):
    """With the threshold that its value has passed; an older version's was of something else."""
    found = Verdict(*verdict)
    assert sentence(found, threshold_of(found, thresholds)) == said


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_verdict_has_words(name: str):
    assert words(name, "warning", 2, "figure", 0.0321).startswith(f"warning: {name} ")
    assert "figure" not in words(name, "warning", 2, "figure", 0.0321) or name.endswith(
        ("signal", "gradient", "underflow")
    )
    assert "None" not in words(name, "warning", None, "figure", None)
    assert words(name, "warning") == f"warning: {name}" or "dtype" in words(name, "warning")


def test_what_follows_is_folded_below_its_cause():
    cause = Verdict("vanishing_signal", "severe", 1, "rms", 1e-9, (0, 9), advice="try")
    follows = [
        Verdict("underflow", "warning", 7, because="vanishing_signal"),
        Verdict("vanishing_gradient", "severe", 9, "norm", 0.1, (9, 2), because="underflow"),
    ]
    note = Verdict("saturated", "note", 2, "share", 0.4)
    first, second = told([cause, *follows, note])
    assert first.consequences == (
        "so: underflow first at layer 7, vanishing_gradient from layer 9 down to layer 2 "
        "(norm × 0.10)"
    )
    assert (first.severity, first.advice) == ("severe", "try")
    assert (second.severity, second.consequences, second.advice) == ("note", "", "")
    assert brief([cause, *follows, note]) == "severe: vanishing_signal; note: saturated"
    assert brief([note, note, cause]) == "note: saturated, saturated; severe: vanishing_signal"


def test_healthy_is_what_does_not_warn():
    note, warning = (Verdict("odd", severity) for severity in ("note", "warning"))
    healthy = Verdict("healthy", None, advice="of what it is said")
    assert words("healthy", None, advice="of this") == "healthy: of this"
    assert words("healthy", None) == "healthy"
    assert told([healthy])[0].advice == ""
    assert brief([healthy, note]) == "healthy; note: odd"
    assert [is_healthy(each) for each in ([healthy], [healthy, note], [note, warning], [])] == [
        True, True, False, False,
    ]  # fmt: skip
    assert worst_severity([healthy, note, warning, note]) == "warning"
    assert worst_severity([healthy]) is None
    assert tuple(SEVERITY_MEANINGS) == SEVERITIES


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["note"], ["a", "b", "c"]),
        (["warning"], ["a", "b"]),
        (["severe"], ["a"]),
        (["severe", "warning"], ["a", "b"]),
        (["c"], ["c"]),
        (["c", "severe"], ["a", "c"]),
        (["d"], []),
        ([], []),
    ],
)
def test_what_is_asked_for_by_severity_or_name(asked: list[str], found: list[str]):
    severities = zip("abc", ("severe", "warning", "note"), strict=True)
    verdicts = [Verdict("healthy", None), *(Verdict(*each) for each in severities)]
    assert [each.name for each in asked_for(verdicts, asked)] == found


@given(
    st.lists(
        st.builds(
            Verdict,
            st.sampled_from([*DEFINITIONS, "healthy", "odd", ""]),
            st.sampled_from([*SEVERITIES, None]),
            st.none() | st.integers(1, 9),
            st.none() | st.sampled_from(["", "gradient.nonfinite", "mean signal ratio"]),
            st.none() | st.floats(0, allow_infinity=False),
            st.none() | st.sampled_from([(0, 1), (9, 2), (1, 900)]),
            st.none() | st.sampled_from([*DEFINITIONS]),
        )
    )
)
def test_anything_has_words(verdicts: list[Verdict]):
    found = told(verdicts)
    assert bool(found) == bool(verdicts)
    for each in found:
        assert "(× 1.0 a" not in each.rest
    brief(verdicts)
