"""Every expectation against what record_expectations.py and record_opposites.py recorded."""

from __future__ import annotations

import json
from math import isclose, isinf, sqrt
from pathlib import Path

import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.expectations import Expectations


def recorded(name):
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def each_of(records):
    ids = [" ".join(map(str, [r["name"], *r["arguments"].values()])) for r in records]
    return pytest.mark.parametrize("record", records, ids=ids)


RECORDS = recorded("expectations.json")
each = each_of(RECORDS)
RTOL = 1e-10


def agrees(value, reference, rounding=0.0):
    if reference == "inf":
        return isinf(value) and value > 0
    # References below 1e-300 are recorded as 0.
    return isclose(value, reference, rel_tol=RTOL, abs_tol=max(1e-290, rounding))


def test_every_activation_is_recorded():
    assert {record["name"] for record in RECORDS} == set(ACTIVATIONS)


@each
def test_moments(record):
    e = Expectations(record["name"], **record["arguments"])
    for q, mean, square, slope_square in record["moments"]:
        moments = e.moments(q)
        # A mean may cross 0 (selu's does at q = 1): there only its rounding is small.
        rounding = 1e-15 * sqrt(moments.square)
        assert agrees(moments.mean, mean, rounding), (q, moments.mean, mean)
        assert agrees(moments.square, square), (q, moments.square, square)
        assert agrees(moments.slope_square, slope_square), (q, moments.slope_square, slope_square)


@each
def test_pairs(record):
    e = Expectations(record["name"], **record["arguments"])
    for q, d, spread, slope_product in record["pairs"]:
        assert agrees(e.spread(q, d), spread), (q, d, e.spread(q, d), spread)
        product = e.slope_product(q, d)
        assert agrees(product, slope_product), (q, d, product, slope_product)


@each_of(recorded("opposites.json"))
def test_pairs_of_nearly_opposite_inputs_at_huge_variances(record):
    """Where terms that grow as √q cancel."""
    e = Expectations(record["name"], **record["arguments"])
    for q, d, spread, slope_product in record["pairs"]:
        assert isclose(e.spread(q, d), spread, rel_tol=1e-13), (q, d)
        assert isclose(e.slope_product(q, d), slope_product, rel_tol=1e-11, abs_tol=1e-290), (q, d)
