"""An embedding of N(0, 1), PyTorch's default, that is tied to the head.

The head multiplies normalized values, of size 1 each, with the embedding's rows. Of N(0, 1) numbers
this gives logits of standard deviation √width, about 11 here, and the model is sure of its answers,
mostly that the token it has just read comes again, before it has learned anything. It comes about
where the initialization knows linear layers alone, and the tie is made after it.

    winit probe examples/mistakes/02_tied_embedding.py:mistaken \
        --input 'int:4,64<512' --loss cross_entropy
"""

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, LENGTH, WIDTH, HEADS, LAYERS = 512, 64, 128, 4, 4


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, x):
        qkv = self.qkv(self.norm_1(x)).unflatten(-1, (3 * HEADS, -1)).transpose(1, 2)
        heads = F.scaled_dot_product_attention(*qkv.chunk(3, dim=1), is_causal=True)
        x = x + self.proj(heads.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm_2(x))


class GPT(nn.Module):
    def __init__(self, drawn):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        for module in self.modules():
            if isinstance(module, drawn):
                nn.init.normal_(module.weight, std=0.02)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def mistaken():
    """A small GPT whose head is the embedding, as `nn.Embedding` draws it: N(0, 1)."""
    return GPT(drawn=nn.Linear)


def sound():
    """The same, with N(0, 0.02²) in the embeddings as well as in the linear layers."""
    return GPT(drawn=(nn.Linear, nn.Embedding))
