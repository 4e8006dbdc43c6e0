"""Which streams a model has: by hand, then of real models."""

from __future__ import annotations

import pytest

from support.probed import value
from weightinit_cli import probe
from weightinit_cli.probing.streams import streams_of


def linear(*parents: int, **more):
    return value("linear", *parents, parameters=["weight"], **more)


def kinds(values):
    return [(each.kind, each.values) for each in streams_of(values)]


# by hand


def test_nothing_has_no_streams():
    assert streams_of([]) == ()


def test_layers_hand_on_what_their_activation_makes():
    values = [linear(), value("relu", 0), linear(1), linear(2), value("tanh", 3), linear(4)]
    assert kinds(values) == [("sequential", (1, 2, 4, 5))]


def test_a_norm_is_handed_on_where_no_activation_stands_before_it():
    values = [
        linear(), value("layer_norm", 0), linear(1), value("relu", 2), value("layer_norm", 3),
        linear(4), value("layer_norm", 5), value("relu", 6), value("max_pool2d", 7), linear(8),
    ]  # fmt: skip
    assert kinds(values) == [("sequential", (1, 3, 7, 9))]


def test_a_gate_is_handed_on():
    values = [
        linear(), linear(0), value("silu", 1), linear(0), value("mul", 2, 3), linear(4),
    ]  # fmt: skip
    assert kinds(values) == [("sequential", (0, 4, 5))]


def test_a_factor_of_another_shape_is_a_gate():
    values = [
        linear(), linear(0), value("softmax", 1, shape=(8, 4)), value("div", 2, shape=(8, 4)),
        linear(0), value("mul", 2, 3, 4), linear(5),
    ]  # fmt: skip
    assert kinds(values) == [("sequential", (0, 5, 6))]


def prenorm(blocks: int):
    """An embedding, and blocks x + f(norm(x)) of two layers each."""
    return with_blocks([value("embedding")], blocks)


def with_blocks(values, blocks: int):
    """These values, and behind the last one blocks x + f(norm(x)) of two layers each."""
    values = list(values)
    for _ in range(blocks):
        start = len(values)
        values += [
            value("layer_norm", start - 1), linear(start), value("gelu", start + 1),
            linear(start + 2), value("add", start - 1, start + 3),
        ]  # fmt: skip
    return values


def test_prenorm():
    values = [*prenorm(3), value("layer_norm", 15), linear(16)]
    (stream,) = streams_of(values)
    assert (stream.kind, stream.values, stream.branches) == ("residual", (0, 5, 10, 15), (4, 9, 14))


def test_postnorm():
    values = [value("embedding")]
    for last in (0, 4):
        values += [linear(last), linear(last + 1), value("add", last, last + 2)]
        values += [value("layer_norm", last + 3)]
    (stream,) = streams_of([*values, linear(8)])
    assert (stream.values, stream.branches) == ((0, 3, 7), (2, 6))


def test_a_shortcut_may_have_a_layer():
    values = [
        value("conv2d"), value("conv2d", 0), value("conv2d", 1), value("add", 0, 2),
        value("relu", 3), value("conv2d", 4), value("conv2d", 5), value("batch_norm", 6),
        value("conv2d", 4), value("batch_norm", 8), value("add", 7, 9), value("relu", 10),
    ]  # fmt: skip
    (stream,) = streams_of(values)
    assert (stream.values, stream.branches) == ((0, 3, 10), (2, 7))


def test_parallel_branches():
    values = [value("embedding")]
    for last in (0, 6):
        values += [
            value("layer_norm", last), linear(last + 1), linear(last + 2),
            value("add", last, last + 3), linear(last + 1), value("add", last + 4, last + 5),
        ]  # fmt: skip
    (stream,) = streams_of(values)
    assert stream.values == (0, 4, 6, 10, 12)
    assert stream.branches == (3, 5, 9, 11)


def test_sums_of_what_has_nothing_in_common_are_no_streams():
    embedded = [value("embedding"), value("embedding"), value("add", 0, 1)]
    values = [*embedded, linear(2), value("relu", 3), linear(4)]
    assert kinds(values) == [("sequential", (1, 4, 5))]
    scores = [linear(), linear(0), linear(0), value("add", 1, 2), value("tanh", 3), linear(4)]
    assert [kind for kind, _ in kinds(scores)] == ["sequential"]


def test_one_residual_sum_is_no_stream():
    values = [*prenorm(1), value("layer_norm", 5), linear(6)]
    (path,) = streams_of(values)
    assert path.kind == "sequential"
    assert path.values[-1] == 7


def nested(blocks: int, inner: int):
    """Pre-normed blocks, and one of whose branch these many sums are a part."""
    before = prenorm(blocks)
    values = with_blocks(before, inner)
    return [*values, linear(len(values) - 1), value("add", len(before) - 1, len(values))]


def test_sums_within_the_last_branch_are_not_the_stream():
    """They are where most of the sums stand in one branch, as in a body with a shortcut."""
    values = nested(3, inner=2)
    assert kinds(values)[0] == ("residual", (0, 5, 10, 15, 27))
    assert kinds(nested(1, inner=6))[0] == ("residual", tuple(range(0, 36, 5)))


def test_what_stands_before_and_after_a_stream_is_a_path_of_its_own():
    before = [linear(), value("relu", 0), linear(1), value("relu", 2)]
    blocks = [
        value("add", 3, 5) if k == 2 else value("add", 6, 8) if k == 5 else linear(3 + k)
        for k in range(6)
    ]
    values = [*before, *blocks, linear(9), value("relu", 10), linear(11)]
    assert kinds(values) == [
        ("residual", (3, 6, 9)),
        ("sequential", (11, 12)),
        ("sequential", (1, 3)),
    ]


def test_a_second_tower_is_a_path_of_its_own():
    tower = [linear(), value("relu", 0), linear(1), value("relu", 2), linear(3)]
    other = [linear(), value("relu", 5), linear(6), value("relu", 7), linear(8)]
    values = [*tower, *other, value("sub", 4, 9), linear(10)]
    assert kinds(values) == [("sequential", (6, 8, 9, 11)), ("sequential", (1, 3, 4))]


def test_the_module_is_what_the_places_have_in_common():
    values = [
        linear(module="net.encoder.0"),
        linear(0, module="net.encoder.1.fc"),
        linear(1, module="net.encoder.10"),
    ]
    assert [each.module for each in streams_of(values)] == ["net.encoder"]


# of real models


def names(model, batch):
    found = probe(model, batch)
    return [
        (each.kind, [found.values[place].name for place in each.values]) for each in found.streams
    ]


def test_multilayer_perceptron_and_convolutions():
    nn = pytest.importorskip("torch").nn
    mlp = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))
    assert names(mlp, "4,8") == [("sequential", ["1.relu", "3.tanh", "4.linear"])]
    cnn = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3),
        nn.ReLU(), nn.Flatten(), nn.Linear(5 * 5 * 5, 3),
    )  # fmt: skip
    assert names(cnn, "4,3,16,16") == [("sequential", ["2.relu", "5.relu", "7.linear"])]


def test_encoder_and_decoder():
    nn = pytest.importorskip("torch").nn
    transformer = nn.Transformer(8, 2, 2, 2, 16, batch_first=True)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inputs, self.transformer = nn.Linear(4, 8), transformer

        def forward(self, x):
            x = self.inputs(x)
            return self.transformer(x, x)

    (decoder, places), (encoder, _) = names(Model(), "3,5,4")
    assert (decoder, encoder) == ("residual", "residual")
    assert len(places) == 7
    assert "decoder.layers.1" in places[-1]


def test_recurrent():
    nn = pytest.importorskip("torch").nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.lstm = nn.Embedding(20, 4), nn.LSTM(4, 6, 2, batch_first=True)
            self.head = nn.Linear(6, 20)

        def forward(self, x):
            return self.head(self.lstm(self.tokens(x))[0])

    ((kind, places),) = names(Model(), "int:4,5<20")
    assert kind == "sequential"
    assert (places[0], places[-1]) == ("tokens.embedding", "head.linear")


def test_u_net_with_residual_blocks():
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.shortcut = nn.Conv2d(inputs, outputs, 1)
            self.one = nn.Conv2d(inputs, outputs, 3, padding=1)
            self.two = nn.Conv2d(outputs, outputs, 3, padding=1)

        def forward(self, x):
            return self.two(self.one(x).relu()) + self.shortcut(x)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.out = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 1, 1)
            self.high, self.low, self.join = Block(4, 4), Block(4, 8), Block(8, 4)
            self.down, self.up = nn.Conv2d(4, 4, 2, 2), nn.ConvTranspose2d(8, 4, 2, 2)

        def forward(self, x):
            high = self.high(self.stem(x))
            low = self.low(self.down(high))
            return self.out(self.join(torch.cat([high, self.up(low)], dim=1)))

    ((kind, places),) = names(UNet(), "3,1,8,8")
    assert kind == "residual"
    assert places == ["stem.conv2d", "high.add", "low.add", "join.add"]
