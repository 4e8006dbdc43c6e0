"""Every initializer of torch, Keras and JAX passes under its own name, and under no other one.

Beside winit and pytest, install `torch`, `keras` or `jax`, then:

    python -m pytest -m '' tests/conformity/test_peers_live.py
"""

from __future__ import annotations

import importlib.util

import pytest

from support.peer_initializers import LIKES, ONLY, OTHERS, PEERS
from weightinit_cli import WinitError, conform
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.spec import parse_initializer

pytestmark = pytest.mark.slow


@pytest.fixture(params=PEERS)
def library(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


def same(one, other):
    """Whether two likes are the same law at all fans, or the same numbers."""
    first, second = (parse_initializer(like, "like") for like in (one, other))
    samplers = [
        [INITIALIZERS[each.name].build(fans, **each.arguments) for each in (first, second)]
        for fans in (Fans(64, 16), Fans(16, 64), Fans.of_kernel((3, 3), 8, 16, first=False))
        if not {INITIALIZERS[each.name].only for each in (first, second)} & {"kernel"}
    ]
    laws = [(a.law, b.law, a.mean, b.mean) for a, b in samplers]
    if all(law and law == other and mean == off for law, other, mean, off in laws) and laws:
        return all(abs(a.std - b.std) < 1e-9 * b.std for a, b in samplers)
    return first == second


def outcome(thing, like, library, only):
    """Whether it conforms; an error is no conformity, of shapes that it cannot have."""
    try:
        return conform(thing, like, framework=library, only=only)
    except WinitError as error:
        return str(error)


def test_every_initializer_of_the_library_is_there(library):
    from importlib import import_module

    module = import_module({"torch": "torch.nn.init", "keras": "keras.initializers",
                            "jax": "jax.nn.initializers"}[library])  # fmt: skip
    public = {name for name in dir(module) if name[0] != "_" and callable(getattr(module, name))}
    if library == "torch":
        public = {name for name in public if name.endswith("_")}
    if library == "keras":
        public = {name for name in public if name[0].isupper()}
    ours = {name.partition("(")[0] for name in PEERS[library]()}
    assert public - OTHERS[library] == ours


def test_each_conforms_to_its_own_name(library):
    wrong = {}
    for name, (thing, like) in PEERS[library]().items():
        found = outcome(thing, like, library, ONLY.get(name, ""))
        if getattr(found, "conforms", False) is not True:
            wrong[name] = str(found)
    assert not wrong


def test_the_way_of_calling_is_recognised(library):
    for name, (thing, like) in PEERS[library]().items():
        found = outcome(thing, like, "", ONLY.get(name, ""))
        assert found.framework == library, (name, found)


def test_none_conforms_to_another_name(library):
    wrong = []
    for name, (thing, own) in PEERS[library]().items():
        for like in LIKES:
            if same(own, like):
                continue
            found = outcome(thing, like, library, ONLY.get(name, ""))
            if getattr(found, "conforms", False):
                wrong.append((name, like))
    assert not wrong
