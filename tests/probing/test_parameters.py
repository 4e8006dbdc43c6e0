"""The parameters of a model: fans by the kind of their module, names, copies, gradients."""

from __future__ import annotations

import pytest

from support.watched import Model, inputs, watch
from weightinit_cli import probe

torch = pytest.importorskip("torch")
nn = torch.nn

X = inputs(6, 8)


def found(result):
    return {each.name: each for each in result.parameters}


def fans(module, run=None, batch=X):
    """The fans of a module's parameters that have some, by name."""
    run = run or (lambda model, x: model.m(x))
    parameters = found(watch(run, batch, m=module))
    return {
        name.removeprefix("m."): (each.fan_in, each.fan_out)
        for name, each in parameters.items()
        if each.fan_in is not None
    }


IMAGE = inputs(2, 4, 6, 6)


@pytest.mark.parametrize(
    ("module", "expected", "batch"),
    [
        (nn.Linear(8, 5), (8, 5), X),
        (nn.Conv2d(4, 6, 3), (36, 54), IMAGE),
        (nn.Conv2d(4, 6, 3, groups=2), (18, 27), IMAGE),
        (nn.ConvTranspose2d(4, 6, 3), (36, 54), IMAGE),
        (nn.ConvTranspose2d(4, 6, 3, groups=2), (18, 27), IMAGE),
        (nn.ConvTranspose2d(4, 6, 4, stride=2), (16, 96), IMAGE),
        (nn.Conv1d(4, 6, 3), (12, 18), inputs(2, 4, 9)),
        (nn.Embedding(9, 5), (1, 5), torch.arange(6)),
    ],
)
def test_fans_follow_from_the_kind_of_the_module(module, expected, batch):
    assert fans(module, batch=batch) == {"weight": expected}


def test_bilinear_maps_sum_over_pairs_of_inputs():
    assert fans(nn.Bilinear(8, 8, 3), lambda model, x: model.m(x, x)) == {"weight": (64, 3)}


def test_packed_projections_are_blocks_and_gates_stacked():
    attend = lambda model, x: model.m(x, x, x)[0]  # noqa: E731
    assert fans(nn.MultiheadAttention(8, 2), attend) == {
        "in_proj_weight": (8, 8), "out_proj.weight": (8, 8)
    }  # fmt: skip
    output = lambda model, x: model.m(x)[0]  # noqa: E731
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        assert fans(kind(8, 5), output) == {"weight_ih_l0": (8, 5), "weight_hh_l0": (5, 5)}
    assert fans(nn.LSTM(8, 5, proj_size=3), output) == {
        "weight_ih_l0": (8, 5), "weight_hh_l0": (3, 5), "weight_hr_l0": (5, 3)
    }  # fmt: skip
    assert fans(nn.GRUCell(8, 5)) == {"weight_ih": (8, 5), "weight_hh": (5, 5)}


def test_what_only_is_added_has_no_fans_and_what_is_multiplied_has_those_of_torch():
    def forward(model, x):
        return (x.view(6, 1, 8) + model.token + model.positions)[:, 0] @ model.w.t()

    parameters = found(
        watch(
            forward,
            X,
            token=nn.Parameter(torch.zeros(1, 1, 8)),
            positions=nn.Parameter(torch.zeros(1, 3, 8)),
            w=nn.Parameter(inputs(4, 8)),
        )
    )
    assert (parameters["w"].fan_in, parameters["w"].fan_out) == (8, 4)
    assert parameters["token"].fan_in is parameters["positions"].fan_in is None


def test_the_second_factor_of_a_product_has_its_inputs_first():
    parts = {"w": nn.Parameter(inputs(8, 4)), "experts": nn.Parameter(inputs(6, 4, 5))}
    parameters = found(
        watch(lambda model, x: (x @ model.w).view(6, 1, 4).bmm(model.experts), X, **parts)
    )
    assert (parameters["w"].fan_in, parameters["w"].fan_out) == (8, 4)
    assert (parameters["experts"].fan_in, parameters["experts"].fan_out) == (4, 5)


def test_conv1d_of_transformers_has_its_inputs_first():
    transformers = pytest.importorskip("transformers.pytorch_utils")
    assert fans(transformers.Conv1D(5, 8)) == {"weight": (8, 5)}


def test_std_is_scaled_by_the_fan():
    torch.manual_seed(0)
    parameter = probe(nn.Linear(8, 500), X).parameters[0]
    assert parameter.scaled_std == pytest.approx(parameter.statistics.std * 8**0.5)
    assert parameter.scaled_std == pytest.approx(3**-0.5, rel=0.05)


def test_parametrized_weights_are_told_by_name_with_the_fans_of_their_module():
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(8, 4))
    parameters = found(probe(nn.Sequential(normed), X))
    norm, direction = (parameters[f"0.parametrizations.weight.original{k}"] for k in (0, 1))
    assert (norm.fan_in, direction.fan_in, direction.fan_out) == (None, 8, 4)
    assert (direction.module, direction.kind) == ("0", "Linear")
    assert direction.gradient_rms is not None


def test_power_iterations_are_no_values():
    normed = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4))
    result = probe(nn.Sequential(normed), X)
    assert [each.name for each in result.values] == [
        "0.parametrizations.weight.0.mv", "0.parametrizations.weight.0.div", "0.linear"
    ]  # fmt: skip


def test_shared_parameters_are_told_once():
    def forward(model, x):
        return model.head(model.embed(x))

    embed, head = nn.Embedding(9, 5), nn.Linear(5, 9, bias=False)
    head.weight = embed.weight
    result = watch(forward, torch.arange(6), embed=embed, head=head)
    (parameter,) = result.parameters
    assert parameter.name == "embed.weight"
    assert parameter.shared_with == ("head.weight",)
    assert result.values[1].parameters == ("embed.weight",)


def test_copies_are_of_the_same_values_and_shape_and_no_constants():
    one = nn.Linear(8, 8)
    two, turned = nn.Linear(8, 8), nn.Linear(8, 8)
    two.load_state_dict(one.state_dict())
    model = nn.Sequential(one, two, turned, nn.LayerNorm(8), nn.LayerNorm(8))
    with torch.no_grad():
        turned.weight[:] = one.weight.t()
    copies = {each.name: each.copy_of for each in probe(model, X).parameters if each.copy_of}
    assert copies == {"1.weight": "0.weight", "1.bias": "0.bias"}


def test_a_parameter_of_nan_is_counted():
    fc = nn.Linear(8, 4)
    with torch.no_grad():
        fc.weight[1, 2] = float("nan")
    parameter = probe(fc, X).parameters[0]
    assert parameter.statistics.nonfinite == 1
    assert parameter.statistics.std is not None


def test_gradients_that_are_not_finite_are_said():
    model = Model(lambda model, x: model.fc(x).sqrt() * 0 - 1e38, fc=nn.Linear(8, 1))
    nn.init.zeros_(model.fc.weight)
    nn.init.zeros_(model.fc.bias)
    parameter = probe(model, X, loss=lambda output, _: output.sum()).parameters[1]
    assert parameter.gradient_rms is None
    assert parameter.no_gradient == "its gradient is not finite"


def test_a_parameter_without_entries_is_left_out():
    parameters = {"fc": nn.Linear(8, 4), "none": nn.Parameter(torch.zeros(0, 4))}
    result = watch(lambda model, x: model.fc(x), X, **parameters)
    assert [each.name for each in result.parameters] == ["fc.weight", "fc.bias"]
