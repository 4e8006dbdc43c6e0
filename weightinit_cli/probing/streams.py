"""The streams of a model: chains of values along residual sums or along a sequential path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.results.probe import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.probe import ProbedValue


def streams_of(values: Sequence[ProbedValue]) -> tuple[Stream, ...]:
    """The streams of a model's values."""
    if not values:
        return ()
    chain = [len(values) - 1]
    while values[chain[-1]].parents:
        chain.append(max(values[chain[-1]].parents))
    return (Stream("", "sequential", tuple(reversed(chain))),)
