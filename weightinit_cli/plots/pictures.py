"""A result's pictures as files: name and bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.plots.compose import compose, compose_comparison, compose_depth
from weightinit_cli.plots.render import render
from weightinit_cli.results.histogram import KERNELS
from weightinit_cli.results.store import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from weightinit_cli.plots.drawing import Drawing
    from weightinit_cli.results import AnyResult, Result, SymmetryResult, TrainingResult
    from weightinit_cli.results.comparison import ComparedRun, TrainedRun


class _View(NamedTuple):
    """An experiment on the side of its pictures.

    `of_one` draws those of a result, by their names, the one that says most first. `of_many` draws
    that of many runs, and keeps of each only what is drawn; see `comparison_pictures`.
    """

    of_one: Callable[[Any], dict[str, Drawing]]
    of_many: Callable[[str, Mapping[str, Any], Iterable[Any], int], Drawing | None] = lambda *_: (
        None
    )


def drawings(result: AnyResult) -> dict[str, Drawing]:
    """The pictures of a run by their names, the one that says most first."""
    return VIEWS[result.spec["experiment"]].of_one(result)


def first_drawing(result: AnyResult) -> Drawing:
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
    runs: Iterable[ComparedRun | TrainedRun],
    expected: int,
    formats: Iterable[str],
) -> dict[str, bytes]:
    """The picture over the runs of one spec in each of the formats; none where none can be drawn.

    `spec` is the first run's normal form, and `expected` how many runs there are with those that
    failed.
    """
    drawing = VIEWS[spec["experiment"]].of_many(name, spec, runs, expected)
    return {} if drawing is None else _rendered({COMPARISON: drawing}, formats)


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


def _of_histograms(
    name: str, spec: Mapping[str, Any], runs: Iterable[ComparedRun], expected: int
) -> Drawing | None:
    """Draw the layers of all runs: histograms of a few variants, curves or maps of more."""
    from weightinit_cli.plots.comparison import MOST_ROWS
    from weightinit_cli.results.comparison import Comparison

    few = expected <= MOST_ROWS  # more variants are curves, which need no histograms
    kept = tuple(each if few else replace(each, result=None) for each in runs)
    return compose_comparison(Comparison(name, spec, kept)) if kept else None


def _of_trainings(
    _name: str, _spec: Mapping[str, Any], runs: Iterable[TrainedRun], _expected: int
) -> Drawing | None:
    """Draw the losses of all runs; of those that are only counted there may be very many."""
    from weightinit_cli.plots.training import MOST, training_picture

    results = [
        (run.label, run.result if number < MOST else replace(run.result, networks=()))
        for number, run in enumerate(runs)
    ]
    return training_picture(results) if results else None


# One row per experiment, by its name in the spec.
VIEWS: Final = {
    "histogram": _View(_of_histogram, _of_histograms),
    "symmetry": _View(_of_symmetry),
    "training": _View(_of_training, _of_trainings),
}
