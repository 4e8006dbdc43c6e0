"""The keys of a spec for others: for editors a JSON Schema, for people keywords and hints."""

from __future__ import annotations

import json
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from weightinit_cli.parameters import REQUIRED
from weightinit_cli.spec.blocks import kind_of
from weightinit_cli.spec.components import activations, initializers
from weightinit_cli.spec.kinds import DEFAULT_KIND, GRID, SPEC_KINDS, TABLES
from weightinit_cli.spec.values import near_key, object_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from weightinit_cli.spec.values import Field

_COLUMN = 28
_HEADING = (
    "# A spec for winit. Only activation and initializer are required; the rest are defaults.\n"
)
# What most specs say, and what is said above it.
_USUAL = ("activation", "initializer", "layers", "width", "samples", "seed")
_USUAL_HEADING = """\
# A spec for winit: what most specs say. `winit new FILE --all` writes one with every key.
# `winit list activations` and `winit list initializers` show what there is.
"""
# The key that is meant, or where an experiment lacks it the next one.
KEYS = {
    **dict.fromkeys(("depth", "num_layers", "n_layers", "hidden_layers"), ("layers",)),
    **dict.fromkeys(("units", "neurons", "nodes", "num_units", "n_units"), ("width",)),
    **dict.fromkeys(("hidden", "hidden_size", "hidden_units", "hidden_dim", "fan_out"), ("width",)),
    **dict.fromkeys(("input_size", "input_dim", "in_features", "fan_in"), ("features",)),
    **dict.fromkeys(("nonlinearity", "act", "act_fn"), ("activation",)),
    **dict.fromkeys(("init", "weight_init", "weights", "kernel_initializer"), ("initializer",)),
    **dict.fromkeys(("bias_initializer", "bias_init", "use_bias", "biases"), ("bias",)),
    **dict.fromkeys(("batch_size", "minibatch"), ("batch", "samples")),
    **dict.fromkeys(("n_samples", "num_samples", "n"), ("samples",)),
    **dict.fromkeys(("lr", "eta", "step_size"), ("learning_rate",)),
    **dict.fromkeys(("epochs", "iterations", "iters", "n_steps"), ("steps",)),
    **dict.fromkeys(("dataset", "data_set", "task"), ("data",)),
    **dict.fromkeys(("random_state", "rng", "random_seed"), ("seed",)),
    **dict.fromkeys(("precision", "float"), ("dtype",)),
    **dict.fromkeys(("runs", "n_runs", "trials", "networks"), ("repeats",)),
    **dict.fromkeys(("filters", "out_channels"), ("channels",)),
    **dict.fromkeys(("head", "output_layer", "last_layer", "logits", "loss"), ("output",)),
    **dict.fromkeys(("num_classes", "n_classes", "labels"), ("output",)),
    **dict.fromkeys(("grid", "sweeps"), ("sweep",)),
    **dict.fromkeys(("norm", "norms", "normalisation", "normalize"), ("normalization",)),
    **dict.fromkeys(("skip", "skips", "skip_connection", "shortcut"), ("residual",)),
    **dict.fromkeys(("residuals", "resnet", "branch_scale"), ("residual",)),
}
NOT_YET = {
    *("dropout", "attention"),
    *("optimizer", "weight_decay", "regularization", "groups", "dilation"),
}


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


def short_template() -> str:
    """A spec with the few keys that most specs have; it runs as it stands."""
    fields = {field.name: field for field in TABLES[DEFAULT_KIND]}
    usual = [fields[name]._replace(default=_shown(fields[name])) for name in _USUAL]
    return _USUAL_HEADING + "\n".join(_lines([*usual, *GRID[-1:]], "")) + "\n"


def keywords(experiment: str) -> list[Parameter]:
    """The keys of an experiment as keywords of a function, the required ones first."""
    found = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is REQUIRED else field.default,
        )
        for field in TABLES[experiment]
        if field.name != "experiment"
    ]
    return sorted(found, key=lambda each: each.default is not Parameter.empty)


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


def hint(key: str, fields: Mapping[str, Field]) -> str:
    """What to say of a key that a spec does not have, after `unknown key`."""
    word = _word(key)
    meant = [name for name in KEYS.get(word, ()) if name in fields]
    if meant:
        return f"; did you mean {meant[0]!r}?"
    kind = kind_of(word)
    if kind is not None and "normalization" in fields:
        return f"; did you mean normalization: {kind}?"
    if word in NOT_YET:
        return "; there is no such key yet"
    other = KEYS.get(word, (word,))[0]
    others = _experiments_with(other)
    if others and word not in fields:
        kind = "experiments" if len(others) > 1 else "experiment"
        where = f"a key of the {kind} {' and '.join(others)}"
        return f"; it is {where}" if other == word else f"; did you mean {other!r}, {where}?"
    if word in fields:
        return near_key(key, fields)
    for group in fields.values():
        if any(inner.name == word for inner in group.type.fields):
            return f"; it belongs to {group.name}: {group.name}: {{{word}: ...}}"
    if example := _parameter(word):
        return f"; it is a parameter, for example {example}"
    return near_key(key, fields)


def _parameter(word: str) -> str:
    """How the parameter of this name is written, if there is one, where it is required."""
    found: dict[bool, str] = {}
    for key, options in (("initializer", initializers()), ("activation", activations())):
        for option in options.values():
            for parameter in option.parameters:
                if parameter.name == word and len(word) > 1:
                    example = f"{key}: {{name: {option.name}, {word}: ...}}"
                    found.setdefault(parameter.required, example)
    return found.get(True) or found.get(False, "")


def _experiments_with(key: str) -> list[str]:
    return [name for name, fields in TABLES.items() if any(field.name == key for field in fields)]


def _word(text: str) -> str:
    return text.casefold().replace("-", "_").replace(" ", "_")
