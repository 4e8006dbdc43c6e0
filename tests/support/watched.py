"""Small models of torch, and what a probe sees of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli import probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results.probe import ProbedValue, ProbeResult

torch = pytest.importorskip("torch")


class Model(torch.nn.Module):
    """A model whose forward is a function of itself and the input, with modules by their names."""

    def __init__(self, function: Callable[..., Any], **modules: Any) -> None:
        super().__init__()
        self.function = function
        for name, each in modules.items():
            setattr(self, name, each)

    def forward(self, *given: Any, **named: Any) -> Any:
        return self.function(self, *given, **named)


def inputs(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def names(result: ProbeResult) -> list[str]:
    return [each.name for each in result.values]


def values(result: ProbeResult) -> dict[str, ProbedValue]:
    return {each.name: each for each in result.values}


def watch(function: Callable[..., Any], batch: Any, **modules: Any) -> ProbeResult:
    """Probe a model of these modules under a seed of its own."""
    return probe(Model(function, **modules), batch)
