"""Notes beside the results: pictures that are missing, what they lack, what was replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.cli import terminal
from weightinit_cli.errors import DEFECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.saving import Saved
    from weightinit_cli.spec import AnySpec

# Characters and names that are listed, and results of other specs; of more the rest are counted.
SHOWN = 10
MOST_REPLACED = 10


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
    """Yield the names that a person gave in a spec and that pictures show."""
    yield spec.name
    if spec.runs is not None:
        yield from (variant.label for variant in spec.runs.variants)


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


def note_replaced(formers: Iterable[str]) -> None:
    """Say which results of other specs are replaced; of very many the first few.

    `formers` has a sentence for each run, empty where it replaces none.
    """
    number = 0
    for former in filter(None, formers):
        number += 1
        if number <= MOST_REPLACED:
            terminal.note(former)
    if number > MOST_REPLACED:
        terminal.note(f"and {number - MOST_REPLACED:,} more results of other specs are replaced")


def _listed(parts: list[str]) -> str:
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more
