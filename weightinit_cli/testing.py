"""What a test asserts: an initializer draws what its name says. For pytest, unittest or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightinit_cli.conformity import ALPHA
from weightinit_cli.conformity import conform as _conform

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["assert_conforms"]


def assert_conforms(
    fn: Any,
    like: str | Mapping[str, Any],
    *,
    alpha: float = ALPHA,
    seed: int = 0,
    framework: str = "",
    only: str = "",
) -> None:
    """Assert that an initializer draws what a row of winit's table draws.

    The arguments are those of `weightinit_cli.conform`. Raises AssertionError with each question
    that fails (the figure, its standard error, what is expected), then the verdict; WinitError
    where the function raises or returns no array.

        >>> import numpy as np
        >>> def mine(rng, shape):
        ...     return rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
        >>> assert_conforms(mine, {"name": "kaiming_normal"})
    """
    __tracebackhide__ = True
    found = _conform(fn, like, alpha=alpha, seed=seed, framework=framework, only=only)
    if not found.conforms:
        raise AssertionError(found.failure)
