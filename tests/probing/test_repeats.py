"""A model built under several seeds: the first one's figures, and their spread over all."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from weightinit_cli import probe
from weightinit_cli.errors import WinitError
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.results.probe import course

torch = pytest.importorskip("torch")
nn = torch.nn


def build():
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def repeated(target=build, batch="16,6", **keys):
    return probe(target, batch, loss="cross_entropy", repeats=4, **keys)


def test_the_figures_are_the_first_seeds_and_spread_over_all(tmp_path):
    found = repeated(seed=5)
    alone = [probe(build, "16,6", loss="cross_entropy", seed=seed) for seed in range(5, 9)]
    assert [each.figures.std for each in found.values] == [
        each.figures.std for each in alone[0].values
    ]
    for number, value in enumerate(found.values):
        for path in ("std", "gradient.signal_rms"):
            spread = value.figures.repeats[path]
            stds = [_at(each.values[number].figures, path) for each in alone]
            assert spread.values == tuple(stds)
            assert spread.mean == pytest.approx(fmean(stds))
            assert spread.std == pytest.approx(stdev(stds))
    weight = found.parameters[0].repeats["statistics.std"]
    assert weight.values == tuple(each.parameters[0].statistics.std for each in alone)
    assert len(set(weight.values)) == 4
    assert found.loss.spread.values == tuple(each.loss.value for each in alone)
    assert " (over 4 seeds " in course(found)
    path = tmp_path / "stats.json"
    path.write_text(dump_result(found))
    assert load_result(path) == found


def _at(figures, path):
    for name in path.split("."):
        figures = getattr(figures, name)
    return figures


def test_one_run_has_no_spread():
    alone = probe(build, "16,6", loss="cross_entropy")
    assert alone.values[0].figures.repeats is alone.parameters[0].repeats is None
    assert alone.loss.spread is None
    assert "over" not in course(alone)


def test_a_model_that_is_there_is_not_built_anew():
    with pytest.raises(WinitError, match="4 repeats of a model that is there already"):
        repeated(build())


def test_a_builder_with_a_seed_of_its_own_is_told():
    def deaf():
        torch.manual_seed(1)
        return build()

    *_, said = repeated(deaf).unseen
    assert "the same ones under every seed" in said
    assert not any("every seed" in said for said in repeated().unseen)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((nn.Tanh, nn.ReLU), "value 2 is 1.relu (16, 8), and under seed 0 1.tanh (16, 8)"),
        ((nn.Tanh, nn.Identity), "value 2 is 2.linear (16, 3), and under seed 0 1.tanh (16, 8)"),
    ],
)
def test_another_model_under_another_seed_is_refused(layers, said):
    waiting = list(layers)

    def other():
        model = build()
        model[1] = waiting.pop(0)()
        return model

    with pytest.raises(WinitError) as error:
        repeated(other)
    assert said in str(error.value)
