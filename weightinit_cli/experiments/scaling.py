"""The loss scale that keeps a gradient in a low precision, found by trying powers of two.

Micikevicius et al. 2018 (arXiv:1710.03740), section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.network import backward, forward
from weightinit_cli.network.workers import ignore_work
from weightinit_cli.verdicts.lost import MOST_FLUSHED, flushed_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from weightinit_cli.network import Network, Request
    from weightinit_cli.network.rounding import Rounded
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

    def made(doublings: int) -> list[Mapping[str, Rounded]]:
        scale = 2.0**doublings
        records = backward(network, list(trace), threads, ignore_work, loss_scale=scale)
        return [record.rounded for record in records]

    low, high = 0, MOST_DOUBLINGS
    while high - low > 1:
        middle = (low + high) // 2
        if _overflows(found := made(middle)) or not _flushes(found):
            high = middle
        else:
            low = middle
    found = made(high)
    return None if _overflows(found) or _flushes(found) else 2**high


def _overflows(found: Sequence[Mapping[str, Rounded]]) -> bool:
    return any(each.overflowed for parts in found for each in parts.values())


def _flushes(found: Sequence[Mapping[str, Rounded]]) -> bool:
    return any(flushed_share(parts) > MOST_FLUSHED for parts in found)
