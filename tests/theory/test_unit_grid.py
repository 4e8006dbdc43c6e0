"""What one layer's own draws do to a mean over its units."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support.theory import predict_alike
from weightinit_cli.theory import LayerScale, expectations_of
from weightinit_cli.theory.sampling import UnitGrid

SAMPLES = 100
SIGMOID = expectations_of("sigmoid")
SCALE = LayerScale(100, 100, 0.01, 0.0)
GRID = UnitGrid(SIGMOID.activation, SCALE, predict_alike(SIGMOID, [SCALE], SAMPLES)[0], SAMPLES)


@given(st.floats(-1e6, 1e6))
def test_a_constant_is_the_same_in_every_network(value: float):
    assert GRID.noise(np.full_like(GRID.z, value), 0.0) == 0


def test_a_mean_of_units_strays_as_that_of_so_many_draws():
    """Of z the own parts of the units, of correlation 1 - d, and the inputs' rest."""
    c = 1 - GRID.p.d
    expected = (c + (1 - c) / SAMPLES) / SCALE.units
    np.testing.assert_allclose(GRID.noise(GRID.z, 0.0), expected, rtol=1e-6)
