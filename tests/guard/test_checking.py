"""Checking, diffing and updating from Python: reports as data, nothing printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.trees import edit
from weightinit_cli import guard
from weightinit_cli.errors import WinitError
from weightinit_cli.saving import save_result

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.results import Result


@pytest.fixture
def out(tmp_path: Path, small: Result) -> Path:
    save_result(tmp_path, "small", small, ())
    return tmp_path


def test_check_and_update(out: Path, capfd: pytest.CaptureFixture):
    edit(out / "small", lambda tree: tree["layers"][1].update(std=0.9))
    (checked,) = guard.check_pairs(guard.pairs_of_results(out), keep=True)
    assert (checked.report.run, checked.report.state, checked.outdated) == ("small", "drift", True)
    assert [str(each.place) for each in checked.report.outcome.drifts] == ["layer 2 std"]
    guard.update(checked)
    (checked,) = guard.check_pairs(guard.pairs_of_results(out))
    assert (checked.report.state, checked.outdated, checked.new) == ("same", False, None)
    assert capfd.readouterr() == ("", "")


def test_what_winit_did_not_draw_it_does_not_renew(out: Path):
    def spoil(tree: dict) -> None:
        tree["environment"]["weights"] = "mypackage.init.my_normal"
        tree["layers"][0]["weights"]["std"] = 9.0

    edit(out / "small", spoil)
    (checked,) = guard.check_pairs(guard.pairs_of_results(out), networks=10, keep=True)
    assert checked.outdated
    with pytest.raises(WinitError, match=r"drawn by mypackage.init.my_normal, not by winit"):
        guard.update(checked)


def test_diff(out: Path, small: Result):
    save_result(out / "other", "small", small, ())
    (report,) = guard.diff(guard.sides_of(out / "small", out / "other"))
    assert (report.run, report.state) == ("small", "same")
