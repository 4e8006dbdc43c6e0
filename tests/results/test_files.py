"""Files are written whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.errors import OutputError
from weightinit_cli.results import write_file, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

FORMER = {"a.png": b"former picture", "stats.json": b"former statistics"}
NEW = {"a.png": b"new picture" * 9, "stats.json": b"new statistics" * 9}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_writes_and_returns_the_paths_in_order(tmp_path: Path):
    out = tmp_path / "deep" / "out"
    assert write_files(out, "x", NEW) == [out / "x" / "a.png", out / "x" / "stats.json"]
    assert contents(out / "x") == NEW


def test_replaces_former_files_and_leaves_others(tmp_path: Path):
    write_files(tmp_path, "x", FORMER)
    (tmp_path / "x" / "notes.txt").write_text("mine")
    write_files(tmp_path, "x", NEW)
    assert contents(tmp_path / "x") == {**NEW, "notes.txt": b"mine"}


def test_without_a_folder_of_its_own(tmp_path: Path):
    write_files(tmp_path / "out", "", NEW)
    assert contents(tmp_path / "out") == NEW


@pytest.fixture(params=[OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def failing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Let a file operation fail at its n-th call, the way the operation itself would."""
    error = request.param

    def arrange(operation: str, at: int) -> type[BaseException]:
        real = getattr(Path, operation)
        calls = []

        def fail(self: Path, *arguments: object, **options: object) -> object:
            calls.append(self)
            if len(calls) == at:
                raise error
            return real(self, *arguments, **options)

        monkeypatch.setattr(Path, operation, fail)
        return OutputError if isinstance(error, OSError) else type(error)

    return arrange


@pytest.mark.parametrize("at", [1, 2])
def test_failure_before_the_first_rename_leaves_the_former_files(
    tmp_path: Path, failing: Callable, at: int
):
    write_files(tmp_path, "x", FORMER)
    expected = failing("open", at)
    with pytest.raises(expected):
        write_files(tmp_path, "x", NEW)
    assert contents(tmp_path / "x") == FORMER


@pytest.mark.parametrize("at", [1, 2])
def test_failure_while_renaming_leaves_whole_files_and_the_mark_last(
    tmp_path: Path, failing: Callable, at: int
):
    write_files(tmp_path, "x", FORMER)
    expected = failing("replace", at)
    with pytest.raises(expected):
        write_files(tmp_path, "x", NEW)
    picture = (FORMER, NEW)[at - 1]["a.png"]
    assert contents(tmp_path / "x") == {"a.png": picture, "stats.json": FORMER["stats.json"]}


@pytest.mark.parametrize("operation", ["open", "replace"])
def test_failure_of_the_first_result_leaves_no_folder(
    tmp_path: Path, failing: Callable, operation: str
):
    expected = failing(operation, 1)
    with pytest.raises(expected):
        write_files(tmp_path, "x", NEW)
    assert list(tmp_path.iterdir()) == []


def test_content_that_cannot_be_written_halfway(tmp_path: Path):
    """Whatever is raised inside: the former files, and no temporary."""
    write_files(tmp_path, "x", FORMER)
    with pytest.raises(TypeError):
        write_files(tmp_path, "x", {"a.png": b"fine", "stats.json": None})  # type: ignore[dict-item]
    assert contents(tmp_path / "x") == FORMER


@pytest.mark.skipif(os.name != "posix", reason="Windows has no umask to speak of")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_rights_follow_the_umask(tmp_path: Path, umask: int):
    former = os.umask(umask)
    try:
        (path,) = write_files(tmp_path / "out", "x", {"a.txt": b"a"})
        write_file(tmp_path / "new.yaml", b"a")
    finally:
        os.umask(former)
    for file in (path, tmp_path / "new.yaml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o777 & ~umask


def test_what_a_killed_run_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Old ones only: a young one may belong to a run that goes on."""
    left: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda self, *a, **k: left.append(self))
        patch.setattr(Path, "replace", lambda self, target: None)
        write_files(tmp_path, "x", {"a.txt": b"a", "b.txt": b"b"})
    old, young = sorted(left)[:2]
    assert old.is_file()
    assert young.is_file()
    assert old.name.startswith(".")
    day_ago = time.time() - 86_400
    os.utime(old, (day_ago, day_ago))
    (tmp_path / "x" / ".hidden").write_text("mine")
    os.utime(tmp_path / "x" / ".hidden", (day_ago, day_ago))
    write_files(tmp_path, "x", NEW)
    assert set(contents(tmp_path / "x")) == {*NEW, young.name, ".hidden"}


def test_new_file(tmp_path: Path):
    write_file(tmp_path / "new.yaml", b"text")
    assert contents(tmp_path) == {"new.yaml": b"text"}
    with pytest.raises(OutputError, match="exists"):
        write_file(tmp_path / "new.yaml", b"other")
    assert contents(tmp_path) == {"new.yaml": b"text"}


def test_nothing_is_made_behind_a_link_that_leads_out(tmp_path: Path):
    """Not even the folder, where the link stands above it."""
    away = tmp_path / "away"
    away.mkdir()
    (tmp_path / "out").mkdir()
    try:
        (tmp_path / "out" / "x").symlink_to(away)
    except OSError:
        pytest.skip("no right to make links")
    with pytest.raises(OutputError):
        write_files(tmp_path / "out", "x/run", {"a": b"text"})
    assert list(away.iterdir()) == []


def test_new_file_does_not_replace_a_link(tmp_path: Path):
    """Also one that leads nowhere is somebody's."""
    link = tmp_path / "new.yaml"
    try:
        link.symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("no right to make links")
    with pytest.raises(OutputError):
        write_file(link, b"text")
    assert link.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["nowhere/new.yaml", "n" * 300, "file/new.yaml"])
def test_new_file_that_cannot_be(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught:
        write_file(tmp_path / name, b"text")
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert contents(tmp_path) == {"file": b""}


def test_interrupt_waits_until_all_files_are_in_place(tmp_path: Path, monkeypatch):
    """^C between two renames: both happen, and then it counts."""
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        signal.raise_signal(signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, "x", {"a": b"new", "b": b"new"}, outdated=["c"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()} == {
        "a": b"new",
        "b": b"new",
    }
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
