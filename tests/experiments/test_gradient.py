"""What comes back to the layers, as a caller sees it: figures, the histogram, switching it off."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log, sqrt

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import resources, run
from weightinit_cli.experiments.build import build_network
from weightinit_cli.network import peak_bytes
from weightinit_cli.results import dump_result
from weightinit_cli.spec import parse_spec

SMALL = "samples: 50\nwidth: 20\nlayers: 4\nactivation: tanh\ninitializer: {name: normal, std: 1}\n"
LARGE = "samples: 2000\nwidth: 300\nlayers: 3\nactivation: tanh\ninitializer: xavier_normal\n"


def spec_of(text, *overrides):
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def run_text(text, *overrides, **options):
    return run(spec_of(text, *overrides), **options)


# -- what the design says of the well-known pictures --------------------------------------------


def mean_log_ratio(text, seeds, *overrides):
    """By layer and seed: the logarithm of how the gradient's power changes a layer, on average."""
    logs = [
        log(layer.gradient.ratio)
        for seed in range(seeds)
        for layer in run_text(text, f"seed={seed}", *overrides).layers[:-1]
    ]
    return sum(logs) / len(logs)


@pytest.mark.parametrize(
    ("activation", "initializer", "low", "high"),
    [
        # Design, section 1: × 1/18 a layer, × 0.97 to 0.99, × 9.4, × 5.5.
        ("sigmoid", "xavier_normal", 1 / 20, 1 / 17),
        ("sigmoid", "{name: normal, std: 1}", 0.8, 1.2),
        ("sigmoid", "{name: normal, std: 10}", 7, 12),
        ("tanh", "{name: normal, std: 1}", 4.7, 6.3),
        ("relu", "xavier_normal", 0.4, 0.6),
        ("relu", "kaiming_normal", 0.8, 1.2),
    ],
)
def test_the_gradient_of_the_well_known_pictures(activation, initializer, low, high):
    """At 100 units one ratio's logarithm varies by 0.2 at most: 24 of them, by 0.04."""
    text = f"samples: 300\nactivation: {activation}\ninitializer: {initializer}\n"
    assert log(low) < mean_log_ratio(text, 6) < log(high)


def test_nothing_comes_back_through_zero_weights():
    """Design, section 1: exactly zero below the last layer."""
    result = run_text("samples: 30\nactivation: sigmoid\ninitializer: {name: normal, std: 0}\n")
    *below, last = [layer.gradient for layer in result.layers]
    assert {(g.signal_rms, g.weight_rms) for g in below} == {(0.0, 0.0)}
    assert [g.ratio for g in below] == [None, None, None, 0.0]
    assert last.signal_rms == pytest.approx(0.25, rel=4.5 / sqrt(2 * 3000))


# -- what a result holds ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("activation=relu",),
        ("activation=step",),
        ("activation=linear", "initializer.std=1e-9", "layers=40"),
        ("activation=linear", "initializer.std=1e9", "layers=40"),
        ("activation=linear", "initializer.std=1e38", "layers=4"),
        ("activation=relu", "initializer.std=0.01", "layers=200"),
        ("activation=relu", "initializer.std=10", "layers=200"),
        ("activation=tanh", "initializer.std=10", "layers=200"),
    ],
    ids=str,
)
def test_figures_agree_with_each_other(overrides, dtype):
    """Counts add up, edges are powers of two, and ratios are those of the root mean squares."""
    result = run_text(SMALL, *overrides, f"dtype={dtype}")
    returned = [layer.gradient for layer in result.layers]
    for gradient in returned:
        histogram = gradient.histogram
        finite = sum(histogram.counts) + histogram.underflow + histogram.overflow
        assert finite + gradient.nonfinite == 50 * 20
        assert all(high == 2 * low for low, high in pairwise(histogram.edges))
        assert 1 <= len(histogram.counts) <= 40
        assert histogram.edges[-1] <= 2.0**1023
        if sum(histogram.counts):
            # The highest bin has a value, and the root mean square lies below all.
            assert histogram.counts[-1] > 0
            if not histogram.overflow:
                assert gradient.signal_rms < histogram.edges[-1]
                share = histogram.counts[-1] / finite
                assert gradient.signal_rms >= histogram.edges[-2] * sqrt(share)
    assert returned[-1].ratio is None
    for gradient, above in pairwise(returned):
        if None in (gradient.ratio, gradient.signal_rms, above.signal_rms):
            continue
        if gradient.signal_rms > 1e-300 and above.signal_rms:
            expected = (gradient.signal_rms / above.signal_rms) ** 2
            assert gradient.ratio == pytest.approx(expected, rel=1e-12, abs=0)
    assert result.input.gradient is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_change_a_figure(dtype):
    one, two, five = (
        dump_result(run_text(LARGE, f"dtype={dtype}", threads=threads)) for threads in (1, 2, 5)
    )
    assert one == two == five


def test_what_comes_back_is_the_seeds():
    one, same, other = (run_text(SMALL, f"seed={seed}").layers for seed in (0, 0, 1))
    assert one == same
    for layer, another in zip(one, other, strict=True):
        assert layer.gradient.signal_rms != another.gradient.signal_rms


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
def test_switched_off_it_leaves_all_else_alone(activation):
    on, off = (run_text(SMALL, f"activation={activation}", f"backward={b}") for b in (True, False))
    assert (on.spec["backward"], off.spec["backward"]) == (True, False)
    assert on.digest != off.digest
    assert on.input == off.input
    for layer, without in zip(on.layers, off.layers, strict=True):
        assert without.gradient is None
        assert not [path for path in without.theory.figures if path.startswith("gradient.")]
        figures = {p: f for p, f in layer.theory.figures.items() if not p.startswith("gradient.")}
        assert len(figures) < len(layer.theory.figures)
        theory = replace(layer.theory, figures=figures)
        assert replace(layer, gradient=None, theory=theory) == without
    names = {verdict.name for verdict in off.verdict}
    assert not names & {"vanishing_gradient", "exploding_gradient"}


# -- progress and memory ------------------------------------------------------------------------


class Heard:
    """What a progress is told."""

    def __init__(self):
        self.total, self.steps = None, []

    def start(self, total):
        assert self.total is None
        assert not self.steps
        self.total = total

    def step(self, amount):
        self.steps.append(amount)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("overrides", [(), ("backward=false",), ("repeats=3",)], ids=str)
def test_progress_reaches_its_end(overrides, threads):
    heard = Heard()
    run_text(SMALL, *overrides, threads=threads, progress=heard)
    assert sum(heard.steps) == pytest.approx(heard.total, rel=1e-12)
    assert min(heard.steps) >= 0


def test_progress_counts_what_is_asked_for():
    totals = []
    for overrides in ((), ("backward=false",), ("repeats=3",)):
        heard = Heard()
        run_text(SMALL, *overrides, progress=heard)
        totals.append(heard.total)
    both, forwards, thrice = totals
    # The share of the way back is what it may cost: up to 2.2 times the way forward.
    assert 0 < both - forwards < 2.2 * forwards
    assert thrice == pytest.approx(3 * both, rel=1e-15)


DEEP = """\
activation: sigmoid
initializer: xavier_normal
samples: 1000000
layers: 100
width: 100
"""
GIB = 1 << 30


@pytest.fixture
def available(monkeypatch):
    def set_to(gib):
        monkeypatch.setattr(resources, "available_bytes", lambda: int(gib * GIB))

    return set_to


def check(spec):
    needed = peak_bytes(build_network(spec), spec.histogram.bins, 1, traced=spec.backward)
    resources.check_memory(spec, needed)


@pytest.mark.parametrize(
    ("written", "place"), [("", "x.yaml:1:1: "), ("backward: true\n", "x.yaml:6:11: ")]
)
def test_refused_at_backward_where_it_would_fit_without(written, place, available):
    """100 layers' pre-activations of 400 MB each; forwards alone takes two of them."""
    available(8)
    with pytest.raises(SpecError) as caught:
        run_text(DEEP + written, threads=1)
    (line,) = caught.value.lines
    needed, rest = line.removeprefix(f"{place}backward: needs ").split(maxsplit=1)
    # 100 layers and the inputs, with what the forward pass takes.
    assert 101 * 4e8 < float(needed) * GIB < 1.1 * 101 * 4e8
    rest = rest.removeprefix("GiB of memory, and 8.0 GiB are available; ")
    enough, ending = rest.split(maxsplit=1)
    assert ending == "GiB are enough with backward: false"
    assert 2 * 4e8 < float(enough) * GIB < 5 * 4e8
    # As it says: without it that passes, and with less it does not.
    without = spec_of(DEEP, "backward=false")
    available(float(enough) + 0.05)
    check(without)
    available(float(enough) - 0.05)
    with pytest.raises(SpecError):
        check(without)


@pytest.mark.parametrize("backward", [True, False])
def test_refused_elsewhere_where_that_would_not_do(backward, available):
    available(1)
    with pytest.raises(
        SpecError, match=r": samples: needs [\d.]+ GiB of memory, .* are available$"
    ):
        run_text(DEEP, f"backward={backward}", threads=1)
