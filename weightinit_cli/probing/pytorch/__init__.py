"""PyTorch: how a model of it is built, watched and left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        from weightinit_cli.probing.pytorch.state import seeded

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
        from weightinit_cli.probing.pytorch.observing import observe

        return observe(model, inputs, loss, seed=seed, exact=exact)

    def versions(self) -> Mapping[str, str]:
        """Torch's version."""
        import torch

        return {"torch": str(torch.__version__)}
