"""The loss scale that keeps a gradient in a low precision, found by trying powers of two.

Micikevicius et al. 2018 (arXiv:1710.03740), section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.experiments.statistics import roundings
from weightinit_cli.network import backward, forward
from weightinit_cli.network.workers import ignore_work
from weightinit_cli.verdicts.lost import MOST_FLUSHED, flushed_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from weightinit_cli.network import Network, Request
    from weightinit_cli.results import LayerStatistics

# Powers of two that are tried: float16 has values of 40 octaves.
MOST_DOUBLINGS = 40


def loss_scale(
    network: Network, request: Request, layers: Sequence[LayerStatistics], threads: int
) -> int | None:
    """The smallest power of two with which no layer of a network flushes much of its gradient.

    It is looked for where one does, and None where it does not, or where none keeps the gradient
    without an overflow.
    """
    if not any(flushed_share(each.rounded) > MOST_FLUSHED for each in layers):
        return None
    trace: list[np.ndarray[Any, Any]] = []
    for _ in forward(network, request, threads, ignore_work, trace):
        pass

    def overflows_or_flushes(doublings: int) -> tuple[bool, bool]:
        scale = 2.0**doublings
        records = backward(network, list(trace), threads, ignore_work, loss_scale=scale)
        found = [roundings(record.rounded) for record in records]
        overflows = any(each.overflowed for parts in found for each in parts.values())
        return overflows, any(flushed_share(parts) > MOST_FLUSHED for parts in found)

    low, high = 0, MOST_DOUBLINGS
    seen: tuple[bool, bool] | None = None
    while high - low > 1:
        middle = (low + high) // 2
        overflows, flushes = overflows_or_flushes(middle)
        if overflows or not flushes:
            high, seen = middle, (overflows, flushes)
        else:
            low = middle
    return None if any(seen or overflows_or_flushes(high)) else 2**high
