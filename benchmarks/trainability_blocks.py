"""Which residual and normalized networks train, and what their verdicts say.

    python benchmarks/trainability_blocks.py

The thresholds are those of plain networks (trainability.py). Whether they hold beside a stream and
behind normalizations is asked here by the same task: scikit-learn's digits, plain SGD at the best
of 12 learning rates, Adam at the best of 4, 300 steps, and a network trains where the mean loss of
20 mini-batches in a row falls below half of ln 10. It needs torch, which draws and trains; winit
looks at a network of the same law. A scale of zero is trained (ReZero); other scales are fixed, and
normalizations have no parameters; the stream of `pre` is normalized once more before the output
layer. It writes trainability_blocks.csv, in about 10 minutes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import product
from math import isfinite, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from trainability import (
    ADAM_BETAS,
    ADAM_EPSILON,
    ADAM_RATES,
    BATCH,
    CLASSES,
    FEATURES,
    HOPELESS,
    IN_A_ROW,
    PATIENCE,
    SGD_RATES,
    STEPS,
    TRAINED,
)

from weightinit_cli import run
from weightinit_cli.data import load
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from torch import Tensor

try:
    import torch
except ImportError:  # the file can be read without it
    torch = None

FILE = Path(__file__).with_name("trainability_blocks.csv")
WIDTH, SEEDS = 96, (0, 1)
EPS = 1e-5
INITIALIZERS = {"relu": "he_normal", "tanh": "lecun_normal"}


class Blocks(NamedTuple):
    """Layers of one kind: `branch` 0 is none, `scale` one of winit's words or numbers."""

    activation: str
    normalization: str
    branch: int
    placement: str
    scale: str
    gain: float
    layers: int

    def text(self, seed: int) -> str:
        scale = f"scale: {(self.gain * SIGMA[self.activation]) ** 2!r}, mode: fan_in"
        lines = [
            f"activation: {self.activation}",
            f"initializer: {{name: variance_scaling, {scale}, distribution: normal}}",
            f"layers: {self.layers}",
            f"width: {WIDTH}",
            f"features: {FEATURES}",
            "samples: 500",
            f"seed: {seed}",
            f"normalization: {self.normalization}",
        ]
        if self.branch:
            second = (
                f"variance_scaling, scale: {self.gain**2!r}, mode: fan_in, distribution: normal"
            )
            v = f", initializer: {{name: {second}}}" if self.branch == 2 else ""
            place = f"branch: {self.branch}, scale: {self.scale}, placement: {self.placement}"
            lines.append(f"residual: {{{place}{v}}}")
        return "\n".join(lines)


SIGMA = {"relu": sqrt(2), "tanh": 1.0}


def networks() -> list[Blocks]:
    """Sound kinds at depths at which people use them, and ill ones, or from where on they are."""
    found = [Blocks("relu", "batch_norm", 0, "none", "1", 1, n) for n in (10, 20, 30, 40, 50)]
    found += [Blocks("tanh", "batch_norm", 0, "none", "1", 1, n) for n in (20, 50)]
    found += [Blocks("relu", "layer_norm", 0, "none", "1", 1, n) for n in (10, 20, 40, 60)]
    found += [Blocks("relu", "none", 2, "none", "1", 1, n) for n in (5, 10, 20, 30, 50)]
    found += [Blocks("relu", "none", 1, "none", "1", 1, n) for n in (5, 10, 20, 30)]
    found += [Blocks("relu", "none", 2, "none", "1", 7, n) for n in (5, 10)]
    for scale, n in product(("1/sqrt(branches)", "zero"), (20, 50)):
        found.append(Blocks("relu", "none", 2, "none", scale, 1, n))
    for branch, place, kind, n in product(
        (1, 2), ("pre", "post"), ("layer_norm", "rms_norm"), (20, 50)
    ):
        found.append(Blocks("relu", kind, branch, place, "1", 1, n))
    return found


@dataclass
class Trained:
    """One network at many learning rates at once: every tensor has the rates as its first axis."""

    blocks: Blocks
    rates: Tensor
    adam: bool

    def draw(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        one = self.blocks
        self.parameters: list[Tensor] = []

        def matrix(fan_in: int, fan_out: int, sigma: float) -> Tensor:
            drawn = torch.randn(fan_in, fan_out, generator=generator) * sigma / sqrt(fan_in)
            return self.parameter(drawn)

        inputs = FEATURES
        if one.branch:
            self.first, inputs = matrix(FEATURES, WIDTH, 1.0), WIDTH
        self.layers = []
        for _ in range(one.layers):
            w = matrix(inputs, WIDTH, one.gain * SIGMA[one.activation])
            b = self.parameter(torch.zeros(1, WIDTH))
            v = matrix(WIDTH, WIDTH, one.gain) if one.branch == 2 else None
            a = self.parameter(torch.zeros(1, WIDTH)) if one.branch == 2 else None
            self.layers.append((w, b, v, a, self.scale()))
            inputs = WIDTH
        self.output = matrix(WIDTH, CLASSES, 1.0), self.parameter(torch.zeros(1, CLASSES))

    def parameter(self, drawn: Tensor) -> Tensor:
        self.parameters.append(drawn.repeat(len(self.rates), 1, 1).requires_grad_())
        return self.parameters[-1]

    def scale(self) -> Tensor | float:
        if self.blocks.scale == "zero":
            return self.parameter(torch.zeros(1, 1))
        if self.blocks.scale == "1/sqrt(branches)":
            return 1 / sqrt(self.blocks.layers)
        return float(self.blocks.scale)

    def logits(self, x: Tensor) -> Tensor:
        one = self.blocks
        activate = torch.relu if one.activation == "relu" else torch.tanh
        if one.branch:
            x = x @ self.first
        for w, b, v, a, scale in self.layers:
            if not one.branch:
                x = activate(self.norm(x @ w + b))
                continue
            h = activate((self.norm(x) if one.placement == "pre" else x) @ w + b)
            x = x + scale * (h if v is None else h @ v + a)
            x = self.norm(x) if one.placement == "post" else x
        x = self.norm(x) if one.placement == "pre" else x
        return x @ self.output[0] + self.output[1]

    def norm(self, x: Tensor) -> Tensor:
        kind = self.blocks.normalization
        if kind == "none":
            return x
        axis = -2 if kind == "batch_norm" else -1
        if kind != "rms_norm":
            x = x - x.mean(axis, keepdim=True)
        return x / torch.sqrt((x * x).mean(axis, keepdim=True) + EPS)

    def best_loss(self, inputs: Tensor, labels: Tensor, seed: int) -> float:
        """The smallest mean loss of IN_A_ROW mini-batches, at any rate; TRAINED ends it."""
        self.draw(seed)
        means = [torch.zeros_like(p) for p in self.parameters]
        squares = [torch.zeros_like(p) for p in self.parameters]
        alive = torch.ones(len(self.rates), dtype=torch.bool)
        chosen = np.random.Generator(np.random.PCG64(seed))
        recent: list[Tensor] = []
        best = float("inf")
        for step in range(1, STEPS + 1):
            rows = torch.tensor(chosen.integers(len(labels), size=BATCH))
            logits = self.logits(inputs[rows].expand(len(self.rates), -1, -1))
            wanted = labels[rows].expand(len(self.rates), -1)
            losses = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), wanted, reduction="none"
            ).mean(dim=1)
            seen = losses.detach()
            alive &= torch.isfinite(seen) & ((seen < HOPELESS) | (step < PATIENCE))
            recent = [*recent[1 - IN_A_ROW :], torch.where(alive, seen, torch.inf)]
            if len(recent) == IN_A_ROW:
                best = min(best, float(torch.stack(recent).mean(dim=0).min()))
            if best < TRAINED or not alive.any():
                break
            gradients = torch.autograd.grad(losses.sum(), self.parameters)
            with torch.no_grad():
                for p, g, m, s in zip(self.parameters, gradients, means, squares, strict=True):
                    rates = self.rates[:, None, None]
                    move = g
                    if self.adam:
                        m.lerp_(g, 1 - ADAM_BETAS[0])
                        s.lerp_(g * g, 1 - ADAM_BETAS[1])
                        move = m / (1 - ADAM_BETAS[0] ** step)
                        move = move / (torch.sqrt(s / (1 - ADAM_BETAS[1] ** step)) + ADAM_EPSILON)
                    p -= torch.where(alive[:, None, None], rates * move, 0.0)
        return best


def trained(blocks: Blocks, seed: int) -> tuple[float, float]:
    """The best losses by plain SGD and by Adam."""
    data = load("digits").train
    inputs = data.inputs - data.inputs.mean(axis=0)
    inputs = torch.tensor((inputs / inputs.std()).astype(np.float32))
    labels = torch.tensor(np.asarray(data.labels, np.int64))
    sgd, adam = (
        Trained(blocks, torch.tensor(rates), adam).best_loss(inputs, labels, seed)
        for rates, adam in ((SGD_RATES, False), (ADAM_RATES, True))
    )
    return sgd, adam


class Outcome(NamedTuple):
    """What winit said of a network's start, and what training came to: None is no number."""

    blocks: Blocks
    seed: int
    verdicts: str
    sgd_loss: float | None
    adam_loss: float | None

    @property
    def worst(self) -> str:
        """The worst word: severe, warning or nothing."""
        return next((word for word in ("severe", "warning") if f"{word}:" in self.verdicts), "")

    @property
    def failed(self) -> tuple[bool, bool]:
        """Whether plain SGD failed, and whether Adam did."""
        sgd, adam = (x is None or x >= TRAINED for x in (self.sgd_loss, self.adam_loss))
        return sgd, adam


def read() -> list[Outcome]:
    with FILE.open(newline="", encoding="utf-8") as file:
        return [
            Outcome(
                Blocks(
                    *(row[name] for name in ("activation", "normalization")),
                    int(row["branch"]),
                    *(row[name] for name in ("placement", "scale")),
                    float(row["gain"]),
                    int(row["layers"]),
                ),
                int(row["seed"]),
                row["verdicts"],
                *(float(row[name]) if row[name] else None for name in ("sgd_loss", "adam_loss")),
            )
            for row in csv.DictReader(file)
        ]


def said(blocks: Blocks, seed: int) -> str:
    """The verdicts of the start, each after its severity."""
    spec = parse_spec(blocks.text(seed), source="benchmark", stem="network")
    return " ".join(f"{each.severity or ''}:{each.name}" for each in run(spec, threads=1).verdict)


def main() -> None:
    torch.set_num_threads(1)
    with FILE.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*Blocks._fields, "seed", "verdicts", "sgd_loss", "adam_loss"])
        for blocks, seed in product(networks(), SEEDS):
            losses = [f"{x:.4g}" if isfinite(x) else "" for x in trained(blocks, seed)]
            row = [*blocks, seed, said(blocks, seed), *losses]
            rows.writerow(row)
            file.flush()
            print(*row)


if __name__ == "__main__":
    main()
