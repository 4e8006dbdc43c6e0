"""The gates on results over steps: to the last bit, or within what rounding does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.digests import digest_of_form
from weightinit_cli.experiments import run, shadow
from weightinit_cli.guard import Gate, Outcome, choose, compare
from weightinit_cli.results.kinds import RESULT_KINDS, ResultKind
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult, SymmetryResult, TrainingResult

DESCENT = "experiment: symmetry\nwidth: 4\nsteps: 8\nactivation: tanh\ninitializer: he_normal\n"
TRAINING = """\
experiment: training
width: 12
layers: 2
batch: 8
steps: 12
repeats: 2
activation: relu
initializer: kaiming_normal
"""
ROUNDING = Outcome(Gate.ROUNDING, "another machine")
EXACT = Outcome(Gate.EXACT)


@cache
def _runs(text: str) -> tuple[AnyResult, ...]:
    spec = parse_spec(text, source="x.yaml", stem="x")
    return run(spec), *(shadow(spec, number) for number in (1, 2, 3))


def runs_of(text: str) -> tuple[Any, list[Any]]:
    if "training" in text:
        pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    result, *shadows = _runs(text)
    return result, shadows


both = pytest.mark.parametrize("text", [DESCENT, TRAINING], ids=["symmetry", "training"])


def off(values: tuple[Any, ...], at: int, share: float) -> tuple[Any, ...]:
    return (*values[:at], values[at] * (1 + share), *values[at + 1 :])


def other_loss(result: Any, share: float) -> Any:
    """The loss of the fifth step a little larger."""
    if hasattr(result, "loss"):
        return replace(result, loss=off(result.loss, 4, share))
    first = result.networks[0]
    changed = replace(first, losses=off(first.losses, 4, share))
    return replace(result, networks=(changed, *result.networks[1:]))


def figures(outcome: Outcome) -> list[str]:
    return [drift.place.figure for drift in outcome.drifts]


@both
def test_equal_results(text: str):
    result, shadows = runs_of(text)
    for chosen in (EXACT, ROUNDING):
        outcome = compare(result, run(parse_spec(text, source="x", stem="x")), chosen)
        assert not outcome.failed
        assert outcome.compared > 50
        assert outcome.gate == chosen.gate
    assert not compare(result, result, ROUNDING, shadows).failed


@both
def test_exact_sees_the_last_bit(text: str):
    result, _ = runs_of(text)
    outcome = compare(result, other_loss(result, 3e-16), EXACT)
    assert (outcome.failed, outcome.drifted) == (True, 1)
    assert outcome.drifts[0].off is None


@both
@pytest.mark.parametrize("number", [4, 5])
def test_rounding_allows_what_rounding_does(text: str, number: int):
    """A shadow that the gate has not seen is what another machine would give."""
    result, shadows = runs_of(text)
    new = shadow(parse_spec(text, source="x", stem="x"), number)
    assert compare(result, new, EXACT).failed
    outcome = compare(new, result, ROUNDING, shadows)
    assert not outcome.failed, outcome


@both
def test_rounding_catches_one_percent(text: str):
    result, shadows = runs_of(text)
    assert not compare(other_loss(result, 1e-9), result, ROUNDING, shadows).failed
    for share in (0.01, -0.01):
        outcome = compare(other_loss(result, share), result, ROUNDING, shadows)
        assert figures(outcome) == ["loss.4" if text is DESCENT else "networks.0.losses.4"]
        off = outcome.drifts[0].off
        assert off is not None
        assert off > 1
    assert compare(other_loss(result, 1e-3), result, ROUNDING).failed


@both
def test_other_draws_are_another_course(text: str):
    result, _ = runs_of(text)
    new = run(parse_spec(text + "seed: 1\n", source="x", stem="x"))
    chosen = choose(result, new)
    assert chosen.gate is Gate.STATISTICAL
    outcome = compare(result, new, chosen)
    assert outcome.failed
    assert outcome.structure[0].startswith("other draws: ")
    assert outcome.why == "seed 0, now 1"


@both
def test_which_gate(text: str):
    result, _ = runs_of(text)
    elsewhere = replace(result, environment={**result.environment, "numpy": "2.99"})
    assert choose(result, result) == EXACT
    assert choose(result, elsewhere).gate is Gate.ROUNDING
    if text is DESCENT:
        drawn = replace(elsewhere, stream="0" * 16)
    else:
        networks = [replace(each, stream="0" * 16) for each in result.networks]
        drawn = replace(elsewhere, networks=tuple(networks))
    assert choose(result, drawn).gate is Gate.STATISTICAL


# of symmetry


@pytest.fixture
def descent() -> tuple[SymmetryResult, list[SymmetryResult]]:
    return runs_of(DESCENT)


def with_layer(result: SymmetryResult, **changes: Any) -> SymmetryResult:
    first, *others = result.layers
    return replace(result, layers=(replace(first, **changes), *others))


@pytest.mark.parametrize("chosen", [EXACT, ROUNDING], ids=["exact", "rounding"])
def test_whole_numbers_and_truth_values(descent: tuple[SymmetryResult, list], chosen: Outcome):
    result, shadows = descent
    layer = result.layers[0]
    changes = {
        "first_moved": 2,
        "moved": (not layer.moved[0], *layer.moved[1:]),
        "distinct_units": (3, *layer.distinct_units[1:]),
        "most_distinct": 3,
    }
    for figure, value in changes.items():
        old = with_layer(result, **{figure: value})
        (found,) = figures(compare(old, result, chosen, shadows))
        assert found.startswith(f"layers.0.{figure}")
    for change in ({"diverged": 8}, {"stream": "0"}, {"digest": "0"}, {"accuracy": 0.25}):
        old = replace(result, **change)
        assert figures(compare(old, result, chosen, shadows)) == [*change]


@pytest.mark.parametrize("chosen", [EXACT, ROUNDING], ids=["exact", "rounding"])
@pytest.mark.parametrize("value", [0.0, 1.0, None], ids=str)
def test_a_figure_that_does_not_exist(
    descent: tuple[SymmetryResult, list], chosen: Outcome, value: float | None
):
    """Of one side alone, also beside a zero."""
    result, _ = descent
    rest = result.layers[0].participation[1:]
    one = with_layer(result, participation=(None, *rest))
    other = with_layer(result, participation=(value, *rest))
    for old, new in ((one, other), (other, one)):
        outcome = compare(old, new, chosen)
        assert outcome.failed == (value is not None)
        if value is not None:
            assert figures(outcome) == ["layers.0.participation.0"]


@pytest.mark.parametrize("in_shadow", [True, False], ids=["none in a shadow", "none in the run"])
def test_what_rounding_takes_is_loose_in_that_step_alone(
    descent: tuple[SymmetryResult, list], in_shadow: bool
):
    result, shadows = descent
    first, second, *rest = result.layers[0].participation
    without = with_layer(result, participation=(None, second, *rest))
    new, seen = (result, [without, *shadows]) if in_shadow else (without, [result, *shadows])
    for value in (None, first, 1.5 * first):
        old = with_layer(result, participation=(value, second, *rest))
        assert not compare(old, new, ROUNDING, seen).failed
    for value in (None, 1.01 * second):
        old = with_layer(result, participation=(first, value, *rest))
        assert figures(compare(old, new, ROUNDING, seen)) == ["layers.0.participation.1"]


def test_what_is_missing(descent: tuple[SymmetryResult, list]):
    result, _ = descent
    shorter = replace(
        result,
        steps=result.steps[:-1],
        loss=result.loss[:-1],
        layers=tuple(
            replace(
                layer,
                **{
                    name: getattr(layer, name)[:-1]
                    for name in (
                        "weight_gradient_rms",
                        "bias_gradient_rms",
                        "moved",
                        "distinct_units",
                        "participation",
                    )
                },
            )
            for layer in result.layers
        ),
    )
    outcome = compare(result, shorter, EXACT)
    assert outcome.structure[0] == "steps.7: missing"
    assert outcome.structure[-1] == "and 7 other figures missing"
    assert compare(shorter, result, EXACT).structure[0] == "steps.7: additional"
    assert not outcome.drifted


def test_a_result_that_contradicts_itself(descent: tuple[SymmetryResult, list]):
    result, _ = descent
    outcome = compare(result, replace(result, layers=result.layers[:1]), EXACT)
    assert outcome.structure[0] == (
        "the new result contradicts itself: layers: not those of spec.width and the output"
    )


# of training


@pytest.fixture
def trained() -> tuple[TrainingResult, list[TrainingResult]]:
    return runs_of(TRAINING)


@pytest.mark.parametrize("chosen", [EXACT, ROUNDING], ids=["exact", "rounding"])
def test_other_data(trained: tuple[TrainingResult, list], chosen: Outcome):
    result, shadows = trained
    old = replace(result, data=replace(result.data, train=1199, checksums={"digits": "0"}))
    outcome = compare(old, result, chosen, shadows)
    assert sorted(figures(outcome)) == ["data.checksums.digits", "data.train"]


def test_a_network_less(trained: tuple[TrainingResult, list]):
    result, _ = trained
    outcome = compare(result, replace(result, networks=result.networks[:1]), EXACT)
    assert outcome.structure[0] == (
        "the new result contradicts itself: networks: fewer than spec.repeats, and not interrupted"
    )
    assert "networks.1.losses.0: missing" in outcome.structure
    stopped = replace(result, networks=result.networks[:1], interrupted=(12, 1))
    outcome = compare(stopped, result, EXACT)
    assert outcome.structure[0].endswith(": missing")
    assert any(line.startswith("networks.1.") for line in outcome.structure)


@pytest.mark.parametrize(("answers", "drifted"), [(1, 0), (2, 0), (3, 1)])
def test_answers_that_hang_on_the_last_bits(
    trained: tuple[TrainingResult, list], answers: int, drifted: int
):
    result, shadows = trained
    first = result.networks[0]
    other = first.test.accuracy - answers / result.data.test
    networks = (
        replace(first, test=replace(first.test, accuracy=other)),
        *result.networks[1:],
    )
    outcome = compare(replace(result, networks=networks), result, ROUNDING, shadows)
    assert figures(outcome) == ["networks.0.test.accuracy"] * drifted


CANCELLING = """\
experiment: symmetry
data: blobs
layers: 4
width: 2
steps: 300
activation: sigmoid
initializer: zeros
learning_rate: 0.5
"""


@pytest.mark.parametrize(("moved", "holds"), [(1e-16, True), (5e-16, True), (1e-14, False)])
@pytest.mark.parametrize("below", [False, True])
def test_errors_that_cancel_are_known_to_their_rounding(moved: float, holds: bool, below: bool):
    """The output's bias has learned the share of the labels; its gradient is rounding alone.

    What the layer below makes of it is as uncertain as it is itself.
    """
    result, shadows = runs_of(CANCELLING)
    output, hidden = result.layers[-1], result.layers[-2]
    step = len(result.steps) - 1
    gradient = output.bias_gradient_rms[step]
    assert 0 < gradient < 1e-12
    share = moved / gradient
    changed = replace(
        output,
        bias_gradient_rms=(
            *output.bias_gradient_rms[:step],
            gradient + moved,
            *output.bias_gradient_rms[step + 1 :],
        ),
    )
    layers = [*result.layers[:-1], changed]
    if below:
        layers[-2] = replace(hidden, bias_gradient_rms=off(hidden.bias_gradient_rms, step, share))
    saved = replace(result, layers=tuple(layers))
    assert compare(saved, result, ROUNDING, shadows).failed != holds


@dataclass(frozen=True)
class MadeUp:
    """The result of an experiment that the guard has never heard of."""

    name: str
    spec: dict[str, Any]
    environment: dict[str, Any]
    digest: str
    heights: tuple[float, ...]


def test_an_experiment_that_is_not_known_here(small: Any, monkeypatch: pytest.MonkeyPatch):
    row = ResultKind(
        MadeUp,  # type: ignore[arg-type]
        pictures=("made-up",),
        check=lambda _: None,
        rows=lambda _: [],
        streams=lambda _: ["0a"],
        drawn=lambda _: ("made-up",),
        compared=lambda *_: None,  # type: ignore[arg-type,return-value]
        numbered_by=(),
        table=lambda _: None,  # type: ignore[arg-type,return-value]
        beside=lambda _: {},
    )
    monkeypatch.setitem(RESULT_KINDS, "made-up", row)
    spec = {"name": "x", "experiment": "made-up", "seed": 0}
    spec |= {key: {"name": key} for key in ("activation", "initializer", "bias")}
    old: Any = MadeUp("x", spec, small.environment, digest_of_form(spec), (1.0, 2.0))
    near, far = (replace(old, heights=(1.0, 2 + change)) for change in (1e-7, 1e-3))
    assert choose(old, far) == EXACT
    assert not compare(old, old, EXACT).failed
    for chosen, new in ((EXACT, near), (ROUNDING, far)):
        assert figures(compare(old, new, chosen)) == ["heights.1"]
    assert not compare(old, near, ROUNDING).failed
