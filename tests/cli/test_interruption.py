"""^C, kill -9 and a full disk: the whole former result or the whole new one, never a half."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.stopping import stop
from weightinit_cli import load_result

if TYPE_CHECKING:
    from collections.abc import Callable

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")
KILLS = 10

# Says when a run is under way, and goes on until it is stopped.
ENDLESS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from weightinit_cli.cli.progress import ProgressBar
def step(self, amount, steps=[]):
    steps.append(1)
    if len(steps) == 3:
        print("under way", file=sys.stderr, flush=True)
        while True:
            time.sleep(0.01)
ProgressBar.step = step
"""

# Writes one result over the other for as long as it lives.
WRITER = """
import sys
from pathlib import Path
from weightinit_cli.results import write_files
contents = [Path(name).read_bytes() for name in ("former.json", "new.json")]
print("under way", flush=True)
while True:
    for content in contents:
        write_files(Path("out"), "tiny", {"histogram.png": content, "stats.json": content})
"""


@posix
@pytest.mark.parametrize("threads", [1, 2])
def test_interrupted_run(
    winit: Callable,
    command: Callable,
    environ: Callable,
    spec: Callable,
    files: Callable,
    threads: int,
):
    spec()
    assert winit("histogram", "-c", "tiny.yaml").code == 0
    former = {name: Path("outputs", name).read_bytes() for name in files(Path("outputs"))}
    arguments = ("histogram", "-c", "tiny.yaml", "--seed", 1, "--threads", threads)
    found = stop(command(*arguments, first=ENDLESS), environ(), group=False)
    assert found == (130, b"", b"interrupted\n")
    assert {name: Path("outputs", name).read_bytes() for name in files(Path("outputs"))} == former


@posix
def test_interrupted_first_run_leaves_nothing(
    command: Callable, environ: Callable, spec: Callable, files: Callable
):
    spec()
    found = stop(
        command("histogram", "-c", "tiny.yaml", "--json", first=ENDLESS), environ(), group=False
    )
    assert found == (130, b"", b"interrupted\n")
    assert not Path("outputs").exists()


# Says when two processes do the runs of a check, and each has done some.
CHECKED = """
import sys
from weightinit_cli.guard import runs
def take(self, job, outcome, outcomes=[]):
    outcomes.append(outcome)
    if len(outcomes) == 30:
        print("under way", file=sys.stderr, flush=True)
runs._Schedule.take = take
"""


@posix
def test_interrupted_check(winit: Callable, command: Callable, environ: Callable, spec: Callable):
    """Its processes end with it: nobody holds the pipes any more."""
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    spec("tiny.yaml", "seed: 1\n")
    arguments = ("check", "tiny.yaml", "--against", "outputs", "--networks", 10_000, "-j", 2)
    found = stop(command(*arguments, first=CHECKED), environ(), group=False)
    assert found == (130, b"", b"interrupted\n")


@posix
@pytest.mark.parametrize("module", ["click", "weightinit_cli.cli.run", "yaml", "numpy"])
def test_interrupted_while_it_loads(
    process: Callable, spec: Callable, files: Callable, module: str
):
    """^C just when a module is imported: also then one line."""
    spec()
    first = f"""
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
"""
    run = process("histogram", "-c", "tiny.yaml", first=first)
    assert (run.code, run.out, run.err) == (130, "", "interrupted\n")
    assert not Path("outputs").exists() or files(Path("outputs")) == []


@posix
@pytest.mark.slow
def test_killed_while_it_writes(spec: Callable, winit: Callable, environ: Callable, here: Path):
    """Killed at random moments of writing over and over, by the same function as the command."""
    spec()
    for seed, name in ((0, "former.json"), (1, "new.json")):
        assert winit("histogram", "-c", "tiny.yaml", "--no-plot", "--seed", seed).code == 0
        Path("outputs/tiny/stats.json").rename(name)
    whole = {Path(name).read_bytes() for name in ("former.json", "new.json")}
    stats = Path("out/tiny/stats.json")
    stats.parent.mkdir(parents=True)
    stats.write_bytes(min(whole))
    chance = random.Random(20)  # noqa: S311
    seen = set()
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER], stdout=subprocess.PIPE, env=environ()
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"under way\n"
            time.sleep(chance.uniform(0, 0.02))  # the random moment, not a synchronization
            process.kill()
        content = stats.read_bytes()
        assert content in whole
        assert load_result(stats).name == "tiny"
        assert stats.with_name("histogram.png").read_bytes() in whole
        seen.add(content)
    assert seen <= whole


@posix
@pytest.mark.slow
def test_killed_run_leaves_a_whole_result(
    winit: Callable, command: Callable, environ: Callable, spec: Callable
):
    spec()
    arguments = ("histogram", "-c", "tiny.yaml", "--no-plot")
    began = time.monotonic()
    whole = set()
    for seed in (0, 1):
        subprocess.run(command(*arguments, "--seed", seed), env=environ(), check=True, timeout=60)
        whole.add(Path("outputs/tiny/stats.json").read_bytes())
    lasts = (time.monotonic() - began) / 2
    chance = random.Random(21)  # noqa: S311
    for number in range(KILLS):
        with subprocess.Popen(
            command(*arguments, "--seed", number % 2, "-q"), env=environ()
        ) as process:
            try:
                process.wait(timeout=lasts * chance.uniform(0.4, 1.1))
            except subprocess.TimeoutExpired:
                process.kill()
        content = Path("outputs/tiny/stats.json").read_bytes()
        assert content in whole
        json.loads(content)
    assert winit(*arguments, "-q").code == 0


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


@posix
@pytest.mark.parametrize("size", [0, 100, 3000])
def test_full_disk(process: Callable, winit: Callable, spec: Callable, files: Callable, size: int):
    """A disk that takes no more, by a limit on the size of files: above and below a picture's."""
    spec()
    first = LIMITED.format(size=size)
    run = process("histogram", "-c", "tiny.yaml", first=first)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(str(Path("outputs/tiny")))
    assert "cannot be written: " in line
    assert not Path("outputs").exists() or files(Path("outputs")) == []
    assert not Path("outputs/tiny").exists()

    assert winit("histogram", "-c", "tiny.yaml", "-q").code == 0
    former = {name: Path("outputs", name).read_bytes() for name in files(Path("outputs"))}
    run = process("histogram", "-c", "tiny.yaml", "--seed", 1, first=first)
    assert run.code == 2
    assert {name: Path("outputs", name).read_bytes() for name in files(Path("outputs"))} == former


@posix
def test_full_disk_for_the_other_commands(process: Callable, winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml").code == 0
    former = Path("outputs/tiny/histogram.png").read_bytes()
    run = process("plot", "outputs/tiny", first=LIMITED.format(size=100))
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert Path("outputs/tiny/histogram.png").read_bytes() == former
    run = process("new", "new.yaml", first=LIMITED.format(size=100))
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert run.err.startswith("new.yaml: ")
    assert sorted(path.name for path in Path().iterdir()) == ["outputs", "tiny.yaml"]
