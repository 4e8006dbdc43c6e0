"""`dtype: float16` and `bfloat16`, from the spec to the verdict."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import weightinit_cli as winit
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.guard.compare import choose
from weightinit_cli.guard.report import Gate
from weightinit_cli.network import draw_parameters
from weightinit_cli.results import load_result
from weightinit_cli.results.precisionwords import rounding_sentence
from weightinit_cli.spec import spec_of

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"activation": "relu", "initializer": "he_normal", "layers": 4, "width": 30, "samples": 50}


def test_the_network_is_that_of_float32_rounded():
    plain, half = (
        draw_parameters(build_network(spec_of({**KEYS, "dtype": dtype})))[0]
        for dtype in ("float32", "float16")
    )
    for exact, rounded in zip(plain, half, strict=True):
        assert np.array_equal(exact.astype(np.float16).astype(np.float32), rounded)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sound_networks_are_healthy_and_keep_their_figures(dtype, tmp_path):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    exact = winit.histogram(**KEYS)
    result = winit.histogram(**KEYS, dtype=dtype)
    assert result.verdict[0].name == "healthy"
    for one, other in zip(exact.layers, result.layers, strict=True):
        assert other.std == pytest.approx(one.std, rel=0.02)
        assert other.rounded["weights"].values == 900
        assert other.rounded["gradient"].overflowed == 0
    assert rounding_sentence(result).startswith(f"{dtype}: ")
    result.save(tmp_path)
    assert load_result(tmp_path) == result


def test_an_overflow_says_where_it_comes_from():
    start = {"name": "normal", "std": 1e5}
    result = winit.histogram(**KEYS | {"initializer": start}, dtype="float16")
    (found,) = (each for each in result.verdict if each.name == "overflow")
    assert found.layer == 1
    assert "weights are too large for the dtype" in found.evidence


@pytest.mark.parametrize(
    ("repeats", "tried"), [(1, "as tried"), (2, "as tried on the first network")]
)
def test_a_lost_gradient_is_told_with_a_loss_scale_that_keeps_it(repeats, tried):
    """What comes back through weights of 1e-4, then of a small tanh, is smaller than 2^-24."""
    output = {"classes": 4, "initializer": {"name": "normal", "std": 1e-4}}
    small = {"activation": "tanh", "initializer": {"name": "normal", "std": 0.03}, "layers": 5}
    result = winit.histogram(**KEYS | small, output=output, dtype="float16", repeats=repeats)
    (found,) = (each for each in result.verdict if each.name == "underflow")
    scale = result.resolved.loss_scale
    assert found.severity == "warning"
    assert scale is not None
    assert scale & (scale - 1) == 0
    assert f"a loss scale of {scale:,}" in found.evidence
    assert found.evidence.endswith(tried)


def test_float32_says_what_float16_would_flush():
    keys = KEYS | {"activation": "sigmoid", "initializer": "xavier_normal", "layers": 14}
    assert rounding_sentence(winit.histogram(**keys)).startswith("float16 would flush ")
    assert rounding_sentence(winit.histogram(**KEYS)) == ""


def test_blocks_and_output_layers_run_in_half_precision():
    residual = {"branch": 2, "placement": "pre"}
    result = winit.histogram(
        **KEYS,
        residual=residual,
        normalization="layer_norm",
        output={"classes": 3},
        dtype="float16",
    )
    assert result.layers[0].rounded["branch"].values > 0
    assert result.output.loss > 0


def test_a_start_that_looks_at_the_data_is_refused():
    with pytest.raises(SpecError, match="dtype: float16 is not for a start that looks at the data"):
        winit.histogram(**KEYS | {"initializer": "lsuv"}, dtype="float16")


def test_results_of_bfloat16_name_the_package_whose_numbers_they_are():
    version = pytest.importorskip("ml_dtypes").__version__
    bfloat16 = winit.histogram(**KEYS, dtype="bfloat16")
    assert bfloat16.environment["ml_dtypes"] == version
    assert "ml_dtypes" not in winit.histogram(**KEYS, dtype="float16").environment
    older = replace(bfloat16, environment={**bfloat16.environment, "ml_dtypes": "0.1"})
    assert choose(bfloat16, bfloat16).gate is Gate.EXACT
    chosen = choose(older, bfloat16)
    assert chosen.gate is Gate.ROUNDING
    assert chosen.why == f"ml_dtypes 0.1, now {version}"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("inputs", ["digits", "file"])
def test_inputs_of_data_in_a_fresh_process(tmp_path: Path, dtype: str, inputs: str):
    """Where nothing else has told numpy of bfloat16, they are rounded as those of a law are."""
    path = tmp_path / "x.npy"
    np.save(path, np.random.Generator(np.random.PCG64(0)).normal(size=(50, 8)))
    given = "digits" if inputs == "digits" else {"name": "file", "path": str(path)}
    keys = KEYS | {"inputs": given, "samples": 50, "dtype": dtype}
    program = f"import weightinit_cli as winit; print(winit.histogram(**{keys!r}).input.std)"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    exact = winit.histogram(**keys | {"dtype": "float64"})
    assert float(ran.stdout) == pytest.approx(exact.input.std, rel=1e-3)
    low = winit.histogram(**keys)
    assert low.input.rounded["activations"].overflowed == 0
    assert low.layers[0].theory is not None
