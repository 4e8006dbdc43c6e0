"""Signals that are ignored where the tests were started, as in the background, count in them."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Take signals that are ignored for those of a terminal; processes inherit it."""
    handlers = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    for name, handler in handlers.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
