"""What a picture says in words: the spec in its subtitle, and what a panel cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.fonts import fit, printable, wrap
from weightinit_cli.plots.numbers import figure, percent, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.plots.binning import Shares
    from weightinit_cli.results.model import Result

TITLE_SIZE = 12.0
SUBTITLE_SIZE = 8.5
SEPARATOR = " · "


def component(entry: Mapping[str, Any]) -> str:
    """`xavier_normal (gain 1)`: an entry's name with its parameters."""
    parameters = ", ".join(
        f"{key} {_value(value)}" for key, value in entry.items() if key != "name"
    )
    return f"{entry['name']} ({parameters})" if parameters else str(entry["name"])


def _value(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return short(value)
    return str(value)


def widths(width: Sequence[int]) -> str:
    """`100` where all layers are equal, else `300-600-200`, the middle of a long list elided."""
    if len(set(width)) == 1:
        return str(width[0])
    if len(width) > 8:
        return "-".join([*map(str, width[:4]), "…", *map(str, width[-2:])])
    return "-".join(map(str, width))


def subtitle(spec: Mapping[str, Any]) -> list[str]:
    """The parts of the subtitle; what is as it always is goes without saying."""
    parts = [component(spec["activation"]), component(spec["initializer"])]
    if spec["bias"]["name"] != "zeros":
        parts.append(f"bias {component(spec['bias'])}")
    parts.append(f"width {widths(spec['width'])}")
    if spec["features"] != spec["width"][0]:
        parts.append(f"{spec['features']:,} features")
    parts += [f"{spec['samples']:,} samples", f"seed {spec['seed']}"]
    if spec["dtype"] != "float32":
        parts.append(str(spec["dtype"]))
    return [printable(part) for part in parts]


def heading(result: Result, room: float) -> tuple[tuple[str, float], list[str]]:
    """The title with its size, and the subtitle's lines, within `room` points."""
    title = fit(printable(result.name), TITLE_SIZE, room, 0.7 * TITLE_SIZE)
    return title, wrap(subtitle(result.spec), SEPARATOR, SUBTITLE_SIZE, room, 2)


def notes(shares: Shares, std: float | None) -> list[str]:
    """What belongs to a panel: its standard deviation, and values that it does not show."""
    if shares.empty:
        return []
    said = [f"std {figure(std)}"]
    if shares.below:
        said.append(f"{percent(shares.below)} below")
    if shares.above:
        said.append(f"{percent(shares.above)} above")
    if shares.nonfinite:
        said.append(f"{percent(shares.nonfinite)} inf or nan")
    return said


def x_label(exponent: int) -> str:
    """The name of the activations' axis, with the power of ten taken out of its ticks."""
    return f"activation (× 1e{exponent})" if exponent else "activation"
