"""What is said where pictures are missing: why, and what is saved all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.saving import DEFECT

if TYPE_CHECKING:
    from weightinit_cli.saving import Saved


def tell_undrawn(saved: Saved) -> int:
    """Say why there are no pictures, and what is saved without them; return the exit code."""
    if saved.undrawn is None:
        return 0
    lines, code = saved.undrawn
    kept = f"{saved.paths[-1]} is saved" if saved.paths else "no picture is written"
    if code == DEFECT:
        return terminal.defect([*lines, f"the pictures could not be drawn; {kept}"])
    return terminal.fail([f"{line}; {kept}" for line in lines], code)
