"""The digest by which a run is known: of its spec's normal form and of the files that it reads."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def digest_of_form(form: Mapping[str, Any], checksums: Mapping[str, str] | None = None) -> str:
    """The sha256 (hexadecimal) of a normal form without its name, as canonical JSON.

    `checksums` are those of the files that the run reads, by their names.
    """
    named = {key: value for key, value in form.items() if key != "name"}
    if checksums:
        named["checksums"] = dict(checksums)
    text = json.dumps(named, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
