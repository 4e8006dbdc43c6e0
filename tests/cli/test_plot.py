"""`winit plot`: saved results drawn again, for print as a person asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "activation: tanh\ninitializer: xavier_normal\nlayers: 2\nsamples: 50\nwidth: 10\n"


@pytest.fixture
def saved(tmp_path: Path, winit: Callable) -> Path:
    (tmp_path / "mine.yaml").write_text(TEXT)
    winit("histogram", "-c", tmp_path / "mine.yaml", "-o", tmp_path / "out", "--no-plot")
    return tmp_path / "out" / "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--width", "3"], "expected a length such as 3.3in, 84mm or 240pt, not '3'"),
        (["--width", "1in"], "expected a width from 1.5in to 40in, not 1in"),
        (["--font-size", "1"], "1.0 is not in the range 3<=x<=40"),
        (["--font-size", "nan"], "must be a number, not nan"),
        (["--dpi", "nan"], "must be a number, not nan"),
        (["--style", "none.mplstyle"], "none.mplstyle: no style sheet can be read"),
        (["--style", ""], "a path must not be empty"),
    ],
)
def test_what_cannot_be_asked(options: list[str], message: str, saved: Path, winit: Callable):
    outcome = winit("plot", saved, *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_wrong_style_sheet_is_told_with_its_line(tmp_path: Path, saved: Path, winit: Callable):
    path = tmp_path / "mine.mplstyle"
    path.write_text("font.size: 9\nfont.sise: 9\n")
    outcome = winit("plot", saved, "--style", path)
    assert outcome.code == 2
    assert f"{path}: not a style sheet of matplotlib: line 2: unknown setting" in outcome.err
    path.write_text("font.size: large\n")
    outcome = winit("plot", saved, "--style", path)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    path.write_bytes(b"font.family: \xff")
    outcome = winit("plot", saved, "--style", path)
    assert outcome.err == f"{path}: byte 0xFF is not UTF-8; save the file as UTF-8\n"
    for line in ("font.size: 0", "font.size: nan", "savefig.dpi: 1e9"):
        path.write_text(line)
        outcome = winit("plot", saved, "--style", path)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"{path}: {line.split(':')[0]}: expected a number from" in outcome.err


def test_a_font_that_is_not_there_is_told(tmp_path: Path, saved: Path, winit: Callable):
    path = tmp_path / "mine.mplstyle"
    path.write_text("font.family: No Such Sans\n")
    outcome = winit("plot", saved, "--style", path, "-o", tmp_path)
    assert outcome.code == 0
    assert "no font of this machine is 'No Such Sans': DejaVu Sans is taken" in outcome.err


def test_a_picture_for_one_column(tmp_path: Path, saved: Path, winit: Callable):
    out = tmp_path / "print"
    outcome = winit("plot", saved, "--width", "3.3in", "--dpi", "100", "-o", out)
    assert outcome.code == 0
    for name in ("depth",):
        with Image.open(out / f"{name}.png") as image:
            assert image.size[0] == 330


def test_one_of_several_runs_is_called_what_it_is(tmp_path: Path, winit: Callable):
    (tmp_path / "mine.yaml").write_text(f"{TEXT}variants: {{wide: {{width: 20}}, plain: {{}}}}\n")
    out = tmp_path / "out"
    winit("histogram", "-c", tmp_path / "mine.yaml", "-o", out, "--no-plot")
    assert winit("show", out / "mine" / "wide").out.startswith("mine, wide")
    assert '"name":"mine"' in winit("show", out / "mine" / "wide", "--json").out
    options = ["--format", "svg", "--svg-text", "-o", tmp_path / "print"]
    winit("plot", out / "mine" / "wide" / "stats.json", *options)
    assert ">mine, wide</text>" in (tmp_path / "print" / "depth.svg").read_text()
    (out / "mine" / "runs.json").write_text("damaged")
    assert winit("show", out / "mine" / "wide").out.startswith("mine")
