"""probe() from Python: what it takes as a model, a batch and a loss, and what it leaves behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import weightinit_cli as winit

if TYPE_CHECKING:
    from collections.abc import Callable

torch = pytest.importorskip("torch")
nn = torch.nn


def net() -> Any:
    return nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 10))


class Two(nn.Module):
    """Takes two arguments, or one of them in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(self, image: Any, text: Any) -> Any:
        """Add what both give."""
        if isinstance(image, dict):
            image = image["pixels"][0]
        return self.left(image) + self.right(text)


X = np.random.default_rng(0).normal(size=(8, 20)).astype(np.float32)
LEFT, RIGHT = torch.ones(6, 4), torch.ones(6, 5)


@pytest.mark.parametrize(
    "batch",
    [X, torch.from_numpy(X), (X,), [X], {"input": X}, lambda: X, lambda: {"input": X}],
    ids=["array", "tensor", "tuple", "list", "dict", "function", "function of a dict"],
)
def test_a_batch_in_any_form(batch: Any):
    model = net()
    result = winit.probe(model, batch, loss="cross_entropy")
    same = winit.probe(model, X, loss="cross_entropy")
    assert [value.figures for value in result.values] == [value.figures for value in same.values]


@pytest.mark.parametrize(
    "batch",
    [
        (LEFT, RIGHT),
        {"image": LEFT, "text": RIGHT},
        ({"pixels": [LEFT]}, RIGHT),
        {"image": {"pixels": (LEFT,)}, "text": RIGHT},
        ("6,4", "6,5"),
        {"image": LEFT, "text": "6,5"},
    ],
    ids=["tuple", "dict", "nested tuple", "nested dict", "words", "words in a dict"],
)
def test_several_inputs(batch: Any):
    result = winit.probe(Two(), batch, loss="mean_square")
    assert [value.name for value in result.values] == ["left.linear", "right.linear", "Two.add"]
    assert result.values[0].shape == (6, 3)


@pytest.mark.parametrize("model", [net, net(), nn.Sequential(nn.Linear(20, 10))])
def test_a_model_or_what_builds_it(model: Any):
    result = winit.probe(model, "8,20")
    assert result.values[-1].shape == (8, 10)


def test_a_class_builds_models():
    assert winit.probe(Two, ("6,4", "6,5")).spec["target"] == "Two"


def test_a_loss_of_one_s_own():
    seen = []

    def loss(output: Any, batch: Any) -> Any:
        seen.append((output.shape, batch.shape))
        return (output**2).mean()

    result = winit.probe(net(), X, loss=loss)
    assert seen == [((8, 10), (8, 20))]
    assert result.loss is not None
    assert result.loss.value == pytest.approx((result.values[-1].figures.std or 0) ** 2, rel=0.2)
    assert result.loss.said.endswith("loss")


def test_a_named_batch_comes_to_the_loss_by_its_names():
    def loss(output: Any, batch: Any) -> Any:
        return (output - batch["text"].mean()).square().mean()

    assert winit.probe(Two(), {"image": LEFT, "text": RIGHT}, loss=loss).loss is not None


def test_the_same_seed_builds_the_same_model():
    first, again, other = (winit.probe(net, "8,20", seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first.parameters[0].statistics != other.parameters[0].statistics
    assert first.input["0"] != other.input["0"]


def test_integers_keep_their_kind_and_numbers_follow_the_model():
    words = nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 50))
    tokens = np.arange(12, dtype=np.int64).reshape(3, 4)
    assert winit.probe(words, tokens).values[0].shape == (3, 4, 8)
    doubled = net().double()
    assert winit.probe(doubled, X).values[-1].shape == (8, 10)


def test_a_saved_result_is_read_again(tmp_path: Any):
    result = winit.probe(net(), X, loss="cross_entropy", name="mine")
    paths = result.save(tmp_path / "mine")
    assert [path.name for path in paths][-1] == "stats.json"
    assert winit.load_result(tmp_path / "mine") == result


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: winit.probe(net(), ()), "no --input says what the model is called with"),
        (lambda: winit.probe(net(), X[:, :19]), "cannot be run, in 0 (Linear): RuntimeError"),
        (lambda: winit.probe(3, X), "int: is a value of type int: a torch.nn.Module, or"),
        (lambda: winit.probe(lambda: 3, X), "builds a value of type int"),
        (lambda: winit.probe(net(), X, loss="cross_entropy:11"), "no axis of 11 classes"),
        (lambda: winit.probe(net(), X * np.nan), "the input is nan at [0, 0], and at 159 more"),
        (lambda: winit.probe("nowhere.py:net", X), "nowhere.py: No such file or directory"),
    ],
)
def test_errors(call: Callable[[], object], message: str):
    with pytest.raises(winit.WinitError) as caught:
        call()
    assert message in caught.value.lines[0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"seed": -1}, "seed must be from 0 to 2**64 - 1, not -1"),
        ({"seed": 1 << 64}, f"seed must be from 0 to 2**64 - 1, not {1 << 64}"),
        ({"repeats": 0}, "repeats must be at least 1, not 0"),
        ({"name": "../elsewhere"}, "name must be 1 to 100 letters, digits, . _ and -, the first "
         "a letter or a digit, the last no dot, not '../elsewhere'"),
        ({"name": ""}, "not ''"),
    ],
)  # fmt: skip
def test_values_that_no_probe_can_have(keys: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        winit.probe(net(), X, **keys)


def test_the_environment_says_what_figures_depend_on():
    environment = winit.probe(net(), X).environment
    assert environment["torch"] == torch.__version__
    assert environment["simd"] == [torch.backends.cpu.get_cpu_capability()]
