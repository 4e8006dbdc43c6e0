"""An output layer and the loss at the start in the words that tables and prints share."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.results.words import finite, four_digits, share_words

if TYPE_CHECKING:
    from weightinit_cli.results.forecast import Forecast
    from weightinit_cli.results.model import Prediction, Result, Spread


def loss_sentence(result: Result) -> str:
    """`loss at the start 3.087 (ln 10 = 2.303), theory 3.11 (z -0.1)`; nothing without output."""
    output = result.output
    if output is None:
        return ""
    classes = result.spec["output"]["classes"]
    loss = "not finite" if output.loss is None else four_digits(output.loss)
    parts = [f"loss at the start {loss} (ln {classes:,} = {four_digits(output.indifferent)})"]
    if output.theory is not None:
        parts.append(_expected(output.theory))
    if output.repeats and "loss" in output.repeats:
        parts.append(_over_seeds(output.repeats["loss"], result.spec["repeats"]))
    return ", ".join(parts)


def logits_sentence(result: Result) -> str:
    """The logits' figures, and what a first step does to the output layer's weights."""
    output = result.output
    if output is None:
        return ""
    logits = output.logits
    if not finite(logits.histogram):
        return "logits: no finite value"
    said = f"logits: root mean square {four_digits(output.rms)}"
    if logits.nonfinite:
        said = f"logits: {finite(logits.histogram):,} of them finite"
    parts = [
        said,
        f"from {four_digits(logits.min)} to {four_digits(logits.max)}",
        f"std from input to input {four_digits(logits.std_across_inputs)}",
        f"{share_words(output.accuracy)} of the answers right",
    ]
    step = None if logits.gradient is None else logits.gradient.update_ratio
    if step is not None:
        parts.append(f"a first step moves its weights by {four_digits(step)} of their size")
    return ", ".join(parts)


def forecast_sentence(forecast: Forecast) -> str:
    """`Loss at the start: 3.11 ± 0.22 (ln 10 = 2.303), logits of standard deviation 1.414`."""
    loss, logits = forecast.loss, forecast.logits
    if loss is None or logits is None:
        return ""
    classes = forecast.spec["output"]["classes"]
    error = "" if loss.standard_error is None else f" ± {four_digits(loss.standard_error)}"
    return (
        f"Loss at the start: {four_digits(loss.value)}{error} "
        f"(ln {classes:,} = {four_digits(log(classes))}), "
        f"logits of standard deviation {four_digits(sqrt(logits.q))}."
    )


def _expected(expected: Prediction) -> str:
    z = "" if expected.z is None else f" (z {expected.z:z.1f})"
    return f"theory {four_digits(expected.value)}{z}"


def _over_seeds(spread: Spread, seeds: int) -> str:
    std = "" if spread.std is None else f" ± {four_digits(spread.std)}"
    return f"over {seeds:,} seeds {four_digits(spread.mean)}{std}"
