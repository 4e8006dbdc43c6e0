"""One ulp up or down, as rounding may do."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli.network.draws import nudge


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_ulp_up_or_down(dtype: type):
    values = np.random.Generator(np.random.SFC64(1)).standard_normal((40, 50)).astype(dtype)
    patterns = []
    for number in (1, 2, 3):
        moved = values.copy()
        nudge(moved, number)
        up, down = (np.nextafter(values, dtype(end)) for end in (np.inf, -np.inf))
        assert np.all((moved == up) | (moved == down))
        assert 0.45 < np.mean(moved == up) < 0.55
        patterns.append(moved == up)
    assert 0.4 < np.mean(patterns[0] == patterns[1]) < 0.6
    assert 0.4 < np.mean(patterns[1] == patterns[2]) < 0.6


def test_what_rounding_never_moves_stays():
    values = np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)
    before = values.tobytes()
    nudge(values, 1)
    assert values.tobytes() == before


def test_equal_values_stay_equal():
    """Units that are identical by design are so in every shadow."""
    values = np.repeat(np.array([[0.25], [0.1]], np.float32), 7, axis=1)
    nudge(values, 1)
    assert np.all(values == values[:, :1])
    assert values[0, 0] != 0.25
