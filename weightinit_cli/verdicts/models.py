"""What is wrong with a person's own model: along its streams, and of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.results.model import HEALTHY, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.probe import ProbedLoss, ProbedParameter, ProbedValue, Stream


def draw_model_verdict(
    values: Sequence[ProbedValue],  # noqa: ARG001
    parameters: Sequence[ProbedParameter],  # noqa: ARG001
    streams: Sequence[Stream],  # noqa: ARG001
    loss: ProbedLoss | None,  # noqa: ARG001
) -> tuple[Verdict, ...]:
    """What is wrong with a model, the root cause first."""
    return (Verdict(HEALTHY, None),)
