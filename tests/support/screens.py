"""What programs show on a pseudo-terminal."""

from __future__ import annotations

import os


def shown_on(terminal: int) -> bytes:
    """All that is written until the other end is closed; this one is closed then, too."""
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown
