"""Requests that cannot fit are refused before any work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.errors import SpecError

if TYPE_CHECKING:
    from weightinit_cli.network import PeakBytes
    from weightinit_cli.spec import Spec

# Below this, a machine that runs Python has the memory; looking it up would cost more.
ALWAYS_THERE = 1 << 28


def check_memory(spec: Spec, needed: PeakBytes) -> None:
    """Raise SpecError, at the key that asks too much, where `needed` exceeds what is available."""
    if needed.total <= ALWAYS_THERE:
        return
    available = available_bytes()
    if needed.total > available:
        message = f"needs {_gib(needed.total)} of memory, and {_gib(available)} are available"
        key = _greediest(spec, needed)
        if needed.trace and needed.total - needed.trace <= available:
            key = "backward"
            message += f"; {_gib(needed.total - needed.trace)} are enough with backward: false"
        raise SpecError([spec.problem(key, message)])


def _greediest(spec: Spec, needed: PeakBytes) -> str:
    widest = max(spec.width)
    if needed.records >= max(needed.weights, needed.signals):
        return "layers" if spec.layers >= spec.histogram.bins else "histogram.bins"
    across = "features" if spec.features > widest else "width"
    if needed.signals >= needed.weights and spec.samples >= max(spec.features, widest):
        return "samples"
    return across


def available_bytes() -> int:
    """Memory that this process can still get: of the machine, its container and its limits."""
    import psutil

    available = psutil.virtual_memory().available
    for limit in (_container_bytes(), _limit_bytes(psutil.Process().memory_info().vms)):
        if limit is not None:
            available = min(available, limit)
    return max(available, 0)


def _container_bytes() -> int | None:
    """What the control group still allows; None without one (cgroup v2, then v1)."""
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            root = Path("/sys/fs/cgroup")
            return int((root / limit).read_text()) - int((root / usage).read_text())
        except (OSError, ValueError):
            continue
    return None


def _limit_bytes(used: int) -> int | None:
    """What the limit on the address space (`ulimit -v`) leaves; None without one."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit - used


def _gib(size: int) -> str:
    gib = size / 2**30
    return f"{gib:,.1f} GiB" if gib < 1e6 else f"{gib:.1e} GiB"
