"""Trained networks, made up: losses that fall from a start to an end, with noise."""

from __future__ import annotations

import math

import numpy as np

from weightinit_cli.results.training import BestOf, DataUsed, Score, Trained, TrainingResult

DIGEST = "0123456789abcdef" * 4
MNIST = DataUsed("mnist", 784, 10, 50_000, 10_000, 10_000, {})


def network(start, end, steps, *, diverged=None, seed=0, accuracy=0.95, rate=8.0):
    draw = np.random.Generator(np.random.PCG64(seed))
    part = np.arange(steps) / max(steps - 1, 1)
    fall = end + (start - end) / (1 + rate * 10 * part)
    noise = 1 + 0.25 * draw.standard_normal(steps) * (1 - fall / (start + 0.03))
    losses = np.abs(fall * noise)
    if diverged is not None:
        losses = np.geomspace(start, start * 30, steps)[: diverged - 1]
    final = None if diverged is not None else end
    score = Score(final, accuracy)
    return Trained(tuple(losses.tolist()), diverged, score, score, score, f"{seed:x}")


def best_of(accuracies):
    """As if validation and test agreed on the order."""
    ranked = np.sort(accuracies)
    n = len(ranked)
    found = []
    for k in range(1, n + 1):
        chance = np.array([math.comb(i, k - 1) / math.comb(n, k) for i in range(n)])
        mean = float((chance * ranked).sum())
        std = float(np.sqrt((chance * (ranked - mean) ** 2).sum()))
        found.append(BestOf(k, mean, std, 1 - mean, std))
    return tuple(found)


def trained(networks, name="mnist_init", best=(), interrupted=None, data=MNIST, **spec):
    normal = {
        "name": name,
        "experiment": "training",
        "seed": 0,
        "data": data.name,
        "layers": 2,
        "width": [100, 100],
        "activation": {"name": "relu"},
        "initializer": {"name": "he_normal"},
        "bias": {"name": "zeros"},
        "batch": 128,
        "steps": max((len(each.losses) for each in networks), default=1),
        "learning_rate": 0.01,
        "momentum": 0.9,
        "dtype": "float32",
        "repeats": len(networks),
        **spec,
    }
    return TrainingResult(
        1, name, normal, DIGEST, data, tuple(networks), tuple(best), interrupted, {}
    )


def comparison(steps=2000):
    """He, Xavier and a standard deviation of 0.01, which learns nothing."""
    return [
        ("he", trained([network(2.6, 0.16, steps, seed=1, accuracy=0.9523)])),
        (
            "xavier",
            trained([network(2.4, 0.27, steps, seed=2, accuracy=0.921)],
                    initializer={"name": "xavier_normal", "gain": 1.0}),
        ),
        (
            "std = 0.01",
            trained([network(2.303, 2.30, steps, seed=3, accuracy=0.1135, rate=0)],
                    initializer={"name": "normal", "mean": 0.0, "std": 0.01}),
        ),
    ]  # fmt: skip


def restarts(number=50, steps=500, end=0.3, **others):
    draw = np.random.Generator(np.random.PCG64(9))
    ends = end * np.exp(0.2 * draw.standard_normal(number))
    accuracies = [1 - 0.2 * each for each in ends.tolist()]
    networks = [
        network(2.5, each, steps, seed=k, accuracy=accuracies[k])
        for k, each in enumerate(ends.tolist())
    ]
    return trained(networks, "restarts", best_of(accuracies), **others)


def one(*args, **kwargs):
    return [("one", trained([network(*args, **kwargs)], "one"))]


LONG = "a_name_of_one_hundred_characters_" * 3 + "x"
ODD = "初期値 😀 \x1b[31m \u202e עברית e\u0301 \ud800"

TRAININGS = {
    "comparison": comparison,
    "long_run": lambda: comparison(20_000),
    "single": lambda: comparison()[:1],
    "restarts": lambda: [("restarts", restarts())],
    "restarts_two": lambda: [
        ("he", restarts()),
        ("xavier", restarts(30, end=0.6, initializer={"name": "xavier_normal"})),
    ],
    "two_networks": lambda: [("two", restarts(2))],
    "log": lambda: one(30.0, 0.002, 3000),
    "one_step": lambda: one(2.3, 2.3, 1),
    "thirty_thousand": lambda: one(2.3, 0.3, 30_000),
    "diverged": lambda: [*comparison()[:2], *one(2.5, 0.0, 2000, diverged=700, accuracy=0.098)],
    "diverged_at_once": lambda: one(2.3, 0.0, 2000, diverged=1, accuracy=0.0),
    "diverged_second": lambda: one(2.3, 0.0, 2000, diverged=2, accuracy=0.0),
    "some_diverged": lambda: [
        ("he", trained([network(2.5, 0.2, 400, diverged=k or None, seed=k) for k in (0, 0, 90)])),
        ("x", trained([network(2.5, 0.2, 400, diverged=k or None, seed=k) for k in (0, 80, 90)])),
    ],
    "twelve": lambda: [
        (f"initializer.std={0.01 * 2**k:g}", trained([network(2.4, 2.0 / (k + 1), 800, seed=k)],
         initializer={"name": "normal", "std": 0.01 * 2**k})) for k in range(12)
    ],
    "forty": lambda: [(f"v {k}", trained([network(2.4, 0.5, 30, seed=k)])) for k in range(40)],
    "perfect": lambda: one(2.3, 1e-9, 900, accuracy=1.0),
    "zero_loss": lambda: one(0.0, 0.0, 10, accuracy=1.0),
    "interrupted": lambda: [
        ("cut", trained([network(2.5, 0.2, n) for n in (400, 150)], interrupted=(400, 150)))
    ],
    "odd_names": lambda: [
        (ODD, trained([network(2.5, 0.2, 90)], ODD)),
        (LONG, trained([network(2.4, 0.2, 90)], LONG, width=[300, 200, 100] * 4,
         bias={"name": "normal", "std": 1e-30}, dtype="float64", seed=2**64 - 1)),
    ],
    "nothing": lambda: [("nothing", trained([]))],
    "all_alike": lambda: [
        ("alike", trained([network(2.3, 0.3, 50, accuracy=1.0)] * 3, best=best_of([1.0] * 3)))
    ],
    "one_class": lambda: [
        ("one", trained([network(0.1, 0.01, 50)], data=DataUsed("x", 1, 1, 1, 0, 1, {})))
    ],
    "all_diverged": lambda: [
        ("gone", trained([network(2.3, 0.3, 90, diverged=k, accuracy=0.1) for k in (9, 30, 40)],
         best=best_of([0.1] * 3)))
    ],
}  # fmt: skip
