"""What is caught, by which words; and that sound initializers pass."""

from __future__ import annotations

import numpy as np
import pytest

from support.defects import (
    DEFECTS,
    SOUND,
    bfloat16,
    fixed_seed,
    he,
    mean_of_one_percent,
    repeated_rows,
    swapped,
)
from weightinit_cli import conform


def slow_after(cases, quick):
    """All cases by their function's name, those after the first few marked as slow."""
    marks = [()] * quick + [(pytest.mark.slow,)] * (len(cases) - quick)
    return [
        pytest.param(*case, marks=mark, id=case[0].__name__)
        for case, mark in zip(cases, marks, strict=True)
    ]


@pytest.mark.parametrize(("defect", "like", "words"), slow_after(DEFECTS, 17))
def test_defect_is_caught_and_named(defect, like, words):
    found = conform(defect, like)
    assert not found.conforms
    assert words in found.verdict
    lines = str(found).splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(("sound", "like"), slow_after(SOUND, 3))
def test_sound_initializers_conform(sound, like):
    found = conform(sound, like)
    assert found.conforms, found
    assert found.causes == ()


def test_a_cause_is_named_only_where_it_is_singled_out():
    """A single shape's scale may have many causes; what explains none of the shapes is no cause."""

    def odd(rng, shape):
        return he(rng, shape) * (1.3 if len(shape) > 2 else 0.9)

    found = conform(odd, "he_normal")
    assert found.causes == ("the standard deviation is 0.899 to 1.3 times what is expected",)


def test_two_causes_with_the_same_figures_are_both_told():
    def ambiguous(rng, shape):
        return rng.standard_normal(shape) * np.sqrt(2 / sum(shape))

    like = {"name": "xavier_normal", "gain": np.sqrt(2)}
    (cause,) = conform(ambiguous, like, only="matrices").causes
    either = "the gain 1.414 is left out or the sum of both fans is taken, not their mean"
    assert cause == f"{either} (as xavier_normal has it)"


@pytest.mark.slow
def test_more_draws_of_other_seeds_say_the_same():
    figures = {
        seed: [row.figure for row in conform(he, "he_normal", seed=seed).rows] for seed in (0, 1, 0)
    }
    assert figures[0] != figures[1]
    assert figures[0] == [row.figure for row in conform(he, "he_normal").rows]


@pytest.mark.slow
def test_what_follows_from_a_defect_is_not_told_as_another():
    for defect in (swapped, mean_of_one_percent, fixed_seed, repeated_rows, bfloat16):
        assert len(conform(defect, "he_normal").causes) == 1


def test_only_matrices():
    def of_matrices(rng, shape):
        fan_in, _ = shape
        return rng.standard_normal(shape) * np.sqrt(2 / fan_in)

    assert conform(of_matrices, "kaiming_normal", only="matrices").conforms
