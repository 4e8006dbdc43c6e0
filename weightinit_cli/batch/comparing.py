"""The pictures over all runs of a spec, beside each other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from weightinit_cli.results import SymmetryResult, TrainingResult
from weightinit_cli.results.comparison import (
    VARIANT,
    ComparedRun,
    Comparison,
    TrainedRun,
    compared,
)
from weightinit_cli.results.describe import full_name
from weightinit_cli.saving import Drawn, drawn
from weightinit_cli.spec import expand, normal_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec


def compared_run(result: AnyResult, spec: AnySpec) -> ComparedRun | TrainedRun | None:
    """What the comparison needs of one of several runs.

    Of a mere variant all, of another one its curves; nothing where there is no such picture.
    """
    if not spec.run or isinstance(result, SymmetryResult):
        return None
    alone = [path for path, _ in spec.varied] == [VARIANT]
    if isinstance(result, TrainingResult):
        return TrainedRun(spec.varied[0][1] if alone else spec.label, result)
    return compared(result, spec.label, spec.varied, keep=alone)


def comparison(
    spec: AnySpec, runs: Iterable[ComparedRun | TrainedRun], formats: Sequence[str]
) -> Drawn:
    """The comparison in each of the formats, by file name; none where there is nothing to draw."""
    return drawn(partial(_pictures, spec, runs, formats)) if formats else Drawn({})


def _pictures(
    spec: AnySpec, runs: Iterable[ComparedRun | TrainedRun], formats: Sequence[str]
) -> dict[str, bytes]:
    from weightinit_cli.plots import comparison_pictures, training_pictures
    from weightinit_cli.plots.comparison import MOST_ROWS

    if spec.experiment == "training":
        trained = list(_drawn_or_counted(each for each in runs if isinstance(each, TrainedRun)))
        return training_pictures(trained, formats) if trained else {}
    few = len(expand(spec)) <= MOST_ROWS  # more variants are curves, which need no histograms
    told = tuple(
        each if few else replace(each, result=None)
        for each in runs
        if isinstance(each, ComparedRun)
    )
    if not told:
        return {}
    return comparison_pictures(
        Comparison(full_name(spec.name, spec.overrides), normal_form(spec), told), formats
    )


def _drawn_or_counted(runs: Iterable[TrainedRun]) -> Iterator[TrainedRun]:
    """The first as they are; of those that the picture only counts there may be very many."""
    from weightinit_cli.plots.training import MOST

    for number, each in enumerate(runs):
        drawn = number < MOST
        yield each if drawn else replace(each, result=replace(each.result, networks=()))
