"""Which values and parameters of a probed model stand out, and how its values fold by modules."""

from __future__ import annotations

from math import inf, log
from statistics import median
from typing import TYPE_CHECKING

from weightinit_cli.results.figures import resolved
from weightinit_cli.results.told import ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results.model import LayerStatistics, Verdict
    from weightinit_cli.results.probe import ProbedParameter, ProbedValue, ProbeResult

RESCALING = ("norm", "softmax")
# Rows that are seen at a glance.
FEW = 24
# By which factor standard deviations of parameters may differ that are told together.
ALIKE = 1.5
SIZES = ("std", "std_across_inputs", "gradient.signal_rms")


def pointed_at(result: ProbeResult) -> dict[int, list[Verdict]]:
    """The verdicts that point at a value, by the value's place: where each begins."""
    found: dict[int, list[Verdict]] = {}
    for verdict in result.verdict:
        place = _place(verdict, result)
        if place is not None:
            found.setdefault(place, []).append(verdict)
    return found


def _place(verdict: Verdict, result: ProbeResult) -> int | None:
    """Where a verdict begins; where it does not say, at the first value of its module."""
    if verdict.layer:
        return verdict.layer - 1
    if not verdict.module:
        return None
    named = {each.name for each in result.parameters if named_by(verdict, each)}
    for place, value in enumerate(result.values):
        inside = f"{value.name}.".startswith(f"{verdict.module}.")
        if inside or not named.isdisjoint(value.parameters):
            return place
    return None


def named_by(verdict: Verdict, parameter: ProbedParameter) -> bool:
    """Whether a verdict names this parameter, or the module that has it."""
    return verdict.module in {parameter.name, parameter.module}


def worst_values(result: ProbeResult, most: int) -> list[int]:
    """The places of the values that stand out most, the first ones most.

    First those that verdicts point at, in the verdicts' order; then by the largest factor from
    what a value is made of to the value itself, upwards or downwards, of its standard deviation,
    that from input to input, or its gradient. Normalizations and softmax, whose task it is to
    change sizes, come last. Of values that are alike in repeated modules the first one comes before
    those of others, the rest after them.
    """
    first = dict.fromkeys(pointed_at(result))
    jumps = [_jump(value, result.values) for value in result.values]
    others = sorted(range(len(jumps)), key=lambda place: (-jumps[place], place))
    foremost: dict[str, int] = {}
    for place in others:
        foremost.setdefault(pattern(result.values[place].name), place)
    return list(dict.fromkeys([*first, *foremost.values(), *others]))[:most]


def _jump(value: ProbedValue, values: Sequence[ProbedValue]) -> float:
    """The logarithm of the largest factor between a value and the nearest that it is made of."""
    if value.figures.nonfinite:
        return inf
    if not value.parents or any(word in value.operation for word in RESCALING):
        return 0.0
    before = values[max(value.parents)].figures
    return max(_factor(before, value.figures, path) for path in SIZES)


def _factor(before: LayerStatistics, after: LayerStatistics, path: str) -> float:
    sizes = (resolved(before, path), resolved(after, path))
    return abs(log(sizes[1] / sizes[0])) if sizes[0] and sizes[1] else 0.0


def worst_parameters(result: ProbeResult, most: int) -> list[int]:
    """The places of the parameters that stand out most, the first ones most.

    First those that verdicts name, then those without gradient, then by the factor of std × √fan_in
    from the middle one of the model.
    """
    parameters = result.parameters
    scales = [each.scaled_std for each in parameters if each.scaled_std]
    middle = median(scales) if scales else 1.0

    def rank(place: int) -> tuple[bool, bool, float, int]:
        each = parameters[place]
        named = any(named_by(verdict, each) for verdict in result.verdict)
        away = abs(log(each.scaled_std / middle)) if each.scaled_std else 0.0
        return not named, each.no_gradient is None, -away, place

    return sorted(range(len(parameters)), key=rank)[:most]


def alike(result: ProbeResult) -> list[list[int]]:
    """The places of the parameters, those of repeated modules together, in the model's order.

    Together are those whose names differ in numbers alone, of one shape and scheme and about the
    same size, of which nothing else is to be said.
    """
    groups: dict[object, list[int]] = {}
    for place, each in enumerate(result.parameters):
        plain = not (each.statistics.nonfinite or each.shared_with or each.copy_of)
        plain = plain and each.no_gradient is None
        if plain and not any(named_by(verdict, each) for verdict in result.verdict):
            scheme = (each.scheme or "").partition(" (")[0]
            groups.setdefault((pattern(each.name), each.shape, scheme), []).append(place)
        else:
            groups[place] = [place]
    found: list[list[int]] = []
    for group in groups.values():
        sizes = [result.parameters[place].statistics.std or 0.0 for place in group]
        together = max(sizes) <= ALIKE * min(sizes)
        found += [group] if together else [[place] for place in group]
    return sorted(found)


def pattern(name: str) -> str:
    """A name with a star for each number in its path: `blocks.*.attn.weight`."""
    return ".".join("*" if part.isdigit() else part for part in name.split("."))


def in_common(names: Sequence[str]) -> str:
    """What names of one pattern have in common: a star for each number that differs among them.

    Of `blocks.0.mlp.2.weight` and `blocks.1.mlp.2.weight` it is `blocks.*.mlp.2.weight`.
    """
    parts = zip(*(name.split(".") for name in names), strict=True)
    return ".".join(first if {first, *others} == {first} else "*" for first, *others in parts)


def middle(parameters: Sequence[ProbedParameter]) -> ProbedParameter:
    """Of parameters that are alike the one of the middle standard deviation."""
    ranked = sorted(parameters, key=lambda each: each.statistics.std or 0.0)
    return ranked[len(ranked) // 2]


def folded(values: Sequence[ProbedValue], depth: int) -> list[range]:
    """The values in groups, in the order of the run: one per module at this depth, and call of it.

    A module's path has as many parts as it is deep. Of a module above that depth each value that it
    makes itself stands alone; but one that has no modules inside stays together, as long as there
    are deeper ones than this depth.
    """
    paths = [tuple(value.module.split(".")) if value.module else () for value in values]
    outer = {path[:end] for path in paths for end in range(len(path))}
    deepest = max(map(len, paths), default=0)
    groups: list[range] = []
    former: tuple[str, ...] | None = None
    for place, path in enumerate(paths):
        whole = len(path) >= depth or (depth <= deepest and path not in outer)
        key = path[:depth] if whole else None
        if groups and key is not None and key == former:
            groups[-1] = range(groups[-1].start, place + 1)
        else:
            groups.append(range(place, place + 1))
        former = key
    return groups


def usual_depth(values: Sequence[ProbedValue]) -> int:
    """The largest depth that gives no more than FEW groups.

    Where one of them has more than half of all values, it is the next one.
    """
    deepest = max((value.module.count(".") + 1 for value in values), default=0) + 1
    groups = [folded(values, depth) for depth in range(deepest + 1)]
    depth = max((depth for depth, found in enumerate(groups) if len(found) <= FEW), default=0)
    largest = max(map(len, groups[depth]), default=0)
    return min(depth + (largest > len(values) / 2), deepest)


def module_path(value: ProbedValue, depth: int) -> str:
    """The path of the module that a value is folded into."""
    return ".".join(value.module.split(".")[:depth])


def kept(number: int, most: int, always: Iterable[int]) -> list[int]:
    """The first and the last of so many rows, `most` of them, and those that are always shown."""
    return sorted({*ends(number, most), *always})
