"""The entropy of attention: from its scores, and computed again where the weights stay inside."""

from __future__ import annotations

from math import log

import pytest

from support.watched import inputs, values, watch

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional
attend = functional.scaled_dot_product_attention


def plain(scores):
    """By the formula, row by row."""
    shares = []
    for row in scores.double().reshape(-1, scores.shape[-1]):
        allowed = row[row > float("-inf")]
        if len(allowed) > 1:
            p = allowed.softmax(0)
            shares.append(float(-(p * p.clamp(min=1e-300).log()).sum()) / log(len(allowed)))
    return sum(shares) / len(shares)


Q, K, V = (inputs(3, 2, 5, 4, seed=seed) for seed in range(3))
CAUSAL = torch.ones(5, 5, dtype=torch.bool).tril()
SOME = torch.rand(3, 1, 5, 5, generator=torch.Generator().manual_seed(0)) > 0.3
SCORES = Q @ K.transpose(-1, -2) / 2


@pytest.mark.parametrize(
    ("keywords", "scores"),
    [
        ({}, SCORES),
        ({"is_causal": True}, SCORES.masked_fill(~CAUSAL, float("-inf"))),
        ({"attn_mask": SOME}, SCORES.masked_fill(~SOME, float("-inf"))),
        (
            {"attn_mask": torch.zeros(5, 5).masked_fill(~CAUSAL, torch.finfo().min)},
            SCORES.masked_fill(~CAUSAL, float("-inf")),
        ),
        (  # as models of half precision forbid
            {"attn_mask": -1e4 * (~CAUSAL).float()},
            SCORES.masked_fill(~CAUSAL, float("-inf")),
        ),
        ({"attn_mask": CAUSAL.float()}, SCORES + CAUSAL.float()),
        ({"scale": 3.0}, SCORES * 6),
    ],
)
def test_it_is_computed_again_from_what_attention_is_given(keywords, scores):
    def forward(model, x):
        return attend(x * model.one, K, V, **keywords)

    result = watch(forward, Q, one=nn.Parameter(torch.ones(())))
    found = values(result)["Model.scaled_dot_product_attention"].entropy
    assert found == pytest.approx(plain(scores), rel=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_keys_and_queries_may_be_broadcast(axis):
    one = Q.narrow(axis, 0, 1), K.narrow(axis, 0, 1), V.narrow(axis, 0, 1)

    def entropy(q, k, v):
        result = watch(
            lambda model, x: attend(x * model.one, k, v), q, one=nn.Parameter(torch.ones(()))
        )
        return result.values[-1].entropy

    shared = plain(Q @ one[1].transpose(-1, -2) / 2)
    assert entropy(Q, *one[1:]) == pytest.approx(shared, rel=1e-5)
    assert entropy(one[0], K, V) == pytest.approx(plain(one[0] @ K.mT / 2), rel=1e-5)


def test_keys_may_be_shared_by_heads():
    shared = K[:, :1]

    def forward(model, x):
        return attend(x * model.one, shared, V[:, :1], enable_gqa=True)

    result = watch(forward, Q, one=nn.Parameter(torch.ones(())))
    expected = plain(Q @ shared.transpose(-1, -2) / 2)
    assert result.values[-1].entropy == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("scale", "low", "high"), [(0.0, 0.9999, 1.0), (1e4, 0, 0.05)])
def test_even_attention_has_1_and_one_hot_attention_about_0(scale, low, high):
    def forward(model, x):
        return attend(x * model.scale, K, V, is_causal=True)

    result = watch(forward, Q, scale=nn.Parameter(torch.tensor(scale)))
    assert low <= result.values[-1].entropy <= high


def test_weights_that_are_seen_tell_theirs():
    def forward(model, x):
        scores = (x * model.one) @ K.transpose(-1, -2) / 2
        weights = scores.masked_fill(~CAUSAL, float("-inf")).softmax(dim=-1)
        return model.drop(weights) @ V

    result = watch(forward, Q, one=nn.Parameter(torch.ones(())), drop=nn.Dropout(0.5))
    expected = plain(SCORES.masked_fill(~CAUSAL, float("-inf")))
    found = values(result)
    assert found["Model.softmax"].entropy == pytest.approx(expected, rel=1e-5)
    assert found["Model.matmul"].entropy is None


def test_a_softmax_that_is_no_attention_has_none():
    result = watch(lambda model, x: model.fc(x).softmax(-1), Q, fc=nn.Linear(4, 6))
    assert result.values[-1].operation == "softmax"
    assert result.values[-1].entropy is None


def test_of_many_heads_and_queries_some_are_looked_at():
    q, k = inputs(40, 4, 100, 4), inputs(40, 4, 100, 4, seed=1)
    result = watch(lambda model, x: attend(x * model.one, k, k), q,
                   one=nn.Parameter(torch.ones(())))  # fmt: skip
    expected = plain(q[:2] @ k[:2].transpose(-1, -2) / 2)
    assert result.values[-1].entropy == pytest.approx(expected, rel=0.05)
