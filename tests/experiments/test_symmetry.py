"""The symmetry experiment: which layer wakes in which step, and whether its units part."""

from __future__ import annotations

import math

import pytest

from weightinit_cli.experiments import digest_of, run, shadow
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.spec import parse_spec

TINY = "experiment: symmetry\nwidth: 4\nsteps: 8\nactivation: sigmoid\ninitializer: zeros\n"
NORMAL = "initializer={name: normal, std: 1}"


def spec_of(*overrides):
    return parse_spec(TINY, source="x.yaml", stem="x", overrides=overrides)


def result_of(*overrides):
    return run(spec_of(*overrides))


def wakes(result):
    return [layer.first_moved for layer in result.layers]


def saved(result, folder):
    (folder / "stats.json").write_text(dump_result(result), encoding="utf-8")
    return load_result(folder)


# the output first, then one layer down per step


def test_sigmoid_from_zero_on_blobs():
    result = result_of()
    assert wakes(result) == [2, 1]
    hidden, output = result.layers
    assert hidden.moved[:3] == (False, True, True)
    assert output.moved[0]
    assert (hidden.start_distinct, hidden.most_distinct) == (1, 1)
    assert set(hidden.distinct_units) == {1}
    assert hidden.start_participation is None
    assert hidden.participation[0] is None
    assert hidden.participation[-1] == pytest.approx(1)
    assert result.steps == tuple(range(1, 9))
    assert result.start_loss == pytest.approx(math.log(2))
    assert result.loss[-1] < result.start_loss
    assert result.diverged is None


@pytest.mark.parametrize("hidden", [1, 2, 3])
def test_one_layer_wakes_per_step(hidden):
    result = result_of(f"layers={hidden}")
    assert wakes(result) == [*range(hidden + 1, 0, -1)]
    assert all(layer.most_distinct == 1 for layer in result.layers)


def test_nothing_moves_on_xor():
    """Its labels are balanced, and no unit tells its points apart."""
    result = result_of("data=xor", "steps=60")
    assert wakes(result) == [None, None]
    assert not any(any(layer.moved) for layer in result.layers)
    assert {*result.loss, result.start_loss} == {result.start_loss}
    assert result.base_entropy == pytest.approx(math.log(2))
    assert result.accuracy == 0.5


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("data", ["blobs", "random_labels"])
def test_where_zero_stays_zero_the_output_moves_alone(activation, data):
    result = result_of(f"activation={activation}", f"data={data}", "steps=40")
    *hidden, output = result.layers
    assert wakes(result) == [None, 1]
    assert all(not any(layer.weight_gradient_rms) for layer in hidden)
    assert not any(output.weight_gradient_rms)
    assert output.bias_gradient_rms[0] > 0
    assert result.base_entropy <= result.loss[-1] < result.loss[0] < result.start_loss


def test_random_biases_part_the_units():
    result = result_of("bias={name: normal, std: 1}", "steps=40")
    hidden, _ = result.layers
    assert (hidden.start_distinct, hidden.fewest_distinct) == (4, 4)
    assert wakes(result) == [2, 1]


def test_equal_weights_stay_equal():
    result = result_of("initializer={name: constant, value: 0.5}", "steps=60", "layers=2")
    assert wakes(result) == [1, 1, 1]
    assert all(layer.most_distinct == 1 for layer in result.layers)
    assert all(layer.participation[-1] == pytest.approx(1) for layer in result.layers)


def test_normal_weights_differ_from_the_start():
    result = result_of(NORMAL, "layers=2")
    assert wakes(result) == [1, 1, 1]
    assert [layer.fewest_distinct for layer in result.layers] == [4, 4, 1]
    assert all(1 < layer.start_participation <= 4 for layer in result.layers[:-1])


def test_no_hidden_layer(tmp_path):
    result = result_of("layers=0", "steps=200")
    assert [layer.units for layer in result.layers] == [1]
    assert wakes(result) == [1]
    assert result.accuracy > 0.85
    assert saved(result, tmp_path) == result


# what a result holds


def test_steps_are_all_and_then_few():
    result = result_of("steps=3000")
    assert result.steps[:50] == tuple(range(1, 51))
    assert result.steps[-1] == 3000
    assert len(result.steps) <= 150
    assert all(len(layer.moved) == len(result.steps) for layer in result.layers)


@pytest.mark.parametrize("rate", ["1e300", "1e308"])
@pytest.mark.parametrize("start", [(), (NORMAL, "activation=relu", "layers=2")], ids=str)
def test_divergence_is_a_result(tmp_path, rate, start):
    result = result_of(f"learning_rate={rate}", *start, "steps=60")
    assert 1 <= result.diverged <= 60
    assert result.steps[-1] == result.diverged
    assert result.loss[-1] is None
    assert saved(result, tmp_path) == result


def test_divergence_before_the_first_step(tmp_path):
    result = result_of("initializer={name: normal, std: 1e200}", "activation=relu")
    assert (result.diverged, result.steps, result.start_loss) == (0, (), None)
    assert saved(result, tmp_path) == result


@pytest.mark.parametrize(
    "overrides",
    [(), ("data=xor",), ("data=random_labels", "samples=7", "features=3"), (NORMAL, "layers=3")],
    ids=str,
)
def test_saved_and_read_again(tmp_path, overrides):
    result = result_of(*overrides)
    again = saved(result, tmp_path)
    assert again == result
    assert dump_result(again) == dump_result(result)


def test_same_spec_twice_is_equal():
    assert result_of(NORMAL) == result_of(NORMAL)
    assert dump_result(result_of(NORMAL)) == dump_result(result_of(NORMAL))
    assert run(spec_of(NORMAL), threads=2) == result_of(NORMAL)


def test_digest_and_stream():
    result = result_of(NORMAL)
    assert result.digest == digest_of(spec_of(NORMAL))
    others = [(NORMAL, "seed=1"), (NORMAL, "data=random_labels", "features=2"), ()]
    assert result.stream not in {result_of(*other).stream for other in others}
    scaled = result_of("initializer={name: normal, std: 2}")
    assert scaled.stream == result.stream
    assert scaled.loss != result.loss


@pytest.mark.parametrize("number", [1, 2])
def test_a_shadow_differs_by_rounding(number):
    spec = spec_of(NORMAL, "steps=30")
    result, moved = run(spec), shadow(spec, number)
    assert moved.loss != result.loss
    assert moved.loss == pytest.approx(result.loss, rel=1e-12)
    assert moved.stream == result.stream
    assert moved == shadow(spec, number)
    assert moved.loss != shadow(spec, 3 - number).loss


def test_shadow_of_equal_units():
    """Rounding at the inputs does not part them."""
    assert all(layer.most_distinct == 1 for layer in shadow(spec_of("layers=2"), 1).layers)


class Counter:
    def __init__(self, stop=None):
        self.total, self.done, self.stop = None, 0.0, stop

    def start(self, total):
        self.total = total

    def step(self, amount, words=""):
        self.done += amount
        if self.stop is not None:
            raise self.stop


def test_progress_adds_up():
    counter = Counter()
    run(spec_of("steps=450"), progress=counter)
    assert (counter.total, counter.done) == (450, 450)


def test_interrupt_passes():
    with pytest.raises(KeyboardInterrupt):
        run(spec_of("steps=450"), progress=Counter(KeyboardInterrupt))
