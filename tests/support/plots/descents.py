"""Runs of gradient descent from symmetric starts, made up: one layer wakes in each step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from weightinit_cli.results.symmetry import LayerSteps, SymmetryResult

DIGEST = "0123456789abcdef" * 4


def recorded(last, first=12, factor=1.25):
    """All of the first steps, then ever fewer."""
    steps = list(range(1, min(first, last) + 1))
    while steps[-1] < last:
        steps.append(min(max(steps[-1] + 1, int(steps[-1] * factor)), last))
    return steps


def one_layer(steps, wakes=1, units=10, start=1, most=None, size=1e-2, **changes):
    """A layer that wakes in step `wakes`, whose units then part one by one up to `most`."""
    most = start if most is None else most
    awake = [wakes is not None and step >= wakes for step in steps]
    gradient = [size * (1 + math.sin(k)) / (1 + 0.03 * k) + size / 9 for k in range(len(steps))]
    made = {
        "units": units,
        "start_distinct": start,
        "start_participation": 1.0,
        "first_moved": wakes,
        "fewest_distinct": start,
        "most_distinct": most,
        "weight_gradient_rms": tuple(
            g if on else 0.0 for g, on in zip(gradient, awake, strict=True)
        ),
        "bias_gradient_rms": tuple(g if on else 0.0 for g, on in zip(gradient, awake, strict=True)),
        "moved": tuple(awake),
        "distinct_units": tuple(
            min(most, start + 2 * max(k - (wakes or 0), 0)) if on else start
            for k, on in enumerate(awake)
        ),
        "participation": tuple(
            min(1 + (most - start) * (1 - math.exp(-k / 9)), units) for k in range(len(steps))
        ),
    }
    return LayerSteps(**{**made, **changes})


def descent(layers, steps, name="staircase", loss=None, diverged=None, **spec):
    layers = tuple(layers)
    width = [layer.units for layer in layers[:-1]]
    normal = {
        "name": name,
        "experiment": "symmetry",
        "seed": 0,
        "data": "blobs",
        "samples": 100,
        "features": 2,
        "layers": len(width),
        "width": width,
        "activation": {"name": "tanh"},
        "initializer": {"name": "constant", "value": 0.0},
        "bias": {"name": "zeros"},
        "steps": steps[-1],
        "learning_rate": 0.1,
        **spec,
    }
    if loss is None:
        loss = tuple(0.693 / (1 + math.exp((k - 25) / 3)) + 0.02 for k in range(len(steps)))
    return SymmetryResult(
        1, name, normal, DIGEST, tuple(steps), 0.7131, tuple(loss), math.log(2), 0.99, diverged,
        layers, "abcdef", {},
    )  # fmt: skip


def staircase(hidden=3, last=1000, **others):
    """Zeros: the bias of the output alone at first, then a layer in each step."""
    steps = recorded(last)
    out = one_layer(steps, 2, 2, size=0.1)
    moved = (True, *out.moved[1:])
    out = one_layer(
        steps, 1, 2, size=0.1, moved=moved, weight_gradient_rms=(0.0, *out.weight_gradient_rms[1:]),
        bias_gradient_rms=(0.2, *out.bias_gradient_rms[1:]),
    )  # fmt: skip
    layers = [one_layer(steps, hidden + 2 - k, size=0.1**k) for k in range(1, hidden + 1)]
    return descent([*layers[::-1][::-1], out], steps, **others)


def parting(last=3000):
    """Three layers of which the second is random; the units of the others part with time."""
    steps = recorded(last)
    layers = [one_layer(steps, 1, 100, k, 100, 10.0**-k) for k in (1, 100, 1)]
    return descent([*layers, one_layer(steps, 1, 2, 2, 2)], steps, "one_random_layer")


def random_start(last=500):
    steps = recorded(last)
    layers = [
        one_layer(
            steps, 1, 10, 10, 10, participation=tuple(4 + 0.03 * k * n for k in range(len(steps)))
        )
        for n in (1, 2, 3)
    ]
    return descent([*layers, one_layer(steps, 1, 2, 2, 2)], steps, "random_start")


def stuck(last=30_000):
    steps = recorded(last)
    still = one_layer(
        steps, None, start_participation=None, participation=(None,) * len(steps),
    )  # fmt: skip
    loss = (math.log(2),) * len(steps)
    return descent([still] * 8 + [one_layer(steps, None, 2)], steps, "all_zero", loss)


def diverging(at=12):
    steps = list(range(1, at + 1))
    loss = (*np.geomspace(0.7, 1e30, at - 1).tolist(), None)
    broken = [one_layer(steps, 1, units, 1, units) for units in (10, 10, 2)]
    rest = {"weight_gradient_rms": (*broken[0].weight_gradient_rms[:-1], None)}
    rest["bias_gradient_rms"] = rest["weight_gradient_rms"]
    rest["participation"] = (*broken[0].participation[:-1], None)
    layers = [one_layer(steps, 1, units, 1, units, **rest) for units in (10, 10, 2)]
    return descent(layers, steps, "too_fast", loss, at)


def hopeless():
    """Not finite before the first step."""
    gone = [one_layer([], None, units, 1, units, start_participation=None) for units in (10, 10, 1)]
    result = descent(gone, [1], "hopeless", (), 0)
    return replace(result, steps=(), start_loss=None)


LONG = "a_name_of_one_hundred_characters_" * 3 + "x"

DESCENTS = {
    "staircase": staircase,
    "staircase_1": lambda: staircase(1),
    "staircase_8": lambda: staircase(8, 30_000),
    "one_step": lambda: staircase(2, 1),
    "ten_million": lambda: staircase(2, 10_000_000),
    "parting": parting,
    "random_start": random_start,
    "all_zero": stuck,
    "no_hidden": lambda: descent([one_layer(recorded(200), 1, 2, 1, 2)], recorded(200), "linear"),
    "diverging": diverging,
    "hopeless": hopeless,
    "diverged_at_once": lambda: diverging(1),
    "thousand_units": lambda: descent(
        [one_layer(recorded(90), 1, 1000, 1, 1000), one_layer(recorded(90), 1, 2)], recorded(90)
    ),
    "unequal": lambda: descent(
        [one_layer(recorded(9), 1, units, 2, units // 2) for units in (4, 9, 30, 2)],
        recorded(9),
        LONG,
        seed=2**64 - 1,
        initializer={"name": "variance_scaling", "distribution": "truncated_normal", "scale": 2},
        bias={"name": "normal", "mean": 0.0, "std": 1e-30},
    ),
    "forty_layers": lambda: staircase(40),
    "one_unit": lambda: descent([one_layer([1, 2], 1, 1), one_layer([1, 2], 1, 2)], [1, 2]),
    "tiny": lambda: descent([one_layer([1, 2, 3], 1, size=1e-310)] * 3, [1, 2, 3], loss=(0.0,) * 3),
    "japanese": lambda: staircase(2, 90, name="対称性 😀 \x1b[31m \u202e עברית e\u0301 \ud800"),
}
