"""What is said where pictures are missing, or something in them: why, and what is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.errors import DEFECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec

SHOWN = 10


def tell_undrawn(saved: Saved) -> int:
    """Say why there are no pictures, and what is saved without them; return the exit code."""
    if saved.undrawn is None:
        return 0
    lines, code = saved.undrawn
    kept = f"{saved.paths[-1]} is saved" if saved.paths else "no picture is written"
    if code == DEFECT:
        return terminal.defect([*lines, f"the pictures could not be drawn; {kept}"])
    return terminal.fail([f"{line}; {kept}" for line in lines], code)


def names_of(spec: AnySpec) -> Iterator[str]:
    """What a person has named of a spec, as pictures show it."""
    yield spec.name
    if spec.runs is not None:
        yield from (variant.label for variant in spec.runs.grid.variants)


def note_lacking(names: Iterable[str]) -> None:
    """Say which characters of these names the pictures cannot show."""
    strange = [name for name in dict.fromkeys(names) if not name.isascii()]
    if not strange:
        return
    from weightinit_cli.plots.fonts import REPLACEMENT, lacking
    from weightinit_cli.plots.isolation import load_matplotlib

    load_matplotlib()
    missing = lacking(strange)
    if missing:
        within = [repr(name) for name in strange if lacking([name])]
        terminal.note(
            f"the pictures' font has no {_listed(list(missing))}; "
            f"{REPLACEMENT} stands for each in {_listed(within)}"
        )


def _listed(parts: list[str]) -> str:
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more
