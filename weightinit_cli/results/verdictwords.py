"""Verdicts in the words that tables, pictures and checks share."""

from __future__ import annotations

from itertools import groupby
from math import floor, log10
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.numerals import percent, short, two_digits
from weightinit_cli.results.model import HEALTHY, NOTE, SEVERE, WARNING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import Severity, Verdict

SEVERITY_MEANINGS: Final[dict[str, str]] = {
    NOTE: "worth knowing; networks like this mostly train",
    WARNING: "networks like this mostly do not train by plain SGD",
    SEVERE: "networks like this mostly do not train, neither by plain SGD nor by Adam",
}
ADAM_TOO: Final = "severe (Adam mostly fails, too)"


class FigureWords(NamedTuple):
    """What a verdict's value says of the layer where it begins, and how the value is written."""

    said: str
    written: Callable[[float], str]


_FROM_INPUT_TO_INPUT: Final = FigureWords("std from input to input is {} of std", percent)
FIGURES: Final[dict[str, FigureWords]] = {
    "overflow": FigureWords("{} activations are inf or nan", "{:,.0f}".format),
    "units_identical": FigureWords("all its units are the same", two_digits),
    "collapsed": FigureWords("std is {} of the root mean square", two_digits),
    "saturated": FigureWords("{} of it lies in the activation's flat ends", percent),
    "inputs_indistinguishable": _FROM_INPUT_TO_INPUT,
    "signal_drowned": _FROM_INPUT_TO_INPUT,
    "dying": FigureWords("{} of the units are zero for every input", percent),
    "nonfinite_parameter": FigureWords("{} of its entries are inf or nan", "{:,.0f}".format),
    "confident_at_start": FigureWords(
        "the loss is {} above that of an indifferent model", two_digits
    ),
    "layers_identical": FigureWords("{} layers are copies", "{:,.0f}".format),
    "attention_one_hot": FigureWords(
        "the entropy of its weights is {} of the largest that there is", percent
    ),
    "no_gradient": FigureWords("{} parameters get no gradient", "{:,.0f}".format),
    "growing_stream": FigureWords("its root mean square grows {}-fold", two_digits),
    "fans_swapped": FigureWords("the weights are {} times as large", two_digits),
    "scheme_unfit": FigureWords("the weights are {} times as large as would do", two_digits),
    "starts_at_zero": FigureWords(
        "{} parameters get no gradient at the first step", "{:,.0f}".format
    ),
}
# What changes from layer to layer was told by these, of the power, in results of winit 0.2.
OF_VERSION_4: Final = {"mean gradient.ratio", "mean signal ratio"}
# What is said of a residual block's branch, by the figure that shows it.
OF_BRANCHES: Final = {
    "residual.scale": "its branch adds nothing, and W and V get no gradient until the scale has "
    "moved from 0",
    "branch.rms": "its branch adds nothing, and one of W and V gets no gradient until the other "
    "has moved from 0",
    "weights.std": "all units inside its branch are the same",
}
UNRESOLVED: Final = {
    "underflow": "the activations are smaller than the dtype can tell",
    "collapsed": "std is smaller than the dtype can tell",
    "inputs_indistinguishable": "std from input to input is smaller than the dtype can tell",
    "signal_drowned": "std from input to input is smaller than the dtype can tell",
}


class ToldVerdict(NamedTuple):
    """A verdict that follows from no other, in words; what there is not to say is empty.

    `label` is what is wrong and how bad it is, `rest` goes on with where and by how much,
    `consequences` are what follows from it.
    """

    severity: Severity | None
    label: str
    rest: str
    consequences: str
    advice: str


def told(verdicts: Sequence[Verdict]) -> list[ToldVerdict]:
    """Each root cause in words, with what follows from it."""
    found = []
    for root, *others in _folded(verdicts):
        label = f"{ADAM_TOO}: {root.name}" if root.severity == "severe" else named(root)
        consequences = f"so: {', '.join(map(located, others))}" if others else ""
        advice = root.advice or ""
        if root.name == HEALTHY:
            rest, advice = f": {advice}" if advice else "", ""
        else:
            rest = _where_and_how_much(root)
        found.append(ToldVerdict(root.severity, label, rest, consequences, advice))
    return found


def sentence(verdict: Verdict, threshold: float | None) -> str:
    """A verdict by itself: what is wrong, where, its figure, its threshold, what it follows from.

    `warning: vanishing_gradient: its norm falls to 0.0028 of itself from layer 5 down to layer 1
    (× 0.23 a layer); threshold 0.005; follows from inputs_indistinguishable`.
    """
    parts = [f"{named(verdict)}{_where_and_how_much(verdict)}"]
    if threshold is not None:
        parts.append(f"threshold {_exactly(verdict.name, threshold)}")
    if verdict.because is not None:
        parts.append(f"follows from {verdict.because}")
    return "; ".join(parts)


def brief(verdicts: Sequence[Verdict]) -> str:
    """The root causes' names by their severity: `warning: collapsed, dying; note: saturated`."""
    groups = groupby(root_causes(verdicts), key=attrgetter("severity"))
    names = ((severity, ", ".join(each.name for each in group)) for severity, group in groups)
    return "; ".join(
        some if severity is None else f"{severity}: {some}" for severity, some in names
    )


def root_causes(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts that follow from no other."""
    return [group[0] for group in _folded(verdicts)]


def named(verdict: Verdict) -> str:
    """`warning: dying`."""
    return verdict.name if verdict.severity is None else f"{verdict.severity}: {verdict.name}"


def located(verdict: Verdict) -> str:
    """`dying first at layer 7`, `vanishing_gradient from layer 9 down to layer 1 (norm × 0.01)`."""
    factor = ""
    if verdict.over is not None and verdict.value is not None:
        factor = f" ({_size(verdict)} × {two_digits(verdict.value)})"
    return f"{verdict.name}{_place(verdict)}{factor}"


def _folded(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    groups: list[list[Verdict]] = []
    for each in verdicts:
        if each.because is None or not groups:
            groups.append([each])
        else:
            groups[-1].append(each)
    return groups


def _exactly(name: str, threshold: float) -> str:
    """A threshold as a person set it, as a share where the verdict's value is written as one."""
    words = FIGURES.get(name)
    if words is not None and words.written is percent:
        return f"{100 * threshold:g} %"
    return short(f"{threshold:g}")


def changed(verdict: Verdict, start: str, end: str, step: str) -> str:
    """What changes, by how much and from where to where: `its norm grows 9.0-fold from a to b`.

    `step` is what lies between one and the next, as a layer.
    """
    down = "down " if verdict.over is not None and verdict.over[0] > verdict.over[1] else ""
    return _change(verdict, f"from {start} {down}to {end}", step)


def measured(verdict: Verdict) -> str:
    """What shows a fault where it begins: `std from input to input is 0.57 % of std`."""
    return _figure(verdict)


def _where_and_how_much(verdict: Verdict) -> str:
    """` first at layer 5: std from input to input is 0.57 % of std`; empty where none is known."""
    if verdict.evidence is not None:
        return f"{_place(verdict)}: {verdict.evidence}"
    if verdict.over is not None:
        return f": {_change(verdict, _way(*verdict.over))}"
    said = _figure(verdict)
    return f"{_place(verdict)}: {said}" if said else _place(verdict)


def _place(verdict: Verdict) -> str:
    if verdict.module is not None:
        line = "" if verdict.line is None else f" ({verdict.line})"
        return f" at {verdict.module}{line}"
    if verdict.over is not None:
        return f" {_way(*verdict.over)}"
    if verdict.layer is None:
        return ""
    back = verdict.name.endswith("_gradient") or (verdict.figure or "").startswith("gradient.")
    return f" from layer {verdict.layer} down" if back else f" first at layer {verdict.layer}"


def _way(start: int, end: int) -> str:
    return f"from {_layer(start)} {'down ' if end < start else ''}to {_layer(end)}"


def _layer(number: int) -> str:
    return f"layer {number}" if number else "the input"


def _size(verdict: Verdict) -> str:
    """What of a layer changes by the value: a gradient's is summed over the layer's units."""
    return "norm" if "norm" in (verdict.figure or "") else "root mean square"


def _change(verdict: Verdict, way: str, step: str = "layer") -> str:
    """`its norm falls to 1.5e-11 of itself from layer 100 down to layer 1`."""
    size = f"its {_size(verdict)}"
    if verdict.value is None:
        beyond = "grows beyond" if verdict.name.startswith("exploding") else "falls below"
        return f"{size} {beyond} what the dtype can tell {way}"
    factor = two_digits(verdict.value)
    if verdict.value >= 1:
        return f"{size} grows {factor}-fold {way}{_rate(verdict, step)}"
    return (
        f"{size} falls to {factor}{' of itself' * bool(verdict.value)} {way}{_rate(verdict, step)}"
    )


def _rate(verdict: Verdict, step: str) -> str:
    """` (× 0.78 a layer)`, with so many digits that it differs from 1; nothing over one layer."""
    rate = verdict.rate
    if not rate or rate == verdict.value:
        return ""
    digits = 2 if rate == 1 else max(2, 1 - floor(log10(abs(rate - 1))))
    return f" (× {two_digits(rate, digits)} a {step})"


def _figure(verdict: Verdict) -> str:
    """What shows the fault at the layer where it begins."""
    name, value = verdict.name, verdict.value
    figure = verdict.figure or ""
    if value is None:
        return UNRESOLVED.get(name, "")
    if figure == "gradient.nonfinite":
        return f"{value:,.0f} values of the gradient are inf or nan"
    if figure in OF_VERSION_4:
        return f"its power is multiplied by {two_digits(value)} a layer, on average"
    if figure in OF_BRANCHES:
        return OF_BRANCHES[figure]
    if figure == "gradient.signal_rms":
        return f"its root mean square is {two_digits(value)}"
    if name in FIGURES:
        words = FIGURES[name]
        return words.said.format(words.written(value))
    return f"{figure or 'its figure'} is {two_digits(value)}"
