"""What a framework tells of one run of a model: all that the rest of winit knows of a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedLoss, ProbedParameter, ProbedValue


class Observation(NamedTuple):
    """One run of a model, forwards and backwards; `unseen` says what could not be seen.

    `outputs` are the places of those values that the model returned.
    """

    input: Mapping[str, LayerStatistics]
    values: tuple[ProbedValue, ...]
    parameters: tuple[ProbedParameter, ...]
    loss: ProbedLoss | None
    unseen: tuple[str, ...]
    outputs: tuple[int, ...] = ()


class Framework(Protocol):
    """A library in which models are written."""

    name: str

    def seeded(self, seed: int) -> AbstractContextManager[None]:
        """Set all generators that models are drawn by; in the end their states are as before."""

    def build(self, target: Any, seed: int) -> Any:
        """Return the model that a target is or builds, its parameters drawn under the seed.

        What the target draws by any generator follows from the seed; the generators' states are
        as before afterwards. Raises WinitError where the target gives no model that can be probed.
        """

    def example_input(self, model: Any) -> str:
        """In words, what the model may be called with: for whoever has not said it."""

    def observe(
        self, model: Any, inputs: Mapping[str, Input], loss: Loss, *, seed: int, exact: bool
    ) -> Observation:
        """Run the model once, forwards and backwards, and leave it as it was found.

        Raises WinitError where it cannot be run on these inputs or has no such loss.
        """

    def environment(self) -> Mapping[str, Any]:
        """For a result's environment: the library's version, and the instructions it computes by.

        Its keys are among those of `ENVIRONMENT` in `results/kinds.py`.
        """
