"""--fail-on, and what it says to people, to JUnit's readers and to GitHub's runner."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from weightinit_cli import batch, experiments, guard, remedies
from weightinit_cli.cli.reporting import place_of
from weightinit_cli.experiments import run as run_spec
from weightinit_cli.remedies import Attempt, Remedy
from weightinit_cli.spec import expand

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.spec import Spec

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")

TINY = """\
samples: 60
width: 12
layers: 2
activation: sigmoid
initializer: xavier_normal
"""
SICK = ("--set", "initializer={name: normal, std: 0}")
# The same start in both runs of a sweep; in the second the line that sets it is the sweep's.
SWEEP = "sweep:\n  initializer:\n  - he_normal\n  - {name: normal, std: 0}\n"
COMMANDS = [("histogram", "-c"), ("batch", "-j", "1"), ("fix", "-c")]

pytestmark = pytest.mark.usefixtures("tiny")


def cases(report: str = "report.xml") -> dict[str, ET.Element]:
    (suite,) = ET.parse(report).getroot()  # noqa: S314
    states = [case[0].tag for case in suite if len(case)]
    counts = len(suite), states.count("failure"), states.count("error")
    assert tuple(int(suite.get(key, "")) for key in ("tests", "failures", "errors")) == counts
    return {case.get("name", ""): case for case in suite}


def annotations(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("::")]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (["severe"], 1),
        (["overflow", "units_identical"], 1),
        (["overflow"], 0),
    ],
)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_verdict_that_is_asked_for(
    winit: Callable, tiny: Callable, command: tuple, asked: list[str], code: int
):
    tiny(more="sweep: {seed: [1]}\n")
    options = [part for name in asked for part in ("--fail-on", name)]
    run = winit(*command, "tiny.yaml", *SICK, "-q", *options)
    assert (run.code, run.out) == (code, "")
    lines = run.err.splitlines()
    option = f" (--fail-on {', '.join(asked)})"
    found = "severe: units_identical first at layer 1: all its units are the same"
    gradient = (
        "severe: vanishing_gradient: its norm falls to 0 from layer 2 down to layer 1; "
        "threshold 1e-6; follows from units_identical"
    )
    wanted = [found, gradient] if asked == ["severe"] else [found]
    assert lines == [f"tiny/seed=1: {each}{option}" for each in wanted * code]


@pytest.mark.parametrize("command", [*COMMANDS, ("show",)], ids=lambda words: words[0])
def test_what_there_is_not(winit: Callable, command: tuple):
    run = winit(*command, "tiny.yaml", "--fail-on", "warnings")
    assert (run.code, run.out) == (2, "")
    assert "no severity or verdict 'warnings'; did you mean 'warning'?" in run.err
    assert not Path("outputs").exists()


@pytest.mark.parametrize("command", ["train", "symmetry"])
def test_what_draws_no_verdict_has_no_such_option(winit: Callable, command: str):
    assert "--fail-on" not in winit(command, "--help").out
    assert "--junit" not in winit(command, "--help").out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_reports_of_every_run(winit: Callable, tiny: Callable, command: tuple):
    tiny(more=SWEEP)
    tiny("typo.yaml", more="widht: 3\n")
    specs = [part for name in ("tiny.yaml", "typo.yaml") for part in (command[1], name)]
    if command[0] == "batch":
        specs = [*command[1:], "tiny.yaml", "typo.yaml"]
    asked = ("--fail-on", "warning", "--junit", "report.xml", "--output-format", "github")
    run = winit(command[0], *specs, "-q", *asked)
    assert run.code == 2
    typo, sound, sick = cases().values()
    assert typo.get("name") == typo.get("file") == "typo.yaml"
    assert typo[0].tag == "error"
    assert (typo[0].text or "").startswith("typo.yaml:6:1: widht: unknown key")
    assert (sound.get("name"), len(sound)) == ("tiny/initializer=he-normal", 0)
    assert sick.get("classname") == "winit.histogram"
    assert (sick.get("file"), sick.get("line")) == ("tiny.yaml", "9")
    assert float(sick.get("time", "")) > 0
    (failure,) = sick
    assert failure.attrib == {
        "type": "units_identical",
        "message": "tiny/initializer=normal-0: units_identical, vanishing_gradient "
        "(--fail-on warning)",
    }
    first, second, *more = (failure.text or "").splitlines()
    assert first == "severe: units_identical first at layer 1: all its units are the same"
    assert second.startswith("severe: vanishing_gradient: ")
    assert any("initializer: " in line for line in more) == (command[0] == "fix")
    wrong, found = annotations(run.out)
    assert wrong.startswith("::error file=typo.yaml,line=6,col=1,title=winit ")
    assert found.startswith(f"::error file=tiny.yaml,line=9,col=25,title=winit {command[0]}::tiny/")
    assert "%0Asevere: units_identical first at layer 1" in found


def test_without_a_file_of_the_spec_there_is_none_in_the_annotation(winit: Callable):
    asked = ("--fail-on", "severe", "--output-format", "github", "--no-plot")
    run = winit("histogram", "-c", "sigmoid_std0", "--set", "samples=20", *asked)
    assert annotations(run.out)[0].startswith("::error title=winit histogram::sigmoid_std0: ")
    run = winit("histogram", "-c", "tiny.yaml", *SICK, *asked)  # the file says otherwise
    assert annotations(run.out)[0].startswith("::error file=tiny.yaml,line=1,col=1,")


def test_runs_of_a_sweep_that_cannot_be_done_are_errors(winit: Callable):
    more = "activation: exponential\nsweep: {initializer: [critical, he_normal]}\n"
    Path("tiny.yaml").write_text(TINY.replace("activation: sigmoid\n", "") + more)
    for command in COMMANDS[:2]:
        run = winit(*command, "tiny.yaml", "-q", "--no-plot", "--junit", "report.xml")
        found = cases()
        assert run.code == 1
        assert found["tiny/initializer=critical"][0].tag == "error"
        assert found["tiny/initializer=critical"].get("file") == "tiny.yaml"
        assert len(found["tiny/initializer=he-normal"]) == 0
        assert "tiny/initializer=critical: " in run.err


def test_saved_results_are_judged_without_a_run(
    winit: Callable, monkeypatch: pytest.MonkeyPatch, tiny: Callable
):
    tiny(more=SWEEP)
    assert winit("batch", "tiny.yaml", "-q", "-j", 1).code == 0
    monkeypatch.setattr(experiments, "run", None)
    run = winit("batch", "tiny.yaml", "-q", "-j", 1, "--fail-on", "severe", "--junit", "report.xml")
    assert (run.code, run.err.count("\n")) == (1, 2)
    assert [case.get("time") for case in cases().values()] == [None, None]
    for path, code in (
        ("tiny", 1),
        ("tiny/initializer=normal-0", 1),
        ("tiny/initializer=he-normal", 0),
    ):
        run = winit("show", f"outputs/{path}", "--fail-on", "units_identical")
        assert run.code == code
        start = "outputs/tiny/initializer=normal-0: severe: units_identical first at layer 1: "
        assert run.err.startswith(start * code)
        assert run.err.count("\n") == code


def test_a_result_without_verdicts_is_not_called_sound(winit: Callable):
    Path("task.yaml").write_text(
        "experiment: symmetry\nsteps: 1\nactivation: tanh\ninitializer: zeros\n"
    )
    assert winit("symmetry", "-c", "task.yaml", "--no-plot", "-q").code == 0
    assert winit("show", "outputs/task").code == 0
    run = winit("show", "outputs/task", "--fail-on", "severe")
    assert (run.code, run.err) == (
        2, "outputs/task: there are no verdicts in this result of symmetry\n",
    )  # fmt: skip


def test_how_fix_goes_together_with_what_was_not_found(
    winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    def nothing(spec: Spec, **_: object) -> Remedy:
        own = Attempt({}, 1.0, spec.samples, run_spec(spec).verdict)
        return Remedy(spec, own, (), None, None)

    with monkeypatch.context() as patch:
        patch.setattr(remedies, "fix", nothing)
        options = (*SICK, "-q", "--junit", "report.xml")
        assert winit("fix", "-c", "tiny.yaml", *options).code == 1
        (case,) = cases().values()
        assert case[0].attrib == {
            "type": "nothing_found",
            "message": "tiny: no start without a warning was found",
        }
        assert (case[0].text or "").startswith("None of 0 starts of sigmoid over 2 layers")
        run = winit("fix", "-c", "tiny.yaml", *options, "--fail-on", "overflow")
        assert (run.code, run.out, run.err) == (0, "", "")
        assert len(cases()["tiny"]) == 0
    found = winit("fix", "-c", "tiny.yaml", *SICK, "--fail-on", "warning")
    assert found.code == 1
    assert "initializer: " in found.out.splitlines()[-1]


@pytest.mark.parametrize(
    "command", [*COMMANDS, ("check",), ("diff", "x")], ids=lambda words: words[0]
)
def test_junit_is_a_file(winit: Callable, files: Callable, command: tuple):
    run = winit(*command, "tiny.yaml", "--junit", "-")
    assert (run.code, run.out) == (2, "")
    assert "'--junit': must be a file, not -; /dev/stdout prints it" in run.err
    assert files(Path()) == ["tiny.yaml"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_json_by_either_name(winit: Callable, command: tuple):
    line = (*command, "tiny.yaml", "-q")
    told = winit(*line, "--json").out
    again = ("--force",) if command[0] == "batch" else ()
    assert winit(*line, "--output-format", "json", *again).out == told != ""
    run = winit(*line, "--json", "--output-format", "github")
    assert (run.code, run.out) == (2, "")
    assert "--json and --output-format github cannot both be printed" in run.err


def test_a_report_that_cannot_be_written_is_said_after_the_work(winit: Callable):
    Path("folder").mkdir()
    for command in COMMANDS:
        run = winit(*command, "tiny.yaml", "-q", *SICK, "--fail-on", "severe", "--junit", "folder")
        assert run.code == 2
        *verdicts, last = run.err.splitlines()
        assert len(verdicts) == 2
        assert last == "folder: cannot be written: Is a directory"


@pytest.mark.parametrize(
    ("more", "places"),
    [
        ("sweep: {activation: [tanh, sigmoid], width: [3]}", [(6, 22), (6, 28)]),
        ("sweep: {width: [3, 4]}", [(5, 14), (5, 14)]),
        ("sweep: {initializer.gain: [1], activation: [tanh]}", [(6, 45)]),
        ("variants:\n  a: {width: 3}\n  b: {activation: tanh}", [(5, 14), (8, 19)]),
        ("variants:\n  a: {initializer: zeros}", [(7, 20)]),
    ],
)
def test_the_place_is_where_a_run_is_set(tiny: Callable, more: str, places: list[tuple[int, int]]):
    tiny(more=f"{more}\n")
    assert [place_of(run)[1:] for run in expand("tiny.yaml")] == places


def test_a_dry_run_says_that_it_judges_nothing(winit: Callable):
    run = winit("batch", "tiny.yaml", "--dry-run", "--junit", "report.xml")
    assert run.err == "--dry-run runs nothing: no verdict is looked for, no report is written\n"
    assert (run.code, Path("report.xml").exists()) == (0, False)
    assert winit("batch", "tiny.yaml", "--dry-run").err == ""


@pytest.mark.parametrize("command", ["check", "diff"])
@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt, 130, "interrupted: what is not listed here was not run"),
        (RuntimeError("odd"), 3, "RuntimeError: odd"),
    ],
)
def test_a_check_that_is_ended(
    winit: Callable,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    raised: BaseException,
    code: int,
    said: str,
):
    winit("histogram", "-c", "tiny.yaml", "--no-plot", "-q")

    def end(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(guard, "check_pairs", end)
    monkeypatch.setattr(guard, "diff", end)
    paths = ["outputs"] * (2 if command == "diff" else 1)
    assert winit(command, *paths, "-q", "--junit", "report.xml").code == code
    (case,) = cases().values()
    assert (case[0].tag, case[0].text) == ("error", said)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_interrupted(
    winit: Callable, tiny: Callable, monkeypatch: pytest.MonkeyPatch, command: tuple
):
    """What was done before is in the report, and that the rest was not."""
    tiny(more=SWEEP)
    real, done = experiments.run, []

    def run(spec: Any, **options: Any) -> Any:
        if spec.initializer.name == "normal":
            raise KeyboardInterrupt
        done.append(spec)
        return real(spec, **options)

    monkeypatch.setattr(experiments, "run", run)
    monkeypatch.setattr("weightinit_cli.remedies.search.run", run)
    asked = ("--fail-on", "severe", "--junit", "report.xml", "-q")
    assert winit(*command, "tiny.yaml", *asked).code == 130
    ended, *found = cases().items() if command[0] == "batch" else [*cases().items()][::-1]
    assert [name for name, _ in found] == ["tiny/initializer=he-normal"]
    assert ended[0] == f"winit {command[0]}"
    assert ended[1][0].text == "interrupted: what is not listed here was not run"
    assert done


@posix
def test_ended_from_outside(winit: Callable, tiny: Callable, monkeypatch: pytest.MonkeyPatch):
    def end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(batch, "run_batch", end)
    run = winit("batch", "tiny.yaml", "-q", "-j", 1, "--junit", "report.xml")
    assert (run.code, run.err) == (143, "interrupted\n")
    assert list(cases()) == ["winit batch"]


def test_specs_of_one_name_are_errors(winit: Callable, tiny: Callable):
    Path("deep").mkdir()
    tiny("deep/tiny.yaml")
    both = [str(Path("deep/tiny.yaml")), "tiny.yaml"]
    asked = ("-q", "--junit", "report.xml", "--output-format", "github")
    run = winit("batch", *both, *asked)
    assert (run.code, sorted(cases())) == (2, both)
    run = winit("histogram", "-c", both[0], "-c", both[1], *asked)
    assert (run.code, sorted(cases())) == (2, both[1:])
    (told,) = annotations(run.out)
    assert told.startswith("::error file=tiny.yaml,title=winit histogram::tiny.yaml: not run%0A")


def test_a_path_that_leads_nowhere_is_an_error(winit: Callable):
    run = winit(
        "batch", "nowhere/", "tiny.yaml", "-q", "--no-plot", "-j", 1, "--junit", "report.xml"
    )
    assert run.code == 2
    assert {name: len(case) for name, case in cases().items()} == {"nowhere/": 1, "tiny": 0}
    run = winit("batch", "nowhere/", "-q", "--junit", "report.xml")
    assert (run.code, list(cases())) == (2, ["nowhere/"])


def test_a_wrong_command_line_writes_nothing(winit: Callable, tiny: Callable, files: Callable):
    tiny(more="sweep: {seed: [1, 2]}\n")
    run = winit("fix", "-c", "tiny.yaml", "--write", "x", "--junit", "report.xml")
    assert run.code == 2
    assert files(Path()) == ["tiny.yaml"]


def test_a_defect_is_an_error_of_the_report(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    def run(*_: object, **__: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(experiments, "run", run)
    assert winit("histogram", "-c", "tiny.yaml", "-q", "--junit", "report.xml").code == 3
    (case,) = cases().values()
    assert (case[0].tag, case[0].text) == ("error", "RuntimeError: odd")


@pytest.mark.parametrize("label", ["::stop-commands::x", "##[stop-commands]x", "  ::error::x"])
def test_names_of_runs_are_no_commands_of_a_runner(winit: Callable, tiny: Callable, label: str):
    tiny(more=f"variants: {{{json.dumps(label)}: {{seed: 1}}}}\n")
    asked = ("--fail-on", "severe", "--output-format", "github")
    outcomes = [
        winit("histogram", "-c", "tiny.yaml", "--no-plot", *SICK, *asked),
        winit("fix", "-c", "tiny.yaml", *SICK, *asked),
        winit("show", "outputs/tiny", "--fail-on", "severe"),
    ]
    (folder,) = (file.parent for file in Path("outputs/tiny").glob("*/stats.json"))
    outcomes.append(winit("show", folder))
    for run in outcomes:
        assert run.out
        for each in (*run.out.splitlines(), *run.err.splitlines()):
            assert not each.lstrip().startswith("::") or each.startswith("::error file=")
            assert "##[" not in each


def test_every_command_that_writes_reports_names_them_alike(winit: Callable):
    for command in ("histogram", "batch", "fix", "check", "diff"):
        text = winit(command, "--help").out
        assert re.search(r"--junit FILE", text)
        assert re.search(r"--output-format(, --format)? \[text\|json\|github\]", text)
