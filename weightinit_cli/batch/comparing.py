"""The pictures over all runs of a spec, beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weightinit_cli.results.comparison import VARIANT, ComparedRun, Comparison, compared
from weightinit_cli.spec import expand, normal_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results import Result
    from weightinit_cli.spec import Spec

# Variants, which the picture shows with their histograms; more of them are curves.
MOST_KEPT = 12


def compared_run(result: Result, spec: Spec) -> ComparedRun | None:
    """What the comparison needs of one of several runs: of a mere variant, all; else its curves."""
    if not spec.run:
        return None
    alone = [path for path, _ in spec.varied] == [VARIANT]
    return compared(result, spec.run, spec.varied, keep=alone)


def comparison_files(
    spec: Spec, runs: Iterable[ComparedRun], formats: Sequence[str]
) -> dict[str, bytes]:
    """The comparison in each of the formats, by file name; none where there is nothing to draw."""
    if not formats:
        return {}
    from weightinit_cli.plots import comparison_pictures

    whole = len(expand(spec)) <= MOST_KEPT
    told = tuple(each if whole else replace(each, result=None) for each in runs)
    if not told:
        return {}
    return comparison_pictures(Comparison(spec.name, normal_form(spec), told), formats)
