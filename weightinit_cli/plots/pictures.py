"""Pictures as files, name and bytes.

The module of this package that is named like an experiment draws its results: `drawings(result)`
gives the pictures of a run by their names, the one that says most first; `comparison(name, spec,
runs, expected)` that of many runs, of which it keeps only what is drawn, None where there is none.
`left_out(axes)` says before the first run what that picture will draw where it does not draw all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weightinit_cli.plots.engine.look import PLAIN
from weightinit_cli.plots.engine.page import Page
from weightinit_cli.plots.engine.render import render, render_inline
from weightinit_cli.results.forecast import PhaseDiagram
from weightinit_cli.results.store import COMPARISON
from weightinit_cli.results.together import Compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.figure import Figure

    from weightinit_cli.plots.engine.drawing import Drawing
    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import AnyComparedRun

# The rows that a small picture keeps: that of the layers, as the gradient is over depth, too.
MOST_ROWS = {"histogram": 1}


def drawings(result: AnyResult) -> dict[str, Drawing | Page]:
    """The pictures of a run by their names, the one that says most first."""
    drawn: dict[str, Drawing | Page] = _module(result.spec).drawings(result)
    return drawn


def drawings_of(shown: Any) -> dict[str, Drawing | Page]:
    """The pictures of whatever draws itself; raises ValueError where there is nothing to draw."""
    if isinstance(shown, PhaseDiagram):
        return {"phase": compose_phase(shown)}
    if not isinstance(shown, Compared):
        return drawings(shown)
    runs = shown.runs()
    drawing = _module(shown.spec).comparison(shown.name, shown.spec, runs, len(runs))
    if drawing is None:
        raise ValueError("there is no picture of these results together")
    return {COMPARISON: drawing}


def portrait(shown: Any) -> bytes:
    """The picture that says most, as PNG."""
    digest = getattr(shown, "digest", "")
    return render(next(iter(drawings_of(shown).values())), "png", digest)


def figure(shown: Any, picture: str | None = None) -> Figure:
    """A picture as a Figure with matplotlib's own Axes; by default the one that says most."""
    from weightinit_cli.plots.engine import axes, paint

    found = drawings_of(shown)
    name = next(iter(found)) if picture is None else picture
    if name not in found:
        raise ValueError(f"expected one of the pictures {', '.join(found)}, not {picture!r}")
    drawing = found[name]
    return axes.figure(drawing) if isinstance(drawing, Page) else paint.figure(drawing)


def pictures(result: AnyResult, formats: Iterable[str], look: Look = PLAIN) -> dict[str, bytes]:
    """All pictures of a run in each of the formats, by file name."""
    return _rendered(drawings(result), formats, result.digest, look)


def comparison_pictures(
    name: str,
    spec: Mapping[str, Any],
    runs: Iterable[AnyComparedRun],
    expected: int,
    formats: Iterable[str],
    look: Look = PLAIN,
) -> dict[str, bytes]:
    """The picture over the runs of one spec in each of the formats; none where none can be drawn.

    `spec` is the first run's normal form, and `expected` how many runs there are with those that
    failed.
    """
    drawing: Drawing | Page | None = _module(spec).comparison(name, spec, runs, expected)
    return {} if drawing is None else _rendered({COMPARISON: drawing}, formats, "", look)


def inline_pictures(result: AnyResult) -> dict[str, tuple[str, str]]:
    """All pictures of a run as SVG for a page of HTML, by their names, without their titles.

    Each whole, and small: without notes and grid, and of some of them fewer rows.
    """
    return {
        name: (render_inline(name, each), render_inline(name, each, MOST_ROWS.get(name), lean=True))
        for name, each in drawings(result).items()
    }


def inline_comparison(
    name: str, spec: Mapping[str, Any], runs: Iterable[AnyComparedRun], expected: int
) -> str | None:
    """The picture over the runs of one spec as SVG for a page of HTML; None where there is none.

    `spec` is the first run's normal form, and `expected` how many runs there are with those that
    failed.
    """
    drawing: Drawing | Page | None = _module(spec).comparison(name, spec, runs, expected)
    return None if drawing is None else render_inline(COMPARISON, drawing)


def left_out(experiment: str, axes: Iterable[tuple[str, Sequence[Any]]]) -> list[str]:
    """What the picture of many runs draws where it does not draw all: `40 of 200 values of width`.

    The axes are the paths that are varied, each with its values. Needs no matplotlib.
    """
    drawn: list[str] = _module({"experiment": experiment}).left_out(axes)
    return drawn


def compose_phase(diagram: PhaseDiagram) -> Page:
    """The phase diagram of an activation, with the standard initializers on it."""
    from weightinit_cli.plots.phase import phase_page

    return phase_page(diagram)


def _module(spec: Mapping[str, Any]) -> Any:
    return import_module(f"weightinit_cli.plots.{spec['experiment']}")


def _rendered(
    drawn: Mapping[str, Drawing | Page], formats: Iterable[str], digest: str, look: Look
) -> dict[str, bytes]:
    wanted = tuple(dict.fromkeys(formats))
    return {
        f"{picture}.{name}": render(drawing, name, digest, look)
        for picture, drawing in drawn.items()
        for name in wanted
    }
