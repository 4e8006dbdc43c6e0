"""The pictures of a probed model: histograms of its values, its streams, its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.probestreams import streams_page
from weightinit_cli.plots.probevalues import values_page
from weightinit_cli.plots.probeweights import weights_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.plots.engine.page import Page
    from weightinit_cli.results.probe import ProbeResult


def drawings(result: ProbeResult) -> dict[str, Page]:
    """Draw a model: its values in the order of the run, its streams, its weights."""
    return {
        "values": values_page(result),
        "streams": streams_page(result),
        "weights": weights_page(result),
    }


def comparison(
    _name: str, _spec: Mapping[str, Any], _runs: Iterable[object], _expected: int
) -> Page | None:
    """There is no picture of several models together."""
    return None


def left_out(_axes: Iterable[tuple[str, Sequence[Any]]]) -> list[str]:
    """Nothing is varied."""
    return []
