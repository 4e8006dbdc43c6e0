"""Files written whole or not at all, into folders that are held and locked."""

from __future__ import annotations

import os
import secrets
import signal
import stat
import threading
import time
from contextlib import contextmanager, suppress
from errno import EAGAIN, EEXIST, EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from weightinit_cli.errors import WinitError, reason
from weightinit_cli.reading import open_at_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Content = bytes | Iterable[bytes]

SUFFIX = ".winit-tmp"
STALE_AFTER = 600.0
PATIENCE = 10.0
_WAIT = 0.01
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_HELD = hasattr(os, "O_DIRECTORY") and os.supports_dir_fd >= {
    os.open,
    os.mkdir,
    os.rename,
    os.unlink,
    os.link,
    os.stat,
}


def write_files(
    out: Path, folder: str, files: Mapping[str, Content], outdated: Iterable[str] = ()
) -> list[Path]:
    """Write `files` (name: content) to `out/folder`, each whole; return their paths.

    A content is bytes, or pieces of them, as they are made.

    All are written beside their places before the first is renamed into its own, in order, and ^C
    waits until all are; where one cannot be, the former files are put back. So there are the
    former files or the new ones. The files named in `outdated`, of a former result, are removed
    with it; they are asked for once no other process of winit's writes there. `out` may be a link;
    a link below it that leads out of it is refused. Raises WinitError for whatever the user must
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
        raise WinitError(f"{shown}: cannot be written: {reason(error)}") from None
    return [place / name for name in files]


def holds(path: Path, pieces: Iterable[bytes]) -> bool:
    """Whether a file is there and has this content."""
    try:
        with open_at_once(path) as file:
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
    except OSError:
        return False


def write_file(path: Path, content: bytes) -> None:
    """Write one new file whole. Raises WinitError, also where it exists already."""
    refuse_existing(path)
    try:
        with held(path.parent) as folder:
            _create(folder, path.name, content)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise WinitError(f"{path}: cannot be written: {reason(error)}") from None


def refuse_existing(path: Path) -> None:
    """Raise WinitError where there is something at the place of a file that is to be new."""
    if os.path.lexists(path):
        raise _exists(path)


def _exists(path: Path) -> WinitError:
    return WinitError(f"{path}: exists already; choose another name")


def write_at(path: Path, content: Content) -> None:
    """Write a file whole where a person says; a pipe or a device takes the content as it is.

    Raises WinitError where it cannot be written.
    """
    if not os.path.exists(path) or os.path.isfile(path):  # noqa: PTH110, PTH113
        write_files(path.parent, ".", {path.name: content})
        return
    try:
        with os.fdopen(os.open(path, os.O_WRONLY), "wb") as file:
            file.writelines(_pieces(content))
    except OSError as error:
        raise WinitError(f"{path}: cannot be written: {reason(error)}") from None


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


def _pieces(content: Content) -> Iterable[bytes]:
    return (content,) if isinstance(content, bytes) else content


@contextmanager
def _beside(folder: Folder, files: Mapping[str, Content]) -> Iterator[dict[str, str]]:
    """Write files under temporary names, removed in the end; yield the name meant for each."""
    written: dict[str, str] = {}
    try:
        for name, content in files.items():
            temporary = _temporary()
            written[temporary] = name
            try:
                with folder.create(temporary) as file:
                    file.writelines(_pieces(content))
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
    """Give a file a second name, to put it back from, and note it in `former`: None for no file."""
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
            raise WinitError(f"{path}: leads out of {out} through a link; refused")


class Folder(NamedTuple):
    """A folder and, where the system has such, a descriptor that stays with it.

    What its name leads to meanwhile, be it a link to elsewhere, is then not written to.
    """

    path: Path
    descriptor: int | None

    def create(self, name: str) -> BinaryIO:
        """Open a new file for writing, with the umask's rights."""
        with self._named(name):
            return os.fdopen(os.open(self._at(name), _NEW, 0o666, dir_fd=self.descriptor), "wb")

    def unnamed(self) -> BinaryIO | None:
        """A new file that has no name yet (see `give_name`); None where the system has no such."""
        if self.descriptor is None or not hasattr(os, "O_TMPFILE"):
            return None
        try:
            flags = os.O_TMPFILE | os.O_WRONLY
            return os.fdopen(os.open(".", flags, 0o666, dir_fd=self.descriptor), "wb")
        except OSError:
            return None

    def give_name(self, file: BinaryIO, name: str) -> None:
        """Name what `unnamed` has opened. Raises FileExistsError rather than to replace a file."""
        os.link(f"/proc/self/fd/{file.fileno()}", name, dst_dir_fd=self.descriptor)

    def link(self, name: str, other: str) -> None:
        """Give a file another name. Raises FileExistsError rather than to replace a file."""
        names, here = (self._at(name), self._at(other)), self.descriptor
        with self._named(other):
            os.link(*names, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=here is None)

    def rename(self, name: str, other: str) -> None:
        """Rename a file, in another one's place if there is one."""
        names, here = (self._at(name), self._at(other)), self.descriptor
        with self._named(other):
            os.replace(*names, src_dir_fd=here, dst_dir_fd=here)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with self._named(name):
            os.unlink(self._at(name), dir_fd=self.descriptor)

    def holds_folder(self, name: str) -> bool:
        """Whether a folder stands under this name."""
        try:
            status = os.stat(self._at(name), dir_fd=self.descriptor)
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode)

    def sweep(self) -> None:
        """Remove what a killed run left long ago."""
        with suppress(OSError):
            for name in os.listdir(self.path if self.descriptor is None else self.descriptor):  # noqa: PTH208
                if name.startswith(".") and name.endswith(SUFFIX):
                    with suppress(OSError):
                        status = os.stat(self._at(name), dir_fd=self.descriptor)
                        if time.time() - status.st_mtime > STALE_AFTER:
                            self.remove(name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes of winit's from changing what is there.

        The lock is on the descriptor, so nothing of it stays behind. Raises OSError where another
        process does not give it back.
        """
        if self.descriptor is None:
            yield
            return
        import fcntl  # which every system with descriptors of folders has

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = "another process of winit is writing there"
                    raise OSError(EAGAIN, message, str(self.path)) from None
                time.sleep(_WAIT)
            except OSError:  # a file system without locks
                break
            else:
                break
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Have an OSError tell where the file is: the system knows its name only."""
        try:
            yield
        except OSError as error:
            error.filename, error.filename2 = str(self.path / name), None
            raise

    def _at(self, name: str) -> str:
        return name if self.descriptor is not None else str(self.path / name)


@contextmanager
def held(path: Path) -> Iterator[Folder]:
    """Hold an existing folder open; `path` may lead to it through links."""
    if not _HELD:
        yield Folder(path, None)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def made(out: Path, parts: tuple[str, ...]) -> Iterator[Folder]:
    """Hold the folder at `parts` below `out` open; none may be a link, and what is missing is made.

    What was made is removed again, if it is empty, where the context ends in an error.
    """
    new = [each for each in reversed((out, *out.parents)) if not os.path.lexists(each)]
    for each in new:
        each.mkdir(exist_ok=True)
    path, descriptor = out, None
    try:
        if _HELD:
            descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
        for part in parts:
            path /= part
            try:
                if _make(path, part, descriptor):
                    new.append(path)
                if descriptor is not None:
                    descriptor = _entered(part, descriptor)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(path)) from None
        yield Folder(path, descriptor)
    except BaseException:
        for each in reversed(new):
            with suppress(OSError):
                each.rmdir()
        raise
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _make(path: Path, part: str, above: int | None) -> bool:
    """Make a folder where there is none, and say whether there was none."""
    try:
        os.mkdir(path if above is None else part, dir_fd=above)
    except FileExistsError:
        if above is None and not path.is_dir():
            raise OSError(EEXIST, "File exists", str(path)) from None
        return False
    return True


def _entered(part: str, above: int) -> int:
    """Open a folder inside another one, whose descriptor is closed."""
    descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    os.close(above)
    return descriptor
