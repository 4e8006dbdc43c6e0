"""Saved results as the trees of their JSON: every place in one, and what tests do to it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from weightinit_cli.errors import WinitError
from weightinit_cli.results import STATS, dump_line, load_result

if TYPE_CHECKING:
    from collections.abc import Callable


def edit(folder: Path | str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what is saved in a result's folder."""
    file = Path(folder) / STATS
    tree = json.loads(file.read_text(encoding="utf-8"))
    change(tree)
    file.write_text(json.dumps(tree), encoding="utf-8")


def places(value: object, path: tuple = ()) -> list[tuple]:
    """The path of every value."""
    found = [path] if path else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        found += places(item, (*path, key))
    return found


def at(tree: Any, path: tuple) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def dotted(path: tuple) -> str:
    return ".".join(map(str, path))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**400)
    | st.floats()
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def mutations(draw: st.DrawFn, tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with one to three values replaced, removed, doubled or added."""
    mutated = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(mutated)))
        parent, key = at(mutated, path[:-1]), path[-1]
        match draw(st.sampled_from(["replace", "remove", "add", "nest"])):
            case "replace":
                parent[key] = draw(JSON)
            case "remove":
                del parent[key]
            case "nest":
                parent[key] = draw(st.sampled_from([[parent[key]], {"a": parent[key]}]))
            case "add" if isinstance(parent, list):
                parent.insert(key, draw(JSON))
            case _:
                parent[draw(st.text(max_size=5))] = draw(JSON)
        if not places(mutated):
            break
    return mutated


def loads_or_refuses(file: Path) -> None:
    """A result that can be written again, or a WinitError on one line with the path."""
    said = None
    try:
        dump_line(load_result(file))
    except WinitError as error:
        said = str(error)
    assert said is None or said.startswith(f"{file}: ")
    assert said is None or "\n" not in said
