"""Files are written whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.errors import WinitError
from weightinit_cli.results import write_file, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


ERRORS = [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()]


@pytest.fixture(params=ERRORS, ids=lambda error: type(error).__name__)
def failing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Let an operation on files fail at its n-th call, the way the operation itself would."""
    error = request.param

    def arrange(operation: str, at: int) -> type[BaseException]:
        real = getattr(os, operation)
        calls = []

        def fail(*arguments: object, **options: object) -> object:
            calls.append(arguments)
            if len(calls) == at:
                raise error
            return real(*arguments, **options)

        monkeypatch.setattr(os, operation, fail)
        return WinitError if isinstance(error, OSError) else type(error)

    return arrange


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("operation", ["fdopen", "replace"])
def test_failure_leaves_the_former_files(
    tmp_path: Path, failing: Callable, operation: str, at: int
):
    write_files(tmp_path, "x", {**FORMER, "old.svg": b"old"})
    expected = failing(operation, at)
    with pytest.raises(expected):
        write_files(tmp_path, "x", NEW, ["old.svg"])
    assert contents(tmp_path / "x") == {**FORMER, "old.svg": b"old"}


@pytest.mark.parametrize("operation", ["fdopen", "replace"])
def test_failure_of_the_first_result_leaves_no_folder(
    tmp_path: Path, failing: Callable, operation: str
):
    expected = failing(operation, 1)
    with pytest.raises(expected):
        write_files(tmp_path / "out", "x/run", NEW)
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


def test_what_a_killed_run_left_is_swept(tmp_path: Path):
    """Old ones only: a young one may belong to a run that goes on."""
    place = tmp_path / "x"
    old, young, hidden = (place / name for name in (".a.1.winit-tmp", ".b.2.winit-tmp", ".hidden"))
    place.mkdir()
    for path in (old, young, hidden):
        path.write_text("left")
    for path in (old, hidden):
        os.utime(path, (0, time.time() - 86_400))
    write_files(tmp_path, "x", NEW)
    assert set(contents(place)) == {*NEW, young.name, hidden.name}


def test_what_takes_long_is_not_swept_by_itself(tmp_path: Path):
    """The first file is old before the second one is written, as beside a huge table."""

    def slowly() -> Iterator[bytes]:
        for path in (tmp_path / "x").iterdir():
            os.utime(path, (0, 0))
        yield b"second"

    write_files(tmp_path, "x", {"a": b"first", "b": slowly()})
    assert contents(tmp_path / "x") == {"a": b"first", "b": b"second"}


def test_what_a_killed_run_leaves_is_what_is_swept(tmp_path: Path, monkeypatch):
    """Killed before the renames: nothing is removed any more."""
    for operation in ("replace", "unlink"):
        monkeypatch.setattr(os, operation, lambda *_, **__: None)
    write_files(tmp_path, "x", NEW)
    left = list((tmp_path / "x").iterdir())
    assert len(left) == 2
    assert all(path.name.startswith(".") and path.name.endswith(".winit-tmp") for path in left)
    monkeypatch.undo()
    for path in left:
        os.utime(path, (0, 0))
    write_files(tmp_path, "x", NEW)
    assert contents(tmp_path / "x") == NEW


def test_new_file(tmp_path: Path):
    write_file(tmp_path / "new.yaml", b"text")
    assert contents(tmp_path) == {"new.yaml": b"text"}
    with pytest.raises(WinitError, match="exists"):
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
    with pytest.raises(WinitError):
        write_files(tmp_path / "out", "x/run", {"a": b"text"})
    assert list(away.iterdir()) == []


def test_new_file_does_not_replace_a_link(tmp_path: Path):
    """Also one that leads nowhere is somebody's."""
    link = tmp_path / "new.yaml"
    try:
        link.symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("no right to make links")
    with pytest.raises(WinitError):
        write_file(link, b"text")
    assert link.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["nowhere/new.yaml", "n" * 300, "file/new.yaml"])
def test_new_file_that_cannot_be(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    with pytest.raises(WinitError) as caught:
        write_file(tmp_path / name, b"text")
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert contents(tmp_path) == {"file": b""}


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Have ^C pressed between two renames, by a process that does so with it."""
    replace, former = os.replace, signal.getsignal(signal.SIGINT)

    def press(*arguments: object, **options: object) -> None:
        signal.raise_signal(signal.SIGINT)
        replace(*arguments, **options)

    def arrange(handler: Any) -> None:
        signal.signal(signal.SIGINT, handler)
        monkeypatch.setattr(os, "replace", press)

    yield arrange
    signal.signal(signal.SIGINT, former)


def test_interrupt_waits_until_all_files_are_in_place(tmp_path: Path, interrupted: Callable):
    """All renames happen, and then it counts."""
    interrupted(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, "x", {"a": b"new", "b": b"new"}, outdated=["c"])
    assert contents(tmp_path / "x") == {"a": b"new", "b": b"new"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupt_that_is_ignored_stays_ignored(tmp_path: Path, interrupted: Callable):
    """As in the background of a script, whose ^C goes to all its processes."""
    interrupted(signal.SIG_IGN)
    write_files(tmp_path, "x", {"a": b"new"})
    assert contents(tmp_path / "x") == {"a": b"new"}
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
