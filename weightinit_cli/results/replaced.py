"""What a new result takes the place of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import ResultError
from weightinit_cli.results.flat import changes
from weightinit_cli.results.pictures import is_of
from weightinit_cli.results.store import STATS, load_result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST = 4


def replaced(place: Path, digest: str, spec: Mapping[str, Any]) -> str:
    """In words, of which other spec the saved result in a folder is; empty if of none.

    `digest` and the normal form `spec` are those of the run that is to be saved there.
    """
    if is_of(place / STATS, digest):  # as mostly; to read all of a result takes far longer
        return ""
    try:
        former = load_result(place)
    except ResultError:
        return ""
    parts = [
        f"{path.removesuffix('.name')}: {change}"
        for path, change in changes(former.spec, spec).items()
        if path != "name"
    ]
    more = f"; and {len(parts) - MOST:,} more" if len(parts) > MOST else ""
    said = "; ".join(parts[:MOST]) + more or "the same, of other data"
    return f"{place}: replaces the result of another spec ({said})"
