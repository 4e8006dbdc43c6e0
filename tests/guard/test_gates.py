"""Which gate two results are held to, and what each lets pass."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.experiments import shadow
from weightinit_cli.guard import Gate, Outcome, choose, compare, spec_changes
from weightinit_cli.spec import parse_spec, spec_from_normal_form

if TYPE_CHECKING:
    from weightinit_cli.results import Result


def elsewhere(result: Result, **changes: Any) -> Result:
    return replace(result, environment={**copy.deepcopy(dict(result.environment)), **changes})


def with_layer(result: Result, number: int, **changes: Any) -> Result:
    layers = list(result.layers)
    layers[number - 1] = replace(layers[number - 1], **changes)
    return replace(result, layers=tuple(layers))


OTHER_BLAS = [{"name": "openblas", "version": "0.3.1", "kernel": "Zen"}]


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({}, Gate.EXACT),
        ({"scipy": None}, Gate.EXACT),
        ({"winit": "0.3.99"}, Gate.EXACT),
        ({"winit": "0.4.0"}, Gate.ROUNDING),
        ({"python": "3.99.1"}, Gate.ROUNDING),
        ({"numpy": "2.99"}, Gate.ROUNDING),
        ({"blas": OTHER_BLAS}, Gate.ROUNDING),
        ({"simd": ["NEON"]}, Gate.ROUNDING),
        ({"platform": {"system": "Darwin", "machine": "arm64", "libc": None}}, Gate.ROUNDING),
        ({"bit_generator": "PCG64"}, Gate.STATISTICAL),
    ],
)
def test_gate_by_environment(small: Result, changes: dict[str, Any], gate: Gate):
    chosen = choose(small, elsewhere(small, **changes))
    assert chosen.gate is gate
    assert bool(chosen.why) == (gate is not Gate.EXACT)


def test_a_second_blas_does_not_matter(small: Result):
    """Importing scipy loads one of its own; the run that had not loaded it did not use it."""
    here = elsewhere(small, blas=[{"name": "openblas", "version": "1", "kernel": "Zen"}])
    more = elsewhere(small, blas=[*here.environment["blas"], *OTHER_BLAS])
    assert choose(here, more).gate is choose(more, here).gate is Gate.EXACT
    assert choose(here, elsewhere(small, blas=[])).gate is Gate.ROUNDING


def test_other_hashes_and_other_seeds(small: Result):
    weights = replace(small.layers[1].weights, stream="0" * 16)
    other = with_layer(small, 2, weights=weights)
    assert choose(small, elsewhere(other, numpy="2.99")).gate is Gate.STATISTICAL
    # Where everything else is the same, other draws are a drift themselves.
    assert choose(small, other).gate is Gate.EXACT
    (drift,) = compare(small, other, choose(small, other)).drifts
    assert str(drift.place) == "layer 2 weights.stream"
    seeded = replace(small, spec={**small.spec, "seed": 1})
    assert choose(small, seeded).why == "seed 0, now 1"


def test_functions_that_drew(small: Result):
    """Of another's draws nothing is held to winit's; its own function's again to the bit."""
    own = elsewhere(small, weights="mypackage.init.my_normal (mypackage 1.2)")
    chosen = choose(own, small)
    assert chosen.gate is Gate.STATISTICAL
    assert chosen.why == "weights by mypackage.init.my_normal (mypackage 1.2), now by winit"
    assert choose(small, own).why.startswith("weights by winit, now by mypackage.init.my_normal")
    assert choose(own, own).gate is Gate.EXACT
    assert choose(own, elsewhere(own, numpy="2.99")).gate is Gate.STATISTICAL
    assert choose(own, elsewhere(own, weights="mypackage.init.other")).gate is Gate.STATISTICAL
    both = replace(elsewhere(own, biases="mypackage.init.zeros"), spec={**small.spec, "seed": 1})
    words = "seed 0, now 1; biases by winit, now by mypackage.init.zeros"
    assert choose(own, both).why == words


@pytest.mark.parametrize(
    ("hashes", "words"),
    [("aba", "1 and 3"), ("aaab", "1, 2 and 3"), ("a" * 100, "1, 2, 3, 4, 5 and 95 others")],
)
@pytest.mark.parametrize("mended", [False, True])
def test_layers_of_the_same_draws_are_told_of_either_side(
    small: Result, hashes: str, words: str, mended: bool
):
    first = small.layers[0]
    layers = (replace(first, weights=replace(first.weights, stream=each)) for each in hashes)
    repeated = replace(small, layers=tuple(layers))
    outcome = compare(repeated, small if mended else repeated, Outcome(Gate.EXACT))
    said = [each for each in outcome.structure if "draws" in each]
    assert said == [f"layers {words} have the same draws"]


def test_exact_is_to_the_last_bit(small: Result):
    std = small.layers[2].std
    moved = with_layer(small, 3, std=std * (1 + 2.0**-52))
    outcome = compare(small, moved, choose(small, moved))
    assert outcome.drifted == 1
    assert outcome.drifts[0]._replace(place="") == ("", std, moved.layers[2].std, None)
    same = compare(small, small, choose(small, small))
    assert not same.failed
    assert same.compared > 300


def rounding(old: Result, new: Result, shadows: list[Result]) -> Any:
    there = elsewhere(new, numpy="2.99")
    return compare(old, there, choose(old, there), shadows=shadows)


@pytest.fixture
def shadows(small: Result) -> list[Result]:
    spec = spec_from_normal_form(small.spec, "small")
    return [shadow(spec, number) for number in (1, 2, 3)]


def test_shadows_differ_a_little_and_from_each_other(small: Result, shadows: list[Result]):
    stds = {each.layers[2].std for each in (small, *shadows)}
    assert len(stds) == 4
    assert max(stds) - min(stds) < 1e-6
    assert all(each.layers[0].weights == small.layers[0].weights for each in shadows)


def test_a_shadow_holds_by_the_rounding_gate(small: Result, shadows: list[Result]):
    spec = spec_from_normal_form(small.spec, "small")
    for number in (4, 5):
        outcome = rounding(small, shadow(spec, number), shadows)
        assert outcome.gate is Gate.ROUNDING
        assert not outcome.failed, outcome.drifts


def test_an_ordered_network_stays_tight(small: Result, shadows: list[Result]):
    moved = with_layer(small, 3, std=small.layers[2].std * 1.0001)
    worst = rounding(moved, small, shadows).drifts[0]
    assert str(worst.place) == "layer 3 std"
    assert worst.off > 10


def test_a_chaotic_network_gets_its_due(shadows: list[Result]):
    text = (
        "samples: 60\nwidth: 40\nlayers: 40\nactivation: tanh\nbackward: false\n"
        "initializer: {name: normal, std: 0.8}\n"
    )
    spec = parse_spec(text, source="chaotic.yaml", stem="chaotic")
    runs = [shadow(spec, number) for number in range(1, 6)]
    (old, new), own = runs[:2], runs[2:]
    assert abs(old.layers[-1].std / new.layers[-1].std - 1) > 1e-6
    outcome = rounding(old, new, own)
    assert not outcome.failed, outcome.drifts


def test_counts_by_rounding(small: Result, shadows: list[Result]):
    histogram = small.layers[0].histogram
    for moved, drifts in ((1, 0), (200, 2)):
        counts = list(histogram.counts)
        counts[10] += moved
        counts[11] -= moved
        old = with_layer(small, 1, histogram=replace(histogram, counts=tuple(counts)))
        assert rounding(old, small, shadows).drifted == drifts


def test_biases_are_held_as_weights_are():
    bias = "bias: {name: normal, std: 1}"
    text = f"samples: 60\nwidth: 9\nactivation: relu\ninitializer: he_normal\n{bias}\n"
    spec = parse_spec(text, source="biased.yaml", stem="biased")
    (old, new), own = [shadow(spec, 1)] * 2, [shadow(spec, number) for number in range(2, 5)]
    biases = old.layers[1].biases

    def drifts(rel: float) -> list[list[str]]:
        quantiles = {**biases.quantiles, "0.5": biases.quantiles["0.5"] + rel * biases.max}
        moved = replace(biases, std=biases.std * (1 + rel), quantiles=quantiles)
        saved = with_layer(old, 2, biases=moved)
        outcomes = compare(saved, new, choose(saved, new)), rounding(saved, new, own)
        return [sorted(str(each.place) for each in outcome.drifts) for outcome in outcomes]

    both = ["layer 2 biases.quantiles.0.5", "layer 2 biases.std"]
    assert drifts(2e-7) == [both, []]
    assert drifts(1e-5) == [both, both]


@pytest.mark.parametrize("gate", [Gate.EXACT, Gate.ROUNDING])
def test_biases_that_one_side_has_alone_are_one_sentence(small: Result, gate: Gate):
    biased = with_layer(small, 2, biases=small.layers[1].weights)
    for old, new, what in ((biased, small, "missing"), (small, biased, "additional")):
        assert compare(old, new, Outcome(gate)).structure == (f"layer 2 biases: {what}",)
        older = compare(old, new, Outcome(gate), lacked=("biases",))
        assert older.not_in_baseline == (("biases",) if new is biased else ())
        assert older.structure == ()


def test_a_missing_figure_is_a_failure(small: Result, shadows: list[Result]):
    gone = with_layer(small, 2, std=None)
    for old, new, what in ((small, gone, "missing"), (gone, small, "additional")):
        for outcome in (compare(old, new, choose(old, new)), rounding(old, new, shadows)):
            assert outcome.failed
            assert f"layer 2 std: {what}" in outcome.structure


def test_layers_and_verdicts(small: Result, shadows: list[Result]):
    fewer = replace(small, layers=small.layers[:2])
    assert "layers: 3, now 2" in compare(small, fewer, choose(small, fewer)).structure
    said = replace(small.verdict[0], name="saturated", severity="warning", layer=2)
    new = replace(small, verdict=(said,))
    outcome = compare(small, new, choose(small, new))
    assert outcome.failed
    assert outcome.verdicts == ("healthy", "warning: saturated (layer 2)")
    assert rounding(new, small, shadows).verdicts is not None
    # A verdict that rounding changes, as a shadow shows, is no drift.
    assert rounding(new, small, [*shadows, new]).verdicts is None


def test_a_result_that_contradicts_itself(small: Result):
    histogram = replace(small.layers[0].histogram, underflow=1)
    new = with_layer(small, 1, histogram=histogram)
    outcome = compare(small, new, choose(small, new))
    assert outcome.structure[0].startswith("the new result contradicts itself: layers.0.histogram")


def test_spec_changes(small: Result):
    new = {**small.spec, "seed": 3, "name": "other", "width": [20, 20, 21]}
    assert spec_changes(small.spec, new) == {
        "seed": "seed: 0, now 3",
        "width.2": "width.2: 20, now 21",
    }
    pinned = {**small.spec, "width": 20}
    assert spec_changes(pinned, small.spec) == {"width": "width: 20, now [20, 20, 20]"}
