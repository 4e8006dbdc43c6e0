"""The table of verdicts: how each is found, how bad it is, what it follows from, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.results.model import NOTE, SEVERE, WARNING
from weightinit_cli.verdicts import measures

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results.model import Severity
    from weightinit_cli.verdicts.measures import Finding
    from weightinit_cli.verdicts.seen import Seen


class Definition(NamedTuple):
    """One verdict: how it is found, and all that `winit explain` says of it.

    `figure` says what the verdict's value is a value of. `severity` is that of a finding; "severe"
    where its value is beyond `severe`, too, and a note from `noted` up to its threshold.
    `follows_from` names verdicts that explain this one, the likeliest first.
    """

    find: Callable[[Seen, float], Finding | None]
    severity: Severity
    figure: str
    meaning: str
    formula: str
    follows_from: tuple[str, ...] = ()
    noted: float | None = None
    severe: float | None = None
    advice: str | None = None
    reference: str = ""


_SIGNAL = "root mean square of a layer's activations / that of an earlier layer (0 is the input)"
_GRADIENT = "gradient norm of a layer / that of a later layer"
_NORM = "of two layers, the norm √(units × mean δ²), with δ the gradient at the pre-activations"

DEFINITIONS: Final[dict[str, Definition]] = {
    "overflow": Definition(
        measures.overflow,
        SEVERE,
        "nonfinite",
        "activations or gradients are inf or nan",
        "nonfinite + gradient.nonfinite > 0",
        ("exploding_signal", "exploding_gradient"),
    ),
    "units_identical": Definition(
        measures.units_identical,
        SEVERE,
        "distinct_units",
        "all units of a layer are the same: where their weights are the same, too, they get the "
        "same gradient and stay the same",
        "distinct_units = 1 in a layer of several units, channels.distinct = 1 in a convolution of "
        "several channels",
        ("underflow", "dying", "saturated", "vanishing_signal", "collapsed"),
        advice="draw the weights at random, so that the units differ from the start",
        reference="Rumelhart, Hinton & Williams 1986",
    ),
    "dying": Definition(
        measures.dying,
        NOTE,
        "dead share",
        "units are zero for every input and get no gradient, more of them than chance leaves in a "
        "sound network of this depth and so many inputs",
        "dead_units / units (of a convolution channels.dead / channels) > threshold, and > what "
        "chance leaves, p + 10 √(p (1 - p) / units), with p the integral over u of "
        "φ(u) Φ(-u √(c / (1 - c)))^N for N inputs whose pre-activations have a correlation c",
        ("units_identical",),
        reference="Lu et al. 2020 (arXiv:1903.06733)",
    ),
    "vanishing_signal": Definition(
        measures.vanishing_signal,
        NOTE,
        _SIGNAL,
        "the activations shrink over the layers",
        "the smallest ratio of a layer's √(mean² + std²) to that of an earlier layer or the input "
        "< threshold",
        ("units_identical", "dying", "saturated"),
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "exploding_signal": Definition(
        measures.exploding_signal,
        WARNING,
        _SIGNAL,
        "the activations grow over the layers",
        "the largest ratio of a layer's √(mean² + std²) to that of an earlier layer or the input "
        "> threshold",
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "underflow": Definition(
        measures.underflow,
        SEVERE,
        "unresolved",
        "a layer's activations are all smaller than the dtype can tell: nothing more is known of "
        "it and of what comes back through it",
        "mean and std are unresolved",
        ("vanishing_signal",),
    ),
    "collapsed": Definition(
        measures.collapsed,
        NOTE,
        "std / rms",
        "a layer's activations are all but one number, whatever the unit and the input",
        "std / rms < threshold, with rms² = mean² + std²",
        ("units_identical", "dying", "underflow", "saturated", "vanishing_signal"),
    ),
    "saturated": Definition(
        measures.saturated,
        NOTE,
        "saturation.low + saturation.high",
        "much of a layer lies in both flat ends of its activation, where learning is slow; what "
        "the gradient does is measured apart",
        "saturation.low + saturation.high > threshold, for activations flat on both sides (an end "
        "that begins at zero, as relu6's, is not counted)",
        reference="Glorot & Bengio 2010, section 3",
    ),
    "inputs_indistinguishable": Definition(
        measures.inputs_indistinguishable,
        WARNING,
        "std_across_inputs / std",
        "the units differ from each other but not from input to input: a well-spread histogram "
        "hides that all inputs look the same",
        "std_across_inputs < threshold × std, and < threshold × std_across_inputs of the input",
        (
            "units_identical",
            "dying",
            "underflow",
            "collapsed",
            "saturated",
            "vanishing_signal",
            "signal_drowned",
        ),
        reference="Schoenholz et al. 2017 (arXiv:1611.01232), section 3",
    ),
    "signal_drowned": Definition(
        measures.signal_drowned,
        WARNING,
        "std_across_inputs / std",
        "nothing of the signal is lost, but what all inputs have in common is so much larger that "
        "plain SGD learns hardly anything else",
        "std_across_inputs < threshold × std, and >= threshold × std_across_inputs of the input in "
        "this and all earlier layers",
        ("collapsed",),
        reference="LeCun et al. 1998, Efficient BackProp, section 4.3",
    ),
    "vanishing_gradient": Definition(
        measures.vanishing_gradient,
        WARNING,
        _GRADIENT,
        "what comes back shrinks over the layers, so that the first ones hardly learn while the "
        "last ones do",
        f"the smallest ratio, {_NORM}, of an earlier to a later layer < threshold, or "
        "gradient.signal_rms = 0 at the last layer",
        (
            "units_identical",
            "dying",
            "vanishing_signal",
            "underflow",
            "collapsed",
            "inputs_indistinguishable",
            "saturated",
        ),
        severe=1e-6,
        reference="Glorot & Bengio 2010, section 4.2; Schoenholz et al. 2017 (arXiv:1611.01232), "
        "section 5",
    ),
    "exploding_gradient": Definition(
        measures.exploding_gradient,
        WARNING,
        _GRADIENT,
        "what comes back grows over the layers, so that a step that suits the last ones is far too "
        "long for the first ones",
        f"the largest ratio, {_NORM}, of an earlier to a later layer > threshold",
        ("exploding_signal",),
        noted=20,
        severe=1e3,
        reference="Schoenholz et al. 2017 (arXiv:1611.01232), section 5",
    ),
}
