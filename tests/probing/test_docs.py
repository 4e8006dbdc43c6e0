"""docs/probe.md: its table of mistakes, and what it says of comparisons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weightinit_cli.verdicts import DEFINITIONS

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "probe.md").read_text("utf-8")


def test_every_mistake_and_every_verdict_of_models_is_there():
    for file in (ROOT / "examples" / "mistakes").glob("*.py"):
        row = next(
            line
            for line in (file.parent / "README.md").read_text("utf-8").splitlines()
            if line.startswith(f"| [{file.name}]")
        )
        _, _, wrong, _, said, *_ = (cell.strip() for cell in row.split("|"))
        verdict = re.match(r"`\w+`", said)[0]
        assert f"| {wrong} | {verdict}" in TEXT
    for name, definition in DEFINITIONS.items():
        if definition.find is None:
            assert f"`{name}`" in TEXT


def test_what_it_says_of_comparisons_is_so():
    from weightinit_cli.guard.probe_draws import FEWEST_ENTRIES
    from weightinit_cli.guard.probe_rounding import FACTOR, MOST
    from weightinit_cli.guard.statistical import FEWEST_NETWORKS

    assert (FACTOR, MOST, FEWEST_ENTRIES, FEWEST_NETWORKS) == (32, 0.1, 100, 10)
    assert "32 times" in TEXT
    assert "at least 100 entries" in TEXT
    assert "10 `--repeats`" in TEXT
