"""What this process may use of its machine: cores and memory."""

from __future__ import annotations

import os
import sys

from weightinit_cli import control_groups


def available_cores() -> int:
    """Processors that this process may use: of the machine, its affinity and its container."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, control_groups.cores() or cores)


def available_bytes() -> int:
    """Memory that this process can still get: of the machine, its container and its limits."""
    import psutil

    available = psutil.virtual_memory().available
    used = psutil.Process().memory_info()
    for left in (control_groups.memory_left(), *_limits_left(used.vms, getattr(used, "data", 0))):
        if left is not None:
            available = min(available, left)
    return max(available, 0)


def _limits_left(addresses: int, data: int) -> list[int]:
    """What the limits on addresses and data (`ulimit -v`, `ulimit -d`) leave."""
    if sys.platform == "win32":
        return []
    import resource

    used = {resource.RLIMIT_AS: addresses, resource.RLIMIT_DATA: data}
    limits = {limit: resource.getrlimit(limit)[0] for limit in used}
    return [
        limits[limit] - used[limit] for limit in used if limits[limit] != resource.RLIM_INFINITY
    ]
