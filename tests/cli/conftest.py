"""Helpers of the command line's tests: `winit` in this process, and as a process of its own."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli
from weightinit_cli.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Small enough for a few milliseconds, and complete.
TINY = """\
samples: 60
width: 12
layers: 2
activation: sigmoid
initializer: xavier_normal
"""


@dataclass(frozen=True)
class Outcome:
    """What a command line did: its exit code and both streams."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def winit(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture
def wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[int | None], None]:
    """Give the terminal this many columns; None stands for a pipe."""

    def give(columns: int | None) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: columns is not None, raising=False)

    return give


def _writer(folder: Path, text: str) -> Callable[..., Path]:
    def write(name: str = "tiny.yaml", more: str = "") -> Path:
        path = folder / name
        path.write_text(text + more, encoding="utf-8")
        return path

    return write


@pytest.fixture
def spec(here: Path) -> Callable[..., Path]:
    """Write a tiny spec, with more lines if wanted."""
    return _writer(here, TINY)


@pytest.fixture
def tiny(here: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Write the tiny spec of the test's module, as `spec` does; tiny.yaml is there at once."""
    write = _writer(here, request.module.TINY)
    write()
    return write


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that finds this checkout from any folder."""
    place = str(Path(weightinit_cli.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": place, "PYTHONIOENCODING": "utf-8", **(more or {})}


@pytest.fixture
def command() -> Callable[..., list[str]]:
    """The command line of a process: `winit`, or `winit` after a few lines of Python."""

    def build(*arguments: object, first: str | None = None) -> list[str]:
        rest = [str(argument) for argument in arguments]
        if first is None:
            return [sys.executable, "-m", "weightinit_cli", *rest]
        code = f"{first}\nfrom weightinit_cli.__main__ import main\nmain()"
        return [sys.executable, "-c", code, *rest]

    return build


@pytest.fixture
def environ() -> Callable[..., dict[str, str]]:
    """The environment for `command`."""
    return environment


@pytest.fixture
def process(command: Callable[..., list[str]]) -> Callable[..., Outcome]:
    """Run a command line in a process of its own; `first` is Python to run before it."""

    def run(
        *arguments: object,
        first: str | None = None,
        env: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
        **options: Any,
    ) -> Outcome:
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        done = subprocess.run(
            command(*arguments, first=first),
            stdin=subprocess.DEVNULL,
            env=environment(env),
            timeout=60,
            check=False,
            **given,
        )
        texts = ((data or b"").decode(encoding) for data in (done.stdout, done.stderr))
        out, err = (text.replace("\r\n", "\n") for text in texts)
        return Outcome(done.returncode, out, err)

    return run


IN_TURN = """
import sys
from weightinit_cli.cli import main
for arguments in {lines!r}:
    print(f"\\x1f{{main(arguments)}}\\x1e", end="", flush=True)
    print("\\x1e", end="", file=sys.stderr, flush=True)
sys.exit()
"""


@pytest.fixture
def in_turn() -> Callable[..., list[Outcome]]:
    """Run command lines one after the other in one process, as `process` or `nobody` starts it."""

    def run(start: Callable[..., Outcome], *lines: tuple, **options: Any) -> list[Outcome]:
        texts = [[str(argument) for argument in line] for line in lines]
        done = start(first=IN_TURN.format(lines=texts), **options)
        outs, errs = (text.split("\x1e")[:-1] for text in (done.out, done.err))
        ended = [out.rpartition("\x1f") for out in outs]
        outcomes = [
            Outcome(int(code), out, err) for (out, _, code), err in zip(ended, errs, strict=True)
        ]
        assert len(outcomes) == len(lines)
        return outcomes

    return run


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def without_override() -> None:
    """Let the rights of files hold for root, too, from the next exec on (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@pytest.fixture
def nobody(process: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Run a command line as a user for whom the rights of files hold."""
    if os.name != "posix":
        pytest.skip("needs POSIX rights")
    if os.getuid() != 0:
        return process
    if sys.platform != "linux":
        pytest.skip("root may read and write everything here")

    def run(*arguments: object, **options: Any) -> Outcome:
        try:
            return process(*arguments, preexec_fn=without_override, **options)
        except subprocess.SubprocessError:
            pytest.skip("root may not give up its rights here")

    return run


@pytest.fixture
def commons(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder that every user may read and write (pytest's own is private)."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        folder.chmod(0o777)
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            yield folder


@pytest.fixture
def files() -> Callable[[Path], list[str]]:
    """Every file below a folder, hidden ones too, as sorted relative paths."""

    def below(folder: Path) -> list[str]:
        return sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )

    return below
