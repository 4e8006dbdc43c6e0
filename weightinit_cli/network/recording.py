"""What is recorded of a layer: figures of blocks of inputs, merged, and which units differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from math import isfinite, sqrt, ulp
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from weightinit_cli.network.order import (
    QUANTILES,
    Buckets,
    at_least,
    at_most,
    looked_up,
    ranks_of_quantiles,
)
from weightinit_cli.network.resolution import Block, Resolution
from weightinit_cli.network.sums import UnitMoments
from weightinit_cli.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.network.draws import Parameters, Weights
    from weightinit_cli.network.layer import Stage
    from weightinit_cli.network.loss import LossRecord
    from weightinit_cli.network.resolution import Slopes
    from weightinit_cli.network.rounding import Rounded
    from weightinit_cli.network.sums import SquareSum
    from weightinit_cli.network.workers import Map
    from weightinit_cli.precision import Precision

Array = np.ndarray[Any, Any]

LARGEST = float(np.finfo(np.float64).max)
# What rounding to a low precision made of values, by their names, where there was none.
EMPTY: Mapping[str, Rounded] = MappingProxyType({})
# Values that are compared at a time; what is found does not depend on it.
STEP = 1 << 20
# By how many of them the moments of equal units may be apart, in a sum of few weights.
ROUNDINGS = 16


class Request(NamedTuple):
    """How to count: `bins` over `span`, and up to which `level` of its steepest slope φ is flat.

    The span is that of all layers, or "bounds": those of each layer's φ where both are finite, and
    its values are the layer's. Else, and where it is None, a layer has its own range. Without a
    level no flat ends are sought.
    """

    bins: int
    span: tuple[float, float] | Literal["bounds"] | None
    level: float | None

    def over(self, stage: Stage) -> Request:
        """The request for one stage, with its bounds in place of the word."""
        if self.span != "bounds":
            return self
        bounds = stage.function.bounds
        bounded = stage.residual is None and all(map(isfinite, bounds))
        return self._replace(span=bounds if bounded else None)

    def ends(self, function: Activation) -> Ends:
        """Where φ is flat."""
        return (None, None) if self.level is None else _ends(function, self.level)


@lru_cache(maxsize=64)
def _ends(function: Activation, level: float) -> Ends:
    return function.ends(level)


@dataclass(frozen=True, slots=True)
class Preactivations:
    """The moments of pre-activations, and how many are a number or lie in a flat end of φ.

    `low` and `high` are None where φ has no such end.
    """

    moments: UnitMoments
    numbers: int
    low: int | None
    high: int | None

    @classmethod
    def of(cls, values: Array, ends: Ends) -> Preactivations:
        """Take one block, shape (inputs, units); the `ends` are those of φ."""
        low = high = None
        x_low, x_high = ends
        if x_low is not None:
            low = int(np.count_nonzero(values <= at_most(x_low, values.dtype)))
        if x_high is not None:
            high = int(np.count_nonzero(values >= at_least(x_high, values.dtype)))
        moments = UnitMoments.of(values)
        numbers = values.size
        if moments.count < values.size:
            numbers -= int(np.count_nonzero(np.isnan(values)))
        return cls(moments, numbers, low, high)

    def __add__(self, other: Preactivations) -> Preactivations:
        """Merge another block's."""
        return Preactivations(
            self.moments + other.moments,
            self.numbers + other.numbers,
            _sum(self.low, other.low),
            _sum(self.high, other.high),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


class Observed(NamedTuple):
    """What was seen of one block; `slopes` are the first one's alone.

    `given` is of what a normalization was given, but for one of the stream itself, which the stage
    below has been observed for; `branch` of what a branch added to its stream.
    """

    activations: UnitMoments
    buckets: Buckets
    preactivations: Preactivations | None = None
    slopes: Slopes | None = None
    given: UnitMoments | None = None
    branch: SquareSum | None = None


class Distinct(NamedTuple):
    """A number for every unit, the same for units that are equal.

    `rounded` says that some are equal to the last bit which were not made of the same, and whose
    values are not all where φ is flat: rounding has made them so.
    """

    numbers: Array
    rounded: bool = False

    def count(self, positions: int = 1) -> int:
        """How many units differ; of a convolution, how many channels at any of its positions."""
        return int(np.unique(self.numbers.reshape(positions, -1), axis=1).shape[1])


class Record(NamedTuple):
    """The figures of one layer's activations (or of the input), merged over all blocks.

    `edges` (bins + 1), `counts`, `underflow` and `overflow` are the histogram; `quantiles` the
    values of QUANTILES, None without a finite value. `preactivations`, `weights` and `biases`
    are None for the input, `biases` also where they are zero, and `distinct` where a value is not
    finite. `given` is of what the layer's normalization is given, None without one; `branch` of
    what a residual stage adds to its stream, `second` its second layer's weights and biases.
    `loss` is that of an output layer's logits.
    """

    activations: UnitMoments
    buckets: Buckets
    distinct: Distinct | None
    precision: Precision
    resolution: Resolution
    edges: Array
    counts: Array
    underflow: int
    overflow: int
    quantiles: tuple[float | None, ...]
    preactivations: Preactivations | None
    weights: Weights | None
    biases: Weights | None
    given: UnitMoments | None = None
    branch: SquareSum | None = None
    second: Weights | None = None
    second_biases: Weights | None = None
    loss: LossRecord | None = None
    rounded: Mapping[str, Rounded] = EMPTY


class Below(NamedTuple):
    """What a stage is given: the moments of its inputs, and what they can tell."""

    moments: UnitMoments
    resolution: Resolution


def record(
    values: Array,
    blocks: Sequence[slice],
    observed: Sequence[Observed],
    request: Request,
    apply: Map,
    precision: Precision,
    own: Parameters | None = None,
    stage: Stage | None = None,
    below: Below | None = None,
) -> Record:
    """Merge the blocks' figures and look up exact counts and quantiles in `values`.

    Of a stage, `own` are the weights and bias that its units were made of, and `below` is what
    it was given.
    """
    activations = reduce(add, (part.activations for part in observed))
    counted = [part.buckets for part in observed]
    buckets = reduce(add, counted)
    preactivations = _merged([part.preactivations for part in observed])
    residual = None if stage is None else stage.residual
    given = _merged([part.given for part in observed])
    if below is not None and residual is not None and residual.before is not None:
        given = below.moments
    branch = _merged([part.branch for part in observed])
    low, high = (
        request.span
        if isinstance(request.span, tuple)
        else widened(request.bins, buckets.low, buckets.high)
    )
    edges = bin_edges(request.bins, low, high)
    thresholds = at_least(edges, values.dtype)
    with np.errstate(over="ignore"):
        thresholds[-1] = np.nextafter(at_most(edges[-1], values.dtype), np.inf)
    ranks = ranks_of_quantiles(buckets.finite)
    fewer, found = looked_up(values, blocks, counted, buckets, thresholds, ranks, apply)
    # units of a stream are made of more than a branch's weights
    alike = None if residual is not None else own
    flats = () if stage is None or residual is not None else stage.function.flats
    second = None if own is None else own.second
    resolution = Resolution.of_inputs(activations, precision)
    slopes = observed[0].slopes
    if own is not None and own.seen and below and preactivations and slopes:
        z, fan_in = preactivations.moments, len(own.weights)
        if residual is None:
            resolution = below.resolution.after(z, activations, own.seen, fan_in, slopes)
        else:
            block = Block(slopes, residual.scale, branch and branch.rms())
            if second is not None:
                block = block._replace(second=second.seen, second_fan_in=len(second.weights))
            if residual.after is not None:
                block = block._replace(summed=given)
            resolution = below.resolution.beside(z, activations, own.seen, fan_in, block)
    return Record(
        activations=activations,
        buckets=buckets,
        distinct=distinct_units(activations, values, alike, flats, precision),
        precision=precision,
        resolution=resolution,
        edges=edges,
        counts=np.diff(fewer),
        underflow=int(fewer[0]),
        overflow=buckets.finite - int(fewer[-1]),
        quantiles=tuple(found.tolist()) or (None,) * len(QUANTILES),
        preactivations=preactivations,
        weights=own.seen if own else None,
        biases=own.seen_bias if own else None,
        given=given,
        branch=branch,
        second=second.seen if second else None,
        second_biases=second.seen_bias if second else None,
    )


def _merged(parts: Sequence[Any]) -> Any:
    """The sum over the blocks of what all of them have, or none."""
    return None if parts[0] is None else reduce(add, parts)


def widened(bins: int, low: float, high: float) -> tuple[float, float]:
    """The range [low, high], made wide enough to be divided into bins.

    A layer of equal values lies in the middle of its range; an empty one (low > high) has [0, 1].
    """
    if low > high:
        return 0.0, 1.0
    largest = max(abs(low), abs(high))
    if high / 2 - low / 2 > 8 * bins * ulp(largest):
        return low, high
    pad = max(0.5, largest / 2)
    return max(low - pad, -LARGEST), min(high + pad, LARGEST)


def bin_edges(bins: int, low: float, high: float) -> Array:
    """The edges of `bins` equal bins over [low, high], float64 of shape (bins + 1,)."""
    t = np.arange(bins + 1) / bins
    edges: Array = low * (1 - t) + high * t
    edges[-1] = high
    return edges


def distinct_units(
    moments: UnitMoments,
    values: Array,
    own: Parameters | None = None,
    flats: tuple[float, ...] = (),
    precision: Precision | None = None,
) -> Distinct | None:
    """Which units differ; None where a value is not finite.

    Units are equal where their outputs are, for every input and to the last bit; and where they
    were made of the same, since BLAS does not round all columns alike. Only among units whose
    moments agree is this looked into.
    """
    summed = 1 if own is None else len(own.weights)
    eps = (precision or PRECISIONS[values.dtype.name]).eps
    candidates = moments.candidates(ROUNDINGS * eps * max(1.0, sqrt(summed) / 4))
    if candidates is None:
        return None
    equal = np.arange(len(candidates))
    equal[moments.dead] = equal[moments.dead].min(initial=len(equal))
    sizes = np.bincount(candidates)
    units = np.flatnonzero((sizes[candidates] > 1) & ~moments.dead)
    rounded = False
    if units.size:
        same = [_together(candidates[units], _equal_columns(values, units))]
        if own is not None:
            same.append(_together(candidates[units], _made_alike(own, units)))
            flat = _are_flat(values, units, flats)
            known = np.where(flat, same[0], len(units) + np.arange(len(units)))
            rounded = not np.array_equal(_linked(same), _linked([known, same[1]]))
        equal[units] = units[_linked(same)]
    return Distinct(np.unique(equal, return_inverse=True)[1], rounded)


def _made_alike(own: Parameters, units: Array) -> Array:
    """A number for each of the units, the same for those of equal weights, bias and position.

    A convolution's units are its columns at one position after the other.
    """
    columns = own.weights.shape[1]
    numbers = [units // columns, _equal_columns(own.weights, units % columns)]
    if own.bias is not None:
        numbers.append(_equal_columns(own.bias, units))
    return np.unique(np.stack(numbers), axis=1, return_inverse=True)[1].reshape(-1)


def _equal_columns(matrix: Array, columns: Array) -> Array:
    """A number for each of the columns, the same for those that are equal; -0 is 0."""
    numbers = np.zeros(len(columns), np.int64)
    rows = max(1, STEP // len(columns))
    for top in range(0, len(matrix), rows):
        part = np.ascontiguousarray(matrix[top : top + rows, columns].T) + 0.0
        keys = part.view(f"V{part.itemsize * part.shape[1]}").ravel().tolist()
        seen: dict[tuple[int, bytes], int] = {}
        pairs = zip(numbers.tolist(), keys, strict=True)
        numbers = np.array([seen.setdefault(pair, len(seen)) for pair in pairs])
        if len(seen) == len(columns):
            break
    return numbers


def _are_flat(matrix: Array, columns: Array, flats: tuple[float, ...]) -> Array:
    """Which of the columns have no other values than these."""
    flat = np.full(len(columns), bool(flats))
    rows = max(1, STEP // len(columns))
    for top in range(0, len(matrix), rows):
        if not flat.any():
            break
        flat &= np.isin(matrix[top : top + rows, columns], flats).all(axis=0)
    return flat


def _together(a: Array, b: Array) -> Array:
    """A number for each pair of numbers."""
    return np.unique(np.stack([a, b]), axis=1, return_inverse=True)[1].reshape(-1)


def _linked(numberings: list[Array]) -> Array:
    """The first of all that are linked to each, where those of one number are in any numbering."""
    first = np.arange(len(numberings[0]))
    while True:
        before = first.copy()
        for numbers in numberings:
            least = np.full(int(numbers.max()) + 1, len(first))
            np.minimum.at(least, numbers, first)
            first = least[numbers]
        if np.array_equal(first, before):
            return first
