"""What draws itself: in a notebook, and as a matplotlib Figure with Axes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawn:
    """A result, a comparison of results, or a phase diagram."""

    __slots__ = ()

    def figure(self, picture: str | None = None) -> Figure:
        """Draw it as a Figure, to go on with as with any other of matplotlib.

        Each panel is an `Axes` in `Figure.axes`, with artists in the data's units, its own ticks
        and the labels of its axes, so that `figure.axes[0].set_yscale("log")`, rcParams and style
        sheets do what they do elsewhere. `picture` is the stem of one of the files that a run
        writes ("histogram", "depth", "kernels", ...); by default the one that says most. Raises
        ValueError where there is no such picture.
        """
        from weightinit_cli.plots import figure

        return figure(self, picture)

    def _repr_png_(self) -> bytes:
        from weightinit_cli.plots import portrait

        return portrait(self)
