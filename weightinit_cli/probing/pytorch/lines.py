"""Which line of a person's own files runs."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FrameType

_PACKAGES = ("site-packages", "dist-packages")
_CHECKPOINT = str(Path("torch", "utils", "checkpoint.py"))


def calling_line(outermost: CodeType) -> str | None:
    """The innermost line of a file that is of no package and not Python's own, as `model.py:41`.

    It is looked for up to the frame that runs `outermost`; None where there is no such line.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not outermost:
        name = _own_file(frame.f_code.co_filename)
        if name is not None:
            return f"{name}:{frame.f_lineno}"
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


@lru_cache(maxsize=4096)
def _own_file(file: str) -> str | None:
    """The name of a person's own file; None of what belongs to a package or to Python."""
    if file.startswith("<frozen ") or any(part in Path(file).parts for part in _PACKAGES):
        return None
    roots = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib")]
    roots.append(str(Path(__file__).parents[2]))
    return None if any(Path(file).is_relative_to(root) for root in roots) else Path(file).name
