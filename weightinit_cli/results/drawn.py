"""What shows itself: in print, in a notebook, as a Figure, as a DataFrame, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from weightinit_cli.results.told import Told, in_html, in_text

if TYPE_CHECKING:
    import os

    import pandas as pd
    from matplotlib.figure import Figure

    from weightinit_cli.results.kinds import AnyResult


class Shown:
    """What says in a few lines what it is, and in a notebook with a table of all of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return in_text(self._told())

    def _repr_html_(self) -> str:
        return in_html(self._told(), self._picture())

    def _told(self) -> Told:
        from weightinit_cli.results.telling import told_of

        return told_of(self)

    def _picture(self) -> bytes | None:
        return None


class Drawn(Shown):
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

    def _picture(self) -> bytes | None:
        try:
            return self._repr_png_()
        except ValueError:  # nothing of it can be drawn
            return None


class Tabular:
    """What has rows of figures."""

    __slots__ = ()

    def to_frame(self) -> pd.DataFrame:
        """Put the figures into a pandas DataFrame.

        A result of `histogram` has a row per layer, indexed by `layer` from 1, with a column for
        each figure's path: `std`, `gradient.total_ratio`, `weights.kurtosis`, `theory.std`, of a
        low precision `rounded.gradient.flushed`. That of `symmetry` has rows by `layer` and `step`,
        that of a training by `network` and `step`. Several results have the level `run` before
        these. A figure that does not exist, or that the dtype cannot tell, is nan. Raises
        WinitError where pandas is not installed.
        """
        from weightinit_cli.results.frames import frame_of

        return frame_of(self)


class Kept(Drawn, Tabular):
    """The result of a run."""

    __slots__ = ()

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write stats.json and the pictures as PNG into a folder, and return their paths.

        The folder is made where it is not there. `load_result(folder)` reads the result again.
        Raises WinitError where the files cannot be written. What drawing raises passes through once
        stats.json is written.
        """
        from weightinit_cli.saving import keep

        return keep(Path(folder), cast("AnyResult", self))


class KeptProbe(Kept):
    """The result of a probe, which has rows of values and rows of parameters."""

    __slots__ = ()

    def to_frame(self, of: Literal["values", "parameters"] = "values") -> pd.DataFrame:
        """Put the figures into a pandas DataFrame: a row per value, or per parameter.

        The values are indexed by `value` from 1, in the order of the run, with a column for each
        figure's path; the parameters by `parameter`, their name. A figure that does not exist, or
        that the dtype cannot tell, is nan. Raises WinitError where pandas is not installed.
        """
        from weightinit_cli.results.frames import frame_of, frame_of_parameters

        return frame_of(self) if of == "values" else frame_of_parameters(self)
