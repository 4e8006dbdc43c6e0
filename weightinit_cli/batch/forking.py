"""Workers that are forked, in milliseconds, from a process that has loaded what runs need (Linux).

Not by `multiprocessing`: its server needs a socket with a name in TMPDIR, leaves folders there,
takes modules from the current folder, and lets workers outlive whoever started them.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

import weightinit_cli
from weightinit_cli.batch.starting import ENVIRONMENT, LOAD, Ended, deaf
from weightinit_cli.batch.worker import PR_SET_PDEATHSIG, START
from weightinit_cli.imports import search_path

PROGRAM = f"""
import sys
descriptor, file, *sys.path = sys.argv[1:]
import ctypes
ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {signal.SIGKILL:d})
{LOAD}
from weightinit_cli.batch.server import serve
serve(int(descriptor))
"""
LONGEST_ANSWER = 1 << 16


class Forker:
    """Has workers forked by a server, which loads meanwhile, and by another where that has ended.

    Raises OSError where the system gives no process.
    """

    def __init__(self) -> None:
        self._server = _Server()

    def start(self) -> _Forked:
        """A worker. Raises OSError where the system gives no more."""
        if self._server.ended:
            self._server = _Server()
        return self._server.start()

    def close(self) -> None:
        """End the server, and thereby its workers."""
        self._server.close()


class _Forked:
    def __init__(self, server: _Server, number: int, connection: Connection) -> None:
        self._server, self._number, self.connection = server, number, connection

    def end(self) -> Ended:
        """End it where it has not ended; what had become of it before."""
        self.connection.close()
        return self._server.end(self._number)


class _Server:
    """The process of `batch.server`. Raises OSError where the system gives none."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, deaf():
                self._process = _start(theirs)
        except BaseException:
            self._control.close()
            raise

    @property
    def ended(self) -> bool:
        """Whether it is no more."""
        return self._process.poll() is not None

    def start(self) -> _Forked:
        """Have it fork a worker. Raises OSError where it cannot."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, suppress(ConnectionError):
                socket.send_fds(self._control, [START], [theirs.fileno()])
            answer = self._answer()
            if answer is None:
                self.close()
                raise OSError(f"the process that starts them {Ended(self._process.returncode)}")
            if isinstance(answer, str):
                raise OSError(answer)
            return _Forked(self, answer, Connection(ours.detach()))

    def end(self, number: int) -> Ended:
        """Have it end a worker; what it says of it."""
        with suppress(OSError):
            self._control.send(str(number).encode())
            answer = self._answer()
            if isinstance(answer, int):
                return Ended(answer)
        self.close()
        return Ended(-signal.SIGKILL)  # by the system, since the server is no more

    def close(self) -> None:
        """End it; the system ends its workers with it."""
        self._process.kill()
        self._process.wait()
        self._control.close()

    def _answer(self) -> str | int | None:
        """What it says; None where it has ended."""
        try:
            said = self._control.recv(LONGEST_ANSWER)
        except ConnectionError:  # it has ended before it had read what was asked
            return None
        answer: str | int | None = json.loads(said) if said else None
        return answer


def _start(end: socket.socket) -> subprocess.Popen[bytes]:
    # A number that is nobody's standard stream, though one of those may be closed.
    descriptor = fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    arguments = [str(descriptor), str(weightinit_cli.__file__), *search_path()]
    try:
        return subprocess.Popen(
            [sys.executable, *flags, "-P", "-c", PROGRAM, *arguments],
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT},
        )
    finally:
        os.close(descriptor)
