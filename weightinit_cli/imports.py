"""Where modules may come from: never from the current folder, which may hold anybody's files."""

import os
import sys


def search_path() -> list[str]:
    """Return `sys.path` without the current folder, however it got there.

    What stands behind the standard library was put there by installed packages, and stays.
    """
    library = os.path.dirname(os.__file__)  # noqa: PTH120  # pathlib would be the first import
    behind = sys.path.index(library) if library in sys.path else len(sys.path)
    return [place for place in sys.path[:behind] if not _is_here(place)] + sys.path[behind:]


def _is_here(place: str) -> bool:
    try:
        return os.path.samefile(place or os.curdir, os.curdir)  # noqa: PTH121
    except OSError:
        return not place
