"""winit's tables against what torch and Keras gave when `torch.json`, `keras.json` were recorded.

The recorded numbers are the peers'; a difference is a bug here, a new convention there, or a
note in the record. Recording anew: see `record_torch.py` and `record_keras.py`.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from support.cases import every
from support.peers import compare
from support.peers.tables import FOLDER, TRACE_DRAWS, TRACE_SIZE, load
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.parameters import REQUIRED, Parameter

# Recorded, but not in our tables yet; a name that is in them must leave this set.
NOT_YET: set[str] = set()

LIBRARIES = ("torch", "keras")
RECORDED = {library: load(library) for library in LIBRARIES}


def recorded(section: str) -> list[object]:
    """Every entry of both libraries under its name and parameters; those not yet ours left out."""
    return [
        pytest.param(library, entry, id=f"{library}-{label(entry)}")
        for library in LIBRARIES
        for entry in RECORDED[library][section]
        if entry["name"] not in NOT_YET and entry["name"] is not None
    ]


def label(entry: compare.Entry) -> str:
    """A name that is unique in its section."""
    parameters = [f"{key}={value:.4g}" if isinstance(value, float) else str(value)
                  for key, value in entry["parameters"].items()]  # fmt: skip
    if "call" in entry:
        parameters += [entry["call"].rpartition("init")[2].partition(".")[2], str(entry["fans"])]
    return " ".join([entry["name"], *parameters])


def find(
    library: str, name: str | None, section: str = "initializers", **parameters: object
) -> compare.Entry:
    """The one entry for a plain matrix with these parameters."""
    [entry] = [
        entry
        for entry in RECORDED[library][section]
        if entry["name"] == name and entry["parameters"] == parameters and not entry["kernel"]
    ]
    return entry


def test_not_yet_is_exactly_what_is_missing():
    names = {
        entry["name"]
        for library in LIBRARIES
        for section in ("activations", "initializers", "matrices")
        for entry in RECORDED[library][section]
    }
    assert names - compare.OURS - {None} == NOT_YET


@every("figure", ["value", "derivative"])
@pytest.mark.parametrize(("library", "entry"), recorded("activations"))
def test_activation(library, entry, figure):
    if entry[figure] is None:
        assert entry["name"] == "step", "only the step has no derivative in the peers"
        return
    assert not compare.wrong_points(library, entry, figure)


@pytest.mark.parametrize(("library", "entry"), recorded("activations"))
def test_kinks(library, entry):
    assert compare.activation(entry).kinks == tuple(entry["kinks"])


@pytest.mark.parametrize("entry", RECORDED["torch"]["backward"], ids=label)
def test_backward(entry):
    assert not compare.wrong_backward("torch", entry)


def test_backward_is_recorded_of_all_that_torch_can_differentiate():
    forwards, backwards = (
        [(entry["name"], entry["parameters"]) for entry in RECORDED["torch"][section]]
        for section in ("activations", "backward")
    )
    assert backwards == [entry for entry in forwards if entry[0] != "step"]


@every("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("library", "entry"), recorded("initializers"))
def test_initializer(library, entry, dtype):
    assert not compare.wrong_figures(compare.sampler(entry), entry, dtype)


@pytest.mark.parametrize(("library", "entry"), recorded("matrices"))
def test_matrix(library, entry):
    assert not compare.wrong_matrix(entry)


@pytest.mark.parametrize("library", LIBRARIES)
def test_orthogonal_is_haar(library):
    assert not compare.wrong_trace(RECORDED[library]["trace"])


@pytest.mark.parametrize("entry", RECORDED["torch"]["gains"], ids=lambda e: e["nonlinearity"])
def test_gain(entry):
    """Kaiming's gains, by the slope where there is one, else given."""
    parameters = {
        "relu": {},
        "leaky_relu": {"negative_slope": entry["param"] or 0.01},
    }.get(entry["nonlinearity"], {"gain": entry["gain"]})
    ours = compare.named_sampler("kaiming_normal", [200, 400], parameters)
    assert ours.std * math.sqrt(200) == pytest.approx(entry["gain"], rel=1e-14)


# name, our parameter, torch's, Keras's
DEFAULTS = [
    ("normal", "std", "std", "stddev"),
    ("normal", "mean", "mean", "mean"),
    ("uniform", "low", "a", "minval"),
    ("uniform", "high", "b", "maxval"),
    ("truncated_normal", "std", "std", "stddev"),
    ("truncated_normal", "mean", "mean", "mean"),
    ("orthogonal", "gain", "gain", "gain"),
    ("leaky_relu", "negative_slope", "negative_slope", "negative_slope"),
    ("prelu", "negative_slope", "init", "alpha_initializer"),
    ("elu", "alpha", "alpha", "alpha"),
    ("celu", "alpha", "alpha", "alpha"),
    ("soft_shrink", "threshold", "lambd", "threshold"),
    ("hard_shrink", "threshold", "lambd", "threshold"),
    ("threshold", "threshold", "threshold", "threshold"),
    ("threshold", "value", "value", "default_value"),
]


@pytest.mark.parametrize(
    ("name", "ours", "torchs", "kerass"),
    [row for row in DEFAULTS if row[0] not in NOT_YET],
    ids=lambda text: text,
)
def test_no_default_where_the_peers_differ(name, ours, torchs, kerass):
    torch_default = RECORDED["torch"]["defaults"][name][torchs]
    keras_defaults = RECORDED["keras"]["defaults"]
    keras_default = keras_defaults.get(name, keras_defaults.get(f"{name}, layer"))[kerass]
    row = ACTIVATIONS.get(name) or INITIALIZERS[name]
    [parameter] = [p for p in row.parameters if p.name == ours]
    assert isinstance(parameter, Parameter)
    if torch_default != keras_default or torch_default == "required":
        assert parameter.default is REQUIRED
    else:
        assert parameter.default in (torch_default, REQUIRED)


# Ours has a default where one peer alone has the parameter, or both have the same.
@pytest.mark.parametrize(
    ("library", "name", "ours", "theirs"),
    [
        ("torch", "sparse", "sparsity", "sparsity"),
        ("torch", "sparse", "std", "std"),
        ("keras", "squareplus", "b", "b"),
        ("torch", "hard_shrink", "threshold", "lambd"),
        ("keras", "soft_shrink", "threshold", "threshold"),
    ],
)
def test_default_is_the_peers(library, name, ours, theirs):
    row = ACTIVATIONS.get(name) or INITIALIZERS[name]
    [parameter] = [p for p in row.parameters if p.name == ours]
    default = RECORDED[library]["defaults"][name][theirs]
    assert parameter.default == (REQUIRED if default == "required" else default)


def test_a_recorded_bias_is_compared_with_the_law_of_our_biases():
    [weight, bias] = [e for e in RECORDED["torch"]["initializers"] if e["name"] == "torch_linear"]
    assert (compare.is_bias(weight), compare.is_bias(bias)) == (False, True)
    ours = compare.sampler(bias)
    assert ours.std == INITIALIZERS["torch_linear"].build_bias(Fans(200, 1)).std
    # The fans of a vector alone would be a factor of sqrt(200).
    alone = compare.named_sampler("torch_linear", [1, 400], {})
    assert abs(compare.scores(compare.draw(alone, bias["fans"]), bias)["std"]) > compare.LIMIT


# What the comparison can tell apart ------------------------------------------------------------


def beyond(name: str, entry: compare.Entry, **parameters: object) -> set[str]:
    """The figures of ours under `name` that are not the entry's."""
    ours = compare.named_sampler(name, entry["fans"], parameters)
    z = compare.scores(compare.draw(ours, entry["fans"]), entry)
    return {figure for figure, score in z.items() if abs(score) > compare.LIMIT}


def test_lecun_is_not_he():
    """A factor of √2."""
    assert {"std", "quantile 0.05"} <= beyond("lecun_normal", find("keras", "he_normal"))


def test_uncorrected_truncation_is_not_corrected():
    """A factor of 0.8796."""
    he = math.sqrt(2 / 200)
    assert {"std", "quantile 0.25"} <= beyond(
        "truncated_normal", find("keras", "he_normal"), std=he
    )


def test_plain_is_not_truncated():
    """The standard deviation is the same; the rest is not."""
    figures = beyond("kaiming_normal", find("keras", "he_normal"))
    assert "std" not in figures
    assert {"kurtosis", "quantile 0.01", "quantile 0.99"} <= figures


def test_torch_cuts_at_absolute_two():
    """With std 2 at one standard deviation: neither ours nor a plain one."""
    entry = find("torch", None, std=2.0)
    assert "std" in beyond("truncated_normal", entry, std=2.0)
    assert "std" in beyond("normal", entry, std=2.0)
    truncated = 1 - 2 * math.exp(-0.5) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(0.5))
    assert entry["std"] == pytest.approx(2 * math.sqrt(truncated), rel=2e-3)


@pytest.mark.parametrize("factor", [math.sqrt(2), math.sqrt(0.5), 0.87962566, 1 / 0.87962566, 0.99])
@pytest.mark.parametrize(
    ("library", "entry"), [("torch", find("torch", "xavier_normal")),
                           ("keras", find("keras", "he_uniform"))]
)  # fmt: skip
def test_a_factor_is_seen(library, entry, factor):
    sample = compare.draw(compare.sampler(entry), entry["fans"])
    assert abs(compare.scores(sample * factor, entry)["std"]) > compare.LIMIT


@pytest.mark.parametrize(("library", "name"), [("torch", "kaiming_normal"), ("keras", "he_normal")])
def test_swapped_fans_are_seen(library, name):
    entry = find(library, name)
    swapped = compare.named_sampler(name, entry["fans"][::-1], {})
    assert abs(compare.scores(compare.draw(swapped, entry["fans"]), entry)["std"]) > compare.LIMIT


def test_fans_of_a_kernel_are_multiplied():
    """Taking a (3, 3, 20, 40) kernel's fans as (20, 40) is a factor of 3."""
    [entry] = [
        entry
        for entry in RECORDED["keras"]["initializers"]
        if entry["name"] == "he_normal" and entry["kernel"]
    ]
    assert entry["fans"] == [9 * 20, 9 * 40]
    without = compare.named_sampler("he_normal", entry["kernel"][2:], {})
    assert without.std / entry["std"] == pytest.approx(3, rel=1e-2)


def test_a_qr_without_signs_is_seen():
    class Biased:
        whole = True

        def fill(self, panel, generator):
            panel[...] = np.linalg.qr(generator.standard_normal(panel.shape))[0]

    generator = np.random.Generator(np.random.PCG64DXSM(1))
    traces = np.empty(TRACE_DRAWS)
    matrix = np.empty((TRACE_SIZE, TRACE_SIZE))
    for k in range(TRACE_DRAWS):
        Biased().fill(matrix, generator)
        traces[k] = np.trace(matrix)
    assert abs(traces.mean()) > 5 * math.sqrt(2 / TRACE_DRAWS)


def test_derivative_of_the_wrong_gelu_is_seen():
    entry = find_activation("gelu", approximate="none")
    other = {**entry, "parameters": {"approximate": "tanh"}}
    for figure in ("value", "derivative"):
        assert not compare.wrong_points("torch", entry, figure)
        assert compare.wrong_points("torch", other, figure)


def test_a_wrong_slope_below_is_seen():
    """Layer by layer: the other gelu, relu for its leaky neighbour."""
    entries = {label(entry): entry for entry in RECORDED["torch"]["backward"]}
    for name, parameters in (
        ("gelu none", {"approximate": "tanh"}),
        ("leaky_relu negative_slope=0.1", {"negative_slope": 0.1 + 1e-9}),
        ("celu alpha=0.5", {"alpha": 0.6}),
    ):
        entry = entries[name]
        assert not compare.wrong_backward("torch", entry)
        wrong = compare.wrong_backward("torch", {**entry, "parameters": parameters})
        keys = {line.partition(":")[0] for line in wrong}
        assert {"signal_rms", "weight_rms", "signal", "weights"} <= keys


def find_activation(name: str, **parameters: object) -> compare.Entry:
    """The one entry with these parameters."""
    [entry] = [
        entry
        for entry in RECORDED["torch"]["activations"]
        if entry["name"] == name and entry["parameters"] == parameters
    ]
    return entry


def test_the_records_are_small_and_say_where_they_come_from():
    sizes = [(FOLDER / f"{library}.json").stat().st_size for library in LIBRARIES]
    assert sum(sizes) < 150_000
    for library in LIBRARIES:
        assert json.dumps(RECORDED[library], allow_nan=False)
        assert {library, "numpy", "python"} <= RECORDED[library]["versions"].keys()
        assert f"record_{library}.py" in RECORDED[library]["command"]


@pytest.mark.parametrize("figure", ["mean", "std"])
def test_plain_truncation_by_formula(figure):
    """Keras's own record against the closed form: 0.8796 of the given std."""
    entry = find("keras", "truncated_normal", std=2.0)
    error = entry["std"] / math.sqrt(entry["count"])
    expected = {"mean": 0.0, "std": 2 * 0.87962566103423978}[figure]
    assert entry[figure] == pytest.approx(expected, abs=5 * error)
    ours = INITIALIZERS["truncated_normal"].build(Fans(200, 400), std=2.0)
    assert ours.std == pytest.approx(2 * 0.87962566103423978, rel=1e-15)
