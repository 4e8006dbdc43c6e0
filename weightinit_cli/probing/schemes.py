"""Which known scheme a parameter looks like it was drawn by, from its moments and its bounds.

A scheme fits where mean, standard deviation, kurtosis, smallest and largest entry lie where its law
has them of so many entries (`expected`). Several may fit: Xavier's and LeCun's are one where
fan_in = fan_out, and few entries tell little. The one that most parameters of the model have is
named, or else the first, and the others are said beside it. What no named scheme fits is called by
its law and its standard deviation, if one fits.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import floor, log, log10, prod, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.expected import Entries, Moments, errors, of_moments, z_of_rank
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.numerals import short
from weightinit_cli.probing.candidates import (
    LIMIT,
    Scheme,
    known_schemes,
    own_schemes,
    scheme_of_matrix,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from weightinit_cli.results.model import WeightStatistics
    from weightinit_cli.results.probe import ProbedParameter

# A share of the scale by which entries of a coarse dtype (bfloat16) may lie beyond a bound.
COARSE: Final = 2.0**-8
# Entries below which nothing but a bound that fans give tells of a law.
FEWEST: Final = 30
# Entries that are left out where they are so many standard deviations off, and their number.
STRAY: Final = 12.0
MOST_STRAYS: Final = 5
# The probability of a figure that is LIMIT standard deviations off, on one side.
LEAST: Final = 3.4e-6


class Look(NamedTuple):
    """The schemes that fit a parameter's entries, the likeliest first, and what these are.

    `found` are the statistics of the entries that were looked at, without those that are left out:
    the last `strays` of them. `own` says that the schemes are laws without fans. Where `said` is
    there, it is the scheme and why, whatever others have.
    """

    fitting: list[Scheme]
    found: WeightStatistics
    n: int
    strays: int = 0
    own: bool = False
    said: tuple[str | None, str] | None = None


def named(
    parameters: Sequence[ProbedParameter], branches: Collection[int] = ()
) -> tuple[ProbedParameter, ...]:
    """Say of every parameter which scheme it looks like, and why.

    Of several that fit it is the one that fits most parameters, for a model has few. A bias has the
    fans of the weights of its module. `branches` are the numbers of branches of the model's
    residual streams, by whose root projections may be scaled.
    """
    fans: dict[str, ProbedParameter] = {}
    for each in parameters:
        if each.fan_in is not None:
            fans.setdefault(each.module, each)
    looks = [
        _look(each, each if each.fan_in is not None else fans.get(each.module), branches)
        for each in parameters
    ]
    own = {each.name: each.law for look in looks if look.own for each in look.fitting}
    looks = [_with(look, own) for look in looks]
    number = Counter(
        each.name for look in looks for each in look.fitting if look.own or each.name not in own
    )
    return tuple(
        replace(parameter, scheme=scheme, evidence=evidence)
        for parameter, look in zip(parameters, looks, strict=True)
        for scheme, evidence in [_chosen(look, number)]
    )


def _chosen(look: Look, number: Counter[str]) -> tuple[str | None, str]:
    """The scheme of a look: that which most parameters have, the first of these, the roundest."""
    if look.said is not None:
        return look.said
    laws, names = list(LAWS), list(number)

    def rank(each: Scheme) -> tuple[int, ...]:
        if not look.own:
            return (number[each.name],)
        first = names.index(each.name) if names else 0
        return number[each.name], -laws.index(each.law.law), -len(each.name), -first

    first = max(look.fitting, key=rank)
    others = [each for each in look.fitting if each is not first]
    return first.name, _evidence([first, *others], look.found, look.n, look.strays)


def _look(
    parameter: ProbedParameter, weights: ProbedParameter | None, branches: Collection[int]
) -> Look:
    found, n = _nonzero(parameter.statistics, prod(parameter.shape))
    look = Look([], found, n)
    if found.mean is None or found.std is None or found.min is None or found.max is None:
        return look._replace(said=(None, "none of its entries is finite"))
    if n == 1 and found.min not in {0, 1}:
        return look._replace(said=(None, "a single entry tells of no scheme"))
    if found.min == found.max:
        constant = f"constant {short(f'{found.max:.4g}')}"
        return look._replace(said=(constant, "all entries are the same"))
    exact = scheme_of_matrix(parameter)
    if exact is not None:
        return look._replace(said=exact)
    known = list(known_schemes(parameter, weights, branches, n))
    for strays in range(MOST_STRAYS + 1):
        rest, left = _without_strays(found, n, strays)
        if rest is None:
            break
        fitting = [each for each in known if _fits(each.law, rest, left)]
        own = not fitting and n >= FEWEST
        if own:
            fitting = [each for each in own_schemes(rest, left) if _fits(each.law, rest, left)]
        if fitting:
            return look._replace(fitting=fitting, strays=strays, own=own)
    said = f"no known scheme has {_measured(found, n, 'normal')}"
    few = "" if n >= FEWEST else f"{n} entries are too few to tell; "
    return look._replace(said=(None, f"{few}{said}"))


def _with(look: Look, own: Mapping[str, Entries]) -> Look:
    """A look with those laws of other parameters that fit as well."""
    rest, left = _without_strays(look.found, look.n, look.strays)
    if not look.fitting or rest is None or left < FEWEST:
        return look
    names = {each.name for each in look.fitting}
    near = 1 + 2 * LIMIT / sqrt(left)
    laws = (
        Scheme(name, law._replace(size=left))
        for name, law in own.items()
        if name not in names and 1 / near < (rest.std or 0.0) / law.std < near
    )
    return look._replace(
        fitting=look.fitting + [each for each in laws if _fits(each.law, rest, left)]
    )


def _evidence(fitting: Sequence[Scheme], found: WeightStatistics, n: int, strays: int) -> str:
    """The figures beside what the first of the schemes has, and which others fit."""
    first, *others = dict.fromkeys(each.name for each in fitting)
    law = fitting[0].law
    said = f"{_measured(found, n, law.law)}; {first} has {_expected(law)}"
    if others:
        said += f"; {', '.join(others)} {'fits' if len(others) == 1 else 'fit'}, too"
    if strays:
        entries = "one entry" if strays == 1 else f"{strays} entries"
        stray = _short(_farthest(found))
        said = f"but for {entries} of {stray}, which no such law has: {said}"
    return said


def _farthest(found: WeightStatistics) -> float:
    """The entry that lies farthest from the mean."""
    ends = found.min or 0.0, found.max or 0.0
    return max(ends, key=lambda end: abs(end - (found.mean or 0.0)))


def _without_strays(
    found: WeightStatistics, n: int, strays: int
) -> tuple[WeightStatistics | None, int]:
    """The statistics without so many entries that lie far off, all at the same end.

    `trunc_normal_` of timm, as earlier ones of torch, now and then draws its bound, -2, whatever
    the standard deviation is: where a uniform draw is exactly -1, erfinv is -inf.
    """
    if not strays:
        return found, n
    end, left = _farthest(found), n - strays
    if found.mean is None or not found.std or found.kurtosis is None or left < FEWEST:
        return None, n
    off = end - found.mean
    mean = found.mean - strays * off / left
    square = (found.std**2 * n - strays * off**2) / left - (mean - found.mean) ** 2
    fourth = (found.kurtosis * found.std**4 * n - strays * off**4) / left
    if square <= 0 or fourth <= 0 or abs(off) < STRAY * sqrt(square):
        return None, n
    other = found.max if end == found.min else found.min
    low, high = sorted(((other or 0.0), 2 * mean - (other or 0.0)))
    kurtosis = fourth / square**2
    return replace(found, mean=mean, std=sqrt(square), kurtosis=kurtosis, min=low, max=high), left


def _nonzero(found: WeightStatistics, n: int) -> tuple[WeightStatistics, int]:
    """The statistics without entries that are exactly zero, where these are few, as padding is."""
    share = found.zero_fraction
    if not 0 < share < 0.5 or found.mean is None or found.std is None:
        return found, n
    mean = found.mean / (1 - share)
    square = (found.mean**2 + found.std**2) / (1 - share)
    std = sqrt(max(square - mean**2, 0.0))
    kurtosis = found.kurtosis and std and found.kurtosis * (found.std / std) ** 4 / (1 - share)
    return replace(found, mean=mean, std=std, kurtosis=kurtosis or None), round(n * (1 - share))


def _fits(law: Entries, found: WeightStatistics, n: int) -> bool:
    """Whether the figures of n entries lie where the law has them."""
    if found.mean is None or found.std is None or found.min is None or found.max is None:
        return False
    for each in of_moments(Moments(n, found.mean, found.std, found.kurtosis), law):
        if abs(each.z) > LIMIT and abs(each.value - each.expected) > each.floor:
            return False
    cdf = LAWS[law.law].cdf
    for rank, entry in ((1, found.min), (n, found.max)):
        z = (entry - law.mean) / law.scale
        if abs(z_of_rank(cdf, rank, n, z, COARSE)) > LIMIT:
            return False
    off = (max(found.max - law.mean, law.mean - found.min) / law.scale) * (1 + COARSE)
    inside = 2 * cdf(off) - 1
    return inside > 0 and n * log(inside) > log(LEAST)  # of all entries


def _measured(found: WeightStatistics, n: int, law: str) -> str:
    """`std 0.0361 ± 0.0001, kurtosis 1.80 ± 0.01, entries from -0.0625 to 0.0625`."""
    _, spread, wide = errors(law, n)
    std = found.std or 0.0
    parts = [f"std {_with_error(std, std * spread)}"]
    if found.kurtosis is not None:
        parts.append(f"kurtosis {_with_error(found.kurtosis, wide)}")
    parts.append(f"entries from {_short(found.min)} to {_short(found.max)}")
    return ", ".join(parts)


def _expected(law: Entries) -> str:
    kurtosis = 3 + LAWS[law.law].excess
    return f"std {_short(law.std)}, kurtosis {kurtosis:.3g}"


def _with_error(value: float, error: float) -> str:
    """A value to the digit where its error begins: `0.0361 ± 0.0001`."""
    if not error:
        return _short(value)
    places = max(-floor(log10(error)), 0)
    if places > 6:
        return f"{_short(value)} ± {short(f'{error:.0e}')}"
    return f"{value:.{places}f} ± {error:.{places}f}"


def _short(value: float | None) -> str:
    return "?" if value is None else short(f"{value:.3g}")
