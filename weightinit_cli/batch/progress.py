"""How far a batch is, for whoever wants to show it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weightinit_cli.batch.ledger import Record


@dataclass(slots=True)
class Counts:
    """What has become of a batch's runs so far.

    Of those that are done, `undrawn` are saved without their pictures. Of these and of those that
    failed, `defects` are winit's fault and `unwritten` the machine's: it lacks space or memory.
    """

    total: int
    done: int = 0
    failed: int = 0
    skipped: int = 0
    undrawn: int = 0
    defects: int = 0
    unwritten: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """Runs of which nothing is known yet."""
        return self.total - self.done - self.failed - self.skipped

    def rate(self, now: float) -> float:
        """Runs per second, without those that were skipped."""
        return (self.done + self.failed) / max(now - self.began, 1e-9)

    def seconds_left(self, now: float) -> float | None:
        """How long the others will take at this rate; None before the first is done."""
        rate = self.rate(now)
        return self.left / rate if rate else None


class Progress(Protocol):
    """Told of every run that is over, always from the thread that runs the batch."""

    def step(self, record: Record, counts: Counts) -> None:
        """A run has been done, has failed or was skipped."""
        ...

    def note(self, line: str) -> None:
        """Something is worth knowing about how the runs are done."""
        ...


class NoProgress:
    """Shows nothing."""

    def step(self, record: Record, counts: Counts) -> None:
        """A run is over."""

    def note(self, line: str) -> None:
        """Nobody is told."""
