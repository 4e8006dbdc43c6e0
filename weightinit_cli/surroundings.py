"""Variables of the environment, set for a moment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def variables(wanted: Mapping[str, str | None], *others: str) -> Iterator[None]:
    """Set these variables, and leave them as they were; None is one that is not set.

    The `others` are left as they were, too, whatever becomes of them meanwhile.
    """
    former = {name: os.environ.get(name) for name in (*wanted, *others)}
    _set(wanted)
    try:
        yield
    finally:
        _set(former)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
