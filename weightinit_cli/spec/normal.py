"""The normal form of a spec, ready for JSON; its digest, and the folders once named by that."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import product
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import normalize

from weightinit_cli.digests import digest_of_form
from weightinit_cli.errors import Mark
from weightinit_cli.parameters import Thresholds
from weightinit_cli.spec.kinds import (
    CONVOLUTION_KEYS,
    DENSE_KEYS,
    HISTOGRAM,
    PER_LAYER_KEYS,
    TABLES,
    AnySpec,
)
from weightinit_cli.spec.layers import COMPONENT_KEYS
from weightinit_cli.spec.model import Component, Histogram, Output, Pretraining, Residual
from weightinit_cli.spec.names import DEVICE_PATTERN, LONGEST_RUN
from weightinit_cli.spec.nodes import Report, join, node_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.spec.values import Field

_FORMER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_Accents = Literal["NFC", "NFD"]
_ACCENTS: tuple[_Accents, ...] = ("NFC", "NFD")


def normal_form(spec: AnySpec) -> dict[str, Any]:
    """Every key of the spec with its value, in the order of the table of fields.

    Names are canonical, defaults filled in, `width` a list, and each component a mapping of
    `name` and parameters, or a list of them where layers differ. What a spec does not have, as
    convolutions no `width`, is left out. `spec_from_normal_form` reads it again.
    """
    form = {}
    for field in TABLES[spec.experiment]:
        value = _value(spec, field.name)
        if value is not None:
            form[field.name] = _json_value(value)
    return form


def digest(spec: AnySpec, checksums: Mapping[str, str] | None = None) -> str:
    """The digest of a spec and of the files that its run reads, by their names."""
    return digest_of_form(normal_form(spec), checksums)


def former_folders(spec: AnySpec) -> tuple[str, ...]:
    """The folders that earlier versions of winit gave to a run, where its results may still be.

    Up to version 0.1.0 they had names of ASCII alone, and of the run a digest for what is no
    scalar.
    """
    forms = _ACCENTS[: 1 if f"{spec.stem}{spec.label}".isascii() else 2]
    names = [spec.name, *(_former_name(normalize(form, spec.stem)) for form in forms if spec.stem)]
    runs = [spec.run, *(_former_run(spec, form) for form in forms if spec.run)]
    folders = (f"{name}/{run}" if run else name for name, run in product(names, runs))
    return tuple(folder for folder in dict.fromkeys(folders) if folder != spec.folder)


def misfit(form: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first key of what should be a normal form that is none, and what is wrong; else None.

    Every key is looked at by itself, as when it is read. A component's name and parameters may be
    any, as those of a plug-in that is not installed.
    """
    fields = TABLES[form["experiment"]]
    convolved = any(key in form for key in CONVOLUTION_KEYS)
    there, not_there = (CONVOLUTION_KEYS, DENSE_KEYS)[:: 1 if convolved else -1]
    if any(field.name in CONVOLUTION_KEYS for field in fields):
        for key in not_there:
            if key in form:
                return key, f"must not be there beside {there[0]}"
        fields = tuple(field for field in fields if field.name not in not_there)
    found = _misfits(form, fields, "")
    return next(found, None)


def _misfits(
    form: Mapping[str, Any], fields: Sequence[Field], path: str
) -> Iterator[tuple[str, str]]:
    names = [field.name for field in fields]
    yield from ((join(path, name), "unknown figure") for name in form if name not in names)
    for field in fields:
        below = join(path, field.name)
        if field.name in form:
            yield from _misfits_of(form[field.name], field, below)
        elif not field.optional:
            yield below, "missing"


def _misfits_of(value: Any, field: Field, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the value of one key."""
    if field.optional and value is None:
        yield path, "must be left out, not null"
    elif path == "name":  # earlier versions had other names
        if not isinstance(value, str):
            yield path, f"must be text, not {value!r}"
    elif field.type.fields and isinstance(value, dict):
        yield from _misfits(value, field.type.fields, path)
    elif field.name in COMPONENT_KEYS and isinstance(value, list):
        for number, each in enumerate(value):
            yield from _misfits_of_component(each, join(path, str(number)))
    elif field.name in COMPONENT_KEYS:
        yield from _misfits_of_component(value, path)
    elif field.name in PER_LAYER_KEYS and not isinstance(value, list | tuple):
        yield path, "must be a list with one number per layer"
    else:
        report = Report()
        field.type.read(node_from_json(value, Mark(""), report), path, report)
        if report.problems and path == "histogram.range":
            yield path, "must be auto, per_layer or two numbers"
        yield from ((problem.path, problem.message) for problem in report.problems)


def _misfits_of_component(value: object, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, f"must be an object, not {value!r}"
    elif "name" not in value:
        yield f"{path}.name", "missing"
    elif not isinstance(value["name"], str):
        yield f"{path}.name", f"must be text, not {value['name']!r}"
    else:
        for key, parameter in value.items():
            if isinstance(parameter, bool) or not isinstance(parameter, str | int | float):
                yield join(path, key), "must be a finite number or text"


def _value(spec: AnySpec, key: str) -> object:
    if key in CONVOLUTION_KEYS:
        return None if spec.convolution is None else getattr(spec.convolution, key)
    if key in DENSE_KEYS and spec.convolution is not None:
        return None
    return getattr(spec, key)


def _values(fields: tuple[Field, ...], holder: object) -> dict[str, Any]:
    return {field.name: _json_value(getattr(holder, field.name)) for field in fields}


def _json_value(value: object) -> Any:
    if isinstance(value, Component):
        return {"name": value.name, **value.arguments}
    if isinstance(value, Histogram):
        return _values(HISTOGRAM, value)
    if isinstance(value, Residual):
        there = {key: each for key, each in value._asdict().items() if each is not None}
        return {key: _json_value(each) for key, each in there.items()}
    if isinstance(value, Thresholds | Pretraining):
        return value._asdict()
    if isinstance(value, Output):
        return {key: _json_value(each) for key, each in value._asdict().items()}
    return [_json_value(each) for each in value] if isinstance(value, tuple) else value


def _former_name(stem: str) -> str:
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)
    if text != stem:
        text = text.strip("-")
    if _FORMER_NAME.fullmatch(text) and not re.fullmatch(DEVICE_PATTERN, text):
        return text
    return f"spec-{hashlib.sha256(stem.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _former_run(spec: AnySpec, form: _Accents) -> str:
    label = ",".join(_former_parts(spec, form))
    scalars = not any(isinstance(value, list | dict) for _, value in spec.varied)
    named = all(part and not part.endswith("=") for part in label.split(","))
    return label if scalars and named and len(label) <= LONGEST_RUN else digest(spec)[:12]


def _former_parts(spec: AnySpec, form: _Accents) -> Iterator[str]:
    for path, value in spec.varied:
        text = _slug(normalize(form, _as_text(value)))
        yield text if path == "variant" else f"{path}={text}"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-. ")
