"""The programs, run where their library is installed: laws of the draws, and forward passes.

Beside winit and pytest, install `torch`, `keras` or `jax`, then:

    python -m pytest -m '' tests/snippets/test_live.py
"""

from __future__ import annotations

import importlib.util
import warnings

import numpy as np
import pytest

from support import snippets
from support.peers import compare, tables
from support.snippets import spec_of
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_activations, build_network
from weightinit_cli.snippets import LIBRARIES, snippet

pytestmark = pytest.mark.slow
MOST_COLUMNS = 1000
SAME = 1e-4  # of float32 matrices, products of hundreds of entries among them
# In some operations, which depend on its backend, Keras 3 makes float32 of float64.
OFF = {"torch": 1e-12, "keras": 1e-6, "jax": 1e-12}


@pytest.fixture(scope="module", params=LIBRARIES)
def library(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    yield request.param
    snippets.reset(request.param)


def facts(w):
    """What may be the same of all draws of a matrix (fan_in, out), each as an array."""
    return {
        "entries": w,
        "products of rows": w @ w.T,
        "products of columns": w.T @ w if w.shape[1] <= MOST_COLUMNS else w[:0],
        "norms of columns": np.linalg.norm(w, axis=0),
        "zeros of rows": (w == 0).sum(axis=1),
    }


def same(one, other):
    return np.abs(one - other).max(initial=0) <= SAME * np.abs(one).max(initial=0)


def wrong_draws(ours, theirs):
    """What of their matrix, of shape (fan_in, out), is not as all of our draws have it."""
    theirs = theirs.reshape(-1, theirs.shape[-1])
    fans = list(theirs.shape)
    first, second = (np.empty(fans, "float32") for _ in range(2))
    for seed, panel in enumerate((first, second)):
        ours.fill(panel, np.random.Generator(np.random.PCG64DXSM(seed)))
    found = facts(theirs.astype("float32"))
    again = facts(second)
    wrong = [
        name
        for name, fact in facts(first).items()
        if same(fact, again[name]) and not same(fact, found[name])
    ]
    if same(first, second):
        return wrong
    scores = compare.scores(compare.draw(ours, fans), tables.describe(theirs))
    return wrong + [f"{name}: {z:.1f}" for name, z in scores.items() if not abs(z) < compare.LIMIT]


@pytest.mark.parametrize("kernels", [False, True], ids=["dense", "convolutions"])
def test_weights_follow_the_laws_of_ours(library, kernels):
    wrong = {}
    for case in snippets.initialized(kernels=kernels):
        [spec] = case.values
        model = snippets.build(spec, library)
        layers = build_network(spec).weighted
        for number, ((w, _), layer) in enumerate(zip(model.parameters, layers, strict=True), 1):
            if spec.initializer.name == "lsuv":
                w = w * (layer.weights.std / np.sqrt(np.mean(w**2)))
            if found := wrong_draws(layer.weights, w):
                wrong[f"{case.id}, layer {number}"] = found
    assert not wrong


def test_biases_follow_the_laws_of_ours(library):
    wrong = {}
    for case in snippets.biased():
        [spec] = case.values
        [(_, b)] = snippets.build(spec, library).parameters
        [layer] = build_network(spec).weighted
        if layer.bias is None:
            assert not b.any()
        elif found := wrong_draws(layer.bias, b[np.newaxis]):
            wrong[case.id] = found
    assert not wrong


def passed(spec, parameters, x, *, activated=True):
    """What our layers make of x, (n, ...), with the first weights and biases; activated or not."""
    network, activations = build_network(spec), build_activations(spec)
    x = x.reshape(len(x), -1)
    for layer, activation, (w, b) in zip(network.weighted, activations, parameters, strict=False):
        z = np.empty((len(x), layer.units))
        layer.forward(x, np.ascontiguousarray(w.reshape(-1, w.shape[-1])), z)
        z += np.tile(b, layer.units // len(b))
        with np.errstate(over="ignore"):  # of exp, on the way to 0
            x = activation.value(z)
    return x if activated else z


def wrong_pass(library, spec, shape):
    """How much a model's float64 outputs are off ours with its weights, where they are."""
    model = snippets.build(spec, library)
    x = np.random.Generator(np.random.PCG64DXSM(7)).integers(-400, 400, (9, *shape)) / 64
    expected = passed(spec, model.parameters, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations within the libraries
        found = model.forward(x).reshape(len(x), -1)
    if found.shape != expected.shape:
        return f"{found.shape}, not {expected.shape}"
    wrong = np.abs(found - expected).max() / max(np.abs(expected).max(), 1)
    return "" if wrong < OFF[library] else f"{wrong:.2g}"


def test_activations_are_ours(library):
    wrong = {
        case.id: found
        for case in snippets.activated()
        if (found := wrong_pass(library, case.values[0], (50,)))
    }
    assert not wrong


def test_dense_layers_are_ours(library):
    spec = spec_of(features=7, width=[20, 30], bias={"name": "normal", "std": 1}, dtype="float64")
    assert not wrong_pass(library, spec, (7,))


# image, kernel, padding, strides: odd and even sides, one stride for all and one for each
STACKS = [
    ([6, 5, 2], [3, 3], "circular", 1),
    ([6, 5, 2], [3, 3], "circular", [2, 1]),
    ([6, 5, 2], [4, 1], "circular", 1),
    ([9, 16, 2], [2, 5], "circular", 2),
    ([6, 5, 2], [3, 2], "same", 1),
    ([9, 15, 2], [3, 4], "same", [2, 3]),
    ([9, 8, 2], [3, 2], "valid", [1, 2]),
]


@pytest.mark.parametrize(("image", "kernel", "padding", "stride"), STACKS)
def test_convolutions_are_ours(library, image, kernel, padding, stride):
    spec = spec_of(
        image=image, kernel=kernel, padding=padding, stride=stride, channels=[4, 3],
        bias={"name": "normal", "std": 1}, dtype="float64",
    )  # fmt: skip
    even = not all(side % 2 for side in kernel)
    if library == "torch" and stride != 1 and (padding == "same" or (even and padding != "valid")):
        with pytest.raises(SpecError, match=r"padding: torch's Conv2d does not pad so for"):
            snippet(spec, library)
        return
    assert not wrong_pass(library, spec, image)


@pytest.mark.parametrize("keys", [{"width": 80}, snippets.CONVOLUTIONS, {"bias": "torch_linear"}])
def test_lsuv_gives_unit_variance(library, keys):
    spec = spec_of(**{**keys, "initializer": {"name": "lsuv", "tolerance": 0.01}})
    model = snippets.build(spec, library)
    shape = (spec.features,) if spec.convolution is None else spec.convolution.image
    x = np.random.Generator(np.random.PCG64DXSM(7)).standard_normal((spec.samples, *shape))
    for number in range(1, spec.layers + 1):
        below = passed(spec, model.parameters[:number], x, activated=False)
        assert below.var() == pytest.approx(1, abs=0.1), number  # of other inputs than it saw


def test_every_layer_and_every_seed_has_draws_of_its_own(library):
    spec = spec_of(width=30, layers=3, bias={"name": "normal", "std": 1})
    drawn = [layer for seed in (1, 2) for layer in snippets.build(spec, library, seed).parameters]
    for kind in (0, 1):
        assert len({layer[kind].tobytes() for layer in drawn}) == len(drawn)
    again = snippets.build(spec, library, 1).parameters
    assert all(np.array_equal(w, v) for (w, _), (v, _) in zip(again, drawn, strict=False))
