"""How a long command is stopped from outside: by ^C, or by who ends the process."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

ENDING = "SIGTERM", "SIGHUP"


class Stops:
    """While it is entered, SIGTERM and SIGHUP do what ^C does: nothing is left half or behind.

    Those that the process was told to ignore (`nohup`) stay ignored.
    """

    def __init__(self) -> None:
        self._former: dict[int, Any] = {}
        self._by = int(signal.SIGINT)

    @property
    def code(self) -> int:
        """The exit code that says what has stopped it."""
        return 128 + self._by

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self  # no other one receives signals
        for name in ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                self._former[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """As ^C: whoever puts that off for a moment puts this off, too."""
        self._by = number
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # ^C is ignored, as in the background of a script
            raise KeyboardInterrupt
        interrupt(number, frame)
