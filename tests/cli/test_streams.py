"""What goes where on the screen: encodings, pipes, streams that are full, closed or absent."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell or POSIX file names")


def test_module_runs_as_a_process(process: Callable, spec: Callable, files: Callable):
    spec()
    run = process("histogram", "-c", "tiny.yaml")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == ["tiny/depth.png", "tiny/histogram.png", "tiny/stats.json"]
    assert "█" in run.out


def test_piped_output_has_no_escape_codes(process: Callable, in_turn: Callable, spec: Callable):
    spec()
    lines = (
        ("histogram", "-c", "tiny.yaml", "--no-plot"),
        ("list", "initializers"),
        ("show", "outputs/tiny"),
        ("--help",),
    )
    for run in in_turn(process, *lines):
        assert (run.code, run.err) == (0, "")
        assert run.out
        assert "\x1b" not in run.out
        assert "\r" not in run.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_encoding_without_blocks(process: Callable, spec: Callable, encoding: str):
    spec()
    env = {"PYTHONIOENCODING": encoding}
    run = process("histogram", "-c", "tiny.yaml", "--no-plot", env=env, encoding=encoding)
    assert (run.code, run.err) == (0, "")
    assert "\\u" not in run.out
    assert run.out.isascii()
    assert "@" in run.out.splitlines()[2]


def test_every_command_in_ascii(process: Callable, in_turn: Callable):
    lines = (("list", "initializers"), ("list", "activations"), ("schema",), ("--help",))
    for run in in_turn(process, *lines, env={"PYTHONIOENCODING": "ascii"}, encoding="ascii"):
        assert (run.code, run.err) == (0, "")


def test_error_in_ascii(process: Callable):
    Path("x.yaml").write_text("activation: 関数\ninitializer: zeros\n", encoding="utf-8")
    run = process("validate", "x.yaml", env={"PYTHONIOENCODING": "ascii"}, encoding="ascii")
    assert run.code == 2
    assert run.err.startswith(r"x.yaml:1:13: activation: unknown activation '\u95a2\u6570'")


# full


@full
@pytest.mark.parametrize(
    "arguments",
    [
        ("histogram", "-c", "tiny.yaml", "--no-plot"),
        ("histogram", "-c", "tiny.yaml", "--no-plot", "--json"),
        ("validate", "tiny.yaml"),
        ("schema",),
        ("list", "configs"),
        ("new", "made.yaml"),
        ("--help",),
        ("histogram", "--help"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_full_stdout(process: Callable, spec: Callable, arguments: tuple):
    spec()
    with Path("/dev/full").open("wb") as stdout:
        run = process(*arguments, stdout=stdout)
    assert run.code == 2
    (line,) = run.err.splitlines()
    assert line.startswith("stdout: ")


@full
def test_full_stdout_with_unbuffered_streams(process: Callable, spec: Callable):
    spec()
    with Path("/dev/full").open("wb") as stdout:
        env = {"PYTHONUNBUFFERED": "1"}
        run = process("histogram", "-c", "tiny.yaml", "--no-plot", stdout=stdout, env=env)
    assert run.code == 2
    (line,) = run.err.splitlines()
    assert line.startswith("stdout: ")


@full
def test_full_stderr_keeps_the_exit_code(process: Callable):
    with Path("/dev/full").open("wb") as stderr:
        run = process("validate", "nowhere.yaml", stderr=stderr)
    assert (run.code, run.out) == (2, "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(24, "Too many open files"), "winit histogram: Too many open files"),
        (BrokenPipeError(32, "Broken pipe"), "winit histogram: Broken pipe"),
        (OSError("AF_UNIX path too long"), "winit histogram: AF_UNIX path too long"),
        (OSError(5, "Input/output error", "a/b"), "a/b: Input/output error"),
        (OSError(5, "Input/output error", 7), "winit histogram: Input/output error"),
    ],
    ids=str,
)
def test_stdout_is_not_blamed_for_what_others_do(
    winit: Callable, spec: Callable, monkeypatch: pytest.MonkeyPatch, error: OSError, line: str
):
    def fail(*_: object, **__: object) -> None:
        raise error

    spec()
    monkeypatch.setattr("weightinit_cli.experiments.run", fail)
    done = winit("histogram", "-c", "tiny.yaml")
    assert (done.code, done.out, done.err) == (2, "", f"{line}\n")


# closed


def _reader_gone(command: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Run with a stdout whose reader has gone already."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, env=env, timeout=60, check=False
        )
    finally:
        os.close(writing)
    return done.returncode, done.stderr.decode()


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ("histogram", "-c", "tiny.yaml", "--no-plot"),
        ("validate", "tiny.yaml", "tiny.yaml"),
        ("list", "initializers"),
        ("schema",),
        ("--help",),
    ],
    ids=" ".join,
)
def test_closed_pipe(command: Callable, environ: Callable, spec: Callable, arguments: tuple):
    spec()
    code, err = _reader_gone(command(*arguments), environ())
    assert (code, err) == (0, "")


@posix
def test_closed_pipe_in_the_middle(command: Callable, environ: Callable):
    """A reader that takes one line of a page longer than a pipe holds unread."""
    arguments = command("list", "initializers", first="print('x' * 200_000)")
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1) == b"x"
        process.stdout.close()
        err = process.stderr.read().decode()
    assert "winit" not in err


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_stream_that_was_never_open(
    process: Callable, spec: Callable, environ: Callable, command: Callable, closed: str
):
    if shutil.which("sh") is None:
        pytest.skip("no shell")
    spec()
    words = command("histogram", "-c", "tiny.yaml", "--no-plot")
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words],
        capture_output=True,
        env=environ(),
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
    assert Path("outputs/tiny/stats.json").is_file()


# control characters


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ("histogram", "-c", "\x1b[31m.yaml"),
        ("histogram", "-c", "./\x1b[31m.yaml"),
        ("histogram", "-c", "sigmoid_xavier", "--set", "\x1b[31m"),
        ("histogram", "-c", "sigmoid_xavier", "--set", "\x1b[31m=1"),
        ("histogram", "-c", "sigmoid_xavier", "--seed", "\x1b[31m"),
        ("histogram", "-c", "sigmoid_xavier", "--threads", "\x1b[31m"),
        ("histogram", "-c", "sigmoid_xavier", "-o", "a.file/\x1b[31m"),
        ("histogram", "-c", "relu_he", "\x1b[31m"),
        ("histogram", "--\x1b[31m"),
        ("validate", "\x1b[31m"),
        ("show", "\x1b[31m"),
        ("plot", "\x1b[31m"),
        ("new", "nowhere/\x1b[31m"),
        ("new", "x.yaml", "--like", "\x1b[31m"),
        ("list", "\x1b[31m"),
        ("\x1b[31m",),
    ],
    ids=repr,
)
def test_control_characters_are_escaped(winit: Callable, arguments: tuple):
    Path("a.file").touch()
    run = winit(*arguments)
    assert (run.code, run.out) == (2, "")
    assert "\x1b" not in run.err
    assert r"\x1b[31m" in run.err
    assert len(run.err.splitlines()) == 1


@posix
def test_file_with_control_characters_in_its_name(winit: Callable, spec: Callable):
    spec("a\x1b[31m\n.yaml")
    run = winit("histogram", "-c", "a\x1b[31m\n.yaml", "--no-plot", "-o", "o\x1b[0m")
    assert (run.code, run.err) == (0, "")
    assert "\x1b" not in run.out
    assert r"o\x1b[0m" in run.out.splitlines()[-1] + run.out.splitlines()[-2]
    run = winit("validate", "a\x1b[31m\n.yaml")
    assert run.out == r"a\x1b[31m\n.yaml: ok, 1 run" + "\n"
    run = winit("new", "\x1b[31m.yaml")
    assert (run.code, "\x1b" in run.out) == (0, False)


@posix
def test_file_name_that_is_not_utf8(process: Callable, spec: Callable):
    path = spec()
    try:
        name = os.fsdecode(b"caf\xe9.yaml")
        path.rename(name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    run = process("validate", name)
    assert (run.code, run.out, run.err) == (0, "caf\\udce9.yaml: ok, 1 run\n", "")
    run = process("histogram", "-c", name, "--no-plot")
    assert (run.code, run.err) == (0, "")
