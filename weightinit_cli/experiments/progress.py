"""How far a run is, for whoever wants to show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told after every step of a run."""

    def step(self) -> None:
        """One more step is done."""
        ...


class NoProgress:
    """Shows nothing."""

    def step(self) -> None:
        """One more step is done."""
