"""Verdicts of residual and normalized networks: sound ones have no warning, ill ones the right one.

That sound kinds train and ill ones do not, at these depths, was tried by the trainings of
docs/verdicts.md.
"""

from __future__ import annotations

from functools import cache

import pytest

from weightinit_cli import run
from weightinit_cli.results.verdictwords import told
from weightinit_cli.spec import parse_spec
from weightinit_cli.verdicts import DEFINITIONS
from weightinit_cli.verdicts.measures import NOTED_GROWTH

INITIALIZERS = {
    "relu": "he_normal", "tanh": "lecun_normal", "{name: gelu, approximate: none}": "he_normal",
}  # fmt: skip
SCALED = "residual: {branch: %d, scale: 1/sqrt(branches)}"


@cache
def result(activation: str, initializer: str, *lines: str):
    text = "\n".join([f"activation: {activation}", f"initializer: {initializer}", *lines])
    return run(parse_spec(text, source="test", stem="test"), threads=1)


def found(*spec: str):
    return result(*spec).verdict


def names(*spec: str) -> list[tuple[str | None, str]]:
    return [(each.severity, each.name) for each in found(*spec)]


def placed(branch: int, placement: str, kind: str) -> str:
    return f"residual: {{branch: {branch}, placement: {placement}}}\nnormalization: {kind}"


SOUND = [
    *(SCALED % branch for branch in (1, 2)),
    *(
        placed(branch, placement, kind)
        for branch in (1, 2)
        for placement in ("pre", "post")
        for kind in ("layer_norm", "rms_norm")
        # a mean that nothing takes away makes all inputs alike, see ILL
        if (branch, placement, kind) != (1, "post", "rms_norm")
    ),
    "residual: {scale: zero}",
    "normalization: layer_norm",
    "normalization: rms_norm",
]
SIZES = [(5, 30), (20, 60), (50, 100)]


@pytest.mark.parametrize("blocks", SOUND)
@pytest.mark.parametrize("activation", INITIALIZERS)
def test_what_trains_has_no_warning(activation: str, blocks: str):
    place = [*INITIALIZERS].index(activation) + SOUND.index(blocks)
    for seed in range(2):
        layers, width = SIZES[(place + seed) % len(SIZES)]
        sizes = f"layers: {layers}", f"width: {width}", "samples: 60", f"seed: {seed}"
        said = found(activation, INITIALIZERS[activation], blocks, *sizes)
        assert not [each for each in said if each.warns], (sizes, said)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", SOUND)
def test_nothing_is_warned_of_by_chance(blocks: str):
    for seed in range(20):
        for activation, initializer in INITIALIZERS.items():
            layers, width = (5, 10, 20, 30, 50)[seed % 5], (30, 60, 100)[seed % 3]
            sizes = f"layers: {layers}", f"width: {width}", "samples: 200", f"seed: {seed}"
            said = result.__wrapped__(activation, initializer, blocks, *sizes).verdict
            assert not [each for each in said if each.warns], (activation, sizes, said)


# root cause, its severity, where it begins, between which layers
ILL = {
    "scale 1 over 50 blocks": (
        ("relu", "he_normal", "residual: {}", "layers: 50"),
        ("exploding_signal", "severe", 1, (0, 50)),
    ),
    "scale 1 over 20 blocks": (
        ("relu", "he_normal", "residual: {}", "layers: 20"),
        ("exploding_signal", "warning", 1, (0, 20)),
    ),
    "weights of standard deviation 1": (
        ("relu", "{name: normal, std: 1}", "residual: {}", "layers: 10"),
        ("exploding_signal", "severe", 1, (0, 10)),
    ),
    "the same behind a saturated tanh": (
        ("tanh", "{name: normal, std: 1}", "layers: 10",
         "residual: {initializer: {name: normal, std: 1}}"),
        ("exploding_gradient", "severe", 9, (10, 1)),
    ),
    "batch normalization of 50 layers": (
        ("relu", "he_normal", "normalization: batch_norm", "layers: 50"),
        ("exploding_gradient", "severe", 49, (50, 1)),
    ),
    "a mean that nothing takes away": (
        ("relu", "he_normal", placed(1, "post", "rms_norm"), "layers: 50"),
        ("inputs_indistinguishable", "warning", None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ILL)
@pytest.mark.parametrize("seed", range(2))
def test_root_cause(name: str, seed: int):
    spec, (root, severity, layer, over) = ILL[name]
    first = found(*spec, "width: 60", "samples: 100", f"seed: {seed}")[0]
    assert (first.name, first.severity, first.over, first.because) == (root, severity, over, None)
    assert layer is None or first.layer == layer


@pytest.mark.parametrize(("layers", "warns"), [(20, False), (50, True)])
def test_batch_normalization_explodes_from_some_depth_on(layers: int, warns: bool):
    spec = "relu", "he_normal", "normalization: batch_norm", f"layers: {layers}", "samples: 100"
    said = next(each for each in found(*spec) if each.name == "exploding_gradient")
    assert said.warns == warns
    # per layer √1.43 to √1.47 (Yang et al. 2019): see the config `batch_norm`
    assert said.rate == pytest.approx(1.2, abs=0.03)


def test_a_gradient_follows_from_the_stream_that_explodes():
    root, effect = found("relu", "he_normal", "residual: {}", "layers: 50", "samples: 50")
    assert (effect.name, effect.because) == ("exploding_gradient", root.name)
    # the norm of the stream's gradient, and its root mean square, grow by √2 a block
    assert root.rate == pytest.approx(2**0.5, rel=0.05)
    assert effect.rate == pytest.approx(2**0.5, rel=0.05)


def test_a_stream_whose_branches_see_it_normalized_is_noted():
    spec = "relu", "he_normal", placed(2, "pre", "layer_norm"), "samples: 60"
    healthy, note = found(*spec, "layers: 50")
    assert (healthy.name, note.name, note.severity) == ("healthy", "growing_stream", "note")
    # each branch adds power 1 to a stream of power 1 (theory: √51)
    assert (note.over, note.value) == ((0, 50), pytest.approx(51**0.5, rel=0.15))
    assert note.value > NOTED_GROWTH
    assert names(*spec, "layers: 5") == [(None, "healthy")]
    assert "growing_stream" not in [name for _, name in names("relu", "he_normal", "residual: {}")]


@pytest.mark.parametrize("size", ["0.001", "1000"])
def test_the_size_of_inputs_does_not_count_where_layers_are_normalized(size: str):
    inputs = f"inputs: {{name: uniform, low: -{size}, high: {size}}}", "samples: 60"
    for blocks in ("normalization: layer_norm", placed(2, "post", "rms_norm")):
        assert [name for _, name in names("relu", "he_normal", blocks, *inputs)] == ["healthy"]


ZERO = [
    ("relu", "he_normal", "residual: {scale: zero}", "residual.scale"),
    ("relu", "he_normal", "residual: {branch: 1, scale: 0}", "residual.scale"),
    ("relu", "he_normal", "residual: {initializer: zeros}", "branch.rms"),
    ("tanh", "zeros", "residual: {}", "branch.rms"),
]


@pytest.mark.parametrize(("activation", "initializer", "blocks", "figure"), ZERO)
@pytest.mark.parametrize("backward", ["true", "false"])
def test_branches_that_start_at_zero_are_noted(activation, initializer, blocks, figure, backward):
    said = found(activation, initializer, blocks, f"backward: {backward}", "samples: 50")
    assert [each.name for each in said] == ["healthy", "starts_at_zero"]
    assert (said[1].severity, said[1].layer, said[1].figure) == ("note", 1, figure)
    words = told(said)[1].rest
    assert "adds nothing" in words
    assert "until the" in words


def test_nothing_starts_at_zero_where_every_weight_gets_a_gradient():
    assert names("tanh", "zeros", "residual: {branch: 1}") == [(None, "healthy")]


DEAD = [
    ("relu", "zeros", "residual: {}"),
    ("relu", "zeros", "residual: {branch: 1}"),
    ("relu", "he_normal", "residual: {branch: 1}\nbias: {name: constant, value: -1e6}"),
]


@pytest.mark.parametrize(("activation", "initializer", "blocks"), DEAD)
def test_branches_that_are_dead_are_warned_of(activation: str, initializer: str, blocks: str):
    """What is left is the stream, which trains as a linear model does, without its branches."""
    said = found(activation, initializer, blocks, "samples: 50")
    assert [(each.name, each.severity, each.layer) for each in said] == [("dying", "warning", 1)]


def test_one_dead_branch_of_several_is_a_note():
    lists = "bias: [{name: constant, value: -1e6}, zeros, zeros]", "layers: 3"
    healthy, dying = found("relu", "he_normal", "residual: {branch: 1}", *lists, "samples: 50")
    assert (healthy.name, dying.name, dying.severity) == ("healthy", "dying", "note")
    assert dying.layer == 1


SAME = "{name: constant, value: 0.02}"


def test_units_inside_a_branch_that_are_identical():
    """Where V differs from unit to unit, so does what W gets, from the first step on."""
    alike = f"residual: {{initializer: {SAME}}}\nsamples: 50"
    root = found("tanh", SAME, alike)[0]
    assert (root.name, root.severity, root.layer) == ("units_identical", "warning", 1)
    assert (root.figure, root.value) == ("weights.std", 0)
    assert root.advice == DEFINITIONS["units_identical"].advice
    for mended in (("tanh", "lecun_normal", alike), ("tanh", SAME, "residual: {}\nsamples: 50")):
        assert "units_identical" not in [name for _, name in names(*mended)]


def test_an_output_layer_of_zeros_does_not_kill_branches():
    output = "output: {classes: 10, initializer: zeros}", "samples: 50"
    assert names("relu", "he_normal", "residual: {scale: 0.1}", *output) == [
        (None, "healthy"), ("note", "starts_at_zero"),
    ]  # fmt: skip


def test_deep_blocks_are_not_said_to_fail_as_plain_layers_do():
    deep = "layers: 50", "samples: 20", "width: 30"
    said = found("relu", "he_normal", placed(2, "pre", "layer_norm"), *deep)[0].advice
    assert "failed" not in said
    said = found("relu", "he_normal", "normalization: layer_norm", *deep)[0].advice
    assert "networks without normalization" in said
