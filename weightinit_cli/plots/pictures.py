"""A result's pictures as files: name and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.plots.compose import compose, compose_comparison, compose_depth
from weightinit_cli.plots.render import render
from weightinit_cli.results.histogram import KERNELS
from weightinit_cli.results.store import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from weightinit_cli.plots.drawing import Drawing
    from weightinit_cli.results import AnyResult, Result, SymmetryResult, TrainingResult
    from weightinit_cli.results.comparison import Comparison, TrainedRun


def drawings(result: AnyResult) -> dict[str, Drawing]:
    """The pictures of a run by their names, the one that says most first."""
    return DRAWINGS[result.spec["experiment"]](result)


def first_drawing(result: AnyResult) -> Drawing:
    """The picture of a run that says most."""
    return next(iter(drawings(result).values()))


def portrait(result: AnyResult) -> bytes:
    """The picture of a run that says most, as PNG."""
    return render(first_drawing(result), "png", result.digest)


def pictures(result: AnyResult, formats: Iterable[str]) -> dict[str, bytes]:
    """All pictures of a run in each of the formats, by file name."""
    return _rendered(drawings(result), formats, result.digest)


def training_pictures(runs: Sequence[TrainedRun], formats: Iterable[str]) -> dict[str, bytes]:
    """The losses of several runs in one picture, in each of the formats."""
    from weightinit_cli.plots.training import training_picture

    drawing = training_picture([(run.label, run.result) for run in runs])
    return _rendered({COMPARISON: drawing}, formats)


def comparison_pictures(comparison: Comparison, formats: Iterable[str]) -> dict[str, bytes]:
    """The picture over several runs in each of the formats; none where nothing can be drawn."""
    drawing = compose_comparison(comparison)
    if drawing is None:
        return {}
    return _rendered({COMPARISON: drawing}, formats)


def _rendered(
    drawn: Mapping[str, Drawing], formats: Iterable[str], digest: str = ""
) -> dict[str, bytes]:
    wanted = tuple(dict.fromkeys(formats))
    return {
        f"{picture}.{name}": render(drawing, name, digest)
        for picture, drawing in drawn.items()
        for name in wanted
    }


def _of_histogram(result: Result) -> dict[str, Drawing]:
    drawn = {"histogram": compose(result), "depth": compose_depth(result)}
    if result.kernels is not None:
        from weightinit_cli.plots.kernels import kernels_picture

        drawn[KERNELS] = kernels_picture(result, result.kernels)
    return drawn


def _of_symmetry(result: SymmetryResult) -> dict[str, Drawing]:
    from weightinit_cli.plots.symmetry import symmetry_picture

    return {"symmetry": symmetry_picture(result)}


def _of_training(result: TrainingResult) -> dict[str, Drawing]:
    from weightinit_cli.plots.training import training_picture

    return {"training": training_picture([(result.name, result)])}


# One row per experiment.
DRAWINGS: Final[dict[str, Callable[[Any], dict[str, Drawing]]]] = {
    "histogram": _of_histogram,
    "symmetry": _of_symmetry,
    "training": _of_training,
}
