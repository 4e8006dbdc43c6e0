"""Every expectation against expectations.json, which record_expectations.py made."""

from __future__ import annotations

import json
from math import isclose, isinf, sqrt
from pathlib import Path

import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.expectations import Expectations

RECORDS = json.loads(Path(__file__).with_name("expectations.json").read_text(encoding="utf-8"))
NAMES = [" ".join(map(str, [r["name"], *r["arguments"].values()])) for r in RECORDS]
each = pytest.mark.parametrize("record", RECORDS, ids=NAMES)
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
