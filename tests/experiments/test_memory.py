"""Requests that cannot fit: refused at the key that asks most, with what is needed and there."""

from __future__ import annotations

import pickle
import tracemalloc

import pytest

from weightinit_cli.errors import MemoryShortageError, SpecError
from weightinit_cli.experiments import resources, run
from weightinit_cli.experiments.build import build_network
from weightinit_cli.network import peak_bytes
from weightinit_cli.network.passes import BYTES_AT_ANY_SIZE
from weightinit_cli.plots import pictures
from weightinit_cli.results import dump_result
from weightinit_cli.results.plain import indented
from weightinit_cli.spec import parse_spec

GIB = 1 << 30
TEXT = """\
activation: sigmoid
initializer: xavier_normal
samples: {samples}
features: {features}
layers: {layers}
width: {width}
histogram:
  bins: {bins}
"""
SMALL = {"samples": 100, "features": 10, "layers": 2, "width": 10, "bins": 30}
LINES = {"samples": 3, "features": 4, "layers": 5, "width": 6, "histogram.bins": 8}


def spec_of(**changes):
    text = TEXT.format(**{**SMALL, **changes})
    return parse_spec(text, source="x.yaml", stem="x")


def needed(spec, threads=1):
    return peak_bytes(build_network(spec), spec.histogram.bins, threads, traced=spec.backward)


def check(spec):
    resources.check_memory(spec, needed(spec))


@pytest.fixture
def available(monkeypatch):
    def set_to(size):
        monkeypatch.setattr(resources, "available_bytes", lambda: size)

    return set_to


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"samples": 10**9}, "samples"),
        ({"width": 10**6}, "width"),
        ({"features": 10**6, "width": 10**5}, "features"),
        ({"features": 10**9}, "features"),
        ({"samples": 10**7, "width": 1000}, "samples"),
        ({"samples": 1000, "width": "[10, 2000000]"}, "width"),
        ({"layers": 10_000, "bins": 100_000}, "histogram.bins"),
    ],
)
def test_refused_at_the_key_that_asks_most(changes, path, available):
    available(GIB)
    spec = spec_of(**changes)
    with pytest.raises(SpecError) as caught:
        check(spec)
    (line,) = caught.value.lines
    assert line.startswith(f"x.yaml:{LINES[path]}:")
    assert f": {path}: needs " in line
    assert "and 1.0 GiB are available" in line
    gib = needed(spec).total / GIB
    figure = line.partition("needs ")[2].split()[0]
    assert float(figure.replace(",", "")) == pytest.approx(gib, rel=0.05)


def test_the_key_named_is_worth_changing(available):
    """A tenth of the key that asks most takes most of the need away."""
    for key, value in (("samples", 10**9), ("width", 10**6), ("features", 10**9)):
        before = needed(spec_of(**{key: value})).total
        after = needed(spec_of(**{key: value // 10})).total
        assert after < 0.2 * before


def test_accepted_where_it_fits(available):
    spec = spec_of(samples=10**7)
    total = needed(spec).total
    available(total)
    check(spec)
    available(total - 1)
    with pytest.raises(SpecError):
        check(spec)


def test_a_shortage_is_told_from_other_problems_in_another_process(available):
    """A batch may run such a run later, alone: the error keeps its kind and its place."""
    available(GIB)
    with pytest.raises(MemoryShortageError) as caught:
        check(spec_of(samples=10**9))
    sent = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - its own
    assert type(sent) is MemoryShortageError
    assert sent.lines == caught.value.lines


def test_small_requests_never_ask(monkeypatch):
    """Looking memory up costs more than such a run, and psutil's import."""

    def refuse():
        raise AssertionError("asked")

    monkeypatch.setattr(resources, "available_bytes", refuse)
    check(spec_of())
    with pytest.raises(AssertionError):
        check(spec_of(samples=10**8))


def test_a_default_key_is_located_somewhere(available):
    """`samples` is not written in the file: the message names it all the same."""
    available(1)
    spec = parse_spec(
        "activation: tanh\ninitializer: he_normal\nwidth: 100000\n", source="x.yaml", stem="x"
    )
    with pytest.raises(SpecError) as caught:
        check(spec)
    (line,) = caught.value.lines
    assert line.startswith("x.yaml")
    assert "needs " in line


def test_absurd_requests_have_a_readable_figure(available):
    available(GIB)
    with pytest.raises(SpecError) as caught:
        check(spec_of(samples=2**63 - 1))
    (line,) = caught.value.lines
    assert len(line) < 120
    assert "e+" in line


def test_more_threads_need_no_less():
    spec = spec_of(samples=10**6, width=1000)
    totals = [needed(spec, threads).total for threads in (1, 2, 8)]
    assert totals == sorted(totals)


def taken(make):
    """The most bytes held at one time."""
    tracemalloc.start()
    try:
        make()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


DESCENTS = {
    "wide": "experiment: symmetry\nwidth: 400\nlayers: 3\nsteps: 2\n",
    "many samples": ("experiment: symmetry\ndata: blobs\nsamples: 5000\nwidth: 9\nsteps: 2\n"),
    "wide classifier": "experiment: training\nwidth: 900\nlayers: 3\nbatch: 1\nsteps: 3\n",
    "wide, with momentum": (
        "experiment: training\nwidth: 900\nlayers: 3\nbatch: 1\nsteps: 3\nmomentum: 0.9\n"
    ),
    "pretrained": (
        "experiment: training\nwidth: 900\nlayers: 2\nsteps: 3\npretraining: {steps: 2}\n"
    ),
}


@pytest.mark.parametrize("name", DESCENTS)
def test_descents_keep_their_promise(name, monkeypatch):
    """With the result's text; what any run takes, modules among it, is not counted."""
    if "training" in DESCENTS[name]:
        pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    text = f"activation: tanh\ninitializer: he_normal\n{DESCENTS[name]}"
    spec = parse_spec(text, source="x.yaml", stem="x")
    promised = []
    monkeypatch.setattr(resources, "_available_for", promised.append)
    small = parse_spec(text, source="x.yaml", stem="x", overrides=["steps=1", "width=1"])
    run(small)  # with all imports
    least = 0 if spec.experiment == "symmetry" else taken(lambda: run(small))
    promised.clear()
    peak = taken(lambda: dump_result(run(spec))) - least
    (bound,) = promised
    assert peak < bound - BYTES_AT_ANY_SIZE
    assert bound - BYTES_AT_ANY_SIZE < 8 * peak


def test_many_losses_keep_their_promise():
    """As they are gathered, kept, and written."""
    number = 100_000

    def make():
        losses = [0.1 + step / 3 for step in range(number)]
        return indented([tuple(losses)]).encode(), losses

    assert taken(make) < resources.BYTES_PER_STEP * number < 2 * taken(make)


def test_many_bins_keep_their_promise_as_text_and_in_a_picture():
    spec = spec_of(bins=20_000, layers=4, samples=5)

    def make():
        result = run(spec)
        pictures(result, ("png",))
        dump_result(result)

    run(spec_of())
    pictures(run(spec_of()), ("png",))
    peak = taken(make)
    assert peak < needed(spec).total - BYTES_AT_ANY_SIZE + (1 << 25)  # the picture's pixels
    assert needed(spec).records < 4 * peak
