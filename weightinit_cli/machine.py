"""What this process may use of its machine: cores and memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def available_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
