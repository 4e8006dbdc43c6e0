"""The gradients of values and parameters, against torch's own hooks, and why some are missing."""

from __future__ import annotations

import pytest

from support.watched import Model, inputs, values, watch
from weightinit_cli import probe

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional
checkpoint = torch.utils.checkpoint.checkpoint
X = inputs(6, 3, 8)


def rms(tensor):
    return float(tensor.detach().double().square().mean().sqrt())


def gradient(result, name):
    return values(result)[name].figures.gradient.signal_rms


def square(output, _):
    return output.square().mean()


def test_figures_are_those_of_hooks_of_torch():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.GELU(), nn.Flatten(), nn.Linear(96, 5), nn.Tanh()
    )
    x = inputs(7, 3, 6, 6)
    kept = {}

    def keep(module, _, output):
        output.retain_grad()
        kept[module] = output

    hooks = [each.register_forward_hook(keep) for each in model if not isinstance(each, nn.Flatten)]
    square(model(x), None).backward()
    for hook in hooks:
        hook.remove()
    expected = [kept[each] for each in model if each in kept]
    result = probe(model, x, loss=square)
    assert len(result.values) == len(expected)
    for value, tensor in zip(result.values, expected, strict=True):
        plain, figures = tensor.detach().double(), value.figures
        assert figures.mean == pytest.approx(float(plain.mean()), rel=1e-6, abs=1e-8)
        assert figures.std == pytest.approx(float(plain.std(correction=0)), rel=1e-6)
        across = float(plain.var(dim=0, correction=0).mean().sqrt())
        assert figures.std_across_inputs == pytest.approx(across, rel=1e-6)
        assert figures.gradient.signal_rms == pytest.approx(rms(tensor.grad), rel=1e-6)
    for parameter, (name, tensor) in zip(result.parameters, model.named_parameters(), strict=True):
        assert parameter.name == name
        assert parameter.gradient_rms == pytest.approx(rms(tensor.grad), rel=1e-5, abs=1e-9)


def test_a_view_that_is_changed_in_place_keeps_its_gradient():
    torch.manual_seed(2)
    first, last = nn.Linear(8, 5), nn.Linear(5, 2)

    def forward(model, x, *, inplace):
        return model.b(functional.relu(model.a(x), inplace=inplace))

    def of(inplace):
        model = Model(lambda model, x: forward(model, x, inplace=inplace), a=first, b=last)
        return probe(model, X, loss=square)

    for name in ("a.linear", "Model.relu"):
        assert gradient(of(True), name) == pytest.approx(gradient(of(False), name))
    assert gradient(of(True), "a.linear") < gradient(of(True), "Model.relu")


def test_a_part_that_is_changed_in_place_keeps_its_gradient():
    torch.manual_seed(2)
    fc = nn.Linear(8, 8)

    def forward(model, x):
        whole = model.fc(x)
        whole.view(6, 3, 2, 4).transpose(1, 2)[:, 0].mul_(3)
        whole[..., 6:].exp_()
        return whole.sin()

    result = probe(Model(forward, fc=fc), X, loss=lambda output, _: output.sum())
    y = fc(X).detach()
    y[..., :4] *= 3
    y[..., 6:].exp_()
    assert gradient(result, "Model.mul") == pytest.approx(rms(y[..., :4].cos()), rel=1e-6)
    assert gradient(result, "Model.exp") == pytest.approx(rms(y[..., 6:].cos()), rel=1e-6)


def test_parts_of_a_gradient_are_summed():
    torch.manual_seed(3)
    fc = nn.Linear(8, 4)
    model = Model(lambda model, x: (y := model.fc(x)) + y * 2 + y.sin(), fc=fc)
    result = probe(model, X, loss=lambda output, _: output.sum())
    y = fc(X).detach()
    assert gradient(result, "fc.linear") == pytest.approx(rms(3 + y.cos()), rel=1e-6)


def reasons(result):
    return {each.name: each.no_gradient for each in result.values}


def test_why_a_gradient_is_missing_is_said():
    def forward(model, x):
        frozen = model.frozen(x)
        with torch.no_grad():
            fixed = model.fixed(x)
        model.beside(x)
        return model.out(frozen + fixed)

    modules = {name: nn.Linear(8, 8) for name in ("frozen", "fixed", "beside", "out", "unused")}
    modules["frozen"].requires_grad_(False)
    result = watch(forward, X, **modules)
    needs_none = "nothing that it was made of needs a gradient"
    assert reasons(result) == {
        "frozen.linear": needs_none,
        "fixed.linear": "computed under no_grad",
        "beside.linear": "nothing of the loss depends on it",
        "Model.add": needs_none,
        "out.linear": None,
    }
    assert {each.name: each.no_gradient for each in result.parameters if "bias" in each.name} == {
        "frozen.bias": "frozen: its requires_grad is False",
        "fixed.bias": "computed under no_grad",
        "beside.bias": "nothing of the loss depends on it",
        "unused.bias": "the model does not use it",
        "out.bias": None,
    }


def test_a_frozen_model_has_figures_without_gradients():
    result = probe(nn.Linear(8, 4).requires_grad_(False), X)
    assert result.values[0].figures.gradient is None
    assert result.values[0].no_gradient is not None
    assert all(each.gradient_rms is None for each in result.parameters)


def test_gradients_of_zero_are_figures():
    fc, out = nn.Linear(8, 4), nn.Linear(4, 2)
    nn.init.zeros_(out.weight)
    result = probe(nn.Sequential(fc, out), X)
    assert gradient(result, "0.linear") == 0
    assert result.values[0].no_gradient is None
    assert result.parameters[0].gradient_rms == 0
    assert result.parameters[0].no_gradient is None


def test_functions_of_a_person_hand_gradients_on():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x * 2

        @staticmethod
        def backward(_, back):
            return back * 2

    torch.manual_seed(4)
    result = watch(lambda model, x: model.b(Double.apply(model.a(x))), X,
                   a=nn.Linear(8, 4), b=nn.Linear(4, 2))  # fmt: skip
    assert [each.operation for each in result.values] == ["linear", "mul", "linear"]
    assert not any(reasons(result).values())
    assert gradient(result, "a.linear") == pytest.approx(2 * gradient(result, "Model.mul"))


def checkpointed(reentrant):
    torch.manual_seed(5)
    part = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU())

    def forward(model, x):
        x = model.first(x)
        x = (
            model.part(x)
            if reentrant is None
            else checkpoint(model.part, x, use_reentrant=reentrant)
        )
        return model.last(x)

    model = Model(forward, first=nn.Linear(8, 8), part=part, last=nn.Linear(8, 2))
    return probe(model, X, loss=square)


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoints_show_their_values_once_and_the_same_gradients(reentrant):
    plain, found = checkpointed(None), checkpointed(reentrant)
    assert [each.name for each in found.values] == [each.name for each in plain.values]
    for one, other in zip(plain.parameters, found.parameters, strict=True):
        assert other.gradient_rms == pytest.approx(one.gradient_rms)
    inside = values(found)["part.0.linear"]
    if reentrant:
        assert inside.no_gradient == "computed under no_grad"
        assert "reentrant checkpoint" in found.unseen[0]
    else:
        assert inside.figures.gradient.signal_rms == pytest.approx(gradient(plain, "part.0.linear"))
        assert not found.unseen


def test_what_is_returned_beside_the_output_is_not_reached():
    def forward(model, x):
        y = model.fc(x)
        return y * 2, y.exp()

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert reasons(result)["Model.exp"] == "nothing of the loss depends on it"
    assert reasons(result)["Model.mul"] is None


def test_a_gradient_that_a_function_keeps_is_not_seen():
    class Keeps(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x.clone()

        @staticmethod
        def backward(_, back):
            return None

    model = Model(lambda model, x: Keeps.apply(model.a(x)) + model.b(x),
                  a=nn.Linear(8, 4), b=nn.Linear(8, 4))  # fmt: skip
    result = probe(model, X)
    assert reasons(result)["a.linear"] == "its gradient was not seen"
    assert reasons(result)["b.linear"] is None


def test_gradients_that_a_model_takes_itself_are_not_those_of_the_loss():
    def forward(model, x):
        energy = model.out(model.fc(x).tanh()).sum()
        (force,) = torch.autograd.grad(energy, model.fc.weight, create_graph=True)
        model.beside(x).sum()
        return force.sum().reshape(1, 1) * model.scale

    modules = {"fc": nn.Linear(8, 4), "out": nn.Linear(4, 1), "beside": nn.Linear(8, 2)}
    result = watch(forward, X, **modules, scale=nn.Parameter(torch.ones(1)))
    assert reasons(result)["out.linear"] == "nothing of the loss depends on it"
    assert reasons(result)["fc.linear"] is None
