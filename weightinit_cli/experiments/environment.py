"""What a result records of where it ran and of the data it read."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli import __version__
from weightinit_cli.data import DATA_DIR, checksums, notes
from weightinit_cli.errors import DataError
from weightinit_cli.network import blas
from weightinit_cli.spec import Component
from weightinit_cli.streams import BIT_GENERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.spec import AnySpec

# The activations with an error function, which is scipy's; nothing else of a result is.
SCIPYS = (Component("erf"), Component("gelu", (("approximate", "none"),)))


def environment(activation: Component) -> dict[str, Any]:
    """Versions, BLAS and its kernel, numpy's SIMD features, platform; no host, user or path.

    scipy's version is None where the run has nothing of it, whatever its process did before.
    """
    return {
        "winit": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": sys.modules["scipy"].__version__ if activation in SCIPYS else None,
        "blas": [
            {
                "name": library["internal_api"],
                "version": library["version"],
                "kernel": library.get("architecture"),
            }
            for library in blas().info()
            if library["user_api"] == "blas"
            and Path(library["filepath"]).parent.name != "scipy.libs"
        ],
        "simd": _simd(),
        "bit_generator": BIT_GENERATOR,
        "platform": {
            "system": platform.system(),
            "machine": platform.machine(),
            "libc": " ".join(platform.libc_ver()).strip() or None,
        },
    }


def _simd() -> list[str]:
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    return [*simd.get("baseline", []), *simd.get("found", [])]


def data_folder() -> Path | None:
    """Where data sets are looked for; None where nobody has said."""
    named = os.environ.get(DATA_DIR)
    return Path(named) if named else None


@contextmanager
def located(spec: AnySpec, key: str) -> Iterator[None]:
    """Have a DataError say where the spec names the data, by `key`."""
    try:
        yield
    except DataError as error:
        raise DataError(str(spec.problem(key, str(error)))) from None


def checksums_of(spec: AnySpec, key: str) -> dict[str, str]:
    """The checksums of the data set that the spec names by `key`.

    Raises DataError where a file of it is not there.
    """
    with located(spec, key):
        return checksums(getattr(spec, key), data_folder())


def notes_of(spec: AnySpec, key: str) -> tuple[str, ...]:
    """What is worth a word of that data set's files; nothing where they are not there."""
    try:
        return notes(getattr(spec, key), data_folder())
    except DataError:  # which the run says
        return ()
