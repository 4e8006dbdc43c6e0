"""Whose fault it is: 2 for what the user must mend, 3 for a defect, 130 for an interruption."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import experiments

if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = {
    ("histogam",): "winit: ",
    ("--bogus",): "winit: ",
    ("histogram",): "winit histogram: ",
    ("histogram", "--bogus", "1"): "winit histogram: ",
    ("histogram", "-c"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "surplus"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "--threads", "0"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "--threads", "-1"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "--threads", "two"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "--format", "gif"): "winit histogram: ",
    ("histogram", "-c", "relu_he", "--no-plot=1"): "winit histogram: ",
    ("validate",): "winit validate: ",
    ("schema", "surplus"): "winit schema: ",
    ("list",): "winit list: ",
    ("list", "initialisers"): "winit list: ",
    ("new",): "winit new: ",
    ("show",): "winit show: ",
    ("show", "a", "b"): "winit show: ",
    ("plot",): "winit plot: ",
    ("plot", "a", "--format", "gif"): "winit plot: ",
}


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_command_line_is_one_line(winit: Callable, arguments: tuple):
    run = winit(*arguments)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(USAGE[arguments])
    assert f"{USAGE[arguments].rstrip(': ')} --help" in line
    assert "\\n" not in line
    assert "\\t" not in line


def test_format_error_lists_the_formats(winit: Callable):
    err = winit("histogram", "-c", "relu_he", "--format", "gif").err
    assert all(name in err for name in ("png", "svg", "pdf"))


@pytest.mark.parametrize("more", [(), ("--threads", "7")])
@pytest.mark.parametrize(
    ("key", "value"),
    [("width", 10**7), ("samples", 10**14), ("features", 10**13), ("histogram.bins", 10**12)],
)
def test_request_beyond_memory_is_refused_at_its_key(
    winit: Callable, key: str, value: int, more: tuple
):
    run = winit("histogram", "-c", "sigmoid_xavier", "--set", f"{key}={value}", *more)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(f"--set {key}={value}: {key}: ")
    assert not Path("outputs").exists()


def test_memory_message_says_needed_and_available(winit: Callable, spec: Callable):
    Path("big.yaml").write_text("activation: relu\ninitializer: zeros\nwidth: 10000000\n")
    (line,) = winit("histogram", "-c", "big.yaml").err.splitlines()
    assert line.startswith("big.yaml:3:8: width: needs ")
    assert line.count("GiB") == 2
    assert "available" in line


def test_huge_request_beside_a_small_one(winit: Callable, spec: Callable):
    spec("big.yaml", "features: 10000000000000\n")
    spec("small.yaml")
    run = winit("histogram", "-c", "big.yaml", "-c", "small.yaml", "--no-plot")
    assert run.code == 2
    assert run.out.startswith("small: ")
    assert not Path("outputs/big").exists()


# what happens inside


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make every run raise."""

    def arrange(error: BaseException) -> None:
        def run(*arguments: object, **options: object) -> None:
            raise error

        monkeypatch.setattr(experiments, "run", run)

    return arrange


def test_interruption(winit: Callable, spec: Callable, failing: Callable):
    spec()
    failing(KeyboardInterrupt())
    run = winit("histogram", "-c", "tiny.yaml")
    assert (run.code, run.out, run.err) == (130, "", "interrupted\n")
    assert not Path("outputs").exists()


def test_defect_has_a_traceback_and_asks_for_a_report(
    winit: Callable, spec: Callable, failing: Callable
):
    spec()
    failing(ZeroDivisionError("made up"))
    run = winit("histogram", "-c", "tiny.yaml")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("Traceback")
    *_, error, report = run.err.splitlines()
    assert error == "ZeroDivisionError: made up"
    assert "defect of winit" in report
    assert "report" in report
    assert sys.version.split()[0] in report
    assert not Path("outputs").exists()


def test_recursion_is_a_defect_too(winit: Callable, spec: Callable, failing: Callable):
    spec()
    failing(RecursionError())
    assert winit("histogram", "-c", "tiny.yaml").code == 3


def test_memory_that_runs_out_is_for_the_user_to_mend(
    winit: Callable, spec: Callable, failing: Callable
):
    spec()
    failing(MemoryError())
    run = winit("histogram", "-c", "tiny.yaml")
    assert (run.code, run.out) == (2, "")
    assert "memory" in run.err
    assert len(run.err.splitlines()) == 1


def test_all_inputs_are_tried_and_the_highest_code_applies(
    winit: Callable, spec: Callable, monkeypatch: pytest.MonkeyPatch
):
    """A run without enough memory does not keep the next one from being done."""
    spec("one.yaml")
    spec("two.yaml")
    real = experiments.run

    def run(spec, **options):
        if spec.name == "one":
            raise MemoryError
        return real(spec, **options)

    monkeypatch.setattr(experiments, "run", run)
    outcome = winit("histogram", "-c", "one.yaml", "-c", "two.yaml", "--no-plot")
    assert outcome.code == 2
    assert Path("outputs/two/stats.json").is_file()
