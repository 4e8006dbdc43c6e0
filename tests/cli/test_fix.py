"""`winit fix`: the table of what was tried, the lines to change, the mended spec."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli import load_spec, run
from weightinit_cli.cli import progress
from weightinit_cli.errors import WinitError
from weightinit_cli.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = """\
samples: 60
width: 16
layers: 6
activation: relu
initializer: {name: normal, std: 0.001}
"""
ZEROS = Component("zeros")
HOPELESS = ("--set", "activation=step", "--set", "layers=2", "--set", "width=4")

pytestmark = pytest.mark.usefixtures("tiny")


def lines_to_change(out: str) -> list[str]:
    """The lines that a person pastes: those that stand in, at the end."""
    return [line.strip() for line in out.splitlines() if line.startswith("  ")]


def test_what_was_tried_then_the_lines_to_change(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml")
    assert (outcome.code, outcome.err) == (0, "")
    heading, heads, first, *_ = outcome.out.splitlines()
    assert heading.startswith("tiny: relu, normal (mean 0, std 0.001)")
    assert heads.split() == ["tried", "sigma_w", "verdict"]
    assert first.startswith("as it stands")
    assert "vanishing_gradient" in first
    (line,) = lines_to_change(outcome.out)
    assert line.startswith("initializer: {name: normal, std: ")


def test_the_lines_mend_the_spec(winit: Callable):
    (line,) = lines_to_change(winit("fix", "-c", "tiny.yaml").out)
    text = Path("tiny.yaml").read_text()
    kept = [each for each in text.splitlines() if not each.startswith("initializer")]
    Path("pasted.yaml").write_text("\n".join([*kept, line]))
    assert winit("fix", "-c", "pasted.yaml").out.splitlines()[1].startswith("no verdict warns")


def test_the_mended_spec_is_written(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml", "--set", "layers=4", "--write", "mended")
    assert outcome.code == 0
    assert outcome.out.splitlines()[-1] == "mended.yaml: written"
    spec = load_spec("mended.yaml")
    assert (spec.name, spec.layers, spec.samples) == ("mended", 4, 60)
    assert not any(verdict.warns for verdict in run(spec).verdict)


def test_an_existing_file_is_left_alone(winit: Callable):
    before = Path("tiny.yaml").read_text()
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "tiny.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "tiny.yaml: exists already; choose another name\n"
    assert Path("tiny.yaml").read_text() == before


def test_a_folder_that_is_not_there_is_said_before_the_search(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "nodir/mended.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"{Path('nodir', 'mended.yaml')}: no such folder: nodir\n"


def test_a_failed_write_loses_no_answer(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise WinitError("mended.yaml: cannot be written: No space left on device")

    monkeypatch.setattr("weightinit_cli.results.files.write_file", full)
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "mended.yaml")
    assert outcome.code == 2
    assert lines_to_change(outcome.out)
    assert outcome.err == "mended.yaml: cannot be written: No space left on device\n"


def test_a_name_of_ones_own_is_kept(winit: Callable, tiny: Callable):
    tiny(more="name: müller\n")
    assert winit("fix", "-c", "tiny.yaml", "--write", "mended.yaml").code == 0
    assert load_spec("mended.yaml").name == "müller"


def test_what_other_seeds_warn_of_is_said(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    def only_own(spec: Any, **more: Any) -> Any:
        return run(replace(spec, seed=0) if not spec.seed else replace(spec, initializer=ZEROS))

    monkeypatch.setattr("weightinit_cli.remedies.search.run", only_own)
    outcome = winit("fix", "-c", "tiny.yaml")
    assert outcome.code == 0
    assert "healthy, also under 0 of 2 other seeds" in outcome.out
    assert "It has one under 2 of 2 other seeds; nothing surer was found." in outcome.out
    sound = winit("fix", "-c", "tiny.yaml", "--set", "initializer=he_normal")
    assert sound.code == 0
    assert "but one does under 2 of 2 other seeds" in " ".join(sound.out.split())


def test_a_sound_spec_is_written_as_it_stands(winit: Callable):
    sound = ("--set", "initializer=he_normal", "--write", "same.yaml")
    outcome = winit("fix", "-c", "tiny.yaml", *sound)
    assert outcome.code == 0
    assert "nothing to mend" in outcome.out
    assert load_spec("same.yaml").initializer.name == "he_normal"


def test_nothing_found(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml", *HOPELESS, "--write", "mended.yaml")
    assert (outcome.code, outcome.err) == (1, "")
    assert not Path("mended.yaml").exists()
    assert "starts of step over 2 layers is without a warning" in outcome.out
    _, other = outcome.out.split("Another activation without a warning:\n")
    assert "activation: tanh" in lines_to_change(other)


def test_json_is_a_line_per_run(winit: Callable, tiny: Callable):
    tiny(more="sweep: {width: [8, 16]}\n")
    outcome = winit("fix", "-c", "tiny.yaml", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    first, second = map(json.loads, outcome.out.splitlines())
    assert [each["name"] for each in (first, second)] == ["tiny/width=8", "tiny/width=16"]
    assert first["chosen"] in first["attempts"]
    assert first["mended"]["initializer"] == {
        "mean": 0.0,
        **first["chosen"]["change"]["initializer"],
    }
    assert first["spec"]["width"] == [8] * 6


def test_quiet(winit: Callable):
    assert winit("fix", "-c", "tiny.yaml", "-q").out == ""
    outcome = winit("fix", "-c", "tiny.yaml", "-q", "--seed", "5", "--json")
    assert json.loads(outcome.out)["spec"]["seed"] == 5


def test_write_is_for_one_run(winit: Callable, tiny: Callable):
    tiny(more="sweep: {width: [8, 16]}\n")
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "mended.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--write is for one run, not for 2" in outcome.err
    assert not Path("mended.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-c", "nosuch"), "nosuch: no such file"),
        (("-c", "zeros_deep"), "symmetry is run by winit symmetry"),
        (("-c", "tiny.yaml", "--set", "initializer.std=-1"), "initializer.std"),
        ((), "Missing option"),
    ],
)
def test_what_is_wrong_is_said(winit: Callable, arguments: tuple, said: str):
    outcome = winit("fix", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_what_is_wrong_with_one_spec_stops_no_other(winit: Callable):
    outcome = winit("fix", "-c", "nosuch", "-c", "tiny.yaml")
    assert outcome.code == 2
    assert lines_to_change(outcome.out)


def test_interrupted(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressBar, "step", interrupt)
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "mended.yaml")
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "interrupted\n")
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]


def test_histogram_names_the_command(winit: Callable):
    run = ("histogram", "--no-plot", "-c", "tiny.yaml")
    more = ("--set", "initializer={name: normal, std: 30}", "--seed", "3")
    outcome = winit(*run, *more)
    (advice,) = [line for line in outcome.out.splitlines() if "winit fix" in line]
    assert advice.startswith("exploding_signal: winit fix -c tiny.yaml ")
    assert "--set 'initializer={name: normal, std: 30}' --set seed=3" in advice
    assert "winit fix" not in winit(*run, "--set", "initializer=he_normal").out
    assert "winit fix" not in winit(*run, "--json").out


def test_histogram_names_it_once_for_several_runs(winit: Callable, tiny: Callable):
    tiny(more="sweep: {initializer.std: [0.0001, 0.001, 30]}\n")
    out = winit("histogram", "--no-plot", "-c", "tiny.yaml").out
    (advice,) = [line for line in out.splitlines() if "winit fix" in line]
    causes, _ = advice.split(": winit fix -c tiny.yaml ")
    assert sorted(causes.split(", ")) == ["exploding_signal", "vanishing_signal"]
