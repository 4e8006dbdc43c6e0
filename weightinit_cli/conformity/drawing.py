"""What is drawn to be looked at: unequal shapes, several times each, each from its own seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from weightinit_cli.conformity.frameworks import Array, Ask, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.conformity.frameworks import Target

# A matrix and its transpose differ in their fans alone; all shapes differ in both.
MATRICES: Final = (Ask((400, 100)), Ask((100, 400)), Ask((250, 160)))
KERNELS: Final = (Ask((3, 3, 32, 100)), Ask((5, 5, 10, 80)))
GROUPED: Final = (Ask((3, 3, 16, 96), groups=4),)
REPEATS: Final = 6


class Drawn(NamedTuple):
    """The draws of one shape, each flat as (fan_in, out), in float64; they came in `dtype`."""

    ask: Ask
    draws: Array
    eps: float
    dtype: str

    @property
    def where(self) -> str:
        """The shape, as it is named."""
        return str(self.ask)


class Seeds:
    """Seeds of 31 bits, each given once, by one that a person chooses."""

    def __init__(self, seed: int) -> None:
        self._first = int(np.random.SeedSequence(seed).generate_state(1)[0])
        self._given = 0

    def __next__(self) -> int:
        self._given += 1
        return (self._first + self._given * 0x9E3779B1) % 2**31

    def __iter__(self) -> Iterator[int]:
        return self


def draw(target: Target, asks: Sequence[Ask], seeds: Seeds, repeats: int = REPEATS) -> list[Drawn]:
    """Draw each shape so many times, each time from a stream of its own.

    Raises WinitError where the function raises or returns something else.
    """
    drawn = []
    for ask in asks:
        draws = [target.stream(next(seeds))(ask) for _ in range(repeats)]
        flat = [each.reshape(-1, ask.shape[-1]).astype(np.float64) for each in draws]
        dtype = draws[0].dtype
        eps = float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)
        drawn.append(Drawn(ask, np.stack(flat), eps, name_of(dtype)))
    return drawn
