"""Specs of convolutions: what is filled in, what comes back, and what is worth a note."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli.convolution import Axis, Convolution, Shape
from weightinit_cli.spec import digest, normal_form, notes, parse_spec, spec_from_normal_form

TEXT = "activation: relu\ninitializer: {}\n"


def parse(more: str, initializer: str = "he_normal"):
    return parse_spec(TEXT.format(initializer) + more, source="x.yaml", stem="x")


def test_one_key_is_enough():
    for text in ("channels: 16", "kernel: 3", "image: [16, 16, 3]", "padding: circular"):
        assert parse(text) == parse("channels: 16")
    spec = parse("stride: 1")
    assert spec.convolution == Convolution(
        Shape(16, 16, 3), (16,) * 5, (3, 3), "circular", (1,) * 5
    )
    assert (spec.features, spec.width, spec.layers) == (768, (4096,) * 5, 5)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("channels: [4, 8]\n", (4 * 256, 8 * 256)),
        ("channels: 4\nstride: [1, 2, 1]\n", (4 * 256, 4 * 64, 4 * 64)),
        ("channels: 4\nlayers: 2\npadding: valid\nkernel: [5, 1]\n", (4 * 12 * 16, 4 * 8 * 16)),
        ("channels: 4\nlayers: 2\npadding: same\nstride: 3\n", (4 * 36, 4 * 4)),
        ("channels: 4\nlayers: 2\npadding: circular\nstride: 3\n", (4 * 36, 4 * 4)),
        ("channels: 4\nlayers: 1\npadding: valid\nstride: 3\nkernel: 16\n", (4,)),
    ],
)
def test_a_unit_is_a_channel_at_a_position(text: str, width: tuple[int, ...]):
    assert parse(text).width == width


@pytest.mark.parametrize("text", ["channels: 3", "kernel: [3, 5]\nstride: [1, 2]\nsamples: 10"])
def test_round_trip_through_json(text: str):
    spec = parse(text)
    form = json.loads(json.dumps(normal_form(spec)))
    assert not {"width", "features", "pretraining"} & set(form)
    again = spec_from_normal_form(form, "stats.json")
    assert again == spec
    assert normal_form(again) == form
    assert digest(again) == digest(spec)


def test_what_is_written_otherwise_is_the_same():
    long = "channels: [16, 16]\nkernel: [3, 3]\nimage: [16, 16, 3]\nstride: [1, 1]\n"
    assert digest(parse(long)) == digest(parse("layers: 2\nkernel: 3\n"))
    assert digest(parse("kernel: [1, 3]")) != digest(parse("kernel: [3, 1]"))


@pytest.mark.parametrize(
    ("initializer", "kernel", "said"),
    [
        ("dirac", "4", ["x.yaml:3:9: kernel: 4 × 4 has no middle; dirac takes row 2, column 2, "]),
        ("dirac", "[3, 2]", ["x.yaml:3:9: kernel: 3 × 2 has no middle; dirac takes row 1, co"]),
        (
            "delta_orthogonal",
            "4",
            ["x.yaml:3:9: kernel: 4 × 4 has no middle; delta_orthogonal takes row 1, column 1, "],
        ),
        ("dirac", "[3, 5]", []),
        ("he_normal", "4", []),
        ("orthogonal", "4", []),
    ],
)
def test_which_centre_an_even_kernel_has(initializer: str, kernel: str, said: list[str]):
    found = [str(note) for note in notes(parse(f"kernel: {kernel}\n", initializer))]
    assert len(found) == len(said)
    assert all(note.startswith(start) for note, start in zip(found, said, strict=True))


def test_no_notes_of_matrices():
    assert notes(parse("", "identity")) == []


def test_pretraining_has_defaults_and_comes_back():
    spec = parse("pretraining: {method: autoencoder}\n")
    assert spec.pretraining is not None
    assert tuple(spec.pretraining) == ("autoencoder", 1000, 0.05)
    form = json.loads(json.dumps(normal_form(spec)))
    assert form["pretraining"] == {"method": "autoencoder", "steps": 1000, "learning_rate": 0.05}
    assert spec_from_normal_form(form, "stats.json") == spec
    assert digest(spec) != digest(parse(""))


SIDES = st.integers(1, 12)


@given(SIDES, SIDES, st.integers(1, 5), st.sampled_from(["circular", "same", "valid"]))
def test_every_window_has_its_places(size: int, kernel: int, stride: int, padding: str):
    if kernel > size:
        return
    axis = Axis(size, kernel, stride, padding)
    padded = axis.before + size + axis.after
    assert padded - ((axis.windows - 1) * stride + kernel) >= 0  # the last window ends inside
    assert (padding == "valid") <= (axis.before == axis.after == 0)
    if padding == "valid":
        assert axis.windows * stride + kernel > size  # one more would not
    else:
        assert axis.windows == -(-size // stride)
    if stride == 1 and padding != "valid":
        assert axis.before + axis.after == kernel - 1
        assert axis.before in (axis.after, axis.after - 1)
