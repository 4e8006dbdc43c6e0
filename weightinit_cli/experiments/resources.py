"""What a run finds where it runs: versions and platform, the files of data sets, and memory."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli import __version__
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.data import DATA_DIR, checksums, notes
from weightinit_cli.data.inputs import seen
from weightinit_cli.errors import MemoryShortageError, WinitError
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.machine import available_bytes
from weightinit_cli.network import blas
from weightinit_cli.network.passes import BYTES_AT_ANY_SIZE
from weightinit_cli.spec import Component, different, initializers_of_weights
from weightinit_cli.spec.inputs import FROM_DATA
from weightinit_cli.streams import BIT_GENERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.initializers import Fans
    from weightinit_cli.network import PeakBytes
    from weightinit_cli.plugins import Table
    from weightinit_cli.spec import AnySpec, Experiment, Spec, SymmetrySpec, TrainingSpec

# The activations with an error function, which is scipy's; nothing else of a result is.
SCIPYS = (Component("erf"), Component("gelu", (("approximate", "none"),)))
# The key of a spec that names a data set.
DATA = "data"
# Below this, a machine that runs Python has the memory; looking it up would cost more.
ALWAYS_THERE = 1 << 28
# z, a, δ, and what an activation and products need beside them.
COPIES_OF_SIGNALS = 8
# A loss: as a float in a list and in a tuple, 48 bytes, and its text of at most 24 characters, in
# pieces, joined, and encoded. Measured with a million losses: 130 bytes.
BYTES_PER_STEP = 160


def environment(spec: AnySpec) -> dict[str, Any]:
    """Versions, BLAS and its kernel, numpy's SIMD features, platform; no host, user or path.

    And whose plug-ins the initializer and the activation are, where they are not winit's.

    scipy's version is None where the run has nothing of it, whatever its process did before;
    ml_dtypes is named where the run's numbers are its bfloat16.
    """
    in_bfloat16 = getattr(spec, "dtype", None) == "bfloat16"
    uses_scipy = not set(SCIPYS).isdisjoint(different(spec.activation))
    return {
        "winit": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": sys.modules["scipy"].__version__ if uses_scipy else None,
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
        **({"ml_dtypes": _version("ml_dtypes")} if in_bfloat16 else {}),
        **({"plugins": sources} if (sources := plugins_of(spec)) else {}),
    }


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def plugins_of(spec: AnySpec) -> dict[str, str]:
    """Where the plug-ins come from that a spec names, by `activation snake`, say."""
    tables: tuple[tuple[Table[Any], tuple[Component, ...]], ...] = (
        (INITIALIZERS, initializers_of_weights(spec)),
        (ACTIVATIONS, different(spec.activation)),
    )
    return {
        f"{table.what} {each.name}": table[each.name].source
        for table, given in tables
        for each in given
        if table[each.name].source
    }


def _simd() -> list[str]:
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    return [*simd.get("baseline", []), *simd.get("found", [])]


def data_folder() -> Path | None:
    """Where data sets are looked for; None where nobody has said."""
    named = os.environ.get(DATA_DIR)
    return Path(named) if named else None


def data_of(spec: AnySpec) -> Component | None:
    """The digits or the file that the inputs are of; None where they are drawn from a law."""
    inputs: Component | None = getattr(spec, "inputs", None)
    return inputs if inputs is not None and inputs.name in FROM_DATA else None


@contextmanager
def located(spec: AnySpec) -> Iterator[None]:
    """Have a WinitError say where the spec names the data."""
    inputs = data_of(spec)
    key = DATA
    if inputs is not None:
        key = "inputs.path" if "path" in inputs.arguments else "inputs"
    try:
        yield
    except WinitError as error:
        raise WinitError(str(spec.problem(key, str(error)))) from None


def checksums_of(spec: AnySpec) -> dict[str, str]:
    """The checksums of the data set, or of the file of inputs, that the spec names.

    Raises WinitError where a file of it is not there.
    """
    inputs = data_of(spec)
    with located(spec):
        if inputs is not None and "path" in inputs.arguments:
            path = str(inputs.arguments["path"])
            return {Path(path).name: seen(path).checksum}
        if inputs is not None:
            return checksums(inputs.name)
        return checksums(getattr(spec, DATA), data_folder())


def notes_of(spec: AnySpec) -> tuple[str, ...]:
    """What is worth a word of that data set's files; nothing where they are not there."""
    try:
        return notes(getattr(spec, DATA), data_folder())
    except WinitError:  # which the run says
        return ()


def check_memory(spec: Spec, needed: PeakBytes) -> None:
    """Raise MemoryShortageError, at the key that asks too much, where `needed` is not available."""
    available = _available_for(needed.total)
    if available is None:
        return
    key, instead = _greediest(spec, needed), ""
    if needed.trace and needed.total - needed.trace <= available:
        key = "backward"
        instead = f"; {_gib(needed.total - needed.trace)} are enough with backward: false"
    raise _too_much(spec, key, needed.total, available, instead)


def check_trial(spec: Experiment, fans: Fans) -> None:
    """Raise MemoryShortageError where a plug-in's draws of a layer need more than there is."""
    from weightinit_cli.initializers.own import BYTES_OF_TRIAL

    needed = fans.fan_in * fans.columns * BYTES_OF_TRIAL
    available = _available_for(needed)
    if available is not None:
        dense = "features" if getattr(spec, "features", 0) > max(spec.width) else "width"
        key = dense if spec.convolution is None else "channels"
        raise _too_much(spec, key, needed, available)


def check_descent(
    spec: SymmetrySpec | TrainingSpec,
    sizes: Sequence[int],
    dtype: np.dtype[Any],
    rows: tuple[str, int],
    *,
    copies: int,
    examples: int = 0,
) -> None:
    """Raise MemoryShortageError where gradient descent needs more than is available.

    `sizes` are those of the inputs and of every layer. `rows` is how many inputs are shown at
    once, after the key that says so. `copies` is how often the parameters are held. Pretraining
    keeps what all `examples` become in one layer, and in the next.
    """
    shown_by, shown = rows
    weights = sum(prod(pair) for pair in pairwise(sizes)) * dtype.itemsize * copies
    signals = shown * sum(sizes) * dtype.itemsize * COPIES_OF_SIGNALS
    losses = BYTES_PER_STEP * spec.steps * getattr(spec, "repeats", 1)
    kept = 0
    if spec.pretraining is not None:
        kept = examples * 2 * max(sizes) * dtype.itemsize + weights
    needed = weights + signals + losses + kept + BYTES_AT_ANY_SIZE
    available = _available_for(needed)
    if available is not None:
        asked = (weights, "width"), (signals, shown_by), (losses, "steps"), (kept, "pretraining")
        key = max(asked)[1]
        raise _too_much(spec, key, needed, available)


def _available_for(needed: int) -> int | None:
    """How much is available where `needed` is more; None where it fits."""
    if needed <= ALWAYS_THERE:
        return None
    available = available_bytes()
    return available if needed > available else None


def _too_much(
    spec: Experiment, key: str, needed: int, available: int, instead: str = ""
) -> MemoryShortageError:
    message = f"needs {_gib(needed)} of memory, and {_gib(available)} are available{instead}"
    return MemoryShortageError([spec.problem(key, message)])


def _greediest(spec: Spec, needed: PeakBytes) -> str:
    widest = max(spec.width)
    if spec.convolution is not None:
        across = "channels" if needed.weights > needed.signals else "image"
    else:
        across = "features" if spec.features > widest else "width"
    if needed.records >= max(needed.weights, needed.signals):
        return "layers" if spec.layers >= spec.histogram.bins else "histogram.bins"
    if needed.signals >= needed.weights and spec.samples >= max(spec.features, widest):
        return "samples"
    return across


def _gib(size: int) -> str:
    gib = size / 2**30
    return f"{gib:,.1f} GiB" if gib < 1e6 else f"{gib:.1e} GiB"
