"""Which well-known defects explain what was measured, in plain words.

A cause is named only where the figures single it out: it gives every measured scale within its
error, and no other one does.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.conformity.dependence import SAME
from weightinit_cli.conformity.laws import ALL, FAR, distance_of, of_largest, p_of_distance
from weightinit_cli.expected import errors, standard
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import LAWS, TRUNCATED_STD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.conformity.frameworks import Ask, Framework
    from weightinit_cli.conformity.laws import Measured
    from weightinit_cli.conformity.report import Build, Row

# Standard errors that a scale may lie off what a cause gives; and how improbable a law's distance
# from the draws may be.
NEAR = 4.5
LEAST_P = 1e-4
# A value is frequent where it is there so many times as often as values are on average; draws are
# of few bits where one has more than this share of its values in common with another.
FREQUENT = 20
SHARED = 0.02
# The variance of mean squares beside what chance gives, from which scales are called unequal.
UNEQUAL = 3


class Candidate(NamedTuple):
    """A cause in words, and the standard deviation that it gives at each shape."""

    words: str
    stds: tuple[float, ...]


def causes(
    rows: Sequence[Row], measured: Sequence[Measured], build: Build, framework: Framework
) -> tuple[str, ...]:
    """Return what explains the rows that fail, the most serious first."""
    failing: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.p):
        if row.fails:
            failing.setdefault(row.asked, row)
            failing.setdefault(row.asked.partition(",")[0], row)
    if measured and not any(each.std for each in measured):
        return (f"nothing is drawn: all entries are {measured[0].mean:.4g}",)
    found = [*_of_entries(failing, framework), *_of_streams(failing)]
    values = _Values(measured) if "different values" in failing else None
    dependent = [*_of_vectors(failing, measured)]
    if values and values.frequent:
        found.append(values.frequent)
    else:
        found += dependent or ([values.few] if values else [])
    if measured:
        law = _law(failing, measured)
        scales = _Scales(measured, law or measured[0].entries.law)
        if not (dependent or "different values" in failing):
            found += _of_law(failing, measured, law, scales)
        if {"std", "std of other dtypes"} & failing.keys():
            found += _of_scale(failing, measured, build, framework, scales)
        if "mean" in failing:
            found.append(_of_mean(failing["mean"], measured))
    found += _of_matrices(failing, measured)
    return tuple(found)


class _Scales:
    """The measured standard deviations beside their errors, which a law has."""

    def __init__(self, measured: Sequence[Measured], law: str) -> None:
        self.law = law
        self.asks = [each.drawn.ask for each in measured]
        self.expected = tuple(each.entries.std for each in measured)
        self.stds = np.array([each.std for each in measured])
        self.errors = np.array([errors(law, each.entries.size)[1] for each in measured])

    def are(self, stds: Sequence[float]) -> bool:
        """Whether the scales are these, each within its error."""
        with np.errstate(all="ignore"):
            off = np.abs(self.stds / np.array(stds) - 1)
        return bool((off < NEAR * self.errors).all())

    def row(self) -> str:
        """The row of the table whose draws these are, of those that need no parameters."""
        for name, row in INITIALIZERS.items():
            required = any(parameter.required for parameter in row.parameters)
            if (
                row.source
                or required
                or row.activation
                or row.theory
                or row.only
                or row.data_dependent
            ):
                continue
            samplers = [row.build(ask.fans) for ask in self.asks]
            if samplers[0].law == self.law and self.are([each.std for each in samplers]):
                return name
        return ""


def _of_entries(failing: dict[str, Row], framework: Framework) -> Iterator[str]:
    if "finite values" in failing:
        row = failing["finite values"]
        unfilled = ", or were not filled" if framework == "torch" else ""
        yield f"of the entries at {row.where} {row.words}{unfilled}"
    if "dtype" in failing:
        yield f"{failing['dtype'].words} is returned where {failing['dtype'].wanted} is asked for"
    if "entries" in failing:
        row = failing["entries"]
        yield f"at {row.where} the entry {row.words.partition('; ')[2]}"


def _of_streams(failing: dict[str, Row]) -> Iterator[str]:
    same = [each for each in ("seeds", "calls") if each in failing and failing[each].figure > SAME]
    if "seeds" in same:
        yield "two seeds give the same draws: the seed is ignored"
    elif "calls" in same:
        yield "two calls of one stream give the same draws: the stream is not drawn from"
    elif not {"rows", "columns"} & failing.keys():
        kinds = [kind for kind in ("seeds", "calls") if kind in failing]
        yield from (f"two {kind} give correlated draws" for kind in kinds)
    if "one seed again" in failing:
        yield "one seed gives other draws each time: they do not come from it"


class _Values:
    """Why values are there more than once: one of them is frequent, few bits, or copies."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        self.drawn = measured[0].drawn
        self.values, self.counts = np.unique(self.drawn.draws[0], return_counts=True)

    @property
    def frequent(self) -> str:
        """A value that is far more frequent than the others; empty where none is."""
        most = int(self.counts.max())
        if most <= FREQUENT * self.counts.mean():
            return ""
        value = self.values[self.counts.argmax()] + 0
        return f"of {self.counts.sum():,} entries at {self.drawn.where} {most:,} are {value:.4g}"

    @property
    def few(self) -> str:
        """Few bits where other draws have the same values; else entries repeat within a draw."""
        draws, count = self.drawn.draws, len(self.values)
        if len(draws) < 2 or np.isin(draws[1], self.values).mean() > SHARED:
            return f"the draws take only {count:,} different values: they are of too few bits"
        return f"entries repeat: of {draws[0].size:,} at {self.drawn.where} {count:,} differ"


def _of_vectors(failing: dict[str, Row], measured: Sequence[Measured]) -> Iterator[str]:
    """Say that rows or columns repeat; else that scales differ; else that they are correlated."""
    kinds = [kind for kind in ("rows", "columns") if kind in failing]
    repeating = [
        (kind, row)
        for kind in kinds
        if (row := failing.get(f"{kind}, |r|")) is not None and row.figure > SAME
    ]
    for kind, row in repeating:
        pair = row.words.partition(f"{kind} ")[2]
        yield f"{kind} repeat: {pair} at {row.where} are the same but for their scale"
    if kinds and not repeating:
        where = failing[kinds[0]].where
        unequal = [
            words for each in measured if each.drawn.where == where for words in _unequal(each)
        ]
        if unequal:
            yield f"the scale differs from {' and from '.join(unequal)} at {where}"
        else:
            yield f"{' and '.join(kinds)} are correlated at {where}"


def _unequal(measured: Measured) -> Iterator[str]:
    """Say where the mean squares of rows, or of columns, differ by more than chance makes them."""
    draws = measured.drawn.draws - measured.mean
    kurtosis = standard(measured.entries.law, 4)
    for words, axis in (("row to row", 2), ("column to column", 1)):
        squares = (draws**2).mean(axis=axis)
        chance = (kurtosis - 1) / draws.shape[axis]
        if (squares / squares.mean()).var() > UNEQUAL * chance:
            yield words


def _law(failing: dict[str, Row], measured: Sequence[Measured]) -> str:
    """The law that the draws of every shape have, whatever their scale; empty where none fits."""
    named = measured[0].entries.law
    if not {"kurtosis", "distribution", "largest / scale"} & failing.keys():
        return named
    fitting = []
    for law in LAWS:
        ps = []
        for each in measured:
            z = np.sort(each.drawn.draws.ravel() - each.mean) / (each.std / LAWS[law].std or 1.0)
            slack = FAR * errors(law, z.size)[1] + each.entries.rounding / each.entries.scale
            ps.append(p_of_distance(distance_of(z, law), z.size))
            ps.append(of_largest(z, law, slack, each.drawn.where).p)
        if min(ps) > LEAST_P:
            fitting.append(law)
    others = [law for law in fitting if law != named]
    return others[0] if len(others) == 1 else ""


def _of_law(
    failing: dict[str, Row], measured: Sequence[Measured], law: str, scales: _Scales
) -> Iterator[str]:
    named = measured[0].entries.law
    if law == named:
        return
    largest = [float(np.abs(each.drawn.draws).max()) for each in measured]
    known = f" (as {row} has it)" if law and (row := scales.row()) else ""
    if max(largest) < 1.0001 * min(largest) and len(measured) > 2:
        yield f"the entries are cut at the absolute values ±{largest[0]:.4g}, whatever their scale"
    elif named == "truncated_normal" and law == "normal":
        plain = "the entries are those of a plain normal"
        yield f"{plain}: nothing is cut at two standard deviations{known}"
    elif law:
        yield f"the entries are {_spelled(law)}, not {_spelled(named)}{known}"
    elif {"distribution", "kurtosis"} & failing.keys():
        yield f"the entries are not {_spelled(named)}, nor of another known law"
    elif "mean" not in failing:
        far = failing["largest / scale"]
        scale = f"{far.figure:.4g} scales, {far.expected:.4g} expected"
        yield f"the largest entry at {far.where} is {scale}"


def _spelled(law: str) -> str:
    return law.replace("_", " ")


def _of_mean(row: Row, measured: Sequence[Measured]) -> str:
    if row.where != ALL:
        (each,) = (each for each in measured if each.drawn.where == row.where)
        share, error = row.figure - row.expected, row.error or 0.0
        share, error = share / each.entries.std, error / each.entries.std
    else:
        share, error = row.figure, row.error or 0.0
    return f"the mean is off by {share:.4f} ± {error:.4f} standard deviations"


def _of_scale(
    failing: dict[str, Row],
    measured: Sequence[Measured],
    build: Build,
    framework: Framework,
    scales: _Scales,
) -> Iterator[str]:
    """Say what the measured standard deviations follow."""
    if "std" not in failing:
        row = failing["std of other dtypes"]
        yield f"the standard deviation at {row.where} is {row.figure:.4g}, not {row.expected:.4g}"
        return
    expected = scales.expected
    of_fans = _different(_by_fans(scales.asks, build, framework), expected)
    of_factors = _by_factors(scales, build, measured[0].entries.law)
    pairs = [
        Candidate(f"{fans.words}, and {factor.words}", _times(fans.stds, factor.stds, expected))
        for fans in of_fans
        for factor in of_factors
    ]
    found = [each for each in (*of_fans, *of_factors) if scales.are(each.stds)]
    found = found or [each for each in pairs if scales.are(each.stds)]
    known = scales.row()
    if found and len({tuple(np.round(np.log(each.stds), 6)) for each in found}) == 1:
        yield " or ".join(each.words for each in found) + (f" (as {known} has it)" if known else "")
    elif known:
        yield f"the scale is that of {known}"
    else:
        yield _ratio(scales)


def _ratio(scales: _Scales) -> str:
    """How large the scales are beside those expected, which nothing explains."""
    ratios = scales.stds / np.array(scales.expected)
    weights = 1 / scales.errors**2
    ratio, error = float((weights * ratios).sum() / weights.sum()), float(weights.sum() ** -0.5)
    if scales.are([ratio * each for each in scales.expected]):
        shapes = " at all shapes" if len(ratios) > 1 else ""
        times = f"{ratio:.4f} ± {ratio * error:.4f} times"
        return f"the standard deviation is {times} what is expected{shapes}"
    low, high = float(ratios.min()), float(ratios.max())
    return f"the standard deviation is {low:.3g} to {high:.3g} times what is expected"


def _times(
    stds: tuple[float, ...], others: tuple[float, ...], expected: tuple[float, ...]
) -> tuple[float, ...]:
    return tuple(a * b / c for a, b, c in zip(stds, others, expected, strict=True))


def _different(candidates: Sequence[Candidate], expected: tuple[float, ...]) -> list[Candidate]:
    """Those that give other scales than expected; the first of those that give the same ones."""
    kept: list[Candidate] = []
    for each in candidates:
        known = [expected, *(other.stds for other in kept)]
        if not any(np.allclose(each.stds, other, rtol=1e-6) for other in known):
            kept.append(each)
    return kept


def _followed(build: Build) -> str:
    """The fans that a row's scale follows: fan_in, fan_out, both, or none."""
    middle = build(Fans(100, 100)).std
    follows = [build(fans).std != middle for fans in (Fans(400, 100), Fans(100, 400))]
    return {(True, False): "fan_in", (False, True): "fan_out", (True, True): "both"}.get(
        (follows[0], follows[1]), ""
    )


def _by_fans(asks: Sequence[Ask], build: Build, framework: Framework) -> list[Candidate]:
    """The scales with fans that are read off the shape in another way."""
    followed = _followed(build)
    if not followed:
        return []
    named = followed if followed != "both" else "the mean of both fans"
    other = {"fan_in": "fan_out", "fan_out": "fan_in"}.get(followed, "")
    torch = "(out, in, height, width)"
    ours = "(height, width, in, out)"
    read = f"the shape is read as {ours}, which torch has as {torch}"
    if framework != "torch":
        read = f"the shape is read as torch's, {torch}; it is {ours}"
    ways: list[tuple[str, Callable[[Ask], tuple[float, float]]]] = [
        (
            f"the scale follows {other}, not {followed}: the fans are swapped",
            lambda ask: (ask.fans.fan_out, ask.fans.fan_in),
        ),
        (
            "the receptive field is ignored: the fans count channels alone",
            lambda ask: (ask.shape[-2], ask.shape[-1] / ask.groups),
        ),
        (
            "the fans are swapped, and the receptive field is ignored",
            lambda ask: (ask.shape[-1] / ask.groups, ask.shape[-2]),
        ),
        (
            "the groups are ignored: fan_out is that of all of them",
            lambda ask: (ask.fans.fan_in, ask.fans.fan_out * ask.groups),
        ),
        (
            "the groups are ignored: fan_in is that of all of them",
            lambda ask: (ask.fans.fan_in * ask.groups, ask.fans.fan_out),
        ),
        (
            "fan_in is divided by the groups, though the shape has the inputs of one group",
            lambda ask: (ask.fans.fan_in / ask.groups, ask.fans.fan_out),
        ),
        (
            "the fans are swapped in kernels",
            lambda ask: ask.fans[1::-1] if ask.kernel else ask.fans[:2],
        ),
        (read, lambda ask: _misread(ask, framework)),
        (
            "the fans are the first and the last side of the shape, in kernels, too",
            lambda ask: (ask.shape[0], ask.shape[-1]),
        ),
        (
            "the receptive field does not count in fan_in",
            lambda ask: (ask.shape[-2], ask.fans.fan_out),
        ),
        (
            "the receptive field does not count in fan_out",
            lambda ask: (ask.fans.fan_in, ask.shape[-1] / ask.groups),
        ),
        (
            f"the scale follows the mean of both fans, not {named}",
            lambda ask: (sum(ask.fans[:2]) / 2,) * 2,
        ),
    ]
    if followed == "both":
        ways += [
            (f"the scale follows fan_in alone, not {named}", lambda ask: (ask.fans.fan_in,) * 2),
            (f"the scale follows fan_out alone, not {named}", lambda ask: (ask.fans.fan_out,) * 2),
        ]
    return [Candidate(words, tuple(_std(build, *way(ask)) for ask in asks)) for words, way in ways]


def _std(build: Build, fan_in: float, fan_out: float) -> float:
    """The standard deviation with these fans, of which a mean need not be whole."""
    return build(Fans(fan_in, fan_out)).std  # type: ignore[arg-type]


def _misread(ask: Ask, framework: Framework) -> tuple[float, float]:
    """The fans of a shape that is read in the order of axes of other frameworks."""
    if framework == "torch":
        shape = (ask.shape[-1], ask.shape[-2], *ask.kernel)
        area = prod(shape[:-2])
        return area * shape[-2], area * shape[-1]
    area = prod(ask.shape[2:])
    return area * ask.shape[1], area * ask.shape[0]


def _by_factors(scales: _Scales, build: Build, named: str) -> list[Candidate]:
    """The scales with a factor that is forgotten, or there twice."""
    factors: list[tuple[str, float]] = []
    found, expected = scales.law, scales.expected
    if found == "truncated_normal":
        words = "the truncation is not corrected for: std is 0.8796 of what is expected"
        factors.append((words, TRUNCATED_STD))
    if named == "truncated_normal":
        twice = "the truncation is corrected for twice: std is 1.137 times what is expected"
        idle = "its scale is corrected for a truncation that is not there"
        factors.append((twice if found == named else idle, 1 / TRUNCATED_STD))
    gain = _gain(scales.asks[0], build)
    if gain and abs(gain - 1) > 1e-3:
        factors.append((f"the gain {gain:.4g} is squared", gain))
        factors.append((f"the gain {gain:.4g} is left out", 1 / gain))
    if found == "uniform":
        factors.append(("the standard deviation is taken for the uniform's bound", 3**-0.5))
    if found != "uniform" and named == "uniform":
        factors.append(("the uniform's bound is taken for the standard deviation", 3**0.5))
    if _followed(build) == "both":
        factors.append(("the sum of both fans is taken, not their mean", 0.5**0.5))
    candidates = [
        Candidate(words, tuple(factor * each for each in expected)) for words, factor in factors
    ]
    squared = "the variance is taken for the standard deviation"
    rooted = "the root of the standard deviation is taken for it"
    candidates.append(Candidate(squared, tuple(each**2 for each in expected)))
    candidates.append(Candidate(rooted, tuple(sqrt(each) for each in expected)))
    return candidates


def _gain(ask: Ask, build: Build) -> float:
    """What multiplies 1 / sqrt(fan); 0 where the scale follows no fan."""
    fan_in, fan_out = ask.fans[:2]
    fan = {"fan_in": fan_in, "fan_out": fan_out, "both": (fan_in + fan_out) / 2}
    followed = _followed(build)
    return build(ask.fans).std * sqrt(fan[followed]) if followed else 0.0


def _of_matrices(failing: dict[str, Row], measured: Sequence[Measured]) -> Iterator[str]:
    """What is wrong with matrices that are drawn as a whole."""
    if "std" in failing and not measured:
        row = failing["std"]
        yield f"the standard deviation is {row.figure:.4g}, not {row.expected:.4g} ({row.where})"
    if "norm" in failing:
        row = failing["norm"]
        yield f"the norm of a row or column is {row.figure:.4g}, not {row.expected:.4g}"
    if "orthogonality" in failing:
        yield "neither rows nor columns are orthogonal"
    elif "Haar" in failing:
        words = "the matrices are orthogonal, but not uniform over all such (Haar)"
        if "Haar, mean" in failing:
            words += ": signs are biased, as those of QR without the signs of R's diagonal"
        yield words
    if "around the centre" in failing:
        row = failing["around the centre"]
        around = f"{row.figure:,.0f} entries around the centre (k - 1) // 2"
        yield f"{around} at {row.where} are not zero"
    if "zeros of a row" in failing:
        row = failing["zeros of a row"]
        yield f"a row has {row.figure:,.0f} zeros at {row.where}, not {row.expected:,.0f}"
    if "zeros of columns" in failing:
        yield "the zeros are not at random places"
    if "norm of columns" in failing:
        row = failing["norm of columns"]
        yield f"the norm of a column at {row.where} is {row.figure:.4g}, not {row.expected:.4g}"
