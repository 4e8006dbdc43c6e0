"""A person's matplotlibrc, or a host's settings, change no picture."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest

from support.plots import builders
from support.plots.drawn import compose, compose_depth
from weightinit_cli.plots import FORMATS, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Some value for a setting of any type, to be tried one after the other.
VALUES = (
    "red", "square", "serif", "bold", "italic", "small", "small-caps", "condensed", "cm", "large",
    "tight", "x", "left", "right", "top", "in", "center", "log", "viridis_r", "nearest", "lower",
    "svg", "dashed", "round", "none", "native", "%H", "stem", 3, 42, 100, 0.37, (1, 100, 2),
    [0.1, 0.2], ["serif"],
)  # fmt: skip
WITH_EFFECTS = {"backend", "backend_fallback", "interactive", "toolbar"}
SHOWN = ("xavier_2", "net_tanh_3", "math")


def change(key: str, value: Any) -> bool:
    """Give a setting another value that matplotlib takes for it; whether there is one."""
    own = [not value] if isinstance(value, bool) else []
    for candidate in (*own, *VALUES):
        try:
            mpl.rcParams[key] = candidate
        except Exception:  # noqa: BLE001, S112  # whatever its validators raise
            continue
        if dict.__getitem__(mpl.rcParams, key) != value:
            return True
    return False


@pytest.fixture
def upside_down() -> Iterator[set[str]]:
    """Every setting that can be has another value; gives their names."""
    with mpl.rc_context():
        former = {key: value for key, value in mpl.rcParams.items() if key not in WITH_EFFECTS}
        yield {key for key, value in former.items() if change(key, value)}


def rendered(shape: Callable) -> dict[tuple[str, int], bytes]:
    drawings = [*(compose(shape(name)) for name in SHOWN), compose_depth(shape("net_tanh_3"))]
    return {
        (format_, number): render(drawing, format_, builders.DIGEST)
        for number, drawing in enumerate(drawings)
        for format_ in FORMATS
    }


@pytest.fixture(scope="module")
def plain(shape: Callable) -> dict:
    return rendered(shape)


@pytest.mark.parametrize("epoch", ["", "yesterday", "0", "99999999999999"])
def test_no_date_of_a_build_changes_a_picture(
    plain: dict, monkeypatch: pytest.MonkeyPatch, shape: Callable, epoch: str
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert rendered(shape) == plain
    assert os.environ["SOURCE_DATE_EPOCH"] == epoch


@pytest.mark.filterwarnings("ignore")  # matplotlib's, of the values that are tried
def test_no_setting_changes_a_picture(plain: dict, upside_down: set, shape: Callable):
    assert upside_down > {
        "pdf.use14corefonts", "pdf.inheritcolor", "pdf.fonttype", "svg.fonttype", "text.usetex",
        "text.hinting", "text.kerning_factor", "path.simplify_threshold", "path.snap",
        "path.sketch", "image.composite_image", "image.lut", "font.family", "font.size",
        "figure.facecolor", "figure.autolayout", "savefig.bbox", "axes.unicode_minus",
        "agg.path.chunksize",
    }  # fmt: skip
    assert len(upside_down) > 250
    hosts = dict(dict.items(mpl.rcParams))
    assert rendered(shape) == plain
    assert dict(dict.items(mpl.rcParams)) == hosts
