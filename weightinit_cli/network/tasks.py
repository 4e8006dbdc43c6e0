"""Small tasks of two classes, to train on: xor, blobs, random labels."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

Array = np.ndarray[Any, Any]
Data = tuple[Array, Array]

# How far apart the blobs' centres are, in standard deviations of a blob.
DISTANCE = 3.0


def task(name: str, samples: int, features: int, seed: int) -> Data:
    """Return inputs of shape (samples, features) and labels of shape (samples,), in float64.

    The labels are 0 or 1; `name` is one of TASKS, `samples` at least 2.
    """
    return TASKS[name](samples, features, stream(seed, Role.DATA))


def ones_of(samples: int, share: float) -> int:
    """How many labels are 1: this share of them, rounded, yet neither none nor all."""
    return min(max(round(share * samples), 1), samples - 1)


def _xor(samples: int, features: int, generator: Generator) -> Data:  # noqa: ARG001
    """The four corners of the square (±1, ±1), 1 where the signs differ; nothing is drawn."""
    if (samples, features) != (4, 2):
        raise ValueError(f"xor has 4 samples of 2 features, not {samples} of {features}")
    inputs = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return inputs, np.array([0.0, 1.0, 1.0, 0.0])


def _blobs(samples: int, features: int, generator: Generator) -> Data:
    """Two Gaussian clouds N(±c, I), 30 % of the samples in that of class 1, at +c, and last.

    The centres lie on the diagonal, c = 1.5 / sqrt(features) in each coordinate: 3 apart.
    """
    labels = _labels(samples, 0.3)
    inputs = generator.standard_normal((samples, features))
    inputs += (2 * labels - 1)[:, None] * (DISTANCE / 2 / sqrt(features))
    return inputs, labels


def _random_labels(samples: int, features: int, generator: Generator) -> Data:
    """Inputs N(0, 1) and labels that know nothing of them, 40 % ones, which are last."""
    return generator.standard_normal((samples, features)), _labels(samples, 0.4)


def _labels(samples: int, share: float) -> Array:
    return (np.arange(samples) >= samples - ones_of(samples, share)).astype(float)


TASKS: Final[dict[str, Callable[[int, int, Generator], Data]]] = {
    "xor": _xor,
    "blobs": _blobs,
    "random_labels": _random_labels,
}
