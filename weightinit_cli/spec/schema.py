"""The keys of a spec for others: the JSON Schema for editors, the template for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weightinit_cli.spec.kinds import DEFAULT_KIND, GRID, SPEC_KINDS, TABLES
from weightinit_cli.spec.values import object_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.spec.values import Field

_COLUMN = 28
_HEADING = (
    "# A spec for winit. Only activation and initializer are required; the rest are defaults.\n"
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a spec (draft 2020-12), generated from the tables that validation uses.

    It cannot say everything: that a list of widths fits `layers`, that low < high, or that
    `5.0` is no whole number is left to `winit validate`.
    """
    schema = _keys(DEFAULT_KIND)
    for name in reversed([name for name in SPEC_KINDS if name != DEFAULT_KIND]):
        schema = _by_experiment(name, schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "winit spec",
        "description": "A weight initialization experiment; several runs by variants and sweep.",
        **schema,
    }


def template() -> str:
    """A spec with every key, each with its meaning as a comment; it runs as it stands."""
    return _HEADING + "\n".join(_lines((*TABLES[DEFAULT_KIND], *GRID), "")) + "\n"


def _by_experiment(name: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    chosen = {"properties": {"experiment": {"const": name}}, "required": ["experiment"]}
    return {"if": chosen, "then": _keys(name), "else": otherwise}


def _keys(experiment: str) -> dict[str, Any]:
    return object_schema((*TABLES[experiment], *GRID))


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
