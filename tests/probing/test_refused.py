"""What a probe refuses before it does any work: memory that is not there, files of no array."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from weightinit_cli.errors import WinitError
from weightinit_cli.probing import inputs

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")

from weightinit_cli import probe  # noqa: E402


def test_a_model_too_large_is_refused_before_it_is_filled(monkeypatch: pytest.MonkeyPatch):
    from weightinit_cli.probing.pytorch import refusing

    drawn = []

    class Layer(torch.nn.Linear):
        def reset_parameters(self) -> None:
            drawn.append(self.in_features)
            super().reset_parameters()

    def build() -> torch.nn.Module:
        return torch.nn.Sequential(Layer(8, 8), Layer(8, 8), Layer(1024, 1024), Layer(8, 8))

    monkeypatch.setattr(refusing, "ALWAYS_THERE", 1 << 12)
    monkeypatch.setattr(refusing, "available_bytes", lambda: 1 << 21)
    with pytest.raises(WinitError, match="cannot be built: its next parameters need"):
        probe(build, torch.ones(4, 8))
    assert drawn == [8, 8]
    assert Layer(1024, 1024).in_features == 1024  # winit's watch has ended


def test_an_input_needs_its_memory_twice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inputs, "SMALL", 0)
    monkeypatch.setattr(inputs, "available_bytes", lambda: 4 * 800 - 1)
    with pytest.raises(WinitError, match="--input 40,10: needs"):
        probe(lambda: torch.nn.Linear(10, 2), "40,10")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no array in numpy's format .npy: "),
        (b"hello", "is no array in numpy's format .npy: "),
        (b"PK\x03\x04" + bytes(40), "is no array in numpy's format .npy: "),
        (b"\x93NUMPY", "EOF"),
        (b"\x93NUMPY\x01\x00v\x00" + b"{" * 118, "TokenError"),
    ],
)
def test_what_is_no_file_of_an_array(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with pytest.raises(WinitError, match=re.escape(message)) as raised:
        probe(lambda: torch.nn.Linear(10, 2), str(path))
    assert len(raised.value.lines) == 1
    assert "\n" not in raised.value.lines[0]


def test_a_file_of_python_objects(tmp_path: Path):
    np.save(tmp_path / "x.npy", np.array([{}, []], object))
    with pytest.raises(WinitError, match="holds Python objects: numbers are needed"):
        probe(lambda: torch.nn.Linear(10, 2), str(tmp_path / "x.npy"))
