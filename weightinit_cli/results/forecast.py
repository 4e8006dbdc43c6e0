"""What theory says of a spec without a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.results.model import LayerTheory


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """factor / l^power after l layers, for large l; `factor` is None where the start decides it."""

    factor: float | None
    power: float


@dataclass(frozen=True, slots=True)
class Critical:
    """What falls by a power of the depth instead of e-fold, where chi_1 = 1; None where nothing is.

    `sentence` says it, and what is known where there is no power.
    """

    sentence: str
    q: PowerLaw | None
    one_minus_c: PowerLaw | None
    gradient: PowerLaw | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the variance q and the correlation c of two inputs go with depth, and how fast.

    For ever more layers like the last one. Depth scales `xi` are in layers; None where there is
    none: at a slope of exactly 1 it is infinite (`critical` says what happens instead), and what
    grows without bound has no fixed point; `sigma_w` and `sigma_b` are None where their square is
    no float. `xi_c` is -1 / ln(dc'/dc at c*), which is -1 / ln chi_1 only where c* = 1.
    """

    sigma_w: float | None
    sigma_b: float | None
    sentence: str
    q: float | None
    xi_q: float | None
    chi_1: float | None
    xi_gradient: float | None
    c: float | None
    one_minus_c: float | None
    xi_c: float | None
    critical: Critical | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The predictions for a spec's layers, as far as q stays finite, and where they tend.

    `no_theory` says why there are none.
    """

    name: str
    spec: Mapping[str, Any]
    digest: str
    layers: tuple[LayerTheory, ...]
    limits: Limits | None
    no_theory: str | None
