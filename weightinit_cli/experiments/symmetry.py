"""The symmetry experiment: gradient descent on a small task, and what becomes of the units."""

from __future__ import annotations

from hashlib import blake2b
from math import isfinite, log, sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from weightinit_cli.experiments.build import build_activations, build_classifier, scaled
from weightinit_cli.experiments.resources import check_descent, environment
from weightinit_cli.network import draw_parameters, nudge
from weightinit_cli.network.descent import Classifier, descend
from weightinit_cli.network.draws import hash_of
from weightinit_cli.results import SCHEMA_VERSION, LayerSteps, SymmetryResult
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from weightinit_cli.network.descent import LayerTrace
    from weightinit_cli.progress import Progress
    from weightinit_cli.spec import SymmetrySpec

Array = np.ndarray[Any, Any]
Points = tuple[Array, Array]

# Of the parameters: what was drawn, what a step makes of them, and what counting different units
# and directions makes.
COPIES_OF_PARAMETERS = 8

# How far apart the blobs' centres are, in standard deviations of a blob.
DISTANCE = 3.0


def run(
    spec: SymmetrySpec, _threads: int | None, progress: Progress, pattern: int = 0
) -> SymmetryResult:
    """Run one spec; see `weightinit_cli.experiments.run`, and `shadow` for `pattern`."""
    dtype, sizes = np.dtype(np.float64), (spec.features, *spec.width, 1)
    check_descent(spec, sizes, dtype, ("samples", spec.samples), copies=COPIES_OF_PARAMETERS)
    inputs, labels = task(spec.data, spec.samples, spec.features, spec.seed)
    network = build_classifier(spec, sizes, spec.samples, dtype)
    draws = blake2b(inputs.tobytes() + labels.tobytes(), digest_size=8)
    if pattern:
        nudge(inputs, pattern)
    weights, biases, hashes = draw_parameters(scaled(spec, network, inputs))
    draws.update(hash_of(hashes).encode())
    progress.start(float(spec.steps))
    trace = descend(
        Classifier(inputs, labels, weights, biases, build_activations(spec)),
        spec.steps,
        spec.learning_rate,
        progress.step,
    )
    return SymmetryResult(
        schema_version=SCHEMA_VERSION,
        name=spec.name,
        spec=normal_form(spec),
        digest=digest(spec),
        steps=tuple(trace.steps.tolist()),
        start_loss=_finite(trace.start_loss),
        loss=_finites(trace.loss),
        base_entropy=_entropy(float(labels.mean())),
        accuracy=trace.accuracy,
        diverged=trace.diverged,
        layers=tuple(map(_layer, trace.layers)),
        stream=draws.hexdigest(),
        environment=environment(spec),
        overrides=spec.overrides or None,
    )


def _layer(trace: LayerTrace) -> LayerSteps:
    return LayerSteps(
        units=trace.units,
        start_distinct=trace.start_distinct,
        start_participation=_finite(trace.start_participation),
        first_moved=trace.first_moved,
        fewest_distinct=trace.fewest_distinct,
        most_distinct=trace.most_distinct,
        weight_gradient_rms=_finites(trace.weight_gradient_rms),
        bias_gradient_rms=_finites(trace.bias_gradient_rms),
        moved=tuple(trace.moved.tolist()),
        distinct_units=tuple(trace.distinct_units.tolist()),
        participation=_finites(trace.participation),
    )


def _entropy(share: float) -> float:
    """The entropy of labels of which this share is 1, in nats: a constant output's best loss."""
    return -sum(p * log(p) for p in (share, 1 - share) if p)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _finites(values: Array) -> tuple[float | None, ...]:
    return tuple(map(_finite, values.tolist()))


def task(name: str, samples: int, features: int, seed: int) -> Points:
    """Return inputs of shape (samples, features) and labels of shape (samples,), in float64.

    The labels are 0 or 1; `name` is one of TASKS, `samples` at least 2.
    """
    return TASKS[name](samples, features, stream(seed, Role.DATA))


def _xor(samples: int, features: int, generator: Generator) -> Points:  # noqa: ARG001
    """The four corners of the square (±1, ±1), 1 where the signs differ; nothing is drawn."""
    if (samples, features) != (4, 2):
        raise ValueError(f"xor has 4 samples of 2 features, not {samples} of {features}")
    inputs = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return inputs, np.array([0.0, 1.0, 1.0, 0.0])


def _blobs(samples: int, features: int, generator: Generator) -> Points:
    """Two Gaussian clouds N(±c, I), 30 % of the samples in that of class 1, at +c, and last.

    The centres lie on the diagonal, c = 1.5 / sqrt(features) in each coordinate: 3 apart.
    """
    labels = _labels(samples, 0.3)
    inputs = generator.standard_normal((samples, features))
    inputs += (2 * labels - 1)[:, None] * (DISTANCE / 2 / sqrt(features))
    return inputs, labels


def _random_labels(samples: int, features: int, generator: Generator) -> Points:
    """Inputs N(0, 1) and labels that know nothing of them, 40 % ones, which are last."""
    return generator.standard_normal((samples, features)), _labels(samples, 0.4)


def _labels(samples: int, share: float) -> Array:
    """Zeros, then ones: this share of them, rounded, yet neither none nor all."""
    ones = min(max(round(share * samples), 1), samples - 1)
    return (np.arange(samples) >= samples - ones).astype(float)


TASKS: Final[dict[str, Callable[[int, int, Generator], Points]]] = {
    "xor": _xor,
    "blobs": _blobs,
    "random_labels": _random_labels,
}
