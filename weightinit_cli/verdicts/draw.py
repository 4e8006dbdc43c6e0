"""Drawing the verdict: what was found, the root cause first, and what follows from it below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from weightinit_cli.results.model import HEALTHY, NOTE, SEVERE, SEVERITIES, WARNING, Verdict
from weightinit_cli.verdicts.definitions import DEFINITIONS
from weightinit_cli.verdicts.measures import is_dead
from weightinit_cli.verdicts.seen import has_one_weight
from weightinit_cli.verdicts.trainings import DEEP, TRAINED_DEEP

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from weightinit_cli.parameters import Thresholds
    from weightinit_cli.results.model import Severity
    from weightinit_cli.verdicts.definitions import Definition
    from weightinit_cli.verdicts.measures import Finding
    from weightinit_cli.verdicts.seen import Seen

    Found = dict[str, Finding]

ALL_IS_WELL: Final = "nothing was found at the start that keeps plain SGD from training"
# A layer of which so much is flat explains what comes after it.
ALL_BUT_FLAT: Final = 0.9


def draw_verdict(
    seen: Seen, thresholds: Thresholds, left_out: Collection[str] = ()
) -> tuple[Verdict, ...]:
    """What is wrong with a network, the root cause first, and what follows from it after it.

    Where nothing is warned of, "healthy" stands first, and notes may follow. Verdicts that are
    `left_out` are not looked for.
    """
    limits = thresholds._asdict()
    found: Found = {
        name: finding
        for name, definition in DEFINITIONS.items()
        if definition.find is not None
        and name not in left_out
        and (finding := definition.find(seen, _from(definition, limits.get(name, 0.0)))) is not None
    }
    causes = {name: _root(name, seen, found) for name in found}
    severities = _severities(seen, found, causes, limits)
    verdicts = [
        Verdict(
            name=name,
            severity=severities[name],
            layer=None if finding.module else finding.layer,
            figure=finding.figure or DEFINITIONS[name].figure,
            value=finding.value,
            over=finding.over,
            because=None if causes[name] == name else causes[name],
            advice=DEFINITIONS[name].advice if _is_of_the_draw(name, seen, found) else None,
            module=finding.module,
            evidence=finding.evidence,
        )
        for name, finding in found.items()
    ]
    roots = [each for each in verdicts if each.because is None]
    roots.sort(key=lambda each: SEVERITIES.index(each.severity or NOTE), reverse=True)
    ordered = tuple(
        each
        for root in roots
        for each in (root, *(other for other in verdicts if other.because == root.name))
    )
    if any(each.warns for each in ordered):
        return ordered
    return (Verdict(HEALTHY, None, advice=scope(seen)), *ordered)


def threshold_of(verdict: Verdict, thresholds: Mapping[str, float]) -> float | None:
    """The threshold that a verdict's value has passed; None where there is none.

    `thresholds` are those of its run's spec. Of several it is the one of how bad the value is.
    """
    definition = DEFINITIONS.get(verdict.name)
    limit = thresholds.get(verdict.name)
    if definition is None or limit is None or verdict.figure != definition.figure:
        return None
    return _severity(definition, verdict.value, limit)[1]


def scope(seen: Seen) -> str:
    """Of what "healthy" is said: of the start, for plain SGD, and of what was measured."""
    return "; ".join([ALL_IS_WELL, *unknown(seen), *of_deep(seen)])


def unknown(seen: Seen) -> list[str]:
    """What was not measured, and nothing is said of."""
    limits = []
    if not seen.has_inputs:
        limits.append("whether inputs stay different is not known of one input")
    if not seen.has_gradient:
        limits.append("the gradient is not known")
    return limits


def of_deep(seen: Seen) -> list[str]:
    """How many deep plain networks failed all the same, where this is one."""
    if len(seen.layers) < DEEP or seen.residual:
        return []
    networks, failed, _ = TRAINED_DEEP
    which = "networks without normalization" if seen.normalized else "such networks"
    return [f"yet of {networks} {which} of {DEEP} layers and more {failed} failed in training"]


def _root(name: str, seen: Seen, found: Found) -> str:
    """The verdict that a verdict follows from in the end: itself where nothing explains it."""
    chain = [name]
    while True:
        causes = (each for each in DEFINITIONS[chain[-1]].follows_from if each not in chain)
        explaining = (each for each in causes if _explains(each, chain[-1], seen, found))
        cause = next(explaining, None)
        if cause is None:
            return chain[-1]
        chain.append(cause)


def _explains(cause: str, name: str, seen: Seen, found: Found) -> bool:
    """Whether a finding that may explain another does: it is there in time, and it is enough."""
    if cause not in found:
        return False
    over = found[name].over
    latest = found[name].layer if over is None else max(over)
    if found[cause].layer > latest:
        return False
    if cause == "units_identical":
        return _is_of_the_draw(cause, seen, found)
    if name == "units_identical" and _is_of_the_draw(name, seen, found):
        return False
    if cause == "dying":
        return not seen.residual and any(map(is_dead, seen.whole))
    if cause == "saturated":
        return (found[cause].value or 0.0) > ALL_BUT_FLAT
    return True


def _is_of_the_draw(name: str, seen: Seen, found: Found) -> bool:
    """Whether another draw mends it: units that are the same since all of their weights are."""
    if name != "units_identical":
        return False
    return has_one_weight(seen.layers[found[name].layer - 1].figures)


def _severities(
    seen: Seen, found: Found, causes: dict[str, str], limits: dict[str, float]
) -> dict[str, Severity]:
    """How bad each finding is; a root cause is as bad as the worst that follows from it."""
    own = {}
    for name, finding in found.items():
        known, _ = _severity(DEFINITIONS[name], finding.value, limits.get(name, 0.0))
        own[name] = finding.severity or known
        if (
            name.endswith("ing_signal")
            and own[name] == NOTE
            and _stands_for_the_gradient(seen, finding)
        ):
            own[name] = WARNING
    worst = dict(own)
    for name, root in causes.items():
        worst[root] = max(worst[root], own[name], key=SEVERITIES.index)
    return worst


def _stands_for_the_gradient(seen: Seen, finding: Finding) -> bool:
    """Whether a signal changes over several layers, and no gradient was measured that may, too."""
    if finding.over is None or any(each.figures.gradient is not None for each in seen.layers):
        return False
    return finding.over[1] - finding.over[0] > 1


def _from(definition: Definition, limit: float) -> float:
    """The value from which on a verdict is drawn, as a note at least."""
    return limit if definition.noted is None else min(limit, definition.noted)


def _severity(definition: Definition, value: float | None, limit: float) -> tuple[Severity, float]:
    """How bad a finding of this value is by itself, and the threshold from which on it is."""
    if definition.noted is not None and value is not None and value <= limit:
        return NOTE, definition.noted
    if definition.severe is None or value is None:
        return definition.severity, limit
    beyond = value < definition.severe if definition.severe < 1 else value > definition.severe
    return (SEVERE, definition.severe) if beyond else (definition.severity, limit)
