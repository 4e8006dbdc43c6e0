"""How far a run is, for whoever wants to show it."""

from __future__ import annotations


class Progress:
    """Is told of a run's work as it is done, by the thread that runs it, and shows nothing."""

    def start(self, total: float) -> None:
        """Take how much work is expected, in units of the run's own; called once, before any."""

    def step(self, amount: float, words: str = "") -> None:
        """Take the size of a piece of work that is done, possibly hundreds of times per layer.

        `words` say what is seen at the time, such as `loss 0.31`.
        """
