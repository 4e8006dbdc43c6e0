"""What a model's values, streams and loss have wrong, seen as a whole."""

from __future__ import annotations

from math import log, sqrt
from statistics import median
from typing import TYPE_CHECKING, Final

from weightinit_cli.numerals import percent, two_digits
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.results.outstanding import in_common, pattern
from weightinit_cli.verdicts.loss import confidence, loss_words
from weightinit_cli.verdicts.measures import NOTED_GROWTH
from weightinit_cli.verdicts.seen import SMALLEST, size
from weightinit_cli.verdicts.seen_model import FoundInModel, behind, first_made_with, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.model import Severity, Verdict
    from weightinit_cli.results.probe import ProbedValue
    from weightinit_cli.verdicts.seen_model import Model, SeenStream

# Values that grow so many times in one step, and what a last layer is given of such a size.
STEP: Final = 3.0
SHARE: Final = 0.5
# The entropy of attention that is nearly one-hot, as a share of its largest; and of what is noted.
# Scores of standard deviation 30, 10, 3 over 64 places come to 0.03, 0.11, 0.44.
ONE_HOT: Final = 0.1
SHARP: Final = 0.25
# By how much of it a ratio of two standard deviations may be off what it is taken for.
ALIKE: Final = 0.1
# By which standard deviation × √fan_in a layer keeps a signal of root mean square 1 in power, by
# what stands behind it: √(1 / E φ(z)²), z of N(0, 1). That of ReLU keeps any, and a small slope
# below 0 changes it by little.
NEEDED: Final = {
    "relu": ("ReLU needs √2 = ", sqrt(2)),
    "leaky_relu": ("a leaky ReLU needs ", sqrt(2)),
    "gelu": ("GELU needs at least ", 1.5335),
    "silu": ("SiLU needs at least ", 1.6765),
}
# A power that changes by less than this squared over all layers is no matter.
UNFIT: Final = 100.0


def nonfinite_value(model: Model) -> list[FoundInModel]:
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
        return [FoundInModel(values[here].name, float(count), said, here)]
    for place, value in reversed(list(enumerate(values))):
        gradient = value.figures.gradient
        if gradient is not None and gradient.nonfinite:
            said = f"{gradient.nonfinite:,} values of the gradient at {value.name} are inf or nan"
            return [FoundInModel(value.name, float(gradient.nonfinite), said, place)]
    return []


def confident_at_start(model: Model) -> list[FoundInModel]:
    """A loss far above that of a model which gives every class the same probability."""
    loss = model.loss
    if loss is None or loss.value is None or loss.indifferent is None:
        return []
    excess = loss.value - loss.indifferent
    severity = confidence(excess, loss.indifferent)
    if severity is None:
        return []
    said = loss_words(loss.value, loss.indifferent, loss.classes or 0)
    if model.head is None:
        return [FoundInModel("", excess, said, None, severity)]
    head = model.values[model.head]
    said += f"; the root mean square of the logits is {two_digits(size(head.figures))}"
    given = max((size(model.values[place].figures) or 0.0 for place in head.parents), default=0.0)
    said += _matrix_of(model, head, given)
    step = _step_to(model, model.head, given) if given > STEP else None
    if step is None:
        inputs = _large_inputs(model, given)
        if inputs:
            said += f"; the model's inputs have root mean square {two_digits(inputs)}"
            return [FoundInModel("the input", excess, said, None, severity)]
        return [FoundInModel(head.module, excess, said, model.head, severity)]
    name, grown = step
    module, place = model.by_name[name].module, first_made_with(model, name)
    return [FoundInModel(module, excess, f"{said}; {grown}", place, severity)]


def _large_inputs(model: Model, given: float) -> float | None:
    """The size of the model's inputs, where it is why the last layer is given such large values."""
    own = [size(stream.seen.input) or 0.0 for stream in model.streams if stream.places[0] is None]
    inputs = max(own, default=0.0)
    return inputs if inputs > STEP and inputs**2 > given else None


def _step_to(model: Model, head: int, given: float) -> tuple[str, str] | None:
    """The matrix that makes what the last layer is given so large, if a single one does."""
    before_head = behind(model.values, [head])
    steps = [step for stream in model.streams for step in _steps(stream) if step[1] in before_head]
    if not steps:
        return None
    ratio, place, matrices = max(steps)
    if ratio < STEP or ratio**2 < given or not matrices:
        return None
    grown = f"what it is given grows {two_digits(ratio)}-fold in {model.values[place].name} alone"
    return matrices[0], f"{grown}: {_sizes(model, matrices)}"


def begins(verdict: Verdict, model: Model, stream: SeenStream) -> tuple[int, str] | None:
    """The first layer of a stream that does its share of what a signal changes, and its matrices.

    Its share is half of the mean step: layers before it keep the signal.
    """
    if verdict.over is None or verdict.rate is None:
        return None
    rate, (start, end) = log(verdict.rate or SMALLEST), verdict.over
    for number in range(start + 1, end + 1):
        before = stream.seen.input if number == 1 else stream.seen.layers[number - 2].figures
        one, other = size(before), size(stream.seen.layers[number - 1].figures)
        if one and other is not None and log(other / one or SMALLEST) / rate >= SHARE:
            matrices = stream.weights[number - 1]
            return number, f": {_sizes(model, matrices)}" if matrices else ""
    return None


def _steps(stream: SeenStream) -> list[tuple[float, int, tuple[str, ...]]]:
    """How often as large as the one before each value of a stream is, and by which matrices."""
    sizes = [size(stream.seen.input), *(size(each.figures) for each in stream.seen.layers)]
    steps = zip(sizes[:-1], sizes[1:], stream.places[1:], stream.weights, strict=True)
    return [
        (after / before, place, matrices)
        for before, after, place, matrices in steps
        if before and after and place is not None
    ]


def _sizes(model: Model, matrices: Sequence[str]) -> str:
    """`fc.weight has standard deviation 1.0 (× √256 inputs = 16)`."""
    said = []
    for each in (model.by_name[name] for name in matrices):
        found, fan_in = each.statistics, each.fan_in or 0
        if found.std == 0:
            said.append(f"all entries of {each.name} are {two_digits(found.max)}")
            continue
        scaled = f"× √{fan_in:,} inputs = {two_digits(each.scaled_std)}"
        said.append(f"{each.name} has standard deviation {two_digits(found.std)} ({scaled})")
    return ", ".join(said)


def _matrix_of(model: Model, head: ProbedValue, size_given: float) -> str:
    """The size of the matrix that makes the logits, and which other names it has.

    `size_given` is the root mean square of what it is multiplied with.
    """
    for name in head.parameters:
        found = model.by_name.get(name)
        if found is None or len(found.shape) < 2 or not found.statistics.std:
            continue
        others = [each for each in (found.name, *found.shared_with) if each != name]
        tied = f" (the same parameter as {named(others)})" if others else ""
        said = f", {name}{tied} has standard deviation {two_digits(found.statistics.std)}"
        given = max((model.values[place].units for place in head.parents), default=0)
        if given:
            scaled = found.statistics.std * sqrt(given) * size_given
            said += (
                f", × √{given:,} inputs of root mean square {two_digits(size_given)} = "
                f"{two_digits(scaled)}"
            )
        return said
    return ""


def attention_one_hot(model: Model) -> list[FoundInModel]:
    """Attention that looks at one place alone, or at few."""
    known = [
        (value.entropy, k) for k, value in enumerate(model.values) if value.entropy is not None
    ]
    if not known or min(known)[0] >= SHARP:
        return []
    entropy, place = min(known)
    limit = ONE_HOT if entropy < ONE_HOT else SHARP
    sharp = [k for entropy, k in known if entropy < limit]
    said = (
        f"the entropy of its weights is {two_digits(entropy)} of what looking at all places "
        f"alike has (at {model.values[place].name}); below {limit:g} it is at {len(sharp)} of "
        f"{len(known)} places of attention"
    )
    severity: Severity = WARNING if limit == ONE_HOT else NOTE
    return [FoundInModel(model.values[sharp[0]].module, entropy, said, sharp[0], severity)]


def growing_stream(model: Model) -> list[FoundInModel]:
    """Residual streams that grow over normalized branches, and whether projections are scaled."""
    found = []
    for stream in model.streams:
        if stream.normalized not in {"branches", "ends"}:
            continue
        sizes = [size(stream.seen.input), *(size(each.figures) for each in stream.seen.layers)]
        start, end = sizes[0], sizes[-1]
        if not start or not end or end / start < NOTED_GROWTH:
            continue
        branches = len(stream.seen.layers)
        names = [_place_name(model, place) for place in (stream.places[0], stream.places[-1])]
        rate = (end / start) ** (1 / branches)
        said = (
            f"its root mean square grows {two_digits(end / start)}-fold from {names[0]} to "
            f"{names[1]} (× {two_digits(rate, 3)} a branch, of {branches})"
        )
        first, last = (_share(model, stream, number) for number in (0, -1))
        if first and last:
            said += f"; its first branch has {percent(first)} of its size, its last {percent(last)}"
        place = stream.places[1]
        ratio, largest, matrices = max(_steps(stream), default=(1.0, place, ()))
        if largest != place and ratio > STEP and ratio**2 > end / start:
            place = largest
            said += f"; most of that at {_place_name(model, place)} ({two_digits(ratio)}-fold)"
            said += f": {_sizes(model, matrices)}" if matrices else ""
        if stream.normalized == "ends":
            said += (
                "; its branches end in norms, so that the size of their last matrices is no matter"
            )
        else:
            said += _projections(model, stream, branches)
        module = model.values[place].module if place is not None else ""
        found.append(FoundInModel(module, end / start, said, place))
    return found


def _share(model: Model, stream: SeenStream, number: int) -> float | None:
    """How large a branch is beside the stream that it was added to; None where it is not known."""
    branch = size(model.values[stream.branches[number]].figures)
    figures = stream.seen.input if number == 0 else stream.seen.layers[number - 1].figures
    whole = size(figures)
    return branch / whole if branch and whole else None


def _projections(model: Model, stream: SeenStream, branches: int) -> str:
    """Whether the matrices that end a stream's branches are smaller than others by √branches."""
    names = model.by_name
    last = [names[name] for each in stream.weights for name in each if name in names]
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
    alike: dict[str, list[str]] = {}
    for each in last:
        alike.setdefault(pattern(each.name), []).append(each.name)
    shown = named(list(map(in_common, alike.values())))
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


def _place_name(model: Model, place: int | None) -> str:
    return "the input" if place is None else model.values[place].name


def _block(name: str) -> str:
    """The path up to the first number, which counts blocks: `blocks.` of `blocks.0.proj`."""
    parts = name.split(".")
    numbers = [k for k, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[: numbers[0]]) if numbers else ""


def scheme_unfit(model: Model, stream: SeenStream) -> FoundInModel | None:
    """A scheme that most layers of a path have, where the activation needs weights of another size.

    By how much the root mean square changes a layer was measured; `NEEDED` keeps it.
    """
    names = model.by_name
    weights = [names[name] for each in stream.weights for name in each if name in names]
    weights = [each for each in weights if each.fan_in is not None and each.scheme]
    if not weights or stream.kind != "sequential" or stream.normalized:
        return None
    scheme = max(
        (each.scheme or "" for each in weights), key=[each.scheme for each in weights].count
    )
    alike = [each for each in weights if each.scheme == scheme and each.scaled_std]
    made = [model.values[place].operation for place in stream.places[1:] if place is not None]
    activation = max(NEEDED, key=made.count)
    if 2 * min(len(alike), made.count(activation)) < len(weights):
        return None
    word, needed = NEEDED[activation]
    layers = min(len(alike), made.count(activation))
    scaled = median(each.scaled_std or 0.0 for each in alike)
    power = (scaled / needed) ** 2
    if not power or abs(log(power) / 2 * layers) < log(UNFIT):
        return None
    said = (
        f"{len(alike)} of its {len(weights)} weights look like {scheme}: standard deviation × "
        f"√fan_in = {two_digits(scaled)}, where {word}{two_digits(needed)}; the power of the "
        f"signal is multiplied by {two_digits(power)} a layer, over {layers} layers by "
        f"{two_digits(power**layers)}, without the biases"
    )
    return FoundInModel(
        alike[0].module, scaled / needed, said, first_made_with(model, alike[0].name)
    )
