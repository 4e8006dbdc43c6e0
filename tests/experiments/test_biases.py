"""What is recorded of a layer's biases, against numpy over the draws of the same streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from weightinit_cli.experiments import run
from weightinit_cli.network import QUANTILES
from weightinit_cli.results.kinds import check_consistency, rows
from weightinit_cli.spec import parse_spec
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from weightinit_cli.results import Result

DENSE = "width: [30, 7, 1]\nfeatures: 5\n"
CONVOLUTION = "channels: [6, 3]\nimage: [5, 4, 2]\n"


def result_of(bias: str, *more: str, shape: str = DENSE, biases: Any = None) -> Result:
    base = f"samples: 8\nactivation: sigmoid\ninitializer: he_normal\nbackward: false\n{shape}"
    text = "\n".join((f"{base}bias: {bias}", *more))
    return run(parse_spec(text, source="b.yaml", stem="b"), biases=biases)


def drawn(number: int, units: int, dtype: str, std: float, mean: float) -> np.ndarray:
    """A layer's biases of law N(mean, std²)."""
    b = np.empty(units, np.float32)
    stream(0, Role.BIAS, layer=number).standard_normal(out=b, dtype=np.float32)
    return b.astype(dtype) * np.dtype(dtype).type(std) + np.dtype(dtype).type(mean)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "units"), [(DENSE, (30, 7, 1)), (CONVOLUTION, (6, 3))])
def test_figures_are_those_of_one_bias_per_unit_or_channel(dtype: str, shape: str, units: tuple):
    result = result_of("{name: normal, mean: 0.5, std: 0.1}", f"dtype: {dtype}", shape=shape)
    assert result.input.biases is None
    for number, (layer, each) in enumerate(zip(result.layers, units, strict=True), 1):
        b, found = drawn(number, each, dtype, 0.1, 0.5), layer.biases
        assert (found.min, found.max) == (b.min(), b.max())
        assert list(found.quantiles) == list(map(str, QUANTILES))
        expected = np.quantile(b, QUANTILES, method="inverted_cdf")
        assert list(found.quantiles.values()) == expected.tolist()
        d = b.astype(np.float64) - b.mean(dtype=np.float64)
        assert found.mean == pytest.approx(b.mean(dtype=np.float64), rel=1e-12)
        assert found.std == pytest.approx(d.std(), rel=1e-12)
        if each > 1:
            assert found.kurtosis == pytest.approx(np.mean(d**4) / np.mean(d**2) ** 2, rel=1e-9)
        assert (found.zero_fraction, found.nonfinite) == (0, 0)
    assert len({layer.biases.stream for layer in result.layers}) == len(units)


def test_the_hash_of_the_draws_knows_no_scale_and_no_dtype():
    def hashes(std: float, *more: str) -> list[str | None]:
        result = result_of(f"{{name: normal, std: {std}}}", *more)
        return [layer.biases.stream for layer in result.layers]

    assert hashes(0.1) == hashes(3) == hashes(0.1, "dtype: float64")
    assert set(hashes(0.1)).isdisjoint(hashes(0.1, "seed: 1"))


def test_a_constant_is_no_draw():
    for layer in result_of("{name: constant, value: 0.25}").layers:
        found = layer.biases
        assert (found.mean, found.std, found.min, found.max) == (0.25, 0, 0.25, 0.25)
        assert (found.kurtosis, found.stream) == (None, None)


@pytest.mark.parametrize("bias", ["zeros", "{name: normal, std: 0}", "{name: normal, std: 1e-60}"])
def test_there_are_none_where_they_are_zero(bias: str):
    result = result_of(bias)
    assert [layer.biases for layer in result.layers] == [None] * 3
    assert not [key for row in rows(result, "run") for key in row if key.startswith("biases")]


def test_own_ones_that_are_zero_are_none():
    result = result_of("{name: normal, std: 1}", biases=lambda _, shape: np.zeros(shape))
    assert {layer.biases for layer in result.layers} == {None}


def test_what_the_dtype_can_not_hold_or_tell():
    wide = result_of("{name: normal, std: 3e38}").layers[0].biases
    assert 0 < wide.nonfinite < 30
    assert 1e38 < wide.std < 4e38
    narrow = result_of("{name: normal, mean: 1, std: 1e-9}")
    check_consistency(narrow)
    for layer in narrow.layers:
        assert layer.unresolved["biases.std"] == pytest.approx(2.0**-23)
    row = rows(narrow, "run")[0]
    assert (row["biases.mean"], row["biases.std"], row["biases.quantiles.0.5"]) == (1, None, 1)


def test_learned_ones_are_those_after_pretraining():
    learned = "pretraining: {method: autoencoder, steps: 30, learning_rate: 0.1}"
    for layer in result_of("zeros", learned).layers[:-1]:
        assert layer.biases.std > 0
        assert layer.biases.stream is None
