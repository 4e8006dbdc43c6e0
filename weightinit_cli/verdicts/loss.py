"""What the loss at the start has wrong, of networks with an output layer and of whole models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from weightinit_cli.numerals import two_digits
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.verdicts.measures import Finding, branches_at_zero

if TYPE_CHECKING:
    from weightinit_cli.results.model import Severity
    from weightinit_cli.verdicts.seen import Seen

# How far the loss may be above an indifferent model's: as a note, as a warning; it is none where
# the loss is less than twice as large. Models as shipped come to 1.7 times (Inception v3). Ten
# logits of standard deviation 1.6 add 1, of 3.2 add 3; those of He's weights on ReLU, √2, add 0.8.
# Of one network the loss strays by 0.2 and more: only where its logits are larger, too, is it no
# chance.
NOTED_EXCESS: Final = 1.0
WARNED_EXCESS: Final = 3.0
LARGE_LOGITS: Final = 2.0
HERE: Final = "the output layer"


def confidence(excess: float, indifferent: float) -> Severity | None:
    """How bad a loss is that lies so far above an indifferent model's; None where it is well."""
    if excess <= NOTED_EXCESS:
        return None
    return WARNING if excess > max(WARNED_EXCESS, indifferent) else NOTE


def loss_words(loss: float, indifferent: float, classes: int) -> str:
    """`the loss is 5.09, that of an indifferent model 2.30 (ln 10)`."""
    return (
        f"the loss is {two_digits(loss, 3)}, that of an indifferent model "
        f"{two_digits(indifferent, 3)} (ln {classes:,})"
    )


def confident_at_start(seen: Seen, _: float) -> Finding | None:
    """Logits so large that the loss is far above that of equal probabilities."""
    output = seen.output
    if output is None or output.loss is None or output.rms is None:
        return None
    severity = confidence(output.loss - output.indifferent, output.indifferent)
    if severity is None or output.rms <= LARGE_LOGITS:
        return None
    words = loss_words(output.loss, output.indifferent, seen.classes)
    said = f"the root mean square of the logits is {two_digits(output.rms)}; {words}"
    return Finding(len(seen.layers), output.rms, "rms", None, severity, HERE, said)


def starts_at_zero(seen: Seen, _: float) -> Finding | None:
    """An output layer of zeros, through which nothing comes back at the first step, or branches."""
    if not seen.is_silent:
        return branches_at_zero(seen)
    said = (
        "all its weights are 0: it learns at the first step, and the layers below from the second "
        "step on"
    )
    return Finding(len(seen.layers), None, "weights.max", None, NOTE, HERE, said)
