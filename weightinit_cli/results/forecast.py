"""What theory says without a run: of a spec, and as the phase diagram of an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.drawn import Drawn, Shown, Tabular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.results.model import LayerTheory, Prediction

# Units per layer of a phase diagram where nobody says so, and the most that there may be.
WIDTH, MOST_UNITS = 100, 10**9


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """factor / l^power after l layers, for large l; `factor` is None where the start decides it."""

    factor: float | None
    power: float


@dataclass(frozen=True, slots=True)
class PowerLaws:
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

    For ever more layers like the last one. Depth scales `xi` are in layers: 0 where all changes
    within one layer; None where they are infinite, that is, above 1e8 (at chi_1 = 1 `critical` says
    what happens instead), or where there is no fixed point. `sigma_w` and `sigma_b` are None where
    their square is no float. `chi_1` is that at the limit of q, and `chi_1_varies` tells whether it
    is another at another q, and so in the first layers; `late` that it is so for long, since q
    changes e-fold over more than 20 layers. `xi_c` is -1 / ln(dc'/dc at c*), which is
    -1 / ln chi_1 only where c* = 1.
    """

    sigma_w: float | None
    sigma_b: float | None
    sentence: str
    q: float | None
    xi_q: float | None
    chi_1: float | None
    chi_1_varies: bool
    late: bool
    xi_gradient: float | None
    c: float | None
    one_minus_c: float | None
    xi_c: float | None
    critical: PowerLaws | None


@dataclass(frozen=True, slots=True, repr=False)
class Forecast(Shown, Tabular):
    """The predictions for a spec's layers, as far as q stays finite, and where they tend.

    `no_theory` says why there are none, `no_more` why they end before the last layer, and
    `no_limits` why it is not known where they tend; each is None where there is no reason.
    `overrides` are what was set beside the spec's file.

    With an output layer `logits` are its predictions, and `loss` is the one expected at the start;
    else both are None.

    Example:
        >>> import weightinit_cli as winit
        >>> forecast = winit.predict("sigmoid_xavier")
        >>> round(forecast.layers[4].figures["std_across_inputs"].value, 6)
        0.000642
        >>> forecast.limits.sentence
        'q settles at a fixed point, q* = 0.2647; two inputs tend to the correlation 1'
    """

    name: str
    spec: Mapping[str, Any]
    digest: str
    layers: tuple[LayerTheory, ...]
    limits: Limits | None
    no_theory: str | None
    no_more: str | None = None
    no_limits: str | None = None
    overrides: tuple[str, ...] = ()
    logits: LayerTheory | None = None
    loss: Prediction | None = None

    @property
    def with_depth(self) -> str:
        """Of which layers the limits are: of more of them, like the last where these differ."""
        alike = not isinstance(self.spec["activation"], list | tuple)
        return "With depth" if alike else "With depth, layers being like the last"


@dataclass(frozen=True, slots=True)
class PhasePoint:
    """A name at its place on the diagram."""

    name: str
    sigma_w: float
    sigma_b: float


@dataclass(frozen=True, slots=True)
class PlacedRun(PhasePoint):
    """A run of a person's own spec at the scales of its last layer, and what becomes of it there.

    `phase` and `depth_scale` are as those of the diagram's cells; but the phase is "critical" where
    the depth scale is more than 10,000 layers.
    """

    phase: str
    depth_scale: float | None


@dataclass(frozen=True, slots=True, repr=False)
class PhaseDiagram(Drawn):
    """What becomes of signal and gradient over (sigma_w, sigma_b), for one activation.

    `sigma_w` and `sigma_b` are the centres of columns and rows, ascending. Per [row][column],
    `phase` is "ordered" (chi_1 <= 1), "chaotic" or "unbounded" (q grows without bound), and
    `depth_scale` the layers over which the gradient's power changes e-fold, 1 / |ln chi_1|; None
    where it never does or there is no gradient. `critical_kind` is "line", "line above" (a
    sigma_b), "point" or "none", and `critical` its points (sigma_w, sigma_b), as far as inputs of
    mean square 1 reach them. `begins` is the sigma_b where it begins for other inputs, None
    where it is the same.

    `marks` are standard initializers of this width, `own` the runs of a person's own specs, which
    `own_name` names; `along` is the path that alone these runs sweep, by numbers, else empty, and
    `left_out` says how many runs have no place, and why.

    Example:
        >>> import weightinit_cli as winit
        >>> diagram = winit.phase("relu")
        >>> diagram.critical_kind, round(diagram.critical[0][0], 4)
        ('point', 1.4142)
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
    own: tuple[PlacedRun, ...] = ()
    own_name: str = ""
    along: str = ""
    left_out: tuple[str, ...] = ()
