"""What is written beside a bar that is cut: in its panel, and off the bar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.plots.bars import bars, heights_to
from weightinit_cli.plots.binning import Shares
from weightinit_cli.plots.engine.drawing import Box, Label
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.panels import NARROW, WIDE

BINS = 30


def label_beside(width, at, share, expected):
    bins, theory = np.zeros(BINS), None
    bins[at] = share
    if expected is not None:
        theory = np.zeros(BINS)
        theory[at] = expected
    box = Box(20.0, 0.0, width, 100.0)
    shares = Shares(bins, 0.0, 0.0, 0.0, 0.0, theory)
    (label,) = (i for i in bars(box, shares, heights_to(0.1)) if isinstance(i, Label))
    return label, box


@settings(deadline=None)
@given(
    width=st.sampled_from([NARROW, WIDE]),
    at=st.integers(0, BINS - 1),
    share=st.sampled_from([0.12, 0.5, 0.9996, 0.99999, 1.0]),
    expected=st.sampled_from([None, 0.13, 0.99999, 1.0]),
)
def test_the_height_stands_in_the_panel_and_off_the_bar(width, at, share, expected):
    label, box = label_beside(width, at, share, expected)
    left, right = label.x, label.x + width_of(label.text, NOTE_SIZE)
    bar = box.x + at * box.width / BINS
    assert box.x <= left
    assert right <= box.right
    assert right < bar or bar + box.width / BINS < left


@pytest.mark.parametrize(("at", "text"), [(0, "↑ 50 % (>99.9 %)"), (6, "↑ 50 %"), (14, "↑ 50 %")])
def test_as_much_is_written_as_there_is_room_for(at, text):
    assert label_beside(NARROW, at, 0.5, 0.99999)[0].text == text
    assert label_beside(NARROW, 14, 0.99999, None)[0].text == ">99.9 %"
