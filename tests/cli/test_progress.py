"""The progress bar: when it is drawn, how often, and what it says."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.cli import progress, terminal
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.lines import width

if TYPE_CHECKING:
    from collections.abc import Callable


class Screen(io.StringIO):
    """A terminal that counts what is drawn."""

    def isatty(self) -> bool:
        return True

    @property
    def drawings(self) -> list[str]:
        return [text for text in self.getvalue().split("\r") if text.strip()]


class Clock:
    """The time, and what is to be done a second after a beginning."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.alarms: list[Callable[[], None]] = []

    def monotonic(self) -> float:
        return self.now

    def timer(self, seconds: float, alarm: Callable[[], None]) -> SimpleNamespace:
        self.alarms.append(alarm)
        return SimpleNamespace(start=lambda: None, cancel=self.alarms.clear)

    def ring(self) -> None:
        """A second passes while the run is at its work."""
        self.now += progress.PATIENCE
        for alarm in self.alarms:
            alarm()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(progress, "threading", SimpleNamespace(Timer=clock.timer))
    return clock


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can draw a line anew, of the usual width."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    show_on(screen, monkeypatch)
    return screen


def show_on(stream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `stream` be stderr for the bar (pytest puts its own in place for every phase)."""
    for module in (terminal, progress):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))


def test_nothing_within_the_first_second(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(100)
        for _ in range(99):
            clock.now += 0.01
            bar.step(1)
    assert screen.getvalue() == ""


def test_first_word_after_a_second_of_work_before_the_start(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        clock.ring()
        assert screen.drawings == ["tiny ..."]
        bar.start(2)
        clock.now += 0.1
        bar.step(1)
    assert "50%" in screen.drawings[1]
    assert "100%" in screen.drawings[-1]


def test_first_word_within_a_long_piece_of_work(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(2)
        clock.ring()
        assert screen.drawings[0].endswith("  0%")


def test_words_without_a_start_are_taken_off_again(clock: Clock, screen: Screen):
    with ProgressBar("big.yaml", shown=True) as bar:
        bar.step(0, "7 of 9 runs")
        clock.ring()
    assert screen.drawings == ["big.yaml 7 of 9 runs ..."]
    assert screen.getvalue().endswith(f"\r{' ' * len(screen.drawings[0])}\r")


def test_drawn_ten_times_a_second_with_the_time_left(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(3e9)
        for _ in range(3000):
            clock.now += 0.001
            bar.step(1e6)
        assert 15 < len(screen.drawings) <= 22
        # A third is done a second after the start.
        assert "33%  0:02" in screen.drawings[0]
    assert "100%" in screen.drawings[-1]
    assert screen.getvalue().endswith("100%      \n")


def test_only_a_return_moves_the_cursor(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(2)
        clock.ring()
        bar.step(1)
    assert set(screen.getvalue()) <= set("tiny [#-]0123456789%:\r\n")


def test_a_terminal_without_cursor_has_a_line_now_and_then(
    clock: Clock, screen: Screen, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TERM", "dumb")
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(100)
        for _ in range(30):
            clock.now += 1
            bar.step(1)
    lines = screen.getvalue().splitlines()
    assert "\r" not in screen.getvalue()
    assert [line.split()[2] for line in lines] == ["1%", "11%", "21%", "100%"]


def test_what_is_printed_takes_the_line_off(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True):
        clock.ring()
        terminal.note("a note")
        assert screen.getvalue() == f"\rtiny ...\r{' ' * 8}\ra note\n"


def test_no_thread_left_is_no_reason_to_stop(clock: Clock, screen: Screen, monkeypatch):
    def refused() -> None:
        raise RuntimeError("can't start new thread")

    timer = SimpleNamespace(start=refused, cancel=lambda: None)
    monkeypatch.setattr(progress, "threading", SimpleNamespace(Timer=lambda *_: timer))
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(2)
        clock.now += 2
        bar.step(1)
    assert "100%" in screen.drawings[-1]


@pytest.mark.parametrize("columns", [1, 20, 60, 80, 120])
def test_fits_the_terminal(clock: Clock, screen: Screen, monkeypatch, columns: int):
    monkeypatch.setenv("COLUMNS", str(columns))
    for label in ("n" * 100, "重" * 100, "e\u0301" * 50):
        with ProgressBar(label, shown=True) as bar:
            bar.start(100)
            clock.now += 100_000
            bar.step(1)
    shown = [text.rstrip("\n") for text in screen.drawings]
    assert max(map(width, shown), default=0) < columns
    if columns > 1:
        assert all("%" in text for text in shown)


def test_stopped_by_hand_stays_where_it_was(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(10)
        clock.now += 2
        bar.step(4)
        bar.stop()
    assert " 40%" in screen.drawings[-1]


def test_ends_full_though_less_was_done_than_expected(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(10)
        clock.now += 2
        bar.step(9.7)
    assert "100%" in screen.drawings[-1]


def test_more_than_expected_is_all(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(1)
        for _ in range(3):
            clock.now += 2
            bar.step(1)
    assert "100%" in screen.drawings[-1]


def test_stays_where_it_was_on_an_error(clock: Clock, screen: Screen):
    with pytest.raises(KeyboardInterrupt), ProgressBar("tiny", shown=True) as bar:  # noqa: PT012
        bar.start(10)
        clock.now += 2
        bar.step(4)
        raise KeyboardInterrupt
    assert " 40%" in screen.drawings[-1]
    assert screen.getvalue().endswith("\n")


def test_nothing_where_quiet_or_no_terminal(clock: Clock, screen: Screen, monkeypatch):
    for stream, shown in ((screen, False), (io.StringIO(), True), (None, True)):
        show_on(stream, monkeypatch)
        with ProgressBar("tiny", shown=shown) as bar:
            bar.start(2)
            clock.now += 5
            bar.step(1)
        assert stream is None or stream.getvalue() == ""


@pytest.mark.parametrize("name", ["n" * 100, "\x1b[31m" * 9])
def test_fits_eighty_columns_whatever_the_name(clock: Clock, screen: Screen, name: str):
    with ProgressBar(name, shown=True) as bar:
        bar.start(100)
        for _ in range(5):
            clock.now += 20_000
            bar.step(1)
    assert any("550:00:00" in text for text in screen.drawings)
    assert max(map(len, screen.drawings)) <= 80
    assert "\x1b[31m" not in screen.getvalue()


def test_a_bar_within_another_takes_its_place(clock: Clock, screen: Screen):
    with ProgressBar("checking", shown=True) as outer:
        outer.step(0, "1 of 2 runs")
        clock.ring()
        with ProgressBar("tiny", shown=True) as inner:
            inner.start(2)
            clock.now += 2
            inner.step(1)
        clock.now += 1
        outer.step(0, "2 of 2 runs")
    words = "checking 1 of 2 runs ..."
    assert screen.getvalue().startswith(f"\r{words}\r{' ' * len(words)}\r\rtiny  [####")
    assert [text.split()[0] for text in screen.drawings] == ["checking", "tiny", "tiny", "checking"]


# the first word of every command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("theory", "-c", "tiny.yaml"), "theory of tiny.yaml"),
        (("list", "activations"), "listing activations"),
        (("phase", "-a", "relu", "--format", "svg"), "drawing phase-relu"),
        (("validate", "tiny.yaml"), "checking tiny.yaml"),
        (("histogram", "-c", "tiny.yaml", "--no-plot"), "reading tiny.yaml"),
        (("histogram", "-c", "tiny.yaml", "--no-plot"), "saving tiny"),
        (("histogram", "-c", "two.yaml", "--no-plot"), "checking two"),
        (("batch", "tiny.yaml", "-j", "1", "--no-plot"), "looking for specs"),
        (("batch", "tiny.yaml", "-j", "1", "--no-plot"), "reading the specs"),
        (("batch", "tiny.yaml", "-j", "1", "--no-plot"), "0/1 run done"),
        (("batch", "tiny.yaml", "-j", "1", "--no-plot"), "summing up"),
        (("plot", "outputs/saved"), "drawing outputs/saved"),
        (("check", "outputs"), "checking"),
        (("check", "outputs"), "comparing saved"),
        (("diff", "outputs", "outputs"), "comparing"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each),
)
def test_every_command_says_what_it_is_at(
    winit: Callable, spec: Callable, monkeypatch, arguments: tuple, words: str
):
    spec()
    spec("two.yaml", "variants: {a: {}, b: {width: 7}}\n")
    Path("saved.yaml").write_bytes(Path("tiny.yaml").read_bytes())
    assert winit("histogram", "-c", "saved.yaml", "--no-plot").code == 0
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(progress, "threading", SimpleNamespace(Timer=at_once))
    assert winit(*arguments).code == 0
    assert any(text.startswith(f"{words} ...") for text in screen.drawings)


def at_once(seconds: float, alarm: Callable[[], None]) -> SimpleNamespace:
    """Every piece of work is a long one."""
    return SimpleNamespace(start=alarm, cancel=lambda: None)
