"""What is wrong with a person's own model: along its streams, and of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from weightinit_cli.numerals import two_digits
from weightinit_cli.parameters import Thresholds
from weightinit_cli.results.model import HEALTHY, NOTE, SEVERITIES, WARNING, Verdict
from weightinit_cli.results.verdictwords import changed, measured
from weightinit_cli.verdicts.definitions import DEFINITIONS
from weightinit_cli.verdicts.draw import ALL_IS_WELL, draw_verdict, of_deep, unknown
from weightinit_cli.verdicts.seen import SIGNAL
from weightinit_cli.verdicts.seen_model import named
from weightinit_cli.verdicts.values import begins, scheme_unfit
from weightinit_cli.verdicts.weights import constant_weights

if TYPE_CHECKING:
    from weightinit_cli.results.model import Severity
    from weightinit_cli.verdicts.seen_model import FoundInModel, Model, SeenStream

Group = list[Verdict]
# What is not said of the sums of a residual stream, which no activation made; and where norms are,
# which keep the size: growth between them is told by `growing_stream`.
OF_ACTIVATIONS: Final = ("dying", "saturated", "units_identical")
TOO_SMALL: Final = (
    "vanishing_signal", "vanishing_gradient", "inputs_indistinguishable", "signal_drowned",
    "underflow",
)  # fmt: skip
TOO_LARGE: Final = ("exploding_signal", "exploding_gradient", "overflow")
# Behind norms the gradient of a ReLU network grows 1.2-fold a layer by itself, and does not train
# from 50 layers on (Yang et al. 2019, arXiv:1902.08129), by when that is so much: up to here a
# gradient that grows or shrinks behind norms is a note, as of many models that train.
NORMALIZED: Final = 1e4
OF_UNNORMALIZED: Final[tuple[str, ...]] = ("exploding_signal", "vanishing_signal")
# What is followed to where it comes from, which may lie off the stream.
OF_WHOLE: Final = ("overflow",)


def draw_model_verdict(model: Model) -> tuple[Verdict, ...]:
    """What is wrong with a model, the root cause first, and what follows from it after it.

    Where nothing is warned of, "healthy" stands first, and notes may follow.
    """
    along = [group for stream in model.streams for group in _along(model, stream)]
    told = {each.name for group in along for each in group}
    of_whole = [
        [_of_model(name, found, model)]
        for name, definition in DEFINITIONS.items()
        if definition.find_in_model is not None and name not in told
        for found in definition.find_in_model(model)
    ]
    groups = _folded(*_of_one_number(along, of_whole, model))
    groups.sort(key=lambda group: SEVERITIES.index(group[0].severity or NOTE), reverse=True)
    ordered = tuple(each for group in groups for each in group)
    if any(each.warns for each in ordered):
        return ordered
    return (Verdict(HEALTHY, None, advice=_scope(model)), *ordered)


def _of_one_number(
    along: list[Group], of_whole: list[Group], model: Model
) -> tuple[list[Group], list[Group]]:
    """The same, but what the weights of layers make identical is told at the first such layer."""
    name = "units_identical"
    own = [group for group in along if group[0].name == name and group[0].advice]
    found = constant_weights(model)
    if not own or not found:
        return along, of_whole
    root = replace(_of_model(name, found[0], model), advice=own[0][0].advice)
    severities = [each.severity or NOTE for each in (root, *(group[0] for group in own))]
    root = replace(root, severity=max(severities, key=SEVERITIES.index))
    others = [group for group in along if group not in own]
    return others, [*of_whole, [root, *(each for group in own for each in group[1:])]]


def _of_model(name: str, found: FoundInModel, model: Model) -> Verdict:
    """A verdict on something found in the whole model."""
    return Verdict(
        name=name,
        severity=found.severity or DEFINITIONS[name].severity,
        layer=None if found.place is None else found.place + 1,
        figure=DEFINITIONS[name].figure,
        value=found.value,
        module=found.module or "the model",
        line=None if found.place is None else model.values[found.place].line,
        evidence=found.evidence,
    )


def _along(model: Model, stream: SeenStream) -> list[Group]:
    """The verdicts on a stream, each root cause with what follows from it."""
    left_out = (OF_UNNORMALIZED if stream.normalized else ()) + OF_WHOLE
    if stream.kind == "residual":
        left_out += OF_ACTIVATIONS
    verdicts = draw_verdict(stream.seen, Thresholds(), left_out)
    groups: list[Group] = []
    for each in verdicts:
        if each.name == HEALTHY:
            continue
        if each.because is None:
            groups.append([])
        groups[-1].append(_placed(each, model, stream))
    unfit = scheme_unfit(model, stream)
    for group in groups:
        if unfit is not None and group[0].name in _outcomes(unfit.value or 1.0):
            cause = _of_model("scheme_unfit", unfit, model)
            group[:] = [
                replace(cause, severity=group[0].severity),
                *(replace(each, because="scheme_unfit") for each in group),
            ]
    return groups


def _outcomes(size: float) -> tuple[str, ...]:
    """What weights of so many times the size that would do lead to."""
    return TOO_SMALL if size < 1 else TOO_LARGE


def _placed(verdict: Verdict, model: Model, stream: SeenStream) -> Verdict:
    """A verdict on a stream as one on the model, by places in its values."""

    def number(layer: int) -> int:
        place = stream.places[layer]
        return 0 if place is None else place + 1

    def name(layer: int) -> str:
        place = stream.places[layer]
        return "the input" if place is None else model.values[place].name

    place = stream.places[verdict.layer] if verdict.layer is not None else None
    over, evidence = verdict.over, measured(verdict)
    if verdict.figure == SIGNAL:
        evidence = f"the root mean square of its gradient is {two_digits(verdict.value)}"
    if over is not None:
        step = "branch" if stream.kind == "residual" else "layer"
        evidence = changed(verdict, name(over[0]), name(over[1]), step)
        over = number(over[0]), number(over[1])
    first = begins(verdict, model, stream) if verdict.name.endswith("ing_signal") else None
    if first is not None:
        place = stream.places[first[0]]
        evidence += f", first in {name(first[0])}{first[1]}"
    if verdict.name == "units_identical" and verdict.layer and verdict.advice:
        evidence += f": all weights of {named(stream.weights[verdict.layer - 1])} are one number"
    severity = verdict.severity
    if stream.normalized and verdict.name in {"exploding_gradient", "vanishing_gradient"}:
        severity = _behind_norms(verdict)
    if verdict.name == "vanishing_gradient" and _shares_weights(stream):
        severity, evidence = NOTE, f"{evidence}; its layers share weights, which the last ones move"
    return replace(
        verdict,
        severity=severity,
        layer=None if place is None else place + 1,
        over=over,
        module=None if place is None else model.values[place].name,
        line=None if place is None else model.values[place].line,
        evidence=evidence,
    )


def _behind_norms(verdict: Verdict) -> Severity | None:
    """How bad a gradient is that changes behind norms, of which no trainings tell what Adam does.

    One that is lost is as bad as anywhere.
    """
    if not verdict.value or verdict.over is None:
        return verdict.severity
    return NOTE if 1 / NORMALIZED < verdict.value < NORMALIZED else WARNING


def _shares_weights(stream: SeenStream) -> bool:
    """Whether most layers have the same weights, as the steps of a recurrent network do."""
    weights = [names for names in stream.weights if names]
    return len(weights) > 2 * len(set(weights))


def _folded(along: list[Group], of_whole: list[Group]) -> list[Group]:
    """The groups that nothing explains, each with those that follow from it; a cause is as bad.

    What is found along one stream explains nothing of another one.
    """
    groups = [*along, *of_whole]
    causes = [
        _cause(group, groups, range(len(along) if number < len(along) else 0, len(groups)))
        for number, group in enumerate(groups)
    ]
    found: dict[int, Group] = {}
    for number, group in enumerate(groups):
        root = number
        passed = {root}
        while (cause := causes[root]) is not None and cause not in passed:
            root = cause
            passed.add(root)
        kept = found.setdefault(root, [])
        kept += group if root == number else [_because(each, groups[root][0]) for each in group]
    for root, group in found.items():
        group.sort(key=lambda each: each.because is not None)
        worst = max((each.severity or NOTE for each in group), key=SEVERITIES.index)
        group[0] = replace(groups[root][0], severity=worst)
    return list(found.values())


def _cause(explained: Group, groups: list[Group], among: range) -> int | None:
    """The number of the group that explains another one's root, if one does.

    Weights that are one number follow from nothing that is measured of values.
    """
    root = explained[0].name
    causes = () if root == "units_identical" else DEFINITIONS[root].follows_from
    for number in among:
        group = groups[number]
        if group[0].name != root and any(each.name in causes for each in group):
            return number
    return None


def _because(verdict: Verdict, cause: Verdict) -> Verdict:
    return replace(verdict, because=cause.name)


def _scope(model: Model) -> str:
    """Of what "healthy" is said: of what was measured, and what was not."""
    limits = []
    count = len(model.values)
    said = f"{count:,} {'value' if count == 1 else 'values'}"
    streams = len(model.streams)
    limits.append(f"seen were {said} and {streams} {'stream' if streams == 1 else 'streams'}")
    if model.loss is None:
        limits.append("without a loss it is not known whether the model is confident at the start")
    for stream in model.streams:
        if stream.kind == "sequential":
            limits += unknown(stream.seen) + ([] if stream.normalized else of_deep(stream.seen))
        elif not stream.seen.has_gradient:
            limits.append("the gradient is not known")
    return "; ".join([ALL_IS_WELL, *dict.fromkeys(limits)])
