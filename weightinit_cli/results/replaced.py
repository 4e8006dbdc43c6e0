"""What a new result takes the place of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import ResultError
from weightinit_cli.results.flat import flat
from weightinit_cli.results.store import load_result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST = 4


def replaced(place: Path, digest: str, spec: Mapping[str, Any]) -> str:
    """In words, of which other spec the saved result in a folder is; empty if of none.

    `digest` and the normal form `spec` are those of the run that is to be saved there.
    """
    try:
        former = load_result(place)
    except ResultError:
        return ""
    if former.digest == digest:
        return ""
    changes = _changes(former.spec, spec)
    more = f"; and {len(changes) - MOST:,} more" if len(changes) > MOST else ""
    said = "; ".join(changes[:MOST]) + more or "the same, of other data"
    return f"{place}: replaces the result of another spec ({said})"


def _changes(former: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs but for the name: `activation: relu, now tanh`."""
    was, now = flat(dict(former)), flat(dict(new))
    return [
        f"{path.removesuffix('.name')}: {was.get(path, 'absent')}, now {now.get(path, 'absent')}"
        for path in {**was, **now}
        if path != "name" and was.get(path) != now.get(path)
    ]
