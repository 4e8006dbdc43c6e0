"""Many networks of one spec: the first one's figures, and how each spreads over all."""

from __future__ import annotations

import json
import weakref
from dataclasses import replace

import numpy as np
import pytest

from weightinit_cli.experiments import run
from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.histogram import measure
from weightinit_cli.experiments.predict import ENOUGH_VALUES
from weightinit_cli.network.workers import ignore_work
from weightinit_cli.results import FIGURES, dump_result, figure
from weightinit_cli.results.spreads import with_spreads
from weightinit_cli.spec import parse_spec
from weightinit_cli.theory.predictions import FRACTIONS

SMALL = "samples: 40\nwidth: [12, 9, 15]\nactivation: relu\ninitializer: {name: normal, std: 0.3}\n"


def spec_of(*overrides):
    return parse_spec(SMALL, source="x.yaml", stem="x", overrides=overrides)


def each(spec, number):
    """The layers of that many networks, each on its own."""
    network = build_network(spec)
    request = build_request(spec)
    return [
        measure(
            network._replace(repeat=repeat), request, 1, ignore_work, with_gradient=spec.backward
        )
        for repeat in range(number)
    ]


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("activation=sigmoid",),
        ("activation=step",),
        ("backward=false",),
        ("dtype=float64", "bias={name: normal, std: 0.2}"),
    ],
    ids=str,
)
def test_spreads_are_those_of_the_networks(overrides):
    spec = spec_of("repeats=5", *overrides)
    networks = each(spec, 5)
    result = run(spec)
    for number, layer in enumerate((result.input, *result.layers)):
        same = [layers[number] for layers in networks]
        expected = {
            path: values
            for path in FIGURES
            if (values := [v for one in same if (v := figure(one, path)) is not None])
        }
        assert set(layer.repeats) == set(expected)
        for path, values in expected.items():
            spread = layer.repeats[path]
            assert spread.mean == pytest.approx(np.mean(values), rel=1e-12, abs=1e-15)
            assert spread.std == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-15)
            assert {type(spread.mean), type(spread.std)} <= {float}
        if number:
            assert ("gradient.signal_rms" in layer.repeats) == spec.backward
            assert "std_across_inputs" in layer.repeats


def test_the_first_networks_figures_stand():
    one, many = run(spec_of()), run(spec_of("repeats=10"))
    assert one.input.repeats is None
    assert all(layer.repeats is None for layer in one.layers)
    assert replace(many.input, repeats=None) == one.input
    for layer, alone in zip(many.layers, one.layers, strict=True):
        assert replace(layer, repeats=None, theory=None) == replace(alone, theory=None)
    assert one.digest != many.digest
    assert (one.resolved.standard_errors, many.resolved.standard_errors) == ("derived", "repeats")


def test_errors_of_the_predictions_are_those_of_the_networks():
    """Of one run at this size: the networks' own spread, in place of the derived one."""
    for layer in run(spec_of("repeats=10")).layers:
        assert layer.theory.figures
        for path, prediction in layer.theory.figures.items():
            spread = layer.repeats[path]
            if path in FRACTIONS and prediction.standard_error is None:
                assert prediction.value * sum(layer.histogram.counts) < ENOUGH_VALUES
                continue
            assert prediction.standard_error == spread.std
            assert (prediction.z is None) != (prediction.no_z is None)


def test_errors_are_derived_where_the_networks_are_few():
    few, one = run(spec_of("repeats=9")), run(spec_of())
    assert few.resolved.standard_errors == "derived"
    for a, b in zip(few.layers, one.layers, strict=True):
        assert a.theory.figures == b.theory.figures


def test_every_network_has_draws_of_its_own():
    networks = each(spec_of(), 6)
    assert len({layers[0].mean for layers in networks}) == 6
    hashes = [layer.weights.stream for layers in networks for layer in layers[1:]]
    assert len(set(hashes)) == 18


def test_a_figure_that_some_networks_lack_is_spread_over_the_others():
    """At the end of float32's range, which some networks pass and others do not."""
    few = ("samples=3", "features=2", "width=[2, 2, 2]")
    spec = spec_of("repeats=8", "activation=linear", "initializer.std=1e38", *few)
    networks = each(spec, 8)
    result = run(spec)
    lacking = set()
    for number, layer in enumerate(result.layers, 1):
        for path in FIGURES:
            values = [v for one in networks if (v := figure(one[number], path)) is not None]
            lacking.add(len(values))
            if not values:
                assert path not in layer.repeats
            elif len(values) == 1:
                assert layer.repeats[path].std is None
            else:
                assert layer.repeats[path].mean == pytest.approx(np.mean(values), rel=1e-12)
    assert {0, 8} < lacking
    json.loads(dump_result(result), parse_constant=pytest.fail)


@pytest.mark.parametrize("std", [1e150, 1e300, 1e-300])
def test_spreads_of_any_size_are_figures(std):
    """A mean or a variance beyond float64 is null, not a crash."""
    spec = spec_of("repeats=3", "dtype=float64", f"initializer.std={std}", "width=[5, 5]")
    result = run(spec)
    json.loads(dump_result(result), parse_constant=pytest.fail)
    assert result.layers[0].repeats["std"].mean == pytest.approx(std * 3, rel=0.7, abs=0)


def test_threads_do_not_change_a_byte():
    one, three = (dump_result(run(spec_of("repeats=3"), threads=n)) for n in (1, 3))
    assert one == three


def test_later_networks_are_not_kept():
    spec = spec_of("repeats=6")
    alive = []
    networks = each(spec, 6)

    class Run(list):
        """A list that a weak reference can point to."""

    def runs():
        while networks:
            one = Run(networks.pop(0))
            alive.append(weakref.ref(one))
            assert sum(ref() is not None for ref in alive) <= 3
            yield one

    assert all(layer.repeats for layer in with_spreads(runs()))
