"""The table of a probe at several widths, depths and with much to say; no framework is needed."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support.probes import probe_result
from weightinit_cli.results import dump_result
from weightinit_cli.results.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from weightinit_cli.results import ProbeResult

STACK = [(f"layers.{place}", "linear") for place in range(60)]
GPT = [
    ("tokens", "embedding"),
    *(
        (f"blocks.{block}.{module}", operation)
        for block in range(12)
        for module, operation in (("attn", "softmax"), ("act", "tanh"), ("proj", "linear"))
    ),
    ("head", "linear"),
]
WARNS = Verdict(
    "exploding_signal", "warning", layer=30, over=(2, 30), value=400.0, module="layers.29",
    line="model.py:30", evidence="its root mean square grows 400-fold",
)  # fmt: skip


def save(result: ProbeResult, here: Path) -> None:
    (here / "saved").mkdir(exist_ok=True)
    (here / "saved/stats.json").write_text(dump_result(result), encoding="utf-8")


@pytest.fixture
def shown(winit: Callable, here: Path) -> Callable[..., list[str]]:
    """Save a result and show it; the lines of the table."""

    def show(result: ProbeResult, *options: object) -> list[str]:
        save(result, here)
        done = winit("show", "saved", *options)
        assert (done.code, done.err) == (0, "")
        return done.out.splitlines()

    return show


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("options", [(), ("--worst", 5), ("--parameters",), ("--depth", 1)])
def test_it_fits_the_terminal(shown: Callable, wide: Callable, columns: int, options: tuple):
    wide(columns)
    result = probe_result(GPT, [replace(WARNS, layer=8)], unseen=("gates of an lstm " * 9,))
    lines = shown(result, *options)
    assert max(map(len, lines)) <= columns
    assert any("exploding_signal" in line for line in lines)


def test_a_module_s_row_shows_what_it_hands_on(shown: Callable):
    result = probe_result(GPT)
    rows = {line.split()[0]: line.split() for line in shown(result) if line.startswith("blocks")}
    assert list(rows) == [f"blocks.{block}" for block in range(12)]
    last = result.values[3].figures
    name, count, _, std, *_ = rows["blocks.0"]
    assert (name, count) == ("blocks.0", "3")
    assert float(std) == pytest.approx(last.std, rel=1e-3)
    alone = shown(result, "--depth", 3)
    assert sum(line.startswith("blocks") for line in alone) == 36


def test_the_middle_of_a_long_table_is_left_out_but_for_verdicts(shown: Callable):
    lines = shown(probe_result(STACK, [WARNS]))
    rows = [line for line in lines if line.startswith("layers")]
    assert len(rows) == 41
    (marked,) = (row for row in rows if row.endswith("exploding_signal"))
    assert marked.startswith("layers.29.linear ")
    left_out = [line for line in lines if "left out" in line]
    assert left_out == [
        "... 9 rows left out; --depth 2 shows all",
        "... 10 rows left out; --depth 2 shows all",
    ]
    rows = [line for line in shown(probe_result(STACK), "--depth", 2) if line.startswith("layers")]
    assert len(rows) == 60


def test_the_worst_with_their_lines(shown: Callable):
    lines = shown(probe_result(STACK, [WARNS]), "--worst", 3)
    rows = [line for line in lines if line.startswith("layers")]
    assert len(rows) == 3
    assert rows[0].startswith("layers.29.linear ")
    assert rows[0].endswith("exploding_signal  model.py:30")


def test_verdicts_and_what_was_not_seen_stand_below(shown: Callable):
    unseen = tuple(f"gate {number}" for number in range(8))
    lines = shown(probe_result(STACK, [WARNS], unseen=unseen))
    assert lines[-7] == (
        "warning: exploding_signal at layers.29 (model.py:30): its root mean square grows 400-fold"
    )
    assert lines[-6:] == [*(f"not seen: gate {n}" for n in range(5)), "not seen: 3 more, in --json"]


def test_parameters_that_are_alike_have_one_row(shown: Callable):
    lines = shown(probe_result(GPT), "--parameters")
    rows = [line.split() for line in lines if ".weight" in line]
    assert [row[0] for row in rows] == ["blocks.*.proj.weight", "head.weight"]
    assert rows[0][1] == "12"


def test_a_star_stands_for_numbers_that_differ(shown: Callable):
    places = [f"layers.{k}.mlp.2" for k in range(3)]
    lines = shown(probe_result([(place, "linear") for place in places]), "--parameters")
    (row,) = [line.split() for line in lines if ".weight" in line]
    assert row[:2] == ["layers.*.mlp.2.weight", "3"]


def test_only_a_probe_has_such_rows(winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    done = winit("show", "outputs/tiny", "--worst", "3")
    assert (done.code, done.out) == (2, "")
    assert "--worst: outputs/tiny is no result of winit probe" in done.err


def test_names_that_a_terminal_or_a_ci_system_would_obey(shown: Callable):
    result = probe_result([("::error x", "linear"), ("\x1b[31mred", "linear")])
    for options in ((), ("--parameters",)):
        lines = shown(result, *options)
        assert not any(line.startswith("::") for line in lines)
        assert any(line.startswith("\\x3a:error x") for line in lines)
        assert any(line.startswith("\\x1b[31mred") for line in lines)


def test_without_torch(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    done = winit("probe", "model.py:build", "--input", "4,3")
    assert (done.code, done.out) == (2, "")
    assert done.err == ("winit probe needs PyTorch, which is not installed; pip install torch\n")


def test_a_torch_that_is_broken(winit: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    """Which is there, as a release without its libraries is."""
    (here / "broken").mkdir()
    (here / "broken/torch.py").write_text("import libs_of_torch")
    monkeypatch.syspath_prepend(here / "broken")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    done = winit("probe", "model.py:build", "--input", "4,3")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("winit probe needs PyTorch, which cannot be imported: ModuleNotFou")
    assert "No module named 'libs_of_torch'" in done.err


def test_fail_on_a_saved_one(winit: Callable, here: Path):
    save(probe_result(STACK, [WARNS]), here)
    done = winit("show", "saved", "--fail-on", "warning")
    assert done.code == 1
    assert "saved: warning: exploding_signal at layers.29 (model.py:30)" in done.err
