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

from weightinit_cli import load_result, run
from weightinit_cli.cli.tables import table
from weightinit_cli.cli.tables.histogram import ASCII, BLOCKS, SPARK_WIDTH, _spark
from weightinit_cli.results import LayerTheory, Prediction, Verdict
from weightinit_cli.results.model import HistogramCounts
from weightinit_cli.results.words import below
from weightinit_cli.spec import load_spec, shipped_configs

if TYPE_CHECKING:
    from weightinit_cli.results import LayerStatistics, Result

REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"
SPECS = [load_spec(each.stem) for each in shipped_configs()]
CONFIGS = [each.name for each in SPECS if each.runs is None and each.experiment == "histogram"]


def plain(result: Result) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in table(result)]


def rows(lines: list[str]) -> list[str]:
    return [line for line in lines if re.match(r" *\d+ +[-<\d]", line)]


def heads(lines: list[str]) -> list[str]:
    """One or two lines."""
    end = lines.index(rows(lines)[0])
    start = next(k for k, line in enumerate(lines) if re.match(r" {5,}|layer ", line))
    return lines[start:end]


def verdicts(lines: list[str]) -> list[str]:
    """What stands below the rows, and below the note on columns that are left out."""
    below = lines[lines.index(rows(lines)[-1]) + 1 :]
    ends = [number for number, line in enumerate(below, 1) if line.endswith("has all)")]
    return below[max(ends, default=0) :]


@pytest.fixture(scope="module")
def measured() -> Result:
    """A result with a gradient, whatever the reference results have."""
    return run(load_spec("sigmoid_xavier"))


@pytest.fixture(scope="module")
def overflowing() -> Result:
    overrides = ["initializer.std=10", "layers=24", "backward=false"]
    return run(load_spec("relu_std001", overrides))


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
    assert heads(lines)[-1].endswith("histogram")
    assert "█" in rows(lines)[0]


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_overflow_fits_with_its_histogram(wide, overflowing: Result, columns: int):
    wide(columns)
    lines = plain(overflowing)
    assert max(map(len, lines)) <= columns
    assert heads(lines)[-1].endswith("histogram")
    assert "1.751e5" in rows(lines)[2]
    assert len({line.index("█") for line in rows(lines)[:20]}) == 1


def test_histogram_goes_where_there_is_no_room(wide, measured: Result):
    for columns in range(40, 121):
        wide(columns)
        text = "\n".join(plain(measured))
        assert ("histogram" in "\n".join(heads(plain(measured)))) == ("█" in text)
        if columns >= 60:
            assert max(map(len, text.splitlines())) <= columns
    wide(60)
    assert "█" not in "\n".join(plain(measured))


def test_two_lines_of_heads_stand_over_their_columns(wide, overflowing: Result):
    wide(80)
    lines = plain(overflowing)
    upper, lower = heads(lines)
    assert upper.split() == ["sat.", "sat.", "std"]
    assert lower.split()[:5] == ["layer", "mean", "std", "low", "high"]
    assert upper.index("std") + len("std") == lower.index("(inputs)") + len("(inputs)")
    assert rows(lines)[0][: lower.index("mean") + len("mean")].endswith("39.54")


def test_heading_breaks_at_commas(wide):
    result = load_result(REFERENCE / "relu_std001")
    wide(44)
    assert plain(result)[:3] == [
        "relu_std001: relu, normal (mean 0,",
        "  std 0.01), width 100, 1,000 samples,",
        "  seed 0",
    ]


def test_piped_has_two_spaces_and_one_line_of_heads(wide, overflowing: Result, measured: Result):
    wide(None)
    (line,) = heads(plain(replace(overflowing, layers=without_theory(overflowing))))
    names = ["layer", "mean", "std", "sat. low", "sat. high", "distinct", "std (inputs)"]
    assert re.split(" {2,}", line) == [*names, "finite", "outside", "histogram"]
    (line,) = heads(plain(replace(measured, layers=without_theory(measured))))
    assert re.split(" {2,}", line) == [*names, "grad. ratio", "histogram"]


@pytest.mark.parametrize(
    ("mean", "shown"),
    [(1.751e5, "1.751e5"), (1.467e-5, "1.467e-5"), (-2e300, "-2e300"), (1234, "1234"), (0.0, "0")],
)
def test_exponents_are_short(wide, mean: float, shown: str):
    wide(None)
    result = load_result(REFERENCE / "sigmoid_xavier")
    layers = (replace(result.layers[0], mean=mean), *result.layers[1:])
    assert plain(replace(result, layers=layers))[2].split()[1] == shown


# what the dtype cannot tell, and what is not finite


def changed(result: Result, number: int, **figures: object) -> Result:
    """The result with other figures of its layer of this number."""
    layers = list(result.layers)
    layers[number - 1] = replace(layers[number - 1], **figures)
    return replace(result, layers=tuple(layers))


def test_a_figure_below_its_floor_is_said_to_be_below(wide, measured: Result):
    wide(None)
    floors = {"std_across_inputs": 5.81e-8, "mean": 1.1754943508222875e-38, "distinct_units": None}
    lines = plain(changed(measured, 5, unresolved=floors))
    assert column(lines, "std (inputs)")[-1] == "<6e-8"
    assert column(lines, "mean")[-1] == "<2e-38"
    assert column(lines, "distinct")[-1] == ">=100"
    one = plain(changed(measured, 5, unresolved=floors, distinct_units=1))
    assert column(one, "distinct")[-1] == "?"
    shown = f"{measured.layers[4].std_across_inputs:.4g}"
    assert shown not in "\n".join(lines)
    assert column(lines, "std")[-1] == column(plain(measured), "std")[-1]


def test_a_layer_of_rounding_looks_as_one_of_equal_values(wide, measured: Result):
    wide(None)
    bins = len(measured.layers[0].histogram.counts)
    narrow = HistogramCounts(tuple(1e-40 * k for k in range(bins + 1)), (7,) * bins, 0, 0)
    one = tuple(int(k == bins // 2) for k in range(bins))
    equal = HistogramCounts(tuple(k / bins - 0.5 for k in range(bins + 1)), one, 0, 0)
    lost = {"std": 1.1754943508222875e-38}

    def spark(counts: HistogramCounts, floors: dict[str, float]) -> str:
        lines = plain(changed(measured, 1, unresolved=floors, histogram=counts))
        return rows(lines)[0][heads(lines)[0].index("histogram") :]

    assert spark(narrow, lost) == spark(equal, lost) == " " * (bins // 2) + "█"
    assert spark(narrow, {}) == "█" * SPARK_WIDTH


def test_shares_and_ratios_that_nothing_is_known_of(wide, measured: Result):
    wide(None)
    lost = dict.fromkeys(("saturation.low", "saturation.high", "gradient.total_ratio"))
    many = replace(measured.layers[0].saturation, low=0.4, high=0.4)
    result = changed(measured, 1, unresolved=lost, saturation=many)
    lines = plain(result)
    for head in ("sat. low", "sat. high", "grad. ratio"):
        assert column(lines, head)[0] == "?"
    first = next(line for line in table(result) if line.startswith("\x1b[36m    1"))
    assert "\x1b[33m" not in first


@pytest.mark.parametrize(
    ("floor", "shown"),
    [
        (6e-8, "<6e-8"),
        (6.0000001e-8, "<7e-8"),
        (9.5e-8, "<1e-7"),
        (1.1754943508222875e-38, "<2e-38"),
        (2.2250738585072014e-308, "<3e-308"),
        (0.00299, "<0.003"),
        (2.1, "<3"),
        (1.7e30, "<2e30"),
        (None, "?"),
    ],
)
def test_a_floor_is_rounded_up_to_one_digit(floor: float | None, shown: str):
    assert below(floor) == shown


@given(st.floats(min_value=2.3e-308, max_value=1e308))
def test_what_is_said_to_lie_above_a_figure_does(floor: float):
    said = float(below(floor).removeprefix("<"))
    assert floor <= said <= 2 * floor


def test_figures_are_of_so_many_finite_values(wide, overflowing: Result):
    wide(None)
    cells = column(plain(overflowing), "finite")
    for cell, layer in zip(cells, overflowing.layers, strict=True):
        counts = layer.histogram
        number = sum(counts.counts) + counts.underflow + counts.overflow
        assert cell == (f"of {number:,}" if layer.nonfinite else "all")
    assert {"all", "of 0"} < set(cells)


def test_the_gradient_s_figures_are_of_their_own(wide, measured: Result):
    wide(None)
    gradient = measured.layers[1].gradient
    counts = replace(gradient.histogram, counts=(160,), underflow=0, overflow=0)
    partial = replace(gradient, nonfinite=99_840, histogram=counts)
    lines = plain(changed(measured, 2, gradient=partial))
    assert column(lines, "grad. finite") == ["all", "of 160", "all", "all", "all"]
    assert "finite" not in re.split(" {2,}", heads(lines)[0])
    assert "finite" not in "\n".join(heads(plain(measured)))


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_both_counts_have_room(wide, measured: Result, columns: int):
    wide(columns)
    gradient = measured.layers[1].gradient
    partial = replace(gradient, nonfinite=99_840, total_ratio=3.906e-32)
    result = changed(
        measured, 2, gradient=partial, nonfinite=9, mean=-1.672e295, std=1.317e297,
        std_across_inputs=1.314e297, distinct_units=None,
    )  # fmt: skip
    lines = plain(result)
    assert max(map(len, lines)) <= columns
    row = rows(lines)[1]
    assert "1.317e297" in row
    assert "3.906e-32" in row
    assert row.count(" of ") == 2


# gradient and theory


def without_theory(result: Result) -> tuple[LayerStatistics, ...]:
    return tuple(replace(layer, theory=None) for layer in result.layers)


def with_theory(result: Result, *z: float | None) -> Result:
    """The result with this many standard errors of the standard deviation, layer by layer."""
    layers = []
    for layer, each in zip(without_theory(result), z, strict=True):
        figures = {"std": Prediction(0.2, None if each is None else 0.01, each)}
        bins = len(layer.histogram.counts)
        layers.append(replace(layer, theory=LayerTheory(1.0, 1.0, figures, (1 / bins,) * bins)))
    return replace(result, layers=tuple(layers))


def column(lines: list[str], name: str) -> list[str]:
    """The cells under a head, of a table with two spaces between its columns."""
    (line,) = heads(lines)
    place = re.split(" {2,}", line).index(name)
    return [re.split(" {2,}", row.strip())[place] for row in rows(lines)]


def test_gradient_ratio(wide, measured: Result):
    wide(None)
    shown = column(plain(measured), "grad. ratio")
    assert shown[-1] == "-"
    ratios = [layer.gradient.total_ratio for layer in measured.layers if layer.gradient]
    assert [float(cell) for cell in shown[:-1]] == pytest.approx(ratios[:-1], rel=1e-3)
    forward = [replace(layer, gradient=None) for layer in measured.layers]
    assert "grad." not in "\n".join(plain(replace(measured, layers=tuple(forward))))


def test_z_of_the_standard_deviation(wide, measured: Result):
    wide(None)
    result = with_theory(measured, 0.04, -3.26, None, -5.1, 12345.6)
    assert column(plain(result), "z (std)") == ["0.0", "-3.3", "-", "-5.1", "1.235e4"]
    coloured = [line for line in table(result) if "\x1b[36m" in line]
    far = [bool(re.search(r"\x1b\[33m *(-5\.1|1\.235e4)\x1b", line)) for line in coloured]
    assert far == [False, False, False, True, True]
    assert "z (std)" not in plain(with_theory(measured, *[None] * 5))[1]


def test_z_goes_before_the_histogram(wide, measured: Result):
    result = with_theory(measured, *[-1000.5] * 5)
    for columns in range(60, 121):
        wide(columns)
        lines = plain(result)
        assert max(map(len, lines)) <= columns
        if columns >= 68:
            assert "histogram" in heads(lines)[-1]
        if columns >= 80:
            assert "(std)" in heads(lines)[-1]


def test_histogram_of_twenty_before_one_line_of_heads(wide, measured: Result):
    result = with_theory(measured, *[1.0] * 5)
    wide(100)
    lines = plain(result)
    assert len(heads(lines)) == 2
    assert max(len(re.findall("[▁-█]", row)) for row in rows(lines)) >= 20


# the verdict


def said(result: Result, *entries: Verdict) -> list[str]:
    return verdicts(plain(replace(result, verdict=entries)))


COLLAPSED = Verdict("collapsed", "warning", 3, "std / rms", 0.00063094)
WORDS = "warning: collapsed first at layer 3: std is 6.3e-4 of the root mean square"
SO = replace(COLLAPSED, name="dying", layer=1, because="collapsed", advice="not told")


def test_verdict_on_one_line_where_piped(wide, measured: Result):
    wide(None)
    advised = replace(COLLAPSED, advice="raise the standard deviation")
    note = Verdict("saturated", "note", 2, "saturated", 0.5)
    assert said(measured, advised, SO, note) == [
        WORDS,
        "  so: dying first at layer 1",
        "  advice: raise the standard deviation",
        "note: saturated first at layer 2: 50 % of it lies in the activation's flat ends",
    ]
    healthy = Verdict("healthy", None, advice="all is well")
    assert said(measured, healthy, note)[0] == "healthy: all is well"
    assert said(measured, replace(healthy, advice=None)) == ["healthy"]
    assert said(measured) == []


@pytest.mark.parametrize("columns", [30, 44, 80])
def test_verdict_is_wrapped_to_the_terminal(wide, measured: Result, columns: int):
    wide(columns)
    lines = said(measured, COLLAPSED, SO)
    assert max(map(len, lines)) <= columns
    assert not lines[0].startswith(" ")
    assert all(line.startswith("  ") for line in lines[1:])
    whole = " ".join(line.strip() for line in lines)
    assert whole == f"{WORDS} so: dying first at layer 1"


@pytest.mark.parametrize(
    ("severity", "colour", "label"),
    [
        ("severe", 31, "severe (Adam mostly fails, too): collapsed"),
        ("warning", 31, "warning: collapsed"),
        ("note", 33, "note: collapsed"),
        (None, 32, "collapsed"),
    ],
)
def test_colour_of_a_verdict(wide, measured: Result, severity, colour: int, label: str):
    wide(80)
    lines = table(replace(measured, verdict=(replace(COLLAPSED, severity=severity),)))
    start = f"\x1b[{colour}m\x1b[1m{label}\x1b[0m first at layer 3"
    assert any(line.startswith(start) for line in lines)


def test_verdict_of_a_hostile_file(wide, measured: Result):
    hostile = Verdict("a\x1b[31m\nb", "warning", 1, "c\rd", 1.0, advice="e\x07f " + "g" * 100)
    wide(None)
    assert said(measured, hostile, replace(hostile, because="h")) == [
        "warning: a\\x1b[31m\\nb first at layer 1: c\\rd is 1.0",
        "  so: a\\x1b[31m\\nb first at layer 1",
        "  advice: e\\x07f " + "g" * 100,
    ]
    for empty in ("", " "):
        assert said(measured, replace(hostile, name=empty, advice=empty))


def test_verdict_that_is_shipped(wide):
    wide(None)
    (first, *_) = verdicts(plain(run(load_spec("sigmoid_std0"))))
    assert re.match(r"(warning|severe \(.*\)): units_identical first at layer 1", first)
