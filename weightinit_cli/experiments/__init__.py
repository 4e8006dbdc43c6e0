"""Experiments: Spec -> Result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.experiments.progress import NoProgress, Progress

if TYPE_CHECKING:
    from weightinit_cli.results import Result
    from weightinit_cli.spec import Spec

__all__ = ["NoProgress", "Progress", "run"]


def run(spec: Spec, *, threads: int | None = None, progress: Progress | None = None) -> Result:
    """Run a spec and return everything that was measured.

    `threads` None takes all cores for large networks and one for small ones; the figures do not
    depend on it. `progress` is told of every piece of work. Raises SpecError where the request
    needs more memory than there is, ValueError for fewer than one thread.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    from weightinit_cli.experiments.histogram import histogram

    return histogram(spec, threads, progress or NoProgress())
