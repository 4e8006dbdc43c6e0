"""`winit phase`: the diagram of an activation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("tanh", "tanh: critical line from sigma_b = 0 on (sigma_w = 1 there)"),
        ("relu", "relu: critical at the single point sigma_w = 1.4142, sigma_b = 0"),
        (
            "{name: leaky_relu, negative_slope: 1e6}",
            "critical at the single point sigma_w = 1.4142e-06, sigma_b = 0",
        ),
        ("exponential", "exponential: no critical line\nno stable variance q* has chi_1 = 1\n"),
        (
            "mish",
            "mish: critical line from sigma_b = 0.31651 on (sigma_w = 1.4166 there); it begins at"
            " 0.30744, but inputs of mean square 1 do not reach it below 0.31651",
        ),
        ("silu", "silu: critical line from sigma_b = 0.74508 on (sigma_w = 1.41 there)\n"),
        ("step", "step: no critical line\nthe activation jumps: "),
    ],
)
def test_what_is_critical(winit: Callable, here: Path, activation: str, said: str):
    run = winit("phase", "--activation", activation, "-o", "out")
    assert (run.code, run.err) == (0, "")
    assert said in run.out
    (picture,) = (here / "out").glob("phase-*/*")
    assert picture.name == "phase.png"


def test_json_has_the_diagram_alone(winit: Callable):
    run = winit("phase", "-a", "tanh", "--json", "--width", "1")
    assert run.code == 0
    assert json.loads(run.out)["critical_kind"] == "line"


@pytest.mark.parametrize("wrong", ["tanhh", "leaky_relu", "{name: tanh", "", "[tanh]"])
def test_a_wrong_activation_writes_nothing(winit: Callable, here: Path, wrong: str):
    run = winit("phase", "-a", wrong)
    assert run.code == 2
    assert run.err.startswith("--activation: ")
    assert list(here.iterdir()) == []


# one's own specs

MINE = "activation: tanh\ninitializer: {name: normal, std: 0.1}\nlayers: 3\n"


def test_a_spec_is_marked(winit: Callable, here: Path):
    (here / "mine.yaml").write_text(MINE)
    ends = ("--sigma-w", "1", "1.5", "--sigma-b", "0", "0.5")
    run = winit("phase", "-c", "mine.yaml", "--set", "initializer.std=0.12", *ends, "--json")
    assert run.code == 0, run.err
    found = json.loads(run.out)
    assert (found["activation"], found["width"]) == ("tanh", 100)
    assert found["own_name"] == "mine, initializer.std = 0.12"
    (own,) = found["own"]
    assert (own["name"], own["phase"]) == ("mine", "chaotic")
    assert 1 < found["sigma_w"][0] < own["sigma_w"] < found["sigma_w"][-1] < 1.5
    assert [path.name for path in Path("outputs/mine").iterdir()] == ["phase.png"]


def test_runs_are_told_with_phase_and_depth(winit: Callable):
    run = winit("phase", "-c", "relu_he", "-c", "relu_xavier", "-o", "out")
    assert (run.code, run.err) == (0, "")
    *_, head, he, xavier, path = run.out.splitlines()
    assert head.split() == ["run", "sigma_w", "sigma_b", "phase", "1", "/", "|ln", "chi_1|"]
    assert he.split() == ["relu_he", "1.4142", "0", "critical", "-"]
    assert xavier.split() == ["relu_xavier", "1", "0", "ordered", "1.443"]
    assert path == str(Path("out/phase-relu/phase.png"))


def test_of_very_many_runs_the_first_and_the_last_are_printed(winit: Callable, here: Path):
    std = [k / 1000 for k in range(1, 51)]
    (here / "mine.yaml").write_text(
        f"{MINE}sweep: {{initializer.std: {std}, bias: [zeros, ones]}}\n"
    )
    run = winit("phase", "-c", "mine.yaml")
    assert run.code == 0
    why = "the biases have a mean; mean-field theory is about biases without"
    assert run.err == f"mine: 50 of 100 runs: no place on the diagram: {why}\n"
    assert "\n(10 runs left out; --json has all)\n" in run.out
    assert run.out.count("initializer.std=") == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give an activation (-a tanh) or a spec (-c mine.yaml)"),
        (("-a", "tanh", "--set", "seed=1"), "--set is for a spec (-c mine.yaml)"),
        (
            ("-c", "std_sweep"),
            "std_sweep:11:25: activation: the diagram is of one activation, and the runs have "
            "sigmoid, tanh and relu; choose one of them with --activation, in Python activation=",
        ),
        (
            ("-c", "std_sweep", "-a", "elu"),
            "std_sweep:11:16: activation: no run has elu (alpha 1); the runs have "
            "sigmoid, tanh and relu",
        ),
        (("-c", "zeros_deep"), "symmetry is run by winit symmetry"),
        (("-c", "lsuv", "--set", "layers=x"), "--set layers=x: layers: must be"),
        (
            ("-c", "relu_he", "--set", "initializer=lsuv"),
            "relu_he:2:1: no place on the diagram: lsuv finds its scales on the data",
        ),
        (
            (
                "-c",
                "relu_he",
                "--set",
                "initializer=critical",
                "--set",
                "bias={name: normal, std: 1}",
            ),
            "--set initializer=critical: initializer: relu has a critical sigma_w only at",
        ),
        *(
            (
                ("-a", "tanh", option, *ends.split()),
                f"'{option}': must be two numbers, 0 <= LOW < HIGH, for example {option} 0 3, "
                f"not {ends}; see winit phase --help",
            )
            for option in ("--sigma-w", "--sigma-b")
            for ends in ("3 1", "-1 1", "nan 1", "0 nan", "0 x", "1 1")
        ),
        (("-a", "tanh", "--sigma-w", "0", "inf"), "a HIGH from 1e-06 to 100000, not 0 inf"),
        (("-a", "tanh", "--sigma-w", "0", "1e-9"), "a HIGH from 1e-06 to 100000, not 0 1e-9"),
        (("-a", "tanh", "--sigma-b", "1", "1.00001"), "differ by 0.0001 of HIGH or more, not 1 "),
        (("-a", "tanh", "--sigma-b", "1"), "requires 2 arguments"),
        *(
            (
                ("-c", "tanh_std1", "--set", huge),
                "it goes up to sigma_w and sigma_b of 100000 at most",
            )
            for huge in ("initializer.std=1e300", "bias={name: normal, std: 1e6}")
        ),
    ],
)
def test_what_is_wrong_is_one_line(winit: Callable, here: Path, arguments: tuple, said: str):
    run = winit("phase", *arguments)
    assert run.code == 2
    assert said in run.err
    assert run.err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_all_specs_are_tried(winit: Callable):
    run = winit("phase", "-c", "nosuch", "-c", "relu_he", "-c", "neither")
    assert [line.split(":")[0] for line in run.err.splitlines()] == ["nosuch", "neither"]
