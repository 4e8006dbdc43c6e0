"""Files written whole or not at all, and only below the output folder."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.errors import OutputError, reason
from weightinit_cli.reading import open_at_once
from weightinit_cli.results.folder import SUFFIX, Folder, held, made

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Content = bytes | Iterable[bytes]


def write_files(
    out: Path, folder: str, files: Mapping[str, Content], outdated: Iterable[str] = ()
) -> list[Path]:
    """Write `files` (name: content) to `out/folder`, each whole; return their paths.

    A content is bytes, or pieces of them, as they are made.

    All are written beside their places before the first is renamed into its own, in order, and ^C
    waits until all are; where one cannot be, the former files are put back. So there are the
    former files or the new ones. The files named in `outdated`, of a former result, are removed
    with it; they are asked for once no other process of winit's writes there. `out` may be a link;
    a link below it that leads out of it is refused. Raises OutputError for whatever the user must
    mend.
    """
    place = out / folder
    try:
        root, target = os.path.realpath(out), os.path.realpath(place)
        _refuse_links_out(out, root, [place, *(place / name for name in files)])
        parts = Path(target).relative_to(root).parts
        with made(out, parts) as there:
            with there.locked():
                there.sweep()
            with _beside(there, files) as written, there.locked(), _undisturbed():
                _exchange(there, written, list(outdated))
    except OSError as error:
        where = str(place if error.filename is None else error.filename)
        shown = str(place) if where.endswith(SUFFIX) else where
        raise OutputError(f"{shown}: cannot be written: {reason(error)}") from None
    return [place / name for name in files]


def holds(path: Path, pieces: Iterable[bytes]) -> bool:
    """Whether a file is there and has this content."""
    try:
        with open_at_once(path) as file:
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
    except OSError:
        return False


def write_file(path: Path, content: bytes) -> None:
    """Write one new file whole. Raises OutputError, also where it exists already."""
    exists = OutputError(f"{path}: exists already; choose another name")
    if os.path.lexists(path):
        raise exists
    try:
        with held(path.parent) as folder:
            _create(folder, path.name, content)
    except FileExistsError:
        raise exists from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {reason(error)}") from None


def write_through(path: Path, content: bytes) -> None:
    """Write to what is no file: a pipe, a device. Raises OutputError where it does not take it."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY), "wb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {reason(error)}") from None


def _create(folder: Folder, name: str, content: bytes) -> None:
    """Write a file before it has its name, so that nothing half is left, whatever happens."""
    file = folder.unnamed()
    if file is not None:
        with file:
            file.write(content)
            file.flush()
            folder.give_name(file, name)
        return
    folder.sweep()
    with _beside(folder, {name: content}) as (temporary,):
        try:
            folder.link(temporary, name)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            folder.create(name).close()
            try:
                folder.rename(temporary, name)
            except BaseException:
                folder.remove(name)
                raise


@contextmanager
def _beside(folder: Folder, files: Mapping[str, Content]) -> Iterator[dict[str, str]]:
    """Write files under names of their own, which are removed in the end; to which they belong."""
    written: dict[str, str] = {}
    try:
        for name, content in files.items():
            temporary = _temporary()
            written[temporary] = name
            try:
                with folder.create(temporary) as file:
                    file.writelines((content,) if isinstance(content, bytes) else content)
            except OSError as error:
                if error.filename is None:
                    error.filename = str(folder.path / name)
                raise
            if folder.holds_folder(name):
                raise IsADirectoryError(EISDIR, "Is a directory", str(folder.path / name))
        yield written
    finally:
        for temporary in written:
            with suppress(OSError):
                folder.remove(temporary)


def _exchange(folder: Folder, written: Mapping[str, str], outdated: Iterable[str]) -> None:
    """Remove what is outdated and rename what was written, or leave everything as it was."""
    former: dict[str, str | None] = {}
    try:
        for name in outdated:
            _keep(folder, name, former)
            with suppress(FileNotFoundError):
                folder.remove(name)
        for temporary, name in written.items():
            _keep(folder, name, former)
            folder.rename(temporary, name)
    except BaseException:
        for name, kept in reversed(former.items()):
            with suppress(OSError):
                if kept is None:
                    folder.remove(name)
                else:
                    folder.rename(kept, name)
        raise
    finally:
        for kept in filter(None, former.values()):
            with suppress(OSError):
                folder.remove(kept)


def _keep(folder: Folder, name: str, former: dict[str, str | None]) -> None:
    """Give a file a second name, to put it back from; none where there is none to be kept."""
    kept = _temporary()
    try:
        folder.link(name, kept)
    except FileNotFoundError:
        former[name] = None
    except OSError:  # a file system without links: there is no way back
        return
    else:
        former[name] = kept


def _temporary() -> str:
    return f".{secrets.token_hex(8)}{SUFFIX}"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put ^C off until the end, and what does the same; only the main thread receives it.

    Where ^C is ignored, as in the background of a script, it stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    former = signal.getsignal(signal.SIGINT)

    def put_off(number: int, _: object) -> None:
        if number != signal.SIGINT or former is not signal.SIG_IGN:
            pressed.append(number)

    signal.signal(signal.SIGINT, put_off)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if former is None else former)
    if pressed:
        raise KeyboardInterrupt


def _refuse_links_out(out: Path, root: str, paths: list[Path]) -> None:
    for path in paths:
        if not Path(os.path.realpath(path)).is_relative_to(root):
            raise OutputError(f"{path}: leads out of {out} through a link; refused")
