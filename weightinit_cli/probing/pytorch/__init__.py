"""PyTorch: how a model of it is built, watched and left as it was."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.probing.observing import Observation


class PyTorch:
    """Any `torch.nn.Module`; Keras 3 on torch has such models."""

    name = "torch"

    def build(self, target: Any, seed: int) -> Any:
        """Return the model that a target is or builds."""
        import torch

        if isinstance(target, torch.nn.Module):
            return target
        with seeded(seed):
            model = target()
        if not isinstance(model, torch.nn.Module):
            kind = type(model).__name__
            raise WinitError(printable(f"builds a {kind}, which is no torch.nn.Module"))
        return model

    def observe(
        self, model: Any, inputs: Mapping[str, Input], loss: Loss, *, seed: int, exact: bool
    ) -> Observation:
        """Run the model once, forwards and backwards."""
        from weightinit_cli.probing.pytorch.watching import observe

        with seeded(seed):
            return observe(model, inputs, loss, seed=seed, exact=exact)

    def versions(self) -> Mapping[str, str]:
        """Torch's version."""
        import torch

        return {"torch": str(torch.__version__)}


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the generators of torch, numpy and Python; in the end their states are as before."""
    import torch

    with torch.random.fork_rng():
        states = np.random.get_state(), random.getstate()  # noqa: NPY002
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(states[0])  # noqa: NPY002
            random.setstate(states[1])
