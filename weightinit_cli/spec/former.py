"""The folders that earlier versions of winit gave to runs, where their results still are."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import product
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import normalize

from weightinit_cli.spec.names import DEVICE_PATTERN, LONGEST_RUN
from weightinit_cli.spec.normal import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.spec.model import AnySpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_Form = Literal["NFC", "NFD"]
_FORMS: tuple[_Form, ...] = ("NFC", "NFD")


def former_folders(spec: AnySpec) -> tuple[str, ...]:
    """Up to version 0.1.0: names of ASCII alone, and of the run a digest for what is no scalar."""
    forms = _FORMS[: 1 if f"{spec.stem}{spec.label}".isascii() else 2]
    names = [spec.name, *(_name(normalize(form, spec.stem)) for form in forms if spec.stem)]
    runs = [spec.run, *(_run(spec, form) for form in forms if spec.run)]
    folders = (f"{name}/{run}" if run else name for name, run in product(names, runs))
    return tuple(folder for folder in dict.fromkeys(folders) if folder != spec.folder)


def _name(stem: str) -> str:
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)
    if text != stem:
        text = text.strip("-")
    if _NAME.fullmatch(text) and not re.fullmatch(DEVICE_PATTERN, text):
        return text
    return f"spec-{hashlib.sha256(stem.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _run(spec: AnySpec, form: _Form) -> str:
    label = ",".join(_parts(spec, form))
    scalars = not any(isinstance(value, list | dict) for _, value in spec.varied)
    named = all(part and not part.endswith("=") for part in label.split(","))
    return label if scalars and named and len(label) <= LONGEST_RUN else digest(spec)[:12]


def _parts(spec: AnySpec, form: _Form) -> Iterator[str]:
    for path, value in spec.varied:
        text = _slug(normalize(form, _text(value)))
        yield text if path == "variant" else f"{path}={text}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-. ")
