"""Random streams: one per (seed, repeat, layer, role), and per panel of rows within a matrix.

A stream depends on these numbers alone, so adding a layer, a thread or a block leaves the draws
of every other layer as they were.
"""

from __future__ import annotations

from enum import IntEnum

from numpy.random import SFC64, Generator, SeedSequence

BIT_GENERATOR = "SFC64"


class Role(IntEnum):
    """What the draws are for. The numbers are part of every stream: never renumber."""

    INPUT = 0
    WEIGHTS = 1
    BIAS = 2
    PROJECTION = 3
    COTANGENT = 4
    DATA = 5
    BATCH = 6
    PRETRAINING = 7
    SECOND_WEIGHTS = 8
    SECOND_BIAS = 9
    FIRST_WEIGHTS = 10
    OUTPUT_WEIGHTS = 11
    OUTPUT_BIAS = 12
    LABELS = 13


def stream(seed: int, role: Role, *, repeat: int = 0, layer: int = 0, panel: int = 0) -> Generator:
    """Return the generator of one (seed, repeat, layer, role, panel)."""
    return Generator(SFC64(SeedSequence(seed, spawn_key=(repeat, layer, role, panel))))
