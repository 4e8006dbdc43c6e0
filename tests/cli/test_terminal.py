"""In a terminal: colour, one that fits, and a progress bar where a run takes its time."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.screens import shown_on
from weightinit_cli.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")

# Every run is a long one: a microsecond passes for a second.
IMPATIENT = "import time\nclock = time.monotonic\ntime.monotonic = lambda: 1e6 * clock()"
CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def screen(command: Callable, environ: Callable) -> Callable:
    """Run a command line with chosen streams in a terminal; return its code, and what it shows."""
    import fcntl
    import struct
    import termios

    def run(
        *arguments: object,
        streams: str = "stdout stderr",
        columns: int = 80,
        env: dict[str, str] | None = None,
        **options: str,
    ) -> tuple[int, str]:
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        given = dict.fromkeys(streams.split(), slave)
        with subprocess.Popen(
            command(*arguments, **options),
            stdin=slave,
            stdout=given.get("stdout", subprocess.DEVNULL),
            stderr=given.get("stderr", subprocess.DEVNULL),
            env=environ({"TERM": "xterm-256color", **(env or {})}),
        ) as process:
            os.close(slave)
            shown = shown_on(master)
        return process.returncode, shown.decode()

    return run


def test_colour(screen: Callable, spec: Callable):
    spec()
    code, shown = screen("histogram", "-c", "tiny.yaml", "--no-plot")
    assert code == 0
    assert "\x1b[" in shown
    assert "█" in shown
    assert CODES.sub("", shown).startswith("tiny: sigmoid")


def test_colour_of_other_commands(screen: Callable, spec: Callable):
    spec()
    screen("histogram", "-c", "tiny.yaml", "--no-plot", streams="")
    assert "\x1b[" in screen("show", "outputs/tiny")[1]
    assert "\x1b[" in screen("list", "initializers")[1]


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": ""}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "vt100"}, True),
    ],
)
def test_colour_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, env: dict, coloured: bool
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    terminal.say("\x1b[31mred\x1b[0m")
    assert ("\x1b" in capsys.readouterr().out) == coloured


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, True),  # regardless of its value
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_in_a_pipe(
    winit: Callable, spec: Callable, monkeypatch: pytest.MonkeyPatch, env: dict, coloured: bool
):
    spec()
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    run = winit("histogram", "-c", "tiny.yaml", "--no-plot")
    assert (run.code, run.err) == (0, "")
    assert ("\x1b[" in run.out) == coloured
    plain = CODES.sub("", run.out)
    assert plain.startswith("tiny: sigmoid")
    assert "\x1b" not in plain
    assert "\x1b" not in winit("histogram", "-c", "tiny.yaml", "--no-plot", "--json").out
    assert ("\x1b[" in winit("list", "configs").out) == coloured


@pytest.mark.parametrize(
    ("given", "columns"), [("72", 72), ("0", 80), ("abc", 80), ("", 80), ("-5", 80), ("1", 1)]
)
def test_columns_by_the_environment(monkeypatch: pytest.MonkeyPatch, given: str, columns: int):
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Tty())
    monkeypatch.setenv("COLUMNS", given)
    assert terminal.columns() == columns


def test_json_has_no_colour(screen: Callable, spec: Callable):
    spec()
    code, shown = screen("histogram", "-c", "tiny.yaml", "--no-plot", "--json")
    assert code == 0
    assert "\x1b" not in shown


def test_much_saturation_is_set_off(screen: Callable, spec: Callable):
    spec()
    options = ("--set", "initializer={name: normal, std: 10}", "--no-plot")
    _, shown = screen("histogram", "-c", "tiny.yaml", *options)
    assert re.search(r"\x1b\[33m *[0-9.]+%", shown)


def test_no_bar_for_a_short_run(screen: Callable, spec: Callable):
    spec()
    code, shown = screen("histogram", "-c", "tiny.yaml", "--no-plot", streams="stderr")
    assert (code, shown) == (0, "")


def test_bar_for_a_long_run_on_stderr(screen: Callable, spec: Callable):
    spec(more="histogram: {bins: 5}\n")
    arguments = ("histogram", "-c", "tiny.yaml", "--no-plot")
    code, shown = screen(*arguments, streams="stderr", first=IMPATIENT)
    assert code == 0
    assert "tiny" in shown
    assert "100%" in shown
    code, shown = screen(*arguments, streams="stdout", first=IMPATIENT)
    assert code == 0
    assert "100%" not in shown


def test_a_terminal_that_takes_no_escape_sequences_gets_none(screen: Callable, spec: Callable):
    spec()
    arguments = ("histogram", "-c", "tiny.yaml", "--no-plot")
    code, shown = screen(*arguments, env={"TERM": "dumb"}, first=IMPATIENT)
    assert code == 0
    assert "\x1b" not in shown
    assert "\r" not in shown.replace("\r\n", "")
    assert "100%" in shown


@pytest.mark.parametrize("more", [("-q",), ("-q", "--json")])
def test_quiet_has_no_bar(screen: Callable, spec: Callable, more: tuple):
    spec()
    arguments = ("histogram", "-c", "tiny.yaml", "--no-plot", *more)
    assert screen(*arguments, streams="stderr", first=IMPATIENT) == (0, "")


@pytest.mark.parametrize("columns", [80, 120])
def test_table_fits_the_terminal(screen: Callable, spec: Callable, columns: int):
    spec()
    code, shown = screen("histogram", "-c", "tiny.yaml", "--no-plot", columns=columns)
    assert code == 0
    lines = [CODES.sub("", line) for line in shown.splitlines()]
    assert [line for line in lines[1:4] if len(line) > columns] == []


@pytest.mark.parametrize("what", ["initializers", "activations", "configs"])
def test_list_fits_the_terminal(screen: Callable, what: str):
    code, shown = screen("list", what)
    assert code == 0
    assert max(len(CODES.sub("", line)) for line in shown.splitlines()) <= 80
