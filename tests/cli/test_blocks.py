"""Tables of residual blocks and of normalized layers, in wide and narrow terminals."""

from __future__ import annotations

import re

import pytest

from weightinit_cli.cli import main

KEYS = ["activation=relu", "layers=2", "width=10", "samples=20", "histogram.range=auto"]
BLOCKS = ["residual={placement: post}", "normalization=layer_norm"]


def printed(capsys, *settings):
    options = [part for each in (*KEYS, *settings) for part in ("--set", each)]
    assert main(["histogram", "-c", "relu_he", "--no-plot", "-o", "out", *options]) == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_blocks_have_a_column_of_their_branch_and_a_line_that_says_what_rows_are_of(capsys):
    shown = printed(capsys, *BLOCKS)
    head = next(line for line in shown.splitlines() if line.startswith("layer"))
    assert head.split("  ").count("branch") == 1
    assert "before norm." in head
    assert "figures and histogram are of the stream after each, normalized; saturation" in shown


def test_plain_layers_have_neither(capsys):
    shown = printed(capsys)
    assert not [word for word in ("branch", "stream", "before norm.") if word in shown]


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_no_line_is_longer_than_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setattr("weightinit_cli.cli.terminal.columns", lambda: width)
    lines = printed(capsys, *BLOCKS).splitlines()
    assert max(map(len, lines)) <= width
    assert any("branch" in line for line in lines)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("output.initializer", r"logits: \d+ of them finite, from -\d"),
        ("initializer", "logits: no finite value\n"),
    ],
)
def test_how_many_logits_are_finite(capsys, path, said):
    large = f"{path}={{name: normal, std: 2.0e+4}}"
    shown = printed(capsys, "dtype=float16", "output.classes=10", large)
    assert re.search(said, shown)
    assert "loss at the start not finite" in shown
