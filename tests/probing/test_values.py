"""Which values are seen of a model of torch, what they are called, and what they were made of."""

from __future__ import annotations

import pytest

from support.watched import Model, inputs, names, values, watch
from weightinit_cli import WinitError, probe

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional
X = inputs(6, 3, 8)


def parents(result):
    return [each.parents for each in result.values]


def test_operators_functions_and_modules_are_seen_in_the_order_of_the_run():
    def forward(model, x):
        y = model.fc(x) + 1
        y = y * torch.sigmoid(y)
        y = 1 - model.act(y @ model.w)
        return functional.gelu(y) / 2

    result = watch(
        forward, X, fc=nn.Linear(8, 4), act=nn.Tanh(), w=nn.Parameter(inputs(4, 5, seed=1))
    )
    assert names(result) == [
        "fc.linear", "Model.add", "Model.sigmoid", "Model.mul", "Model.matmul", "act.tanh",
        "Model.sub", "Model.gelu", "Model.div",
    ]  # fmt: skip
    assert parents(result) == [(), (0,), (1,), (1, 2), (3,), (4,), (5,), (6,), (7,)]
    found = values(result)
    assert found["fc.linear"].parameters == ("fc.weight", "fc.bias")
    assert found["Model.matmul"].parameters == ("w",)
    assert found["fc.linear"].kind == "Linear"
    assert found["fc.linear"].line.startswith("test_values.py:")


def test_views_moves_and_scalars_are_no_values_and_hand_on():
    def forward(model, x):
        y = model.fc(x)
        a, b = y.view(6, -1).chunk(2, dim=1)
        z = a.reshape(2, 3, -1).to(torch.float64).float().flatten(0, 1).contiguous()[:, 1:]
        scale = z.mean()
        return b.clone()[:, 1:].unsqueeze(0).squeeze(0) * scale

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert names(result) == ["fc.linear", "Model.mul"]
    assert parents(result)[1] == (0,)


@pytest.mark.parametrize("like", ["type_as", "to", "reshape_as", "view_as", "expand_as"])
def test_what_a_value_is_made_like_is_no_parent_of_it(like):
    def forward(model, x):
        y = model.fc(x)
        return getattr(y.tanh(), like)(y).sin()

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert parents(result) == [(), (0,), (1,)]


def test_sums_in_place_have_their_former_values_as_parents():
    def forward(model, x):
        y = model.fc(x)
        z = y * 2
        z += y
        z.relu_()
        z = z * 1
        z[:, 0] = y[:, 1]
        return z.exp()

    result = watch(forward, X, fc=nn.Linear(8, 4))
    operations = [each.operation for each in result.values]
    assert operations == ["linear", "mul", "add", "relu", "mul", "exp"]
    assert parents(result) == [(), (0,), (0, 1), (2,), (3,), (0, 4)]
    assert all(each.figures.gradient is not None for each in result.values)


def test_what_changes_a_view_in_place_changes_what_it_looks_at():
    def forward(model, x):
        y = model.fc(x) + 0
        y.view(6, -1).mul_(3)
        return y.sin()

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert names(result) == ["fc.linear", "Model.add", "Model.mul", "Model.sin"]
    assert parents(result) == [(), (0,), (1,), (2,)]


def test_composed_functions_appear_once():
    def forward(model, x):
        y = functional.normalize(functional.silu(model.fc(x)), dim=-1)
        return functional.layer_norm(functional.softplus(y), (4,))

    assert names(watch(forward, X, fc=nn.Linear(8, 4))) == [
        "fc.linear", "Model.silu", "Model.normalize", "Model.softplus", "Model.layer_norm"
    ]  # fmt: skip


def test_what_a_person_prints_is_no_value(capsys):
    def forward(model, x):
        y = model.fc(x)
        print(y, f"{y.mean():.3f}", y.shape)  # noqa: T201
        return y

    assert names(watch(forward, X, fc=nn.Linear(8, 4))) == ["fc.linear"]
    assert "tensor" in capsys.readouterr().out


def test_constants_and_masks_are_no_values():
    def forward(model, x):
        scores = model.fc(x)
        mask = torch.full((8, 8), float("-inf")).triu(1)
        angles = torch.outer(torch.arange(8.0), torch.arange(8.0)).cos()
        scores = scores.masked_fill(mask[:3] < 0, float("-inf")) + mask[2] * 0 + angles[0]
        return (scores + mask[2]).softmax(-1)

    result = watch(forward, X, fc=nn.Linear(8, 8))
    assert "Model.masked_fill" not in names(result)
    assert not any(each.figures.nonfinite for each in result.values if each.operation == "cos")


def test_a_mask_of_minus_infinity_is_added_without_a_value():
    def forward(model, x):
        return (model.fc(x) + torch.tensor([0.0, 0, float("-inf")])).softmax(-1)

    result = watch(forward, X, fc=nn.Linear(8, 3))
    assert names(result) == ["fc.linear", "Model.softmax"]
    assert result.values[1].parents == (0,)


def test_a_step_is_a_value_of_what_it_compares():
    result = watch(lambda model, x: (model.fc(x) > 0).to(x.dtype), X, fc=nn.Linear(8, 4))
    assert [each.parents for each in result.values] == [(), (0,)]


def test_a_module_used_several_times_has_calls():
    def forward(model, x):
        return model.fc(model.fc(x))

    assert names(watch(forward, X, fc=nn.Linear(8, 8))) == ["fc.linear", "fc.linear#2"]


@pytest.mark.parametrize("weights", [True, False])
def test_attention_is_opened(weights):
    def forward(model, x):
        return model.a(x, x, x, need_weights=weights)[0]

    result = watch(forward, X, a=nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True))
    found = names(result)
    assert found[0] == "a.linear"
    assert "a.out_proj.linear" in found
    inside = ["a.bmm", "a.softmax"] if weights else ["a.scaled_dot_product_attention"]
    assert set(inside) <= set(found)
    assert "a.dropout" not in found
    ask = functional.has_torch_function
    assert ask is torch.overrides.has_torch_function


def test_what_asks_torch_is_put_back_when_attention_raises():
    ask = functional.has_torch_function
    attention = nn.MultiheadAttention(8, 2)
    attention.in_proj_weight = nn.Parameter(torch.zeros(24, 7))
    with pytest.raises(Exception, match="shapes"):
        watch(lambda model, x: model.a(x, x, x)[0], X, a=attention)
    assert functional.has_torch_function is ask


def test_encoders_do_not_take_their_fast_way():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    found = names(probe(layer, X))
    assert "self_attn.scaled_dot_product_attention" in found
    assert "linear1.linear" in found


@pytest.mark.parametrize(
    ("module", "operation"),
    [
        (nn.LSTM(8, 5, batch_first=True), "lstm"),
        (nn.GRU(8, 5, 2, dropout=0.5, batch_first=True), "gru"),
    ],
)
def test_of_recurrent_layers_the_outputs_are_seen_and_the_gates_named(module, operation):
    result = watch(lambda model, x: model.r(x)[0], X, r=module)
    assert names(result)[0] == f"r.{operation}"
    assert result.unseen == (f"r: the gates inside {operation}, which is one operation",)


def test_complex_values_are_named():
    def forward(model, x):
        return torch.fft.irfft(torch.fft.rfft(model.fc(x)))

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert names(result) == ["fc.linear", "Model.fft_irfft"]
    assert result.values[1].parents == (0,)
    assert "fft_rfft makes complex numbers" in result.unseen[0]


def test_what_is_real_after_complex_numbers_is_a_value():
    def forward(model, x):
        z = torch.fft.fft(model.fc(x))
        return z.real + torch.view_as_real(z * z)[..., 0]

    result = watch(forward, X, fc=nn.Linear(8, 4))
    assert [each.parents for each in result.values] == [(), (0,), (0,), (1, 2)]
    assert all(each.figures.gradient for each in result.values)


def test_transforms_of_functions_are_named_as_not_seen():
    def forward(model, x):
        def one(each):
            y = model.fc(each).relu() + torch.tensor([0, 0, 0, float("-inf")])
            return functional.scaled_dot_product_attention(y.exp(), each[:, :4], each[:, :4])

        return model.out(torch.func.vmap(one)(x))

    result = watch(forward, X, fc=nn.Linear(8, 4), out=nn.Linear(4, 2))
    assert names(result) == ["out.linear"]
    assert any("torch.func" in each for each in result.unseen)


def test_what_transforms_of_functions_return_has_values_after_it():
    def forward(model, x):
        y = torch.func.vmap(lambda each: each.tanh() * each)(model.fc(x))
        return model.out(y.sigmoid())

    result = watch(forward, X, fc=nn.Linear(8, 4), out=nn.Linear(4, 2))
    assert names(result) == ["fc.linear", "Model.sigmoid", "out.linear"]
    assert [each.parents for each in result.values] == [(), (0,), (1,)]
    assert result.values[1].figures.std_across_inputs
    assert any("torch.func" in each for each in result.unseen)


def test_nested_tensors_are_named():
    def forward(model, x):
        ragged = torch.nested.as_nested_tensor([*model.fc(x)[:2], model.fc(x)[2, :1]])
        return model.out(torch.nested.to_padded_tensor(model.mid(ragged), 0.0))

    modules = {"fc": nn.Linear(8, 4), "mid": nn.Linear(4, 4), "out": nn.Linear(4, 2)}
    result = watch(forward, inputs(3, 2, 8), **modules)
    assert names(result)[-1] == "out.linear"
    assert "linear makes a nested tensor, which has no figures" in result.unseen
    assert all(each.gradient_rms for each in result.parameters)


def test_packed_sequences_pass():
    def forward(model, x):
        packed = nn.utils.rnn.pack_padded_sequence(x, [3] * 6, batch_first=True)
        found, _ = nn.utils.rnn.pad_packed_sequence(model.r(packed)[0], batch_first=True)
        return model.fc(found)

    result = watch(forward, X, r=nn.GRU(8, 5, batch_first=True), fc=nn.Linear(5, 2))
    assert [each.operation for each in result.values] == ["gru", "gru", "linear"]
    assert result.values[-1].parents == (0,)


def test_units_lie_along_channels_or_features():
    model = nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU6(),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(8, 5, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(5, 2),
    )
    result = probe(model, inputs(3, 4, 6, 6))
    assert [(each.operation, each.units) for each in result.values] == [
        ("conv2d", 8), ("batch_norm", 8), ("relu6", 8), ("max_pool2d", 8),
        ("conv_transpose2d", 5), ("adaptive_avg_pool2d", 5), ("linear", 2),
    ]  # fmt: skip


def test_heads_keep_their_features_as_units():
    def forward(model, x):
        q = model.fc(x).view(6, 3, 4, 5).transpose(1, 2)
        return q * q.cos()

    result = watch(forward, X, fc=nn.Linear(8, 20))
    assert [each.units for each in result.values] == [20, 5, 5]


def test_what_does_not_depend_on_the_inputs_has_no_std_across_them():
    def forward(model, x):
        return model.fc(x) + model.positions(torch.arange(3))

    result = watch(forward, X, fc=nn.Linear(8, 4), positions=nn.Embedding(3, 4))
    found = values(result)
    assert found["positions.embedding"].figures.std_across_inputs is None
    assert found["Model.add"].figures.std_across_inputs is not None


def by_input(tensor):
    return float(tensor.double().var(dim=0, correction=0).mean().sqrt())


def test_inputs_are_found_on_other_axes():
    torch.manual_seed(0)
    fc, out = nn.Linear(8, 4), nn.Linear(4, 4)

    def forward(model, x):
        second = model.fc(x.transpose(0, 1))  # (3, 6, 4)
        folded = model.out(second.reshape(18, 4))
        return folded.view(3, 6, 4).transpose(0, 1) + model.fc(x.reshape(18, 8)).view(6, 3, 4)

    found = values(watch(forward, X, fc=fc, out=out))
    plain = fc(X).detach()
    assert found["fc.linear"].figures.std_across_inputs == pytest.approx(by_input(plain))
    assert found["out.linear"].figures.std_across_inputs == pytest.approx(
        by_input(out(plain).detach())
    )
    assert found["fc.linear#2"].figures.std_across_inputs == pytest.approx(by_input(plain))


def test_saturation_and_preactivations_are_those_of_activation_functions():
    torch.manual_seed(0)
    fc = nn.Linear(8, 50)
    model = nn.Sequential(fc, nn.Tanh())
    with torch.no_grad():
        fc.weight *= 10
    result = probe(model, X)
    linear, tanh = result.values
    assert linear.figures.preactivation_std is None
    z = fc(X).detach().double()
    assert tanh.figures.preactivation_std == pytest.approx(float(z.std(correction=0)), rel=1e-6)
    flat = float(torch.atanh(torch.tensor(0.95**0.5)))  # where 1 - tanh² is 5 %
    assert tanh.figures.saturation.low == pytest.approx(float((z <= -flat).double().mean()))
    assert tanh.figures.saturation.high == pytest.approx(float((z >= flat).double().mean()))


def test_in_place_activations_are_told_of_what_they_were_given():
    torch.manual_seed(0)
    result = probe(nn.Sequential(nn.Linear(8, 50), nn.ReLU(inplace=True)), X)
    linear, relu = result.values
    assert relu.figures.preactivation_std == linear.figures.std
    assert relu.figures.saturation.low == pytest.approx(relu.figures.zero_fraction)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_dtypes_have_their_resolution(dtype):
    torch.manual_seed(0)
    result = probe(nn.Sequential(nn.Linear(8, 4), nn.Sigmoid()).to(dtype), X.to(dtype))
    figures = result.values[0].figures
    size = (figures.mean**2 + figures.std**2) ** 0.5
    assert figures.resolution.activations == pytest.approx(torch.finfo(dtype).eps * size)


def test_dropout_is_off_and_no_value():
    def forward(model, x):
        x = functional.dropout(functional.alpha_dropout(model.fc(x), 0.5, training=True), 0.9)
        q = functional.scaled_dot_product_attention(x, x, x, dropout_p=0.9)
        return model.drop(model.lstm(q)[0])

    torch.manual_seed(0)
    modules = {
        "fc": nn.Linear(8, 4),
        "drop": nn.Dropout(0.9),
        "lstm": nn.LSTM(4, 4, 2, dropout=0.9, batch_first=True),
    }
    found = values(watch(forward, X, **modules))
    assert list(found)[:3] == ["fc.linear", "Model.scaled_dot_product_attention", "lstm.lstm"]
    with torch.no_grad():
        x = modules["fc"](X)
        lstm = modules["lstm"].eval()(functional.scaled_dot_product_attention(x, x, x))[0]
    assert found["lstm.lstm"].figures.std == pytest.approx(float(lstm.std(correction=0)), rel=1e-5)


def test_random_depth_is_off():
    class DropPath(nn.Module):
        def forward(self, x):
            return x * torch.rand(len(x), 1, 1).round() if self.training else x

    class SwinDropPath(DropPath):
        pass

    modules = {"fc": nn.Linear(8, 4), "one": DropPath(), "two": SwinDropPath()}
    result = watch(lambda model, x: model.two(model.one(model.fc(x))), X, **modules)
    assert names(result) == ["fc.linear"]
    assert modules["one"].training


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_scripted_models_are_refused():
    with pytest.raises(WinitError, match=r"scripted or traced by torch\.jit"):
        probe(torch.jit.script(nn.Linear(8, 4)), X)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Linear(8, 4, device="meta"), "on the meta device"),
        (nn.ReLU(), "no parameters"),
    ],
)
def test_models_that_cannot_be_watched_are_refused_in_a_line(model, words):
    with pytest.raises(WinitError, match=words) as raised:
        probe(model, X)
    assert len(raised.value.lines) == 1


def test_names_are_without_what_compiling_adds():
    compiled = torch.compile(nn.Sequential(nn.Linear(8, 4), nn.ReLU()), backend="eager")
    result = probe(compiled, X)
    assert names(result) == ["0.linear", "1.relu"]
    assert [each.name for each in result.parameters] == ["0.weight", "0.bias"]


def test_wrapped_models_keep_their_names():
    result = probe(nn.DataParallel(nn.Sequential(nn.Linear(8, 4))), X)
    assert names(result) == ["module.0.linear"]


def test_exact_figures_are_asked_for():
    torch.manual_seed(0)
    fc = nn.Linear(8, 5)
    with torch.no_grad():
        fc.weight[1], fc.bias[1] = fc.weight[0], fc.bias[0]
    result = probe(Model(lambda model, x: model.fc(x), fc=fc), X, exact=True)
    figures = result.values[0].figures
    assert figures.distinct_units == 4
    ordered = fc(X).detach().flatten().sort().values
    assert figures.quantiles["0.5"] == float(ordered[len(ordered) // 2 - 1])
    assert probe(fc, X).values[0].figures.distinct_units is None
