"""Pictures as files, name and bytes.

The module of this package that is named like an experiment draws its results: `drawings(result)`
gives the pictures of a run by their names, the one that says most first; `comparison(name, spec,
runs, expected)` that of many runs, of which it keeps only what is drawn, None where there is none.
`left_out(axes)` says before the first run what that picture will draw where it does not draw all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.engine.render import render
from weightinit_cli.results.store import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.plots.engine.drawing import Drawing
    from weightinit_cli.plots.engine.page import Page
    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.forecast import PhaseDiagram


def drawings(result: AnyResult) -> dict[str, Drawing | Page]:
    """The pictures of a run by their names, the one that says most first."""
    drawn: dict[str, Drawing | Page] = _module(result.spec).drawings(result)
    return drawn


def first_drawing(result: AnyResult) -> Drawing | Page:
    """The picture of a run that says most."""
    return next(iter(drawings(result).values()))


def portrait(result: AnyResult) -> bytes:
    """The picture of a run that says most, as PNG."""
    return render(first_drawing(result), "png", result.digest)


def pictures(result: AnyResult, formats: Iterable[str]) -> dict[str, bytes]:
    """All pictures of a run in each of the formats, by file name."""
    return _rendered(drawings(result), formats, result.digest)


def comparison_pictures(
    name: str,
    spec: Mapping[str, Any],
    runs: Iterable[AnyComparedRun],
    expected: int,
    formats: Iterable[str],
) -> dict[str, bytes]:
    """The picture over the runs of one spec in each of the formats; none where none can be drawn.

    `spec` is the first run's normal form, and `expected` how many runs there are with those that
    failed.
    """
    drawing: Drawing | Page | None = _module(spec).comparison(name, spec, runs, expected)
    return {} if drawing is None else _rendered({COMPARISON: drawing}, formats)


def left_out(experiment: str, axes: Iterable[tuple[str, Sequence[Any]]]) -> list[str]:
    """What the picture of many runs draws where it does not draw all: `40 of 200 values of width`.

    The axes are the paths that are varied, each with its values. Needs no matplotlib.
    """
    drawn: list[str] = _module({"experiment": experiment}).left_out(axes)
    return drawn


def compose_phase(diagram: PhaseDiagram) -> Drawing:
    """The phase diagram of an activation, with the standard initializers on it."""
    from weightinit_cli.plots.phase import phase_picture

    return phase_picture(diagram)


def _module(spec: Mapping[str, Any]) -> Any:
    return import_module(f"weightinit_cli.plots.{spec['experiment']}")


def _rendered(
    drawn: Mapping[str, Drawing | Page], formats: Iterable[str], digest: str = ""
) -> dict[str, bytes]:
    wanted = tuple(dict.fromkeys(formats))
    return {
        f"{picture}.{name}": render(drawing, name, digest)
        for picture, drawing in drawn.items()
        for name in wanted
    }
