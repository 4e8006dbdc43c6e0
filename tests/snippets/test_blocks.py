"""Programs of torch for normalized layers, residual blocks, an output layer and few digits."""

from __future__ import annotations

import json

import numpy as np
import pytest

from support.blocks import normalize
from support.snippets import spec_of
from weightinit_cli import run
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_activations
from weightinit_cli.results.words import described
from weightinit_cli.snippets import LIBRARIES, snippet

NORMS = ("layer_norm", "rms_norm", "batch_norm")
CASES = [
    *({"normalization": kind} for kind in NORMS),
    {"residual": {}},
    {"residual": {"branch": 1, "scale": 0.3}, "activation": "relu"},
    {"residual": {"scale": "1/sqrt(branches)"}, "features": 7},
    *(
        {"normalization": kind, "residual": {"placement": placement, "scale": 0.5}}
        for kind in NORMS
        for placement in ("pre", "post")
    ),
    {"output": {"classes": 4, "bias": {"name": "normal", "std": 1}}, "activation": "erf"},
    {"residual": {}, "output": {"classes": 3}, "activation": ["relu", "tanh", "tanh"]},
]


def of(**keys):
    return spec_of(**{"width": 16, "layers": 3, "samples": 20, "dtype": "float64", **keys})


def built(spec):
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    names = {}
    exec(compile(snippet(spec, "torch"), "model.py", "exec"), names)  # noqa: S102
    return torch, names["build"]()


def passed(spec, linear, x):
    """What the formulas make of x, of the weights of these linear layers in their order."""

    def affine(x):
        layer = next(linear)
        return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()

    residual, kind = spec.residual, spec.normalization
    if residual is not None and spec.features != spec.width[0]:
        x = affine(x)
    for activation in build_activations(spec):
        if residual is None:
            x = activation.value(normalize(kind, affine(x))[0])
            continue
        before, after = (kind if residual.placement == each else None for each in ("pre", "post"))
        f = activation.value(affine(normalize(before, x)[0]))
        f = affine(f) if residual.branch == 2 else f
        x = normalize(after, x + residual.factor(spec.layers) * f)[0]
    return x if spec.output is None else affine(x)


@pytest.mark.parametrize("keys", CASES, ids=json.dumps)
def test_a_program_of_torch_is_the_network(keys):
    spec = of(bias={"name": "normal", "std": 1}, **keys)
    torch, model = built(spec)
    x = np.random.Generator(np.random.PCG64DXSM(7)).standard_normal((20, spec.features))
    with torch.no_grad():
        found = model(torch.tensor(x)).numpy()
    linear = iter([each for each in model.modules() if isinstance(each, torch.nn.Linear)])
    assert np.abs(found - passed(spec, linear, x)).max() < 1e-12 * max(np.abs(found).max(), 1)
    assert next(linear, None) is None


def test_second_layers_projections_and_outputs_are_drawn_by_their_own_laws():
    spec = of(
        features=400, width=300, initializer="he_normal", layers=1, activation="relu",
        residual={"initializer": {"name": "normal", "std": 0.01}},
        output={"classes": 90, "initializer": {"name": "normal", "std": 0.002}},
    )  # fmt: skip
    torch, model = built(spec)
    linear = [each for each in model.modules() if isinstance(each, torch.nn.Linear)]
    stds = [float(each.weight.detach().std()) for each in linear]
    assert stds == pytest.approx([400**-0.5, (2 / 300) ** 0.5, 0.01, 0.002], rel=0.03)


def test_a_scale_of_zero_is_learned():
    torch, model = built(of(residual={"scale": "zero"}))
    x = torch.randn(5, 16, dtype=torch.float64)
    assert torch.equal(model(x), x)
    model(x).square().sum().backward()
    scales = [each for name, each in model.named_parameters() if name.endswith("scale")]
    assert len(scales) == 3
    assert all(each.grad != 0 for each in scales)


def test_an_output_on_convolutions_sees_all_values():
    spec = spec_of(dtype="float64", image=[4, 4, 2], channels=[3, 5], kernel=[3, 3],
              output={"classes": 6})  # fmt: skip
    torch, model = built(spec)
    assert model(torch.randn(7, 2, 4, 4, dtype=torch.float64)).shape == (7, 6)


@pytest.mark.parametrize("library", sorted(set(LIBRARIES) - {"torch"}))
@pytest.mark.parametrize(
    "keys", [{"normalization": "rms_norm"}, {"residual": {}}, {"output": {"classes": 2}}]
)
def test_other_libraries_refuse_plainly(library, keys):
    [key] = keys
    with pytest.raises(SpecError, match=f"{key}: is said in the lines of torch alone, not of"):
        snippet(of(**keys), library)


def test_the_title_says_what_there_is_beside_plain_layers():
    spec = of(residual={"scale": 0.5}, output={"classes": 10})
    assert "; residual (branch 2, scale 0.5); an output of 10 classes" in " ".join(
        snippet(spec, "torch").split()
    )
    assert "residual (branch 2, scale 0.5)" in described(run(spec).spec)
