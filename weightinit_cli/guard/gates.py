"""How strictly two results can be compared, by what they say of themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.results import SymmetryResult, TrainingResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weightinit_cli.results import AnyResult, Result


class Gate(StrEnum):
    """Bit by bit; within rounding; within what other draws do."""

    EXACT = "exact"
    ROUNDING = "rounding"
    STATISTICAL = "statistical"


class Chosen(NamedTuple):
    """The gate of a pair, and why it is not a stricter one."""

    gate: Gate
    why: str = ""


def choose(old: AnyResult, new: AnyResult) -> Chosen:
    """The strictest gate that two results of one spec (but for the seed) can be held to.

    Exact where all that last bits depend on is the same; then other draws are a drift, too.
    Rounding where the draws are the same; statistical else.
    """
    if old.spec["seed"] != new.spec["seed"]:
        return Chosen(Gate.STATISTICAL, f"seed {old.spec['seed']}, now {new.spec['seed']}")
    differences = list(_differences(old.environment, new.environment))
    why = "; ".join(differences)
    if not differences:
        return Chosen(Gate.EXACT)
    return Chosen(Gate.ROUNDING if _same_draws(old, new) else Gate.STATISTICAL, why)


def streams(result: AnyResult) -> list[str | None]:
    """The hash of each layer's or network's draws; None where nothing was drawn."""
    if isinstance(result, SymmetryResult):
        return [result.stream]
    if isinstance(result, TrainingResult):
        return [network.stream for network in result.networks]
    return [None if each.weights is None else each.weights.stream for each in result.layers]


def repeated_streams(result: Result) -> list[tuple[int, int]]:
    """Pairs of layers, from 1, that have the same draws: no two streams may be equal."""
    first: dict[str, int] = {}
    pairs = []
    for number, stream in enumerate(streams(result), 1):
        if stream is not None and first.setdefault(stream, number) != number:
            pairs.append((first[stream], number))
    return pairs


def _same_draws(old: AnyResult, new: AnyResult) -> bool:
    generators = (each.environment.get("bit_generator") for each in (old, new))
    return len(set(generators)) == 1 and streams(old) == streams(new)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What differs of all that the last bits may depend on.

    What one of the two runs had not even loaded (scipy, and the BLAS that comes with it) it did
    not depend on. Python's line is among them because its `sum` of floats has changed with it.
    """
    for name in ("winit", "python"):
        if _line(old.get(name)) != _line(new.get(name)):
            yield _say(name, old.get(name), new.get(name))
    for name in ("numpy", "bit_generator", "simd", "platform"):
        if old.get(name) != new.get(name):
            yield _say(name, old.get(name), new.get(name))
    scipy = old.get("scipy"), new.get("scipy")
    if None not in scipy and scipy[0] != scipy[1]:
        yield _say("scipy", *scipy)
    libraries = [[_blas(each) for each in side.get("blas") or ()] for side in (old, new)]
    fewer, more = sorted(libraries, key=len)
    if not fewer or not set(fewer) <= set(more):
        yield _say("BLAS", *(", ".join(side) for side in libraries))


def _line(version: object) -> list[str]:
    return str(version).split(".")[:2]


def _blas(library: Mapping[str, Any]) -> str:
    return " ".join(str(library.get(key)) for key in ("name", "version", "kernel"))


def _say(name: str, old: Any, new: Any) -> str:
    """`numpy 2.4.0, now 2.4.6`; of a list what each side has alone, of an object what differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return "; ".join(_say(key, old.get(key), new.get(key)) for key in keys)
    if isinstance(old, list) and isinstance(new, list):
        only = [each for each in old if each not in new], [each for each in new if each not in old]
        old, new = (" ".join(map(str, side)) or "none of these" for side in only)
    return f"{name} {old}, now {new}"
