"""A whole model as the definitions of verdicts see it, and what may be found in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from weightinit_cli.results.model import Severity
    from weightinit_cli.results.probe import ProbedLoss, ProbedParameter, ProbedValue, StreamKind
    from weightinit_cli.verdicts.seen import Seen

MOST_NAMES: Final = 3


class SeenStream(NamedTuple):
    """A stream of a model as a network that the definitions know.

    `places` are those of the layers in the model's values by their numbers; the first is that of
    the input, None where it is the model's own. `branches` are the places of what was added in each
    layer of a residual stream. `weights` are the matrices of each layer, of a residual stream those
    that end its branches. `normalized` says that there is a norm in most branches of a residual
    stream ("ends": behind their last layers), or in most layers of a path or in most shortcuts
    ("stream"), which do not depend on sizes then.
    """

    kind: StreamKind
    seen: Seen
    places: tuple[int | None, ...]
    branches: tuple[int, ...]
    weights: tuple[tuple[str, ...], ...]
    normalized: Literal["", "branches", "ends", "stream"]


@dataclass(frozen=True)
class Model:
    """What was measured of a whole model.

    `weighted` are the places of those values that layers with weights make, `head` is that of the
    last one, which the loss sees. `zeroed` are values to which nothing comes back at the first step
    alone, since a layer behind them starts at zero and gets a gradient itself, `dropped` those that
    neither the loss nor anything that the model returns depends on.
    """

    values: Sequence[ProbedValue]
    parameters: Sequence[ProbedParameter]
    streams: Sequence[SeenStream]
    loss: ProbedLoss | None
    weighted: Collection[int] = ()
    head: int | None = None
    zeroed: Collection[int] = ()
    dropped: Collection[int] = ()

    @cached_property
    def by_name(self) -> Mapping[str, ProbedParameter]:
        """The parameters by all of their names."""
        return by_names(self.parameters)


class FoundInModel(NamedTuple):
    """Something found in a model: where, in words, and the value that shows it.

    `place` is that of a value, where there is one; `severity` None is the definition's own.
    """

    module: str
    value: float | None
    evidence: str
    place: int | None = None
    severity: Severity | None = None


def by_names(parameters: Iterable[ProbedParameter]) -> dict[str, ProbedParameter]:
    """Parameters by all of their names."""
    return {name: each for each in parameters for name in (each.name, *each.shared_with)}


def behind(values: Sequence[ProbedValue], places: Iterable[int]) -> set[int]:
    """The places of all that these values were made of, theirs too."""
    found: set[int] = set()
    waiting = list(places)
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += values[here].parents
    return found


def first_made_with(model: Model, parameter: str) -> int | None:
    """The place of the first value that was made with a parameter."""
    for place, value in enumerate(model.values):
        if parameter in value.parameters:
            return place
    return None


def named(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`."""
    if len(names) > MOST_NAMES + 1:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return "".join(names)
