"""What a network is shown: inputs drawn from a law, or given ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from weightinit_cli.initializers.samplers import LAWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

Array = np.ndarray[Any, Any]


class Shown(Protocol):
    """Where inputs come from; they are filled in a panel of rows at a time."""

    def fill(self, panel: Array, rows: slice, stream: Callable[[int], Generator]) -> None:
        """Fill a panel, shape (n, features), with the inputs of these rows.

        `stream(0)` gives the panel's own generator, `stream(1)` one that all panels share.
        """


class Normal(NamedTuple):
    """N(0, 1): x = √c s + √(1 - c) e, s being shared by all inputs; c is `correlation`.

    In float64 the draws are exactly those of float32.
    """

    correlation: float = 0.0

    def fill(self, panel: Array, rows: slice, stream: Callable[[int], Generator]) -> None:  # noqa: ARG002
        """Fill a panel; see Shown."""
        LAWS["normal"].fill(panel, stream(0))
        if not self.correlation:
            return
        shared = np.empty((1, panel.shape[1]), panel.dtype)
        LAWS["normal"].fill(shared, stream(1))
        own = panel.astype(np.float64) * sqrt(1 - self.correlation)
        panel[...] = own + shared.astype(np.float64) * sqrt(self.correlation)


class Uniform(NamedTuple):
    """Independent values, uniform between `low` and `high`."""

    low: float
    high: float

    def fill(self, panel: Array, rows: slice, stream: Callable[[int], Generator]) -> None:  # noqa: ARG002
        """Fill a panel; see Shown."""
        LAWS["uniform"].fill(panel, stream(0))
        drawn = panel.astype(np.float64) * (self.high / 2 - self.low / 2)
        panel[...] = drawn + (self.high / 2 + self.low / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Inputs that are what they are, `values` of shape (samples, features)."""

    values: Array

    def fill(self, panel: Array, rows: slice, stream: Callable[[int], Generator]) -> None:  # noqa: ARG002
        """Fill a panel; see Shown."""
        panel[...] = self.values[rows]


NORMAL = Normal()
