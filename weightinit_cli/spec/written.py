"""Spec -> YAML: what a person would write of it, without what goes without saying."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import SpecError
from weightinit_cli.spec.components import activations, initializers
from weightinit_cli.spec.load import spec_from_normal_form
from weightinit_cli.spec.nodes import resolve
from weightinit_cli.spec.normal import normal_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.spec.kinds import AnySpec
    from weightinit_cli.spec.model import Component, PerLayer

    # A component as it is written: its name, a mapping of that and of its parameters, or a list of
    # these, one per layer.
    Written = str | dict[str, Any] | list[Any]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PER_LAYER = ("width", "channels", "stride")


def as_written(component: Component) -> Written:
    """A component without the parameters that have their defaults."""
    option = {**activations(), **initializers()}[component.name]
    defaults = {each.name: each.default for each in option.entry_parameters}
    given = {key: value for key, value in component.parameters if value != defaults.get(key)}
    return {"name": component.name, **given} if given else component.name


def written_per_layer(given: PerLayer) -> Written:
    """A component that is that of all layers as it is written, or a list of those that differ."""
    return list(map(as_written, given)) if isinstance(given, tuple) else as_written(given)


def yaml_lines(entries: Mapping[str, Any]) -> list[str]:
    """A line for each key: `initializer: {name: normal, std: 0.1}`."""
    return [f"{key}: {_flow(value)}" for key, value in entries.items()]


def yaml_text(spec: AnySpec) -> str:
    """The spec as YAML of a line for each key whose value is not what the others leave it to be.

    The name is left out where it was that of the file. `parse_spec` reads the same spec again.
    """
    form = normal_form(spec)
    name = form.pop("name")
    shown: dict[str, Any] = {}
    for key, value in form.items():
        if key in _PER_LAYER:
            shown |= {"layers": len(value), key: per_layer(value)}
        elif key in ("activation", "initializer", "bias"):
            shown[key] = written_per_layer(getattr(spec, key))
        else:
            shown[key] = value
    for key in reversed(list(shown)):
        _leave_out(shown, key, form)
    named = {"name": name} if "name" in spec.marks else {}
    return "".join(f"{line}\n" for line in yaml_lines(named | shown))


def per_layer(values: Sequence[int]) -> int | list[int]:
    """One number where all layers have the same, else one per layer."""
    return values[0] if len(set(values)) == 1 else list(values)


def _leave_out(shown: dict[str, Any], key: str, form: Mapping[str, Any]) -> None:
    """Leave out a key, or what stands below it, where the spec is the same without."""
    value = shown[key]
    rest = {other: held for other, held in shown.items() if other != key}
    if key not in ("activation", "initializer") and _means(rest, form):
        del shown[key]
    elif isinstance(value, dict) and key not in ("activation", "initializer", "bias"):
        for inner in [each for each in value if each != "name"]:
            less = {other: held for other, held in value.items() if other != inner}
            if _means({**shown, key: less}, form):
                shown[key] = value = less


def _means(shown: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    """Whether what is shown is read as a spec of this form."""
    try:
        read = normal_form(spec_from_normal_form(shown, "spec"))
    except SpecError:
        return False
    del read["name"]
    return read == form


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(yaml_lines(value))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and resolve(value) == value:
        return value
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)
