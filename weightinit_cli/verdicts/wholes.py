"""What only a whole model can have wrong: found in its values, parameters and loss at once."""

from __future__ import annotations

from math import log, sqrt
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.numerals import two_digits
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.verdicts.seen import size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from weightinit_cli.results.model import Severity
    from weightinit_cli.results.probe import ProbedLoss, ProbedParameter, ProbedValue, Stream
    from weightinit_cli.verdicts.seen import Seen

# How far the loss may be above an indifferent model's: as a note, as a warning.
NOTED_EXCESS: Final = 1.0
WARNED_EXCESS: Final = 3.0
# The entropy of attention that is nearly one-hot, as a share of its largest.
ONE_HOT: Final = 0.1
# A stream with normalized branches that grows by this is noted.
NOTED_GROWTH: Final = 3.0
# By how much of it a ratio of two standard deviations may be off what it is taken for.
ALIKE: Final = 0.1
MOST_NAMES: Final = 3


class Way(NamedTuple):
    """A stream of a model as a network that the definitions know.

    `places` are those of the layers in the model's values by their numbers; the first is that of
    the input, None where it is the model's own. `weights` are the matrices of each layer, of a
    residual stream those that end its branches. `normalized` says that there is a norm in most
    branches of a residual stream, or in most layers of a path, which do not depend on sizes then.
    """

    stream: Stream
    seen: Seen
    places: tuple[int | None, ...]
    weights: tuple[tuple[str, ...], ...]
    normalized: bool


class Model(NamedTuple):
    """What was measured of a whole model.

    `head` is the place of the last layer's values, which the loss sees, `zeroed` are those of
    values to which nothing comes back at the first step alone, since a layer behind them starts at
    zero and gets a gradient itself; `dropped` are those that nothing makes use of.
    """

    values: Sequence[ProbedValue]
    parameters: Sequence[ProbedParameter]
    ways: Sequence[Way]
    loss: ProbedLoss | None
    head: int | None = None
    zeroed: Collection[int] = ()
    dropped: Collection[int] = ()

    @property
    def by_name(self) -> Mapping[str, ProbedParameter]:
        """The parameters by all of their names."""
        return {name: each for each in self.parameters for name in (each.name, *each.shared_with)}


class Whole(NamedTuple):
    """Something found: where, in words, and the value that shows it.

    `place` is that of a value, where there is one; `severity` None is the definition's own.
    """

    module: str
    value: float | None
    evidence: str
    place: int | None = None
    severity: Severity | None = None


def nonfinite_parameter(model: Model) -> list[Whole]:
    """Parameters that have an inf or a nan."""
    ill = [each for each in model.parameters if each.statistics.nonfinite]
    if not ill:
        return []
    first = ill[0]
    count = first.statistics.nonfinite or 0
    said = f"{count:,} of the {_entries(first):,} entries of {first.name} are inf or nan"
    if len(ill) > 1:
        said += f", and so are some of {_named([each.name for each in ill[1:]])}"
    return [Whole(first.module, float(count), said, _first_made_with(model, first.name))]


def nonfinite_value(model: Model) -> list[Whole]:
    """The value where an inf or nan comes from that is still there at the end of the run."""
    values = model.values
    if not values:
        return []
    used = {parent for value in values for parent in value.parents}
    ends = [k for k, value in enumerate(values) if k not in used and value.figures.nonfinite]
    if ends:
        here = ends[-1]
        while True:
            ill = [k for k in values[here].parents if values[k].figures.nonfinite]
            if not ill:
                break
            here = ill[0]
        count = values[here].figures.nonfinite
        said = f"{count:,} values of {values[here].name} are inf or nan, the first of the run"
        return [Whole(values[here].module, float(count), said, here)]
    for place, value in reversed(list(enumerate(values))):
        gradient = value.figures.gradient
        if gradient is not None and gradient.nonfinite:
            said = f"{gradient.nonfinite:,} values of the gradient at {value.name} are inf or nan"
            return [Whole(value.module, float(gradient.nonfinite), said, place)]
    return []


def confident_at_start(model: Model) -> list[Whole]:
    """A loss far above that of a model which gives every class the same probability."""
    loss = model.loss
    if loss is None or loss.value is None or loss.indifferent is None:
        return []
    excess = loss.value - loss.indifferent
    if excess <= NOTED_EXCESS:
        return []
    said = (
        f"the loss is {two_digits(loss.value, 3)}, that of an indifferent model "
        f"{two_digits(loss.indifferent, 3)} (ln {loss.classes:,})"
    )
    severity: Severity = WARNING if excess > WARNED_EXCESS else NOTE
    if model.head is None:
        return [Whole("", excess, said, None, severity)]
    head = model.values[model.head]
    logits = size(head.figures)
    said += f"; the root mean square of the logits is {two_digits(logits)}"
    for name in head.parameters:
        found = model.by_name.get(name)
        if found is None or len(found.shape) < 2 or not found.statistics.std:
            continue
        others = [each for each in (found.name, *found.shared_with) if each != name]
        tied = f" (the same parameter as {_named(others)})" if others else ""
        said += f", {name}{tied} has standard deviation {two_digits(found.statistics.std)}"
        given = max((model.values[k].units for k in head.parents), default=0)
        if given:
            scaled = found.statistics.std * sqrt(given)
            said += f", × √{given:,} inputs = {two_digits(scaled)}"
        break
    return [Whole(head.module, excess, said, model.head, severity)]


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
    said = f"the weights of {_named(many)} are those of {original_of_first}, number by number"
    shown = pairs[first_copy, original_of_first][0]
    said += f" ({shown} is {names[shown].copy_of})"
    if len(copies) > len(many):
        said += f"; {len(copies) - len(many)} more are copies of others"
    place = _first_made_with(model, shown)
    return [Whole(first_copy, float(len(copies)), said, place)]


def no_gradient(model: Model) -> list[Whole]:
    """Parameters that get no gradient: of what is computed in vain, not used, or frozen."""
    with_gradient = [each.name for each in model.parameters if each.no_gradient is None]
    groups: dict[tuple[str, Severity], list[ProbedParameter]] = {}
    for each in model.parameters if with_gradient else ():
        if each.no_gradient is None or "finite" in each.no_gradient:
            continue
        lost = any(each.name in model.values[k].parameters for k in model.dropped)
        key: tuple[str, Severity] = (each.no_gradient, NOTE)
        if lost and not _is_frozen(each):
            key = ("something is computed with it, but nothing that the loss depends on", WARNING)
        groups.setdefault(key, []).append(each)
    found = []
    for (why, severity), ill in groups.items():
        modules = list(dict.fromkeys(_folded(each.name, with_gradient) for each in ill))
        entries = sum(map(_entries, ill))
        count = f"{len(ill):,} parameters" if len(ill) > 1 else "1 parameter"
        said = f"{_named(modules)}: {count} ({entries:,} numbers) without gradient; {why}"
        place = _first_made_with(model, ill[0].name)
        found.append(Whole(modules[0], float(len(ill)), said, place, severity))
    return found


def attention_one_hot(model: Model) -> list[Whole]:
    """Attention that looks at one place alone."""
    sharp = [
        (value.entropy, k)
        for k, value in enumerate(model.values)
        if value.entropy is not None and value.entropy < ONE_HOT
    ]
    if not sharp:
        return []
    entropy, place = min(sharp)
    _, first = min(sharp, key=lambda each: each[1])
    all_of_them = sum(value.entropy is not None for value in model.values)
    said = (
        f"the entropy of its weights is {two_digits(entropy)} of what looking at all places "
        f"alike has (at {model.values[place].name}); so it is at {len(sharp)} of {all_of_them} "
        f"places of attention"
    )
    return [Whole(model.values[first].module, entropy, said, first)]


def growing_stream(model: Model) -> list[Whole]:
    """Residual streams that grow over normalized branches, and whether projections are scaled."""
    found = []
    for way in model.ways:
        if way.stream.kind != "residual" or not way.normalized:
            continue
        sizes = [size(way.seen.input), *(size(each.figures) for each in way.seen.layers)]
        start, end = sizes[0], sizes[-1]
        if not start or not end or end / start < NOTED_GROWTH:
            continue
        branches = len(way.seen.layers)
        names = [_place_name(model, place) for place in (way.places[0], way.places[-1])]
        rate = (end / start) ** (1 / branches)
        said = (
            f"its root mean square grows {two_digits(end / start)}-fold from {names[0]} to "
            f"{names[1]} (× {two_digits(rate, 3)} a branch, of {branches})"
        )
        said += _projections(model, way, branches)
        place = way.places[1]
        module = model.values[place].module if place is not None else ""
        found.append(Whole(module, end / start, said, place))
    return found


def _projections(model: Model, way: Way, branches: int) -> str:
    """Whether the matrices that end a stream's branches are smaller than others by √branches."""
    names = model.by_name
    last = [names[name] for each in way.weights for name in each if name in names]
    last = [each for each in last if each.fan_in is not None and each.statistics.std]
    ends = {each.name for each in last}
    inner = [
        each
        for each in model.parameters
        if each.fan_in is not None
        and each.statistics.std
        and each.name not in ends
        and any(each.module.startswith(_block(name)) for name in ends)
    ]
    if not last or not inner:
        return ""
    scale = sqrt(branches)
    by_std = median(each.statistics.std or 0.0 for each in last) / median(
        each.statistics.std or 0.0 for each in inner
    )
    by_fans = median(each.scaled_std or 0.0 for each in last) / median(
        each.scaled_std or 1.0 for each in inner
    )
    std = two_digits(median(each.statistics.std or 0.0 for each in last))
    shown = _named(list(dict.fromkeys(_pattern(each.name) for each in last)))
    if min(abs(ratio * scale - 1) for ratio in (by_std, by_fans)) < ALIKE:
        return (
            f"; the last matrices of its branches, {shown}, are scaled by 1 / √{branches}: "
            f"standard deviation {std}"
        )
    if min(abs(ratio - 1) for ratio in (by_std, by_fans)) < ALIKE:
        wanted = two_digits(median(each.statistics.std or 0.0 for each in last) / scale)
        return (
            f"; the last matrices of its branches, {shown}, are not scaled: their standard "
            f"deviation, {std}, is that of the others; scaled by 1 / √{branches}, as in GPT-2, it "
            f"would be {wanted}"
        )
    return f"; the last matrices of its branches, {shown}, have standard deviation {std}"


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
        f"{_named([each.name for each in ill])}: {first.scheme}, by the {first.fan_out:,} "
        f"outputs of {first.name}, not its {first.fan_in:,} inputs, so that its standard deviation "
        f"is {two_digits(first.statistics.std)} and not "
        f"{two_digits((first.statistics.std or 0.0) / ratio)} (× {two_digits(ratio)}); torch's "
        "init functions take the second axis for the inputs, which in a transposed convolution are "
        "on the first"
    )
    return [Whole(first.module, ratio, said, _first_made_with(model, first.name))]


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
        f"{_named([each.name for each in zeros])}: all zeros, with a gradient; {len(behind):,} "
        f"parameters before it get none at the first step alone, {_named(behind)}"
    )
    place = _first_made_with(model, zeros[0].name)
    return [Whole(zeros[0].module, float(len(behind)), said, place)]


def is_zero_start(parameter: ProbedParameter) -> bool:
    """Whether a parameter that multiplies is all zeros and gets a gradient."""
    found = parameter.statistics
    if parameter.name.rpartition(".")[2].startswith("bias") or not parameter.gradient_rms:
        return False
    return found.min == 0 and found.max == 0 and not found.nonfinite


def _drawn(parameter: ProbedParameter) -> bool:
    """Whether a parameter looks drawn at random: a known law fits it, so a copy is no pattern."""
    scheme = parameter.scheme or ""
    return bool(scheme) and not scheme.startswith(("constant", "identity", "dirac"))


def _is_frozen(parameter: ProbedParameter) -> bool:
    said = parameter.no_gradient or ""
    return "frozen" in said or "requires_grad" in said or "no_grad" in said


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


def _first_made_with(model: Model, parameter: str) -> int | None:
    """The place of the first value that was made with a parameter."""
    for place, value in enumerate(model.values):
        if parameter in value.parameters:
            return place
    return None


def _place_name(model: Model, place: int | None) -> str:
    return "the input" if place is None else model.values[place].name


def _block(name: str) -> str:
    """The path up to the first number, which counts blocks: `blocks.` of `blocks.0.proj`."""
    parts = name.split(".")
    numbers = [k for k, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[: numbers[0]]) if numbers else ""


def _pattern(name: str) -> str:
    """A name without the numbers of its blocks: `blocks.*.proj.weight`."""
    return ".".join("*" if part.isdigit() else part for part in name.split("."))


def _entries(parameter: ProbedParameter) -> int:
    count = 1
    for side in parameter.shape:
        count *= side
    return count


def _named(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`."""
    if len(names) > MOST_NAMES + 1:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return "".join(names)


def scheme_unfit(model: Model, way: Way) -> Whole | None:
    """A scheme that all layers of a path have, where the activation needs weights of another size.

    By how much the root mean square changes a layer was measured; ReLU keeps it by weights of
    √2 / √fan_in.
    """
    names = model.by_name
    weights = [names[name] for each in way.weights for name in each if name in names]
    weights = [each for each in weights if each.fan_in is not None and each.scheme]
    if not weights or way.stream.kind != "sequential" or way.normalized:
        return None
    scheme = max(
        (each.scheme or "" for each in weights), key=[each.scheme for each in weights].count
    )
    alike = [each for each in weights if each.scheme == scheme and each.scaled_std]
    relus = [
        place
        for place in way.places[1:]
        if place is not None and model.values[place].operation == "relu"
    ]
    if len(alike) < len(weights) / 2 or len(relus) < len(weights) / 2:
        return None
    scaled = median(each.scaled_std or 0.0 for each in alike)
    power = scaled**2 / 2
    if not power or abs(log(power) / 2 * len(relus)) < log(100):
        return None
    said = (
        f"{len(alike)} of its {len(weights)} weights look like {scheme}: standard deviation × "
        f"√fan_in = {two_digits(scaled)}, where ReLU needs √2 = 1.4; the power of the signal is "
        f"multiplied by {two_digits(power)} a layer, over {len(relus)} layers by "
        f"{two_digits(power ** len(relus))}, but for the biases"
    )
    return Whole(alike[0].module, scaled / sqrt(2), said, _first_made_with(model, alike[0].name))
