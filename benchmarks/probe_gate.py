"""How often `winit probe --against` raises an alarm where nothing has changed, and what it sees.

    python benchmarks/probe_gate.py [--pairs N] [--repeats N]

Pairs of probes of an MLP and a small GPT, each of seeds of its own, so that no two pairs share
one: of so many repeats on both sides, on one side alone, and of one seed on both sides. Alarms at
alpha per whole comparison, with Clopper and Pearson's two-sided 95 % limits. Then the same with a
planted change: how many are seen at the alpha of the command. Needs torch.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from itertools import count
from math import sqrt
from typing import TYPE_CHECKING

import torch
from scipy.stats import beta
from torch import nn
from torch.nn import functional

from weightinit_cli import probe
from weightinit_cli.guard import judge
from weightinit_cli.guard.probes import compare_probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.results.probe import ProbeResult

ALPHAS = (0.05, 0.01, 0.001)
WIDTH, WORDS, BLOCKS = 32, 128, 3


class Block(nn.Module):
    """A block of a pre-norm GPT."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_mlp = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add attention, then the MLP."""
        q, k, v = self.attention(self.before_attention(x)).unsqueeze(1).chunk(3, dim=-1)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(seen.squeeze(1))
        return x + self.down(functional.gelu(self.up(self.before_mlp(x))))


class GPT(nn.Module):
    """A small GPT, drawn as GPT-2 is."""

    def __init__(self, *, scaled: bool = True) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.last, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WORDS, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                branch = scaled and name.endswith(("proj.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / (sqrt(2 * BLOCKS) if branch else 1))

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """The logits of the next word."""
        x = self.embedding(words)
        for block in self.blocks:
            x = block(x)
        return self.head(self.last(x))


def mlp() -> nn.Sequential:
    """Eight layers of ReLU with He's weights."""
    layers: list[nn.Module] = []
    for _ in range(8):
        layers += [nn.Linear(64, 64), nn.ReLU()]
        nn.init.kaiming_normal_(layers[-2].weight)
    return nn.Sequential(*layers, nn.Linear(64, 10))


def larger(build: Callable[[], nn.Module], name: str) -> nn.Module:
    """A model in which one parameter has 1.1 times its standard deviation."""
    model = build()
    with torch.no_grad():
        model.get_parameter(name).mul_(1.1)
    return model


def uniform(build: Callable[[], nn.Module], name: str) -> nn.Module:
    """A model in which one parameter is uniform, of the same standard deviation."""
    model = build()
    parameter = model.get_parameter(name)
    bound = sqrt(3) * parameter.std().item()
    nn.init.uniform_(parameter, -bound, bound)
    return model


MODELS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "MLP": (mlp, "64,64"),
    "GPT": (GPT, f"int:4,16<{WORDS}"),
}
CHANGES: dict[str, tuple[str, Callable[[], nn.Module]]] = {
    "MLP: std × 1.1 in layer 5": ("MLP", partial(larger, mlp, "8.weight")),
    "MLP: uniform in layer 5": ("MLP", partial(uniform, mlp, "8.weight")),
    "GPT: std × 1.1 in up": ("GPT", partial(larger, GPT, "blocks.1.up.weight")),
    "GPT: std × 1.1 in proj": ("GPT", partial(larger, GPT, "blocks.1.proj.weight")),
    "GPT: uniform in proj": ("GPT", partial(uniform, GPT, "blocks.1.proj.weight")),
    "GPT: projections not scaled": ("GPT", partial(GPT, scaled=False)),
}


def probes(
    name: str, seeds: Iterator[int], repeats: int, build: Callable[[], nn.Module] | None = None
) -> ProbeResult:
    """Probe a model under seeds that no other probe has."""
    sound, given = MODELS[name]
    first = next(seeds) * 1000
    return probe(build or sound, given, loss="cross_entropy", seed=first, repeats=repeats)


def alarms(pairs: list[tuple[ProbeResult, ProbeResult]]) -> dict[float, int]:
    """How many of the pairs differ, at each alpha."""
    sampled = [compare_probes(*pair) for pair in pairs]
    return {alpha: sum(judge([each], alpha)[0].failed for each in sampled) for alpha in ALPHAS}


def line(name: str, found: dict[float, int], pairs: int) -> str:
    """A line of the table: rates with their limits."""
    columns = []
    for seen in found.values():
        low = beta.ppf(0.025, seen, pairs - seen + 1) if seen else 0.0
        high = beta.ppf(0.975, seen + 1, pairs - seen) if seen < pairs else 1.0
        columns.append(f"{f'{seen / pairs:.1%} ({low:.1%} to {high:.1%})':>26}")
    return f"{name:<40}{pairs:>6}" + "".join(columns)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    many, pairs, seeds = arguments.repeats, arguments.pairs, count()
    start = time.perf_counter()
    print(
        f"{'nothing has changed':<40}{'pairs':>6}"
        + "".join(f"{f'alpha {a:g}':>26}" for a in ALPHAS)
    )
    for name in MODELS:
        for old, new in ((many, many), (many, 1), (1, 1)):
            every = [(probes(name, seeds, old), probes(name, seeds, new)) for _ in range(pairs)]
            print(line(f"{name}, {old} and {new} seeds", alarms(every), pairs), flush=True)
    few = max(pairs // 10, 1)
    print("what has changed")
    for change, (name, build) in CHANGES.items():
        for old, new in ((many, many), (many, 1), (1, 1)):
            every = [
                (probes(name, seeds, old), probes(name, seeds, new, build)) for _ in range(few)
            ]
            print(line(f"{change}, {old} and {new}", alarms(every), few), flush=True)
    print(f"torch {torch.__version__}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
