"""How evenly attention looks at its keys: the entropy of its weights."""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np
import torch

# Entries of attention weights that are computed again at most, of so many heads of inputs at most.
MOST_ENTRIES, MOST_HEADS = 1 << 20, 64
# A score as low as this, or an entry of a mask as low as that, stands for -inf.
FORBIDDEN, FORBIDDEN_BY_MASK = -1e8, -9e3


def entropy_of_scores(scores: torch.Tensor) -> float | None:
    """The entropy of softmax(scores) over the last axis, as a share of what it may be.

    That is the mean over all queries of -Σ p ln p / ln n, n being the number of keys that a query
    may look at: those whose score is no -inf and no number that stands for it. Queries that may
    look at one key alone are left out; None where there is no other, or a score is nan.
    """
    rows = scores.detach().reshape(-1, scores.shape[-1])
    most = max(MOST_ENTRIES // rows.shape[1], 1)
    total, number = _shares(rows[_chosen(len(rows), most)] if len(rows) > most else rows)
    return min(total / number, 1.0) if number else None


def entropy_of_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,  # noqa: ARG001
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,  # noqa: ARG001
) -> float | None:
    """The entropy of the weights that `scaled_dot_product_attention` makes and keeps to itself.

    They are computed again, head by head, and thrown away. At most MOST_HEADS heads of inputs are
    looked at, drawn at random but always the same ones, and of each as many queries, evenly
    spaced, as MOST_ENTRIES weights allow.
    """
    queries, width = query.shape[-2:]
    keys = key.shape[-2]
    axes = zip_longest(query.shape[-3::-1], key.shape[-3::-1], fillvalue=1)
    outer = [max(sizes) for sizes in axes][::-1]
    scale = width**-0.5 if scale is None else scale
    chosen = _chosen(prod(outer), MOST_HEADS)
    step = -(-queries * keys * len(chosen) // MOST_ENTRIES)
    places = torch.arange(step // 2, queries, step)
    total, number = 0.0, 0
    for flat in chosen:
        index = tuple(np.unravel_index(flat, outer)) if outer else ()
        of_query, of_key = (_head(each.detach(), index, outer).float() for each in (query, key))
        scores = of_query[places] @ of_key.T * scale
        if is_causal:
            scores.masked_fill_(torch.arange(keys) > places[:, None], float("-inf"))
        if attn_mask is not None:
            scores = _masked(scores, _of_head(attn_mask.detach(), index, outer, queries, places))
        share, counted = _shares(scores)
        total, number = total + share, number + counted
    return min(total / number, 1.0) if number else None


def _chosen(number: int, most: int) -> list[int]:
    """Places below a number, all of them or some, drawn at random but always the same ones."""
    if number <= most:
        return list(range(number))
    generator = np.random.Generator(np.random.SFC64(0))
    return sorted(generator.choice(number, most, replace=False).tolist())


def _head(tensor: torch.Tensor, index: tuple[Any, ...], outer: list[int]) -> torch.Tensor:
    """One head's queries or keys; those along a shorter axis are shared by as many heads."""
    axes = tensor.dim() - 2
    sizes = zip(index[len(outer) - axes :], tensor.shape, outer[len(outer) - axes :], strict=False)
    return tensor[tuple(place * size // number for place, size, number in sizes)]


def _of_head(
    mask: torch.Tensor, index: tuple[Any, ...], outer: list[int], queries: int, places: torch.Tensor
) -> torch.Tensor:
    whole = mask.expand(*outer, queries, mask.shape[-1])[index]
    return whole[places]


def _masked(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, float("-inf"))
    return (scores + mask.float()).masked_fill(mask <= FORBIDDEN_BY_MASK, float("-inf"))


def _shares(scores: torch.Tensor) -> tuple[float, int]:
    """The sum of the entropies of rows of scores, each as a share of its most, and their number."""
    scores = scores.float()
    allowed = scores > FORBIDDEN
    several = allowed.sum(dim=-1) > 1
    scores, allowed = scores[several], allowed[several]
    if not len(scores):
        return 0.0, 0
    weights = scores.masked_fill(~allowed, float("-inf")).softmax(dim=-1)
    entropies = -torch.special.xlogy(weights, weights).sum(dim=-1).double()
    return float((entropies / allowed.sum(dim=-1).double().log()).sum()), len(scores)
