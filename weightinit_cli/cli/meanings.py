"""What verdicts, columns and words of tables mean, from the tables that draw and print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weightinit_cli.cli import names

if TYPE_CHECKING:
    from weightinit_cli.verdicts import Definition

    # What is said of a name, each part with a label.
    Rows = list[tuple[str, str]]

# What stands in place of a figure, in any column.
BELOW = "<6e-8"
MARKS = {
    BELOW: "the figure is too small for the numbers that the network is computed with (dtype): "
    "all that is known is that it is smaller than this",
    "?": "nothing is known of the figure: it depends on values that the dtype rounds away",
    ">=98": "at least so many: rounding may have made others equal to one of them",
    "<0.1%": "there are some, but fewer than one of 1,000",
    ">99.9%": "all but fewer than one of 1,000",
    "-": "there is no such figure",
}
# The words of stats.json and summary.csv that no column shows.
WORDS = {
    "floor": "what a figure has to reach to be more than rounding or underflow",
    "resolution": "the floors of a layer's figures, which the dtype sets, in stats.json",
    "unresolved": "the figures that lie below their floor, or of which nothing is known, "
    "in stats.json, in summary.csv and in pictures",
    "no_z": "why a figure that theory predicts has no z, in stats.json",
}
# What columns show where a table has a row for each of several runs.
OF_SEVERAL = {
    "std": "; of several runs, that of the last layer",
    "std (inputs)": "; of several runs, that of the last layer",
    "grad. ratio": "; of several runs, the geometric mean over the layers",
}
# The words of theory, pictures and verdicts; the page of names and conventions has them, too.
TERMS = {
    "start": "a network as it is initialized, before any training",
    "spec": "a file that says what is run: layers, activation function, initializer and more",
    "pre-activation": "the sum of a unit's weighted inputs and its bias, which the activation "
    "function is applied to",
    "flat end": "where the slope of an activation function is at most 5 % of its largest: a "
    "sigmoid's are below -4.36 and above 4.36",
    "signal": "what of a unit varies from input to input; std (inputs) is its size",
    "power": "the mean square; where independent parts of mean 0 are added up, their powers add up",
    "rms": "root mean square, the root of the power; with a mean of 0 it is the standard deviation",
    "δ": "(delta) the gradient by the pre-activations, which comes back from the last layer",
    "norm": "of the gradient at a layer: √(units × mean δ²), the root of its total power",
    "mean-field theory": "the theory of very wide layers, whose pre-activations are normally "
    "distributed; in pictures its figures stand in parentheses",
    "stream": "in winit probe, values that hand the signal on, from the first to the last: the "
    "sums of a residual stream, or what each layer of a sequential path puts out",
    "indifferent model": "one that gives each of C classes the same probability, whose "
    "cross-entropy is ln C: so a model should start, since it knows nothing yet",
    "sigma_w": "the standard deviation of the weights × √fan_in; without biases its square is the "
    "power of a layer's pre-activations over that of what the layer is given",
    "sigma_b": "the standard deviation of the biases",
    "q*": "the variance of a pre-activation where it has settled with depth",
    "chi_1": "sigma_w² × the mean of slope² at q*: by how much each layer multiplies the total "
    "power of the gradient",
    "edge of chaos": "where chi_1 is 1: between order, where gradients vanish and inputs become "
    "alike, and chaos, where gradients explode and inputs become unlike",
    "xi_q": "how many layers it takes until the distance of q from q* is 1 / e = 0.37 of what it "
    "was",
    "xi_c": "how many layers it takes until the correlation c of two inputs is as much nearer to "
    "where it settles",
    "flush": "to make a number 0 that is too small for its dtype",
    "baseline": "results that were saved once, which winit check holds new runs to",
    "drift": "a figure that differs from the baseline by more than the gate allows",
    "gate": "the rule by which two results are compared, the strictest that they allow: exact, "
    "rounding or statistical",
    "exact": "the gate of two results of the same versions and platform: every figure is the same "
    "to the last bit",
    "rounding": "the gate of two results of the same draws by other versions or on another "
    "machine: a figure may differ by what rounding does to it",
    "statistical": "the gate of two results of other draws: weights are held to the law of their "
    "initializer, and all else to fresh networks of the spec",
    "law": "how entries are distributed: normal, truncated normal or uniform",
    "standardized": "of all layers together, each brought to mean 0 and standard deviation 1 by "
    "its law",
    "kurtosis": "the mean fourth power of the distance from the mean over the squared variance: 3 "
    "of a normal law, 1.8 of a uniform one, 2.37 of a normal one cut at two standard deviations",
    "fans exchanged": "in winit conform, the standard deviation of a matrix of 100 by 400 over "
    "that of one of 400 by 100: whose fan it follows",
    "kernel / matrix": "in winit conform, the standard deviation of a kernel over that of a "
    "matrix, in units of what is expected: whether the receptive field counts",
    "receptive field": "the area of a kernel, height × width, which multiplies both of its fans",
    "largest / scale": "in winit conform, the largest entry over the scale of the law: where the "
    "law is cut, or its tail",
}
ALSO = {
    "delta": "δ",
    "rootmeansquare": "rms",
    "meanfield": "mean-field theory",
    "indifferent": "indifferent model",
}
Z = (
    "how many standard errors std lies from what theory expects at this width; more than 5 are no "
    "chance; where there is none, no_z in stats.json says why"
)


def column_meanings() -> dict[str, str]:
    """Return what each column shows, by its head."""
    from weightinit_cli.cli.tables import view
    from weightinit_cli.results.figures import FIGURES
    from weightinit_cli.results.kinds import RESULT_KINDS

    meanings: dict[str, str] = {}
    for row in FIGURES.values():
        if row.head:
            meanings[row.head] = row.words + OF_SEVERAL.get(row.head, "")
        if row.head == "std":
            meanings["z (std)"] = Z
    for experiment in RESULT_KINDS:
        meanings |= view(experiment).MEANINGS
    return meanings


def heads_of(word: str) -> list[str]:
    """Find the column of this head, else those whose heads begin with this word."""
    by_word = {plain(head): head for head in column_meanings()}
    if word in by_word:
        return [by_word[word]]
    return [head for each, head in by_word.items() if word and each.startswith(f"{word} ")]


def plain(head: str) -> str:
    """Return the head as it may be typed: without dots and brackets, with any separator."""
    return re.sub("[^a-z]+", " ", head.casefold()).strip()


def term(name: str) -> str:
    """Find the term of this name, typed with any separators; empty where there is none."""

    def typed(word: str) -> str:
        return re.sub(r"[\s_-]+", "", word.casefold())

    by_word = {typed(each): each for each in TERMS} | ALSO
    return by_word.get(typed(name), "") or by_word.get(typed(name).removesuffix("s"), "")


def verdicts() -> dict[str, str]:
    """Return what each verdict means, the worst first."""
    from weightinit_cli.results.model import HEALTHY
    from weightinit_cli.verdicts import ALL_IS_WELL

    return {**names.verdicts(), HEALTHY: ALL_IS_WELL}


def word_rows(name: str) -> Rows:
    """Label what is known of a verdict, a severity, a word of files or a mark; empty of others."""
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.verdicts import DEFINITIONS

    if name in DEFINITIONS:
        return _definition_rows(name, DEFINITIONS[name])
    if name in verdicts():
        formula = "no verdict warns; notes may follow"
        return [("meaning", verdicts()[name]), ("formula", formula), ("trained", _trained(name))]
    mark = BELOW if re.fullmatch(r"<[0-9][0-9.,e+-]*", name) else name
    meaning = {**MARKS, **WORDS, **SEVERITY_MEANINGS}.get(mark)
    return [] if meaning is None else [("meaning", meaning)]


def _definition_rows(name: str, definition: Definition) -> Rows:
    """Label all that the table of verdicts says of one."""
    from weightinit_cli.parameters import Thresholds

    default = Thresholds()._asdict().get(name)
    rows = {
        "meaning": definition.meaning,
        "severity": _severity(name, definition),
        "figure": definition.figure,
        "formula": definition.formula,
        "threshold": "none" if default is None else f"{default:g}, set by thresholds.{name}",
        "trained": _trained(name) or UNTRAINED,
        "follows from": ", ".join(definition.follows_from),
        "advice": definition.advice,
        "reference": definition.reference,
    }
    return [(label, text) for label, text in rows.items() if text]


def _severity(name: str, definition: Definition) -> str:
    """Say how bad a verdict is, and where it is worse."""
    from weightinit_cli.numerals import short
    from weightinit_cli.results.model import NOTE, SEVERE
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.verdicts import DEFINITIONS

    parts = [f"{definition.severity}: {SEVERITY_MEANINGS[definition.severity]}"]
    if definition.noted is not None:
        parts.append(f"{NOTE} from {definition.noted:g} up to the threshold")
    if definition.severe is not None:
        beyond = "below" if definition.severe < 1 else "above"
        parts.append(f"{SEVERE} where the value is {beyond} {short(f'{definition.severe:g}')}")
    is_cause = any(name in each.follows_from for each in DEFINITIONS.values())
    if is_cause and definition.severity != SEVERE:
        parts.append("as bad as the worst that follows from it")
    return "; ".join(parts)


UNTRAINED = "not measured by trainings of plain layers: by reasoning, of models and networks seen"
KINDS = {"note": "a note and no warning", "warning": "a warning", "severe": "severe"}


def _trained(name: str) -> str:
    """Say how many networks with a verdict failed in training, by its severity."""
    from weightinit_cli.verdicts import TRAINED

    parts = []
    for severity, (networks, sgd, adam) in TRAINED[name].items() if name in TRAINED else ():
        it = f"it as {KINDS[severity]}" if severity else "it"
        parts.append(
            f"of {networks:,} networks with {it}, {sgd:,} failed by plain SGD, {adam:,} by Adam"
        )
    if parts:
        parts.append("all of them plain layers, without normalization and residual blocks")
    return "; ".join(parts)
