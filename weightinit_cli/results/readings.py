"""What is read out of results over steps, wherever they are told: their ends, their gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.results.symmetry import SymmetryResult
from weightinit_cli.results.training import TrainingResult

if TYPE_CHECKING:
    from weightinit_cli.results.consistency import AnyResult
    from weightinit_cli.results.training import BestOf


def interruption(result: AnyResult) -> str | None:
    """`interrupted after step 30 of network 2` where ^C has ended a training; None else."""
    if not isinstance(result, TrainingResult) or result.interrupted is None:
        return None
    step, network = result.interrupted
    of = f" of network {network:,}" if result.spec["repeats"] > 1 else ""
    return f"interrupted after step {step:,}{of}"


def ending(result: AnyResult) -> list[str]:
    """In words what ended a run, or networks of it, before the last step."""
    said = []
    if isinstance(result, SymmetryResult) and result.diverged is not None:
        said.append(f"diverged at step {result.diverged:,}")
    if isinstance(result, TrainingResult):
        number = len(result.networks)
        steps = [each.diverged for each in result.networks if each.diverged is not None]
        if steps and number == 1:
            said.append(f"diverged at step {steps[0]:,}")
        elif steps:
            first = f"the first at step {min(steps):,}"
            said.append(f"{len(steps):,} of {number:,} networks diverged, {first}")
    stopped = interruption(result)
    return said if stopped is None else [*said, stopped]


def best_of_few(result: TrainingResult) -> list[BestOf]:
    """What choosing from up to half of the networks gives.

    Larger choices are ever more alike, up to the only one of all of them: that they spread little
    says nothing of other networks.
    """
    return [best for best in result.best_of if 2 * best.k <= len(result.networks)]
