"""What a model's parameters have wrong: not finite, copies, without gradient, of a wrong size."""

from __future__ import annotations

from math import isclose, log, prod, sqrt
from typing import TYPE_CHECKING, Final

from weightinit_cli.numerals import two_digits
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.results.probe import FROZEN, NOT_FINITE, UNDER_NO_GRAD
from weightinit_cli.verdicts.seen_model import FoundInModel, behind, first_made_with, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.model import Severity
    from weightinit_cli.results.probe import ProbedParameter
    from weightinit_cli.verdicts.seen_model import Model

# Gradients that differ by less are the same but for rounding.
SAME_GRADIENT: Final = 1e-5
# So few entries tell nothing of how they were drawn.
FEW: Final = 30


def nonfinite_parameter(model: Model) -> list[FoundInModel]:
    """Parameters that have an inf or a nan."""
    ill = [each for each in model.parameters if each.statistics.nonfinite]
    if not ill:
        return []
    first = ill[0]
    count = first.statistics.nonfinite or 0
    said = f"{count:,} of the {prod(first.shape):,} entries of {first.name} are inf or nan"
    if len(ill) > 1:
        said += f", and so are some of {named([each.name for each in ill[1:]])}"
    return [FoundInModel(first.module, float(count), said, first_made_with(model, first.name))]


def constant_weights(model: Model) -> list[FoundInModel]:
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
    matrices = sum(each.fan_in is not None for each in model.parameters)
    severity: Severity | None = WARNING if 2 * len(ill) < matrices else None
    return [FoundInModel(first.module, 1.0, said, place, severity)]


def layers_identical(model: Model) -> list[FoundInModel]:
    """Layers whose drawn values are those of another layer.

    Side by side they part at the first step, unless they get the same gradient.
    """
    names = model.by_name
    pairs: dict[tuple[str, str], list[str]] = {}
    for each in model.parameters:
        original = names.get(each.copy_of or "")
        if original is None or each.fan_in is None or not each.statistics.std:
            continue
        if each.no_gradient is not None or original.no_gradient is not None:
            continue
        if not _looks_drawn(each):
            continue
        pairs.setdefault(_apart(each.module, original.module), []).append(each.name)
    if not pairs:
        return []
    copies = list(dict.fromkeys(copy for copy, _ in pairs))
    stay = {pair for pair, shared in pairs.items() if _stay_alike(model, shared)}
    in_a_row = {pair for pair, shared in pairs.items() if _in_a_row(model, shared[0])}
    first_copy, original_of_first = next(
        (pair for pair in pairs if pair in in_a_row or pair in stay), next(iter(pairs))
    )
    many = [copy for copy, original in pairs if original == original_of_first]
    shared = pairs[first_copy, original_of_first]
    shown = shared[0]
    of_all = sum(_is_drawn_in(each, first_copy) for each in model.parameters)
    which = "the weights" if len(shared) == of_all else f"{len(shared)} of {of_all} weights"
    said = f"{which} of {named(many)} are those of {original_of_first}, number by number"
    said += f" ({shown} is {names[shown].copy_of})"
    if len(copies) > len(many):
        said += f"; {len(copies) - len(many)} more are copies of others"
    severity: Severity = WARNING
    if stay and not in_a_row:
        said += "; they get the same gradient, so that they stay the same"
    elif not in_a_row:
        said += "; they are applied side by side and get different gradients, so that they part"
        severity = NOTE
    place = first_made_with(model, shown)
    return [FoundInModel(first_copy, float(len(copies)), said, place, severity)]


def _stay_alike(model: Model, copies: Sequence[str]) -> bool:
    """Whether these copies get the gradients of what they are copies of."""
    pairs = [(model.by_name[name], model.by_name[name].copy_of or "") for name in copies]
    gradients = [(one.gradient_rms, model.by_name[other].gradient_rms) for one, other in pairs]
    return all(a and b and isclose(a, b, rel_tol=SAME_GRADIENT) for a, b in gradients)


def _in_a_row(model: Model, copy: str) -> bool:
    """Whether what one of a copy and its original makes is what the other one is applied to."""
    one = first_made_with(model, copy)
    other = first_made_with(model, model.by_name[copy].copy_of or "")
    if one is None or other is None:
        return False
    return min(one, other) in behind(model.values, [max(one, other)])


def no_gradient(model: Model) -> list[FoundInModel]:
    """Parameters that get no gradient: of what is computed in vain, not used, or frozen."""
    with_gradient = [each.name for each in model.parameters if each.no_gradient is None]
    if not with_gradient and model.loss is not None:
        return _none_at_all(model)
    stops = _stops(model)
    groups: dict[tuple[str, Severity], list[ProbedParameter]] = {}
    for each in model.parameters if with_gradient else ():
        if each.no_gradient is None or each.no_gradient == NOT_FINITE:
            continue
        lost = any(each.name in model.values[k].parameters for k in model.dropped)
        key: tuple[str, Severity] = (each.no_gradient, NOTE)
        if each.no_gradient not in {FROZEN, UNDER_NO_GRAD}:
            stop = _stop_of(model, each.name, stops)
            if lost:
                key = (
                    "something is computed with it, but nothing that the loss depends on",
                    WARNING,
                )
            elif stop is not None:
                key = (f"the loss depends on it, but no gradient comes back through {stop}", NOTE)
        groups.setdefault(key, []).append(each)
    found = []
    for (why, severity), ill in groups.items():
        modules = list(dict.fromkeys(_folded(each.name, with_gradient) for each in ill))
        entries = sum(prod(each.shape) for each in ill)
        count = f"{len(ill):,} parameters" if len(ill) > 1 else "1 parameter"
        said = f"{named(modules)}: {count} ({entries:,} numbers) without gradient; {why}"
        place = first_made_with(model, ill[0].name)
        found.append(FoundInModel(modules[0], float(len(ill)), said, place, severity))
    return found


def _none_at_all(model: Model) -> list[FoundInModel]:
    """That no parameter gets a gradient, where all are frozen or used under no_grad."""
    reasons = {each.no_gradient for each in model.parameters}
    if not reasons or not reasons <= {FROZEN, UNDER_NO_GRAD}:
        return []
    count = len(model.parameters)
    why = " or ".join(sorted(reason for reason in reasons if reason))
    said = f"none of its {count:,} parameters gets a gradient; {why}"
    return [FoundInModel("", float(count), said, None, WARNING)]


def _stops(model: Model) -> Mapping[int, set[int]]:
    """Values without a gradient of which one is made that has one, and what they were made of."""
    values = model.values
    reached = (value for value in values if value.figures.gradient is not None)
    places = sorted({place for value in reached for place in value.parents})
    return {
        place: behind(values, [place]) for place in places if values[place].figures.gradient is None
    }


def _stop_of(model: Model, parameter: str, stops: Mapping[int, set[int]]) -> str | None:
    """Where the gradient stops on its way to a parameter: what is detached, or under no_grad."""
    made = first_made_with(model, parameter)
    for place, before in stops.items():
        if made in before:
            why = model.values[place].no_gradient
            return f"{model.values[place].name} ({why if why == UNDER_NO_GRAD else 'detached'})"
    return None


def fans_swapped(model: Model) -> list[FoundInModel]:
    """Transposed convolutions drawn for as many inputs as they have outputs.

    Not where the other axis of their shape would be farther from what they sum, as it may be where
    they have a stride.
    """
    ill = [
        each
        for each in model.parameters
        if "Transpose" in each.kind
        and (each.scheme or "").startswith(("kaiming", "he_"))
        and "fan_out" in (each.scheme or "")
        and each.fan_in
        and each.fan_out
        and abs(log(prod(each.shape) / each.shape[1] / each.fan_in))
        < abs(log(each.fan_out / each.fan_in))
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
    return [FoundInModel(first.module, ratio, said, first_made_with(model, first.name))]


def starts_at_zero(model: Model) -> list[FoundInModel]:
    """Layers of zeros that get a gradient, so that nothing comes through them at first."""
    zeros = [each for each in model.parameters if is_zero_start(each)]
    names = {each.name for each in zeros}
    given_zeros = {
        place
        for place, value in enumerate(model.values)
        if any(names.intersection(model.values[each].parameters) for each in value.parents)
    }
    still = [
        each.name
        for each in model.parameters
        if each.gradient_rms == 0
        and any(each.name in model.values[k].parameters for k in {*model.zeroed, *given_zeros})
    ]
    if not still:
        return []
    count = "1 parameter gets" if len(still) == 1 else f"{len(still):,} parameters get"
    said = (
        f"{named([each.name for each in zeros])}: all zeros, with a gradient; {count} none at the "
        f"first step alone, {named(still)}"
    )
    place = first_made_with(model, zeros[0].name)
    return [FoundInModel(zeros[0].module, float(len(still)), said, place)]


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


def _looks_drawn(parameter: ProbedParameter) -> bool:
    """Whether a parameter looks drawn at random: a known law fits it, so a copy is no pattern.

    Any law fits a few entries.
    """
    scheme = parameter.scheme or ""
    if not scheme or prod(parameter.shape) < FEW:
        return False
    return not scheme.startswith(("constant", "identity", "dirac"))


def _is_drawn_in(parameter: ProbedParameter, module: str) -> bool:
    """Whether a parameter is a drawn matrix of a module."""
    inside = parameter.name == module or parameter.name.startswith(f"{module}.")
    return inside and parameter.fan_in is not None and _looks_drawn(parameter)


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
