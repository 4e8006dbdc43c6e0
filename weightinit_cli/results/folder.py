"""A folder that is written to: held by its descriptor, and locked, where the system has that."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from errno import EAGAIN, EEXIST
from pathlib import Path  # noqa: TC003  # a NamedTuple's types are read
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """A folder that is there; `path` may lead to it through links."""
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
    """The folder `out` with `parts` below it, none of them a link; made where it is missing.

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
    """Make a folder; whether it was missing."""
    try:
        os.mkdir(path if above is None else part, dir_fd=above)
    except FileExistsError:
        if above is None and not path.is_dir():
            raise OSError(EEXIST, "File exists", str(path)) from None
        return False
    return True


def _entered(part: str, above: int) -> int:
    """The descriptor of a folder in another one, whose own is closed."""
    descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    os.close(above)
    return descriptor
