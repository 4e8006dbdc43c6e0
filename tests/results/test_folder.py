"""A folder is held while it is written to: no link swapped in, no second process, no replacing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.errors import WinitError
from weightinit_cli.results import files as folders
from weightinit_cli.results import write_file, write_files
from weightinit_cli.results.files import Folder, held
from weightinit_cli.results.store import save_files

if TYPE_CHECKING:
    from collections.abc import Callable

by_descriptor = pytest.mark.skipif(
    not folders._HELD, reason="this system has no descriptors of folders"
)


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Do something just before a function of `os` is called the first time as `when` says."""

    def arrange(name: str, when: Callable[..., bool], act: Callable[[], object]) -> None:
        real = getattr(os, name)
        left = [act]

        def call(*arguments: Any, **options: Any) -> Any:
            if left and when(*arguments):
                left.pop()()
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    return arrange


def swap(out: Path) -> Callable[[], None]:
    def act() -> None:
        (out / "x").rename(out / "moved")
        (out / "x").symlink_to(out.parent / "away")

    (out.parent / "away").mkdir()
    return act


@by_descriptor
def test_link_swapped_in_before_the_folder_is_opened(tmp_path: Path, before: Callable):
    out = tmp_path / "out"
    before("open", lambda path, *_: path == "x", swap(out))
    with pytest.raises(WinitError) as caught:
        write_files(out, "x", {"a": b"text"})
    assert str(caught.value).startswith(f"{out / 'x'}: cannot be written: ")
    assert list((tmp_path / "away").iterdir()) == []


@by_descriptor
@pytest.mark.parametrize("operation", ["open", "replace"])
def test_link_swapped_in_while_it_is_written(tmp_path: Path, before: Callable, operation: str):
    out = tmp_path / "out"
    before(operation, lambda path, *_: str(path).endswith(".winit-tmp"), swap(out))
    write_files(out, "x", {"a": b"text"})
    assert list((tmp_path / "away").iterdir()) == []
    assert (out / "moved" / "a").read_bytes() == b"text"


@by_descriptor
def test_waits_for_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_files(tmp_path, "x", {"a": b"former"})
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: 1e6 * clock())
    with held(tmp_path / "x") as other, other.locked():
        with pytest.raises(WinitError, match="another process of winit is writing there"):
            write_files(tmp_path, "x", {"a": b"new"})
        assert (tmp_path / "x" / "a").read_bytes() == b"former"
    write_files(tmp_path, "x", {"a": b"new"})
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["a"]


@by_descriptor
def test_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    write_files(tmp_path, "x", {"a": b"new"})
    assert (tmp_path / "x" / "a").read_bytes() == b"new"


def test_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    write_files(tmp_path, "x", {"a": b"former", "b": b"old"})
    monkeypatch.setattr(os, "link", refuse)
    write_files(tmp_path, "x", {"a": b"new"}, ["b"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()} == {"a": b"new"}


@by_descriptor
def test_two_that_write_at_once_never_mix(tmp_path: Path):
    """Each has pictures of another format: one of them is there whole in the end."""
    digests = {"png": "a" * 64, "svg": "b" * 64}

    def save(suffix: str) -> None:
        digest = digests[suffix]
        files = {f"{name}.{suffix}": digest.encode() for name in ("histogram", "depth")}
        for _ in range(15):
            save_files(tmp_path, "x", digest, {**files, "stats.json": digest.encode()})

    for _ in range(3):
        threads = [threading.Thread(target=save, args=(suffix,)) for suffix in digests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        contents = {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()}
        assert len(contents) == 3
        assert len(set(contents.values())) == 1


# new files


@pytest.fixture(params=["unnamed", "linked", "neither"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to a new file: the system's files without a name, links, neither."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if request.param != "unnamed":
        monkeypatch.setattr(Folder, "unnamed", lambda self: None)
    if request.param == "neither":
        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


def test_new_file_on_every_way(tmp_path: Path, way: str):
    write_file(tmp_path / "new.yaml", b"text")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"new.yaml": b"text"}
    with pytest.raises(WinitError, match="exists already"):
        write_file(tmp_path / "new.yaml", b"other")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_new_file_that_fails_on_every_way(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch, error: BaseException
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace" if way == "neither" else "link", fail)
    if way == "linked" and isinstance(error, OSError):
        monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((WinitError, KeyboardInterrupt)):
        write_file(tmp_path / "new.yaml", b"text")
    assert list(tmp_path.iterdir()) == []


def test_new_file_that_somebody_else_makes_meanwhile(tmp_path: Path, way: str, before: Callable):
    path = tmp_path / "new.yaml"
    name = "open" if way == "neither" else "link"
    before(
        name,
        lambda file, *_: way != "neither" or Path(file).name == "new.yaml",
        lambda: path.write_text("theirs"),
    )
    with pytest.raises(WinitError, match="exists already"):
        write_file(path, b"mine")
    assert path.read_text() == "theirs"


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
def test_new_file_has_no_name_before_it_is_whole(tmp_path: Path, before: Callable):
    """So that `kill -9` leaves nothing at all."""
    seen: list[list[Path]] = []
    before("link", lambda *_: True, lambda: seen.append(list(tmp_path.iterdir())))
    write_file(tmp_path / "new.yaml", b"text")
    assert seen in ([[]], [])  # a file system without such files is linked to, or not
