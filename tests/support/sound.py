"""Small models of today's kinds, drawn soundly; each has a batch for it in words."""

from __future__ import annotations

from math import sqrt

import torch
from torch import nn
from torch.nn import functional

WORDS, WIDTH = 60, 32


class Residual(nn.Module):
    """x + scale × f(x)."""

    def __init__(self, branch, scale=None):
        super().__init__()
        self.branch, self.scale = branch, scale

    def forward(self, x):
        y = self.branch(x)
        return x + (y if self.scale is None else self.scale * y)


class Attention(nn.Module):
    def __init__(self, heads=4, *, causal=False):
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.heads, self.causal = heads, causal

    def forward(self, x):
        qkv = self.qkv(x).unflatten(-1, (3 * self.heads, -1)).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(*qkv.chunk(3, dim=1), is_causal=self.causal)
        return self.proj(mixed.transpose(1, 2).flatten(2))


def feedforward(activation=nn.GELU):
    return nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), activation(), nn.Linear(4 * WIDTH, WIDTH))


def blocks(number, scale=None, *, causal=False):
    """Pre-normed blocks of attention and feed-forward layers."""

    def factor():
        return None if scale is None else nn.Parameter(torch.full((WIDTH,), scale))

    return nn.Sequential(
        *[
            Residual(nn.Sequential(nn.LayerNorm(WIDTH), part()), factor())
            for _ in range(number)
            for part in (lambda: Attention(causal=causal), feedforward)
        ]
    )


class GPT(nn.Module):
    def __init__(self, layers, std, *, scaled):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(WORDS, WIDTH), nn.Embedding(16, WIDTH)
        self.blocks, self.norm = blocks(layers, causal=True), nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, WORDS, bias=False)
        for name, each in self.named_parameters():
            if each.dim() > 1:
                last = name.endswith(("proj.weight", "1.2.weight"))
                nn.init.normal_(each, std=std / sqrt(2 * layers) if last and scaled else std)
            elif name.endswith("bias"):
                nn.init.zeros_(each)
        self.head.weight = self.tokens.weight

    def forward(self, x):
        x = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def gpt():
    return GPT(6, 0.02, scaled=True), f"int:4,16<{WORDS}"


def unscaled_gpt():
    return GPT(12, 0.06, scaled=False), f"int:4,16<{WORDS}"


class Encoder(nn.Module):
    """BERT: normed after the sums, all layers drawn anew."""

    def __init__(self, layers=4):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, batch_first=True, dropout=0.1)
        self.tokens = nn.Embedding(WORDS, WIDTH)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 3)
        for each in self.encoder.parameters():
            if each.dim() > 1:
                nn.init.xavier_uniform_(each)

    def forward(self, x):
        return self.head(self.encoder(self.tokens(x)).mean(dim=1))


def bert():
    return Encoder(), f"int:4,12<{WORDS}"


class Block(nn.Module):
    """ResNet's, whose last scale is `gamma` at the start."""

    def __init__(self, inputs, outputs, gamma):
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, outputs // inputs, 1, bias=False)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm_1, self.norm_2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        nn.init.constant_(self.norm_2.weight, gamma)
        self.down = nn.Sequential()
        if inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, outputs // inputs, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.norm_2(self.conv_2(functional.relu(self.norm_1(self.conv_1(x)))))
        y += self.down(x)
        return functional.relu(y)


def resnet(gamma=1.0):
    widths = [(8, 8), (8, 8), (8, 16), (16, 16), (16, 32), (32, 32)]
    stem = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
    body = [Block(*each, gamma) for each in widths]
    top = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)
    model = nn.Sequential(*stem, *body, *top)
    for each in model.modules():
        if isinstance(each, nn.Conv2d):
            nn.init.kaiming_normal_(each.weight, mode="fan_out", nonlinearity="relu")
    return model, "8,3,16,16"


def resnet_of_zero_gamma():
    return resnet(gamma=0.0)


class ViT(nn.Module):
    """With a token of its own for the class, LayerScale and a head of zeros."""

    def __init__(self, scale=1e-5):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 17, WIDTH))
        self.blocks, self.norm = blocks(4, scale), nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 10)
        nn.init.normal_(self.token, std=1e-6)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


def vit():
    return ViT(), "4,3,16,16"


class ChannelNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def convnext():
    def block(width):
        scale = nn.Parameter(torch.full((width, 1, 1), 1e-6))
        return Residual(
            nn.Sequential(
                nn.Conv2d(width, width, 7, padding=3, groups=width), ChannelNorm(width),
                nn.Conv2d(width, 4 * width, 1), nn.GELU(), nn.Conv2d(4 * width, width, 1),
            ),
            scale,
        )  # fmt: skip

    model = nn.Sequential(
        nn.Conv2d(3, 8, 2, 2), ChannelNorm(8), block(8), block(8),
        ChannelNorm(8), nn.Conv2d(8, 16, 2, 2), block(16), block(16),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(16), nn.Linear(16, 10),
    )  # fmt: skip
    for each in model.modules():
        if isinstance(each, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(each.weight, std=0.02)
            nn.init.zeros_(each.bias)
    return model, "4,3,16,16"


def defaults():
    """A few layers as torch draws them."""
    layers = [part for _ in range(3) for part in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 10)), f"64,{WIDTH}"


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def convolutions(inputs, outputs):
            one, two = (
                nn.Conv2d(inputs, outputs, 3, padding=1),
                nn.Conv2d(outputs, outputs, 3, 1, 1),
            )
            return nn.Sequential(one, nn.BatchNorm2d(outputs), nn.ReLU(), two, nn.ReLU())

        self.high, self.low, self.join = (
            convolutions(1, 8),
            convolutions(8, 16),
            convolutions(16, 8),
        )
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(8, 3, 1)

    def forward(self, x):
        high = self.high(x)
        low = self.low(functional.max_pool2d(high, 2))
        return self.out(self.join(torch.cat([high, self.up(low)], dim=1)))


def unet():
    return UNet(), "4,1,16,16"


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.lstm = nn.Embedding(WORDS, 16), nn.LSTM(16, WIDTH, 2, batch_first=True)
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, x):
        return self.head(self.lstm(self.tokens(x))[0])


def lstm():
    return Recurrent(), f"int:4,12<{WORDS}"


class Steps(nn.Module):
    """A recurrent network as a loop, whose gradient fades over the steps."""

    def __init__(self):
        super().__init__()
        self.given, self.kept, self.head = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 4)

    def forward(self, x):
        state = x.new_zeros(len(x), 16)
        for step in range(x.shape[1]):
            state = torch.tanh(self.given(x[:, step]) + self.kept(state))
        return self.head(state)


def loop():
    return Steps(), "8,20,8"


def rezero():
    """Each branch times a number that is zero at the start."""
    parts = [Residual(feedforward(nn.ReLU), nn.Parameter(torch.zeros(()))) for _ in range(6)]
    return nn.Sequential(nn.Linear(8, WIDTH), *parts, nn.Linear(WIDTH, 4)), "16,8"


class LoRA(nn.Linear):
    def __init__(self, inputs, outputs, rank=4):
        super().__init__(inputs, outputs)
        self.requires_grad_(requires_grad=False)
        self.a = nn.Parameter(torch.empty(rank, inputs))
        self.b = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.a, a=sqrt(5))

    def forward(self, x):
        return super().forward(x) + x @ self.a.T @ self.b.T


def lora():
    return nn.Sequential(LoRA(8, 16), nn.Tanh(), LoRA(16, 16), nn.Tanh(), LoRA(16, 4)), "16,8"


def frozen():
    """A backbone that is frozen below a new head."""
    model, batch = defaults()
    for each in model[:-1].parameters():
        each.requires_grad_(requires_grad=False)
    return model, batch


def rare_words():
    """An embedding most of whose rows get no gradient."""
    layers = nn.Embedding(5000, 16), nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2)
    return nn.Sequential(*layers), "int:8,4<5000"


class Queries(nn.Module):
    """DETR: a decoder whose stream begins with learned queries."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerDecoderLayer(WIDTH, 4, 2 * WIDTH, batch_first=True, dropout=0.0)
        self.memory = nn.Linear(8, WIDTH)
        self.queries = nn.Parameter(torch.randn(5, WIDTH))
        self.decoder = nn.TransformerDecoder(layer, 3)
        self.head = nn.Linear(WIDTH, 6)
        for each in self.decoder.parameters():
            if each.dim() > 1:
                nn.init.xavier_uniform_(each)

    def forward(self, x):
        queries = self.queries.expand(len(x), -1, -1)
        return self.head(self.decoder(queries, self.memory(x)))


def detr():
    return Queries(), "4,10,8"


class Gated(nn.Module):
    """Squeeze-and-excitation between convolutions."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1, bias=False) for _ in range(4))
        self.norms = nn.ModuleList(nn.BatchNorm2d(8) for _ in range(4))
        self.down = nn.ModuleList(nn.Conv2d(8, 4, 1) for _ in range(4))
        self.up = nn.ModuleList(nn.Conv2d(4, 8, 1) for _ in range(4))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        for conv, norm, down, up in zip(self.convs, self.norms, self.down, self.up, strict=True):
            x = functional.silu(norm(conv(x)))
            x = x * up(functional.silu(down(x.mean(dim=(2, 3), keepdim=True)))).sigmoid()
        return self.head(x.mean(dim=(2, 3)))


def gated():
    return Gated(), "8,8,12,12"


MODELS = {
    each.__name__: each
    for each in (
        gpt, unscaled_gpt, bert, resnet, resnet_of_zero_gamma, vit, convnext, defaults, unet, lstm,
        loop, rezero, lora, frozen, rare_words, detr, gated,
    )
}  # fmt: skip
