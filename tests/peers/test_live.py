"""The same comparison with torch and Keras as they are installed; skipped where they are not.

Beside winit and pytest, install `torch` and `keras`, then:

    python -m pytest tests/peers/test_live.py

What our tables lack is left out; `test_recorded.NOT_YET` keeps the list of it.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest

from support.peers import compare
from support.peers.tables import fixed_zeros, load

SAMPLES = 400_000
SPARSITIES = [(0.1, 30), (0.07, 100), (0.14, 100), (0.28, 100), (0.29, 100), (0.57, 100), (0.0, 9)]


@pytest.fixture(scope="module", params=["torch", "keras"])
def library(request):
    return request.param


@pytest.fixture(scope="module")
def record(library) -> Any:
    """The recording script, which imports its library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations within the libraries
        try:
            return importlib.import_module(f"peers.record_{library}")
        except ModuleNotFoundError as error:
            if error.name not in {"torch", "keras"}:
                raise
            pytest.skip(f"{error.name} is not installed")


@pytest.fixture(scope="module")
def live_activations(record):
    return record.activations()


def failures(entries, wrong) -> dict[str, list[str]]:
    """What is wrong with which entry, of those that our tables have."""
    return {
        f"{entry['name']} {entry['parameters']} {entry.get('fans', '')}": found
        for entry in entries
        if entry["name"] is not None and compare.is_ours(entry["name"]) and (found := wrong(entry))
    }


@pytest.mark.parametrize("figure", ["value", "derivative"])
def test_activations(library, live_activations, figure):
    entries = [entry for entry in live_activations if entry[figure] is not None]
    assert entries
    assert not failures(entries, lambda entry: compare.wrong_points(library, entry, figure))


def test_backward(library, record):
    """Only torch's autograd is asked."""
    if library == "torch":
        entries = record.backward()
        assert len(entries) == len(load("torch")["backward"])
        assert not failures(entries, lambda entry: compare.wrong_backward("torch", entry))


def test_initializers(record):
    entries = record.initializers(SAMPLES)
    assert entries
    assert not failures(entries, lambda entry: compare.wrong_figures(compare.sampler(entry), entry))


def test_zeros_of_sparse(library, record):
    """Where sparsity times outputs is not the whole number that it is on paper."""
    if library != "torch":
        return
    for sparsity, columns in SPARSITIES:
        weights = record.drawn(lambda w, s=sparsity: record.init.sparse_(w, s), (5, columns))(0)
        ours = compare.named_sampler("sparse", [5, columns], {"sparsity": sparsity})
        drawn = compare.draw(ours, [5, columns])
        assert fixed_zeros([drawn])["per_input"] == fixed_zeros([weights])["per_input"]


def test_matrices(record):
    entries = record.matrices(SAMPLES)
    assert entries
    assert not failures(entries, compare.wrong_matrix)


def test_orthogonal_is_haar(record):
    assert not compare.wrong_trace(record.trace())


def test_the_record_is_of_the_same_things(library, record, live_activations):
    """The script still makes what is in the file: names, parameters, points, kinks."""
    recorded = load(library)["activations"]
    assert len(recorded) == len(live_activations)
    for then, now in zip(recorded, live_activations, strict=True):
        for key in ("name", "parameters", "x", "kinks"):
            assert then[key] == now[key]


def test_calls_are_those_recorded(library, record):
    recorded = load(library)
    plain = [case.call for case in (*record.plain_cases(), *record.kernel_cases())]
    assert plain == [entry["call"] for entry in recorded["initializers"]]
    whole = [case.call for case in record.matrix_cases()]
    assert whole == [entry["call"] for entry in recorded["matrices"]]


def test_defaults_are_those_recorded(library, record):
    assert record.signature_defaults() == load(library)["defaults"]


def test_gains_are_those_recorded(library, record):
    if library == "torch":
        assert record.gains() == load("torch")["gains"]
