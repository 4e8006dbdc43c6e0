"""A model and torch are as before after a probe, also where the model raises."""

from __future__ import annotations

import random

import numpy as np
import pytest

from support.watched import Model, inputs
from weightinit_cli import probe

torch = pytest.importorskip("torch")
nn = torch.nn
hooks = torch.nn.modules.module

X = inputs(6, 8)


class Raises(nn.Module):
    def forward(self, x):
        raise ValueError("on purpose")


class Counts(nn.Module):
    """Changes a buffer, a parameter and torch itself whenever it runs."""

    def __init__(self):
        super().__init__()
        self.register_buffer("runs", torch.zeros(()))
        self.scale = nn.Parameter(torch.ones(8))
        self.fixed = nn.Parameter(torch.ones(8), requires_grad=False)
        self.seen, self.outputs = 0, []

    def forward(self, x):
        self.runs += 1
        self.scale.data.mul_(2)
        with torch.no_grad():
            self.fixed.add_(1)
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_grad_enabled(True)
        torch.set_num_threads(torch.get_num_threads() + 1)
        self.fixed.data = torch.zeros(8)
        self.seen += 1
        self.outputs.append(x)
        self.register_buffer("cache", x)
        self.more = nn.Linear(2, 2)
        draws = np.random.rand() + random.random()  # noqa: NPY002, S311
        return x * self.scale * torch.rand(8).float() + draws


def build(*more):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(8, 8),
        nn.BatchNorm1d(8),
        nn.Dropout(0.5),
        nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)),
        Counts(),
        *more,
    )
    model[0].bias.requires_grad_(False)
    model[1].eval()
    model[0].weight.grad = torch.full((8, 8), 3.0)
    return model


def state(model):
    """All that a run may change."""
    modules = [(name, each.training, each._forward_hooks, each._forward_pre_hooks, each.__dict__)
               for name, each in model.named_modules()]  # fmt: skip
    return {
        "tensors": {key: each.clone() for key, each in model.state_dict().items()},
        "ids": {key: id(each) for key, each in model.state_dict(keep_vars=True).items()},
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "needs": [p.requires_grad for p in model.parameters()],
        "hooks": [p._backward_hooks for p in model.parameters()],
        "modes": [each[:2] for each in modules],
        "module hooks": [(dict(each[2]), dict(each[3])) for each in modules],
        "keys": [sorted(each[4]) for each in modules],
        "held": [model[4].seen, len(model[4].outputs)],
        "global hooks": [len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)],
        "random": [
            torch.get_rng_state(),
            str(np.random.get_state()),  # noqa: NPY002
            random.getstate(),
        ],
        "torch": [
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.overrides._get_current_function_mode_stack(),
            torch.nn.functional.has_torch_function,
            torch.autograd.has_torch_function,
            torch.get_num_threads(),
        ],
    }


def equal(one, other):
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        pairs = zip(one, other, strict=True)
        return len(one) == len(other) and all(equal(*pair) for pair in pairs)
    return one is other or bool(one == other)


def differences(before, after):
    return [key for key in before if not equal(before[key], after[key])]


def test_a_model_is_left_as_it_was_found():
    model = build()
    before = state(model)
    result = probe(model, X)
    assert differences(before, state(model)) == []
    assert result.values[-1].figures.gradient is not None


@pytest.mark.parametrize("where", ["forward", "loss"])
def test_also_where_it_raises(where):
    def loss(output, _):
        raise ValueError("on purpose")

    model = build(*([Raises()] if where == "forward" else []))
    before = state(model)
    with pytest.raises(Exception, match="on purpose"):
        probe(model, X, loss=loss if where == "loss" else None)
    assert differences(before, state(model)) == []


def test_without_gradients_and_in_inference_mode_there_are_gradients_all_the_same():
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            result = probe(lambda: nn.Linear(8, 4), "6,8")
            assert result.values[0].figures.gradient is not None
            assert not torch.is_grad_enabled()
            assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)


def test_batch_norm_takes_the_batches_statistics_as_in_training():
    model = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 2)).eval()
    result = probe(model, X * 5 + 3)
    assert result.values[0].figures.std == pytest.approx(1, rel=1e-3)
    assert not model.training


def test_lazy_parameters_are_filled_under_the_seed_and_named():
    def lazy():
        return nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.ReLU())

    def drawn():
        model = lazy()
        model(X)
        return model

    one, two, other = (probe(lazy, "6,8", seed=seed) for seed in (1, 1, 2))
    assert [each.name for each in one.parameters] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert one.parameters[0].fan_in == 8
    hashes = [each.parameters[0].statistics.stream for each in (one, two, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert [each.name for each in one.values] == [each.name for each in probe(drawn, X).values]
    model = lazy()
    probe(model, X)
    assert int(model[1].num_batches_tracked) == 0


def test_nothing_of_a_run_is_kept():
    kept = []

    def forward(model, x):
        model.cache = model.fc(x).detach()
        kept.append((model.cache, dict(vars(model.cache))))
        return model.fc(x)

    model = Model(forward, fc=nn.Linear(8, 4))
    probe(model, X)
    (cache, during), *others = kept
    assert not during
    assert not others
    assert not vars(cache)


def test_what_a_model_does_to_its_inputs_is_done_to_a_copy():
    x = X.clone().requires_grad_()
    before = x.detach().clone()
    probe(Model(lambda model, x: model.fc(x.mul_(2)), fc=nn.Linear(8, 4)), x)
    assert torch.equal(x.detach(), before)
    assert x.grad is None
