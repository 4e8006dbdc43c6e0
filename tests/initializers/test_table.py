"""The table of initializers: complete, consistent with the functions behind it, and checked."""

from __future__ import annotations

import inspect

import pytest

from support.examples import OF_INITIALIZERS
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import ALIASES, BARE_ALIASES, INITIALIZERS, Fans
from weightinit_cli.parameters import REQUIRED, ParameterError

ROWS = [pytest.param(row, id=name) for name, row in INITIALIZERS.items()]


def all_parameters(row):
    """What `build` takes: the row's own, and those of the activation that it is made for."""
    shared = ACTIVATIONS[row.activation].parameters if row.activation else ()
    return (*row.parameters, *shared)


def test_every_entry_has_an_example():
    assert set(OF_INITIALIZERS) == set(INITIALIZERS)
    assert all(OF_INITIALIZERS.values())


def test_every_name_of_the_issue_is_there():
    names = {*INITIALIZERS, *ALIASES}
    for scheme in ("glorot", "he", "lecun", "xavier", "kaiming"):
        assert {f"{scheme}_normal", f"{scheme}_uniform"} <= names
    assert {"zeros", "ones", "constant", "normal", "uniform", "truncated_normal"} <= names
    assert {"variance_scaling", "orthogonal", "identity"} <= names
    assert {"torch_linear", "sparse", "siren", "nguyen_widrow"} <= names
    assert {"dirac", "delta_orthogonal", "lsuv"} <= names


@pytest.mark.parametrize("name", INITIALIZERS)
def test_default_bias_can_be_built_for_a_vector(name):
    """It is a row that takes nothing and works for a bias; its own, where the row has a law."""
    row = INITIALIZERS[name]
    bias = INITIALIZERS[row.default_bias]
    assert not any(parameter.required for parameter in all_parameters(bias))
    assert bias.build_bias or not bias.needs_fans
    assert row.build_bias is None or row.default_bias == name


@pytest.mark.parametrize("row", [row for row in INITIALIZERS.values() if row.build_bias])
def test_law_of_a_bias_takes_what_its_row_takes(row):
    _fans, *keywords = inspect.signature(row.build_bias).parameters.values()
    assert {keyword.name for keyword in keywords} == {p.name for p in row.parameters}
    # Of a vector that is filled in one go, whatever the fans.
    assert not row.build_bias(Fans(3, 4)).whole


@pytest.mark.parametrize("row", ROWS)
def test_row_says_what_its_function_takes(row):
    """A parameter listed but not taken is a crash; a default that differs is a wrong default."""
    _fans, *keywords = inspect.signature(row.build).parameters.values()
    assert all(keyword.kind is keyword.KEYWORD_ONLY for keyword in keywords)
    taken = {keyword.name: keyword for keyword in keywords}
    parameters = all_parameters(row)
    if row.theory:
        assert taken.pop(row.theory).default is inspect.Parameter.empty
    assert set(taken) == {parameter.name for parameter in parameters}
    assert len(taken) == len(parameters)
    for parameter in parameters:
        default = taken[parameter.name].default
        assert parameter.required == (default is inspect.Parameter.empty)
        if parameter.default is not REQUIRED:
            assert parameter.default == default


@pytest.mark.parametrize("row", ROWS)
def test_row_explains_itself(row):
    assert row.doc.strip()
    assert "\n" not in row.doc
    assert row.std.strip()
    assert row.convention.strip()
    assert all(parameter.doc for parameter in row.parameters)


def test_examples_stay_within_what_the_parameters_allow():
    for name, sets in OF_INITIALIZERS.items():
        row = INITIALIZERS[name]
        parameters = {p.name: p for p in all_parameters(row)}
        for each in sets:
            given = {key: value for key, value in each.items() if key != row.theory}
            assert (row.theory in each) == bool(row.theory)
            assert (
                {p.name for p in parameters.values() if p.required} <= set(given) <= {*parameters}
            )
            for key, value in given.items():
                if parameters[key].choices:
                    assert value in parameters[key].choices


def test_every_choice_has_an_example():
    for name, sets in OF_INITIALIZERS.items():
        for parameter in INITIALIZERS[name].parameters:
            tried = {given.get(parameter.name, parameter.default) for given in sets}
            assert set(parameter.choices) <= tried


@pytest.mark.parametrize(
    "name", [name for name in INITIALIZERS if not INITIALIZERS[name].needs_fans]
)
def test_needs_fans_is_said_where_the_fans_matter(name):
    for given in OF_INITIALIZERS[name]:
        samplers = [
            INITIALIZERS[name].build(fans, **given)
            for fans in (Fans(3, 8), Fans(50, 7), Fans(12, 8, kernel=(2, 2)))
        ]
        assert len({(sampler.mean, sampler.std) for sampler in samplers}) == 1


def test_row_of_one_shape_names_the_row_of_the_other():
    for row in INITIALIZERS.values():
        assert bool(row.only) == bool(row.instead)
        if row.only:
            assert INITIALIZERS[row.instead].only != row.only


def test_a_row_of_kernels_says_where_their_centre_is():
    """torch's dirac_ and JAX's delta_orthogonal; of the two middles of 4 one takes the other."""
    centres = {name: row.centre for name, row in INITIALIZERS.items() if row.centre}
    assert set(centres) == {name for name, row in INITIALIZERS.items() if row.only == "kernel"}
    sides = range(1, 6)
    assert list(map(centres["dirac"], sides)) == [0, 1, 1, 2, 2]
    assert list(map(centres["delta_orthogonal"], sides)) == [0, 0, 1, 1, 2]


def test_scale_of_one_row_depends_on_data():
    assert [name for name, row in INITIALIZERS.items() if row.data_dependent] == ["lsuv"]


@pytest.mark.parametrize("name", ALIASES)
def test_alias_points_to_an_entry_and_hides_none(name):
    assert ALIASES[name] in INITIALIZERS
    assert name not in INITIALIZERS
    required = [p.name for p in INITIALIZERS[ALIASES[name]].parameters if p.required]
    assert name not in BARE_ALIASES or not required


@pytest.mark.parametrize("name", ["kaiming_normal", "kaiming_uniform"])
def test_kaiming_takes_a_gain_or_a_slope(name):
    build = INITIALIZERS[name].build
    with pytest.raises(ParameterError, match="not both") as caught:
        build(Fans(3, 4), gain=1.0, negative_slope=0.0)
    assert caught.value.parameter in {"gain", "negative_slope"}
    fans = Fans(3, 4)
    assert build(fans).std == build(fans, negative_slope=0.0).std
    # A gain of zero is a gain, not a missing one.
    assert build(fans, gain=0.0).std == 0


def test_uniform_refuses_a_reversed_range():
    build = INITIALIZERS["uniform"].build
    with pytest.raises(ParameterError) as caught:
        build(Fans(3, 4), low=1.0, high=0.5)
    assert caught.value.parameter == "high"
    assert build(Fans(3, 4), low=0.5, high=0.5).std == 0
