"""Verdicts in the words that tables, pictures and checks share."""

from __future__ import annotations

from itertools import groupby
from math import floor, log10
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.numerals import percent, two_digits
from weightinit_cli.results.model import HEALTHY, NOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import Severity, Verdict

SEVERITIES: Final[dict[str, str]] = {
    NOTE: "worth knowing; networks like this mostly train",
    "warning": "networks like this mostly do not train by plain SGD",
    "severe": "networks like this mostly do not train, neither by plain SGD nor by Adam",
}
ADAM_TOO: Final = "severe (Adam mostly fails, too)"


def _from_input_to_input(value: float) -> str:
    return f"std from input to input is {percent(value)} of std"


# What a verdict's value says of the layer where it begins.
FIGURES: Final[dict[str, Callable[[float], str]]] = {
    "overflow": lambda value: f"{value:,.0f} activations are inf or nan",
    "units_identical": lambda _: "all its units are the same",
    "collapsed": lambda value: f"std is {two_digits(value)} of the root mean square",
    "saturated": lambda value: f"{percent(value)} of it lies in the activation's flat ends",
    "inputs_indistinguishable": _from_input_to_input,
    "signal_drowned": _from_input_to_input,
    "dying": lambda value: f"{percent(value)} of the units are zero for every input",
}
# What changes from layer to layer was told by these, of the power, in results of winit 0.2.
OF_VERSION_4: Final = {"mean gradient.ratio", "mean signal ratio"}
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
        elif root.over is None:
            said = _figure(root)
            rest = f"{_place(root)}: {said}" if said else _place(root)
        else:
            rest = f": {_change(root, _way(*root.over))}"
        found.append(ToldVerdict(root.severity, label, rest, consequences, advice))
    return found


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


def _place(verdict: Verdict) -> str:
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


def _change(verdict: Verdict, way: str) -> str:
    """`its norm falls to 1.5e-11 of itself from layer 100 down to layer 1`."""
    size = f"its {_size(verdict)}"
    if verdict.value is None:
        beyond = "grows beyond" if verdict.name.startswith("exploding") else "falls below"
        return f"{size} {beyond} what the dtype can tell {way}"
    factor = two_digits(verdict.value)
    if verdict.value >= 1:
        return f"{size} grows {factor}-fold {way}{_rate(verdict)}"
    return f"{size} falls to {factor}{' of itself' * bool(verdict.value)} {way}{_rate(verdict)}"


def _rate(verdict: Verdict) -> str:
    """` (× 0.78 a layer)`, with so many digits that it differs from 1; nothing over one layer."""
    rate = verdict.rate
    if not rate or rate == verdict.value:
        return ""
    digits = 2 if rate == 1 else max(2, 1 - floor(log10(abs(rate - 1))))
    return f" (× {two_digits(rate, digits)} a layer)"


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
    if figure == "gradient.signal_rms":
        return f"its root mean square is {two_digits(value)}"
    if name in FIGURES:
        return FIGURES[name](value)
    return f"{figure or 'its figure'} is {two_digits(value)}"
