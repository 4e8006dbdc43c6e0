"""Attention that looks at a single token, since its queries and keys are too large.

The matrices of queries and keys are parameters made by `torch.randn`, of standard deviation 1. The
scores are then hundreds, and their softmax is 1 for one token and 0 for all others: the other
tokens are not seen, and through a softmax as sharp as this no gradient comes back to what decides.
The same comes about where the scores are not divided by √(width of a head).

    winit probe examples/mistakes/11_one_hot_attention.py:mistaken \
        --input 'int:4,64<512' --loss cross_entropy
"""

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, LENGTH, WIDTH, HEADS, LAYERS = 512, 64, 128, 4, 4


class Block(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.query = nn.Parameter(std * torch.randn(WIDTH, WIDTH))
        self.key = nn.Parameter(std * torch.randn(WIDTH, WIDTH))
        self.value, self.proj = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, x):
        y = self.norm_1(x)
        qkv = (y @ self.query, y @ self.key, self.value(y))
        heads = (each.unflatten(-1, (HEADS, -1)).transpose(1, 2) for each in qkv)
        mixed = F.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.proj(mixed.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm_2(x))


class GPT(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(std) for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def mistaken():
    """A small GPT with queries and keys by N(0, 1) matrices."""
    return GPT(std=1)


def sound():
    """The same with a standard deviation of 1 / √width."""
    return GPT(std=WIDTH**-0.5)
