"""Record the kernels of neural-tangents for residual and normalized networks in kernels.json.

Made by neural-tangents 0.6.5 on JAX 0.4.30 (CPU, float64), Python 3.11:

    pip install jax==0.4.30 jaxlib==0.4.30 absl-py frozendict
    pip install --no-deps neural-tangents==0.6.5
    python tests/theory/record_kernels.py

Two inputs of mean square 1, whose mean product is 0.3, go through a first matrix of standard
deviation 1 / sqrt(features), then through the layers. `nngp` and `ntk` are the kernels of the first
input, `pair` is the NNGP kernel of both.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

# Of TensorFlow, which its experiments alone need.
for name in ("tensorflow", "tensorflow.keras", "tf2jax", "jax.experimental.jax2tf"):
    sys.modules[name] = MagicMock()
sys.modules["neural_tangents.experimental"] = MagicMock()

import jax  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_enable_x64", True)

from neural_tangents import stax  # noqa: E402

FEATURES, CORRELATION, LAYERS, EPS = 8, 0.3, 4, 1e-5
W, B, V, A = 1.3, 0.4, 0.8, 0.2  # standard deviations sigma_w, sigma_b, sigma_v, sigma_a
ACTIVATIONS = {
    "relu": stax.Relu,
    "erf": stax.Erf,
    "gelu": lambda: stax.Gelu(approximate=False),
}


def normalized():
    return stax.LayerNorm(eps=EPS)


def plain(phi):
    return stax.serial(stax.Dense(FEATURES, W, B), normalized(), phi)


def block(phi, s, placement):
    branch = [stax.Dense(FEATURES, W, B), phi, stax.Dense(FEATURES, s * V, s * A)]
    if placement == "pre":
        branch = [normalized(), *branch]
    added = [
        stax.FanOut(2),
        stax.parallel(stax.Identity(), stax.serial(*branch)),
        stax.FanInSum(),
    ]
    return stax.serial(*added, normalized()) if placement == "post" else stax.serial(*added)


def inputs():
    first = np.array([1.0, -1.0] * (FEATURES // 2))
    second = np.array([1.0, 1.0, -1.0, -1.0] * (FEATURES // 4))
    return np.stack([first, CORRELATION * first + np.sqrt(1 - CORRELATION**2) * second])


def main() -> None:
    found = []
    for name, phi in ACTIVATIONS.items():
        cases = [("plain", None), *((p, s) for p in ("none", "pre", "post") for s in (1.0, 0.5))]
        for placement, s in cases:
            layer = plain(phi()) if s is None else block(phi(), s, placement)
            _, _, kernel = stax.serial(stax.Dense(FEATURES, 1.0), *[layer] * LAYERS)
            k = kernel(inputs(), None, ("nngp", "ntk"))
            values = {
                "nngp": float(k.nngp[0, 0]),
                "pair": float(k.nngp[0, 1]),
                "ntk": float(k.ntk[0, 0]),
            }
            found.append({"activation": name, "placement": placement, "scale": s} | values)
    text = json.dumps(found, indent=1) + "\n"
    Path(__file__).with_name("kernels.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
