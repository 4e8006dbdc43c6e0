"""What was tried to mend a spec, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.model import is_healthy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.results import Verdict
    from weightinit_cli.spec import Spec

# Other seeds than the spec's under which a start that was found is looked at.
OTHER_SEEDS = 2


@dataclass(frozen=True, slots=True)
class Attempt:
    """One change of a spec, and the verdict of the run of the changed spec.

    `change` maps keys of the spec to what stands there instead, as it would be written. `sigma_w`
    is the standard deviation of the last layer's weights times the root of its fan_in, and
    `samples` of how many inputs the run was: a scan takes fewer than the spec has, and what it
    finds is run again with all of them. `held` says under how many of OTHER_SEEDS other seeds there
    is no warning either; None where that was not looked at.
    """

    change: Mapping[str, Any]
    sigma_w: float
    samples: int
    verdict: tuple[Verdict, ...]
    held: int | None = None

    @property
    def healthy(self) -> bool:
        """Whether its run has no warning."""
        return is_healthy(self.verdict)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What was tried to mend a spec, the smallest change first, and what was found.

    `own` is the spec as it stands, an attempt without a change. `chosen` is the smallest change
    without a warning; None where none was found, or where the spec itself has no warning.
    `mended` is the spec with that change, None where there is no start without a warning. `nearest`
    are then changes of depth and of activation that have one: other networks, which mend nothing of
    this one.
    """

    spec: Spec
    own: Attempt
    attempts: tuple[Attempt, ...]
    chosen: Attempt | None
    mended: Spec | None
    nearest: tuple[Attempt, ...] = ()
