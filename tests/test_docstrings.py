"""Every public name has an example in its docstring, and the examples show what happens."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli

if TYPE_CHECKING:
    from pathlib import Path


# What a person's own model has to be there for.
OF_TORCH = {"probe", "ProbeResult"}


@pytest.mark.parametrize("name", weightinit_cli.__all__)
def test_its_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if name in OF_TORCH:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    known: dict[str, Any] = {"__name__": "__main__", "weightinit_cli": weightinit_cli}
    text = getattr(weightinit_cli, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, known, name, None, None)
    assert example.examples, f"{name} has no example in its docstring"
    doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert told == [], "".join(told)
