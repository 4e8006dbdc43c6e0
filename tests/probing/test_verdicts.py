"""What is said of models: of sound ones no warning, of values and parameters made by hand."""

from __future__ import annotations

from dataclasses import replace
from math import log
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from support.probed import figures, parameter, value
from weightinit_cli import probe
from weightinit_cli.probing.observing import Observation
from weightinit_cli.probing.seeing import model_of
from weightinit_cli.probing.streams import streams_of
from weightinit_cli.results.probe import FROZEN, NOT_FINITE, UNDER_NO_GRAD, ProbedLoss
from weightinit_cli.verdicts import DEFINITIONS
from weightinit_cli.verdicts.models import draw_model_verdict
from weightinit_cli.verdicts.values import NEEDED

SOUND = [
    "gpt", "unscaled_gpt", "bert", "resnet", "resnet_of_zero_gamma", "vit", "convnext", "defaults",
    "unet", "lstm", "loop", "rezero", "lora", "frozen", "rare_words", "detr", "gated",
]  # fmt: skip


# sound models


@pytest.fixture(scope="module")
def sound():
    """The verdicts on a sound model by its name, each drawn once."""
    torch = pytest.importorskip("torch")
    from support.sound import MODELS

    assert list(MODELS) == SOUND
    drawn: dict[str, Any] = {}

    def one(name: str):
        if name not in drawn:
            torch.manual_seed(0)
            batch = MODELS[name]()[1]
            found = probe(lambda: MODELS[name]()[0], batch, loss="cross_entropy")
            drawn[name] = {each.name: each for each in found.verdict}
        return drawn[name]

    return one


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_model_has_no_warning(sound, name: str):
    assert [each.name for each in sound(name).values() if each.warns] == []
    assert "healthy" in sound(name)


def test_a_stream_of_unscaled_projections_is_noted(sound):
    assert "growing_stream" not in sound("gpt")
    note = sound("unscaled_gpt")["growing_stream"]
    assert "proj.weight" in note.evidence
    assert "are not scaled" in note.evidence
    assert "1 / √24" in note.evidence
    assert note.value > 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("resnet_of_zero_gamma", "norm_2.weight"),
        ("vit", "head.weight"),
        ("rezero", "scale"),
        ("lora", "0.b"),
    ],
)
def test_layers_of_zeros_that_learn_are_noted(sound, name: str, shown: str):
    note = sound(name)["starts_at_zero"]
    assert shown in note.evidence
    assert note.severity == "note"


def test_what_is_frozen_is_noted(sound):
    note = sound("frozen")["no_gradient"]
    assert (note.severity, note.value) == ("note", 6)
    assert "frozen" in note.evidence
    assert "the gradient is not known" in sound("frozen")["healthy"].advice


# by hand


def drawn(values, parameters=(), loss=None, outputs=(), inputs=None):
    observed = Observation(inputs or {}, tuple(values), tuple(parameters), loss, (), tuple(outputs))
    found = draw_model_verdict(model_of(observed, streams_of(values)))
    return {each.name: each for each in found}


def layers(*sizes: float, **more):
    """Layers with tanh of these root mean squares, each with a matrix of its own."""
    found = [value("embedding", module="tokens", parameters=["tokens.weight"])]
    for number, size in enumerate(sizes):
        place, module = len(found), f"layers.{number}"
        found.append(
            value("linear", place - 1, module=module, parameters=[f"{module}.weight"], std=size)
        )
        found.append(value("tanh", place, module=module, std=size, **more))
    return found


def matrices(number: int, **more):
    return [parameter(f"layers.{k}.weight", **more) for k in range(number)]


def stream(*sizes: float, norm: bool = True):
    """A residual stream of these root mean squares, whose branches may be normalized."""
    found = [value("embedding", std=sizes[0], parameters=["tokens.weight"])]
    for number, size in enumerate(sizes[1:]):
        before, module = len(found) - 1, f"blocks.{number}"
        place = len(found)
        found += [
            value("layer_norm" if norm else "relu", before, module=module),
            value("linear", place, module=module, parameters=[f"{module}.fc.weight"]),
            value("gelu", place + 1, module=module),
            value("linear", place + 2, module=module, parameters=[f"{module}.proj.weight"]),
            value("add", before, place + 3, module=module, std=size),
        ]
    return found


def test_a_model_without_values_is_healthy():
    assert list(drawn([])) == ["healthy"]
    assert list(drawn(layers(1.0, 1.0, 1.0))) == ["healthy"]


def test_a_signal_that_explodes_is_told_by_places_and_names():
    verdict = drawn(layers(1.0, 30.0, 900.0, 900.0), matrices(4))["exploding_signal"]
    assert (verdict.layer, verdict.over) == (5, (3, 7))
    assert verdict.module == "layers.1.tanh"
    assert verdict.evidence == (
        "its root mean square grows 900-fold from layers.0.tanh to layers.2.tanh (× 30 a layer), "
        "first in layers.1.tanh: layers.1.weight has standard deviation 0.25 (× √16 inputs = 1.0)"
    )


@pytest.mark.parametrize(("mean", "said"), [(0.0, "(× √16 inputs = 1.0)"), (1.0, "are 1.0")])
def test_a_signal_begins_to_vanish_where_it_shrinks(mean: float, said: str):
    own = matrices(5)
    if mean:
        own[2] = parameter("layers.2.weight", std=0.0, mean=mean, ends=(mean, mean))
    verdict = drawn(layers(1.0, 0.9, 9e-5, 8e-5, 8e-5), own)["vanishing_signal"]
    assert verdict.module == "layers.2.tanh"
    assert "first in layers.2.tanh: " in verdict.evidence
    assert "layers.2.weight" in verdict.evidence
    assert verdict.evidence.endswith(said)


def test_a_signal_that_is_lost_is_lost_at_the_first_zero():
    verdict = drawn(layers(1.0, 0.9, 0.0, 0.0, 0.0), matrices(5))["vanishing_signal"]
    assert (verdict.value, verdict.module) == (0, "layers.2.tanh")


def test_large_inputs_are_told_of_large_logits():
    values = [value("linear", module="a", parameters=["a.weight"], std=90.0)]
    values.append(value("linear", 0, module="head", parameters=["head.weight"], std=90.0))
    own = [parameter("a.weight"), parameter("head.weight")]
    inputs = {"0": figures(128, std=100.0, gradient=None)}
    found = drawn(values, own, loss(80.0), inputs=inputs)["confident_at_start"]
    assert (found.module, found.layer) == ("the input", None)
    assert found.evidence.endswith("the model's inputs have root mean square 100")


def test_a_model_that_is_frozen_as_a_whole_is_warned_of():
    frozen = matrices(2, gradient=None, no_gradient="frozen: its requires_grad is False")
    found = drawn(layers(1.0, 1.0), frozen, loss(0.0))["no_gradient"]
    assert (found.severity, found.module) == ("warning", "the model")
    assert "none of its 2 parameters gets a gradient; frozen" in found.evidence
    assert "no_gradient" not in drawn(layers(1.0, 1.0), frozen)


def test_a_stream_without_norms_explodes():
    sizes = [3.0**k for k in range(6)]
    verdict = drawn(stream(*sizes, norm=False))["exploding_signal"]
    assert "a branch" in verdict.evidence
    found = drawn(stream(*sizes))
    assert not any(each.warns for each in found.values())
    assert found["growing_stream"].value == pytest.approx(243)
    assert "× 3.00 a branch, of 5" in found["growing_stream"].evidence


@pytest.mark.parametrize(
    ("factor", "said"), [(1.0, "are not scaled"), (5**-0.5, "are scaled by 1 / √5"), (0.1, "have")]
)
def test_whether_projections_are_scaled(factor: float, said: str):
    own = [
        parameter(f"blocks.{k}.{name}.weight", std=0.02 * (factor if name == "proj" else 1.0))
        for k in range(5)
        for name in ("fc", "proj")
    ]
    note = drawn(stream(1.0, 2.0, 4.0, 8.0, 9.0, 10.0), own)["growing_stream"]
    assert f"blocks.*.proj.weight, {said}" in note.evidence
    assert "its first branch has 100 % of its size, its last 11 %;" in note.evidence


def test_weights_that_are_one_number_are_the_root():
    def one(mean: float, gradient: float):
        names = [f"blocks.{k}.{name}.weight" for k in range(3) for name in ("fc", "proj")]
        same = {"std": 0.0, "mean": mean, "ends": (mean, mean), "gradient": gradient}
        return [parameter(name, **same) for name in names]

    values = stream(1.0, 1.0, 1.0, 1.0)
    nothing = [
        replace(each, figures=replace(each.figures, gradient=None, mean=1.0, std=0.0))
        for each in values[1:]
    ]
    found = drawn([values[0], *nothing], one(0.1, 0.1))
    assert next(iter(found)) == "units_identical"
    assert found["units_identical"].module == "blocks.0.fc"
    assert "all 256 entries of blocks.0.fc.weight are 0.10" in found["units_identical"].evidence
    assert found["collapsed"].because == "units_identical"
    assert "units_identical" in drawn(values, one(0.0, 0.0))
    assert "units_identical" not in drawn(values, one(0.0, 0.1))


def loss(excess: float, classes: int = 10):
    return ProbedLoss("cross_entropy", log(classes) + excess, classes, log(classes))


@pytest.mark.parametrize(
    ("excess", "severity"), [(0.9, None), (1.1, "note"), (2.9, "note"), (3.1, "warning")]
)
def test_confident(excess: float, severity: str | None):
    values = [*layers(1.0, 1.0), value("linear", 4, module="head", parameters=["head.weight"])]
    head = parameter("tokens.weight", std=2.0, shared_with=("head.weight",))
    found = drawn(values, [head], loss(excess)).get("confident_at_start")
    assert (found.severity if found else None) == severity
    if found:
        assert found.module == "head"
        assert "head.weight (the same parameter as tokens.weight)" in found.evidence
        assert "2.0, × √16 inputs of root mean square 1.0 = 8.0" in found.evidence


def test_a_loss_less_than_twice_an_indifferent_ones_is_no_warning():
    values = [*layers(1.0, 1.0), value("linear", 4, module="head", parameters=["head.weight"])]
    assert drawn(values, loss=loss(4.5, 100))["confident_at_start"].severity == "note"
    assert drawn(values, loss=loss(4.7, 100))["confident_at_start"].severity == "warning"


def test_one_layer_that_makes_logits_large_is_named():
    values = [*layers(1.0, 9.0, 9.0), value("linear", 6, module="head", parameters=["head.weight"])]
    own = [*matrices(3), parameter("head.weight")]
    found = drawn(values, own, loss(4.0))["confident_at_start"]
    assert (found.module, found.layer) == ("layers.1", 4)
    assert "what it is given grows 9.0-fold in layers.1.tanh alone: layers.1.weight" in (
        found.evidence
    )
    every = [*layers(3.0, 9.0, 27.0), value("linear", 6, module="head", parameters=["head.weight"])]
    assert drawn(every, own, loss(4.0))["confident_at_start"].module == "head"


def test_one_branch_that_makes_a_stream_grow_is_named():
    own = [parameter(f"blocks.{k}.{name}.weight") for k in range(4) for name in ("fc", "proj")]
    note = drawn(stream(1.0, 1.1, 9.0, 9.1, 9.2), own)["growing_stream"]
    assert note.module == "blocks.1"
    assert "most of that at blocks.1.add (8.2-fold): blocks.1.proj.weight has" in note.evidence


def test_branches_that_end_in_norms_have_matrices_of_any_size():
    values = [value("embedding", parameters=["tokens.weight"])]
    for k in range(3):
        last, module = len(values) - 1, f"blocks.{k}"
        values += [
            value("linear", last, module=module, parameters=[f"{module}.fc.weight"]),
            value("gelu", last + 1, module=module),
            value("linear", last + 2, module=module, parameters=[f"{module}.proj.weight"]),
            value("rms_norm", last + 3, module=module),
            value("add", last, last + 4, module=module, std=2.0 ** (k + 1)),
        ]
    own = [parameter(f"blocks.{k}.{name}.weight") for k in range(3) for name in ("fc", "proj")]
    note = drawn(values, own)["growing_stream"]
    assert "its branches end in norms" in note.evidence
    assert "scaled" not in note.evidence


def test_branches_side_by_side_have_a_last_matrix_each():
    values = [value("embedding", parameters=["tokens.weight"])]
    for k in range(3):
        last, module = len(values) - 1, f"blocks.{k}"
        values += [
            value("layer_norm", last, module=module),
            *(
                each
                for number, part in enumerate(("attn", "mlp"))
                for each in (
                    value("linear", last + 1, module=module, parameters=[f"{module}.{part}.in"]),
                    value("gelu", last + 2 + 3 * number, module=module),
                    value(
                        "linear", last + 3 + 3 * number, module=module,
                        parameters=[f"{module}.{part}.out"],
                    ),
                )
            ),
            value("add", last + 4, last + 7, module=module),
            value("add", last, last + 8, module=module, std=2.0 ** (k + 1)),
        ]  # fmt: skip
    ends = ("attn.in", "attn.out", "mlp.in", "mlp.out")
    own = [parameter(f"blocks.{k}.{name}") for k in range(3) for name in ends]
    note = drawn(values, own)["growing_stream"]
    assert "blocks.*.attn.out and blocks.*.mlp.out, are not scaled" in note.evidence


def test_a_signal_that_explodes_makes_confident():
    values = [*layers(1.0, 30.0, 900.0), value("linear", 6, parameters=["head.weight"])]
    found = drawn(values, matrices(3), loss(100.0))
    assert found["confident_at_start"].because == "exploding_signal"
    assert list(found) == ["exploding_signal", "confident_at_start"]


def copies(*, scheme: str | None = "xavier_uniform", gradient: float | None = 0.1):
    own = matrices(3, scheme=scheme, gradient=gradient)
    return [own[0], *(replace(each, copy_of="layers.0.weight") for each in own[1:])]


def test_copies():
    found = drawn(layers(1.0, 1.0, 1.0), copies())["layers_identical"]
    assert (found.module, found.value, found.severity) == ("layers.1", 2, "warning")
    assert "layers.1 and layers.2 are those of layers.0" in found.evidence


@pytest.mark.parametrize("more", [{"scheme": None}, {"scheme": "identity"}, {"gradient": None}])
def test_patterns_and_frozen_copies_are_no_fault(more: dict):
    assert "layers_identical" not in drawn(layers(1.0, 1.0, 1.0), copies(**more))


def side_by_side(gradient: float):
    """Two layers on the same input, the second one a copy of the first."""
    values = [
        value("linear", parameters=["a.weight"], module="a"),
        value("linear", parameters=["b.weight"], module="b"),
        value("minimum", 0, 1),
    ]
    own = [
        parameter("a.weight", scheme="torch_linear"),
        parameter("b.weight", scheme="torch_linear", copy_of="a.weight", gradient=gradient),
    ]
    return drawn(values, own)["layers_identical"]


def test_copies_side_by_side_part_unless_their_gradient_is_the_same():
    assert side_by_side(0.2).severity == "note"
    assert "so that they part" in side_by_side(0.2).evidence
    assert side_by_side(0.1).severity == "warning"
    assert "stay the same" in side_by_side(0.1).evidence


def test_few_entries_and_one_of_many_weights_that_are_the_same():
    values = layers(1.0, 1.0)
    own = matrices(2, scheme="torch_linear")
    few = [
        parameter("layers.0.p", (4, 3), scheme="torch_linear"),
        parameter("layers.1.p", (4, 3), scheme="torch_linear", copy_of="layers.0.p"),
    ]
    assert "layers_identical" not in drawn(values, [*own, *few])
    more = [replace(each, shape=(16, 16)) for each in few]
    found = drawn(values, [*own, *more])["layers_identical"]
    assert found.evidence.startswith("1 of 2 weights of layers.1 are those of layers.0")


def test_what_is_detached_is_said():
    values = layers(1.0, 1.0, 1.0)
    for place in range(3):
        values[place] = replace(
            values[place], figures=replace(values[place].figures, gradient=None)
        )
    lost = "nothing of the loss depends on it"
    own = [
        parameter("tokens.weight", gradient=None, no_gradient=lost),
        parameter("layers.0.weight", gradient=None, no_gradient=lost),
        *matrices(3)[1:],
    ]
    note = drawn(values, own)["no_gradient"]
    assert note.severity == "note"
    assert "no gradient comes back through layers.0.tanh (detached)" in note.evidence
    assert lost not in note.evidence


def test_what_is_right_behind_zeros_stands_still_at_first():
    """As the layers to which a norm of weight zero hands zeros."""
    values = stream(1.0, 1.0, 1.0)
    values[1] = replace(values[1], parameters=("blocks.0.norm.weight",))
    zero = {"std": 0.0, "ends": (0.0, 0.0)}
    own = [
        parameter("blocks.0.norm.weight", (16,), **zero),
        parameter("blocks.0.fc.weight", gradient=0.0),
        parameter("blocks.0.proj.weight"),
    ]
    note = drawn(values, own)["starts_at_zero"]
    assert (note.module, note.value) == ("blocks.0.norm", 1)
    assert "1 parameter gets none at the first step alone, blocks.0.fc.weight" in note.evidence


def test_one_dead_branch_among_many_is_a_warning():
    same = {"std": 0.0, "ends": (0.0, 0.0), "gradient": 0.0}
    own = [
        parameter(f"blocks.{k}.{name}.weight", **(same if k == 1 else {}))
        for k in range(3)
        for name in ("fc", "proj")
    ]
    found = drawn(stream(1.0, 1.0, 1.0, 1.0), own)["units_identical"]
    assert (found.severity, found.module) == ("warning", "blocks.1.fc")


def test_weights_that_make_units_identical_are_named():
    values = relus(3, 0.25 * 2**0.5)
    values[4] = replace(
        values[4], figures=replace(values[4].figures, std_across_units=0.0, distinct_units=1)
    )
    own = matrices(3)
    own[1] = parameter("layers.1.weight", std=0.0, mean=0.1, ends=(0.1, 0.1))
    found = drawn(values, own)["units_identical"]
    assert (found.module, found.severity) == ("layers.1", "severe")
    assert found.evidence == "all 256 entries of layers.1.weight are 0.10"
    assert found.advice


def test_inf_is_followed_off_the_stream_to_where_it_comes_from():
    values = layers(1.0, 1.0)
    ill = value("add", 1, module="shift", nonfinite=3)
    values = [
        *values[:2],
        ill,
        *(replace(each, parents=(k + 2,)) for k, each in enumerate(values[2:])),
    ]
    values[3:] = [replace(each, figures=replace(each.figures, nonfinite=3)) for each in values[3:]]
    found = drawn(values)["overflow"]
    assert (found.module, found.layer) == ("shift.add", 3)


def test_lost_values_and_other_outputs():
    """What nothing makes use of is a warning; what the model returns beside its loss is a note."""
    values = layers(1.0, 1.0)
    values.insert(1, value("linear", 0, module="aside", parameters=["aside.weight"], gradient=None))
    values[2] = replace(values[2], parents=(0,))
    values[3:] = [replace(each, parents=(each.parents[0] + 1,)) for each in values[3:]]
    parameters = [*matrices(2), parameter("aside.weight", gradient=None)]
    found = drawn(values, parameters)["no_gradient"]
    assert (found.severity, found.module) == ("warning", "aside")
    assert drawn(values, parameters, outputs=[1])["no_gradient"].severity == "note"
    unused = [*matrices(2), parameter("old.weight", gradient=None, no_gradient="not used")]
    found = drawn(layers(1.0, 1.0), unused)["no_gradient"]
    assert (found.severity, found.module, found.line) == ("note", "old", None)


@pytest.mark.parametrize("why", [FROZEN, UNDER_NO_GRAD])
def test_values_that_are_lost_of_what_is_frozen_are_a_note(why: str):
    values = layers(1.0, 1.0)
    values.append(value("linear", 0, module="aside", parameters=["aside.weight"], gradient=None))
    aside = parameter("aside.weight", gradient=None, no_gradient=why)
    found = drawn(values, [*matrices(2), aside])["no_gradient"]
    assert (found.severity, found.module) == ("note", "aside")


def test_gradients_that_are_not_finite_are_no_missing_ones():
    lost = parameter("layers.1.weight", gradient=None, no_gradient=NOT_FINITE)
    assert "no_gradient" not in drawn(layers(1.0, 1.0), [*matrices(1), lost])


def test_parameters_that_are_not_finite_explain_values_that_are_not():
    values = layers(1.0, 1.0, 1.0)
    values[3:] = [replace(each, figures=replace(each.figures, nonfinite=7)) for each in values[3:]]
    assert list(drawn(values)) == ["overflow"]
    ill = parameter("layers.1.weight")
    ill = replace(ill, statistics=replace(ill.statistics, nonfinite=3))
    found = drawn(values, [ill])
    assert list(found) == ["nonfinite_parameter", "overflow"]
    assert found["overflow"].because == "nonfinite_parameter"
    assert found["nonfinite_parameter"].severity == "severe"
    assert "3 of the 256 entries of layers.1.weight" in found["nonfinite_parameter"].evidence


def test_infinite_scores_behind_a_mask_are_no_fault():
    values = layers(1.0, 1.0)
    masked = value("masked_fill", 2, nonfinite=4)
    after = [masked, value("softmax", 5), value("linear", 6, parameters=["head.weight"])]
    assert list(drawn([*values, *after])) == ["healthy"]


@pytest.mark.parametrize(
    ("entropy", "severity"),
    [(None, None), (0.26, None), (0.24, "note"), (0.11, "note"), (0.09, "warning")],
)
def test_attention(entropy: float | None, severity: str | None):
    attention = value("scaled_dot_product_attention", 4, module="attn", entropy=entropy)
    found = drawn([*layers(1.0, 1.0), attention])
    assert ("attention_one_hot" in found) == (severity is not None)
    if severity is not None:
        note = found["attention_one_hot"]
        assert (note.module, note.value, note.severity) == ("attn", entropy, severity)


def relus(number: int, std: float):
    """Layers with ReLU whose root mean squares fall or grow as those of weights of this size do."""
    factor = std * 4 / 2**0.5
    found = layers(*(factor ** (k + 1) for k in range(number)))
    return [replace(each, operation="relu") if each.operation == "tanh" else each for each in found]


@pytest.mark.parametrize(
    ("std", "verdict"), [(0.25 / 3**0.5, "vanishing_signal"), (1.0, "exploding_signal")]
)
def test_a_scheme_that_does_not_fit_its_activation(std: float, verdict: str):
    own = matrices(12, std=std, scheme="some_scheme")
    found = drawn(relus(12, std), own)
    assert found[verdict].because == "scheme_unfit"
    assert "12 of its 12 weights look like some_scheme" in found["scheme_unfit"].evidence
    assert "scheme_unfit" not in drawn(relus(3, std), own)


def test_a_scheme_is_counted_by_the_layers_that_have_it():
    small = 0.25 / 3**0.5
    own = [*matrices(4, scheme="he_normal", std=0.25 * 2**0.5), *matrices(12, scheme="small")[4:]]
    own[4:] = [replace(each, scaled_std=4 * small) for each in own[4:]]
    found = drawn(relus(12, small), own)["scheme_unfit"]
    assert found.module == "layers.4"
    assert "8 of its 12 weights look like small" in found.evidence
    assert "over 8 layers by 6.0e-7" in found.evidence


@pytest.mark.parametrize("name", ["leaky_relu", "gelu", "silu"])
def test_activations_beside_relu_have_their_own_sizes(name: str):
    values = [
        replace(each, operation=name) if each.operation == "relu" else each
        for each in relus(12, 0.25 / 3**0.5)
    ]
    found = drawn(values, matrices(12, std=0.25 / 3**0.5, scheme="torch_linear"))
    assert "scheme_unfit" in found
    assert "needs" in found["scheme_unfit"].evidence


def test_sizes_needed_keep_the_power():
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    weights /= weights.sum()
    cdf = np.array([NormalDist().cdf(each) for each in z])
    for name, y in {"relu": z * (z > 0), "gelu": z * cdf, "silu": z / (1 + np.exp(-z))}.items():
        assert NEEDED[name][1] == pytest.approx((weights @ y**2) ** -0.5, abs=1e-4)


def test_fans_of_transposed_convolutions():
    def found(scheme: str, kind: str = "ConvTranspose2d", fan_in: int = 144):
        one = parameter(
            "up.weight", (16, 8, 3, 3), kind=kind, fan_in=fan_in, fan_out=72, scheme=scheme
        )
        return drawn([value("conv_transpose2d", parameters=["up.weight"])], [one])

    note = found("kaiming_normal (fan_out)")["fans_swapped"]
    assert (note.module, note.severity) == ("up", "note")
    assert note.value == pytest.approx(2**0.5)
    assert "fans_swapped" not in found("kaiming_normal")
    assert "fans_swapped" not in found("torch_linear, fans by its shape")
    assert "fans_swapped" not in found("kaiming_normal (fan_out)", kind="Conv2d")
    assert "fans_swapped" not in found("kaiming_normal (fan_out)", fan_in=36)  # a stride of 2


def test_every_verdict_of_whole_models_is_found_by_one():
    own = {name for name, each in DEFINITIONS.items() if each.find is None}
    assert own - {name for name in own if DEFINITIONS[name].find_in_model} == {"scheme_unfit"}


def test_a_gradient_that_fades_over_steps_of_shared_weights_is_noted(sound):
    note = sound("loop")["vanishing_gradient"]
    assert note.severity == "note"
    assert note.evidence.endswith("its layers share weights, which the last ones move")


def fading(factor: float, operation: str):
    """Six layers behind each other, the gradient of the last one this often that of the first."""
    found = [value("embedding", module="tokens", parameters=["tokens.weight"])]
    for k in range(6):
        module, back = f"layers.{k}", factor ** (-k / 5)
        found.append(value("linear", len(found) - 1, module=module, parameters=[f"{module}.w"]))
        found.append(value(operation, len(found) - 1, module=module, gradient=back))
        found.append(value("tanh", len(found) - 1, module=module, gradient=back))
    return found


@pytest.mark.parametrize(
    ("factor", "name", "plain", "normed"),
    [
        (5e3, "exploding_gradient", "severe", "note"),
        (5e4, "exploding_gradient", "severe", "warning"),
        (1e-3, "vanishing_gradient", "warning", "note"),
        (1e-8, "vanishing_gradient", "severe", "warning"),
        (0.0, "vanishing_gradient", "severe", "severe"),
    ],
)
def test_gradients_behind_norms_may_change_more(factor: float, name: str, plain: str, normed: str):
    def severity(operation: str):
        values = fading(factor or 1.0, operation)
        if not factor:
            values[2:] = [
                replace(each, figures=figures(128, gradient=0.0 if k < 6 else 1.0))
                for k, each in enumerate(values[2:])
            ]
        return drawn(values)[name].severity

    assert (severity("dropout"), severity("batch_norm")) == (plain, normed)


def test_gradients_are_compared_over_all_numbers():
    """As where windows are put on the first axis, which are no inputs."""
    values = fading(1.0, "dropout")
    windows = [
        replace(each, shape=(8_000_000, 16), figures=figures(128_000_000, gradient=1e-3))
        for each in values[10:13]
    ]
    found = drawn([*values[:10], *windows, *values[13:]])
    assert list(found) == ["healthy"]
