"""The programs as texts: what they call, that they hold together, and that their numbers are ours.

`test_live.py` runs them where the libraries are.
"""

from __future__ import annotations

import builtins
import dis
import math
from itertools import chain
from types import CodeType

import pytest

from support import snippets
from support.cases import every
from support.snippets import spec_of
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.initializers.samplers import TRUNCATED_STD
from weightinit_cli.snippets import LIBRARIES, jax, keras, snippet, torch
from weightinit_cli.snippets.start import Law, Scaling, listed, program_of

ALL = [
    case.values[0]
    for case in chain(
        snippets.initialized(kernels=False),
        snippets.initialized(kernels=True),
        snippets.biased(),
        snippets.activated(),
    )
]
RELU = spec_of(activation="relu", initializer="kaiming_normal", layers=20)
TORCH = '''\
"""spec: 20 dense layers with relu; weights kaiming_normal (mode fan_in), biases zeros."""

from itertools import pairwise

from torch import nn

WIDTHS = [100] * 21  # size of an input, then of each layer


def build():
    layers = []
    for fan_in, fan_out in pairwise(WIDTHS):
        layer = nn.Linear(fan_in, fan_out)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers)
'''


def test_a_whole_program():
    assert snippet(RELU, "torch") == TORCH


def names(code: CodeType) -> tuple[set[str], set[str]]:
    """The global names that a program and its functions bind, and those that they look up."""
    bound, sought = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            bound.add(instruction.argval)
        elif instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            sought.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = names(constant)
            bound |= inner[0]
            sought |= inner[1]
    return bound, sought


@pytest.mark.parametrize("library", LIBRARIES)
@every("spec", ALL)
def test_a_program_defines_what_it_uses(library, spec):
    text = snippet(spec, library)
    bound, sought = names(compile(text, "model.py", "exec"))
    assert sought - bound <= {*dir(builtins), "__name__"}
    assert bound - sought <= {"build", "forward", "__doc__", "__module__", "__qualname__"}
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("table", [torch.ACTIVATIONS, keras.ACTIVATIONS, jax.ACTIVATIONS])
def test_every_activation_has_its_lines(table):
    assert table.keys() == ACTIVATIONS.keys()


def value(text: str, **known: float) -> float:
    return float(eval(text, {"math": math, **known}))  # noqa: S307


def std_of(law: Law | Scaling, **known: float) -> float:
    """The standard deviation that the numbers in a text mean."""
    if isinstance(law, Scaling):
        return value(law.root(), **known)
    numbers = [value(number, **known) for number in law.numbers]
    return {
        "constant": lambda value: 0,
        "normal": lambda mean, std: std,
        "truncated_normal": lambda mean, std: TRUNCATED_STD * std,
        "uniform": lambda low, high: (high - low) / math.sqrt(12),
        "symmetric": lambda bound: bound / math.sqrt(3),
    }[law.name](*numbers)


@every("spec", ALL)
def test_standard_deviations_are_ours(spec):
    pairs = [(start, gain) for start in program_of(spec).starts for gain in start.gain.values]
    layers = build_network(spec).weighted
    for number, (layer, (found, gain)) in enumerate(zip(layers, pairs, strict=True)):
        columns = {"outputs" if spec.convolution else "fan_out": layer.columns}
        area = math.prod(spec.convolution.kernel) if spec.convolution else 1
        known = {
            "fan_in": layer.fan_in, "fan_out": layer.columns * area, "gain": gain,
            "layers": number, **columns,
        }  # fmt: skip
        if not isinstance(found.weights, str):
            assert std_of(found.weights, **known) == pytest.approx(layer.weights.std, rel=1e-8)
        bias = layer.bias.std if layer.bias else 0
        assert std_of(found.bias, **known) == pytest.approx(bias, rel=1e-8)


# The library's own name where it has the law, else the law's numbers.
CALLS = [
    ("kaiming_normal", 'kaiming_normal_(layer.weight, nonlinearity="relu")',
     'VarianceScaling(\n                2, "fan_in", "untruncated_normal"',
     'variance_scaling(2, "fan_in", "normal")'),
    ("he_normal", "trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)", "HeNormal()",
     "he_normal()"),
    ("he_uniform", 'kaiming_uniform_(layer.weight, nonlinearity="relu")', "HeUniform()",
     "he_uniform()"),
    ("xavier_normal", "xavier_normal_(layer.weight)",
     'VarianceScaling(\n                1, "fan_avg", "untruncated_normal"',
     'variance_scaling(1, "fan_avg", "normal")'),
    ("glorot_normal", "std = math.sqrt(2 / (fan_in + fan_out)) / 0.879625661", "GlorotNormal()",
     "glorot_normal()"),
    ("glorot_uniform", "xavier_uniform_(layer.weight)", "GlorotUniform()", "glorot_uniform()"),
    ("lecun_normal", "std = math.sqrt(1 / fan_in) / 0.879625661", "LecunNormal()",
     "lecun_normal()"),
    ("torch_linear", "kaiming_uniform_(layer.weight, a=math.sqrt(5))", "VarianceScaling(",
     'variance_scaling(0.333333333, "fan_in", "uniform")'),
    ("orthogonal", "orthogonal_(layer.weight)", "Orthogonal()", "orthogonal()"),
    ({"name": "normal", "std": 0.01}, "normal_(layer.weight, std=0.01)", "RandomNormal(0, 0.01)",
     "normal(0.01)"),
    ({"name": "xavier_normal", "gain": 1.5}, "xavier_normal_(layer.weight, gain=1.5)",
     '2.25, "fan_avg"', '2.25, "fan_avg"'),
    ({"name": "kaiming_normal", "negative_slope": 0.5}, "kaiming_normal_(layer.weight, a=0.5)",
     '1.6, "fan_in"', '1.6, "fan_in"'),
]  # fmt: skip


@pytest.mark.parametrize(("initializer", "of_torch", "of_keras", "of_jax"), CALLS, ids=str)
def test_calls(initializer, of_torch, of_keras, of_jax):
    spec = spec_of(initializer=initializer)
    for library, call in zip(LIBRARIES, (of_torch, of_keras, of_jax), strict=True):
        assert call in snippet(spec, library)


def test_theorys_numbers_are_filled_in():
    critical = snippet(
        spec_of(initializer="critical", bias={"name": "normal", "std": 0.3}), "torch"
    )
    assert "std=1.40125" in critical or "math.sqrt(fan_in)" in critical
    auto = snippet(spec_of(initializer={"name": "xavier_normal", "gain": "auto"}), "torch")
    assert "GAINS = [1] + [1.59253742] * 4\n" in auto
    assert "nn.init.xavier_normal_(layer.weight, gain=gain)" in auto


@pytest.mark.parametrize("library", LIBRARIES)
def test_refused(library):
    with pytest.raises(SpecError, match="pretraining: no library draws layers that were pretr"):
        snippet(spec_of(pretraining={}), library)
    with pytest.raises(SpecError, match="bias: the critical line is for"):
        snippet(spec_of(activation="relu", initializer="critical", bias="ones"), library)


@every("values, text", [
    ([5], "[5]"),
    ([5, 5], "[5, 5]"),
    ([5] * 3, "[5] * 3"),
    ([784] + [100] * 20, "[784] + [100] * 20"),
    ([1, 2, 3, 3, 3, 3, 2, 1.5], "[1, 2] + [3] * 4 + [2, 1.5]"),
])  # fmt: skip
def test_listed(values, text):
    assert listed(values) == text
    assert eval(text) == values  # noqa: S307
