"""What a comparison has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from weightinit_cli.guard.gates import Gate
    from weightinit_cli.guard.leaves import Place
    from weightinit_cli.results.flat import Value

MOST_DRIFTS = 5


class Drift(NamedTuple):
    """A figure outside its tolerance; `off` is the difference in units of it, None without one."""

    place: Place
    old: Value
    new: Value
    off: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run's comparison: by which gate and why, and what has drifted.

    `structure` are sentences about what is missing, additional or changed as a whole; `drifts`
    the worst few of `drifted`, out of `compared`; `verdicts` are both where they differ.
    `notes` and `not_in_baseline` are no failures.
    """

    gate: Gate | None
    why: str = ""
    structure: tuple[str, ...] = ()
    drifts: tuple[Drift, ...] = ()
    drifted: int = 0
    compared: int = 0
    verdicts: tuple[str, str] | None = None
    not_in_baseline: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything has drifted."""
        return bool(self.structure or self.drifted or self.verdicts)


def drift(place: Place, old: Value, new: Value, tolerance: float) -> Drift | None:
    """The drift of one figure; None where it is within `tolerance`, which texts have none of."""
    if old == new:
        return None
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return Drift(place, old, new, None)
    off = abs(new - old) / tolerance if tolerance else float("inf")
    return Drift(place, old, new, off) if off > 1 else None


def worst(drifts: list[Drift]) -> tuple[Drift, ...]:
    """The few that say most: those without a tolerance first, then the farthest off."""
    ordered = sorted(drifts, key=lambda each: float("-inf") if each.off is None else -each.off)
    return tuple(ordered[:MOST_DRIFTS])
