"""`winit diff`: two saved results, or folders of them, without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.trees import edit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def saved(here: Path, spec: Callable, winit: Callable) -> Callable[..., Path]:
    """Save a result of the tiny network in a folder of its own."""

    def save(folder: str, more: str = "", *options: str) -> Path:
        config = spec("tiny.yaml", more)
        done = winit("histogram", "-q", "--no-plot", "-o", folder, "-c", config, *options)
        assert done.code == 0
        return here / folder

    return save


@pytest.fixture(autouse=True)
def never_runs(saved: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        def run(*_: object, **__: object) -> None:
            pytest.fail("winit diff ran something")

        monkeypatch.setattr("weightinit_cli.experiments.run", run)

    return forbid


def off(tree: dict[str, Any], share: float) -> None:
    tree["layers"][0]["std"] *= 1 + share


def test_equal_and_not(saved: Callable, winit: Callable, never_runs: Callable):
    a, b = saved("a"), saved("b")
    never_runs()
    for pair in ((a, b), (a / "tiny", b / "tiny"), (a / "tiny" / "stats.json", b)):
        done = winit("diff", *pair)
        assert (done.code, done.out) == (0, "exact: 1 run, none differs\n")
    edit(b / "tiny", lambda tree: tree["layers"][0].update(mean=0.25))
    done = winit("diff", a, b)
    assert done.code == 1
    assert "  layer 1 mean: " in done.out
    assert ", now 0.25 (" in done.out
    assert "--update" not in done.out


def test_another_machine(saved: Callable, winit: Callable, never_runs: Callable):
    a, b = saved("a"), saved("b")
    never_runs()
    edit(b / "tiny", lambda tree: tree["environment"].update(numpy="2.99"))
    edit(
        b / "tiny", lambda tree: tree["layers"][0].update(std=tree["layers"][0]["std"] * (1 + 1e-7))
    )
    assert winit("diff", a, b).out == "rounding: 1 run, none differs\n"
    edit(b / "tiny", lambda tree: off(tree, 0.01))
    assert "x its tolerance" in winit("diff", a, b).out


def test_other_draws(saved: Callable, winit: Callable, never_runs: Callable):
    wide = "--set", "width=20", "--set", "features=20"
    a, b = saved("a", "", *wide), saved("b", "seed: 1\n", *wide)
    never_runs()
    done = winit("diff", a, b)
    assert done.code == 0, done.out
    assert "statistical: 1 run, none differs" in done.out
    assert "not comparable between draws" in done.out
    edit(b / "tiny", lambda tree: tree["layers"][0].update(std=0.3))
    done = winit("diff", a, b)
    assert done.code == 1
    assert "layer 1 std: " in done.out


def test_other_specs_and_runs(saved: Callable, winit: Callable, spec: Callable, here: Path):
    a, b = saved("a"), saved("b", "saturation: 0.1\n")
    done = winit("diff", a, b)
    assert done.code == 1
    assert "  spec.saturation: 0.05, now 0.1\n" in done.out
    winit("histogram", "-q", "--no-plot", "-o", "b", "-c", spec("other.yaml"))
    done = winit("diff", a, b)
    assert "other: differs\n  an additional run\n" in done.out
    assert "other: differs\n  a missing run\n" in winit("diff", b, a).out
    assert winit("diff", b, a, "--exclude", "*").code == 2


def test_bad_input(saved: Callable, winit: Callable, here: Path):
    a, b = saved("a"), saved("b")
    (b / "tiny" / "stats.json").write_text("{", encoding="utf-8")
    done = winit("diff", a, b)
    assert done.code == 2
    assert "not JSON" in done.err
    (here / "empty").mkdir()
    assert winit("diff", a, "empty").code == 2
