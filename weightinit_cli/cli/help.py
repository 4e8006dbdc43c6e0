"""What a command's `--help` ends with."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Return what a command's help shows at its end: command lines, as they are typed."""
    return "\n  ".join(("\b\nExamples:", *lines))
