"""Where specs lie on the phase diagram of their activation, and the diagram's axes."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.phases import OwnRuns, own_runs, phase_diagram
from weightinit_cli.spec import Component, parse_spec

TEXT = """\
activation: tanh
initializer: {name: normal, std: 0.1}
layers: 3
"""
TANH = Component("tanh")


def own(*more: str, activation: Component | None = None, **names: str) -> OwnRuns:
    """The runs of specs with these lines more, by their names."""
    texts = {f"mine{k}": each for k, each in enumerate(more)} | names
    specs = [parse_spec(TEXT + text, source="x.yaml", stem=name) for name, text in texts.items()]
    return own_runs(specs, activation)


def places(found: OwnRuns) -> dict[str, tuple[float, float]]:
    return {point.name: (point.sigma_w, point.sigma_b) for point in found.points}


def test_a_spec_lies_where_its_weights_and_biases_are():
    found = own(mine="bias: {name: normal, std: 0.2}\n")
    assert places(found) == {"mine": pytest.approx((1.0, 0.2))}
    assert (found.activation, found.width, found.name, found.folder) == (TANH, 100, "mine", "mine")


def test_the_last_layer_counts_where_layers_differ():
    found = own(mine="features: 25\nwidth: [49, 64, 4]\n")
    assert places(found) == {"mine (last layer)": pytest.approx((0.8, 0.0))}
    assert found.width == 64


def test_a_kernel_counts_with_its_area():
    found = own(mine="kernel: 3\nchannels: 16\n")
    assert found.points[0].sigma_w == pytest.approx(0.1 * 12)


def test_runs_are_named_by_what_they_differ_in():
    sweep = "sweep: {activation: [tanh, relu]}\n"
    variants = "variants: {He: {initializer: he_normal}, own: {}}\n"
    found = own(mine=variants + sweep, activation=TANH)
    assert list(places(found)) == ["He", "own"]
    assert found.along == ""
    found = own(mine="sweep: {seed: [1, 2], initializer.std: [0.1, 0.2]}\n")
    assert list(places(found)) == ["initializer.std=0.1", "initializer.std=0.2"]
    assert found.along == "initializer.std"
    assert own(mine="sweep: {initializer: [he_normal, lecun_normal]}\n").along == ""


def test_of_several_specs_each_is_named():
    found = own(a="", b="variants: {x: {}, He: {initializer: he_normal}}\n")
    assert list(places(found)) == ["a", "b, x", "b, He"]
    assert (found.name, found.folder, found.along) == ("a; b", "", "")


def test_runs_without_a_place_are_counted():
    found = own(mine="sweep: {bias: [zeros, ones, {name: constant, value: 2}]}\n")
    assert list(places(found)) == ["bias=zeros"]
    (why,) = found.left_out
    assert why.startswith("2 of 3 runs: no place on the diagram: the biases have a mean")


def test_one_diagram_is_of_one_activation():
    with pytest.raises(SpecError, match="the runs have tanh and relu; choose one"):
        own("", "variants: {a: {activation: relu}}\n")
    found = own("", "variants: {a: {activation: relu}}\n", activation=Component("relu"))
    assert list(places(found)) == ["mine1"]


def test_the_axes_are_set_and_the_line_still_begins_where_it_does():
    found = phase_diagram(TANH, 100, (1.0, 1.5), (0.1, 0.3))
    for values, low, high in ((found.sigma_w, 1, 1.5), (found.sigma_b, 0.1, 0.3)):
        half = (high - low) / len(values) / 2
        assert (values[0], values[-1]) == (pytest.approx(low + half), pytest.approx(high - half))
    first, second, *others = found.critical
    assert first == (1.0, 0.0)
    assert second[1] == pytest.approx(0.1)
    assert len(others) > 40
    assert found.marks == ()


def test_the_axes_hold_own_runs_that_are_not_far_off():
    runs = own(mine="sweep: {initializer.std: [0.1, 0.5, 5]}\n")
    found = phase_diagram(TANH, runs.width, own=runs)
    assert 5 < found.sigma_w[-1] < 6
    assert [run.phase for run in found.own] == ["critical", "chaotic", "chaotic"]
    assert found.own[1].depth_scale == pytest.approx(0.92, abs=0.05)
