"""The training experiment: what a start is worth, what choosing gains, what ends a run."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments import check, digest_of, run, shadow, training
from weightinit_cli.experiments.training import best_of
from weightinit_cli.network.learning import Learner
from weightinit_cli.plots import pictures
from weightinit_cli.results import Score, Trained, dump_result, load_result
from weightinit_cli.spec import parse_spec

TINY = """\
experiment: training
width: 20
layers: 2
batch: 16
steps: 30
activation: relu
initializer: kaiming_normal
"""


@pytest.fixture(autouse=True)
def digits():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")


def spec_of(*overrides):
    return parse_spec(TINY, source="x.yaml", stem="x", overrides=overrides)


def result_of(*overrides):
    return run(spec_of(*overrides))


def saved(result, folder):
    (folder / "stats.json").write_text(dump_result(result), encoding="utf-8")
    return load_result(folder)


class Stop:
    """Progress that is interrupted at the `at`-th piece of work."""

    def __init__(self, at=None):
        self.at, self.told, self.done, self.total = at, 0, 0.0, None

    def start(self, total):
        self.total = total

    def step(self, amount, words=""):
        self.told += 1
        self.done += amount
        if self.told == self.at:
            raise KeyboardInterrupt


# what is learnt


def test_he_learns_and_a_small_start_does_not():
    same = ("layers=4", "width=60", "steps=300", "batch=32", "learning_rate=0.05")
    he = result_of(*same)
    small = result_of(*same, "initializer={name: normal, std: 0.01}")
    (good,), (bad,) = he.networks, small.networks
    assert good.test.accuracy > 0.8
    assert bad.test.accuracy < 0.3
    guess = np.log(10)
    assert np.mean(bad.losses[-50:]) == pytest.approx(guess, rel=0.02)
    assert np.mean(good.losses[-50:]) < guess / 4
    assert bad.losses[0] == pytest.approx(guess, rel=1e-3)


def test_what_is_recorded(tmp_path):
    result = result_of("repeats=3")
    assert (result.data.train, result.data.validation, result.data.test) == (1200, 297, 300)
    assert (result.data.features, result.data.classes) == (64, 10)
    assert [len(network.losses) for network in result.networks] == [30, 30, 30]
    assert len({network.stream for network in result.networks}) == 3
    assert len({network.losses for network in result.networks}) == 3
    assert [best.k for best in result.best_of] == [1, 2, 3]
    assert result.interrupted is None
    assert result.digest == digest_of(spec_of("repeats=3"))
    again = saved(result, tmp_path)
    assert again == result
    assert dump_result(again) == dump_result(result)


def test_first_repeat_is_the_run_without_repeats():
    alone, many = result_of(), result_of("repeats=2")
    assert many.networks[0] == alone.networks[0]
    assert alone.best_of == ()


def test_same_spec_twice_is_equal():
    assert dump_result(result_of()) == dump_result(run(spec_of(), threads=2))
    assert result_of("seed=1").networks != result_of().networks


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_shadow_differs_by_rounding(dtype):
    spec = spec_of(f"dtype={dtype}")
    (network,), (moved,) = run(spec).networks, shadow(spec, 1).networks
    assert moved.stream == network.stream
    assert moved.losses != network.losses
    rel = 1e-4 if dtype == "float32" else 1e-12
    assert moved.losses == pytest.approx(network.losses, rel=rel)
    assert shadow(spec, 2).networks[0].losses != moved.losses


def test_a_batch_may_be_all_examples_and_no_more():
    (network,) = result_of("batch=1200", "steps=2").networks
    assert len(network.losses) == 2
    with pytest.raises(SpecError) as caught:
        run(spec_of("batch=1201"))
    (line,) = caught.value.lines
    assert line == "--set batch=1201: batch: must be at most the 1,200 training examples"
    text = TINY.replace("batch: 16", "batch: 4611686018427387904")
    with pytest.raises(SpecError) as caught:
        run(parse_spec(text, source="x.yaml", stem="x"))
    assert str(caught.value).startswith("x.yaml:4:8: batch: must be at most the 1,200 ")


# the best of k


def network(validation, test, accuracy):
    score = Score(test, accuracy)
    return Trained((1.0,), None, score, Score(validation, 0.5), score, "0" * 16)


def brute(networks, k):
    """Over all subsets: the one of the smallest validation loss, its scores on test data."""
    accuracies, losses = [], []
    for some in combinations(networks, k):
        best = min(some, key=lambda one: np.inf if (v := one.validation.loss) is None else v)
        accuracies.append(best.test.accuracy)
        losses.append(best.test.loss)
    return np.mean(accuracies), np.std(accuracies), np.mean(losses), np.std(losses)


LISTS = {
    "two": [network(0.2, 0.3, 0.9), network(0.1, 0.5, 0.7)],
    "seven": [
        network(v, v + 0.1 * (-1) ** n, 1 - v / 2)
        for n, v in enumerate((0.9, 0.3, 0.5, 0.1, 0.7, 0.2, 0.8))
    ],
    "ties": [network(0.5, 0.1 * n, 0.1 * n) for n in range(5)],
    "one not finite": [network(None, 9.0, 0.1), *(network(v, v, 1 - v) for v in (0.4, 0.2, 0.3))],
}


@pytest.mark.parametrize("name", LISTS)
def test_best_of_is_that_over_all_subsets(name):
    networks = LISTS[name]
    found = best_of(networks)
    assert [best.k for best in found] == [*range(1, len(networks) + 1)]
    for best in found:
        values = (best.accuracy_mean, best.accuracy_std, best.loss_mean, best.loss_std)
        assert values == pytest.approx(brute(networks, best.k), rel=1e-12, abs=1e-7)


def test_best_of_very_many_networks_has_what_is_shown():
    """The expectation over ranks, which are uniform: (n + 1) / (k + 1) - 1 for the best of k."""
    n = 2500
    networks = [network(rank, float(rank), 0.5) for rank in range(n)]
    found = best_of(networks)
    told = [best.k for best in found]
    assert told == sorted(set(told))
    assert {*range(1, 101), n // 2, n} <= set(told)
    assert len(told) < 200
    gaps = [b / a for a, b in pairwise(told[99:])]
    assert max(gaps) < 1.1
    for best in found:
        assert best.loss_mean == pytest.approx((n + 1) / (best.k + 1) - 1, rel=1e-9, abs=1e-9)


def test_interrupted_while_choosing_it_keeps_the_networks(monkeypatch, tmp_path):
    def stop(networks):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "best_of", stop)
    spec = spec_of("repeats=2")
    result = run(spec)
    assert len(result.networks) == 2
    assert result.interrupted == (30, 2)
    assert result.best_of == ()
    assert saved(result, tmp_path) == result


def test_best_of_one_and_of_none():
    one = LISTS["two"][0]
    assert best_of([one]) == ()
    assert best_of([]) == ()
    assert best_of([one, replace(one, validation=None)]) == ()
    assert best_of([one, replace(one, test=Score(None, 0.1))]) == ()


# what ends a run


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_rate_that_diverges_is_a_result(tmp_path, repeats):
    result = result_of("learning_rate=1e200", f"repeats={repeats}", "dtype=float64")
    assert len(result.networks) == repeats
    for one in result.networks:
        assert one.diverged == len(one.losses) + 1
        assert 1 < one.diverged <= 30
        assert np.isfinite(one.losses).all()
    again = saved(result, tmp_path)
    assert again == result
    assert pictures(again, ("png",))["training.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_start_that_overflows_is_a_result(tmp_path, repeats):
    """Not one loss is finite, so no step is taken."""
    result = result_of("initializer={name: normal, std: 1e30}", f"repeats={repeats}")
    assert [(one.losses, one.diverged) for one in result.networks] == [((), 1)] * repeats
    assert result.networks[0].test.loss is None
    assert result.best_of == ()
    again = saved(result, tmp_path)
    assert again == result
    assert pictures(again, ("png",))["training.png"].startswith(b"\x89PNG")


def test_progress_adds_up():
    progress = Stop()
    run(spec_of("steps=25", "repeats=2"), progress=progress)
    assert progress.done == progress.total == 50


@pytest.mark.parametrize("at", [1, 2, 4, 5])
def test_interrupted_it_keeps_what_was_reached(tmp_path, at):
    """Told every ten of 30 steps: the 4th is step 10 of the second network."""
    spec = spec_of("repeats=3")
    result, whole = run(spec, progress=Stop(at)), run(spec)
    number, step = (at - 1) // 3, (at - 1) % 3 * 10 + 10
    assert result.interrupted == (step, number + 1)
    assert len(result.networks) == number + 1
    assert result.networks[:number] == whole.networks[:number]
    assert result.networks[number].losses == whole.networks[number].losses[:step]
    assert result.digest == whole.digest
    assert saved(result, tmp_path) == result
    assert len(result.best_of) == (number + 1 if number else 0)
    pictures(result, ("png",))


def test_interrupted_before_the_first_step(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Learner, "step", stop)
    with pytest.raises(KeyboardInterrupt):
        result_of("repeats=2")


@pytest.mark.parametrize("part", range(3))
def test_interrupted_between_the_steps(tmp_path, monkeypatch, part):
    """At the scores of the second network: the first stays."""
    calls = iter(range(100))
    score = Learner.score

    def stop(self, inputs, labels):
        if next(calls) == 3 + part:
            raise KeyboardInterrupt
        return score(self, inputs, labels)

    whole = result_of()
    monkeypatch.setattr(Learner, "score", stop)
    result = result_of("repeats=3")
    assert result.networks == whole.networks
    assert result.interrupted == (0, 2)
    assert saved(result, tmp_path) == result


# the data


@pytest.mark.parametrize("data", ["mnist", "mnist_t10k"])
@pytest.mark.parametrize("function", [run, check, digest_of])
def test_without_a_folder(monkeypatch, data, function):
    monkeypatch.delenv("WINIT_DATA_DIR", raising=False)
    with pytest.raises(WinitError) as caught:
        function(spec_of(f"data={data}"))
    (line,) = caught.value.lines
    assert f"data: {data}: " in line
    assert "WINIT_DATA_DIR" in line
    assert "--data-dir" in line


def test_files_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("WINIT_DATA_DIR", str(tmp_path))
    with pytest.raises(WinitError, match="to be had from https://"):
        run(spec_of("data=mnist_t10k"))


def test_real_mnist(tmp_path, monkeypatch):
    if not os.environ.get("WINIT_DATA_DIR"):
        pytest.skip("WINIT_DATA_DIR is not set: no real MNIST")
    spec = spec_of("data=mnist_t10k", "steps=100", "batch=32", "learning_rate=0.05", "repeats=2")
    result = run(spec)
    assert (result.data.train, result.data.validation, result.data.test) == (8000, 0, 2000)
    assert len(result.data.checksums) == 2
    assert result.best_of == ()
    assert all(one.validation is None for one in result.networks)
    assert all(one.test.accuracy > 0.5 for one in result.networks)
    assert saved(result, tmp_path) == result


def test_digest_is_of_the_files(monkeypatch):
    spec = spec_of()
    known = digest_of(spec)
    monkeypatch.setattr("weightinit_cli.data.digits.CHECKSUM", "0" * 64)
    assert digest_of(spec) != known


@pytest.mark.parametrize("batch", [[1], [2, 3]], ids=str)
@pytest.mark.parametrize("momentum", [0, 0.9])
def test_smallest_networks(tmp_path, batch, momentum):
    for size, layers in product(batch, (1, 2)):
        result = result_of(f"batch={size}", "width=1", f"layers={layers}", f"momentum={momentum}")
        assert saved(result, tmp_path) == result
