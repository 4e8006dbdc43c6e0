"""How much of each run a page has, so that it stays below its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.page.content import Run

MOST_BYTES = 10_000_000
FRAME = 250  # bytes beside a picture: its element, its caption


class Level(NamedTuple):
    """What a page has of each run, and in words what it leaves out of it."""

    left_out: str = ""
    small: bool = False
    most_pictures: int | None = None
    all_rows: bool = True
    sections: bool = True

    def pictures(self, run: Run) -> list[tuple[str, str]]:
        """The pictures that are shown of a run, by their names."""
        of: Mapping[str, str] = run.small if self.small else run.pictures
        return [*of.items()][: self.most_pictures]


# Each leaves out more than the one before.
LEVELS = (
    Level(),
    Level("the pictures' notes and grids, and the gradients' histograms", small=True),
    Level("all pictures but the first of each run, and that one's notes and grid", True, 1),
    Level("the pictures", most_pictures=0),
    Level("the pictures, and most rows of the tables", most_pictures=0, all_rows=False),
    Level("all of the runs but the overview", most_pictures=0, all_rows=False, sections=False),
)


def level_for(runs: Sequence[Run], size_of: Callable[[Run, Level], int], room: int) -> Level:
    """The level that shows most of those with which the runs have this room, in bytes.

    `size_of` are the bytes of a run's section without its pictures.
    """
    for level in LEVELS[:-1]:
        if sum(size_of(run, level) + _size_of_pictures(run, level) for run in runs) <= room:
            return level
    return LEVELS[-1]


def _size_of_pictures(run: Run, level: Level) -> int:
    return sum(len(each.encode()) + FRAME for _, each in level.pictures(run))
