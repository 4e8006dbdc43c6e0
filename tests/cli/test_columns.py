"""Tables in terminals of any width, with names of any script, in encodings that lack signs."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, Column, layout_for, layouts
from weightinit_cli.cli.terminal import SPELLINGS, spelled
from weightinit_cli.errors import counted
from weightinit_cli.experiments import predict
from weightinit_cli.lines import clipped, ljust, rjust, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest import MonkeyPatch  # noqa: PT013

PACKAGE = Path(terminal.__file__).parents[1]
BLOCKS = set("▁▂▃▄▅▆▇█")


# the width of a text


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("std = 10", 8),
        ("重み初期化", 10),
        ("\uff57\uff49\uff44\uff45", 8),
        ("e\u0301te\u0301", 3),
        ("가", 2),
        ("\u1100\u1161", 2),
        ("φ² ± ▁█", 7),
        ("😀", 2),
        ("", 0),
    ],
)
def test_width(text: str, columns: int):
    assert width(text) == columns
    assert width(ljust(text, 12)) == width(rjust(text, 12)) == 12


@given(text=st.text(st.sampled_from("a重e\u0301 ±"), max_size=40), columns=st.integers(0, 30))
def test_clipped(text: str, columns: int):
    head = clipped(text, columns)
    assert text.startswith(head)
    assert width(head) <= columns
    assert head == text or width(clipped(text, columns + 2)) > width(head)


@given(
    words=st.lists(st.text(st.sampled_from("ab重,"), min_size=1, max_size=50), max_size=12),
    columns=st.integers(4, 60),
)
def test_wrapped_anywhere_fits_and_loses_nothing(words: list[str], columns: int):
    text = " ".join(words)
    lines = wrapped(text, columns, indent=2, anywhere=True)
    assert max(map(width, lines), default=0) <= columns
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("  ") for line in lines[1:])


# encodings


class Stream(io.StringIO):
    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._name = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._name


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", r"+- x ^2 phi sigma ... \xe9\u91cd\udce9"),
        ("latin-1", r"± × ² phi sigma ... é\u91cd\udce9"),
        ("utf-8", r"± × ² φ σ … é重\udce9"),
    ],
)
def test_spelled(monkeypatch: MonkeyPatch, encoding: str, shown: str):
    monkeypatch.setattr(sys, "stdout", Stream(encoding))
    assert spelled("± × ² φ σ … é重\udce9") == shown


def test_every_sign_of_our_own_texts_has_a_spelling():
    texts = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    signs = {c for text in texts for c in text if ord(c) > 127}
    drawn = {c for c in signs if unicodedata.category(c) in ("Mn", "So", "Sm", "Po")}
    assert signs - set(SPELLINGS) - BLOCKS - drawn == set()


def test_columns_stand_in_an_encoding_without_our_signs(monkeypatch: MonkeyPatch, wide: Callable):
    monkeypatch.setattr(sys, "stdout", Stream("ascii"))
    table = [
        Column("name", [Cell("φ²"), Cell("重")], words=True),
        Column("std", [Cell("1 ± 2"), Cell("3")]),
    ]
    layout = layout_for(table, 80)
    assert [*layout.head_lines(), *layout.rows()] == [
        "name       std",
        "phi^2   1 +- 2",
        r"\u91cd       3",
    ]


@pytest.mark.parametrize("what", ["initializers", "activations", "configs"])
def test_lists_have_no_escapes_in_ascii(process: Callable, what: str):
    run = process("list", what, env={"PYTHONIOENCODING": "ascii"}, encoding="ascii")
    assert (run.code, run.err) == (0, "")
    assert "\\" not in run.out


# tables


def test_wide_characters_keep_the_columns():
    table = [
        Column("run", [Cell("重み 0.01"), Cell("e\u0301te\u0301"), Cell("std")], words=True),
        Column("std", [Cell("0.5"), Cell("12"), Cell("3")]),
    ]
    rows = layout_for(table, 80).rows()
    assert [width(row) for row in rows] == [14, 14, 14]


@given(
    heads=st.lists(st.sampled_from(["std", "std (inputs)", "first moved"]), min_size=1, max_size=6),
    cells=st.lists(st.text(st.sampled_from("1重,a "), max_size=9), min_size=1, max_size=4),
    room=st.integers(1, 160),
    words=st.booleans(),
)
def test_what_says_that_it_fits_does(heads: list[str], cells: list[str], room: int, words: bool):
    columns = [Column(head, [Cell(text) for text in cells], words=words, wide=12) for head in heads]
    for layout in [*layouts(columns, room), layout_for(columns, room)]:
        lines = [*layout.head_lines(), *layout.rows()]
        if layout.room >= 0:
            assert max(map(width, lines)) <= room


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize(
    "name", ["relu_std001", "tanh_critical", "sigmoid_std10", "pretraining_sigmoid", "conv_he"]
)
def test_theory_fits(winit: Callable, wide: Callable, name: str, columns: int):
    wide(columns)
    run = winit("theory", "-c", name, "--set", "layers=50")
    assert run.code == 0
    assert max(map(width, run.out.splitlines())) <= columns


def test_theory_says_what_it_has_no_room_for(winit: Callable, wide: Callable):
    arguments = ("theory", "-c", "relu_std001")
    wide(60)
    narrow = winit(*arguments).out
    assert "sat. low, sat. high left out for want of room" in narrow
    wide(None)
    piped = winit(*arguments).out
    assert "left out" not in piped
    assert "sat. low  sat. high" in piped


def test_the_table_of_theory_needs_no_standard_errors(
    winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    """Of 20,000 layers they took half a minute, and only the JSON has them."""
    monkeypatch.setattr(predict, "standard_errors", lambda *_: pytest.fail("derived"))
    assert winit("theory", "-c", "relu_he", "--set", "layers=300").code == 0
    monkeypatch.undo()
    said = json.loads(winit("theory", "-c", "relu_he", "--json").out)
    assert said["layers"][0]["figures"]["std"]["standard_error"] > 0


def test_theory_says_of_which_run_it_is(winit: Callable):
    run = winit("theory", "-c", "article")
    assert run.err == "article: the forecast is of the first of 3 runs, std = 10\n"


def test_one_layer_left_out_is_one(winit: Callable):
    run = winit("theory", "-c", "relu_he", "--set", "layers=41")
    assert "(1 layer left out; --json has all)" in run.out


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_layers_fit(winit: Callable, wide: Callable, columns: int):
    """Those with the longest figures, too; what there is no room for is said."""
    wide(columns)
    out = winit("histogram", "-c", "relu_std001", "--no-plot").out
    assert max(map(width, out.splitlines())) <= columns
    assert ("z (std), sat. low, sat. high left out for want of room" in out) == (columns == 60)


def test_symmetry_fits(winit: Callable, wide: Callable):
    options = ("--set", "steps=2000", "--no-plot", "-q")
    assert winit("symmetry", "-c", "random_biases_deep", *options).code == 0
    for columns in (60, 80, 120):
        wide(columns)
        lines = winit("show", "outputs/random_biases_deep").out.splitlines()
        assert 0 < max(map(width, lines)) <= columns


DIVERGING = """\
experiment: training
data: digits
activation: linear
initializer: {name: normal, std: 10}
width: [6, 6]
batch: 40
steps: 12
learning_rate: 1e30
repeats: 4
"""


def test_scores_fit(winit: Callable, wide: Callable, here: Path):
    Path("wild.yaml").write_text(DIVERGING, encoding="utf-8")
    assert winit("train", "-c", "wild.yaml", "--no-plot", "-q").code == 0
    for columns in (60, 80, 120):
        wide(columns)
        out = winit("show", "outputs/wild").out
        assert "diverged at step" in out
        assert max(map(width, out.splitlines())) <= columns


LONG = """\
variants:
  a name that says at great length what is special about this run: {width: 7}
  short: {initializer: {name: normal, std: 10}}
"""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_comparison_fits_and_shows_all(
    winit: Callable, wide: Callable, spec: Callable, columns: int
):
    wide(columns)
    run = winit("histogram", "-c", spec(more=LONG), "--no-plot")
    assert run.code == 0
    lines = run.out.splitlines()
    assert max(map(width, lines)) <= columns
    said = re.sub(r"\s", "", run.out)
    assert "anamethatsaysatgreatlength" in said
    assert "healthy;note:saturated" in said


def test_names_that_leave_no_room_stand_above_their_figures(
    winit: Callable, wide: Callable, spec: Callable
):
    wide(60)
    lines = winit("histogram", "-c", spec(more=LONG), "--no-plot").out.splitlines()
    at = lines.index("short")
    assert lines[1] == "run"
    assert re.match(r"  +[\d.e-]+ +[\d.e-]+ +[\d.e-]+ healthy; note: saturated", lines[at + 1])


@pytest.mark.parametrize("columns", [1, 20])
@pytest.mark.parametrize(
    "arguments",
    [
        ("histogram", "-c", "tiny.yaml", "--no-plot"),
        ("histogram", "-c", "sweep.yaml", "--no-plot"),
        ("theory", "-c", "tiny.yaml"),
        ("list", "initializers"),
        ("list", "configs"),
        ("explain",),
        ("explain", "saturated"),
        ("phase", "-a", "relu", "--format", "svg"),
    ],
    ids=" ".join,
)
def test_no_width_is_too_small(
    winit: Callable, wide: Callable, spec: Callable, arguments: tuple, columns: int
):
    spec()
    spec("sweep.yaml", LONG)
    wide(columns)
    run = winit(*arguments)
    assert (run.code, run.err) == (0, "")
    assert run.out


# configs


def test_configs_are_told_in_whole_sentences(winit: Callable, wide: Callable):
    wide(70)
    text = " ".join(winit("list", "configs").out.split())
    assert "(padding: circular) the theory of fully connected layers holds for every" in text
    rows = re.split(r"(?:^|\n)(?=\S)", winit("list", "configs").out.strip())[1:]
    assert all(row.rstrip().endswith((".", ").")) for row in rows if not row.startswith("config "))


# words


@pytest.mark.parametrize(("number", "said"), [(0, "0 runs"), (1, "1 run"), (2000, "2,000 runs")])
def test_counted(number: int, said: str):
    assert counted(number, "run") == said


def test_one_is_no_plural(winit: Callable, spec: Callable):
    one = "variants: {only: {samples: 1, layers: 1, histogram: {bins: 1}}}\n"
    run = winit("histogram", "-c", spec(more=one), "--no-plot")
    assert run.out.startswith("tiny: 1 run\n")
    shown = winit("show", "outputs/tiny/only").out
    assert "1 sample, seed" in shown
    for text in (run.out, shown, winit("validate", "tiny.yaml").out):
        assert re.search(r"\b1 [a-z]+s\b", text) is None
