"""What choosing the best of several trained networks gives."""

from __future__ import annotations

from math import ldexp, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.results import BestOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import Trained

Array = np.ndarray[Any, Any]

# Of up to so many networks every k is told, of more those that a picture and a table can show.
EVERY_K = 1000
FIRST_K = 100
PER_DECADE = 50
# Shares are counted in units of 2 ** -UNIT, which are lost in any sum of them.
UNIT = 1000


def best_of(networks: Sequence[Trained]) -> tuple[BestOf, ...]:
    """What choosing the best of k by validation gives on test data, for k = 1 .. n.

    The best is the one of the smallest validation loss; a network without a finite one comes
    last. Of more than EVERY_K networks not every k is told.
    """
    n = len(networks)
    if n < 2 or any(each.validation is None or each.test.loss is None for each in networks):
        return ()
    ranked = sorted(networks, key=_validation_loss)
    accuracies = np.array([each.test.accuracy for each in ranked])
    losses = np.array([each.test.loss for each in ranked], dtype=np.float64)
    found = []
    for k in _told(n):
        shares = _shares(n, k)
        accuracy, loss = float(shares @ accuracies), float(shares @ losses)
        found.append(
            BestOf(
                k=k,
                accuracy_mean=accuracy,
                accuracy_std=sqrt(float(shares @ (accuracies - accuracy) ** 2)),
                loss_mean=loss,
                loss_std=sqrt(float(shares @ (losses - loss) ** 2)),
            )
        )
    return tuple(found)


def _told(n: int) -> list[int]:
    """Every k, or the first ones, half of n, n, and in between evenly on a logarithmic axis."""
    if n <= EVERY_K:
        return list(range(1, n + 1))
    decades = np.log10(n / FIRST_K)
    spread = np.geomspace(FIRST_K, n, round(PER_DECADE * decades) + 1).round().astype(int)
    return sorted({*range(1, FIRST_K), *spread.tolist(), n // 2, n})


def _shares(n: int, k: int) -> Array:
    """In which share of all subsets of k of n networks each is the best; the best first.

    C(n - 1 - i, k - 1) / C(n, k) for the i-th, from 0, each from the one before, in whole numbers
    of units: so they are rounded once.
    """
    shares = np.zeros(n)
    units = (k << UNIT) // n
    for i in range(n - k + 1):
        if not units:
            break
        shares[i] = ldexp(units, -UNIT)
        units = units * (n - i - k) // max(n - 1 - i, 1)
    return shares


def _validation_loss(network: Trained) -> float:
    loss = network.validation.loss if network.validation else None
    return float("inf") if loss is None else loss
