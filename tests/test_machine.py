"""What a process may use: of its machine, its control groups, its limits.

The files of Linux's control groups are written below a folder of the test's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from weightinit_cli import machine
from weightinit_cli.machine import (
    available_bytes,
    available_cores,
    group_cores,
    group_memory_left,
)

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
NO_LIMIT_V1 = 9223372036854771712

V2 = "35 24 0:30 {top} {point} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
V1 = "36 31 0:32 {top} {point} rw,relatime - cgroup cgroup rw,{controllers}"
# What stands beside them on every machine.
OTHERS = """\
22 28 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
31 22 0:28 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
"""


def v2(top: str = "/", point: str = "/sys/fs/cgroup") -> str:
    return V2.format(top=top, point=point)


def v1(controllers: str, top: str = "/", point: str | None = None) -> str:
    point = point or f"/sys/fs/cgroup/{controllers}"
    return V1.format(top=top, point=point, controllers=controllers)


@pytest.fixture
def system(tmp_path: Path):
    """Writes what /proc says of the process, and files; returns where the system begins."""

    def write(groups: str, *mounts: str, files: dict[str, object]) -> Path:
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(groups + "\n")
        (tmp_path / "proc/self/mountinfo").write_text(OTHERS + "\n".join(mounts) + "\n")
        for name, content in files.items():
            path = tmp_path / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")
        return tmp_path

    return write


def memory_v2(folder: str, limit: object, used: int, statistics: str = "", **more: object):
    """The files of one group."""
    return {
        f"{folder}memory.max": limit,
        f"{folder}memory.current": used,
        f"{folder}memory.stat": statistics,
        **{f"{folder}memory.{name}": figure for name, figure in more.items()},
    }


def memory_v1(folder: str, limit: int, used: int, statistics: str = ""):
    return {
        f"memory/{folder}memory.limit_in_bytes": limit,
        f"memory/{folder}memory.usage_in_bytes": used,
        f"memory/{folder}memory.stat": statistics,
    }


def test_docker_of_version_2(system):
    """A container sees its own group as the root, at the usual place."""
    root = system("0::/", v2(), files=memory_v2("", 2 * GIB, GIB // 2))
    assert group_memory_left(root) == 1.5 * GIB


def test_docker_of_version_1(system):
    """/proc names the group of the machine's tree, of which only this part is mounted."""
    root = system(
        "9:memory:/docker/0af3\n4:cpu,cpuacct:/docker/0af3",
        v1("memory", "/docker/0af3"),
        v1("cpu,cpuacct", "/docker/0af3"),
        files={
            **memory_v1("", 3 * GIB, GIB),
            "cpu,cpuacct/cpu.cfs_quota_us": 250_000,
            "cpu,cpuacct/cpu.cfs_period_us": 100_000,
        },
    )
    assert group_memory_left(root) == 2 * GIB
    assert group_cores(root) == 3


@pytest.mark.parametrize("tightest", ["", "system.slice/", "system.slice/job.service/"])
def test_of_nested_groups_the_tightest_counts(system, tightest):
    """As under `systemd-run -p MemoryMax=`: the limit may stand at any level."""
    levels = ("system.slice/", "system.slice/job.service/")
    files: dict[str, object] = {}
    for level in levels:
        files |= memory_v2(level, "max", GIB, high="max")
    files |= memory_v2(tightest, 5 * GIB, 2 * GIB) | {f"{tightest}cpu.max": "150000 100000"}
    root = system("0::/system.slice/job.service", v2(), files=files)
    assert group_memory_left(root) == 3 * GIB
    assert group_cores(root) == 2


def test_slurm_of_version_1(system):
    """The job has the limit, the step and the task below it have none of their own."""
    job = "slurm/uid_1000/job_42/"
    root = system(
        f"10:cpuset:/{job}step_0\n8:memory:/{job}step_0/task_0\n1:name=systemd:/system.slice",
        v1("memory"),
        v1("cpuset"),
        files={
            **memory_v1(job, 8 * GIB, 3 * GIB),
            **memory_v1(f"{job}step_0/", NO_LIMIT_V1, 2 * GIB),
            **memory_v1(f"{job}step_0/task_0/", NO_LIMIT_V1, GIB),
        },
    )
    assert group_memory_left(root) == 5 * GIB
    assert group_cores(root) is None


def test_a_group_that_is_mounted_over_the_tree(system):
    """Of two mounts in one place the later is seen: the first one's folders are not there."""
    root = system(
        "4:memory:/mine",
        v1("memory"),
        v1("memory", "/mine"),
        files=memory_v1("", 2 * GIB, GIB) | memory_v1("mine/", 1, 1),
    )
    assert group_memory_left(root) == GIB


def test_both_versions_on_one_machine(system):
    """Hybrid: the second version is mounted without controllers."""
    root = system(
        "4:memory:/a\n1:name=systemd:/b\n0::/b",
        v1("memory"),
        v1("name=systemd", point="/sys/fs/cgroup/systemd"),
        v2(point="/sys/fs/cgroup/unified"),
        files=memory_v1("a/", 4 * GIB, GIB) | {"unified/b/cgroup.procs": 1},
    )
    assert group_memory_left(root) == 3 * GIB


@pytest.mark.parametrize(
    ("group", "top"),
    [("/../other", "/"), ("/", "/.."), ("/a", "/../.."), ("/host/x", "/docker/x")],
)
def test_a_group_that_cannot_be_seen(system, group, top):
    """In a namespace of its own: what is mounted counts."""
    root = system(f"0::{group}", v2(top), files=memory_v2("", 2 * GIB, GIB))
    assert group_memory_left(root) == GIB


def test_another_groups_mount_does_not_count(system):
    """As a monitor mounts the groups that it watches."""
    root = system(
        "0::/mine",
        v2(),
        v2("/other", "/sys/fs/cgroup/watched"),
        files=memory_v2("mine/", 4 * GIB, GIB) | memory_v2("watched/", GIB, GIB),
    )
    assert group_memory_left(root) == 3 * GIB


@pytest.mark.skipif(sys.platform == "win32", reason="no such names")
def test_names_with_spaces_and_colons(system):
    point = "/sys/fs/cgroup/my groups"
    root = system(
        "0::/a b:c",
        v2(point=point.replace(" ", r"\040")),
        files=memory_v2("my groups/a b:c/", 2 * GIB, GIB),
    )
    assert group_memory_left(root) == GIB


def test_copies_of_files_are_free_in_version_1(system):
    """The totals count, which have all groups below as the usage has; of tmpfs nothing is free."""
    statistics = f"""\
cache {3 * GIB}
shmem {GIB}
mapped_file 4096
active_file 0
inactive_file 0
hierarchical_memory_limit {4 * GIB}
total_mapped_file {GIB // 4}
total_inactive_file {GIB // 2}
total_active_file {3 * GIB // 2}"""
    root = system("4:memory:/", v1("memory"), files=memory_v1("", 4 * GIB, 4 * GIB, statistics))
    assert group_memory_left(root) == 1.75 * GIB


def test_copies_of_files_are_free_in_version_2(system):
    statistics = f"""\
anon {GIB}
file {3 * GIB}
shmem {GIB}
file_mapped {GIB // 4}
active_file {3 * GIB // 2}
inactive_file {GIB // 2}
slab_reclaimable {GIB // 4}
slab_unreclaimable {GIB}"""
    root = system("0::/", v2(), files=memory_v2("", 4 * GIB, 4 * GIB, statistics))
    assert group_memory_left(root) == 2 * GIB


def test_no_more_is_free_than_the_limit(system):
    """The figures are read one after the other, and may not fit."""
    root = system(
        "0::/", v2(), files=memory_v2("", GIB, GIB, f"inactive_file {9 * GIB}\nfile_mapped 0")
    )
    assert group_memory_left(root) == GIB


def test_a_limit_above_what_the_container_sees(system):
    """Version 1 tells it, without its usage."""
    root = system(
        "4:memory:/docker/1",
        v1("memory", "/docker/1"),
        files=memory_v1("", NO_LIMIT_V1, GIB, f"hierarchical_memory_limit {3 * GIB}"),
    )
    assert group_memory_left(root) == 2 * GIB


def test_the_high_mark_is_a_limit(system):
    """Above it a process is not ended, but slowed down until it stands still."""
    root = system("0::/", v2(), files=memory_v2("", 8 * GIB, GIB, high=3 * GIB))
    assert group_memory_left(root) == 2 * GIB


def test_over_the_limit_nothing_is_left(system):
    root = system("0::/", v2(), files=memory_v2("", GIB, 2 * GIB))
    left = group_memory_left(root)
    assert left is not None
    assert left < 0


@pytest.mark.parametrize(
    ("quota", "period", "cores"),
    [
        (50_000, 100_000, 1),
        (100_000, 100_000, 1),
        (100_001, 100_000, 2),
        (1_000, 1_000_000, 1),
        (1_600_000, 100_000, 16),
        (-1, 100_000, None),
        (0, 100_000, None),
        (50_000, 0, None),
        ("max", 100_000, None),
        ("garbage", "garbage", None),
        ("", "", None),
    ],
)
def test_a_part_of_a_core_counts_as_one(system, quota, period, cores):
    root = system(
        "0::/new\n3:cpu:/old",
        v2(point="/sys/fs/cgroup/unified"),
        v1("cpu"),
        files={"unified/new/cpu.max": f"{quota} {period}"},
    )
    assert group_cores(root) == cores
    old = root / "sys/fs/cgroup/cpu/old"
    old.mkdir(parents=True)
    (root / "sys/fs/cgroup/unified/new/cpu.max").unlink()
    (old / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (old / "cpu.cfs_period_us").write_text(f"{period}\n")
    assert group_cores(root) == cores


@pytest.mark.parametrize(
    "files",
    [
        {"memory.max": "max", "memory.high": "max", "memory.current": 5, "cpu.max": "max 100000"},
        {"memory.max": "garbage", "memory.current": "-", "cpu.max": "1"},
        {"memory.max": "", "memory.stat": "a\n\nb c d\nactive_file x\n"},
        {},
    ],
    ids=["max", "garbage", "empty", "no files"],
)
def test_no_limit(system, files):
    root = system("0::/", v2(), files=files)
    assert group_memory_left(root) is None
    assert group_cores(root) is None


@pytest.mark.parametrize(
    ("groups", "mounts"),
    [
        ("", ""),
        ("0::", v2()),
        ("garbage\n::\n:::::\n4:memory", v2()),
        ("0::/", "garbage\n1 2 3\n - \n1 2 3 / /x rw - cgroup\n35 24 0:30 / /sys rw - cgroup2"),
        ("0::/\udcff", v2("/\udcff")),
    ],
)
def test_what_cannot_be_read_is_no_limit(tmp_path, groups, mounts):
    (tmp_path / "proc/self").mkdir(parents=True)
    for name, text in (("cgroup", groups), ("mountinfo", mounts)):
        (tmp_path / "proc/self" / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert group_memory_left(tmp_path) is None
    assert group_cores(tmp_path) is None


def test_another_system_has_none(tmp_path):
    assert group_memory_left(tmp_path) is None
    assert group_cores(tmp_path) is None


@pytest.mark.parametrize(("quota", "expected"), [(None, 6), (2, 2), (1, 1), (64, 6)])
def test_cores_are_those_of_affinity_and_quota(monkeypatch, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(6)), raising=False)
    monkeypatch.setattr(machine, "group_cores", lambda: quota)
    assert available_cores() == expected


@pytest.mark.parametrize(("counted", "expected"), [(4, 4), (None, 1)])
def test_cores_without_affinity(monkeypatch, counted, expected):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    monkeypatch.setattr(machine, "group_cores", lambda: None)
    assert available_cores() == expected


def test_available_is_what_this_machine_has_at_most():
    assert 0 < available_bytes() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("container", "limits", "expected"),
    [(None, [], 8), (3, [], 3), (None, [2], 2), (5, [7, 6], 5), (-1, [], 0), (9, [9], 8)],
)
def test_the_tightest_limit_counts(container, limits, expected, monkeypatch):
    class Free:
        available = 8 * GIB

    left = None if container is None else container * GIB
    monkeypatch.setattr(psutil, "virtual_memory", Free)
    monkeypatch.setattr(machine, "group_memory_left", lambda: left)
    monkeypatch.setattr(machine, "_limits_left", lambda used: [limit * GIB for limit in limits])
    assert available_bytes() == expected * GIB


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux counts of these limits")
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_counts(limit):
    code = (
        f"import resource as r; r.setrlimit(r.{limit}, (1 << 30, 1 << 30));"
        "from weightinit_cli.machine import available_bytes; print(available_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert 0 < int(done.stdout) < GIB


@pytest.mark.parametrize(
    ("left", "expected"), [(None, 64), (1 << 50, 64), (8 * GIB, 39), (GIB, 4), (1, 1), (-GIB, 1)]
)
def test_threads_are_as_many_as_addresses_last_for(left, expected, monkeypatch):
    """BLAS ends the process where it cannot have its buffer, and each thread has one."""
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    monkeypatch.setattr(machine, "available_cores", lambda: 64)
    monkeypatch.setattr(machine, "_limits", lambda: {} if left is None else {"vms": 0})
    monkeypatch.setattr(machine, "_limits_left", lambda used: [left])
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (8 << 20, resource.RLIM_INFINITY))
    assert machine.most_threads() == expected
