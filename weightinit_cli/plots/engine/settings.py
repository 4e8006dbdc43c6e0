"""The settings that pictures are drawn with: matplotlib's own defaults, and a few of ours."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

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
