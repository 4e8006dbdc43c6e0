"""The table of a result: it fits the terminal, and its sparklines tell no tales."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli import load_result, load_spec, run
from weightinit_cli.cli import terminal
from weightinit_cli.cli.table import ASCII, BLOCKS, SPARK_WIDTH, _spark, table
from weightinit_cli.spec import shipped_configs

if TYPE_CHECKING:
    from weightinit_cli.results import Result

REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"
CONFIGS = [path.stem for path in shipped_configs()]


def plain(result: Result) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in table(result)]


@pytest.fixture(scope="module")
def overflowing() -> Result:
    overrides = ["initializer.std=10", "layers=24"]
    return run(load_spec("relu_std001", overrides))


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch):
    """Give the terminal this many columns."""

    def set_columns(columns: int | None) -> None:
        monkeypatch.setattr(terminal, "columns", lambda: columns)
        monkeypatch.setattr(terminal, "takes", lambda text: True)

    return set_columns


# sparklines


@given(
    bins=st.integers(1, 400),
    room=st.integers(9, 200),
    count=st.one_of(st.integers(1, 10), st.integers(1, 2**62)),
    levels=st.sampled_from([BLOCKS, ASCII]),
)
def test_uniform_is_flat(bins: int, room: int, count: int, levels: str):
    spark = _spark([count] * bins, levels, room)
    assert spark == levels[-1] * min(bins, room, SPARK_WIDTH)


@given(bins=st.integers(12, 400), room=st.integers(9, 40))
def test_bell_has_no_comb(bins: int, room: int):
    """Up to the middle it never falls; after it, it never rises."""
    middle = (bins - 1) / 2
    counts = [round(1e6 * math.exp(-8 * ((k - middle) / bins) ** 2)) for k in range(bins)]
    heights = [BLOCKS.index(bar) for bar in _spark(counts, BLOCKS, room)]
    top = heights.index(max(heights))
    assert heights[:top] == sorted(heights[:top])
    assert heights[top:] == sorted(heights[top:], reverse=True)


@given(
    counts=st.lists(st.one_of(st.just(0), st.integers(0, 10**9)), min_size=1, max_size=90),
    room=st.integers(9, 60),
)
def test_any_count_shows_and_nothing_else(counts: list[int], room: int):
    spark = _spark(counts, BLOCKS, room)
    ends = [k * len(counts) // len(spark) for k in range(len(spark) + 1)]
    full = [any(counts[a:b]) for a, b in pairwise(ends)]
    assert [bar != " " for bar in spark] == full


# the terminal's width


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_configs_fit_with_their_histogram(wide, name: str, columns: int):
    wide(columns)
    lines = plain(load_result(REFERENCE / name))
    assert max(map(len, lines)) <= columns
    assert lines[-6].endswith("histogram")
    assert "█" in lines[-5]


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_overflow_fits_with_its_histogram(wide, overflowing: Result, columns: int):
    wide(columns)
    lines = plain(overflowing)
    assert max(map(len, lines)) <= columns
    assert lines[-25].endswith("histogram")
    assert "1.751e5" in lines[-22]
    assert len({line.index("█") for line in lines[-24:-4]}) == 1


def test_histogram_goes_where_there_is_no_room(wide):
    result = load_result(REFERENCE / "sigmoid_xavier")
    for columns in range(40, 121):
        wide(columns)
        text = "\n".join(plain(result))
        assert ("histogram" in text) == ("█" in text)
        if columns >= 52:
            assert max(map(len, text.splitlines())) <= columns
    wide(54)
    assert "histogram" not in "\n".join(plain(result))


def test_two_lines_of_heads_stand_over_their_columns(wide, overflowing: Result):
    wide(80)
    upper, lower, *rows = plain(overflowing)[-26:]
    assert upper.split() == ["sat.", "sat.", "std", "inf,"]
    assert lower.split()[:5] == ["layer", "mean", "std", "low", "high"]
    assert upper.index("std") + len("std") == lower.index("(inputs)") + len("(inputs)")
    assert rows[0][: lower.index("mean") + len("mean")].endswith("39.54")


def test_heading_breaks_at_commas(wide):
    result = load_result(REFERENCE / "relu_std001")
    wide(44)
    assert plain(result)[:3] == [
        "relu_std001: relu, normal (mean 0,",
        "  std 0.01), width 100, 1,000 samples,",
        "  seed 0",
    ]


def test_piped_has_two_spaces_and_one_line_of_heads(wide, overflowing: Result):
    wide(None)
    lines = plain(overflowing)
    assert len(lines) == 26
    heads = ["layer", "mean", "std", "sat. low", "sat. high", "distinct", "std (inputs)"]
    assert re.split(" {2,}", lines[1]) == [*heads, "outside", "inf, nan", "histogram"]


@pytest.mark.parametrize(
    ("mean", "shown"),
    [(1.751e5, "1.751e5"), (1.467e-5, "1.467e-5"), (-2e300, "-2e300"), (1234, "1234"), (0.0, "0")],
)
def test_exponents_are_short(wide, mean: float, shown: str):
    wide(None)
    result = load_result(REFERENCE / "sigmoid_xavier")
    layers = (replace(result.layers[0], mean=mean), *result.layers[1:])
    assert plain(replace(result, layers=layers))[2].split()[1] == shown
