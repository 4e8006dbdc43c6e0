"""The order-to-chaos phase diagram as data, for the picture and for JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhasePoint:
    """Initializers that have the same scales at the diagram's width."""

    name: str
    sigma_w: float
    sigma_b: float


@dataclass(frozen=True, slots=True)
class PhaseDiagram:
    """What becomes of signal and gradient over (sigma_w, sigma_b), for one activation.

    `sigma_w` and `sigma_b` are the centres of columns and rows, ascending. Per [row][column],
    `phase` is "ordered" (chi_1 <= 1), "chaotic" or "unbounded" (q grows without bound), and
    `depth_scale` the layers over which the gradient's power changes e-fold, 1 / |ln chi_1|; None
    where it never does or there is no gradient. `critical_kind` is "line", "line above" (a
    sigma_b), "point" or "none", and `critical` its points (sigma_w, sigma_b), as far as inputs of
    mean square 1 reach them. `begins` is the sigma_b where it begins for other inputs, None
    where it is the same.
    """

    activation: str
    width: int
    sigma_w: tuple[float, ...]
    sigma_b: tuple[float, ...]
    depth_scale: tuple[tuple[float | None, ...], ...]
    phase: tuple[tuple[str, ...], ...]
    critical_kind: str
    critical: tuple[tuple[float, float], ...]
    marks: tuple[PhasePoint, ...]
    note: str
    begins: float | None = None
