"""The keys `normalization` and `residual`: what they hold, what they are with, and digests."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    Component,
    Residual,
    digest,
    expand,
    normal_form,
    parse_spec,
    spec_from_normal_form,
)

HEAD = "activation: relu\ninitializer: kaiming_normal\n"


def parse(text):
    return parse_spec(HEAD + text, source="x.yaml", stem="x")


def said(text):
    with pytest.raises(SpecError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def test_defaults():
    spec = parse("residual: {}\n")
    assert spec.residual == Residual(2, 1.0, "none", Component("lecun_normal"))
    assert parse("residual: {branch: 1}\n").residual.initializer is None
    assert parse("").residual is None
    assert parse("").normalization is None


@pytest.mark.parametrize("kind", ["layer_norm", "rms_norm", "batch_norm"])
@pytest.mark.parametrize("placement", ["pre", "post"])
def test_a_spec_comes_back_from_its_normal_form(kind, placement):
    text = f"normalization: {kind}\nresidual: {{placement: {placement}, scale: 1/sqrt(branches)}}\n"
    spec = parse(text)
    form = normal_form(spec)
    assert form["residual"] == {
        "branch": 2,
        "scale": "1/sqrt(branches)",
        "placement": placement,
        "initializer": {"name": "lecun_normal"},
    }
    again = spec_from_normal_form(form, "stats.json")
    assert (again.normalization, again.residual) == (spec.normalization, spec.residual)
    assert digest(again) == digest(spec)


@pytest.mark.parametrize("none", ["normalization: none\n", "residual: none\n"])
def test_none_is_the_same_as_nothing(none):
    assert normal_form(parse(none)) == normal_form(parse(""))
    assert digest(parse(none)) == digest(parse(""))


def test_zero_is_0_and_the_default_initializer_is_lecun_normal():
    specs = [
        parse(f"residual: {{{text}}}\n")
        for text in ("scale: 0", "scale: zero", "scale: 0.0, initializer: lecun_normal")
    ]
    assert len({digest(spec) for spec in specs}) == 1
    assert specs[0].residual.scale == 0


def test_the_number_of_branches_decides_their_scale():
    assert parse("layers: 16\nresidual: {scale: 1/sqrt(branches)}\n").residual.factor(16) == 0.25
    assert parse("residual: {scale: 0.3}\n").residual.factor(16) == 0.3


def test_parts_can_be_overridden():
    text = HEAD + "variants:\n  a: {residual.scale: 0.5}\n  b: {residual: {branch: 1}}\n  c: {}\n"
    spec = parse_spec(text, source="x.yaml", stem="x")
    found = [run.residual for run in expand(spec)]
    assert [each and each.scale for each in found] == [0.5, 1.0, None]
    assert found[1].branch == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "normalization: layernorm\n",
            "x.yaml:3:16: normalization: unknown normalization 'layernorm'; "
            "did you mean 'layer_norm'?",
        ),
        (
            "normalization: BatchNorm1d\n",
            "x.yaml:3:16: normalization: unknown normalization 'BatchNorm1d'; "
            "did you mean 'batch_norm'?",
        ),
        (
            "normalization: instance\n",
            "x.yaml:3:16: normalization: unknown normalization 'instance'; "
            "there are layer_norm, rms_norm, batch_norm, and none",
        ),
        (
            "normalization: 3\n",
            "x.yaml:3:16: normalization: must be layer_norm, rms_norm, batch_norm or none, not 3",
        ),
        (
            "residual: 2\n",
            "x.yaml:3:11: residual: must be a mapping {branch: ..., scale: ..., placement: ..., "
            "initializer: ...}, not 2",
        ),
        (
            "residual: {branch: 3}\n",
            "x.yaml:3:20: residual.branch: must be a whole number from 1 to 2, not 3",
        ),
        (
            "residual: {scale: -1}\n",
            "x.yaml:3:19: residual.scale: must be a finite number >= 0, or 1/sqrt(branches) or "
            "zero, not -1",
        ),
        (
            "residual: {placement: before}\n",
            "x.yaml:3:23: residual.placement: must be none or pre or post, not 'before'",
        ),
        (
            "residual: {plcement: pre}\n",
            "x.yaml:3:12: residual.plcement: unknown key; did you mean 'placement'?",
        ),
        (
            "residual: {placement: pre}\n",
            "x.yaml:3:23: residual.placement: pre needs a kind: "
            "normalization: layer_norm | rms_norm | batch_norm",
        ),
        (
            "residual: {brnach: 2}\n",
            "x.yaml:3:12: residual.brnach: unknown key; did you mean 'branch'?",
        ),
        (
            "residual: {scale: 1/sqrt(blocks)}\n",
            "x.yaml:3:19: residual.scale: must be a finite number >= 0, or 1/sqrt(branches) or "
            "zero, not '1/sqrt(blocks)'",
        ),
        (
            "residual: {placement: post}\n",
            "x.yaml:3:23: residual.placement: post needs a kind: "
            "normalization: layer_norm | rms_norm | batch_norm",
        ),
        (
            "normalization: batch_norm\nresidual: {placement: none}\n",
            "x.yaml:4:23: residual.placement: says where batch_norm is: take pre or post, or "
            "leave normalization out",
        ),
        (
            "normalization: layer_norm\npretraining: {steps: 2}\n",
            "x.yaml:3:1: normalization: is not for layers that are pretrained; "
            "leave pretraining out",
        ),
        (
            "residual: {branch: 1}\npretraining: {steps: 2}\n",
            "x.yaml:3:1: residual: is not for layers that are pretrained; leave pretraining out",
        ),
        (
            "normalization: rms_norm\nresidual: {branch: 1}\n",
            "x.yaml:4:11: residual.placement: says where rms_norm is: take pre or post, or leave "
            "normalization out",
        ),
        (
            "normalization: rms_norm\nresidual: {placement: none}\n",
            "x.yaml:4:23: residual.placement: says where rms_norm is: take pre or post, or leave "
            "normalization out",
        ),
        (
            "residual: {branch: 1, initializer: zeros}\n",
            "x.yaml:3:36: residual.initializer: is that of V, which a branch of 1 layer does not "
            "have",
        ),
        (
            "residual: {initializer: lecun}\n",
            "x.yaml:3:25: residual.initializer: unknown initializer 'lecun'; "
            "did you mean 'lecun_normal'?",
        ),
        (
            "residual: {initializer: critical}\n",
            "x.yaml:3:25: residual.initializer: the line of 'critical' is that of plain layers",
        ),
        (
            "residual: {}\nwidth: [8, 8, 9]\n",
            "x.yaml:4:8: width: must be the same of all layers along a stream, not 8 and 9",
        ),
        (
            "normalization: layer_norm\nwidth: [8, 1]\n",
            "x.yaml:4:8: width: layer_norm needs 2 units or more: one less its own mean is 0",
        ),
        (
            "normalization: rms_norm\nwidth: 1\n",
            "x.yaml:4:8: width: rms_norm needs 2 units or more: of one, nothing is left but its "
            "sign",
        ),
        (
            "normalization: batch_norm\nsamples: 1\n",
            "x.yaml:4:10: samples: batch_norm needs 2 inputs or more: one less its own mean is 0",
        ),
        (
            "normalization: batch_norm\nchannels: 3\n",
            "x.yaml:3:1: normalization: is for fully connected layers, not for convolutions",
        ),
        (
            "residual: {}\nchannels: 3\n",
            "x.yaml:3:1: residual: is for fully connected layers, not for convolutions",
        ),
        (
            "residual: {}\npretraining: {}\n",
            "x.yaml:3:1: residual: is not for layers that are pretrained; leave pretraining out",
        ),
    ],
)
def test_bad_input_is_located(text, message):
    assert said(text) == [message]


@pytest.mark.parametrize(
    ("initializer", "reason"),
    [
        ("lsuv", "is not for lsuv, which finds its scales on plain layers"),
        ("critical", "is not for critical, whose line is that of plain layers"),
    ],
)
@pytest.mark.parametrize("key", ["normalization: layer_norm", "residual: {}"])
def test_starts_of_plain_layers_are_refused(key, initializer, reason):
    with pytest.raises(SpecError) as caught:
        parse_spec(
            f"activation: tanh\ninitializer: {initializer}\n{key}\n", source="x.yaml", stem="x"
        )
    name = key.partition(":")[0]
    assert [str(each) for each in caught.value.problems] == [f"x.yaml:3:1: {name}: {reason}"]


@pytest.mark.parametrize("experiment", ["symmetry", "training"])
@pytest.mark.parametrize("key", ["normalization", "residual"])
def test_other_experiments_do_not_have_them(experiment, key):
    (message,) = said(f"experiment: {experiment}\n{key}: none\n")
    assert message.endswith(f"{key}: unknown key; it is a key of the experiment histogram")
