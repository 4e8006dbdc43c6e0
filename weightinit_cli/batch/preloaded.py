"""What a worker needs for its first job, imported once by the process that workers are forked of.

What cannot be imported there fails where it is needed, and is told there.
"""

from __future__ import annotations

from contextlib import suppress

from weightinit_cli.plots.isolation import load_matplotlib

with suppress(Exception):
    load_matplotlib()

    import weightinit_cli.experiments.histogram
    import weightinit_cli.plots.paint  # noqa: F401
