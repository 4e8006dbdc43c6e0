"""Scaled projections that are never scaled, since the name that the code looks for is another one.

GPT-2 divides the standard deviation of every projection into the residual stream by √(2 × layers),
so that the stream does not grow with depth. Code for this looks parameters up by their names. Here
it was copied from a model whose projections are called `c_proj`; in this one they are called
`proj`. Nothing fails: the loop finds no such parameter and changes nothing.

    winit probe examples/mistakes/01_scaled_projections.py:mistaken \
        --input 'int:4,64<512' --loss cross_entropy
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, LENGTH, WIDTH, HEADS, LAYERS = 512, 64, 128, 4, 12


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        fc, proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.mlp = nn.Sequential(OrderedDict(fc=fc, gelu=nn.GELU(), proj=proj))

    def forward(self, x):
        qkv = self.qkv(self.norm_1(x)).unflatten(-1, (3 * HEADS, -1)).transpose(1, 2)
        heads = F.scaled_dot_product_attention(*qkv.chunk(3, dim=1), is_causal=True)
        x = x + self.proj(heads.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm_2(x))


class GPT(nn.Module):
    def __init__(self, projections):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
            if name.endswith(projections):
                nn.init.normal_(parameter, std=0.02 / (2 * LAYERS) ** 0.5)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def mistaken():
    """A GPT of 12 blocks; no parameter has a name that ends with `c_proj.weight`."""
    return GPT(projections="c_proj.weight")


def sound():
    """The same with the projections' own name: two in each block."""
    return GPT(projections="proj.weight")
