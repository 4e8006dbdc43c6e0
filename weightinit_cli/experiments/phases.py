"""The phase diagram of an activation, and where standard initializers and specs lie on it."""

from __future__ import annotations

from math import inf, nan, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.experiments.predict import why_not_before_a_run, why_not_of
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.results.comparison import is_number
from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint, PlacedRun
from weightinit_cli.results.words import component, full_name
from weightinit_cli.theory import UnresolvedError, expectations_of
from weightinit_cli.theory.critical import critical_line, critical_sigma_w, phase_grid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from weightinit_cli.errors import Problem
    from weightinit_cli.network import Network
    from weightinit_cli.spec import Component, PerLayer, Spec
    from weightinit_cli.theory import Expectations
    from weightinit_cli.theory.critical import CriticalLine, PhaseGrid

    Ends = tuple[float, float]

# Layers; on the diagram there is no gradient where a depth scale is shorter.
SHORTEST = 0.01
# The decimal logarithm of the depth scale, in layers, beyond which a run is critical.
LOG10_CRITICAL = 4
# The largest scale that is placed: from there q comes near the end of theory's grid, 1e12.
LARGEST = 1e5
# The keys of a spec that say where its runs lie on the diagram.
PLACING = (
    *("activation", "initializer", "bias", "pretraining", "width", "features", "layers"),
    *("channels", "kernel", "image", "padding", "stride"),
)
# The least that an axis may end at, and the least part of that which it spans.
LEAST_END, NARROWEST = 1e-6, 1e-4
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


class OwnRuns(NamedTuple):
    """The runs of a person's own specs that have a place on one activation's diagram.

    `width` is what a unit of the first one's last layer sees. `name` names the specs, `folder` is
    that of the results of the only one, and `along` the path that alone the runs sweep, by numbers;
    these are empty without such a one. `left_out` says how many runs have no place, and why.
    """

    activation: Component
    width: int
    points: tuple[PhasePoint, ...]
    name: str
    folder: str
    along: str
    left_out: tuple[str, ...]


def own_runs(specs: Sequence[Spec], activation: Component | None) -> OwnRuns:
    """The runs of these specs, at the scales that their last layers have.

    Layers beyond the last would be like it, and the diagram is of ever more layers. `activation`
    chooses the runs that have it. Raises SpecError where the runs left have several activations, or
    where there is none that has a place.
    """
    every = [(spec, run) for spec in specs for run in _runs(spec)]
    activation = activation or _common_activation([run for _, run in every])
    chosen = [(spec, run) for spec, run in every if run.activation == activation]
    if not chosen:
        there = _activations(run for _, run in every)
        message = f"no run has {_word(activation)}; the runs have {there}"
        raise SpecError([every[0][1].problem("activation", message)])
    alone = len(specs) == 1
    differ = _differing([run for _, run in chosen])
    points = []
    reasons: dict[str, list[Problem]] = {}
    width = 0
    for spec, run in chosen:
        try:
            network = build_network(run).body
        except SpecError as error:
            for problem in error.problems:
                reasons.setdefault(problem.message, []).append(problem)
            continue
        point = _place(network, _name(spec, run, differ, alone=alone))
        why_not = why_not_before_a_run(run) or why_not_of(network) or _not_plain(network)
        why_not = why_not or _too_far(point)
        if why_not is not None:
            message = f"no place on the diagram: {why_not}"
            reasons.setdefault(message, []).append(run.problem("", message))
            continue
        points.append(point)
        width = width or network.weighted[-1].fan_in
    if not points:
        raise SpecError([problems[0] for problems in reasons.values()])
    return OwnRuns(
        activation,
        width,
        tuple(points),
        "; ".join(full_name(spec.name, spec.overrides) for spec in specs),
        specs[0].name if alone else "",
        _along(differ) if alone else "",
        tuple(f"{len(each)} of {len(chosen)} runs: {why}" for why, each in reasons.items()),
    )


def _runs(spec: Spec) -> list[Spec]:
    """The runs of a spec, the first of those that lie at one place."""
    if spec.runs is None:
        return [spec]
    return [cast("Spec", spec.runs[n]) for n in sorted(spec.runs.first_of_each(PLACING))]


def _common_activation(runs: Sequence[Spec]) -> Component:
    """The activation that all runs have. Raises SpecError where they have several."""
    first = runs[0].activation
    other = next((run for run in runs if run.activation != first), None)
    if other is None and not isinstance(first, tuple):
        return first
    if other is None:
        message = f"the diagram is of one activation, and the layers have {_word(first)}"
        raise SpecError([runs[0].problem("activation", message)])
    message = (
        f"the diagram is of one activation, and the runs have {_activations(runs)}; choose one of "
        "them with --activation, in Python activation="
    )
    raise SpecError([other.problem("activation", message)])


def _activations(runs: Iterable[Spec]) -> str:
    """The activations of runs in words: `sigmoid, tanh and relu`."""
    *words, last = dict.fromkeys(_word(run.activation) for run in runs)
    return f"{', '.join(words)} and {last}" if words else last


def _word(activation: PerLayer) -> str:
    each = activation if isinstance(activation, tuple) else (activation,)
    return component([{"name": one.name, **one.arguments} for one in each])


def _place(network: Network, name: str) -> PhasePoint:
    """The scales of a network's last layer; the name says so where other layers have others."""
    *others, last = [
        (layer.weights.std * sqrt(layer.fan_in), layer.bias.std if layer.bias else 0.0)
        for layer in network.weighted
    ]
    same = all(np.allclose(each, last, rtol=1e-3, atol=0) for each in set(others))
    return PhasePoint(name if same else f"{name} (last layer)", *last)


def _not_plain(network: Network) -> str | None:
    """Why a network with more than weights and activations has no place; None where it is plain."""
    if any(stage.between or stage.residual is not None for stage in network.stages):
        return "the diagram is of layers without normalization and residual branches"
    return None


def _too_far(point: PhasePoint) -> str | None:
    if max(point.sigma_w, point.sigma_b) <= LARGEST:
        return None
    return f"it goes up to sigma_w and sigma_b of {LARGEST:g} at most"


def _differing(runs: Sequence[Spec]) -> dict[str, list[Any]]:
    """The paths in which runs differ, with their values; a variant's is its name."""
    values: dict[str, list[Any]] = {}
    for run in runs:
        for path, value in run.varied:
            values.setdefault(path, []).append(value)
    return {path: held for path, held in values.items() if any(each != held[0] for each in held)}


def _name(spec: Spec, run: Spec, differ: Collection[str], *, alone: bool) -> str:
    """What tells a run from the others, in the words of its spec."""
    parts = run.label.split(",") if run.label else []
    if len(parts) == len(run.varied):  # no variant has a comma in its name
        told = zip(run.varied, parts, strict=True)
        parts = [part for (path, _), part in told if path in differ]
    return ", ".join(parts if alone and parts else [spec.name, *parts])


def _along(differ: Mapping[str, Sequence[Any]]) -> str:
    """The one path in whose numbers alone runs differ; empty where there is no such path."""
    if len(differ) != 1:
        return ""
    ((path, values),) = differ.items()
    return path if all(map(is_number, values)) else ""


def _placed(e: Expectations, points: Sequence[PhasePoint]) -> tuple[PlacedRun, ...]:
    """Runs at their places, with what becomes of them there; those of one sigma_b at once."""
    found: dict[PhasePoint, PlacedRun] = {}
    rows: dict[float, list[PhasePoint]] = {}
    for point in points:
        rows.setdefault(point.sigma_b, []).append(point)
    for sigma_b, row in rows.items():
        grid = phase_grid(e, np.array([point.sigma_w for point in row]), np.array([sigma_b]))
        critical = (grid.log10_depth > LOG10_CRITICAL) & (grid.phase != "unbounded")
        (phases,) = np.where(critical, "critical", grid.phase).tolist()
        (depths,) = _depth_scales(grid)
        for point, phase, depth in zip(row, phases, depths, strict=True):
            found[point] = PlacedRun(point.name, point.sigma_w, sigma_b, phase, depth)
    return tuple(found[point] for point in points)


def phase_diagram(
    activation: Component,
    width: int,
    sigma_w: Ends | None = None,
    sigma_b: Ends | None = None,
    own: OwnRuns | None = None,
) -> PhaseDiagram:
    """Where signals converge, diverge or grow without bound, over (sigma_w, sigma_b).

    `sigma_w` and `sigma_b` are the ends of the axes. By default these hold the critical line's
    beginning, the standard initializers at `width` that are not far off it, and `own` runs as near.

    Raises WinitError where theory does not know the activation in all of the diagram.
    """
    try:
        return _phase_diagram(activation, width, sigma_w, sigma_b, own)
    except UnresolvedError as error:
        raise WinitError(f"{_word(activation)} has no phase diagram: {error}") from error


def _phase_diagram(
    activation: Component,
    width: int,
    sigma_w: Ends | None,
    sigma_b: Ends | None,
    own: OwnRuns | None,
) -> PhaseDiagram:
    e = expectations_of(activation.name, **activation.arguments)
    line = critical_line(e)
    points = () if own is None else own.points
    right, top = _far_ends(line, points)
    across, upwards = (
        _centres(sigma_w or (0.0, right), COLUMNS),
        _centres(sigma_b or (0.0, top), ROWS),
    )
    grid = phase_grid(e, across, upwards)
    ends = sigma_w or (0.0, float(across[-1])), sigma_b or (0.0, inf)
    return PhaseDiagram(
        activation=_word(activation),
        width=width,
        sigma_w=tuple(across.tolist()),
        sigma_b=tuple(upwards.tolist()),
        depth_scale=_depth_scales(grid),
        phase=tuple(map(tuple, grid.phase.tolist())),
        critical_kind=line.kind,
        critical=_critical_points(e, line, sigma_b[0] if sigma_b else 0.0, float(upwards[-1])),
        marks=tuple(p for p in _standard_points(width) if _inside(p, *ends)),
        note=_phase_note(e.jumps, line),
        begins=line.begins if line.is_cut else None,
        own=_placed(e, points),
        own_name="" if own is None else own.name,
        along="" if own is None else own.along,
        left_out=() if own is None else own.left_out,
    )


def unfit(ends: Sequence[float | str], example: str) -> str | None:
    """Say which ends an axis may have, where it can't have these."""
    try:
        low, high = map(float, ends)
    except (TypeError, ValueError):
        low = high = nan
    if not 0 <= low < high:
        return f"two numbers, 0 <= LOW < HIGH, for example {example}"
    if not LEAST_END <= high <= LARGEST:
        return f"two numbers with a HIGH from {LEAST_END:g} to {LARGEST:g}"
    if high - low < high * NARROWEST:
        return f"two numbers that differ by {NARROWEST:g} of HIGH or more"
    return None


def _inside(point: PhasePoint, sigma_w: Ends, sigma_b: Ends) -> bool:
    within = sigma_w[0] <= point.sigma_w <= sigma_w[1]
    return within and sigma_b[0] <= point.sigma_b <= sigma_b[1]


def _far_ends(line: CriticalLine, points: Sequence[PhasePoint]) -> tuple[float, float]:
    """Where the axes end by default: beyond own points up to twice as far as without them."""
    least = line.least
    right = 3.0 if least is None else max(3.0, 1.5 * least.sigma_w)
    top = 1.0 if least is None else max(1.0, 2.5 * least.sigma_b)
    near = [p for p in points if p.sigma_w <= 2 * right and p.sigma_b <= 2 * top]
    return (
        max([right, *(1.1 * p.sigma_w for p in near)]),
        max([top, *(1.1 * p.sigma_b for p in near)]),
    )


def _centres(ends: Ends, cells: int) -> np.ndarray:
    """The centres of so many equal cells from one end to the other."""
    low, high = ends
    return np.asarray(low + (np.arange(cells) + 0.5) * ((high - low) / cells))


def _critical_points(
    e: Expectations, line: CriticalLine, bottom: float, top: float
) -> tuple[tuple[float, float], ...]:
    """Where the critical line begins, and the line from sigma_b = `bottom` on up to `top`.

    Of a line that begins above them, and of the one point, the beginning; empty without any.
    """
    if line.least is None:
        return ()
    first = line.least.sigma_b
    wanted = [first]
    if line.kind != "point" and top > first:
        wanted += np.linspace(max(bottom, first), top, LINE_POINTS).tolist()
    points = (critical_sigma_w(e, sigma_b) for sigma_b in dict.fromkeys(wanted))
    return tuple((point.sigma_w, point.sigma_b) for point in points if point is not None)


def _depth_scales(grid: PhaseGrid) -> tuple[tuple[float | None, ...], ...]:
    """The layers over which the gradient's power changes e-fold, as PhaseDiagram has them."""
    with np.errstate(over="ignore"):
        scale = 10.0**grid.log10_depth
    scale[grid.phase == "unbounded"] = np.inf
    return tuple(
        tuple(cell if SHORTEST < cell < inf else None for cell in row) for row in scale.tolist()
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
