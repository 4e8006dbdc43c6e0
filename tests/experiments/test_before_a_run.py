"""What cannot be run is refused before the run, wherever in the spec the reason stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import weightinit_cli as winit
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import check, impossible
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from pathlib import Path

KEYS = "samples: 20\nwidth: 8\nlayers: 2\nactivation: tanh\ninitializer: lecun_normal\n"
AUTO = "{name: xavier_normal, gain: auto}"


SILENT = "{name: threshold, threshold: 50, value: 0}"


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (
            "bias: zeros\noutput: {classes: 3, initializer: critical, bias: ones}\n",
            "x.yaml:7:51: output.bias: the critical line is for biases without a mean",
        ),
        (
            f"output: {{classes: 3, initializer: {AUTO}}}\n",
            "x.yaml:6:63: output.initializer.gain: threshold has no gain: E[φ²] is 0",
        ),
        (
            f"residual: {{initializer: {AUTO}}}\n",
            "x.yaml:6:53: residual.initializer.gain: threshold has no gain: E[φ²] is 0",
        ),
    ],
)
def test_numbers_of_theory_in_any_layer(own: str, words: str):
    """An output layer and a branch's second one ask theory as the others do."""
    keys = KEYS.replace("tanh", SILENT) if "threshold" in words else KEYS
    spec = parse_spec(keys + own, source="x.yaml", stem="x")
    for refuses in (check, winit.run):
        with pytest.raises(SpecError) as refused:
            refuses(spec)
        assert str(refused.value) == words


def test_one_of_several_runs_that_theory_refuses():
    """It is found where the runs differ in one layer's initializer, or in the output's."""
    biased = KEYS + "bias: ones\nsweep: {initializer.0: [lecun_normal, critical]}\n"
    assert list(impossible(parse_spec(biased, source="x.yaml", stem="x"))) == [1]
    output = "output: {classes: 3, initializer: he_normal, bias: ones}\n"
    swept = KEYS + output + "sweep: {output.initializer: [he_normal, critical], samples: [9, 10]}\n"
    assert list(impossible(parse_spec(swept, source="x.yaml", stem="x"))) == [2, 3]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "own", ["initializer: lsuv\n", "initializer: he_normal\npretraining: {steps: 2}\n"]
)
def test_a_start_that_looks_at_the_data_in_low_precision(dtype: str, own: str):
    text = f"activation: tanh\ndtype: {dtype}\n{own}"
    with pytest.raises(SpecError) as refused:
        parse_spec(text, source="x.yaml", stem="x")
    reason = f"{dtype} is not for a start that looks at the data; take float32"
    assert str(refused.value) == f"x.yaml:2:8: dtype: {reason}"


def test_a_sweep_into_low_precision():
    """The runs that are refused are found, though none of the others is."""
    text = KEYS + "sweep: {initializer: [he_normal, lsuv], dtype: [float32, float16]}\n"
    with pytest.raises(SpecError, match="dtype: float16 is not for a start"):
        parse_spec(text, source="x.yaml", stem="x")


TOO_FAR = "the inputs are too small, or too large, to be raised to the fourth power"


@pytest.mark.parametrize("kind", ["none", "layer_norm", "rms_norm", "batch_norm"])
def test_inputs_that_float16_cannot_hold(tmp_path: Path, kind: str):
    """They are inf from the start: counted, and nothing that theory could begin with."""
    path = tmp_path / "x.npy"
    np.save(path, np.full((4, 3), 1e5) * [[1.0], [2.0], [-3.0], [4.0]])
    keys = {"activation": "tanh", "initializer": "zeros", "layers": 2, "width": 3}
    result = winit.histogram(
        **keys,
        inputs={"name": "file", "path": str(path)},
        normalization=kind,
        output={"classes": 3, "initializer": "he_normal"},
        dtype="float16",
    )
    assert result.input.nonfinite == result.input.rounded["activations"].overflowed == 12
    assert result.resolved.no_theory == TOO_FAR
    result.save(tmp_path / "out")
    assert winit.load_result(tmp_path / "out") == result


@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e-50, 1e50, 1e100, 1e300])
@pytest.mark.parametrize("law", [False, True])
def test_inputs_of_any_size(tmp_path: Path, size: float, law: bool):
    """Theory says what it can, and the run does not stumble over what it cannot."""
    path = tmp_path / "x.npy"
    np.save(path, np.linspace(-size, size, 20).reshape(5, 4))
    size = min(size, 1e30) if law else size
    uniform = {"name": "uniform", "low": -size, "high": size}
    result = winit.histogram(
        activation="relu",
        initializer="he_normal",
        layers=2,
        width=4,
        inputs=uniform if law else {"name": "file", "path": str(path)},
        dtype="float64",
        samples=5,
    )
    assert (result.resolved.no_theory is None) == (1e-70 < size < 1e70)
    assert result.resolved.no_theory in (None, TOO_FAR, "the inputs are all 0")


@pytest.mark.parametrize("activation", ["relu", "hard_tanh", "tanh"])
@pytest.mark.parametrize("residual", [None, {"branch": 1, "placement": "pre"}])
def test_batch_norm_of_two_inputs(activation: str, residual: dict[str, object] | None):
    """They become opposite: their correlation is -1, and theory knows no smaller one."""
    result = winit.histogram(
        activation=activation,
        initializer="he_normal",
        normalization="batch_norm",
        residual=residual,
        samples=2,
        width=7,
        features=1,
        layers=3,
    )
    predicted = [layer.theory.one_minus_c for layer in result.layers if layer.theory is not None]
    assert len(predicted) == 3
    assert max(predicted) <= 2
