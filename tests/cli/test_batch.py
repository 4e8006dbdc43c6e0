"""`winit batch`: what is run, what is skipped, what is said, and what stands on disk after."""

from __future__ import annotations

import csv
import json
import math
import os
import random
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import load_result
from weightinit_cli.batch import (
    Counts,
    Executor,
    Ledger,
    Settings,
    make_plan,
    our_numpy,
    run_batch,
)
from weightinit_cli.cli.progress import BatchProgress, batch_words
from weightinit_cli.results.model import worst_severity
from weightinit_cli.spec import expand, former_folders, load_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
KILLS = 6
SWEEP = "sweep: {seed: [0, 1, 2]}\n"
QUICK = ("--no-plot", "-j", 1)


@pytest.fixture
def folder(spec: Callable) -> Path:
    """`specs`: two specs of one run, one of three in a folder below."""
    Path("specs/deep").mkdir(parents=True)
    spec("specs/b.yml", "seed: 5\n")
    spec("specs/a.yaml")
    spec("specs/deep/c.yaml", SWEEP)
    return Path("specs")


def contents(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def index(out: Path = Path("outputs")) -> list[dict]:
    runs: list[dict] = json.loads((out / "index.json").read_text())["runs"]
    return runs


def table(path: Path) -> list[dict]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# what is run and written


def test_a_folder(winit: Callable, folder: Path, files: Callable):
    run = winit("batch", folder, "-j", 2)
    assert (run.code, run.err) == (0, "")
    paths = [str(Path("outputs", name)) for name in ("summary.csv", "index.json")]
    assert run.out.splitlines() == ["5 runs: 5 done, 0 skipped, 0 failed", *paths]
    pictures = ["depth.png", "histogram.png", "stats.json"]
    assert files(Path("outputs")) == sorted(
        [
            *(f"{name}/{file}" for name in "ab" for file in pictures),
            *(f"c/seed={seed}/stats.json" for seed in range(3)),
            *("c/comparison.png", "c/runs.json", "c/summary.csv"),
            *("index.json", "summary.csv"),
        ]
    )
    assert [each["folder"] for each in index()] == ["a", "b", "c/seed=0", "c/seed=1", "c/seed=2"]
    assert {each["status"] for each in index()} == {"done"}
    for each in index():
        result = load_result(Path("outputs", each["folder"]))
        assert result.digest == each["digest"]
        assert [verdict.name for verdict in result.verdict] == each["verdict"]
        assert each["severity"] == worst_severity(result.verdict)


def test_the_same_as_histogram_and_whatever_runs_it(winit: Callable, folder: Path):
    assert winit("batch", folder, "-o", "two", "-j", 2, "-q").code == 0
    assert winit("batch", folder, "-o", "one", "-j", 1, "-q").code == 0
    two = contents(Path("two"))
    assert two == contents(Path("one"))
    assert winit("histogram", "-c", "specs/a.yaml", "-q").code == 0
    single = contents(Path("outputs/a"))
    assert single == {name: two[f"a/{name}"] for name in single}


def test_summary(winit: Callable, folder: Path):
    assert winit("batch", folder, *QUICK).code == 0
    rows = table(Path("outputs/summary.csv"))
    assert [(row["name"], row["run"], row["layer"]) for row in rows] == [
        (*run, layer)
        for run in [("a", ""), ("b", ""), *(("c", f"seed={seed}") for seed in range(3))]
        for layer in "12"
    ]
    assert [row["seed"] for row in rows[::2]] == ["0", "5", "0", "1", "2"]
    assert float(rows[2]["std"]) == load_result("outputs/b").layers[0].std
    own = table(Path("outputs/c/summary.csv"))
    assert own == [{key: row[key] for key in own[0]} for row in rows[4:]]


def test_the_summary_is_a_table(winit: Callable, folder: Path, spec: Callable):
    """As other programs read it: every row has every column, figures are numbers or missing."""
    spec("specs/hidden.yaml", "backward: false\n")
    assert winit("batch", folder, *QUICK).code == 0
    with Path("outputs/summary.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert (len(rows), len(set(header))) == (12, len(header))
    assert {len(row) for row in rows} == {len(header)}
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    for name in ("layer", "mean", "std", "gradient.signal_rms"):
        figures = [float(text) for text in columns[name] if text]
        assert len(figures) == (10 if name.startswith("gradient") else 12)
        assert all(map(math.isfinite, figures))


def test_options_for_every_spec(winit: Callable, folder: Path):
    run = winit("batch", folder, *QUICK, "--set", "width=9", "--exclude", "c.yaml", "--seed", 3)
    assert (run.code, run.err) == (0, f"{Path('specs/deep/c.yaml')}: excluded\n")
    for name in "ab":
        result = load_result(f"outputs/{name}")
        assert (result.spec["width"], result.spec["seed"]) == ([9, 9], 3)


def test_formats(winit: Callable, folder: Path, files: Callable):
    arguments = ("batch", folder, "-q", "-j", 1)
    assert winit(*arguments, "--format", "svg").code == 0
    assert files(Path("outputs/a")) == ["depth.svg", "histogram.svg", "stats.json"]
    before = Path("outputs/a/stats.json").stat().st_mtime_ns
    assert winit(*arguments).code == 0
    assert len(files(Path("outputs/a"))) == 5
    assert Path("outputs/a/stats.json").stat().st_mtime_ns > before


def test_json(winit: Callable, folder: Path):
    run = winit("batch", folder, *QUICK, "--json")
    assert (run.code, run.err) == (0, "")
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert [line["name"] for line in lines] == ["a", "b", "c", "c", "c"]
    assert winit("histogram", "-c", "specs/a.yaml", "--json").out == f"{run.out.splitlines()[0]}\n"
    assert winit("batch", folder, *QUICK, "--json").out == run.out


def test_files_and_bare_names_once(winit: Callable, folder: Path):
    run = winit("batch", folder, "specs/a.yaml", "relu_he", "--dry-run", "--json")
    assert [json.loads(line)["folder"] for line in run.out.splitlines()] == [
        "a", "b", "c/seed=0", "c/seed=1", "c/seed=2", "relu_he",
    ]  # fmt: skip


def test_dry_run(winit: Callable, folder: Path):
    before = winit("batch", folder, "--dry-run")
    assert (before.code, before.err) == (0, "")
    assert not Path("outputs").exists()
    assert winit("batch", "specs/deep", *QUICK, "-q").code == 0
    run = winit("batch", folder, *QUICK, "--dry-run")
    words = [line.split() for line in run.out.splitlines()]
    assert [" ".join(line[1:]) for line in words] == [
        "to run a", "to run b", "saved c/seed=0", "saved c/seed=1", "saved c/seed=2",
    ]  # fmt: skip
    assert [line.split()[0] for line in before.out.splitlines()] == [line[0] for line in words]
    assert all(entry["digest"].startswith(words[2 + k][0]) for k, entry in enumerate(index()))


# what is skipped


def test_resume(winit: Callable, folder: Path):
    assert winit("batch", folder, "-q", "-j", 1).code == 0
    whole = contents(Path("outputs"))
    Path("outputs/a/depth.png").unlink()
    Path("outputs/b/stats.json").write_bytes(whole["b/stats.json"][:999])
    Path("outputs/c/seed=1/stats.json").unlink()
    Path("outputs/c/seed=2/stats.json").write_bytes(whole["c/seed=0/stats.json"])
    run = winit("batch", folder, "-j", 1)
    assert run.out.splitlines()[0] == "5 runs: 4 done, 1 skipped, 0 failed"
    assert contents(Path("outputs")) == whole
    assert "5 skipped" in winit("batch", folder, "-j", 1).out
    assert "5 done" in winit("batch", folder, "-j", 1, "--force").out
    assert contents(Path("outputs")) == whole


def test_another_version_runs_again(winit: Callable, folder: Path):
    assert winit("batch", folder, *QUICK, "-q").code == 0
    stats = Path("outputs/a/stats.json")
    stats.write_text(stats.read_text().replace('"winit": "', '"winit": "0'))
    assert "1 done, 4 skipped" in winit("batch", folder, *QUICK).out


@pytest.mark.parametrize("ours", [True, False], ids=["then ours", "then the same"])
def test_another_numpy_is_another_result(folder: Path, ours: bool):
    """Told once, and not taken for ours when the batch goes on; by the same workers it is."""
    notes: list[str] = []

    class Elsewhere(Executor):
        numpy = frozenset({"0.1"})

        def run(self, function: Callable, jobs: Iterable) -> Iterator:
            for job, product in super().run(function, jobs):
                result = json.loads(product.files["stats.json"])
                result["environment"]["numpy"] = "0.1"
                files = {"stats.json": json.dumps(result).encode()}
                yield job, product._replace(numpy="0.1", files=files)

    def run(executor: Executor) -> Counts:
        plan = make_plan(["specs/a.yaml", "specs/b.yml"], load_spec)
        with Ledger(Path("o"), 2) as ledger:
            tally = BatchProgress(shown=False)
            tally.note = notes.append
            return run_batch(
                plan, executor, Settings(Path("o"), ()), ledger, tally.step, tally.note
            )

    assert run(Elsewhere()).done == 2
    (note,) = notes
    assert note.startswith(f"a worker has numpy 0.1, here is {our_numpy()}: ")
    again = run(Executor() if ours else Elsewhere())
    assert (again.done, again.skipped) == ((2, 0) if ours else (0, 2))
    assert notes == [note]


# what is wrong


def test_a_bad_spec_stops_nothing(winit: Callable, folder: Path, spec: Callable):
    """One that is no spec, one whose second run is none, one that theory has no number for."""
    bad, worse, hopeless = (
        Path("specs", name) for name in ("bad.yaml", "deep/worse.yaml", "hopeless.yaml")
    )
    bad.write_text("activation: sigmod\ninitializer: xavier_normal\n")
    spec(worse, "sweep: {initializer.gain: [1, -1]}\n")
    spec(hopeless, "sweep: {activation: [step, exponential], initializer: [critical]}\n")
    run = winit("batch", folder, *QUICK)
    said = "5 runs: 5 done, 0 skipped, 0 failed, 3 bad specs left out"
    assert (run.code, run.out.splitlines()[0]) == (2, said)
    lines = run.err.splitlines()
    starts = [f"{bad}:1:13: activation: ", f"{worse}:6:31: ", f"{hopeless}:6:"]
    assert len(lines) == 4
    assert all(any(line.startswith(start) for line in lines) for start in starts)


def test_specs_of_one_name(winit: Callable, folder: Path, spec: Callable):
    spec("specs/deep/other.yaml", "name: A\n")
    run = winit("batch", folder, *QUICK)
    assert run.code == 2
    a, other = Path("specs/a.yaml"), Path("specs/deep/other.yaml")
    said = "is also the name of"
    assert run.err.splitlines() == [
        f"{a}: name: 'a' {said} {other}; all would write to one folder",
        f"{other}:6:7: name: 'A' {said} {a}; all would write to one folder",
    ]
    assert run.out.startswith("4 runs: 4 done")


def test_results_under_former_names_are_found(winit: Callable, spec: Callable):
    """Where an earlier version has called the folder by a digest."""
    path = spec("many.yaml", "sweep: {width: [[4, 5], [5, 4]]}\n")
    path.write_text(path.read_text().replace("width: 12\n", ""))
    arguments = ("batch", "many.yaml", "--no-plot", "-j", 1)
    assert winit(*arguments).code == 0
    first, second = expand(load_spec("many.yaml"))
    (former,) = former_folders(first)
    Path("outputs", first.folder).rename(Path("outputs", former))
    assert "many/width=4-5" in winit(*arguments, "--dry-run").out
    run = winit(*arguments, "--json")
    assert (run.code, len(run.out.splitlines())) == (0, 2)
    assert not Path("outputs", first.folder).exists()
    index = json.loads(Path("outputs/index.json").read_text())
    assert [entry["folder"] for entry in index["runs"]] == [former, second.folder]


def test_too_many_runs(winit: Callable, folder: Path):
    run = winit("batch", folder, *QUICK, "--max-runs", 2)
    assert run.code == 2
    assert "describes 3 runs; at most 2 are taken" in run.err
    assert run.out.startswith("2 runs: 2 done")


@pytest.mark.parametrize("exclude", [[], ["--exclude", "*"]], ids=["empty", "excluded"])
def test_nothing_to_run(winit: Callable, folder: Path, exclude: list[str]):
    Path("none").mkdir()
    run = winit("batch", *(["specs"] if exclude else ["none"]), "-q", *exclude)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("specs: " if exclude else "none: a folder without *.yaml")


def test_a_missing_path_and_a_good_one(winit: Callable, folder: Path):
    run = winit("batch", "nowhere/", "specs/a.yaml", *QUICK)
    said = "1 run: 1 done, 0 skipped, 0 failed, 1 bad spec left out"
    assert (run.code, run.out.splitlines()[0]) == (2, said)
    assert run.err.startswith("nowhere/: ")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_fails(winit: Callable, folder: Path, spec: Callable, jobs: int):
    """It needs more memory than any machine has; told at the end, after the others are done."""
    Path("specs/huge.yaml").write_text(
        "samples: 10000000\nwidth: 9000000\nactivation: tanh\ninitializer: xavier_normal\n"
    )
    run = winit("batch", folder, "--no-plot", "-j", jobs)
    assert run.code == 1
    (line,) = run.err.splitlines()
    assert line.startswith(f"huge: {Path('specs/huge.yaml')}:")
    assert "of memory" in line
    assert run.out.startswith("6 runs: 5 done, 0 skipped, 1 failed")
    (failed,) = (each for each in index() if each["status"] == "failed")
    assert (failed["folder"], failed["errors"]) == ("huge", [line.removeprefix("huge: ")])
    assert len(table(Path("outputs/summary.csv"))) == 10


def test_a_run_that_cannot_be_written(winit: Callable, folder: Path):
    Path("outputs/a").mkdir(parents=True)
    Path("outputs/a/stats.json").mkdir()
    run = winit("batch", folder, *QUICK)
    assert run.code == 2
    assert run.err.startswith(f"a: {Path('outputs/a/stats.json')}: cannot be written")
    assert "4 done, 0 skipped, 1 failed" in run.out


def test_a_place_that_cannot_be_written(winit: Callable, folder: Path):
    Path("outputs").write_text("a file")
    run = winit("batch", folder, *QUICK)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("outputs: cannot be written: ")


def test_no_scheduler(winit: Callable, folder: Path):
    run = winit("batch", folder, "--scheduler", "tcp://127.0.0.1:1")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("--scheduler tcp://127.0.0.1:1: no scheduler answers there: ")
    assert not Path("outputs").exists()
    run = winit("batch", folder, "--scheduler", "tcp://127.0.0.1:1", "-j", 2)
    assert run.code == 2
    assert "--jobs" in run.err
    run = winit("batch", folder, "--wait", 1)
    assert (run.code, "--scheduler" in run.err) == (2, True)


# how it is told


def test_words():
    counts = Counts(1000, done=100, failed=2, skipped=30, began=10.0)
    said = "100/1,000 runs done, 2 failed, 30 skipped, 51 runs/s, 0:17 left"
    assert batch_words(counts, 12.0) == said
    assert batch_words(Counts(5, began=0.0), 1.0) == "0/5 runs done"
    assert batch_words(Counts(10**6, done=1, began=0.0), 1.0).endswith("1 run/s, 277:46:39 left")
    assert batch_words(Counts(1, began=0.0), 1.0) == "0/1 run done"


def test_progress_in_a_pipe(process: Callable, folder: Path):
    # A microsecond passes for a second.
    first = "import time\nclock = time.monotonic\ntime.monotonic = lambda: 1e6 * clock()\n"
    run = process("batch", folder, *QUICK, first=first)
    lines = run.err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"{n}/5 runs done" for n in range(1, 6)]
    assert "\r" not in run.err
    assert process("batch", folder, *QUICK, "--force", "-q", first=first).err == ""


# stopped in the middle


@posix
@pytest.mark.slow
def test_killed_at_random_moments(
    winit: Callable, command: Callable, environ: Callable, spec: Callable
):
    """kill -9, six times: every file is whole, no worker is left, and the rest follows."""
    spec("many.yaml", f"sweep: {{seed: {list(range(24))}}}\n")
    spec("one.yaml")
    arguments = ("batch", "many.yaml", "one.yaml", "-j", 2, "-q")
    began = time.monotonic()
    subprocess.run(command(*arguments, "-o", "whole"), env=environ(), check=True, timeout=60)
    lasts = time.monotonic() - began
    whole = contents(Path("whole"))
    chance = random.Random(22)  # noqa: S311
    for number in range(KILLS):
        again = ["--force"] if number % 2 else []
        with subprocess.Popen(
            command(*arguments, *again), env=environ(), stdout=subprocess.PIPE
        ) as process:
            try:
                process.wait(timeout=lasts * chance.uniform(0.3, 1.0))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate(timeout=60)  # ends when no worker holds the pipe
        left = {k: v for k, v in contents(Path("outputs")).items() if ".winit-tmp" not in k}
        assert left == {name: whole[name] for name in left}
    assert winit(*arguments).code == 0
    left = {k: v for k, v in contents(Path("outputs")).items() if ".winit-tmp" not in k}
    assert left == whole


@pytest.mark.slow
def test_two_batches_into_one_folder(
    command: Callable, environ: Callable, spec: Callable, winit: Callable
):
    spec("many.yaml", f"sweep: {{seed: {list(range(20))}}}\n")
    arguments = ("batch", "many.yaml", "-j", 1, "-q")
    both = [subprocess.Popen(command(*arguments, "--force"), env=environ()) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert winit(*arguments, "-o", "alone").code == 0
    assert contents(Path("outputs")) == contents(Path("alone"))
