"""assert_conforms: what a failing test shows; without pytest, too."""

from __future__ import annotations

import unittest

import pytest

from support.defects import he, swapped
from weightinit_cli.testing import assert_conforms


def test_a_sound_one_passes():
    assert assert_conforms(he, "he_normal") is None


def test_a_failure_tells_figures_and_then_the_verdict():
    with pytest.raises(AssertionError) as caught:
        assert_conforms(swapped, "he_normal")
    heading, *rows, verdict = str(caught.value).splitlines()
    assert heading.endswith("of 59 figures fail (alpha 0.001, seed 0):")
    assert "  fans exchanged at 100×400 / 400×100: 0.50133 ± 0.00085, expected 2.00000" in rows
    assert verdict == (
        "swapped does not conform to he_normal: the scale follows fan_out, not fan_in: "
        "the fans are swapped"
    )


def test_its_own_lines_are_left_out_of_tracebacks():
    with pytest.raises(AssertionError) as caught:
        assert_conforms(swapped, "he_normal")
    assert [str(entry.path.name) for entry in caught.traceback.filter(caught)] == ["test_assert.py"]


def test_in_unittest():
    class Case(unittest.TestCase):
        def test_it(self):
            assert_conforms(swapped, "he_normal", alpha=0.01, seed=1, only="matrices")

    outcome = unittest.TestResult()
    Case("test_it").run(outcome)
    ((_, text),) = outcome.failures
    assert "the fans are swapped" in text
