"""What theory says without a run: a forecast of a spec's layers, an activation's phase diagram."""

from __future__ import annotations

from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.predict import theory_of, why_not_before_a_run
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.results import LayerTheory, Prediction
from weightinit_cli.results.forecast import (
    Forecast,
    Limits,
    PhaseDiagram,
    PhasePoint,
    PowerLaw,
    PowerLaws,
)
from weightinit_cli.results.words import component
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.theory import expectations_of, power_laws
from weightinit_cli.theory.critical import critical_line, critical_sigma_w, phase_grid
from weightinit_cli.theory.fixed_points import LONGEST, limits

if TYPE_CHECKING:
    from weightinit_cli.experiments.predict import NetworkTheory
    from weightinit_cli.spec import Component, Spec
    from weightinit_cli.theory import Expectations
    from weightinit_cli.theory.critical import CriticalLine, PhaseGrid

# Layers; a shorter depth scale is a slope of 0 (1e-9), and on the diagram there is no gradient.
SHORTEST, SHORTEST_DRAWN = 0.048, 0.01
COLUMNS, ROWS = 96, 64
LINE_POINTS = 49
# Initializers that stand on the diagram, with what they take; those in one place share a label.
STANDARD: tuple[tuple[str, dict[str, float]], ...] = (
    ("xavier_normal", {}),
    ("he_normal", {}),
    ("torch_linear", {}),
    ("normal", {"std": 0.01}),
    ("normal", {"std": 1.0}),
)
NAMES = {"xavier_normal": "xavier, lecun, orthogonal", "he_normal": "he, kaiming"}


def forecast(spec: Spec, *, with_errors: bool) -> Forecast:
    """What mean-field theory predicts of every layer, and of ever more of them.

    Raises SpecError where the spec asks theory for a number that does not exist.
    """
    network = build_network(spec)
    theory = theory_of(
        network,
        spec.activation,
        build_request(spec),
        why_not_before_a_run(spec),
        with_errors=with_errors,
    )
    return Forecast(
        name=spec.name,
        spec=normal_form(spec),
        digest=digest(spec),
        layers=tuple(
            LayerTheory(
                q=layer.q,
                one_minus_c=layer.d,
                figures={
                    path: Prediction(value, errors.get(path), None)
                    for path, value in layer.figures.items()
                    if spec.backward or not path.startswith("gradient.")
                },
                histogram=(),
            )
            for layer, errors in zip(theory.layers, theory.errors, strict=True)
        ),
        limits=_limits(theory),
        no_theory=theory.why_not,
    )


def _limits(theory: NetworkTheory) -> Limits | None:
    """Where q and c go over ever more layers like the last; None where theory says nothing."""
    if theory.why_not is not None:
        return None
    last = theory.scales[-1]
    tend = limits(theory.expectations, last.sigma_w2, last.bias_variance)
    return Limits(
        sigma_w=_finite(sqrt(last.sigma_w2)),
        sigma_b=_finite(sqrt(last.bias_variance)),
        sentence=tend.sentence(),
        q=_finite(tend.q),
        xi_q=_depth_scale(tend.xi_q),
        chi_1=_finite(tend.chi_1),
        chi_1_varies=tend.varies,
        late=tend.late,
        xi_gradient=_depth_scale(tend.xi_gradient),
        c=_finite(tend.c),
        one_minus_c=_finite(tend.d),
        xi_c=_depth_scale(tend.xi_c),
        critical=_power_laws(power_laws.laws(theory.expectations, last.sigma_w2, tend)),
    )


def _power_laws(laws: power_laws.PowerLaws | None) -> PowerLaws | None:
    if laws is None:
        return None
    q, d, gradient = (law and PowerLaw(*law) for law in (laws.q, laws.d, laws.gradient))
    return PowerLaws(laws.sentence(), q, d, gradient)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _depth_scale(layers: float | None) -> float | None:
    """A depth scale; None where it is infinite, 0 where all changes within one layer."""
    if layers is None or layers >= LONGEST:
        return None
    return layers if layers > SHORTEST else 0.0


def phase_diagram(activation: Component, width: int) -> PhaseDiagram:
    """Where signals converge, diverge or grow without bound, over (sigma_w, sigma_b).

    The axes hold the critical line's beginning and the standard initializers at `width` that
    are not far off it.
    """
    e = expectations_of(activation.name, **activation.arguments)
    line = critical_line(e)
    sigma_w, sigma_b = _axes(line)
    grid = phase_grid(e, sigma_w, sigma_b)
    return PhaseDiagram(
        activation=component({"name": activation.name, **activation.arguments}),
        width=width,
        sigma_w=tuple(sigma_w.tolist()),
        sigma_b=tuple(sigma_b.tolist()),
        depth_scale=_depth_scales(grid),
        phase=tuple(map(tuple, grid.phase.tolist())),
        critical_kind=line.kind,
        critical=_critical_points(e, line, float(sigma_b[-1])),
        marks=tuple(point for point in _standard_points(width) if point.sigma_w <= sigma_w[-1]),
        note=_phase_note(e.jumps, line),
        begins=line.begins if line.is_cut else None,
    )


def _axes(line: CriticalLine) -> tuple[np.ndarray, np.ndarray]:
    """The centres of the cells along sigma_w and along sigma_b, from 0 on."""
    least = line.least
    right = 3.0 if least is None else max(3.0, 1.5 * least.sigma_w)
    top = 1.0 if least is None else max(1.0, 2.5 * least.sigma_b)
    return tuple(  # type: ignore[return-value]
        (np.arange(cells) + 0.5) * (end / cells) for cells, end in ((COLUMNS, right), (ROWS, top))
    )


def _critical_points(
    e: Expectations, line: CriticalLine, top: float
) -> tuple[tuple[float, float], ...]:
    """The critical line up to sigma_b = `top`, or the one point; empty where there is none."""
    if line.least is None:
        return ()
    steps = 1 if line.kind == "point" else LINE_POINTS
    wanted = np.linspace(line.least.sigma_b, max(top, line.least.sigma_b), steps).tolist()
    points = (critical_sigma_w(e, sigma_b) for sigma_b in wanted)
    return tuple((point.sigma_w, point.sigma_b) for point in points if point is not None)


def _depth_scales(grid: PhaseGrid) -> tuple[tuple[float | None, ...], ...]:
    """The layers over which the gradient's power changes e-fold, as PhaseDiagram has them."""
    with np.errstate(over="ignore"):
        scale = 10.0**grid.log10_depth
    scale[grid.phase == "unbounded"] = np.inf
    return tuple(
        tuple(cell if SHORTEST_DRAWN < cell < inf else None for cell in row)
        for row in scale.tolist()
    )


def _standard_points(width: int) -> list[PhasePoint]:
    """The standard initializers at the scales they give layers of this width."""
    points = []
    for name, arguments in STANDARD:
        row = INITIALIZERS[name]
        fans = Fans(width, width)
        weights = row.build(fans, **arguments)
        bias = row.build_bias(fans).std if row.build_bias else 0.0
        label = NAMES.get(name, name) + "".join(f" {k} {v:g}" for k, v in arguments.items())
        points.append(PhasePoint(label, weights.std * sqrt(width), bias))
    return points


def _phase_note(jumps: bool, line: CriticalLine) -> str:
    if jumps:
        return (
            "the activation jumps: c' has infinite slope at c = 1, and chi_1 describes "
            "back-propagation only"
        )
    return line.sentence() if line.kind in ("none", "line above") else ""
