"""scikit-learn's digits: the parts, and what happens without scikit-learn."""

from __future__ import annotations

import socket
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
import sklearn.datasets

from weightinit_cli.data import checksums, load
from weightinit_cli.errors import WinitError

MISSING = "digits: needs scikit-learn: pip install 'weightinit-cli[data]'"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parts(dtype: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(socket, "socket")  # no network
    pixels, labels = sklearn.datasets.load_digits(return_X_y=True)
    data = load("digits", None, dtype)
    assert (data.name, data.classes, data.features) == ("digits", 10, 64)
    assert data.validation is not None
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [1200, 297, 300]
    assert np.array_equal(np.concatenate([part.inputs for part in parts]) * 16, pixels)
    assert np.array_equal(np.concatenate([part.labels for part in parts]), labels)
    for part in parts:
        assert part.inputs.dtype == dtype
        assert part.labels.dtype == np.int64
        assert not part.inputs.flags.writeable
        assert np.unique(part.labels).tolist() == list(range(10))
    assert data.train.inputs.min() == 0
    assert data.train.inputs.max() == 1


def test_the_checksum_is_of_pixels_and_labels():
    pixels, labels = sklearn.datasets.load_digits(return_X_y=True)
    content = pixels.astype("u1").tobytes() + labels.astype("u1").tobytes()
    expected = {"digits": sha256(content).hexdigest()}
    assert checksums("digits", None) == expected
    assert checksums("digits", "no folder") == expected
    assert load("digits").checksums == expected


def test_the_checksum_loads_nothing():
    code = (
        "import sys\nfrom weightinit_cli.data import checksums\nchecksums('digits', None)\n"
        "print(sorted({'numpy', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    )
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("call", [load, checksums])
def test_without_scikit_learn(call: object, monkeypatch: pytest.MonkeyPatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(WinitError) as caught:
        call("digits")
    assert caught.value.lines == (MISSING,)


def test_other_digits_are_refused(monkeypatch: pytest.MonkeyPatch):
    def others(*, return_X_y: bool) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        return np.zeros((1797, 64)), np.zeros(1797, int)

    monkeypatch.setattr(sklearn.datasets, "load_digits", others)
    with pytest.raises(WinitError, match=r"^digits: this scikit-learn has other digits"):
        load("digits")
