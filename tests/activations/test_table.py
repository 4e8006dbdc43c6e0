"""The table of activations: complete and consistent with the functions behind it."""

from __future__ import annotations

import inspect

import pytest

from support.examples import OF_ACTIVATIONS
from weightinit_cli.activations import ACTIVATIONS, ALIASES
from weightinit_cli.parameters import REQUIRED

ROWS = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items()]


def test_every_entry_has_an_example():
    assert set(OF_ACTIVATIONS) == set(ACTIVATIONS)
    assert all(OF_ACTIVATIONS.values())


def test_every_name_of_the_issue_is_there():
    names = {"linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu"}
    names |= {"prelu", "celu", "mish", "hard_sigmoid", "hard_tanh", "hard_silu", "relu6", "erf"}
    names |= {"log_sigmoid", "exponential", "squareplus", "sin", "step", "threshold"}
    names |= {"tanh_shrink", "soft_shrink", "hard_shrink"}
    assert names | {"swish", "softplus", "softsign"} <= {*ACTIVATIONS, *ALIASES}


@pytest.mark.parametrize("row", ROWS)
def test_row_says_what_its_function_takes(row):
    taken = inspect.signature(row.build).parameters
    assert all(keyword.kind is keyword.KEYWORD_ONLY for keyword in taken.values())
    assert set(taken) == {parameter.name for parameter in row.parameters}
    for parameter in row.parameters:
        default = taken[parameter.name].default
        # A default stands in the table, and in the function too or nowhere else.
        if default is not inspect.Parameter.empty:
            assert parameter.default == default
        if parameter.default is REQUIRED:
            assert default is inspect.Parameter.empty


@pytest.mark.parametrize("row", ROWS)
def test_row_explains_itself(row):
    assert row.doc.strip()
    assert "\n" not in row.doc
    assert row.formula.strip()
    assert row.build.__doc__
    assert all(parameter.doc for parameter in row.parameters)


def test_every_choice_has_an_example():
    for name, sets in OF_ACTIVATIONS.items():
        for parameter in ACTIVATIONS[name].parameters:
            tried = {given.get(parameter.name, parameter.default) for given in sets}
            assert set(parameter.choices) <= tried


@pytest.mark.parametrize("name", ALIASES)
def test_alias_points_to_an_entry_and_hides_none(name):
    assert ALIASES[name] in ACTIVATIONS
    assert name not in ACTIVATIONS


def test_parameters_without_a_common_default_have_none():
    """Libraries differ on these, and a wrong guess is silent (design, section 3)."""
    for name, parameter in (
        ("leaky_relu", "negative_slope"),
        ("prelu", "negative_slope"),
        ("gelu", "approximate"),
        ("hard_sigmoid", "form"),
        ("sin", "omega"),
    ):
        assert [p.required for p in ACTIVATIONS[name].parameters if p.name == parameter] == [True]
