"""PyTorch: how a model of it is built, watched and left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from weightinit_cli.probing.pytorch import building, observing, state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.probing.observing import Observation


class PyTorch:
    """Any `torch.nn.Module`; Keras 3 on torch has such models."""

    name = "torch"

    def seeded(self, seed: int) -> AbstractContextManager[None]:
        """Set the generators of torch, numpy and Python; in the end their states are as before."""
        return state.seeded(seed)

    def build(self, target: Any, seed: int) -> Any:
        """Return the model that a target is or builds."""
        with self.seeded(seed):
            return building.model_of(target)

    def example_input(self, model: Any) -> str:
        """In words, what the model may be called with."""
        return building.example_input(model)

    def observe(
        self, model: Any, inputs: Mapping[str, Input], loss: Loss, *, seed: int, exact: bool
    ) -> Observation:
        """Run the model once, forwards and backwards."""
        return observing.observe(model, inputs, loss, seed=seed, exact=exact)

    def environment(self) -> Mapping[str, Any]:
        """Torch's version, and the set of instructions that its kernels use, as AVX2."""
        instructions = torch.backends.cpu.get_cpu_capability()
        return {"torch": str(torch.__version__), "simd": [instructions]}
