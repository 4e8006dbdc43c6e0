"""The phase diagram of an activation, with the standard initializers on it."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint
from weightinit_cli.results.words import component
from weightinit_cli.theory import expectations_of
from weightinit_cli.theory.critical import critical_line, critical_sigma_w, phase_grid

if TYPE_CHECKING:
    from weightinit_cli.spec import Component
    from weightinit_cli.theory import Expectations
    from weightinit_cli.theory.critical import CriticalLine, PhaseGrid

COLUMNS, ROWS = 96, 64
LINE_POINTS = 49
SHORTEST = 0.01  # layers; below it there is no gradient at all

# Initializers that stand on the diagram, with what they take; those in one place share a label.
STANDARD: tuple[tuple[str, dict[str, float]], ...] = (
    ("xavier_normal", {}),
    ("he_normal", {}),
    ("torch_linear", {}),
    ("normal", {"std": 0.01}),
    ("normal", {"std": 1.0}),
)
NAMES = {"xavier_normal": "xavier, lecun, orthogonal", "he_normal": "he, kaiming"}


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
        depth_scale=_depth_scale(grid),
        phase=tuple(map(tuple, grid.phase.tolist())),
        critical_kind=line.kind,
        critical=_critical(e, line, float(sigma_b[-1])),
        marks=tuple(m for m in _marks(width) if m.sigma_w <= sigma_w[-1]),
        note=_note(e.jumps, line),
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


def _critical(e: Expectations, line: CriticalLine, top: float) -> tuple[tuple[float, float], ...]:
    """The critical line up to sigma_b = `top`, or the one point; empty where there is none."""
    if line.least is None:
        return ()
    steps = 1 if line.kind == "point" else LINE_POINTS
    wanted = np.linspace(line.least.sigma_b, max(top, line.least.sigma_b), steps).tolist()
    points = (critical_sigma_w(e, sigma_b) for sigma_b in wanted)
    return tuple((point.sigma_w, point.sigma_b) for point in points if point is not None)


def _depth_scale(grid: PhaseGrid) -> tuple[tuple[float | None, ...], ...]:
    """The layers over which the gradient's power changes e-fold, as PhaseDiagram has them."""
    with np.errstate(over="ignore"):
        scale = 10.0**grid.log10_depth
    scale[grid.phase == "unbounded"] = np.inf
    return tuple(
        tuple(cell if SHORTEST < cell < inf else None for cell in row) for row in scale.tolist()
    )


def _marks(width: int) -> list[PhasePoint]:
    """The standard initializers at the scales they give layers of this width."""
    marks = []
    for name, arguments in STANDARD:
        row = INITIALIZERS[name]
        fans = Fans(width, width)
        weights = row.build(fans, **arguments)
        bias = row.build_bias(fans).std if row.build_bias else 0.0
        label = NAMES.get(name, name) + "".join(f" {k} {v:g}" for k, v in arguments.items())
        marks.append(PhasePoint(label, weights.std * sqrt(width), bias))
    return marks


def _note(jumps: bool, line: CriticalLine) -> str:
    if jumps:
        return (
            "the activation jumps: c' has infinite slope at c = 1, and chi_1 describes "
            "back-propagation only"
        )
    return line.sentence() if line.kind in ("none", "line above") else ""
