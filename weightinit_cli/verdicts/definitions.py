"""The table of verdicts: how each is found, how bad it is, what it follows from, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.results.model import NOTE, SEVERE, WARNING
from weightinit_cli.verdicts import loss, measures, values, weights
from weightinit_cli.verdicts.lost import LOST, MOST_FLUSHED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import Severity
    from weightinit_cli.verdicts.measures import Finding
    from weightinit_cli.verdicts.seen import Seen
    from weightinit_cli.verdicts.seen_model import FoundInModel, Model


class Definition(NamedTuple):
    """One verdict: how it is found, and all that `winit explain` says of it.

    `find` is None of what only a whole model can have, `find_in_model` of what is looked
    for along a model's streams alone. Both are there of what either shows in its own way.
    `figure` says what the verdict's value is a value of. `severity` is that of a finding; "severe"
    where its value is beyond `severe`, too, and a note from `noted` up to its threshold.
    `follows_from` names verdicts that explain this one, the likeliest first.
    """

    find: Callable[[Seen, float], Finding | None] | None
    severity: Severity
    figure: str
    meaning: str
    formula: str
    follows_from: tuple[str, ...] = ()
    noted: float | None = None
    severe: float | None = None
    advice: str | None = None
    reference: str = ""
    find_in_model: Callable[[Model], Sequence[FoundInModel]] | None = None


_SIGNAL = "root mean square of a layer's activations / that of an earlier layer (0 is the input)"
_GRADIENT = "gradient norm of a layer / that of a later layer"
_NORM = (
    "of two layers, the norm √(units × mean δ²), with δ the gradient at the pre-activations, or at "
    "the stream where there is one"
)
_UNNORMALIZED = "; not where layers are normalized, whose size is no matter to what follows"

DEFINITIONS: Final[dict[str, Definition]] = {
    "overflow": Definition(
        measures.overflow,
        SEVERE,
        "nonfinite",
        "activations or gradients are inf or nan",
        "nonfinite + gradient.nonfinite > 0",
        ("nonfinite_parameter", "exploding_signal", "exploding_gradient"),
        find_in_model=values.nonfinite_value,
    ),
    "units_identical": Definition(
        measures.units_identical,
        SEVERE,
        "distinct_units",
        "all units of a layer are the same: where their weights are the same, too, they get the "
        "same gradient and stay the same",
        "distinct_units = 1 in a layer of several units, channels.distinct = 1 in a convolution of "
        "several channels; of a branch of two layers, where W is one number and V is (a warning "
        "where that is so of all branches, else a note); in another model, too, where all weights "
        "of a layer are one number and all its biases are: a warning where that is so of less than "
        "half of the matrices",
        ("underflow", "dying", "saturated", "vanishing_signal", "collapsed"),
        advice="draw the weights at random, so that the units differ from the start",
        reference="Rumelhart, Hinton & Williams 1986",
        find_in_model=weights.constant_weights,
    ),
    "dying": Definition(
        measures.dying,
        NOTE,
        "dead share",
        "units are zero for every input and get no gradient, more of them than chance leaves in a "
        "sound network of this depth and so many inputs",
        "dead_units / units (of a convolution channels.dead / channels) > threshold, and > what "
        "chance leaves, p + 10 √(p (1 - p) / units), with p the integral over u of "
        "φ(u) Φ(-u √(c / (1 - c)))^N for N inputs whose pre-activations have a correlation c. Of a "
        "residual block, whose stream passes by what is dead, it is a whole branch that hands "
        "nothing on and gets no gradient, at a scale that is not 0: a warning where all branches "
        "are dead, so that what is left is linear",
        ("units_identical",),
        reference="Lu et al. 2020 (arXiv:1903.06733)",
    ),
    "vanishing_signal": Definition(
        measures.vanishing_signal,
        NOTE,
        _SIGNAL,
        "the activations shrink over the layers",
        "the smallest ratio of a layer's √(mean² + std²) to that of an earlier layer or the input "
        f"< threshold{_UNNORMALIZED}",
        ("units_identical", "dying", "saturated", "scheme_unfit"),
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "exploding_signal": Definition(
        measures.exploding_signal,
        WARNING,
        _SIGNAL,
        "the activations grow over the layers",
        "the largest ratio of a layer's √(mean² + std²) to that of an earlier layer or the input "
        f"> threshold{_UNNORMALIZED}",
        ("fans_swapped", "scheme_unfit"),
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "underflow": Definition(
        measures.underflow,
        SEVERE,
        "unresolved",
        "a layer's activations are all smaller than the dtype can tell: nothing more is known of "
        "it and of what comes back through it; or, a warning, float16 or bfloat16 flush most of "
        "its gradient to zero",
        f"mean and std are unresolved; or more than {LOST:.0%} of the gradient's values that were "
        "not zero are flushed to zero. The loss scale that is named, by which the loss can be "
        "multiplied, is the smallest power of two with which no layer flushes more than "
        f"{MOST_FLUSHED:.0%} and nothing overflows: it was tried, of several networks on the "
        "first",
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
        "that begins at zero, as relu6's, is not counted); of a residual block, its branch's",
        reference="Glorot & Bengio 2010, section 3",
    ),
    "inputs_indistinguishable": Definition(
        measures.inputs_indistinguishable,
        WARNING,
        "std_across_inputs / std",
        "the units differ from each other but not from input to input: a well-spread histogram "
        "hides that all inputs look the same",
        "std_across_inputs < threshold × std, and < threshold × std_across_inputs of the input "
        "(where layers are normalized, over the input's root mean square)",
        (
            "units_identical",
            "dying",
            "underflow",
            "collapsed",
            "saturated",
            "vanishing_signal",
            "signal_drowned",
            "scheme_unfit",
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
        "last ones do; where the signal shrinks as fast, all of them hardly learn",
        f"the smallest ratio, {_NORM}, of an earlier to a later layer < threshold, or "
        "gradient.signal_rms = 0 at the last layer, where there is no stream",
        (
            "units_identical",
            "dying",
            "vanishing_signal",
            "underflow",
            "collapsed",
            "inputs_indistinguishable",
            "saturated",
            "scheme_unfit",
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
        ("exploding_signal", "attention_one_hot", "fans_swapped", "scheme_unfit"),
        noted=20,
        severe=1e3,
        reference="Schoenholz et al. 2017 (arXiv:1611.01232), section 5",
    ),
    "nonfinite_parameter": Definition(
        None,
        SEVERE,
        "statistics.nonfinite",
        "entries of a parameter are inf or nan, and so is all that is made with it",
        "statistics.nonfinite > 0",
        find_in_model=weights.nonfinite_parameter,
    ),
    "confident_at_start": Definition(
        loss.confident_at_start,
        WARNING,
        "loss - ln(classes)",
        "the model is sure of its answers before it has learned anything: the first steps go into "
        "making the logits small again",
        f"loss - ln(classes) > {loss.WARNED_EXCESS:g} and > ln(classes); a note where it is "
        f"> {loss.NOTED_EXCESS:g}. In networks with an output layer only where the root mean "
        f"square of the logits, which is the value there, is > {loss.LARGE_LOGITS:g}, too. Logits "
        "of standard deviation s add about s² / 2 to the loss where s is small",
        ("overflow", "exploding_signal"),
        find_in_model=values.confident_at_start,
    ),
    "layers_identical": Definition(
        None,
        WARNING,
        "copies",
        "layers start with the very numbers of another layer, as copies do: they start as one "
        "layer that is applied several times, and what it amplifies all of them amplify",
        "weights that look drawn, get a gradient and are the same, number by number, as an earlier "
        "parameter's; a note where they are applied side by side and their gradients differ",
        find_in_model=weights.layers_identical,
    ),
    "attention_one_hot": Definition(
        None,
        WARNING,
        "entropy",
        "attention looks at a single place, and through a softmax as sharp as this hardly anything "
        "comes back to what decides where; looking at all places alike is a sound start",
        "entropy of the attention's weights, as a share of the logarithm of the number of places, "
        f"< {values.ONE_HOT:g}; a note below {values.SHARP:g}",
        reference="Zhai et al. 2023 (arXiv:2303.06296)",
        find_in_model=values.attention_one_hot,
    ),
    "scheme_unfit": Definition(
        None,
        NOTE,
        "std × √fan_in / the size needed",
        "the weights of a path are of a size that its activation does not keep the signal by, over "
        "as many layers as it has; over a few layers it would not matter",
        "standard deviation × √fan_in over √(1 / E φ(z)²), z of N(0, 1), which is √2 of ReLU, "
        "where ReLU, leaky ReLU, GELU or SiLU follow: the power is multiplied by its square a "
        "layer, over the layers of that scheme by less than 1e-4 or more than 1e4",
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
        find_in_model=None,
    ),
    "fans_swapped": Definition(
        None,
        NOTE,
        "√(fan_in / fan_out)",
        "the weights of a transposed convolution were drawn for as many inputs as it has outputs, "
        "as torch's init functions do: they take the second axis for the inputs",
        "its scheme is He's by fan_out; inputs × kernel, which is fan_in where there is no stride, "
        "is nearer to fan_in",
        reference="He et al. 2015 (arXiv:1502.01852), section 2.2",
        find_in_model=weights.fans_swapped,
    ),
    "growing_stream": Definition(
        measures.growing_stream,
        NOTE,
        "root mean square of a stream's last value / that of its first",
        "a residual stream grows, while its branches see it normalized: each later branch changes "
        "it by a smaller share. Models like this train; GPT-2 scales the last matrix of each "
        "branch by 1 / √branches, which keeps the stream smaller",
        f"the ratio of the root mean squares is at least {measures.NOTED_GROWTH:g}, in streams "
        "most of whose branches have a normalization (placement: pre)",
        reference="Radford et al. 2019, section 2.3; Xiong et al. 2020 (arXiv:2002.04745); Zhang "
        "et al. 2019 (arXiv:1901.09321)",
        find_in_model=values.growing_stream,
    ),
    "no_gradient": Definition(
        None,
        NOTE,
        "parameters",
        "parameters get no gradient, and the optimizer never moves them: frozen ones, ones that "
        "the loss does not depend on, and, as a warning, ones with which something is computed "
        "that is lost",
        "parameters without gradient; a warning where a value is made with them on which neither "
        "the loss depends nor anything that the model returns, and where all are frozen",
        find_in_model=weights.no_gradient,
    ),
    "starts_at_zero": Definition(
        loss.starts_at_zero,
        NOTE,
        "parameters",
        "a layer of zeros gets a gradient, and hands nothing on or back at the first step: what "
        "stands right after it or before it learns from the second step on",
        "all entries are 0 and the gradient is not; the gradient of parameters right after it or "
        "before it is 0. Of a residual block branch.rms = 0: at a scale of 0, as ReZero's, where "
        "its weights W and V, those of the branch's first and second layer, get no gradient until "
        "the scale has moved; or where one of W and V is 0, and the other one gets no gradient "
        "until that has moved",
        reference="Zhang et al. 2019 (arXiv:1901.09321); Bachlechner et al. 2020 "
        "(arXiv:2003.04887)",
        find_in_model=weights.starts_at_zero,
    ),
}
