"""`winit check`: what it finds, what it says, and how it exits."""

from __future__ import annotations

import json
import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.trees import edit
from weightinit_cli import load_result, load_spec, run
from weightinit_cli.results import SCHEMA_VERSION, dump_result, write_files
from weightinit_cli.spec import former_folders

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).parent.parent / "results"
posix = pytest.mark.skipif(os.name != "posix", reason="needs links, or names that are POSIX's")
OTHER_BLAS = [{"name": "openblas", "version": "0.3.1", "kernel": "Zen"}]


@pytest.fixture
def out(here: Path, spec: Callable, winit: Callable) -> Path:
    """Two saved results, `a` and `b`, from specs in `configs`."""
    (here / "configs").mkdir()
    configs = [spec("configs/a.yaml"), spec("configs/b.yaml", "seed: 5\n")]
    assert winit("histogram", "-q", "--no-plot", "-o", "out", "-c", configs[0], "-c", configs[1])
    return here / "out"


def off(tree: dict[str, Any]) -> None:
    tree["layers"][1]["std"] *= 1.01


def test_nothing_differs(out: Path, winit: Callable, monkeypatch: pytest.MonkeyPatch):
    done = winit("check", "out")
    assert (done.code, done.out, done.err) == (0, "exact: 2 runs, none differs\n", "")
    assert winit("check", "-q", "out") == (done.__class__)(0, "", "")
    assert winit("check", "configs", "--against", "out").code == 0
    assert winit("check", "configs/a.yaml", "--against", "out", "--exclude", "b").code == 0
    assert winit("check", "out/a", "out/b/stats.json").out == done.out
    (out.parent / "elsewhere").mkdir()
    monkeypatch.chdir(out.parent / "elsewhere")
    assert winit("check", "../out").out == done.out


def test_specs_without_against(out: Path, winit: Callable):
    done = winit("check", "configs")
    assert done.code == 2
    assert "configs: holds no results" in done.err
    assert "specs need --against, with the folder of their results" in done.err


def test_a_result_under_its_former_name_is_found(here: Path, spec: Callable, winit: Callable):
    """As an earlier version wrote it; a spec that has this name now comes first."""
    spec("重み.yaml")
    assert winit("histogram", "-q", "--no-plot", "-o", "out", "-c", "重み.yaml").code == 0
    (former,) = former_folders(load_spec("重み.yaml"))
    Path("out/重み").rename(Path("out", former))
    done = winit("check", "重み.yaml", "--against", "out")
    assert (done.code, done.out) == (0, "exact: 1 run, none differs\n")
    Path(f"{former}.yaml").write_text(Path("重み.yaml").read_text())
    done = winit("check", ".", "--against", "out")
    assert (done.code, done.out.splitlines()[:2]) == (1, ["重み: differs", "  no saved result"])


def test_a_drift(out: Path, winit: Callable):
    edit(out / "a", off)
    done = winit("check", "out")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith("a: exact: 1 of ")
    assert lines[1].startswith("  layer 2 std: ")
    assert lines[1].endswith("(0.0099 relative)")
    assert lines[2:] == [
        "exact: 2 runs, one differs",
        "to accept what differs: the same command with --update",
    ]


def test_at_most_five_and_a_count(out: Path, winit: Callable):
    def change(tree: dict[str, Any]) -> None:
        for layer in tree["layers"]:
            layer["quantiles"] = dict.fromkeys(layer["quantiles"], 0.5)

    edit(out / "a", change)
    done = winit("check", "out")
    assert done.out.count("  layer ") == 5
    assert "  and 9 others\n" in done.out


def test_update_exits_1_and_holds_afterwards(out: Path, winit: Callable, files: Callable):
    good = (out / "a" / "stats.json").read_bytes()
    edit(out / "a", off)
    before = files(out)
    assert winit("check", "out", "--update").code == 1
    assert (out / "a" / "stats.json").read_bytes() == good
    assert files(out) == before
    assert winit("check", "out", "--update").code == 0


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The name and seed of whatever is run."""
    from weightinit_cli import experiments

    found = []
    real = experiments.run

    def run(spec: Any, **options: Any) -> Any:
        found.append((spec.name, spec.seed))
        return real(spec, **options)

    monkeypatch.setattr(experiments, "run", run)
    return found


def test_update_writes_what_was_compared(out: Path, winit: Callable, ran: list):
    """A changed result is not run once more for it."""
    for folder in ("a", "b"):
        edit(out / folder, off)
    ran.clear()
    assert winit("check", "out", "--update").code == 1
    assert sorted(name for name, _ in ran) == ["a", "b"]
    assert winit("check", "out").code == 0


def test_another_machine(out: Path, winit: Callable):
    edit(out / "a", lambda tree: tree["environment"].update(blas=OTHER_BLAS))
    done = winit("check", "out")
    assert done.code == 0
    assert done.out == "exact: 1 run, none differs\nrounding: 1 run, none differs\n"
    edit(out / "a", off)
    done = winit("check", "out")
    assert done.code == 1
    assert "x its tolerance)" in done.out
    assert "since it has BLAS openblas 0.3.1 Zen, now " in done.out


def test_other_draws(out: Path, spec: Callable, winit: Callable):
    spec("configs/a.yaml", "seed: 8\n")
    done = winit("check", "configs", "--against", "out")
    assert done.code == 0
    assert "statistical: 1 run, none differs" in done.out
    edit(out / "a", lambda tree: tree["layers"][0]["weights"].update(std=0.1))
    done = winit("check", "configs", "--against", "out")
    assert done.code == 1
    assert "layer 1 weights.std: 0.1, expected 0.288675 (" in done.out


def test_update_under_other_draws_runs_each_network_once(
    out: Path, spec: Callable, winit: Callable, ran: list
):
    edit(out / "a", lambda tree: tree["layers"][1]["weights"].update(std=9.0))
    config = spec("configs/a.yaml", "seed: 8\n")
    ran.clear()
    command = ("check", config, "--against", "out", "--exclude", "b", "--update")
    assert winit(*command, "--networks", 11).code == 1
    assert len(ran) == len(set(ran)) == 11


def test_specs_without_results_and_results_without_specs(
    out: Path, spec: Callable, winit: Callable
):
    spec("configs/c.yaml")
    spec("configs/a.yaml", "saturation: 0.1\n")
    (out.parent / "configs" / "b.yaml").unlink()
    done = winit("check", "configs", "--against", "out")
    assert done.code == 1
    assert "the spec has changed since: saturation: 0.05, now 0.1" in done.out
    assert "b: differs\n  a saved result without a spec; remove it" in done.out
    assert "c: differs\n  no saved result\n" in done.out
    assert "not compared: 3 runs, 3 differ" in done.out
    assert winit("check", "configs", "--against", "out", "--update").code == 1
    assert load_result(out / "a").spec["saturation"] == 0.1
    assert (out / "c" / "stats.json").is_file()
    assert winit("check", "configs", "--against", "out", "--exclude", "b").code == 0


@pytest.mark.parametrize("style", ["text", "json", "github"])
def test_a_spec_that_cannot_be_read_is_an_error(
    out: Path, spec: Callable, winit: Callable, style: str
):
    """One for the spec; its saved result, found by the file's name, has no other."""
    spec("configs/b.yaml", "variants: {one: {width: 4}, two: {depth: 3}}\n")
    told = ("--against", "out", "--junit", "report.xml", "--format", style)
    done = winit("check", "configs", *told)
    assert done.code == 2
    assert done.err.startswith(f"{Path('configs/b.yaml')}:6:")
    assert "without a spec" not in done.out + done.err
    shown = {"text": 0, "github": 1, "json": 2}[style]
    assert sum("::" in line or line[0] == "{" for line in done.out.splitlines()) == shown
    assert errors_of("report.xml", tests=2) == {str(Path("configs/b.yaml")): done.err.rstrip()}


def errors_of(report: str, *, tests: int) -> dict[str, str]:
    """What could not be checked by a JUnit file of so many tests without a failure."""
    suite = ET.parse(report).getroot()[0]  # noqa: S314
    found = {case.get("name", ""): case[0].text or "" for case in suite if len(case)}
    assert (suite.get("tests"), suite.get("failures")) == (str(tests), "0")
    assert suite.get("errors") == str(len(found))
    assert suite.find(".//failure") is None
    return found


def test_a_result_may_be_of_a_spec_that_cannot_be_read(out: Path, spec: Callable, winit: Callable):
    """By the name inside it, which nobody knows: so nobody is told to remove the result."""
    (out.parent / "configs" / "b.yaml").unlink()
    spec("configs/other.yaml", "name: b\nwidht: 3\n")
    (out.parent / "configs" / "deep").mkdir()
    spec("configs/deep/a.yaml", "widht: 3\n")
    done = winit("check", "configs", "--against", "out", "--junit", "report.xml", "--update")
    assert done.code == 2
    assert "remove it" not in done.out + done.err
    message = (
        "out/b/stats.json: belongs to no spec that can be read; "
        "mend those that cannot be read first"
    )
    found = errors_of("report.xml", tests=4)
    assert list(found) == ["configs/deep/a.yaml", "configs/other.yaml", "b"]
    assert found["b"] == message
    assert done.out.startswith("exact: 1 run, none differs\n")


@posix
def test_paths_that_lead_nowhere_are_errors_of_the_reports(out: Path, winit: Callable):
    (out.parent / "configs" / "b.yaml").unlink()
    (out.parent / "configs" / "b.yaml").symlink_to("nowhere")
    done = winit("check", "configs", "none.yaml", "--against", "out", "--junit", "report.xml")
    assert done.code == 2
    assert set(errors_of("report.xml", tests=3)) == {"configs/b.yaml", "none.yaml"}
    done = winit("check", "out/a", "missing", "--junit", "report.xml")
    assert done.code == 2
    assert set(errors_of("report.xml", tests=2)) == {"missing"}


def test_update_renews_what_compares_the_runs(here: Path, spec: Callable, winit: Callable):
    (here / "configs").mkdir()
    spec("configs/v.yaml", "sweep: {seed: [1, 2, 3]}\n")
    assert winit("histogram", "-q", "-c", "configs/v.yaml", "-o", "out").code == 0
    table, picture = (here / "out/v" / name for name in ("summary.csv", "comparison.png"))
    right = table.read_bytes(), picture.read_bytes()
    table.write_bytes(b"")
    picture.write_bytes(b"")
    edit(here / "out/v/seed=2", off)
    done = winit("check", "configs", "--against", "out", "--update")
    assert done.code == 1
    assert "comparison.png" in done.err
    assert (table.read_bytes(), picture.read_bytes()) == right


def test_variants_are_found(here: Path, spec: Callable, winit: Callable):
    config = spec("many.yaml", "sweep: {seed: [1, 2]}\n")
    winit("histogram", "-q", "-c", config)
    done = winit("check", config, "--against", "outputs")
    assert (done.code, done.out) == (0, "exact: 2 runs, none differs\n")
    shutil.rmtree(here / "outputs" / "many" / "seed=2")
    done = winit("check", "many.yaml", "--against", "outputs")
    assert done.code == 1
    assert "many/seed=2: differs\n  no saved result" in done.out


def test_excluded_is_printed(out: Path, winit: Callable):
    done = winit("check", "out", "--exclude", "a*")
    assert (done.code, done.out) == (0, "exact: 1 run, none differs\n")
    assert done.err == "excluded: a\n"
    done = winit("check", "out", "--exclude", "*")
    assert done.code == 2
    assert "nothing to check" in done.err


def test_update_is_named_where_it_would_do_something(out: Path, winit: Callable):
    """Not of what a person's own function has drawn, nor of a result without a spec."""
    hint = "the same command with --update"
    spec = load_spec("configs/b.yaml")
    own = run(spec, weights=lambda rng, shape: rng.random(shape))
    write_files(out, "b", {"stats.json": dump_result(own).encode()})
    done = winit("check", "out")
    assert (done.code, hint in done.out) == (1, False)
    (out.parent / "configs" / "b.yaml").unlink()
    done = winit("check", "configs", "--against", "out")
    assert (done.code, hint in done.out) == (1, False)
    edit(out / "a", off)
    assert hint in winit("check", "out").out


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_older_schema_is_no_failure(here: Path, winit: Callable, version: int):
    (here / "out" / "old").mkdir(parents=True)
    shutil.copy(RESULTS / f"version_{version}.json", here / "out" / "old" / "stats.json")
    edit(here / "out" / "old", lambda tree: tree["environment"].update(winit="0.0.1"))
    done = winit("check", "out")
    assert done.code == 0, done.out
    lacked = done.out.partition("not in baseline: ")[2]
    assert {5: "biases", 6: "gradient.float16_flushed"}.get(version, "verdict") in lacked
    shutil.copytree(here / "out", here / "former")
    assert winit("check", "out", "--update").code == 1
    assert "not in baseline" not in winit("check", "out").out
    for sides in (("former", "out"), ("out", "former")):
        done = winit("diff", *sides)
        assert done.code == 0, done.out


@pytest.mark.parametrize("number", ["9", "-1", "", "many", "1.5"])
def test_networks_are_at_least_ten(out: Path, winit: Callable, number: str):
    done = winit("check", "out", "--networks", number)
    assert (done.code, done.out) == (2, "")
    assert "--networks" in done.err


def test_processes_find_the_same(
    out: Path, spec: Callable, winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    """By every gate, with errors in between, and in the same words."""
    saved = (out / "a" / "stats.json").read_bytes()
    for name in ("c", "d", "e"):
        (out / name).mkdir()
        (out / name / "stats.json").write_bytes(saved)
    edit(out / "a", off)
    edit(out / "c", lambda tree: tree["environment"].update(blas=OTHER_BLAS))
    edit(out / "d", lambda tree: tree["layers"][0]["weights"].update(std=0.1))
    (out / "e" / "stats.json").write_text("{")
    for name, more in (("c", ""), ("d", "seed: 8\n"), ("e", ""), ("f", "widht: 3\n"), ("g", "")):
        spec(f"configs/{name}.yaml", more)
    monkeypatch.setattr("weightinit_cli.guard.runs.STARTING", 0)
    found = []
    for jobs in (1, 2):
        done = winit("check", "configs", "--against", "out", "--junit", "report.xml", "-j", jobs)
        found.append((done, Path("report.xml").read_text()))
    assert found[0] == found[1]
    assert found[0][0].code == 2
    for gate in ("exact: 2 runs, one", "rounding: 1 run, none", "statistical: 1 run, one"):
        assert f"{gate} differs\n" in found[0][0].out
    winit("check", "configs", "--against", "out", "-j", 2, "--update")
    assert (out / "a" / "stats.json").read_bytes() == saved


def test_a_defect_stops_no_other_run(out: Path, winit: Callable, monkeypatch: pytest.MonkeyPatch):
    from weightinit_cli import experiments

    real = experiments.run

    def run(spec: Any, **options: Any) -> Any:
        if spec.name == "a":
            raise RuntimeError("odd")
        return real(spec, **options)

    monkeypatch.setattr(experiments, "run", run)
    done = winit("check", "out", "--junit", "report.xml")
    assert done.code == 3
    assert done.out == "exact: 1 run, none differs\ncould not be checked: 1 run\n"
    *_, last, request = done.err.splitlines()
    assert last == "a: RuntimeError: odd"
    assert "please report it" in request
    assert "a: Traceback" in errors_of("report.xml", tests=2)["a"]


# reports


def test_json(out: Path, winit: Callable):
    edit(out / "a", off)
    (out / "b" / "stats.json").write_text("{", encoding="utf-8")
    done = winit("check", "out", "--format", "json")
    assert done.code == 2
    a, b = map(json.loads, done.out.splitlines())
    assert (a["run"], a["state"], a["gate"], a["drifted"]) == ("a", "drift", "exact", 1)
    assert a["drifts"][0]["figure"] == "std"
    assert (b["state"], len(b["errors"])) == ("error", 1)


def test_github(out: Path, winit: Callable):
    edit(out / "a", off)
    done = winit("check", "out", "--format", "github")
    (line,) = [each for each in done.out.splitlines() if each.startswith("::")]
    assert line.startswith("::error file=out/a/stats.json,title=winit check::a: exact: 1 of ")
    assert "%0Alayer 2 std: " in line


NAMES = [
    "::stop-commands::x",
    "##[stop-commands]x",
    "  ::error::x",
    "\x1b::error::x",
    "\n::error::x",
]


@posix
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_are_no_commands_of_a_runner(out: Path, winit: Callable, name: str):
    """GitHub's runner obeys a line that begins with `::`, after blanks too, or has `##[`."""
    for side in ("A", "B"):
        shutil.copytree(out / "a", f"{side}/{name}")
        shutil.copytree(out / "b", f"{side}/{name}-broken")
    edit(Path("B", name), off)
    Path("B", f"{name}-broken", "stats.json").write_text("{")
    for command in (["diff", "A", "B"], ["check", "B", f"B/{name}"], ["check", name]):
        if command[-1] == name:
            Path("B", name).rename(name)
        done = winit(*command, "--format", "github", "--exclude", "nothing")
        assert done.code in (1, 2)
        lines = [*done.out.splitlines(), *done.err.splitlines()]
        assert sum(line.lstrip().startswith("::error file=") for line in lines) >= 1
        for line in lines:
            assert not line.lstrip().startswith("::") or line.startswith("::error file=")
            assert "##[" not in line or line.startswith("::error file=")


def test_junit(out: Path, winit: Callable):
    edit(out / "a", off)
    (out / "b" / "stats.json").write_text("{", encoding="utf-8")
    for _ in range(2):
        assert winit("check", "out", "--junit", "report.xml").code == 2
    suite = ET.parse("report.xml").getroot()[0]  # noqa: S314
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")
    a, b = suite
    assert (a.get("classname"), a.get("name")) == ("winit.exact", "a")
    assert "layer 2 std" in (a[0].text or "")
    assert b[0].tag == "error"


# bad input


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:500])


def _link_out(file: Path) -> None:
    elsewhere = file.parent.parent.parent / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def _link_folder_out(file: Path) -> None:
    folder = file.parent
    elsewhere = folder.parent.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere, target_is_directory=True)


def _huge(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(1 << 31)


def _edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda file: edit(file.parent, change)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_truncate, "not JSON"),
        (lambda file: file.write_bytes(b"\0\1"), "not JSON"),
        (_edited(lambda tree: tree.update(schema_version=99)), "99 is newer than"),
        (_edited(lambda tree: tree["layers"][0].update(std=float("nan"))), "NaN"),
        (_edited(lambda tree: tree["spec"].update(activation={"name": "sigmod"})), "sigmoid"),
        (_edited(lambda tree: tree["layers"][0]["histogram"].update(underflow=3)), "add up"),
        (_huge, "more than any result"),
        (_link_out, "leads out of out through a link"),
        (_link_folder_out, "leads out of out through a link"),
        (lambda file: (file.unlink(), file.symlink_to("nowhere")), "No such file"),
        (lambda file: (file.unlink(), file.mkdir()), "not a file"),
    ],
    ids=[
        "truncated", "binary", "newer", "nan", "spec", "counts", "huge", "link", "linked folder",
        "dangling", "folder",
    ],
)  # fmt: skip
def test_bad_input(out: Path, winit: Callable, damage: Callable[[Path], object], message: str):
    damage(out / "a" / "stats.json")
    done = winit("check", "out")
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("out/a/stats.json: ")
    assert message in line
    assert done.out == "exact: 1 run, none differs\ncould not be checked: 1 run\n"


def test_nothing_there(here: Path, winit: Callable):
    (here / "empty").mkdir()
    for arguments in (["empty"], ["missing"], ["configs.yaml", "--against", "empty"]):
        done = winit("check", *arguments)
        assert done.code == 2
        assert done.out in ("", "could not be checked: 1 run\n")
        assert len(done.err.splitlines()) == 1


def test_a_bad_spec_stops_nothing_else(out: Path, spec: Callable, winit: Callable):
    spec("configs/c.yaml", "widht: 3\n")
    done = winit("check", "configs", "--against", "out")
    assert done.code == 2
    assert "widht" in done.err
    assert done.out == "exact: 2 runs, none differs\ncould not be checked: 1 run\n"


def test_interrupted(out: Path, winit: Callable, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("weightinit_cli.experiments.run", interrupt)
    assert winit("check", "out").code == 130
