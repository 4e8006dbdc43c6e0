"""Functions that workers import: what may become of a run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.batch import Product, produce
from weightinit_cli.errors import MemoryShortageError, WinitError

if TYPE_CHECKING:
    from weightinit_cli.spec import Spec

LETHAL, CURSED, GREEDY, BROKEN = 3, 4, 5, 6
# How a run may say that it lacks memory.
REFUSED, SHORT, KILLED = 1, 2, 3


def empty(spec: Spec) -> Product:
    """A product that says which run it is of, and in which process it was made."""
    return Product("", str(os.getpid()), "", (spec.run,), [], None, {})


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
        raise WinitError("mend this")
    return empty(spec)


def crowded(folder: str, spec: Spec) -> Product:
    """Runs that lack memory at first, each in its way, and then demand to be alone."""
    again = Path(folder, f"again {spec.seed}")
    Path(folder, f"process {os.getpid()}").touch()
    if spec.seed > KILLED:
        return empty(spec)
    if not again.exists():
        again.touch()
        if spec.seed == REFUSED:
            raise MemoryShortageError([spec.problem("width", "needs more than is available")])
        if spec.seed == SHORT:
            raise MemoryError
        os.kill(os.getpid(), signal.SIGKILL)
    others = [int(path.name.split()[1]) for path in Path(folder).glob("process *")]
    assert not any(_runs(other) for other in others if other != os.getpid())
    return empty(spec)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def endless(spec: Spec) -> Product:
    """A run that says when it is under way, and goes on."""
    os.write(1, b"under way\n")
    while True:
        sum(range(1000))


def small(spec: Spec) -> Product:
    """A run without pictures."""
    return produce(spec, ())
