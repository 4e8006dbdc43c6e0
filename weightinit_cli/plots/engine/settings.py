"""matplotlib as on a machine on which nobody has configured it, and the settings of pictures.

A person's matplotlibrc and MPLBACKEND are meant for that person's own plots. Some of them make
the import of matplotlib itself fail: a file that is not UTF-8, a backend of a package that is not
installed. And what matplotlib has to say of folders that it cannot write to (of its cache of
fonts) it prints to stderr. In a host's process, which imports matplotlib as it likes, none of this
is called; `render` does without a host's settings by itself.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.machine import variables

if TYPE_CHECKING:
    from collections.abc import Iterator

# Text in SVG is drawn as paths: the layout is computed from DejaVu Sans, which few machines
# have; with another font real text would overlap.
SETTINGS: dict[str, Any] = {
    "path.snap": True,
    "path.simplify": True,
    "pdf.compression": 6,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "winit",
    "svg.image_inline": True,
    "text.antialiased": True,
    "text.hinting": "no_hinting",
}
RC_FILE = "matplotlibrc"
# Variables that matplotlib, or this module, sets for the import alone.
FOR_THE_IMPORT = ("MPLCONFIGDIR", "MPL_IGNORE_SYSTEM_FONTS")


@contextmanager
def settings() -> Iterator[None]:
    """matplotlib's own defaults and `SETTINGS`, whatever a person's matplotlibrc or a host says.

    The values are valid already: to validate them again takes five times as long.
    """
    import matplotlib as mpl

    current: Any = mpl.rcParams
    with mpl.rc_context():
        dict.update(current, _all_settings())
        yield


@cache
def _all_settings() -> dict[str, Any]:
    import matplotlib as mpl

    defaults = dict(dict.items(mpl.rcParamsDefault))
    del defaults["backend"]  # the host's, which rc_context does not put back
    return defaults | SETTINGS


def load_matplotlib() -> None:
    """Import matplotlib with its own defaults, and silent; for processes of winit's own.

    It reads the first file that there is of `matplotlibrc` in the current folder, the one that
    the variable MATPLOTLIBRC names, and the one in the person's configuration: its own is put in
    the first two places. A list of the system's fonts, which takes seconds, it keeps in a folder
    of its cache. Where it cannot write one it makes a temporary folder in each process, which is
    left where the process is killed: there it does without that list, and the folder goes at once;
    `systemfonts` looks for the fonts where a text needs one.
    """
    if "matplotlib" in sys.modules:
        return
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return
    data = Path(spec.origin).parent / "mpl-data"
    with (
        variables({"MATPLOTLIBRC": str(data), "MPLBACKEND": None}, *FOR_THE_IMPORT),
        _aside(data),
    ):
        import matplotlib as mpl

        folder, cache = os.environ.get("MPLCONFIGDIR"), mpl.get_cachedir()
        temporary = os.environ.get("MPLCONFIGDIR") != folder
        if temporary:
            os.environ["MPL_IGNORE_SYSTEM_FONTS"] = "1"
        import matplotlib.font_manager  # noqa: F401

        if temporary:
            atexit.unregister(shutil.rmtree)
            shutil.rmtree(cache, ignore_errors=True)


@contextmanager
def _aside(folder: Path) -> Iterator[None]:
    """In another folder for a moment, where the current one has a matplotlibrc."""
    if not os.path.exists(RC_FILE):  # noqa: PTH110  # as matplotlib asks
        yield
        return
    former = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(former)
