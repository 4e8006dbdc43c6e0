"""Weights that are there already: what learning has made of a layer's draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from weightinit_cli.initializers.samplers import Matrix


class Given:
    """The entries of a matrix; `drawn` stands for the draws that it was made from, if any."""

    whole = True
    scratch = 0

    def __init__(self, entries: Matrix, drawn: bytes = b"") -> None:
        self.entries = entries
        self.mean = float(entries.mean(dtype=np.float64))
        self.std = float(entries.std(dtype=np.float64))
        self._drawn = drawn

    def fill(self, panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG002
        """Fill the whole matrix."""
        panel[...] = self.entries
        return self._drawn
