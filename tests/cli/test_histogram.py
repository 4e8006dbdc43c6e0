"""`winit histogram`: what it writes, what it prints where, and its options."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import load_result

if TYPE_CHECKING:
    from collections.abc import Callable

BAD = "activation: sigmod\ninitializer: xavier_normal\n"


def stats(folder: Path) -> dict:
    return json.loads((folder / "stats.json").read_text(encoding="utf-8"))


def test_writes_statistics_and_picture(winit: Callable, spec: Callable, files: Callable):
    spec()
    run = winit("histogram", "-c", "tiny.yaml")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == ["tiny/depth.png", "tiny/histogram.png", "tiny/stats.json"]
    assert Path("outputs/tiny/histogram.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_table_has_a_row_per_layer_then_the_paths(winit: Callable, spec: Callable):
    spec()
    lines = winit("histogram", "-c", "tiny.yaml").out.rstrip("\n").split("\n")
    title = "tiny: sigmoid, xavier_normal (gain 1), width 12, 60 samples, seed 0"
    assert lines[0] == title
    assert lines[1].split()[:3] == ["layer", "mean", "std"]
    result = load_result("outputs/tiny")
    heads = re.split(" {2,}", lines[1])
    for number, (line, layer) in enumerate(zip(lines[2:4], result.layers, strict=True), 1):
        cells = dict(zip(heads, line.split(maxsplit=len(heads) - 1), strict=True))
        assert cells["layer"] == str(number)
        assert float(cells["mean"]) == pytest.approx(layer.mean, rel=1e-3)
        assert float(cells["std"]) == pytest.approx(layer.std, rel=1e-3)
        assert (cells["sat. low"], cells["sat. high"]) == ("0.0%", "0.0%")
        assert cells["distinct"] == str(layer.distinct_units)
        assert float(cells["std (inputs)"]) == pytest.approx(layer.std_across_inputs, rel=1e-3)
    *said, histogram, depth, stats = lines[4:]
    names = ("histogram.png", "depth.png", "stats.json")
    assert [histogram, depth, stats] == [str(Path("outputs/tiny") / name) for name in names]
    roots = [verdict for verdict in result.verdict if verdict.because is None]
    advice = any(verdict.warns for verdict in roots)
    told = [line for line in said if not line.startswith(" ")]
    assert len(told) == len(roots) + advice
    assert all(root.name in line for root, line in zip(roots, told, strict=False))


def test_sparkline_has_a_bar_per_bin_and_any_count_shows(winit: Callable, spec: Callable):
    spec(more="histogram: {bins: 12, range: [0, 1]}\n")
    lines = winit("histogram", "-c", "tiny.yaml", "--no-plot").out.splitlines()
    start = lines[1].index("histogram")
    for line, layer in zip(lines[2:4], load_result("outputs/tiny").layers, strict=True):
        counts = layer.histogram.counts
        bars = line[start:].ljust(len(counts))
        assert len(bars) == len(counts)
        assert [bar != " " for bar in bars] == [count > 0 for count in counts]
        assert bars[counts.index(max(counts))] == "█"
        assert bars.count("█") < len(counts) / 2


def test_quiet_prints_nothing_and_writes_all(winit: Callable, spec: Callable, files: Callable):
    spec()
    run = winit("histogram", "-c", "tiny.yaml", "-q")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert files(Path("outputs")) == ["tiny/depth.png", "tiny/histogram.png", "tiny/stats.json"]


@pytest.mark.parametrize("more", [(), ("-q",)])
def test_json_is_one_line_per_run_and_no_table(winit: Callable, spec: Callable, more: tuple):
    spec("one.yaml")
    spec("two.yaml", "seed: 2\n")
    run = winit("histogram", "-c", "one.yaml", "-c", "two.yaml", "--json", "--no-plot", *more)
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["one", "two"]
    assert json.loads(lines[0]) == stats(Path("outputs/one"))
    assert json.loads(lines[1]) == stats(Path("outputs/two"))


def test_several_configs(winit: Callable, spec: Callable, files: Callable):
    spec("one.yaml")
    spec("two.yaml")
    run = winit("histogram", "-c", "one.yaml", "--config", "two.yaml", "--no-plot")
    assert run.code == 0
    assert files(Path("outputs")) == ["one/stats.json", "two/stats.json"]
    assert run.out.index("one: sigmoid") < run.out.index("two: sigmoid")


@pytest.mark.parametrize("order", [("bad.yaml", "good.yaml"), ("good.yaml", "bad.yaml")])
def test_the_good_one_is_done_beside_a_bad_one(
    winit: Callable, spec: Callable, files: Callable, order: tuple[str, str]
):
    spec("good.yaml")
    Path("bad.yaml").write_text(BAD)
    run = winit("histogram", "-c", order[0], "-c", order[1], "--no-plot")
    assert run.code == 2
    message = "activation: unknown activation 'sigmod'; did you mean 'sigmoid'?"
    assert run.err == f"bad.yaml:1:13: {message}\n"
    assert files(Path("outputs")) == ["good/stats.json"]
    assert run.out.startswith("good: ")


def test_every_bad_one_is_reported(winit: Callable):
    Path("one.yaml").write_text(BAD)
    Path("two.yaml").write_text(BAD + "layers: 0\n")
    run = winit("histogram", "-c", "one.yaml", "-c", "two.yaml", "-c", "three.yaml", "-q")
    assert run.code == 2
    assert run.out == ""
    lines = run.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "one.yaml",
        *["two.yaml"] * 2,
        "three.yaml",
    ]
    assert not Path("outputs").exists()


def test_equal_names_are_refused_before_any_work(winit: Callable, spec: Callable):
    spec("one.yaml", "name: same\n")
    spec("two.yaml", "name: SAME\n")
    run = winit("histogram", "-c", "one.yaml", "-c", "two.yaml")
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert "two.yaml:6:7: name: " in line
    assert "'same'" in line
    assert not Path("outputs").exists()


def test_equal_names_that_nobody_wrote(winit: Callable, spec: Callable):
    spec("tiny.yaml")
    Path("sub").mkdir()
    spec("sub/tiny.yaml")
    run = winit("histogram", "-c", "tiny.yaml", "-c", "sub/tiny.yaml")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("sub/tiny.yaml: name: another spec is named 'tiny' too")


@pytest.mark.parametrize("command", [("histogram", "-c"), ("validate",)])
def test_a_result_is_no_spec(winit: Callable, spec: Callable, command: tuple):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    run = winit(*command, "outputs/tiny/stats.json")
    message = "outputs/tiny/stats.json: this is a result; winit show prints it\n"
    assert (run.code, run.out, run.err) == (2, "", message)


@pytest.mark.parametrize("text", ['{"layers": 2}', "{", '["schema_version"]', "{" * 100_000])
def test_other_json_is_a_bad_spec(winit: Callable, text: str):
    Path("bad.json").write_text(text)
    run = winit("validate", "bad.json")
    assert (run.code, run.out) == (2, "")
    assert "result" not in run.err


@pytest.mark.parametrize("name", ["sigmoid_xavier", "sigmoid_xavier.yaml"])
def test_bare_name_of_a_shipped_config(winit: Callable, name: str):
    quick = ("--set", "samples=20", "--set", "width=5", "--no-plot")
    run = winit("histogram", "-c", name, *quick)
    assert (run.code, run.err) == (0, "")
    assert Path("outputs/sigmoid_xavier/stats.json").is_file()


def test_own_file_of_that_name_comes_first_with_a_note(winit: Callable, spec: Callable):
    spec("sigmoid_xavier.yaml")
    run = winit("histogram", "-c", "sigmoid_xavier.yaml", "--no-plot")
    assert run.code == 0
    (note,) = run.err.splitlines()
    assert note.startswith("sigmoid_xavier.yaml: ")
    assert "shipped" in note
    assert load_result("outputs/sigmoid_xavier").spec["samples"] == 60


def test_quiet_has_no_note(winit: Callable, spec: Callable):
    spec("sigmoid_xavier.yaml")
    run = winit("histogram", "-c", "sigmoid_xavier.yaml", "--no-plot", "-q")
    assert (run.code, run.out, run.err) == (0, "", "")


def test_a_path_is_never_looked_for_among_the_shipped(winit: Callable):
    run = winit("histogram", "-c", "./sigmoid_xavier.yaml", "--no-plot")
    assert run.code == 2
    assert run.err.startswith("./sigmoid_xavier.yaml: no such file")


def test_set_and_seed(winit: Callable, spec: Callable):
    spec()
    options = ("--set", "initializer.gain=2", "--set", "width=[3,4]", "--seed", 7)
    run = winit("histogram", "-c", "tiny.yaml", "--no-plot", *options)
    assert run.code == 0
    made = stats(Path("outputs/tiny"))["spec"]
    assert made["initializer"] == {"name": "xavier_normal", "gain": 2.0}
    assert (made["width"], made["seed"]) == ([3, 4], 7)


def test_seed_is_set_seed(winit: Callable, spec: Callable):
    spec()
    winit("histogram", "-c", "tiny.yaml", "--no-plot", "--seed", 7, "-o", "a")
    winit("histogram", "-c", "tiny.yaml", "--no-plot", "--set", "seed=7", "-o", "b")
    assert Path("a/tiny/stats.json").read_bytes() == Path("b/tiny/stats.json").read_bytes()


def test_set_applies_to_every_config(winit: Callable, spec: Callable):
    spec("one.yaml")
    spec("two.yaml")
    configs = ("-c", "one.yaml", "-c", "two.yaml")
    assert winit("histogram", *configs, "--no-plot", "--set", "samples=9").code == 0
    for name in ("one", "two"):
        assert stats(Path("outputs", name))["spec"]["samples"] == 9


@pytest.mark.parametrize(
    ("option", "place"),
    [
        (("--set", "layers=0"), "--set layers=0: layers: "),
        (("--set", "initializer.std=1"), "--set initializer.std=1: initializer.std: "),
        (("--set", "seed"), "--set seed: "),
        (("--set", "=1"), "--set =1: "),
        (("--seed", "1O"), "--seed 1O: must be a whole number"),
        (("--seed", "[1"), "--seed [1: "),
        (("--set", "layers=0", "--seed", "1"), "--set layers=0: layers: "),
    ],
)
def test_wrong_override(winit: Callable, spec: Callable, option: tuple, place: str):
    spec()
    run = winit("histogram", "-c", "tiny.yaml", *option)
    assert run.code == 2
    (line,) = run.err.splitlines()
    assert line.startswith(place)
    assert not Path("outputs").exists()


def test_several_formats(winit: Callable, spec: Callable):
    spec()
    formats = ("--format", "svg", "--format", "pdf", "--format", "svg")
    run = winit("histogram", "-c", "tiny.yaml", *formats)
    assert run.code == 0
    folder = Path("outputs/tiny")
    assert sorted(p.name for p in folder.iterdir()) == [
        "depth.pdf",
        "depth.svg",
        "histogram.pdf",
        "histogram.svg",
        "stats.json",
    ]
    assert b"<svg" in (folder / "histogram.svg").read_bytes()
    assert (folder / "histogram.pdf").read_bytes().startswith(b"%PDF-")
    assert [line for line in run.out.splitlines() if line.startswith("outputs")] == [
        str(folder / name)
        for name in ("histogram.svg", "histogram.pdf", "depth.svg", "depth.pdf", "stats.json")
    ]


def test_no_plot_writes_statistics_alone(winit: Callable, spec: Callable, files: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot", "--format", "svg").code == 0
    assert files(Path("outputs")) == ["tiny/stats.json"]


def test_output_folder_elsewhere_is_made(winit: Callable, spec: Callable, tmp_path: Path):
    spec()
    place = tmp_path / "else" / "where"
    run = winit("histogram", "-c", "tiny.yaml", "--no-plot", "-o", place)
    assert run.code == 0
    assert str(place / "tiny" / "stats.json") in run.out
    assert not Path("outputs").exists()


def test_runs_again_over_a_former_result(winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml").code == 0
    former = Path("outputs/tiny/stats.json").read_bytes()
    picture = Path("outputs/tiny/histogram.png").read_bytes()
    assert winit("histogram", "-c", "tiny.yaml").code == 0
    assert Path("outputs/tiny/stats.json").read_bytes() == former
    assert Path("outputs/tiny/histogram.png").read_bytes() == picture
    assert winit("histogram", "-c", "tiny.yaml", "--seed", 1).code == 0
    assert stats(Path("outputs/tiny"))["spec"]["seed"] == 1
    assert Path("outputs/tiny/histogram.png").read_bytes() != picture


def test_threads_do_not_change_the_figures(winit: Callable, spec: Callable):
    spec(more="dtype: float64\n")
    for threads in (1, 3):
        run = winit(
            "histogram", "-c", "tiny.yaml", "--no-plot", "--threads", threads, "-o", threads
        )
        assert run.code == 0
    assert Path("1/tiny/stats.json").read_bytes() == Path("3/tiny/stats.json").read_bytes()


def test_overflow_is_a_result(winit: Callable, spec: Callable):
    Path("over.yaml").write_text(
        "activation: relu\ninitializer: {name: normal, std: 100}\n"
        "samples: 20\nwidth: 20\nlayers: 40\n"
    )
    run = winit("histogram", "-c", "over.yaml")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert "  finite  " in lines[1]
    assert "all" in lines[2].split()
    assert lines[41].endswith("  of 0")
    assert load_result("outputs/over").layers[-1].nonfinite == 400


def test_table_without_overflow_has_no_column_for_it(winit: Callable, spec: Callable):
    spec()
    assert "finite" not in winit("histogram", "-c", "tiny.yaml", "--no-plot").out


def test_zero_weights(winit: Callable, spec: Callable):
    spec(more="")
    run = winit("histogram", "-c", "tiny.yaml", "--set", "initializer=zeros")
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[2].split()[:6] == ["1", "0.5", "0", "0.0%", "0.0%", "1"]


def test_many_layers(winit: Callable, spec: Callable):
    spec()
    run = winit("histogram", "-c", "tiny.yaml", "--set", "layers=40")
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[41].split()[0] == "40"


def test_name_of_the_folder_comes_from_the_spec(winit: Callable, spec: Callable):
    spec("my run.yaml")
    spec("x.yaml", "name: other\n")
    assert winit("histogram", "-c", "my run.yaml", "-c", "x.yaml", "--no-plot").code == 0
    assert sorted(path.name for path in Path("outputs").iterdir()) == ["my-run", "other"]


@pytest.mark.parametrize("name", ["../evil", "a/b", "/evil", ".", "..", ".hidden"])
def test_name_cannot_leave_the_output_folder(winit: Callable, spec: Callable, name: str):
    spec(more=f"name: {json.dumps(name)}\n")
    run = winit("histogram", "-c", "tiny.yaml", "-o", "in/out", "--no-plot")
    assert run.code == 2
    assert run.err.startswith("tiny.yaml:6:7: name: ")
    assert not Path("in").exists()


def test_a_picture_of_another_run_does_not_stay(winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--format", "png", "--format", "svg").code == 0
    folder = Path("outputs/tiny")
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    pictures = {f"{name}.{form}" for name in ("histogram", "depth") for form in ("png", "svg")}
    assert {path.name for path in folder.iterdir()} == {*pictures, "stats.json"}
    assert winit("histogram", "-c", "tiny.yaml", "--seed", "1", "--format", "svg").code == 0
    assert {path.name for path in folder.iterdir()} == {
        "depth.svg",
        "histogram.svg",
        "stats.json",
    }
    assert winit("histogram", "-c", "tiny.yaml", "--seed", "2", "--no-plot").code == 0
    assert {path.name for path in folder.iterdir()} == {"stats.json"}
