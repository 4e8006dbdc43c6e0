"""The progress bar: when it is drawn, how often, and what it says."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from weightinit_cli.cli import terminal
from weightinit_cli.cli.terminal import ProgressBar


class Screen(io.StringIO):
    """A terminal that counts what is drawn."""

    def isatty(self) -> bool:
        return True

    @property
    def drawings(self) -> list[str]:
        return [text for text in self.getvalue().split("\r") if text.strip()]


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    monkeypatch.setattr("click._termui_impl.time", clock)
    return clock


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    show_on(screen, monkeypatch)
    return screen


def show_on(stream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `stream` be stderr for the bar (pytest puts its own in place for every phase)."""
    monkeypatch.setattr(terminal, "sys", SimpleNamespace(stderr=stream))


def test_nothing_within_the_first_second(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(100)
        for _ in range(99):
            clock.now += 0.01
            bar.step(1)
    assert screen.getvalue() == ""


def test_the_second_begins_at_the_start(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        clock.now += 5
        bar.start(2)
        bar.step(1)
    assert screen.getvalue() == ""


def test_drawn_ten_times_a_second_with_the_time_left(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True) as bar:
        bar.start(3e9)
        for _ in range(3000):
            clock.now += 0.001
            bar.step(1e6)
        assert 15 < len(screen.drawings) <= 22
        # A third is done a second after the start.
        assert "33%  00:00:0" in screen.drawings[1]
    assert "100%" in screen.drawings[-1]
    assert screen.getvalue().endswith("\x1b[?25h\n")


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
    assert screen.getvalue().endswith("\x1b[?25h\n")


def test_nothing_where_the_run_never_began(clock: Clock, screen: Screen):
    with ProgressBar("tiny", shown=True):
        clock.now += 9
    assert screen.getvalue() == ""


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
    assert any("d " in text for text in screen.drawings)
    assert max(len(text.replace("\x1b[?25l", "").rstrip()) for text in screen.drawings) <= 80
    assert "\x1b[31m" not in screen.getvalue()
