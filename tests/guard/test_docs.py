"""docs/guard.md: what it shows a library's author, run as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[2] / "docs" / "guard.md"
TEXT = DOCS.read_text("utf-8")


def block(beginning: str) -> str:
    """The code block that begins so."""
    blocks = re.findall(r"```\w+\n(.*?)```", TEXT, re.DOTALL)
    (found,) = (each for each in blocks if each.startswith(beginning))
    return found


@pytest.fixture
def authors_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable], None]:
    """The test of the docs, in a project of someone else's whose function is given."""
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    Path("specs/my_he_normal.yaml").write_text(block("activation: relu"), "utf-8")

    def test(function: Callable) -> None:
        package, module = ModuleType("mypackage"), ModuleType("mypackage.init")
        module.my_he_normal = function
        monkeypatch.setitem(sys.modules, "mypackage", package)
        monkeypatch.setitem(sys.modules, "mypackage.init", module)
        names: dict[str, Callable] = {}
        exec(block("from weightinit_cli import check"), names)  # noqa: S102
        names["test_my_he_normal_is_he_normal"]()

    return test


@pytest.fixture
def right() -> Callable:
    names: dict[str, Callable] = {}
    exec(block("import numpy as np"), names)  # noqa: S102
    return names["my_he_normal"]


def test_a_sound_function_passes(authors_test: Callable, right: Callable):
    authors_test(right)


DEFECTS = {
    "plain": lambda rng, shape, _: rng.standard_normal(shape) * (2 / shape[0]) ** 0.5,
    "uniform": lambda rng, shape, _: rng.uniform(-1, 1, shape) * (6 / shape[0]) ** 0.5,
    "fans": lambda rng, shape, right: right(rng, shape[::-1]).T,
    "scale": lambda rng, shape, right: 1.05 * right(rng, shape),
    "mean": lambda rng, shape, right: right(rng, shape) + 0.1 * (2 / shape[0]) ** 0.5,
    "seed": lambda rng, shape, right: right(np.random.Generator(np.random.PCG64(1)), shape),
}


@pytest.mark.parametrize(
    ("defect", "seen"),
    [
        ("plain", "weights.kurtosis"),
        pytest.param("uniform", "weights.kurtosis", marks=pytest.mark.slow),
        ("fans", "weights.std"),
        pytest.param("scale", "weights.std", marks=pytest.mark.slow),
        pytest.param("mean", "weights.mean", marks=pytest.mark.slow),
        pytest.param("seed", "differ", marks=pytest.mark.slow),
    ],
)
def test_a_defect_is_told(authors_test: Callable, right: Callable, defect: str, seen: str):
    def wrong(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return DEFECTS[defect](rng, shape, right)

    with pytest.raises(AssertionError, match=f"my_he_normal: statistical: (?s:.*){seen}"):
        authors_test(wrong)


def test_what_it_says_of_the_gates_is_so():
    from weightinit_cli.expected import FEWEST_OF_KURTOSIS
    from weightinit_cli.guard import FRESH_NETWORKS
    from weightinit_cli.guard.rounding import LEVEL, SHADOWS
    from weightinit_cli.guard.samples import PRIOR_DEGREES
    from weightinit_cli.guard.statistical import FEWEST_UNITS

    assert (SHADOWS, LEVEL) == (5, 1e-8)
    assert (FRESH_NETWORKS, PRIOR_DEGREES) == (20, 20)
    assert f"fewer than {FEWEST_OF_KURTOSIS} weights" in TEXT
    assert f"fewer than {FEWEST_UNITS} units" in TEXT
