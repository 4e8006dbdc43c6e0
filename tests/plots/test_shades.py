"""A drawing's colours in a table: its own exact, the others near."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weightinit_cli.plots.engine.render import reduced

OWN = np.array([[255, 255, 255], [31, 99, 158], [33, 33, 33]], np.uint8)


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 300), st.just(3))),
    st.lists(st.integers(1, 5), min_size=300, max_size=300),
)
def test_few_colours_stay_within_their_cell(colors, lengths):
    """Up to 256 colours agree in the leading five bits with what is shown."""
    few = np.unique(colors, axis=0)[:200]
    rgb = np.repeat(few, lengths[: len(few)], axis=0)
    index, table = reduced(_rgba(rgb), OWN)
    shown = table[index]
    assert index.dtype == np.uint8
    assert (shown >> 3 == rgb >> 3).all()
    own = (rgb[:, np.newaxis] == OWN).all(axis=2).any(axis=1)
    assert (shown[own] == rgb[own]).all()


def test_many_colours_fall_to_the_nearest():
    ramp = np.arange(32, dtype=np.uint8) * 8
    grid = np.stack(np.meshgrid(ramp, ramp, ramp[:1]), axis=-1).reshape(-1, 3)
    frequent, rare = grid[:200], grid[200:]
    rgb = np.concatenate([np.repeat(frequent, 9, axis=0), rare, OWN])
    index, table = reduced(_rgba(rgb), OWN)
    shown = table[index].astype(int)
    assert len(table) == 256
    assert (shown[: 9 * len(frequent)] == rgb[: 9 * len(frequent)]).all()
    assert (shown[-len(OWN) :] == OWN).all()
    apart = np.square(table[:, np.newaxis].astype(int) - rgb).sum(axis=2).min(axis=0)
    assert (np.square(shown - rgb).sum(axis=1) == apart).all()


def test_of_nearly_the_same_colours_the_paper_stays_exact():
    own = np.array([[255, 255, 255], [252, 252, 252]], np.uint8)
    index, table = reduced(_rgba(own), own)
    assert table[index[0]].tolist() == [255, 255, 255]


def _rgba(rgb):
    alpha = np.full((len(rgb), 1), 255, np.uint8)
    return np.ascontiguousarray(np.concatenate([rgb, alpha], axis=1))
