"""The normal form of a spec: complete, canonical, ready for JSON; and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from weightinit_cli.spec.fields import HISTOGRAM, TABLES
from weightinit_cli.spec.model import AnySpec, Component, Histogram, Pretraining
from weightinit_cli.spec.shapes import CONVOLUTION_KEYS, DENSE_KEYS
from weightinit_cli.verdicts import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.spec.values import Field


def normal_form(spec: AnySpec) -> dict[str, Any]:
    """Every key of the spec with its value, in the order of the table of fields.

    Names are canonical, defaults filled in, `width` a list, and each component a mapping of
    `name` and parameters. What a spec does not have, as convolutions no `width`, is left out.
    `spec_from_normal_form` reads it again.
    """
    form = {}
    for field in TABLES[spec.experiment]:
        value = _value(spec, field.name)
        if value is not None:
            form[field.name] = _json_value(value)
    return form


def digest(spec: AnySpec, checksums: Mapping[str, str] | None = None) -> str:
    """The sha256 (hexadecimal) of the normal form without its name, as canonical JSON.

    `checksums` are those of the files that the run reads, by their names.
    """
    form = normal_form(spec)
    del form["name"]
    if checksums:
        form["checksums"] = dict(checksums)
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
    if isinstance(value, Thresholds | Pretraining):
        return value._asdict()
    return list(value) if isinstance(value, tuple) else value
