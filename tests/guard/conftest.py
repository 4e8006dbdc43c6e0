"""Small networks, run once, and what the gates say of two of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.experiments import run
from weightinit_cli.guard import FRESH_NETWORKS, Gate, Outcome, judge, sample
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results import Result
    from weightinit_cli.spec import Spec

SMALL = "samples: 100\nwidth: 20\nlayers: 3\nactivation: tanh\ninitializer: xavier_normal\n"
OTHER_DRAWS = Outcome(Gate.STATISTICAL, "another seed")


def parsed(text: str = SMALL) -> Spec:
    return parse_spec(text, source="small.yaml", stem="small")


@cache
def result_of(text: str) -> Result:
    return run(parsed(text))


@pytest.fixture
def small() -> Result:
    """A real result."""
    return result_of(SMALL)


@pytest.fixture
def statistical() -> Callable[..., Outcome]:
    """The statistical gate on a result and networks that are run now, under other seeds."""

    def gate(saved: Result, text: str, alpha: float = 1e-3) -> Outcome:
        spec = replace(parsed(text), repeats=1)
        first = spec.seed + 1
        fresh = [run(replace(spec, seed=first + k)) for k in range(FRESH_NETWORKS)]
        (outcome,) = judge([sample(saved, fresh[0], fresh, OTHER_DRAWS, spec)], alpha)
        return outcome

    return gate
