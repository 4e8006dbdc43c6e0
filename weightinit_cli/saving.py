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

    from weightinit_cli.results import AnyResult


class Undrawn(NamedTuple):
    """Why there are no pictures, and the exit code of that: 2, 3 for a defect, 130 for ^C.

    It is a single line, of a defect the lines of its traceback.
    """

    lines: tuple[str, ...]
    exit_code: int


class Drawn(NamedTuple):
    """Pictures by file name; none, and why, where they could not be drawn."""

    files: Mapping[str, bytes]
    undrawn: Undrawn | None = None


class Saved(NamedTuple):
    """The files that were written, and why pictures are not among them."""

    paths: list[Path]
    undrawn: Undrawn | None = None

    @property
    def interrupted(self) -> bool:
        """Whether ^C has ended the drawing: nothing more is to be begun."""
        return self.undrawn is not None and self.undrawn.exit_code == INTERRUPTED


def drawn(draw: Callable[[], Mapping[str, bytes]]) -> Drawn:
    """The pictures that `draw` makes, in a process of winit's own; nothing is raised or warned."""
    try:
        from weightinit_cli.plots.isolation import load_matplotlib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_matplotlib()
            return Drawn(draw())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return Drawn({}, _undrawn(error))


def written(write: Callable[[Mapping[str, bytes]], list[Path]], pictures: Drawn) -> Saved:
    """What `write` writes with the pictures; without them where they are in its way.

    Raises what it raises without them.
    """
    try:
        return Saved(write(pictures.files), pictures.undrawn)
    except (Exception, KeyboardInterrupt) as error:
        if not pictures.files:
            raise
        undrawn = _undrawn(error)
    return Saved(write({}), undrawn)


def drawn_of(result: AnyResult, formats: Iterable[str]) -> Drawn:
    """A run's pictures in each of the formats."""
    wanted = tuple(formats)
    if not wanted:
        return Drawn({})

    def draw() -> dict[str, bytes]:
        from weightinit_cli.plots import pictures

        return pictures(result, wanted)

    return drawn(draw)


def save_result(out: Path, folder: str, result: AnyResult, formats: Iterable[str]) -> Saved:
    """Draw a run's pictures and write its files; pictures of another run go.

    Raises OutputError where the statistics cannot be written.
    """
    pictures = drawn_of(result, formats)
    return save(out, folder, result.digest, files_of(result, pictures.files), pictures.undrawn)


def save(
    out: Path, folder: str, digest: str, files: Mapping[str, bytes], undrawn: Undrawn | None
) -> Saved:
    """Write the files of a run as `files_of` has them; pictures of another run go.

    Raises OutputError where the statistics cannot be written.
    """
    stats = {STATS: files[STATS]}
    pictures = {name: content for name, content in files.items() if name not in stats}
    return written(
        lambda some: save_files(out, folder, digest, {**some, **stats}), Drawn(pictures, undrawn)
    )


def _undrawn(error: BaseException) -> Undrawn:
    if isinstance(error, WinitError):
        return Undrawn((" ".join(error.lines),), error.exit_code)
    if isinstance(error, MemoryError):
        return Undrawn(("not enough memory for the pictures",), WinitError.exit_code)
    if isinstance(error, OSError):
        said = " ".join(reason(error).split())
        place = "" if error.filename is None else f"{error.filename}: "
        return Undrawn((f"{place}no picture could be drawn: {said}",), WinitError.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return Undrawn(("interrupted before the pictures were done",), INTERRUPTED)
    return Undrawn(tuple("".join(traceback.format_exception(error)).splitlines()), DEFECT)
