"""What a model's parameters have wrong: not finite, copies, without gradient, of a wrong size."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.numerals import two_digits
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.results.probe import FROZEN, NOT_FINITE, UNDER_NO_GRAD
from weightinit_cli.verdicts.wholes import Whole, first_made_with, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.model import Severity
    from weightinit_cli.results.probe import ProbedParameter
    from weightinit_cli.verdicts.wholes import Model


def nonfinite_parameter(model: Model) -> list[Whole]:
    """Parameters that have an inf or a nan."""
    ill = [each for each in model.parameters if each.statistics.nonfinite]
    if not ill:
        return []
    first = ill[0]
    count = first.statistics.nonfinite or 0
    said = f"{count:,} of the {prod(first.shape):,} entries of {first.name} are inf or nan"
    if len(ill) > 1:
        said += f", and so are some of {named([each.name for each in ill[1:]])}"
    return [Whole(first.module, float(count), said, first_made_with(model, first.name))]


def constant_weights(model: Model) -> list[Whole]:
    """Layers of several units all of whose weights are one number, and all biases another.

    Zeros that get a gradient are a start that models are given on purpose (`starts_at_zero`).
    """
    ill = []
    for each in model.parameters:
        if len(each.shape) < 2 or each.fan_in is None or not is_constant(each):
            continue
        made = first_made_with(model, each.name)
        if made is None or is_zero_start(each) or each.no_gradient is not None:
            continue
        value = model.values[made]
        others = [model.by_name[name] for name in value.parameters if name in model.by_name]
        if value.units > 1 and made in model.weighted and all(map(is_constant, others)):
            ill.append((each, made))
    if not ill:
        return []
    first, place = ill[0]
    constant = two_digits(first.statistics.max)
    said = f"all {prod(first.shape):,} entries of {first.name} are {constant}"
    if len(ill) > 1:
        said += f", and those of {named([each.name for each, _ in ill[1:]])} are the same, too"
    return [Whole(first.module, 1.0, said, place)]


def layers_identical(model: Model) -> list[Whole]:
    """Layers whose drawn values are those of another layer."""
    names = model.by_name
    pairs: dict[tuple[str, str], list[str]] = {}
    for each in model.parameters:
        original = names.get(each.copy_of or "")
        if original is None or each.fan_in is None or not each.statistics.std:
            continue
        if each.no_gradient is not None or original.no_gradient is not None:
            continue
        if not _drawn(each):
            continue
        pairs.setdefault(_apart(each.module, original.module), []).append(each.name)
    if not pairs:
        return []
    copies = list(dict.fromkeys(copy for copy, _ in pairs))
    first_copy, original_of_first = next(iter(pairs))
    many = [copy for copy, original in pairs if original == original_of_first]
    said = f"the weights of {named(many)} are those of {original_of_first}, number by number"
    shown = pairs[first_copy, original_of_first][0]
    said += f" ({shown} is {names[shown].copy_of})"
    if len(copies) > len(many):
        said += f"; {len(copies) - len(many)} more are copies of others"
    place = first_made_with(model, shown)
    return [Whole(first_copy, float(len(copies)), said, place)]


def no_gradient(model: Model) -> list[Whole]:
    """Parameters that get no gradient: of what is computed in vain, not used, or frozen."""
    with_gradient = [each.name for each in model.parameters if each.no_gradient is None]
    groups: dict[tuple[str, Severity], list[ProbedParameter]] = {}
    for each in model.parameters if with_gradient else ():
        if each.no_gradient is None or each.no_gradient == NOT_FINITE:
            continue
        lost = any(each.name in model.values[k].parameters for k in model.dropped)
        key: tuple[str, Severity] = (each.no_gradient, NOTE)
        if lost and each.no_gradient not in {FROZEN, UNDER_NO_GRAD}:
            key = ("something is computed with it, but nothing that the loss depends on", WARNING)
        groups.setdefault(key, []).append(each)
    found = []
    for (why, severity), ill in groups.items():
        modules = list(dict.fromkeys(_folded(each.name, with_gradient) for each in ill))
        entries = sum(prod(each.shape) for each in ill)
        count = f"{len(ill):,} parameters" if len(ill) > 1 else "1 parameter"
        said = f"{named(modules)}: {count} ({entries:,} numbers) without gradient; {why}"
        place = first_made_with(model, ill[0].name)
        found.append(Whole(modules[0], float(len(ill)), said, place, severity))
    return found


def fans_swapped(model: Model) -> list[Whole]:
    """Transposed convolutions drawn for as many inputs as they have outputs."""
    ill = [
        each
        for each in model.parameters
        if "Transpose" in each.kind
        and (each.scheme or "").startswith(("kaiming", "he_"))
        and "fan_out" in (each.scheme or "")
        and each.fan_in != each.fan_out
    ]
    if not ill:
        return []
    first = ill[0]
    ratio = sqrt((first.fan_in or 1) / (first.fan_out or 1))
    said = (
        f"{named([each.name for each in ill])}: {first.scheme}, by the {first.fan_out:,} "
        f"outputs of {first.name}, not its {first.fan_in:,} inputs, so that its standard deviation "
        f"is {two_digits(first.statistics.std)} and not "
        f"{two_digits((first.statistics.std or 0.0) / ratio)} (× {two_digits(ratio)}); torch's "
        "init functions take the second axis for the inputs, which in a transposed convolution are "
        "on the first"
    )
    return [Whole(first.module, ratio, said, first_made_with(model, first.name))]


def starts_at_zero(model: Model) -> list[Whole]:
    """Layers of zeros that get a gradient, so that nothing comes back through them at first."""
    zeros = [each for each in model.parameters if is_zero_start(each)]
    behind = [
        each.name
        for each in model.parameters
        if each.gradient_rms == 0
        and any(each.name in model.values[k].parameters for k in model.zeroed)
    ]
    if not zeros or not behind:
        return []
    said = (
        f"{named([each.name for each in zeros])}: all zeros, with a gradient; {len(behind):,} "
        f"parameters before it get none at the first step alone, {named(behind)}"
    )
    place = first_made_with(model, zeros[0].name)
    return [Whole(zeros[0].module, float(len(behind)), said, place)]


def is_zero_start(parameter: ProbedParameter) -> bool:
    """Whether a parameter that multiplies is all zeros and gets a gradient."""
    found = parameter.statistics
    if parameter.name.rpartition(".")[2].startswith("bias") or not parameter.gradient_rms:
        return False
    return found.min == 0 and found.max == 0 and not found.nonfinite


def is_constant(parameter: ProbedParameter) -> bool:
    """Whether all entries are the same number."""
    found = parameter.statistics
    return found.min is not None and found.min == found.max and not found.nonfinite


def _drawn(parameter: ProbedParameter) -> bool:
    """Whether a parameter looks drawn at random: a known law fits it, so a copy is no pattern."""
    scheme = parameter.scheme or ""
    return bool(scheme) and not scheme.startswith(("constant", "identity", "dirac"))


def _folded(name: str, others: Iterable[str]) -> str:
    """The largest module with this parameter that has none of the others."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        module = ".".join(parts[:length])
        if not any(other.startswith(f"{module}.") for other in others):
            return module
    return name


def _apart(one: str, other: str) -> tuple[str, str]:
    """Two modules without what the ends of their paths have in common."""
    first, second = one.split("."), other.split(".")
    while len(first) > 1 and len(second) > 1 and first[-1] == second[-1]:
        first.pop()
        second.pop()
    return ".".join(first), ".".join(second)
