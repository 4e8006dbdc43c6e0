"""`winit histogram` on a spec of several runs: each one's statistics, one picture, one table."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import load_result
from weightinit_cli.spec import expand, load_spec

if TYPE_CHECKING:
    from collections.abc import Callable

VARIANTS = "variants:\n  std = 10: {initializer: {name: normal, std: 10}}\n  Xavier: {}\n"
SWEEP = "sweep:\n  width: [4, 6]\n  seed: [1, 2]\n"


@pytest.fixture
def many(tmp_path: Path) -> Callable[[str], None]:
    """Write many.yaml with this at its end."""

    def write(more: str) -> None:
        text = "activation: sigmoid\ninitializer: xavier_normal\nsamples: 20\nwidth: 5\nlayers: 3\n"
        Path("many.yaml").write_text(text + more, encoding="utf-8")

    return write


def test_every_run_has_its_folder_and_all_have_a_picture(
    winit: Callable, many: Callable, files: Callable
):
    many(VARIANTS)
    run = winit("histogram", "-c", "many.yaml")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == [
        "many/Xavier/stats.json",
        "many/comparison.png",
        "many/runs.json",
        "many/std-10/stats.json",
        "many/summary.csv",
    ]
    lines = run.out.splitlines()
    assert lines[0] == "many: 2 runs"
    assert lines[2].startswith("std = 10 ")
    assert "saturated" in lines[2]
    assert lines[-1] == str(Path("outputs/many/summary.csv"))


def test_the_table_is_tidy(winit: Callable, many: Callable):
    many(VARIANTS + SWEEP)
    assert winit("histogram", "-q", "-c", "many.yaml", "--no-plot").code == 0
    with Path("outputs/many/summary.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 2 * 2 * 2 * 3
    assert len({row["run"] for row in table}) == 8
    folders = {run.label: run.folder for run in expand(load_spec("many.yaml"))}
    assert "std = 10,width=4,seed=1" in folders
    for row in table:
        result = load_result(Path("outputs") / folders[row["run"]])
        layer = result.layers[int(row["layer"]) - 1]
        assert float(row["std"]) == layer.std
        assert float(row["saturation.low"]) == layer.saturation.low
        ratio = layer.gradient.ratio
        assert row["gradient.ratio"] == ("" if ratio is None else repr(ratio))
        assert row["digest"] == result.digest
        assert (row["activation"], row["initializer"]) == (
            "sigmoid",
            result.spec["initializer"]["name"],
        )
        assert row["initializer.std"] == ("10.0" if row["initializer"] == "normal" else "")
        assert int(row["fan_out"]) == result.spec["width"][0]
        assert int(row["seed"]) == result.spec["seed"]


@pytest.mark.parametrize(("std", "layers"), [(1e-3, 3), (1e-30, 12)])
def test_the_gradient_s_ratio_is_known_where_its_size_underflows(
    winit: Callable, std: float, layers: int
):
    """Near 0 the sigmoid's slope is 1/4, so that its power falls by width std² / 16."""
    text = "activation: sigmoid\ninitializer: {name: normal, std: 1}\nsamples: 20\n"
    text += f"layers: {layers}\nwidth: 100\nsweep: {{initializer.std: [{std:e}]}}\n"
    Path("many.yaml").write_text(text, encoding="utf-8")
    run = winit("histogram", "-c", "many.yaml", "--no-plot")
    head, line = run.out.splitlines()[1:3]
    shown = float(re.split("  +", line)[re.split("  +", head).index("grad. ratio")])
    assert shown == pytest.approx(100 * std**2 / 16, rel=0.15, abs=0)


def test_the_loss_at_the_start_stands_beside_each_run_where_all_have_an_output_layer(
    winit: Callable, many: Callable
):
    many("output: {classes: 4}\nvariants:\n  small: {output.initializer: zeros}\n  as it is: {}\n")
    run = winit("histogram", "-c", "many.yaml", "--no-plot")
    assert (run.code, run.err) == (0, "")
    heads, small, _ = run.out.splitlines()[1:4]
    assert "loss at start" in heads
    assert re.split("  +", small)[4] == "1.386"  # ln 4
    assert winit("show", "outputs/many").out.splitlines()[:4] == run.out.splitlines()[:4]


def test_no_loss_where_a_run_has_no_output_layer(winit: Callable, many: Callable):
    many("variants:\n  with: {output.classes: 4}\n  without: {}\n")
    run = winit("histogram", "-c", "many.yaml", "--no-plot")
    assert (run.code, run.err) == (0, "")
    assert "loss" not in run.out
    assert winit("show", "outputs/many").out.splitlines() == run.out.splitlines()[:-1]


def test_json_has_a_line_per_run(winit: Callable, many: Callable):
    many(SWEEP)
    run = winit("histogram", "-c", "many.yaml", "--no-plot", "--json")
    results = [json.loads(line) for line in run.out.splitlines()]
    assert [(r["spec"]["width"][0], r["spec"]["seed"]) for r in results] == [
        (4, 1),
        (4, 2),
        (6, 1),
        (6, 2),
    ]


def test_a_run_is_the_same_alone(winit: Callable, many: Callable):
    many(SWEEP)
    assert winit("histogram", "-q", "-c", "many.yaml", "--no-plot").code == 0
    many("")
    sets = ("--set", "width=6", "--seed", "2", "-o", "alone")
    assert winit("histogram", "-q", "-c", "many.yaml", "--no-plot", *sets).code == 0
    among = load_result("outputs/many/width=6,seed=2")
    alone = load_result("alone/many")
    assert (among.layers, among.digest) == (alone.layers, alone.digest)


@pytest.mark.parametrize("more", [SWEEP, VARIANTS, "sweep: {width: [3, 4]}\n"])
def test_comparison_in_other_formats(winit: Callable, many: Callable, more: str):
    many(more)
    assert winit("histogram", "-q", "-c", "many.yaml", "--format", "svg").code == 0
    assert b"<svg" in Path("outputs/many/comparison.svg").read_bytes()


@pytest.mark.parametrize("option", ["--format=png", "--no-plot"])
@pytest.mark.parametrize("command", [("histogram", "-q", "-c"), ("batch", "-q", "-j", "1")])
def test_comparison_of_other_runs_goes(
    winit: Callable, many: Callable, command: tuple[str, ...], option: str
):
    """Whatever its format; one of the same runs stays."""
    many("sweep: {width: [3, 4]}\n")
    picture, folder = Path("outputs/many/comparison.svg"), Path("outputs/many/comparison.pdf")
    folder.mkdir(parents=True)
    for seed, stays in ((1, True), (2, False)):
        assert winit(*command, "many.yaml", "--seed", 1, "--format", "svg").code == 0
        assert winit(*command, "many.yaml", "--seed", seed, option).code == 0
        assert (picture.is_file(), folder.is_dir()) == (stays, True)


def test_validate_counts_the_runs(winit: Callable, many: Callable):
    many(VARIANTS + SWEEP)
    run = winit("validate", "many.yaml")
    assert (run.code, run.out) == (0, "many.yaml: ok, 8 runs\n")


def test_a_bad_run_is_told_before_any_runs(winit: Callable, many: Callable):
    many("sweep: {width: [4, 0]}\n")
    run = winit("histogram", "-c", "many.yaml")
    assert run.code == 2
    assert run.err == "many.yaml:6:20: width: must be a whole number >= 1, not 0\n"
    assert not Path("outputs").exists()


def test_setting_what_is_swept_is_refused(winit: Callable, many: Callable):
    many(SWEEP)
    run = winit("histogram", "-c", "many.yaml", "--seed", "3")
    assert run.code == 2
    assert run.err.startswith("--seed 3: ")
    assert "varies seed" in run.err


IMPOSSIBLE = """\
activation: relu
initializer: critical
samples: 20
width: 5
layers: 2
sweep:
  activation: [tanh, {name: gelu, approximate: none}, swish]
  initializer: [critical, he_normal]
"""


def test_a_sweep_with_impossible_runs_does_the_others(winit: Callable):
    """No critical initialization exists for gelu and swish without biases."""
    Path("some.yaml").write_text(IMPOSSIBLE)
    wrong = [f"some/activation={name},initializer=critical: " for name in ("gelu-none", "swish")]
    runs = {}
    for arguments in (
        ("validate", "some.yaml"),
        ("histogram", "-c", "some.yaml", "-o", "a", "--format", "svg"),
        ("batch", "some.yaml", "-o", "b", "-j", 1, "--no-plot"),
        ("batch", "some.yaml", "-o", "b", "--dry-run"),
    ):
        runs[arguments[0]] = run = winit(*arguments)
        assert run.code == 1
        starts = [line[: line.index(": ") + 2] for line in run.err.splitlines()]
        assert starts == wrong
        assert run.err.count("some.yaml:8:17: initializer: ") == 2
    assert [line.split()[1] for line in runs["batch"].out.splitlines()] == [
        *("saved", "saved", "fails", "saved", "fails", "saved"),
    ]
    assert len(list(Path("a").rglob("stats.json"))) == len(list(Path("b").rglob("stats.json"))) == 4
    assert Path("a/some/comparison.svg").is_file()
    check = winit("check", "some.yaml", "--against", "a")
    assert check.code == 1
    assert check.out.count("  cannot be run: some.yaml:8:17: initializer: ") == 2
    assert "no saved result" not in check.out


def test_a_sweep_of_impossible_runs_alone_is_a_bad_spec(winit: Callable):
    Path("none.yaml").write_text(IMPOSSIBLE.replace("tanh, ", "").replace(", he_normal", ""))
    for arguments in (
        ("validate", "none.yaml"),
        ("histogram", "-c", "none.yaml"),
        ("batch", "none.yaml", "-j", 1),
    ):
        run = winit(*arguments)
        assert (run.code, run.out) == (2, "")
        assert [line.split(": ")[2].split()[0] for line in run.err.splitlines()] == ["gelu", "silu"]
