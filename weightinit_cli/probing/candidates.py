"""The schemes that a parameter may have been drawn by, as the laws of their entries.

Those whose variance follows from the fans stand in the initializers' table; beside them are laws
without fans, with a standard deviation of few digits.
"""

from __future__ import annotations

from functools import cache
from math import floor, hypot, inf, log10, prod, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.expected import DRAWN, Entries, errors
from weightinit_cli.initializers.samplers import LAWS, Fans
from weightinit_cli.initializers.table import INITIALIZERS
from weightinit_cli.numerals import short

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from weightinit_cli.initializers.table import Initializer
    from weightinit_cli.results.model import WeightStatistics
    from weightinit_cli.results.probe import ProbedParameter

# So many standard deviations off is no chance any more: 1 of 150,000 figures.
LIMIT: Final = 4.5
# The largest of n uniform entries lies by more than this share / n below their bound: 1 of 8,000.
ALONE: Final = 9.0
# The mean square of an orthogonal matrix is known exactly, to the rounding of float32.
EXACT: Final = 1e-6
GAINS: Final = {"": 1.0, " (gain √2)": sqrt(2)}
# Torch counts a transposed convolution's outputs as inputs, and attention's three matrices as one.
BY_SHAPE: Final = ", fans by its shape"
# Modules of torch that draw all they have from U(±1/√hidden), and hidden units are their fan_out.
RECURRENT: Final = frozenset(("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"))
# What GPT-2 divides by √branches in the last matrix of each.
PLAIN: Final = 0.02


class Scheme(NamedTuple):
    """A scheme by its name, and the law of the entries that it draws."""

    name: str
    law: Entries


def scheme_of_matrix(parameter: ProbedParameter) -> tuple[str, str] | None:
    """The schemes that make a matrix as a whole: the identity, and orthogonal ones."""
    found, n = parameter.statistics, prod(parameter.shape)
    if parameter.fan_in is None or found.mean is None or found.std is None:
        return None
    rows = parameter.shape[0]
    sides = sorted((rows, n // rows))
    if found.min == 0 and found.max and found.mean:
        ones = round(found.mean / found.max * n)
        if ones in {sides[0], parameter.shape[1]} and found.zero_fraction == 1 - ones / n:
            name = "identity" if len(parameter.shape) == 2 else "dirac"
            return name, f"{ones:,} entries are {found.max:.4g}, all others are 0"
    for said, gain in GAINS.items():
        square = hypot(found.mean, found.std) ** 2 * sides[1] / gain**2
        if abs(square - 1) < EXACT and sides[0] > 1:
            exactly = f"the mean square of its entries is exactly {gain**2:.3g} / {sides[1]:,}"
            return f"orthogonal{said}", exactly
    return None


def known_schemes(
    parameter: ProbedParameter,
    weights: ProbedParameter | None,
    branches: Collection[int],
    n: int,
) -> Iterator[Scheme]:
    """Known schemes of a parameter's shape, the likeliest first."""
    if weights is not None and weights.fan_in:
        fans = Fans(weights.fan_in, weights.fan_out or weights.fan_in)
        if weights.fan_in == 1:  # of an embedding, in which nothing is summed
            yield Scheme("normal (std 1)", _law("normal", 1.0, n))
        if weights.kind in RECURRENT and weights.fan_out:
            yield Scheme("uniform (± 1/√hidden)", _law("uniform", weights.fan_out**-0.5, n))
        scaled = _scaled(fans) if parameter is weights else _scaled(fans)[:1]
        yield from (Scheme(name, law._replace(size=n)) for name, law in scaled)
        by_shape = _fans_by_shape(weights.shape)
        if by_shape != fans:
            scaled = _scaled(by_shape) if parameter is weights else _scaled(by_shape)[:1]
            yield from (Scheme(f"{name}{BY_SHAPE}", law._replace(size=n)) for name, law in scaled)
    for number in sorted(branches):
        yield Scheme(f"normal (std {PLAIN} / √{number})", _law("normal", PLAIN / sqrt(number), n))


def own_schemes(found: WeightStatistics, n: int) -> Iterator[Scheme]:
    """Laws that have the parameter's own mean and standard deviation, as round as they may be."""
    if found.std is None or found.mean is None:
        return
    for name in LAWS:
        mean = 0.0 if abs(found.mean) < LIMIT * found.std / sqrt(n) else found.mean
        farthest = max((found.max or 0.0) - mean, mean - (found.min or 0.0))
        scale = found.std / LAWS[name].std
        off = 4 * scale * errors(name, n)[1]
        least, most = scale - off, scale + off
        if name == "uniform":  # its ends tell more than its standard deviation
            scale = least = farthest
            most = farthest * (1 + ALONE / n)
        elif name == "truncated_normal":
            least = max(least, farthest / 2)
        scale = _round(scale, least, most)
        bounds = f"± {short(f'{scale:.3g}')}"
        said = bounds if name == "uniform" else f"std {short(f'{scale:.3g}')}"
        if mean:
            said = f"mean {short(f'{mean:.3g}')}, {said}"
        yield Scheme(f"{name} ({said})", _law(name, scale, n, mean))


def _fans_by_shape(shape: tuple[int, ...]) -> Fans:
    """The fans as torch counts them by the shape alone: (out, in, ...), whatever the layer."""
    field = prod(shape[2:])
    return Fans(shape[1] * field, shape[0] * field)


@cache
def _scaled(fans: Fans) -> list[tuple[str, Entries]]:
    """The table's schemes that scale a variance by these fans, torch's first, and a plain LeCun.

    The first of all is torch's own default.
    """
    rows = {name: row for name, row in INITIALIZERS.items() if _scales(row)}
    order = sorted(
        rows, key=lambda name: (name != "torch_linear", "torch" not in rows[name].convention)
    )
    found: list[tuple[str, Entries]] = []
    for name in order:
        modes = next((each.choices for each in rows[name].parameters if each.name == "mode"), ())
        for mode in modes or [""]:
            sampler = rows[name].build(fans, **({"mode": mode} if mode else {}))
            said = f"{name} ({mode})" if mode not in {"", "fan_in"} else name
            found.append((said, _law(sampler.law, sampler.std / LAWS[sampler.law].std, 0)))
    if fans.fan_in > 1:
        found.append(("normal (std 1/√fan_in)", _law("normal", 1 / sqrt(fans.fan_in), 0)))
    return found


def _scales(row: Initializer) -> bool:
    """Whether a row draws independent entries whose variance follows from the fans alone."""
    if not row.needs_fans or row.only or row.theory or row.activation or row.data_dependent:
        return False
    if any(each.required for each in row.parameters) or row.source:
        return False
    return bool(row.build(Fans(4, 4)).law)


def _law(law: str, scale: float, size: int, mean: float = 0.0) -> Entries:
    return Entries(law, mean, scale, size, DRAWN * scale)


def _round(value: float, least: float, most: float) -> float:
    """The number of fewest digits between two others; 1, 2 and 5 are the roundest."""
    if not 0 < value < inf:
        return value
    power = floor(log10(value))
    for digit in (1, 2, 5, 10):
        if least <= (rounded := float(f"{digit}e{power}")) <= most:
            return rounded
    for digits in range(5):
        for rounded in (
            round(value, digits - power),
            round(value + 0.5 * 10.0 ** (power - digits), digits - power),
        ):
            if least <= rounded <= most:
                return rounded
    return value
