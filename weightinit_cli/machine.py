"""What this process may use of its machine: cores and memory."""

from __future__ import annotations

import os
import sys
from typing import Any

from weightinit_cli import control_groups

# Addresses that a thread takes beside its stack: what glibc reserves for its memory, 64 MiB, and
# a buffer of BLAS's, 32 MiB. BLAS ends the process where it cannot have one.
ADDRESSES_PER_THREAD = 96 << 20
STACK = 8 << 20


def available_cores() -> int:
    """Processors that this process may use: of the machine, its affinity and its container."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, control_groups.cores() or cores)


def most_threads() -> int:
    """Threads that are of use at the same time: one per core, as far as addresses last for them.

    Under a limit on these, threads may take half of what is left.
    """
    cores = available_cores()
    if sys.platform == "win32" or not _limits():
        return cores
    import resource

    import psutil

    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    each = ADDRESSES_PER_THREAD + (STACK if stack == resource.RLIM_INFINITY else stack)
    left = min(_limits_left(psutil.Process().memory_info()))
    return max(min(cores, left // 2 // each), 1)


def available_bytes() -> int:
    """Memory that this process can still get: of the machine, its container and its limits."""
    import psutil

    available = psutil.virtual_memory().available
    left = control_groups.memory_left()
    if left is not None:
        available = min(available, left)
    return max(min([available, *_limits_left(psutil.Process().memory_info())]), 0)


def _limits_left(used: Any) -> list[int]:
    """What the limits leave, of what psutil says that this process uses."""
    return [limit - getattr(used, name, 0) for name, limit in _limits().items()]


def _limits() -> dict[str, int]:
    """Limits on addresses and data (`ulimit -v`, `ulimit -d`), by psutil's name of what counts."""
    if sys.platform == "win32":
        return {}
    import resource

    limits = {
        "vms": resource.getrlimit(resource.RLIMIT_AS)[0],
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
    }
    return {name: limit for name, limit in limits.items() if limit != resource.RLIM_INFINITY}
