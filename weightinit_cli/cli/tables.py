"""The table that suits a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.results import SymmetryResult, TrainingResult

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult


def lines(result: AnyResult) -> list[str]:
    """What is printed of a result, line by line."""
    if isinstance(result, SymmetryResult):
        from weightinit_cli.cli.steps import steps_table

        return steps_table(result)
    if isinstance(result, TrainingResult):
        from weightinit_cli.cli.scores import scores_table

        return scores_table(result)
    from weightinit_cli.cli.table import table

    return table(result)
