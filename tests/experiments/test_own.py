"""Weights and biases by functions of one's own, in place of the spec's initializers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import prod, sqrt

import numpy as np
import pytest

from weightinit_cli import load_result
from weightinit_cli.batch.product import product_of, saved
from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments import run
from weightinit_cli.results import dump_result
from weightinit_cli.results.files import write_files
from weightinit_cli.spec import parse_spec
from weightinit_cli.streams import BIT_GENERATOR

DENSE = "samples: 50\nwidth: [20, 30, 10]\nactivation: relu\ninitializer: kaiming_normal\n"
IMAGES = (
    "samples: 20\nimage: [6, 6, 3]\nchannels: 4\nlayers: 2\nactivation: relu\n"
    "initializer: kaiming_normal\n"
)


def spec_of(text, *overrides):
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def kaiming(rng, shape):
    """What `kaiming_normal` means, drawn as winit draws it."""
    return rng.standard_normal(shape, dtype=np.float32) * sqrt(2 / prod(shape[:-1]))


def fixed(rng, shape, seed=5):
    return np.random.Generator(np.random.SFC64(seed)).standard_normal(shape) / sqrt(shape[0])


def streams(result):
    return [layer.weights.stream for layer in result.layers]


def figures(result):
    """All but who drew, and the hashes of the draws."""
    layers = (replace(layer, weights=replace(layer.weights, stream="")) for layer in result.layers)
    return replace(result, environment={}, layers=tuple(layers))


@pytest.mark.parametrize(
    "text", [DENSE, IMAGES, f"{DENSE}repeats: 3\n", f"{DENSE}dtype: float64\n"]
)
def test_the_same_draws_are_the_same_network(text):
    spec = spec_of(text)
    result = run(spec, weights=kaiming)
    if spec.dtype == "float32":
        assert figures(result) == figures(run(spec))
    assert dump_result(run(spec, weights=kaiming, threads=2)) == dump_result(result)
    assert result.resolved == run(spec).resolved
    assert result.digest == run(spec).digest


@pytest.mark.parametrize("text", [DENSE, IMAGES, f"{DENSE}repeats: 2\n"])
def test_every_layer_is_drawn_once_in_order_and_kept(text):
    rng = np.random.default_rng(1)
    spec = spec_of(text, "bias=zeros")
    shown, biases = [], []

    def unrepeatable(_, shape):
        shown.append((shape, rng.standard_normal(shape) / sqrt(prod(shape[:-1]))))
        return shown[-1][1]

    def bias(_, shape):
        biases.append((shape, rng.standard_normal(shape)))
        return biases[-1][1]

    result = run(spec, weights=unrepeatable, biases=bias)
    kernel = (3, 3, 3, 4), (3, 3, 4, 4)
    shapes = kernel if text == IMAGES else ((20, 20), (20, 30), (30, 10))
    assert tuple(shape for shape, _ in shown) == shapes * spec.repeats
    assert [shape for shape, _ in biases] == [shape[-1:] for shape, _ in shown]
    first = shown[0][1].astype(np.float32)
    assert result.layers[0].weights.max == first.max()
    drawn = [each for _, each in shown], [each for _, each in biases]
    again = run(
        spec, weights=lambda *_: drawn[0].pop(0), biases=lambda *_: drawn[1].pop(0), threads=2
    )
    assert replace(again, environment={}) == replace(result, environment={})
    if text == DENSE:
        x = np.random.default_rng(2).standard_normal((5000, 20))
        h = np.maximum(x @ shown[0][1] + biases[0][1], 0)
        assert result.layers[0].mean == pytest.approx(h.mean(), abs=0.1)
        assert result.layers[0].std == pytest.approx(h.std(), abs=0.15)


def test_what_is_drawn_is_copied():
    kept = np.empty((20, 20))

    def same_place(rng, shape):
        rng.standard_normal(out=kept)
        return kept.reshape(shape)

    result = run(spec_of(DENSE, "width=20"), weights=same_place)
    assert len({layer.weights.max for layer in result.layers}) == 5


def test_the_generator_is_the_layers_own():
    seen = []

    def told(rng, shape):
        seen.append((type(rng.bit_generator).__name__, rng.random()))
        return np.zeros(shape)

    for text in (DENSE, f"{DENSE}seed: 1\n", f"{DENSE}repeats: 2\n"):
        run(spec_of(text), weights=told, biases=told)
    assert {name for name, _ in seen} == {BIT_GENERATOR}
    assert seen[:6] == seen[12:18]
    assert len({number for _, number in seen}) == 6 + 6 + 6


def truncated(rng, shape):
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > 2).any():
        drawn[outside] = rng.standard_normal(outside.sum())
    return drawn / sqrt(shape[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_that_are_repeated_have_one_hash_at_any_scale_and_shape(dtype):
    def again(draw):
        return lambda _, shape: draw(np.random.Generator(np.random.SFC64(5)), shape)

    def transposed(rng, shape):
        return fixed(rng, shape[::-1]).astype(np.float32).T

    def moved(rng, shape):
        return shape[0] + fixed(rng, shape) * 1e-3

    def tiny(rng, shape):
        return fixed(rng, shape) * 1e-300

    spec = spec_of(DENSE, f"dtype={dtype}")
    for repeated in (fixed, again(truncated), transposed, moved, tiny):
        assert len(set(streams(run(spec, weights=repeated)))) == 1, repeated
    for sound in (kaiming, truncated):
        assert len(set(streams(run(spec, weights=sound)))) == 3, sound


@pytest.mark.parametrize("width", [1, 2])
def test_few_draws_do_not_agree_by_chance(width):
    spec = spec_of(DENSE, f"width={width}", "layers=40", "samples=2", "backward=false")
    assert len(set(streams(run(spec, weights=kaiming)))) == 40


@pytest.mark.parametrize("law", ["ones", "identity"])
def test_what_draws_nothing_has_no_hash(law):
    fill = {"ones": lambda _, shape: np.ones(shape), "identity": lambda _, shape: np.eye(*shape)}
    assert streams(run(spec_of(DENSE, f"initializer={law}"), weights=fill[law])) == [None] * 3


def test_a_hash_tells_draws_behind_zeros():
    def mostly_zero(rng, shape):
        return np.concatenate([np.zeros((19, 20)), rng.standard_normal((1, 20))])

    spec = spec_of(DENSE, "width=20", "layers=4")
    assert len(set(streams(run(spec, weights=mostly_zero)))) == 4


class Wrong:
    """No array, and one that says so in several lines."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("call detach() first\nand more")


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (lambda shape: np.ones(shape[::-1]), "returned shape (30, 20); shape (20, 30) = (fan_in,"),
        (lambda _: 0.1, "returned shape (); shape (20, 30)"),
        (lambda _: None, "must return an array of real numbers, not None"),
        (lambda shape: np.full(shape, 1j), "must return an array of real numbers, not one of comp"),
        (lambda shape: np.full(shape, "1"), "must return an array of real numbers, not one of <U1"),
        (lambda shape: np.full(shape, "x", object), "of real numbers, not one of object"),
        (lambda shape: np.zeros(shape, "m8[s]"), "of real numbers, not one of timedelta64[s]"),
        (lambda _: Wrong(), "returned what is no array: call detach() first"),
        (lambda _: [[1], [1, 2]], "returned what is no array: setting an array element"),
    ],
)
def test_what_is_no_matrix_of_numbers(drawn, message):
    def mine(rng, shape):
        return kaiming(rng, shape) if shape == (20, 20) else drawn(shape)

    with pytest.raises(WinitError) as caught:
        run(spec_of(DENSE), weights=mine)
    (line,) = caught.value.lines
    assert line.startswith(f"weights of layer 2: {__name__}.test_what_is_no_matrix_of_numbers.")
    assert message in line
    assert "\n" not in line


def test_a_bias_of_another_shape():
    def column(rng, shape):
        return kaiming(rng, (*shape, 1))

    message = r"biases of layer 1: .*column returned shape \(20, 1\); shape \(20,\) = \(fan_out,\)"
    with pytest.raises(WinitError, match=message):
        run(spec_of(DENSE), biases=column)


def test_what_a_function_raises_passes_through():
    def broken(rng, shape):
        raise KeyError(shape)

    with pytest.raises(KeyError, match="20, 20"):
        run(spec_of(DENSE), weights=broken)


@pytest.mark.parametrize("role", ["weights", "biases"])
def test_no_function(role):
    with pytest.raises(
        TypeError, match=f"{role} must be a function fn.rng, shape., not of type st"
    ):
        run(spec_of(DENSE), **{role: "he_normal"})


@pytest.mark.parametrize("experiment", ["symmetry", "training"])
def test_another_experiment(experiment):
    text = f"experiment: {experiment}\nactivation: tanh\ninitializer: xavier_normal\n"
    with pytest.raises(ValueError, match=f"are for histogram, not for {experiment}"):
        run(spec_of(text), weights=kaiming)


@pytest.mark.parametrize("role", ["weights", "biases"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("initializer: lsuv\n", "x.yaml:1:14: initializer: lsuv finds its scales on the data"),
        (
            "initializer: xavier_normal\npretraining: {steps: 2, learning_rate: 0.1}\n",
            "x.yaml:2:14: pretraining: it would change own weights and biases",
        ),
    ],
)
def test_a_start_that_looks_at_the_data(role, text, message):
    with pytest.raises(SpecError) as caught:
        run(spec_of(f"{text}activation: tanh\nsamples: 9\nwidth: 9\n"), **{role: fixed})
    assert str(caught.value).startswith(message)


def test_nonfinite_entries_are_recorded():
    def broken(rng, shape):
        drawn = kaiming(rng, shape)
        drawn[0, :3] = np.nan, np.inf, -np.inf
        return drawn

    result = run(spec_of(DENSE), weights=broken)
    assert [layer.weights.nonfinite for layer in result.layers] == [3] * 3
    assert result.layers[0].weights.std == pytest.approx(sqrt(2 / 20), rel=0.2)
    everything = run(spec_of(DENSE), weights=lambda _, shape: np.full(shape, np.nan))
    assert everything.layers[0].weights.mean is None
    assert dump_result(everything)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e-320, 1e-40, 1e30, 1e300])
def test_entries_of_any_size(dtype, size):
    result = run(spec_of(DENSE, f"dtype={dtype}"), weights=lambda r, s: r.standard_normal(s) * size)
    assert dump_result(result)
    if dtype == "float64" or size == 1e30:
        assert result.layers[0].weights.max == pytest.approx(3 * size, rel=0.5)
        assert result.layers[0].weights.nonfinite == 0


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.longdouble, np.int8, list])
def test_numbers_of_any_type(kind):
    def ones(_, shape):
        return np.ones(shape).tolist() if kind is list else np.ones(shape, kind)

    result = run(spec_of(DENSE, "initializer=ones"), weights=ones)
    assert figures(result) == figures(run(spec_of(DENSE, "initializer=ones")))


def test_the_spec_stays_the_law():
    """Theory and scales are the spec's; the figures are those of what was drawn."""
    spec = spec_of(DENSE, "width=100")
    wide = run(spec, weights=lambda rng, shape: 2 * kaiming(rng, shape))
    own = run(spec)
    assert wide.resolved == own.resolved
    assert wide.layers[0].weights.std == pytest.approx(2 * own.layers[0].weights.std)
    assert wide.layers[0].theory.q == own.layers[0].theory.q
    assert abs(wide.layers[0].theory.figures["preactivation_std"].z) > 10
    biased = run(spec, biases=lambda rng, shape: rng.standard_normal(shape))
    assert biased.resolved == own.resolved
    assert biased.layers[0].preactivation_std == pytest.approx(sqrt(2 + 1), rel=0.1)


class Scheme:
    """An initializer as libraries have them: an object that is called."""

    def __call__(self, rng, shape):
        return kaiming(rng, shape)

    draw = __call__


def test_the_result_says_who_drew(tmp_path):
    spec = spec_of(DENSE)
    module = __name__

    def drawer(function):
        return run(spec, weights=function).environment["weights"]

    assert run(spec).environment.keys().isdisjoint({"weights", "biases"})
    both = run(spec, weights=kaiming, biases=lambda _, shape: np.zeros(shape))
    assert both.environment["weights"] == f"{module}.kaiming"
    assert both.environment["biases"].startswith(f"{module}.test_the_result_says_who_drew.<local")
    assert drawer(partial(partial(fixed, seed=1), seed=2)) == f"{module}.fixed"
    assert drawer(Scheme()) == f"{module}.Scheme"
    assert drawer(Scheme().draw) == f"{module}.Scheme.__call__"

    def in_a_library(rng, shape):
        return kaiming(rng, shape)

    in_a_library.__module__, in_a_library.__qualname__ = "numpy.random.init", "mine\x1b"
    assert drawer(in_a_library) == f"numpy.random.init.mine\\x1b (numpy {np.__version__})"
    write_files(tmp_path, "", {"stats.json": dump_result(both).encode()})
    assert load_result(tmp_path) == both


def test_a_batch_does_not_take_them_for_its_own(tmp_path):
    spec = spec_of(DENSE)
    for result, found in ((run(spec), True), (run(spec, weights=kaiming), False)):
        product = product_of(result, spec, ())
        write_files(tmp_path, spec.folder, product.files)
        assert (saved(tmp_path, spec, result.digest, ()) is not None) is found
