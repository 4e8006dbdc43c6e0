"""For all tests: signals count, and plug-ins that one registers are nobody else's.

Signals may be ignored where the tests were started, as in the background.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import plugins
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure() -> None:
    """Take signals that are ignored for those of a terminal; processes inherit it.

    Colours that are forced on the tests' own lines, as CI systems do, are none of winit's.
    """
    os.environ.pop("FORCE_COLOR", None)
    handlers = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    for name, handler in handlers.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def without_plugins() -> Iterator[None]:
    """Take from the tables, after a test, what it has registered."""
    tables = (INITIALIZERS, ACTIVATIONS)
    versions = [table.version for table in tables]
    rows = [dict(table) for table in tables]
    yield
    if versions != [table.version for table in tables]:
        for table, former in zip(tables, rows, strict=True):
            table.clear()
            table.update(former)
            table.version += 1
        plugins._here.clear()
        plugins._files.clear()
