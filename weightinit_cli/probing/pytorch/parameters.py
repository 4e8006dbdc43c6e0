"""The parameters of a model after its run: how they were drawn, and what gradient they got."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from weightinit_cli.network.sums import SquareSum
from weightinit_cli.probing.figures import weight_figures
from weightinit_cli.probing.pytorch.fans import fans, weight_shape
from weightinit_cli.probing.pytorch.recording import NOT_REACHED, NOT_RUN, as_array
from weightinit_cli.results.probe import FROZEN, NOT_FINITE, UNDER_NO_GRAD, ProbedParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.probing.pytorch.naming import Named, Naming
    from weightinit_cli.probing.pytorch.recording import Made

Array = np.ndarray[Any, Any]
UNUSED = "the model does not use it"
HEX_DIGITS = 12


def parameters_of(
    naming: Naming,
    used: Mapping[str, bool],
    made: Sequence[Made],
    *,
    backward: bool,
    exact: bool,
) -> tuple[ProbedParameter, ...]:
    """Every parameter once, in the model's own order.

    `used` has those that an operation used, with whether that was ever with gradients on, and
    `made` the values; `backward` says whether there was a loss to compute gradients of, and `exact`
    whether quantiles are exact.
    """
    users: dict[str, set[tuple[str, tuple[int, ...]]]] = {}
    for value in (each.value for each in made):
        for name in value.parameters:
            users.setdefault(name, set()).add((value.operation, value.shape))
    earlier: dict[tuple[str | None, tuple[int, ...]], str] = {}
    found = []
    for each in naming.parameters:
        reason = _why_none(each.parameter, each.name, used, backward=backward)
        one = _parameter(each, users.get(each.name, set()), reason, exact=exact)
        low, high = one.statistics.min, one.statistics.max
        if low is not None and low != high:  # a constant is no copy
            first = earlier.setdefault((one.statistics.stream, one.shape), one.name)
            one = replace(one, copy_of=first if first != one.name else None)
        found.append(one)
    return tuple(found)


def _parameter(
    named: Named, used_by: set[tuple[str, tuple[int, ...]]], reason: str | None, *, exact: bool
) -> ProbedParameter:
    parameter, module = named.parameter, named.module
    shape = weight_shape(module, named.own, tuple(parameter.shape))
    fan_in, fan_out = fans(module, named.own, shape, used_by)
    values = as_array(_real(parameter))
    statistics = weight_figures(values, sha256(values.data).hexdigest()[:HEX_DIGITS], exact=exact)
    gradient = None if parameter.grad is None else _rms(as_array(_real(parameter.grad)))
    if gradient is None and reason is None:
        reason = NOT_FINITE
    size = _rms(values)
    ratio = gradient / size if gradient is not None and size else None
    scaled = None
    if statistics.std is not None and fan_in is not None:
        scaled = statistics.std * sqrt(fan_in)
    return ProbedParameter(
        name=named.name,
        module=named.path,
        kind=_kind(module),
        shape=tuple(parameter.shape),
        fan_in=fan_in,
        fan_out=fan_out,
        statistics=statistics,
        scaled_std=scaled if scaled is not None and isfinite(scaled) else None,
        scheme=None,
        evidence="",
        gradient_rms=gradient,
        gradient_ratio=ratio if ratio is not None and isfinite(ratio) else None,
        no_gradient=reason,
        shared_with=named.names[1:],
        copy_of=None,
    )


def _why_none(
    parameter: torch.nn.Parameter, name: str, used: Mapping[str, bool], *, backward: bool
) -> str | None:
    """Why a parameter has no gradient, None where it has one."""
    if not parameter.requires_grad:
        return FROZEN
    if parameter.grad is not None:
        return None
    if name not in used:
        return UNUSED
    if not used[name]:
        return UNDER_NO_GRAD
    return NOT_REACHED if backward else NOT_RUN


def _kind(module: torch.nn.Module) -> str:
    """The class of a module; of a parametrized one that which it was before."""
    kind = type(module)
    if torch.nn.utils.parametrize.is_parametrized(module):
        kind = kind.__bases__[0]
    return kind.__name__


def _real(tensor: torch.Tensor) -> torch.Tensor:
    """Complex numbers as pairs of real ones."""
    return torch.view_as_real(tensor.detach()) if tensor.is_complex() else tensor


def _rms(values: Array) -> float | None:
    """The root mean square of the finite values; None without any."""
    found = SquareSum.of(values).rms()
    return found if found is not None and isfinite(found) else None
