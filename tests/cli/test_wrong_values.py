"""A value of another type, or an extreme one, anywhere in a saved result: never a traceback.

It is refused as it is read, with its place, or every command says what it says of any result.
"""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.trees import at, dotted, places
from weightinit_cli.errors import WinitError
from weightinit_cli.experiments import run
from weightinit_cli.results import dump_result, load_result
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = "activation: tanh\ninitializer: xavier_normal\n"
SPECS = {
    "histogram": f"{START}samples: 6\nwidth: [3, 2]\nhistogram: {{bins: 2, range: auto}}\n",
    "repeated": f"{START}samples: 6\nwidth: [3, 2]\nrepeats: 2\nhistogram: {{bins: 2, "
    "range: per_layer}\n",
    "convolution": f"{START}samples: 4\nchannels: [2, 2]\nkernel: [3, 3]\nimage: [4, 4, 1]\n",
    "symmetry": f"{START}experiment: symmetry\ndata: xor\nwidth: [2]\nsteps: 3\n",
    "training": f"{START}experiment: training\ndata: digits\nwidth: [2]\nsteps: 2\nrepeats: 2\n",
}
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 3, 5.5, 1e308, -1e308, 1e-320, 2**63, 2**64 - 1, "x", "", "\ud800",
    "a\x1b[31m", [], {}, [1], ["x"], [[1.0]], {"a": 1}, {"name": "x"},
)  # fmt: skip
TRIES = 40
MOST = {"check": 4, "plot": 2}  # which take longer
COMMANDS = (
    "show b/x", "show b/x --json", "diff a b --format github", "diff b a", "check b",
    "plot b/x --format svg",
)  # fmt: skip


@cache
def _saved(kind: str) -> str:
    if kind == "training":
        pytest.importorskip("sklearn")
    return dump_result(run(parse_spec(SPECS[kind], source=f"{kind}.yaml", stem=kind)))


def damaged(kind: str) -> Iterator[tuple[str, Any, str]]:
    """Every place with every value: the place, the value, and the file's text."""
    tree = json.loads(_saved(kind))
    for path in places(tree):
        for value in VALUES:
            changed = copy.deepcopy(tree)
            at(changed, path[:-1])[path[-1]] = value
            yield dotted(path), value, json.dumps(changed)


def save(text: str, side: str) -> None:
    place = Path(side, "x")
    place.mkdir(parents=True, exist_ok=True)
    (place / "stats.json").write_text(text)


def is_read() -> bool:
    try:
        load_result("b/x")
    except WinitError:
        return False
    return True


@pytest.mark.parametrize("kind", SPECS)
def test_wrong_value_anywhere(winit: Callable, kind: str):
    """As many as there is time for, drawn anew for each kind but the same in every run."""
    save(_saved(kind), "a")
    chance = random.Random(kind)  # noqa: S311
    left = dict(MOST)
    tree = json.loads(_saved(kind))
    for path in chance.sample(found := places(tree), min(TRIES, len(found))):
        changed = copy.deepcopy(tree)
        at(changed, path[:-1])[path[-1]] = value = chance.choice(VALUES)
        save(json.dumps(changed), "b")
        if not is_read():
            continue
        for command in COMMANDS:
            name = command.split()[0]
            left[name] = left.get(name, len(COMMANDS) * TRIES) - 1
            if left[name] < 0:
                continue
            done = winit(*command.split())
            assert done.code in (0, 1, 2), (command, dotted(path), value, done.err)
            assert len(done.err.splitlines()) == (done.code == 2), (command, dotted(path), value)
