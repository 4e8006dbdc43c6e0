"""How far a run is, for whoever wants to show it."""

from __future__ import annotations


class Progress:
    """Told of a run's work as it is done, always from the thread that runs it.

    This one shows nothing.
    """

    def start(self, total: float) -> None:
        """Called once, before any work, with how much is expected, in units of the run's own."""

    def step(self, amount: float, words: str = "") -> None:
        """Called after every piece of work with its size, possibly hundreds of times per layer.

        `words` say what is seen at the time, such as `loss 0.31`.
        """
