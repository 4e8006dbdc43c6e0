"""Two probes of a model: what is the same, what is told as changed, and by which gate."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from weightinit_cli import check, probe, run
from weightinit_cli.cli import main
from weightinit_cli.guard import Gate, judge
from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.probe_draws import Known, _by_spreads
from weightinit_cli.guard.probe_rounding import rounding_errors
from weightinit_cli.guard.probes import compare_probes
from weightinit_cli.results import dump_result

torch = pytest.importorskip("torch")
nn = torch.nn

SCHEMES = {"he": nn.init.kaiming_normal_, "uniform": nn.init.kaiming_uniform_}


def mlp(scale=1.0, scheme="he", last=3, tied=False, copied=False, frozen=False, names="0123456"):
    """A network of three layers, with what tests change of it."""
    layers = [nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, last)]
    for layer in layers[::2]:
        SCHEMES[scheme](layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layers[2].weight *= scale
    if tied:
        layers.insert(3, layers[2])
    if copied:
        layers[1] = copy.deepcopy(layers[2])
    layers[0].weight.requires_grad_(not frozen)
    model = nn.Sequential()
    for name, layer in zip(names, layers, strict=False):
        model.add_module(name, layer)
    return model


@cache
def probed(seed=0, repeats=1, **keys):
    return probe(
        lambda: mlp(**dict(keys)), "16,20", loss="cross_entropy", seed=seed, repeats=repeats
    )


def compared(old, new, alpha=1e-3):
    (outcome,) = judge([compare_probes(old, new)], alpha)
    return outcome


def figures(outcome):
    return [(each.place.of, each.place.figure) for each in outcome.drifts]


def test_the_same_weights_hold_within_rounding():
    outcome = compared(probed(), probe(mlp, "16,20", loss="cross_entropy"))
    assert (outcome.gate, outcome.failed, outcome.compared) == (Gate.ROUNDING, False, 5 * 3 + 3 + 1)


@pytest.mark.parametrize(("share", "drifts"), [(1e-6, []), (1e-3, [("2.linear", "std")])])
def test_what_rounding_does_not_do_is_a_drift(share, drifts):
    old = probed()
    values = list(old.values)
    figures_of = values[2].figures
    values[2] = replace(values[2], figures=replace(figures_of, std=figures_of.std * (1 + share)))
    assert figures(compared(old, replace(old, values=tuple(values)))) == drifts


def test_draws_that_differ_in_their_last_bits_are_the_same():
    old = probed()
    first, *others = old.parameters
    for share, gate in ((1e-7, Gate.ROUNDING), (1e-3, Gate.STATISTICAL)):
        moved = first.statistics.std * (1 + share)
        drawn = replace(first, statistics=replace(first.statistics, stream="x", std=moved))
        assert compared(old, replace(old, parameters=(drawn, *others))).gate is gate


def tanh(std, depth):
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(64, 64), nn.Tanh()]
        nn.init.normal_(layers[-2].weight, std=std)
    return nn.Sequential(*layers, nn.Linear(64, 10))


@pytest.mark.parametrize(("std", "least", "most"), [(1 / 8, 0, 2e-6), (0.5, 1e-5, 1)])
def test_a_chaotic_model_may_be_rounded_farther(std, least, most):
    torch.manual_seed(3)
    model = tanh(std, 20)
    given = np.random.Generator(np.random.SFC64(1)).standard_normal((32, 64), np.float32)
    moved = np.nextafter(given, np.float32(9))
    old, new = (probe(model, torch.from_numpy(x), loss="cross_entropy") for x in (given, moved))
    apart = max(
        abs(a.figures.std / b.figures.std - 1) for a, b in zip(old.values, new.values, strict=True)
    )
    assert least <= apart < most
    assert not compared(old, new).failed
    errors, _ = rounding_errors(old.values)
    assert least / 10 < errors[-1].relative < most


def test_other_inputs_are_told():
    torch.manual_seed(0)
    model, given = mlp(), torch.randn(16, 20)
    old, new = (probe(model, x, loss="cross_entropy") for x in (given, 2 * given))
    assert ("input 0", "std") in figures(compared(old, new))


def test_other_seeds_are_compared_by_their_spreads():
    outcome = compared(probed(0, 5), probed(100, 5))
    assert (outcome.gate, outcome.failed) == (Gate.STATISTICAL, False)
    assert outcome.compared > 5 * 3 + 3 * 4
    assert "seed 0, now 100" in outcome.why


@pytest.mark.parametrize(
    ("change", "told"),
    [({"scale": 1.2}, ("2.weight", "std")), ({"scheme": "uniform"}, ("2.weight", "kurtosis"))],
)
def test_other_draws_are_told_by_their_parameter(change, told):
    for seeds in (1, 9):  # of what is judged, beside those of the saved one
        outcome = compared(probed(0, 10 - seeds or 1), probed(100, seeds, **change))
        assert told in figures(outcome), seeds


def known(result):
    """The same probe, each parameter of which is known to be drawn by some scheme."""
    every = (replace(each, scheme="he_normal") for each in result.parameters)
    return replace(result, parameters=tuple(every))


def test_without_repeats_parameters_are_held_to_their_law():
    old = known(probed())
    same = compared(old, known(probed(1)))
    assert not same.failed
    assert 6 <= same.compared < 20
    assert any("with fewer than 10 --repeats of both together" in each for each in same.notes)
    for change, told in (({"scale": 1.3}, "std"), ({"scheme": "uniform"}, "kurtosis")):
        assert ("2.weight", told) in figures(compared(old, known(probed(1, **change))))


def test_where_nothing_can_be_compared_that_is_a_difference():
    old, new = (
        replace(each, parameters=tuple(replace(p, scheme=None) for p in each.parameters[::2]))
        for each in (probed(), probed(1, scale=3))
    )
    outcome = compared(old, new)
    (sentence,) = outcome.structure
    assert sentence.endswith(
        "comparable between draws with fewer than 10 --repeats of both together"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"last": 4}, "4.weight: shape (3, 32), now (4, 32)"),
        ({"frozen": True}, "0.weight: a gradient, now no gradient"),
        ({"names": "01x3456"}, "parameter 2.weight: now called x.weight"),
        ({"tied": True}, "value 5.linear: additional"),
        ({"tied": True}, "2.weight: shared with none, now with 3.weight"),
        ({"copied": True}, "2.weight: a copy of none, now of 1.weight"),
    ],
)
def test_what_is_another_model_is_told(change, told):
    outcome = compared(probed(), probed(**change))
    assert outcome.failed
    assert any(told in each for each in outcome.structure), outcome.structure


def test_many_of_a_kind_are_counted():
    names = "abcdefg"
    outcome = compared(probed(), probed(names=names))
    assert "and 3 other parameters with another name" in outcome.structure


def test_a_missing_layer_is_told():
    new = probed()
    old = replace(new, values=new.values[:-1], parameters=new.parameters[:-2])
    assert "parameter 4.bias: missing" in compared(new, old).structure


def test_other_inputs_or_another_loss_are_not_compared():
    other = probe(mlp, "8,20", loss="mean_square")
    outcome = compared(probed(), other)
    assert outcome.gate is None
    assert "spec.inputs.0: 16,20, now 8,20" in outcome.structure
    assert "spec.loss: cross_entropy, now mean_square" in outcome.structure


def saved(result, folder):
    folder.mkdir()
    (folder / "stats.json").write_text(dump_result(result))
    return str(folder)


def test_saved_probes_are_checked_and_diffed(tmp_path, capsys):
    old = probed()
    a, b = saved(old, tmp_path / "a"), saved(probed(9, 9, scale=2), tmp_path / "b")
    assert not check(old, against=a).failed
    assert "2.weight std" in [each.figure for each in check(probed(9, 9, scale=2), a).drifts]
    assert main(["diff", a, a]) == 0
    assert main(["diff", a, b]) == 1
    assert "2.weight std: " in capsys.readouterr().out


def test_a_probe_is_no_network_of_a_spec(tmp_path, capsys):
    a = saved(probed(), tmp_path / "a")
    b = saved(run("relu_he"), tmp_path / "b")
    assert main(["diff", a, b]) == 1
    assert "spec.experiment: probe, now histogram" in capsys.readouterr().out


def test_a_probe_alone_has_nothing_to_be_run_again(tmp_path):
    for given in (probed(), saved(probed(), tmp_path / "a")):
        (error,) = check(given).errors
        assert "no model inside" in error


MODEL = """
import torch

def build(factor=1.0):
    model = torch.nn.Sequential(torch.nn.Linear(20, 32), torch.nn.Tanh(), torch.nn.Linear(32, 3))
    with torch.no_grad():
        model[0].weight *= factor
    return model

def other():
    return build(1.3)
"""


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """`winit probe` of a model in a file, beside which a probe of ten seeds is saved."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)

    def call(name, *options):
        given = ("--input", "16,20", "--loss", "cross_entropy", *options)
        code = main(["probe", f"model.py:{name}", *given])
        return code or 0, capsys.readouterr()

    assert call("build", "--repeats", "10", "-o", "saved", "--no-plot")[0] == 0
    return call


def test_a_probe_is_held_to_a_saved_one(command):
    code, told = command("build", "--seed", "50", "--against", "saved", "-q")
    assert (code, told.out) == (0, "")
    code, told = command("other", "--seed", "50", "--repeats", "3", "--against", "saved")
    assert code == 1
    assert "0.weight std: " in told.out
    assert "statistical: 1 run, one differs" in told.out


def test_what_is_compared_with_may_be_replaced_by_it(command):
    options = ("--against", "saved", "--repeats", "3", "-o", "saved", "--no-plot")
    assert [command("other", *options, "-q")[0] for _ in range(2)] == [1, 0]


def test_what_differs_is_told_to_ci(command, tmp_path):
    options = ("--against", "saved", "--repeats", "3", "--junit", "x.xml", "--output-format")
    code, told = command("other", *options, "github", "--fail-on", "overflow")
    assert code == 1  # though there is no such verdict
    assert "::error " in told.out
    assert 'failures="1"' in (tmp_path / "x.xml").read_text()


def test_what_cannot_be_compared_is_an_error(command, tmp_path):
    code, told = command("build", "--against", "nowhere", "-q")
    assert (code, "nowhere: no such folder" in told.err) == (2, True)
    saved(probed(), tmp_path / "saved" / "one")
    saved(probed(), tmp_path / "saved" / "two")
    code, told = command("other", "--against", "saved", "-q")
    assert (code, "holds 3 results, none named model.other" in told.err) == (2, True)
    assert command("build", "--against", "saved", "-q")[0] == 0


def test_the_long_tail_of_a_kurtosis_raises_few_alarms():
    """Of 16 entries of a parameter of no known law, one seed beside ten."""
    entries = np.random.default_rng(0).uniform(-1, 1, (10_000, 11, 16))
    off = entries - entries.mean(-1, keepdims=True)
    found = (off**4).mean(-1) / (off**2).mean(-1) ** 2
    place, alarms = Place(None, "kurtosis", "bias"), 0
    for ten, one in zip(found[:, :10], found[:, 10], strict=True):
        pair = Known(ten.mean(), ten.std(ddof=1), 10), Known(one, 0.0, 1)
        sample = _by_spreads(place, pair)
        alarms += abs(sample.saved - sample.expected) > 5.4 * sample.error  # p = 1e-3
    assert alarms < 35
