"""Files written whole or not at all, and only below the output folder."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Content = bytes | Iterable[bytes]

_SUFFIX = ".winit-tmp"
_STALE_AFTER = 600.0


def write_files(
    out: Path, folder: str, files: Mapping[str, Content], outdated: Iterable[str] = ()
) -> list[Path]:
    """Write `files` (name: content) to `out/folder`, each whole, in order; return their paths.

    A content is bytes, or pieces of them, as they are made.

    All are written beside their places before the first is renamed into its own, and ^C waits
    until all are, so that an interruption leaves the former files or the new ones. The files
    named in `outdated`, of a former result, are removed with it. `out` may be a link; a link
    below it that leads out of it is refused. Raises OutputError for whatever the user must mend.
    """
    place = out / folder
    try:
        _refuse_links_out(out, [place, *(place / name for name in files)])
        made = _make(place)
        _sweep(place)
        try:
            _write_all(place, files, outdated)
        except BaseException:
            if made:
                with suppress(OSError):
                    place.rmdir()
            raise
    except OSError as error:
        where = next(
            (str(name) for name in (error.filename2, error.filename) if name is not None),
            str(place),
        )
        shown = str(place) if where.endswith(_SUFFIX) else where
        raise OutputError(f"{shown}: cannot be written: {error.strerror or error}") from None
    return [place / name for name in files]


def write_file(path: Path, content: bytes) -> None:
    """Write one new file whole. Raises OutputError, also where it exists already."""
    if os.path.lexists(path):
        raise OutputError(f"{path}: exists already; choose another name")
    try:
        _write_all(path.parent, {path.name: content})
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _make(place: Path) -> bool:
    missing = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    return missing


def _write_all(place: Path, files: Mapping[str, Content], outdated: Iterable[str] = ()) -> None:
    written: dict[Path, Path] = {}
    try:
        for name, content in files.items():
            temporary = place / f".{name}.{secrets.token_hex(6)}{_SUFFIX}"
            written[temporary] = place / name
            with temporary.open("xb") as file:
                file.writelines((content,) if isinstance(content, bytes) else content)
            if written[temporary].is_dir():
                raise IsADirectoryError(EISDIR, "Is a directory", str(written[temporary]))
        with _undisturbed():
            for name in outdated:
                (place / name).unlink(missing_ok=True)
            for temporary, target in written.items():
                temporary.replace(target)
    finally:
        for temporary in written:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put ^C off until the end; only the main thread receives it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    former = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if former is None else former)
    if pressed:
        raise KeyboardInterrupt


def _sweep(place: Path) -> None:
    """Remove what a killed run left long ago."""
    for left in place.glob(f".*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_AFTER:
                left.unlink()


def _refuse_links_out(out: Path, paths: list[Path]) -> None:
    root = os.path.realpath(out)
    for path in paths:
        if not Path(os.path.realpath(path)).is_relative_to(root):
            raise OutputError(f"{path}: leads out of {out} through a link; refused")
