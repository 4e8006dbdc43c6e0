"""What has become of the runs is kept, also where the disk takes no more of it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.batch import Ledger, Record
from weightinit_cli.errors import WinitError

if TYPE_CHECKING:
    from pathlib import Path


def record(number: int) -> Record:
    return Record("a", f"seed={number}", "d" * 64, "done", ("healthy",), [{"layer": number}])


class Failing:
    """A file of which one operation fails, from the n-th time on."""

    def __init__(self, file: Any, operation: str, after: int) -> None:
        self._file, self._operation, self._left = file, operation, after

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            self._left -= 1
            if self._left < 0:
                return self._fail
        return getattr(self._file, name)

    def _fail(self, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("after", [0, 1, 2])
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int):
    with Ledger(tmp_path, 4) as ledger:
        monkeypatch.setattr(ledger, "_file", Failing(ledger._file, "write", after))
        for number in (2, 0, 3):
            ledger.write(number, record(number))
        assert list(ledger.read()) == [record(0), record(2), record(3)]
        assert list(ledger.read([3, 1])) == [record(3)]


def test_disk_that_fails_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Ledger(tmp_path, 1) as ledger:
        ledger.write(0, record(0))
        monkeypatch.setattr(ledger, "_file", Failing(ledger._file, "seek", 0))
        with pytest.raises(WinitError, match="cannot be read: No space left") as caught:
            list(ledger.read())
    assert str(caught.value).startswith(f"{tmp_path}: ")
