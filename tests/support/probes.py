"""Results of probes by hand: what a small model would give, without a framework."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.digests import digest_of_form
from weightinit_cli.probing.figures import gradient_figures, value_figures, weight_figures
from weightinit_cli.results.model import HEALTHY, SCHEMA_VERSION, Saturation, Verdict
from weightinit_cli.results.probe import (
    ProbedLoss,
    ProbedParameter,
    ProbedValue,
    ProbeResult,
    Stream,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLES, WIDTH = 8, 6


def probe_result(
    names: Sequence[tuple[str, str]] = (("fc", "linear"), ("act", "tanh"), ("head", "linear")),
    verdict: Sequence[Verdict] = (Verdict(HEALTHY, None),),
    **changes: Any,
) -> ProbeResult:
    """A model of these modules and operations, one after the other, each made of the one before.

    Every linear operation has a parameter `weight`.
    """
    generator = np.random.default_rng(0)
    values: list[ProbedValue] = []
    parameters: list[ProbedParameter] = []
    for place, (module, operation) in enumerate(names):
        figures = value_figures(generator.normal(size=(SAMPLES, WIDTH)).astype(np.float32), 1)
        gradient = gradient_figures(generator.normal(size=(SAMPLES, WIDTH)).astype(np.float32))
        figures = replace(figures, gradient=gradient)
        if operation == "tanh":
            figures = replace(figures, saturation=Saturation(0.125, 0.25))
        weight = f"{module}.weight" if operation == "linear" else ""
        values.append(
            ProbedValue(
                module=module,
                kind=operation.title(),
                operation=operation,
                call=1,
                shape=(SAMPLES, WIDTH),
                units=WIDTH,
                parents=(place - 1,) if place else (),
                parameters=(weight,) if weight else (),
                line=f"model.py:{place + 1}",
                figures=figures,
                no_gradient=None,
                entropy=0.5 if operation == "softmax" else None,
            )
        )
        if weight:
            parameters.append(probed_parameter(weight, generator))
    spec = {
        "experiment": "probe",
        "name": "small",
        "target": "model.py:build",
        "framework": "torch",
        "inputs": {"0": f"{SAMPLES},{WIDTH}"},
        "loss": "mean_square",
        "seed": 0,
        "repeats": 1,
        "exact": False,
    }
    found = ProbeResult(
        schema_version=SCHEMA_VERSION,
        name="small",
        spec=spec,
        digest=digest_of_form(spec),
        input={},
        values=tuple(values),
        parameters=tuple(parameters),
        streams=(Stream("", "sequential", tuple(range(len(values)))),),
        loss=ProbedLoss("mean_square", 2.0, None, None),
        verdict=tuple(verdict),
        unseen=(),
        environment={"winit": "0", "torch": "2"},
    )
    return replace(found, **changes)


def probed_parameter(
    name: str, generator: np.random.Generator, std: float = 1.0, **changes: Any
) -> ProbedParameter:
    """A square matrix of normal entries that has this standard deviation."""
    values = generator.normal(size=(WIDTH, WIDTH))
    values *= std / values.std()
    found = ProbedParameter(
        name=name,
        module=name.rpartition(".")[0],
        kind="Linear",
        shape=(WIDTH, WIDTH),
        fan_in=WIDTH,
        fan_out=WIDTH,
        statistics=weight_figures(values.astype(np.float32), "0123456789ab"),
        scaled_std=std * WIDTH**0.5,
        scheme=None,
        evidence="",
        gradient_rms=0.1,
        gradient_ratio=0.1 / std,
        no_gradient=None,
        shared_with=(),
        copy_of=None,
    )
    return replace(found, **changes)
