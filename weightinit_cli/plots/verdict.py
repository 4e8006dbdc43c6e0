"""The verdict in words: what is wrong, from which layer on, and the figure that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.numbers import percent, two_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import Verdict


def _a_layer(value: float) -> str:
    return f"× {two_digits(value)} a layer"


FIGURES: dict[str, Callable[[float], str]] = {
    "overflow": lambda value: f"{value:,.0f} inf or nan",
    "underflow": lambda _: "",
    "units_identical": lambda _: "",
    "collapsed": lambda value: f"std {two_digits(value)} of the size",
    "saturated": percent,
    "inputs_indistinguishable": lambda value: f"std across inputs {percent(value)} of std",
    "dying": lambda value: f"{percent(value)} of the units dead",
    "vanishing_signal": _a_layer,
    "exploding_signal": _a_layer,
    "vanishing_gradient": _a_layer,
    "exploding_gradient": _a_layer,
}


def verdict_parts(verdicts: Sequence[Verdict]) -> list[str]:
    """`vanishing gradient from layer 4 (× 0.056 a layer)`, for each verdict."""
    return [_part(verdict) for verdict in verdicts]


def _part(verdict: Verdict) -> str:
    words = verdict.name.replace("_", " ")
    if verdict.layer is not None:
        words += f" from layer {verdict.layer}"
    figure = "" if verdict.value is None else _figure(verdict, verdict.value)
    return f"{words} ({figure})" if figure else words


def _figure(verdict: Verdict, value: float) -> str:
    if verdict.name in FIGURES:
        return FIGURES[verdict.name](value)
    return f"{(verdict.figure or '').replace('_', ' ')} {two_digits(value)}".strip()
