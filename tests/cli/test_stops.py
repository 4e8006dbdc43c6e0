"""A batch that is stopped, or that the system gives less than it wants: told truly, in a line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.stopping import stop

if TYPE_CHECKING:
    from collections.abc import Callable

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the server is Linux's")

BATCH = ("batch", "many.yaml", "--no-plot")
STOPPED = b"interrupted: 2 of 5 runs done; the same command goes on from there\n"

# Waits when two runs are done.
SLOW = """
import sys
from weightinit_cli.cli.progress import BatchProgress
real = BatchProgress.step
def step(self, record, counts):
    real(self, record, counts)
    if counts.done == 2:
        print("under way", file=sys.stderr, flush=True)
        sys.stdin.readline()
BatchProgress.step = step
"""
# Waits when there is a server, which loads meanwhile.
EARLY = """
import sys
from weightinit_cli.batch import starting
real = starting._start_server
def start(*given):
    process = real(*given)
    print("under way", file=sys.stderr, flush=True)
    sys.stdin.readline()
    return process
starting._start_server = start
"""
HANGUP = """
import os, signal
from weightinit_cli.cli.progress import BatchProgress
signal.signal(signal.SIGHUP, signal.SIG_IGN)
BatchProgress.step = lambda *_: os.kill(os.getpid(), signal.SIGHUP)
"""
OPEN_FILES = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({0}, {0}))"


@pytest.fixture
def many(spec: Callable) -> Path:
    """A spec of five runs."""
    path: Path = spec("many.yaml", "sweep: {seed: [0, 1, 2, 3, 4]}\n")
    return path


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted(winit: Callable, command: Callable, environ: Callable, many: Path, jobs: int):
    """^C goes to the whole group, as from a terminal: one line, and what is done is kept."""
    line = command(*BATCH, "-j", jobs, first=SLOW)
    assert stop(line, environ()) == (130, b"", STOPPED)
    assert len(list(Path("outputs").rglob("stats.json"))) == 2
    assert not Path("outputs/summary.csv").exists()
    assert "3 done, 2 skipped" in winit(*BATCH, "-j", 1).out


@posix
def test_interrupted_where_all_is_run_again(command: Callable, environ: Callable, many: Path):
    """Not by the same command, which would begin anew."""
    said = STOPPED.replace(b" goes on", b" without --force goes on")
    assert stop(command(*BATCH, "-j", 1, "--force", first=SLOW), environ()) == (130, b"", said)


@linux
def test_interrupted_while_the_server_loads(command: Callable, environ: Callable, many: Path):
    line = command(*BATCH, "-j", 2, first=EARLY)
    assert stop(line, environ()) == (130, b"", b"interrupted\n")


@posix
@pytest.mark.parametrize(("name", "group"), [("SIGTERM", True), ("SIGHUP", False)])
def test_ended(
    command: Callable, environ: Callable, many: Path, files: Callable, name: str, group: bool
):
    """Told by the exit code; no worker and no temporary file is left."""
    place = Path("temporary").resolve()
    place.mkdir()
    line = command(*BATCH, "-j", 2, first=SLOW)
    by = getattr(signal, name)
    ended = stop(line, environ({"TMPDIR": str(place)}), by, group=group)
    assert ended == (128 + by, b"", STOPPED)
    assert list(place.iterdir()) == []
    assert {Path(file).name for file in files(Path("outputs"))} == {"runs.json", "stats.json"}


@posix
def test_what_is_ignored_stays_ignored(process: Callable, many: Path):
    """As after `nohup`."""
    run = process(*BATCH, "-j", 1, first=HANGUP)
    assert (run.code, run.err) == (0, "")


def test_temporary_files_in_a_place_with_a_long_name(process: Callable, many: Path):
    """A socket's name is short: none of ours has one."""
    place = Path("t" * 100).resolve()
    place.mkdir()
    run = process(*BATCH, "-j", 2, env={"TMPDIR": str(place)})
    assert (run.code, run.err) == (0, "")
    assert list(place.iterdir()) == []


@linux
@pytest.mark.parametrize(("limit", "jobs"), [(10, 2), (16, 8)])
def test_few_open_files(process: Callable, many: Path, limit: int, jobs: int):
    """Said truly, and all runs are done."""
    run = process(*BATCH, "-j", jobs, first=OPEN_FILES.format(limit))
    assert (run.code, run.out.splitlines()[0]) == (0, "5 runs: 5 done, 0 skipped, 0 failed")
    (line,) = run.err.splitlines()
    assert "could be started: too many open files; " in line


@linux
def test_few_open_files_quietly(process: Callable, many: Path):
    run = process(*BATCH, "-qj", 2, first=OPEN_FILES.format(10))
    assert (run.code, run.out, run.err) == (0, "", "")


@pytest.mark.parametrize("jobs", [0, 257, 5000])
def test_bounds_of_jobs(winit: Callable, many: Path, jobs: int):
    run = winit(*BATCH, "-j", jobs)
    assert (run.code, run.out) == (2, "")
    assert f"{jobs} is not in the range 1<=x<=256" in run.err


@posix
@pytest.mark.parametrize("line", [("batch", "relu_he", "-j", 2), ("histogram", "-c", "relu_he")])
def test_the_current_folder_is_gone(winit: Callable, here: Path, line: tuple):
    here.rmdir()
    run = winit(*line)
    said = "the current folder does not exist any more; change to one that does\n"
    assert (run.code, run.out, run.err) == (2, "", said)
    assert winit("list", "configs").code == 0
    assert winit(line[0], "--help").code == 0
