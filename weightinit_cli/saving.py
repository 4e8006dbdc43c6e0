"""A finished run is never lost: its statistics are saved, whatever becomes of its pictures.

Whatever draws and saves does it here: a single run, one of a batch, one that a check renews, and
the comparison of several. Pictures are drawn first and stats.json is written last, as the mark
that a run is done; where drawing fails, or ^C ends it, or a picture cannot be written, what was
computed is written without them.
"""

from __future__ import annotations

import traceback
import warnings
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import DEFECT, INTERRUPTED, WinitError, reason
from weightinit_cli.results.store import STATS, files_of, save_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from weightinit_cli.plots import Look
    from weightinit_cli.results import AnyResult

    # Pictures by file name; none, and why, where they could not be drawn.
    Drawn = tuple[Mapping[str, bytes], WinitError | None]


class Saved(NamedTuple):
    """The files that were written, and why pictures are not among them."""

    paths: list[Path]
    undrawn: WinitError | None = None

    @property
    def interrupted(self) -> bool:
        """Whether ^C has ended the drawing: nothing more is to be begun."""
        return self.undrawn is not None and self.undrawn.exit_code == INTERRUPTED


def draw_safely(draw: Callable[[], Mapping[str, bytes]]) -> Drawn:
    """Return the pictures that `draw` makes, in a process of winit's own.

    Nothing is raised or warned: where they cannot be drawn there are none, and it is said why.
    """
    try:
        from weightinit_cli.plots.engine.settings import load_matplotlib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_matplotlib()
            return draw(), None
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return {}, _undrawn(error)


def write_safely(write: Callable[[Mapping[str, bytes]], list[Path]], drawn: Drawn) -> Saved:
    """Write what `write` does with the pictures; without them where they are in its way.

    Raises what it raises without them.
    """
    pictures, undrawn = drawn
    try:
        return Saved(write(pictures), undrawn)
    except (Exception, KeyboardInterrupt) as error:
        if not pictures:
            raise
        undrawn = _undrawn(error)
    return Saved(write({}), undrawn)


def draw_result(result: AnyResult, formats: Iterable[str], look: Look | None = None) -> Drawn:
    """Draw a run's pictures in each of the formats."""
    wanted = tuple(formats)
    if not wanted:
        return {}, None

    def draw() -> dict[str, bytes]:
        from weightinit_cli.plots import PLAIN, pictures

        return pictures(result, wanted, look or PLAIN)

    return draw_safely(draw)


def save_result(out: Path, folder: str, result: AnyResult, formats: Iterable[str]) -> Saved:
    """Draw a run's pictures and write its files; pictures of another run go.

    Raises WinitError where the statistics cannot be written.
    """
    pictures, undrawn = draw_result(result, formats)
    return save(out, folder, result.digest, files_of(result, pictures), undrawn)


def keep(folder: Path, result: AnyResult) -> list[Path]:
    """Draw a run's pictures with the matplotlib of a host, and write its files into a folder.

    Raises WinitError where files cannot be written. What drawing raises passes through once the
    statistics are written.
    """
    try:
        from weightinit_cli.plots import pictures

        drawn = pictures(result, ("png",))
    except BaseException:
        save(folder, "", result.digest, files_of(result, {}), None)
        raise
    saved = save(folder, "", result.digest, files_of(result, drawn), None)
    if saved.undrawn is not None:
        raise saved.undrawn
    return saved.paths


def save(
    out: Path, folder: str, digest: str, files: Mapping[str, bytes], undrawn: WinitError | None
) -> Saved:
    """Write the files of a run as `files_of` has them; pictures of another run go.

    Raises WinitError where the statistics cannot be written.
    """
    stats = {STATS: files[STATS]}
    pictures = {name: content for name, content in files.items() if name not in stats}
    return write_safely(
        lambda some: save_files(out, folder, digest, {**some, **stats}), (pictures, undrawn)
    )


def _undrawn(error: BaseException) -> WinitError:
    """Why there are no pictures, in a single line; of a defect the lines of its traceback."""
    if isinstance(error, WinitError):
        return WinitError(" ".join(error.lines), exit_code=error.exit_code)
    if isinstance(error, MemoryError):
        return WinitError("not enough memory for the pictures")
    if isinstance(error, OSError):
        why = " ".join(reason(error).split())
        place = "" if error.filename is None else f"{error.filename}: "
        return WinitError(f"{place}no picture could be drawn: {why}")
    if isinstance(error, KeyboardInterrupt):
        return WinitError("interrupted before the pictures were done", exit_code=INTERRUPTED)
    lines = "".join(traceback.format_exception(error)).splitlines()
    return WinitError(*lines, exit_code=DEFECT)
