"""Functions that workers import: what may become of a run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.batch import Product, produce
from weightinit_cli.errors import OutputError

if TYPE_CHECKING:
    from weightinit_cli.spec import Spec

LETHAL, CURSED, GREEDY, BROKEN = 3, 4, 5, 6


def empty(spec: Spec) -> Product:
    """A product that says which run it is of, and in which process it was made."""
    return Product("", str(os.getpid()), (spec.run,), [], None, {})


def perilous(folder: str, spec: Spec) -> Product:
    """Runs whose process dies: always, or the first time; and runs that fail."""
    once = Path(folder, "died once")
    if spec.seed == LETHAL or (spec.seed == CURSED and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if spec.seed == GREEDY:
        raise MemoryError
    if spec.seed == BROKEN:
        raise RuntimeError("a defect")
    if spec.seed > BROKEN:
        raise OutputError("mend this")
    return empty(spec)


def small(spec: Spec) -> Product:
    """A run without pictures."""
    return produce(spec, ())
