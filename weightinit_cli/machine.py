"""What this process has of its machine: cores, memory, and variables of the environment.

Linux's control groups (of containers, services, cluster jobs) may allow less than there is. A
process stands in one group of every hierarchy, and the limits of all groups above hold as well.
Hierarchies of both versions are read; a machine may have both.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Addresses that a thread takes beside its stack: what glibc reserves for its memory, 64 MiB, and
# a buffer of BLAS's, 32 MiB. BLAS ends the process where it cannot have one.
ADDRESSES_PER_THREAD = 96 << 20
STACK = 8 << 20
ROOT = Path("/")
VERSION_2 = ""  # what /proc/self/cgroup has in a controller's place for the second version


def available_cores() -> int:
    """Processors that this process may use: of the machine, its affinity and its container."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, group_cores() or cores)


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
    left = group_memory_left()
    if left is not None:
        available = min(available, left)
    return max(min([available, *_limits_left(psutil.Process().memory_info())]), 0)


def group_memory_left(root: Path = ROOT) -> int | None:
    """Bytes that the control groups leave; None without a limit.

    `root` is where the system begins.
    """
    return min(_memory_left(_groups("memory", root)), default=None)


def group_cores(root: Path = ROOT) -> int | None:
    """Cores that the control groups' quotas of time come to; None without one.

    A part of a core counts as one: with a thread more the quota is used up, with one less it is
    not. The system stops all of them once it is.
    """
    return min(_cores(_groups("cpu", root)), default=None)


def _limits_left(used: Any) -> list[int]:
    """Return what each limit leaves beside what this process uses, as psutil has it."""
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


def _memory_left(groups: Iterable[Path]) -> Iterator[int]:
    """Give what each limit on the memory of these groups leaves.

    The kernel drops its copies of files before it ends a process, "active" ones too, so both are
    as good as free. Its own estimate for a whole machine, MemAvailable (in its documentation,
    filesystems/proc.rst), counts both, and the slabs that it can give up. Files that are mapped
    are programs at work: they would be read again at once, so they are not free. Above
    `memory.high` a process is slowed down until it stands still, so that is a limit, too.
    """
    for group in groups:
        statistics = _statistics(group / "memory.stat")
        files = statistics.get("active_file", 0) + statistics.get("inactive_file", 0)
        mapped = statistics.get("file_mapped", statistics.get("mapped_file", 0))
        free = max(files - mapped, 0) + statistics.get("slab_reclaimable", 0)
        used = _number(group / "memory.current") or _number(group / "memory.usage_in_bytes") or 0
        for limit in (
            _number(group / "memory.max"),
            _number(group / "memory.high"),
            _number(group / "memory.limit_in_bytes"),
            # of the groups above, which a container cannot see
            statistics.get("hierarchical_memory_limit"),
        ):
            if limit is not None:
                yield limit - max(used - free, 0)


def _cores(groups: Iterable[Path]) -> Iterator[int]:
    for group in groups:
        texts = _text(group / "cpu.max").split() or (
            _text(group / "cpu.cfs_quota_us"),
            _text(group / "cpu.cfs_period_us"),
        )
        quota, period = map(_as_number, [*texts, "", ""][:2])
        if quota is not None and period is not None and quota > 0 and period > 0:
            yield -(-quota // period)


def _groups(controller: str, root: Path) -> list[Path]:
    """The folders of the groups that this process is in, and of all above that can be seen.

    Where only other groups can be seen, those: a container that hides its own name.
    """
    of_process = _groups_of_process(_text(root / "proc/self/cgroup"))
    within, others = [], []
    mounts = _mounts(_text(root / "proc/self/mountinfo"))
    for seen_at, (top, controllers) in mounts.items():
        point = root.joinpath(*seen_at.parts[1:])
        for name in {controller, VERSION_2}.intersection(controllers, of_process):
            others.append(point)
            within += [point.joinpath(*below) for below in _below(of_process[name], top)]
    return within or others


def _below(group: PurePosixPath, top: PurePosixPath) -> list[tuple[str, ...]]:
    """Return the ways from `top` to the group and to all between, none where it is not below."""
    above = set(top.parts[1:]) == {".."}  # of the namespace that this process is in
    parts = group.relative_to(top).parts if group.is_relative_to(top) else ("..",)
    if ".." in parts:
        return [()] if above else []
    return [parts[:depth] for depth in range(len(parts) + 1)]


def _groups_of_process(text: str) -> dict[str, PurePosixPath]:
    """Return each controller's group from the lines of /proc/self/cgroup: `4:cpu,cpuacct:/a/b`."""
    found = {}
    for line in text.split("\n"):
        fields = line.split(":", 2)
        if len(fields) == 3 and fields[2].startswith("/"):
            for controller in fields[1].split(","):
                found[controller] = PurePosixPath(fields[2])
    return found


def _mounts(text: str) -> dict[PurePosixPath, tuple[PurePosixPath, list[str]]]:
    """The hierarchies that /proc/self/mountinfo has, by the place where each is seen.

    Each has the group that it is seen from on, and its controllers. Of several in one place the
    last is seen.
    """
    seen: dict[PurePosixPath, tuple[PurePosixPath, list[str]]] = {}
    for line in text.split("\n"):
        of_mount, _, of_file_system = line.partition(" - ")
        paths = [PurePosixPath(_unescaped(path)) for path in of_mount.split(" ")[3:5]]
        kind, _, options = of_file_system.partition(" ")
        if len(paths) == 2:
            controllers: list[str] = []
            if kind == "cgroup2":
                controllers = [VERSION_2]
            elif kind == "cgroup":
                controllers = options.rpartition(" ")[2].split(",")
            seen[paths[1]] = (paths[0], controllers)
    return seen


def _unescaped(field: str) -> str:
    """Return a path of mountinfo, which writes a space as a backslash and 040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _statistics(path: Path) -> dict[str, int]:
    """Return the numbers of a memory.stat; a `total_` one, with all groups below, goes first."""
    found = {}
    for line in _text(path).split("\n"):
        name, _, figure = line.partition(" ")
        number = _as_number(figure)
        if number is not None:
            found[name] = number
    prefix = "total_"
    totals = {name[len(prefix) :]: found[name] for name in found if name.startswith(prefix)}
    return found | totals


def _number(path: Path) -> int | None:
    return _as_number(_text(path))


def _as_number(text: str) -> int | None:
    """Return the number; None for `max`, which is no limit, and for what cannot be read."""
    try:
        return int(text)
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""


@contextmanager
def variables(wanted: Mapping[str, str | None], *others: str) -> Iterator[None]:
    """Set these variables, and leave them as they were; None is one that is not set.

    The `others` are left as they were, too, whatever becomes of them meanwhile.
    """
    former = {name: os.environ.get(name) for name in (*wanted, *others)}
    _set_variables(wanted)
    try:
        yield
    finally:
        _set_variables(former)


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
