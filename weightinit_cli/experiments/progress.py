"""How far a run is, for whoever wants to show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of a run's work as it is done, always from the thread that runs it."""

    def start(self, total: float) -> None:
        """Told once, before any work: how much is expected, in units of the run's own."""
        ...

    def step(self, amount: float, words: str = "") -> None:
        """Told after every piece of work, possibly hundreds of times per layer: how much it was.

        `words` are what is seen at the time, as `loss 0.31`.
        """
        ...


class NoProgress:
    """Shows nothing."""

    def start(self, total: float) -> None:
        """The expected work."""

    def step(self, amount: float, words: str = "") -> None:
        """A piece of work is done."""
