"""What `winit probe` costs beside the model's own first step: `python benchmarks/probe.py`.

A GPT of ten million parameters at 8 x 128 tokens, float32, on one thread: forwards and backwards,
plain and watched, each in fresh processes, in rounds that run one after the other. Prints the
median of the rounds' ratios: of the processor's time for a step once the process is warm, and of
the memory that a first step takes beside what the process had before. With --json the ratios alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from statistics import median

VOCABULARY, WIDTH, BLOCKS, HEADS, TOKENS, BATCH = 4096, 320, 7, 5, 128, 8
STEPS = 3
GOALS = {"seconds": 3.0, "bytes": 1.5}


def build():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attn, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.fc, self.c_proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            inputs, tokens, _ = x.shape
            qkv = self.attn(self.ln_1(x)).view(inputs, tokens, 3 * HEADS, WIDTH // HEADS)
            q, k, v = qkv.transpose(1, 2).chunk(3, dim=1)
            attend = nn.functional.scaled_dot_product_attention
            heads = attend(q, k, v, is_causal=True)
            x = x + self.proj(heads.transpose(1, 2).reshape(inputs, tokens, WIDTH))
            return x + self.c_proj(nn.functional.gelu(self.fc(self.ln_2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte, self.wpe = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(TOKENS, WIDTH)
            self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
            self.ln_f, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)
            self.head.weight = self.wte.weight

        def forward(self, tokens):
            x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.ln_f(x))

    torch.manual_seed(0)
    return GPT()


class Peak:
    """The most memory that this process has while it is entered, sampled each millisecond."""

    def __enter__(self):
        import psutil

        self.process, self.stopped = psutil.Process(), threading.Event()
        self.start = self.bytes = self.process.memory_info().rss
        self.thread = threading.Thread(target=self._sample)
        self.thread.start()
        return self

    def _sample(self):
        while not self.stopped.wait(0.001):
            self.bytes = max(self.bytes, self.process.memory_info().rss)

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.used = self.bytes - self.start


def measure(way: str) -> dict[str, float]:
    """The seconds of a step, the median of some, and the bytes that a first one takes."""
    import torch

    torch.set_num_threads(1)
    model = build()
    tokens = torch.randint(0, VOCABULARY, (BATCH, TOKENS))
    labels = torch.randint(0, VOCABULARY, (BATCH * TOKENS,))

    def loss(output, _=None):
        return torch.nn.functional.cross_entropy(output.view(-1, VOCABULARY), labels)

    def plain():
        loss(model(tokens)).backward()
        model.zero_grad()

    def watched():
        winit.probe(model, tokens, loss=loss)

    if way == "watched":
        import weightinit_cli as winit

        small = torch.nn.Linear(4, 4)
        winit.probe(small, torch.randn(4, 4))  # what is imported by then is no part of a step
    step = plain if way == "plain" else watched
    with Peak() as peak:
        step()
    seconds = []
    for _ in range(STEPS):
        started = time.process_time()
        step()
        seconds.append(time.process_time() - started)
    parameters = sum(each.numel() for each in model.parameters())
    return {"seconds": median(seconds), "bytes": peak.used, "parameters": parameters}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("way", nargs="?", choices=("plain", "watched"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way)))
        return
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("OPENBLAS_CORETYPE", None)
    ratios: dict[str, list[float]] = {figure: [] for figure in GOALS}
    for _ in range(arguments.rounds):
        found = {}
        for way in ("plain", "watched"):
            command = [sys.executable, __file__, way]
            done = subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True
            )
            found[way] = json.loads(done.stdout)
        for figure, each in ratios.items():
            each.append(found["watched"][figure] / found["plain"][figure])
    if arguments.json:
        print(json.dumps({figure: median(each) for figure, each in ratios.items()}))
        return
    print(f"{found['plain']['parameters']:,} parameters, {BATCH} x {TOKENS} tokens, one thread")
    for way, figures in found.items():
        print(f"{way}: {figures['seconds']:.3f} s, {figures['bytes'] / 2**20:,.0f} MiB")
    for figure, each in ratios.items():
        print(f"{figure}: {median(each):.2f} x (goal: at most {GOALS[figure]})")


if __name__ == "__main__":
    main()
