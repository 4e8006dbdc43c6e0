"""The spec: one run of an experiment, complete, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from weightinit_cli.errors import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.spec.runs import Runs
    from weightinit_cli.verdicts import Thresholds

Range = Literal["auto", "per_layer"] | tuple[float, float]
Parameters = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True, slots=True)
class Component:
    """An entry of a table with its parameters, all defaults filled in, sorted by name."""

    name: str
    parameters: Parameters = ()

    @property
    def arguments(self) -> dict[str, float | str]:
        """The parameters as keyword arguments."""
        return dict(self.parameters)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the activations are binned: how many bins, over which range."""

    bins: int
    range: Range


@dataclass(frozen=True, slots=True)
class Spec:
    """One run: what is drawn, how wide and how deep, and what is recorded.

    `width` holds one number per layer; `features` is the size of one input. `marks` says where
    each key was written, by its path; it is no part of the spec's identity.

    With variants or a sweep, a spec stands for several `runs` (see `expand`), and its own values
    are the first one's. In such a run, `run` names its folder and `varied` what it differs in.
    """

    name: str
    experiment: Literal["histogram"]
    seed: int
    samples: int
    features: int
    width: tuple[int, ...]
    activation: Component
    initializer: Component
    bias: Component
    histogram: Histogram
    dtype: Literal["float32", "float64"]
    saturation: float
    backward: bool
    repeats: int
    thresholds: Thresholds
    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False, repr=False)
    run: str = field(default="", compare=False)
    varied: tuple[tuple[str, Any], ...] = field(default=(), compare=False, repr=False)
    runs: Runs | None = field(default=None, compare=False, repr=False)

    @property
    def layers(self) -> int:
        """How many activation layers are recorded."""
        return len(self.width)

    @property
    def folder(self) -> str:
        """Where its results go, below the output folder."""
        return f"{self.name}/{self.run}" if self.run else self.name

    def as_run(self, run: str, varied: tuple[tuple[str, Any], ...]) -> Spec:
        """The spec as one run of several."""
        return replace(self, run=run, varied=varied)

    def problem(self, path: str, message: str) -> Problem:
        """A problem with the key at `path`, located where it (or its parent) was written."""
        place = path
        while place and place not in self.marks:
            place = place.rpartition(".")[0]
        return Problem(self.marks.get(place, Mark(self.name)), path, message)
