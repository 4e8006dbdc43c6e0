"""Which line of a person's own files runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.sources import is_own

if TYPE_CHECKING:
    from types import CodeType, FrameType

_CHECKPOINT = str(Path("torch", "utils", "checkpoint.py"))


def calling_line(outermost: CodeType) -> str | None:
    """The innermost line of a file that is of no package and not Python's own, as `model.py:41`.

    It is looked for up to the frame that runs `outermost`; None where there is no such line.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not outermost:
        file = frame.f_code.co_filename
        if is_own(file):
            return f"{Path(file).name}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def in_reentrant_checkpoint() -> bool:
    """Whether what runs has no graph now, and will be run again by the backward pass."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "forward" and code.co_filename.endswith(_CHECKPOINT):
            return True
        frame = frame.f_back
    return False
