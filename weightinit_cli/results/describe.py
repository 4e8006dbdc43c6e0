"""What was run, in the few words that stand above a table or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_WIDTHS = 8


def described(spec: Mapping[str, Any]) -> list[str]:
    """The parts of a spec's normal form; what is as it always is goes without saying."""
    parts = [component(spec["activation"]), component(spec["initializer"])]
    if spec["bias"]["name"] != "zeros":
        parts.append(f"bias {component(spec['bias'])}")
    parts.append(f"width {widths(spec['width'])}")
    if spec["features"] != spec["width"][0]:
        parts.append(f"{spec['features']:,} features")
    parts += [f"{spec['samples']:,} samples", f"seed {spec['seed']}"]
    if spec.get("repeats", 1) > 1:
        parts.append(f"{spec['repeats']:,} repeats")
    if spec["dtype"] != "float32":
        parts.append(str(spec["dtype"]))
    return parts


def component(entry: Mapping[str, Any]) -> str:
    """`xavier_normal (gain 1)`: an entry's name with its parameters."""
    parameters = ", ".join(
        f"{key} {value if isinstance(value, str) else format(value, '.5g')}"
        for key, value in entry.items()
        if key != "name"
    )
    return f"{entry['name']} ({parameters})" if parameters else str(entry["name"])


def widths(width: Sequence[int]) -> str:
    """`100` where all layers are equal, else `300-600-200`, the middle of a long list elided."""
    if len(set(width)) == 1:
        return str(width[0])
    if len(width) > MOST_WIDTHS:
        return "-".join([*map(str, width[:4]), "...", *map(str, width[-2:])])
    return "-".join(map(str, width))
