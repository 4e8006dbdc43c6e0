"""Many runs side by side: what one picture of all of them needs, and no more."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cache
from math import isnan, log, nan
from sys import intern
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.results.figures import FIGURES, geometric_mean, resolved
from weightinit_cli.results.model import Verdict
from weightinit_cli.results.words import described, is_partial, is_zero

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.model import LayerStatistics, Result, Severity
    from weightinit_cli.results.symmetry import SymmetryResult
    from weightinit_cli.results.training import TrainingResult

VARIANT: Final = "variant"
RATIO, SIGNAL = "gradient.total_ratio", "gradient.signal_rms"


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One of several runs.

    `varied` says in what it differs, in the order of the axes: ("variant", its name) first, then
    each swept path with its value. `figures` has those that a panel shows as one array over the
    layers, nan where a figure does not exist: 10,000 runs of five layers take 10 MB. `gradient` is
    the geometric mean of the layers' `gradient.total_ratio`; `verdict` is without its figures;
    `spec_words` describe the spec. `result` is kept where its histograms are to be shown. `loss` is
    that at the start, None without an output layer, and where it is not finite.

    `unresolved` has the paths that the run's dtype cannot tell in some layer, which have no figure
    there; `nonfinite` those of which in some layer values are inf or nan; `zeros` those that are 0
    in some layer of which all values are finite.
    """

    label: str
    varied: tuple[tuple[str, Any], ...]
    figures: Mapping[str, Sequence[float]]
    gradient: float | None
    verdict: tuple[Verdict, ...]
    spec_words: tuple[str, ...]
    result: Result | None
    unresolved: frozenset[str] = frozenset()
    nonfinite: frozenset[str] = frozenset()
    zeros: frozenset[str] = frozenset()
    loss: float | None = None

    def over_depth(self, path: str) -> tuple[float | None, ...]:
        """A figure of every layer, None where it does not exist."""
        return tuple(map(_or_none, self.figures[path]))

    def cannot_tell(self, *paths: str) -> bool:
        """Whether the run's dtype cannot tell, in some layer, what these figures together say.

        Not where one of them does not exist for another reason.
        """
        exist = (
            path in self.unresolved or any(value is not None for value in self.over_depth(path))
            for path in paths
        )
        return not self.unresolved.isdisjoint(paths) and all(exist)

    def last(self, path: str) -> float | None:
        """A figure of the last layer."""
        return _or_none(self.figures[path][-1])


class TrainedRun(NamedTuple):
    """One of several trainings: the name that its curve has, its result, in what it differs."""

    label: str
    result: TrainingResult
    varied: tuple[tuple[str, Any], ...]


class DescentRun(NamedTuple):
    """One of several descents from a symmetric start, and in what it differs."""

    result: SymmetryResult
    varied: tuple[tuple[str, Any], ...]


# What the picture of many runs needs of one of them.
AnyComparedRun = ComparedRun | TrainedRun | DescentRun


@dataclass(frozen=True, slots=True)
class Comparison:
    """All runs of one spec; `spec` is the first one's normal form."""

    name: str
    spec: Mapping[str, Any]
    runs: tuple[ComparedRun, ...]

    def shared(self) -> list[str]:
        """The spec in words as far as all runs agree."""
        return shared_parts(described(self.spec), (run.spec_words for run in self.runs))


def compared(
    result: Result, label: str, varied: Iterable[tuple[str, Any]], keep: bool
) -> ComparedRun:
    """The part of a run's result that a comparison shows; `keep` holds all of it, for histograms.

    A map shows runs in which two numbers were swept by their last layers, so only those are held.
    """
    varied = tuple(varied)
    layers = result.layers
    paths = [path for path, row in FIGURES.items() if row.panel]
    no_ratio = ratio_is_unresolved(layers)
    if sum(is_number(value) for path, value in varied if path != VARIANT) > 1:
        layers = layers[-1:]
    return ComparedRun(
        label,
        varied,
        {path: array("d", [_or_nan(resolved(layer, path)) for layer in layers]) for path in paths},
        mean_gradient_ratio(result.layers),
        tuple(_bare(each.name, each.severity, each.because) for each in result.verdict),
        tuple(intern(part) for part in described(result.spec)),
        result if keep else None,
        _unresolved(layers, paths) | ({RATIO} if no_ratio else set()),
        frozenset(path for path in paths if any(_overflows(layer, path) for layer in layers)),
        frozenset(path for path in paths if any(is_zero(layer, path) for layer in layers)),
        None if result.output is None else result.output.loss,
    )


@cache
def _bare(name: str, severity: Severity | None, because: str | None) -> Verdict:
    """A verdict without its figures: one and the same for all runs that have it."""
    return Verdict(name, severity, because=because)


def ratio_is_unresolved(layers: Sequence[LayerStatistics]) -> bool:
    """Whether the dtype cannot tell the gradient's ratio in some layer."""
    return any(RATIO in layer.unresolved for layer in layers)


def _unresolved(layers: Sequence[LayerStatistics], paths: Sequence[str]) -> frozenset[str]:
    return frozenset(path for path in paths if any(path in layer.unresolved for layer in layers))


def _overflows(layer: LayerStatistics, path: str) -> bool:
    """Whether a figure that exists leaves out values that are inf or nan."""
    has_one = not path.startswith("saturation.") or resolved(layer, path) is not None
    return has_one and is_partial(layer, path)


def is_number(value: Any) -> bool:
    """Whether a swept value has a place on a number line."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _or_nan(value: float | None) -> float:
    return nan if value is None else float(value)


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value


def mean_gradient_ratio(layers: Sequence[LayerStatistics]) -> float | None:
    """The geometric mean of the ratios that exist; 0 where nothing comes back at all.

    None where the dtype cannot tell some of them.
    """
    if ratio_is_unresolved(layers):
        return None
    ratios = [resolved(layer, RATIO) for layer in layers]
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return 0.0 if resolved(layers[-1], SIGNAL) == 0 else None
    if min(known) <= 0:
        return 0.0
    return geometric_mean([log(ratio) for ratio in known])


def shared_parts(parts: Iterable[str], every: Iterable[Sequence[str]]) -> list[str]:
    """The parts of a spec in words as far as all of `every` have them.

    `normal (mean 0, std 1)` and `normal (mean 0, std 2)` share `normal (mean 0)`.
    """
    return [_part(head, parameters) for head, parameters in _shared(parts, every).items()]


def own_parts(every: Sequence[Sequence[str]]) -> list[list[str]]:
    """Of each spec in words what not all of them have.

    `normal (mean 0, std 1)` and `normal (mean 0, std 2)` are `std 1` and `std 2`.
    """
    shared = _shared(every[0], every)
    return [[own for part in parts if (own := _own(part, shared))] for parts in every]


def _own(part: str, shared: Mapping[str, Sequence[str]]) -> str:
    """What of a part is not shared; a bias says of what its parameters are."""
    head, parameters = _parsed(part)
    if head not in shared:
        return part
    left = [each for each in parameters if each not in shared[head]]
    return _part(head, left) if left and " " in head else ", ".join(left)


def _shared(parts: Iterable[str], every: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    """The heads of the parts that all of `every` have, with the parameters that all have."""
    left = dict(map(_parsed, parts))
    for other in set(map(tuple, every)):
        theirs = dict(map(_parsed, other))
        left = {
            head: [each for each in parameters if each in theirs[head]]
            for head, parameters in left.items()
            if head in theirs
        }
    return left


def _part(head: str, parameters: Sequence[str]) -> str:
    return f"{head} ({', '.join(parameters)})" if parameters else head


def _parsed(part: str) -> tuple[str, list[str]]:
    """`normal (mean 0, std 1)` as its name and its parameters."""
    head, _, rest = part.partition(" (")
    return head, rest.removesuffix(")").split(", ") if rest else []
