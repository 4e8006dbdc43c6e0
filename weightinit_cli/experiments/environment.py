"""What a result's last bits may depend on."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

from weightinit_cli import __version__
from weightinit_cli.network import blas
from weightinit_cli.spec import Component
from weightinit_cli.streams import BIT_GENERATOR

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
