"""winit conform: the table, the verdict, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import defects

if TYPE_CHECKING:
    from collections.abc import Callable

INIT = Path(defects.__file__)
SOUND = (f"{INIT}:he", "--like", "he_normal")
SWAPPED = (f"{INIT}:swapped", "--like", "he_normal")


def test_a_sound_one(winit: Callable):
    done = winit("conform", *SOUND)
    assert (done.code, done.err) == (0, "")
    heading, heads, *rows, verdict = done.out.splitlines()
    assert heading.endswith(
        "(numpy) against he_normal: truncated_normal, std sqrt(2 / fan_in); "
        "1,012,800 entries, alpha 0.001, seed 0"
    )
    assert heads.split() == ["asked", "figure", "expected", "outcome", "at"]
    assert verdict == f"{INIT}:he conforms to he_normal"
    assert [row.split("  ")[0] for row in rows] == [
        "mean", "std", "kurtosis", "fans exchanged", "kernel / matrix", "largest / scale",
        "distribution", "different values", "rows", "columns", "seeds", "one seed again", "calls",
    ]  # fmt: skip


def test_a_defect(winit: Callable):
    done = winit("conform", *SWAPPED)
    assert (done.code, done.err) == (1, "")
    *rows, verdict = done.out.splitlines()
    assert verdict.endswith("the scale follows fan_out, not fan_in: the fans are swapped")
    assert sum("fail" in row for row in rows) == 3


@pytest.mark.parametrize("columns", [60, pytest.param(80, marks=pytest.mark.slow)])
def test_it_fits_the_terminal(
    winit: Callable, wide: Callable, monkeypatch: pytest.MonkeyPatch, columns: int
):
    wide(columns)
    monkeypatch.chdir(INIT.parent)
    done = winit("conform", f"{INIT.name}:groups_not_divided", "--like", "xavier_normal")
    assert max(map(len, done.out.splitlines())) <= columns


def test_json_has_every_figure(winit: Callable):
    done = winit("conform", *SWAPPED, "--json", "--seed", "3", "--alpha", "0.01")
    assert done.code == 1
    (line,) = done.out.splitlines()
    found = json.loads(line)
    assert (found["conforms"], found["seed"], found["alpha"]) == (False, 3, 0.01)
    asked = [(row["asked"], row["where"]) for row in found["rows"]]
    assert len(set(asked)) == len(asked) > 50
    assert found["causes"] == ["the scale follows fan_out, not fan_in: the fans are swapped"]
    exchanged = next(row for row in found["rows"] if row["asked"] == "fans exchanged")
    assert exchanged["fails"] is True
    assert exchanged["figure"] == pytest.approx(0.5, abs=6 * exchanged["error"])


def test_quiet(winit: Callable):
    done = winit("conform", *SWAPPED, "-q", "--only", "matrices")
    assert (done.code, done.out, done.err) == (1, "", "")


def test_what_a_function_prints_is_not_in_the_way(winit: Callable):
    Path("talks.py").write_text(
        "def zeros(rng, shape):\n    print('drawing')\n    return rng.standard_normal(shape) * 0\n"
    )
    done = winit("conform", "talks.py:zeros", "--like", "zeros", "--json")
    assert json.loads(done.out)["conforms"] is True
    assert "drawing" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine.py:x",), "winit conform: Missing option '--like'"),
        (("mine.py:x", "--like", "zeros"), "mine.py: No such file or directory"),
        ((f"{INIT}:he", "--like", "he_normall"), "did you mean 'he_normal'?"),
        ((f"{INIT}:he", "--like", "{name: normal, std: x}"), "std: must be a finite number"),
        ((f"{INIT}:he", "--like", "{name: normal"), "--like: "),
        ((f"{INIT}:he", "--like", "zeros", "--alpha", "nan"), "must be a number, not nan"),
        ((f"{INIT}:he", "--like", "zeros", "--alpha", "0"), "0.0 is not in the range"),
        ((f"{INIT}:he", "--like", "zeros", "--only", "bias"), "'bias' is not one of"),
        ((f"{INIT}:TRUNCATED", "--like", "zeros"), "cannot be called"),
        (
            (f"{INIT}:truncated", "--like", "zeros", "--framework", "jax"),
            "is called as with jax, and that cannot",
        ),
    ],
)
def test_what_a_person_must_mend(winit: Callable, arguments: tuple, message: str):
    if "jax" in arguments:
        pytest.skip("of an environment without jax") if _has("jax") else None
    done = winit("conform", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message.casefold() in done.err.casefold()
    assert len(done.err.splitlines()) == 1


def _has(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None


def test_where_it_raises_is_told(winit: Callable):
    Path("mine.py").write_text("def mine(rng, shape):\n    return rng.nothing(shape)\n")
    done = winit("conform", "mine.py:mine", "--like", "he_normal")
    assert done.code == 2
    assert done.err == (
        "mine.py:mine: asked for shape (400, 100): AttributeError: 'numpy.random._generator."
        "Generator' object has no attribute 'nothing' (mine.py, line 2)\n"
    )
