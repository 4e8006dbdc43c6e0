"""The commented spec that `winit new` writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from weightinit_cli.spec.fields import GRID, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.spec.values import Field

_COLUMN = 28
_HEADING = (
    "# A spec for winit. Only activation and initializer are required; the rest are defaults.\n"
)


def template() -> str:
    """A spec with every key, each with its meaning as a comment; it runs as it stands."""
    return _HEADING + "\n".join(_lines((*TABLES["histogram"], *GRID), "")) + "\n"


def _lines(fields: Iterable[Field], indent: str) -> Iterator[str]:
    for field in fields:
        start = f"{indent}# " if field.default is None else indent
        if field.type.fields:
            yield _commented(f"{start}{field.name}:", field.doc)
            yield from _lines(field.type.fields, f"{start}  ")
        else:
            yield _commented(f"{start}{field.name}: {_shown(field)}", field.doc)


def _shown(field: Field) -> str:
    if field.example:
        return field.example
    return field.default if isinstance(field.default, str) else json.dumps(field.default)


def _commented(text: str, doc: str) -> str:
    return f"{text:<{_COLUMN}} # {doc}"
