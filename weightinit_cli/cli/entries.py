"""What `winit explain` says of initializers, activations, their parameters and keys of specs."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from weightinit_cli.cli.names import by_path, components, parameters_of, table, what_of
from weightinit_cli.cli.reference import OUT, derivative_of, parameter_words, shapes_of
from weightinit_cli.parameters import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.activations import Row
    from weightinit_cli.cli.meanings import Rows
    from weightinit_cli.initializers import Initializer
    from weightinit_cli.parameters import Parameter
    from weightinit_cli.plugins import Table
    from weightinit_cli.spec.values import Field

COMPONENTS = ("initializer", "activation")


def component_rows(word: str) -> Iterator[tuple[str, str, Rows]]:
    """Yield a name, its kind and its rows as it stands in the tables; of a path, its last part."""
    from weightinit_cli.initializers import BARE_ALIASES
    from weightinit_cli.spec.layers import COMPONENT_KEYS

    key, _, last = word.rpartition(".")
    for what in COMPONENTS:
        rows = table(what)
        canonical = rows.aliases.get(word, word)
        if rows.find(canonical):
            row = rows[canonical]
            if bare := what == "initializer" and word in BARE_ALIASES:
                row = row._replace(parameters=())
            other = f"{canonical} without parameters" if bare else canonical
            told: Callable[[str, Any], Rows] = _activation if what == "activation" else _initializer
            yield (
                word,
                f"an {what}",
                [
                    *([("same as", other)] if word != canonical else []),
                    *told(canonical, row),
                    ("in a spec", f"{what}: {_written(word, row.parameters)}"),
                ],
            )
        is_path = key in COMPONENT_KEYS and what_of(key) == what
        if of := _parameter_rows(last if is_path else word, rows):
            yield word, f"a parameter of {what}s", of


def component_names() -> dict[str, list[str]]:
    """The names of each table, also those of packages and plug-ins, and what they take."""
    found = {f"{what}s": list(components(what)) for what in COMPONENTS}
    parameters = dict.fromkeys(chain(*map(parameters_of, COMPONENTS)))
    return {**found, "parameters of these": list(parameters)}


def key_names() -> list[str]:
    """The paths of the keys of all experiments."""
    return list(dict.fromkeys(path for _, path, _ in _keys()))


def key_rows(word: str) -> Iterator[tuple[str, str, Rows]]:
    """Yield the path of a key, its kind and its rows, for its path or the last part of it."""
    found: dict[str, dict[str, list[str]]] = {}
    for experiment, path, field in _keys():
        if word in (path, path.rpartition(".")[2]):
            found.setdefault(path, {}).setdefault(_meaning(field), []).append(experiment)
    for path, meanings in found.items():
        rows = [
            ("in specs of", f"{', '.join(experiments)}: {meaning}")
            for meaning, experiments in meanings.items()
        ]
        yield path, "a key of specs", rows


def _keys() -> Iterator[tuple[str, str, Field]]:
    """Yield the experiment, the path and the field of every key."""
    from weightinit_cli.spec.kinds import GRID, TABLES

    for experiment, fields in TABLES.items():
        for path, field in by_path((*fields, *GRID)):
            yield experiment, path, field


def _meaning(field: Field) -> str:
    if field.default is REQUIRED:
        return f"{field.doc} (required)"
    if field.default in (None, {}):
        return field.doc
    default = field.default if isinstance(field.default, str) else json.dumps(field.default)
    return f"{field.doc} (default {default})"


def _initializer(_name: str, row: Initializer) -> Rows:
    bias = "zeros" if row.default_bias == "zeros" else f"those of {row.default_bias}"
    rows = [
        ("draws", row.doc),
        ("standard deviation", row.std),
        ("convention of", row.convention),
        ("biases", f"{bias}, unless the spec says otherwise"),
        *(("parameter", parameter_words(each)) for each in row.parameters),
        ("reference", row.reference),
        ("from", row.source),
        ("where", OUT if row.needs_fans else ""),
    ]
    return [(label, text) for label, text in rows if text]


def _activation(name: str, row: Row) -> Rows:
    rows = [
        ("formula", row.formula),
        ("function", derivative_of(row)),
        *(("shape", line) for line in shapes_of(name, row)),
        *(("parameter", parameter_words(each)) for each in row.parameters),
        ("reference", row.reference),
        ("from", row.source),
    ]
    return [(label, text) for label, text in rows if text]


def _written(name: str, parameters: tuple[Parameter, ...]) -> str:
    """Write a row as a spec has it: the name, with what it must be given."""
    given = [
        f"{each.name}: {each.choices[0] if each.choices else '...'}"
        for each in parameters
        if each.required
    ]
    return f"{{name: {name}, {', '.join(given)}}}" if given else name


def _parameter_rows(word: str, rows: Table[Any]) -> Rows:
    """Say what a parameter of this name is, of the rows where it is the same."""
    takers: dict[str, list[str]] = {}
    for name, row in rows.items():
        for parameter in row.parameters:
            if parameter.name == word:
                words = parameter_words(parameter).removeprefix(f"{word}: ")
                takers.setdefault(words, []).append(name)
    return [("of", f"{', '.join(names)}: {words}") for words, names in takers.items()]
