"""Convolutions and starts that look at the data, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import load_result

if TYPE_CHECKING:
    from collections.abc import Callable

CONV = "activation: relu\ninitializer: {}\nimage: [5, 6, 2]\nchannels: 4\nsamples: 8\nlayers: 2\n"
PICTURES = {"histogram.png", "depth.png", "kernels.png"}
EVEN = (
    "conv.yaml:7:9: kernel: 2 × 2 has no middle; dirac takes row 1, column 1, counted from 0, as "
    "torch does\n"
)


@pytest.fixture
def conv() -> Callable[..., str]:
    def write(initializer: str = "he_normal", more: str = "", name: str = "conv.yaml") -> str:
        Path(name).write_text(CONV.format(initializer) + more, encoding="utf-8")
        return name

    return write


def names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_the_first_kernels_have_a_picture(winit: Callable, conv: Callable):
    run = winit("histogram", "-c", conv())
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[0] == (
        "conv: relu, he_normal, 5 × 6 × 2 image, kernel 3 × 3, circular, 4 channels, 8 samples, "
        "seed 0"
    )
    assert names("outputs/conv") == {*PICTURES, "stats.json"}
    assert winit("plot", "outputs/conv", "--format", "svg").code == 0
    assert {"kernels.svg", "histogram.svg"} < names("outputs/conv")


def test_a_run_without_kernels_removes_their_picture(winit: Callable, conv: Callable):
    winit("histogram", "-q", "-c", conv())
    dense = "activation: relu\ninitializer: he_normal\nwidth: 5\nsamples: 8\n"
    Path("conv.yaml").write_text(dense, encoding="utf-8")
    assert winit("histogram", "-q", "-c", "conv.yaml").code == 0
    assert names("outputs/conv") == {"histogram.png", "depth.png", "stats.json"}


def test_batch_draws_again_what_is_missing(winit: Callable, conv: Callable):
    conv()
    winit("batch", "conv.yaml", "-j", 1, "-q")
    kernels = Path("outputs/conv/kernels.png")
    drawn = kernels.read_bytes()
    kernels.unlink()
    assert "1 done, 0 skipped" in winit("batch", "conv.yaml", "-j", 1).out
    assert kernels.read_bytes() == drawn
    assert "0 done, 1 skipped" in winit("batch", "conv.yaml", "-j", 1).out


def test_a_saved_result_is_checked_shown_and_compared(winit: Callable, conv: Callable):
    winit("histogram", "-q", "-c", conv())
    winit("histogram", "-q", "-c", "conv.yaml", "-o", "other")
    assert winit("check", "outputs").code == 0
    assert winit("diff", "outputs", "other").code == 0
    shown = winit("show", "outputs/conv")
    assert shown.code == 0
    assert "kernel 3 × 3" in shown.out
    stats = Path("outputs/conv/stats.json")
    data = json.loads(stats.read_text())
    data["layers"][1]["std"] *= 1.001
    stats.write_text(json.dumps(data))
    run = winit("check", "outputs")
    assert run.code == 1
    assert "layer 2 std" in run.out


@pytest.mark.parametrize(
    "command", [("histogram", "--no-plot", "-c"), ("validate",), ("theory", "-c")]
)
def test_which_middle_an_even_kernel_has_is_told(winit: Callable, conv: Callable, command: tuple):
    run = winit(*command, conv("dirac", "kernel: 2\n"))
    assert (run.code, run.err) == (0, EVEN)


def test_of_several_runs_it_is_told_once(winit: Callable, conv: Callable):
    conv("dirac", "kernel: 2\nsweep: {seed: [0, 1], activation: [relu, tanh]}\n")
    for command in (("histogram", "--no-plot", "-c"), ("batch", "--no-plot", "-j", 1)):
        run = winit(*command, "conv.yaml")
        assert (run.code, run.err) == (0, EVEN)
        assert winit(*command, "conv.yaml", "-q").err == ""


def test_variants_of_both_kinds_are_compared(winit: Callable, conv: Callable):
    variants = "variants: {small: {initializer: {name: normal, std: 0.01}}, He: {kernel: 5}}\n"
    run = winit("histogram", "-c", conv("he_normal", variants))
    assert (run.code, run.err) == (0, "")
    assert {"comparison.png", "summary.csv"} < names("outputs/conv")
    header = Path("outputs/conv/summary.csv").read_text().partition("\n")[0].split(",")
    assert {"channels", "kernel", "image", "padding", "stride"} < set(header)
    assert "width" not in header


def test_pretraining_is_told(winit: Callable, spec: Callable):
    run = winit("histogram", "-c", spec("a.yaml", "pretraining: {steps: 5}\n"), "--no-plot")
    assert run.code == 0
    assert "autoencoder 5 steps at 0.05" in run.out
    (line,) = [line for line in run.out.splitlines() if line.startswith("pretrained")]
    assert line.endswith("of its variance")
    assert len(load_result("outputs/a").resolved.pretraining) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "initializer: lsuv\nactivation: {name: hard_shrink, threshold: 50}\n",
            "bad.yaml:1:14: initializer: lsuv finds no scale for layer 2: the product of its "
            "inputs and weights does not vary\n",
        ),
        (
            "initializer: he_normal\nactivation: relu\npretraining: {learning_rate: 99}\n",
            "bad.yaml:3:30: pretraining.learning_rate: layer 1 diverges at step ",
        ),
    ],
)
def test_a_start_that_fails_is_located(winit: Callable, text: str, message: str):
    Path("bad.yaml").write_text(text, encoding="utf-8")
    run = winit("histogram", "-c", "bad.yaml")
    assert run.code == 2
    assert run.err.startswith(message)
    assert not Path("outputs").exists()
