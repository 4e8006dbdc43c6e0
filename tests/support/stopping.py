"""Commands that are stopped while they work."""

from __future__ import annotations

import os
import signal
import subprocess


def stop(
    line: list[str], environ: dict[str, str], by: int = signal.SIGINT, *, group: bool = True
) -> tuple[int, bytes, bytes]:
    """How a process ends that says "under way", and is sent a signal then."""
    with subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"under way\n"
        (os.killpg if group else os.kill)(process.pid, by)
        out, err = process.communicate(timeout=60)  # ends when no worker holds the pipes
    return process.returncode, out, err
