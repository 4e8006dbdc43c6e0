"""Every operation on files fails once: then there is the whole former result or the whole new one.

Or, where a picture could not be written, the new statistics alone. What fails is named on one
line, and the exit code is 2; or it was harmless, and all is done.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.trees import edit
from weightinit_cli.experiments import run

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = (
    "open", "fdopen", "write", "close", "mkdir", "stat", "link", "replace", "unlink", "listdir",
)  # fmt: skip
STALE = "depth.svg"


class Opened:
    """A file that counts its writing and its closing among the operations."""

    def __init__(self, file: Any, count: Callable[[str], None]) -> None:
        self._file, self._count = file, count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._count("close")

    def write(self, content: bytes) -> int:
        self._count("write")
        return self._file.write(content)

    def writelines(self, contents: Any) -> None:
        for content in contents:
            self.write(content)


class Injection:
    """Once the network has run, the operation of number `at` among those of a name fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, operation: str, at: int) -> None:
        self.operation, self.at, self.seen, self.armed = operation, at, 0, False
        monkeypatch.setattr("weightinit_cli.experiments.run", self._run)
        for name in set(OPERATIONS) & set(dir(os)) - {"write", "close", "fdopen"}:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        opened = os.fdopen
        monkeypatch.setattr(os, "fdopen", lambda *a, **k: Opened(self._opened(opened, a, k), self))

    def _run(self, *arguments: Any, **options: Any) -> Any:
        result = run(*arguments, **options)
        self.armed = True
        return result

    def __call__(self, name: str) -> None:
        if self.armed and name == self.operation:
            self.seen += 1
            if self.seen == self.at:
                raise OSError(errno.EIO, "Input/output error")

    def _opened(self, opened: Callable, arguments: tuple, options: dict) -> Any:
        self("fdopen")
        return opened(*arguments, **options)

    def _wrapped(self, name: str, real: Callable) -> Callable:
        def operate(*arguments: Any, **options: Any) -> Any:
            self(name)
            return real(*arguments, **options)

        return operate


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that say of which result they are, without drawing any."""

    def pictures(result: Any, formats: Any, _: Any) -> dict[str, bytes]:
        return {
            f"{picture}.{name}": f"picture of {result.digest}".encode()
            for picture in ("histogram", "depth")
            for name in formats
        }

    monkeypatch.setattr("weightinit_cli.plots.pictures", pictures)


def contents(place: Path) -> dict[str, bytes]:
    if not place.exists():
        return {}
    return {
        path.name: path.read_bytes()
        for path in place.iterdir()
        if not path.name.endswith(".winit-tmp")
    }


@pytest.mark.parametrize("former", [True, False], ids=["over a former result", "the first"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_fails_once(
    winit: Callable,
    spec: Callable,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    former: bool,
):
    spec()
    new = ("histogram", "-q", "-c", "tiny.yaml", "--seed", 1)
    assert winit(*new, "-o", "whole").code == 0
    whole = contents(Path("whole/tiny"))
    assert set(whole) == {"histogram.png", "depth.png", "stats.json"}
    for at in range(1, 100):
        out = Path(f"out-{at}")
        if former:
            old = ("histogram", "-q", "-c", "tiny.yaml", "--format", "png", "--format", "svg")
            assert winit(*old, "-o", out).code == 0
            (out / "tiny" / "notes.txt").write_text("mine")
            edit(out / "tiny", lambda tree: tree.update(digest="0" * 64))
        before = contents(out / "tiny")
        with monkeypatch.context() as patch:
            injection = Injection(patch, operation, at)
            done = winit(*new, "-o", out)
            injection.armed = False
        after = contents(out / "tiny")
        mine = {"notes.txt": b"mine"} if former else {}
        assert done.code in (0, 2)
        alone = {"stats.json": whole["stats.json"], **mine}
        expected = [before, alone] if done.code else [{**whole, **mine}]
        assert after in expected, (operation, at)
        lines = done.err.splitlines()
        assert len(lines) == (1 if done.code else 0), lines
        if injection.seen < at:
            break
        if done.code:
            assert "Input/output error" in lines[0]
            assert not lines[0].startswith("stdout")
    assert at > 1 or operation in ("stat", "unlink", "listdir", "link", "mkdir")


def test_picture_that_cannot_be_read_goes(winit: Callable, spec: Callable, monkeypatch):
    """Of another format, it can't be shown to be of this run: it may be of the former one."""
    spec()
    assert winit("histogram", "-q", "-c", "tiny.yaml", "--format", "svg").code == 0
    real = os.open

    def fail(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith(".svg"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", fail)
    assert winit("histogram", "-q", "-c", "tiny.yaml", "--seed", 1).code == 0
    names = sorted(path.name for path in Path("outputs/tiny").iterdir())
    assert names == ["depth.png", "histogram.png", "stats.json"]


@pytest.mark.skipif(os.name != "posix", reason="needs limits of processes")
def test_limit_on_the_size_of_files(process: Callable, spec: Callable):
    """What can't be written is told of each run, the others are done; the index is written."""
    Path("many").mkdir()
    for number in range(30):
        spec(f"many/s{number}.yaml", "histogram: {bins: 2000}\n" if number == 3 else "")
    first = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    done = process("batch", "many", "-j", 1, "--no-plot", "-o", "out", first=first)
    assert done.code == 2
    assert done.out.startswith("30 runs: 29 done, 0 skipped, 1 failed\n")
    assert done.err.splitlines() == [
        f"s3: {Path('out/s3/stats.json')}: cannot be written: File too large",
        f"{Path('out/summary.csv')}: cannot be written: File too large",
    ]
    assert Path("out/index.json").is_file()
    assert len([path for path in Path("out").iterdir() if path.is_dir()]) == 29
