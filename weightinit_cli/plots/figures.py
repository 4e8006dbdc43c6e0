"""One figure of one layer by its path: as measured, as predicted, and over the seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.numerals import two_digits
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.words import figure_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import LayerStatistics, Result, Spread

LOW, HIGH = "saturation.low", "saturation.high"
RATIO, SIGNAL = "gradient.total_ratio", "gradient.signal_rms"
STREAM = "gradient.stream_rms"
MATTERS = 0.01  # of a layer in its flat ends


def predicted(layer: LayerStatistics, path: str) -> float | None:
    """The figure as theory has it, None where it says nothing."""
    if layer.theory is None or path not in layer.theory.figures:
        return None
    return layer.theory.figures[path].value


def spread(layer: LayerStatistics, path: str) -> Spread | None:
    """The figure over the seeds, None of a single run."""
    return layer.repeats.get(path) if layer.repeats else None


def beside(shown: str, expected: str | None) -> str:
    """`0.21 (0.20)`: the predicted figure in parentheses."""
    return shown if expected is None else f"{shown} ({expected})"


def measured(layer: LayerStatistics, path: str) -> str:
    """The figure to two digits; `<6e-8` or `?` where the dtype cannot tell it."""
    return figure_words(layer, path, figure(layer, path), two_digits)


def dtype(result: Result) -> str:
    """In which numbers the network was computed."""
    return str(result.spec.get("dtype", "float32"))


def forms(layer: LayerStatistics, path: str, *names: str) -> tuple[str, ...]:
    """The figure in words behind its names, the fullest form first.

    With its spread over the seeds and what is predicted; the first seed's with what is predicted;
    and alone.
    """
    expected = predicted(layer, path)
    theory = None if expected is None else two_digits(expected)
    alone = measured(layer, path)
    short = full = beside(alone, theory)
    over = None if path in layer.unresolved else spread(layer, path)
    if over is not None and over.std is not None:
        full = beside(f"{two_digits(over.mean)} ± {two_digits(over.std, 1)}", theory)
    every = [name + text for text in (full, short) for name in names]
    return (*every, names[-1] + alone)


def saturated(layer: LayerStatistics, value: Callable[..., float | None]) -> float | None:
    """The share in both flat ends, None unless there are two."""
    low, high = value(layer, LOW), value(layer, HIGH)
    return None if low is None or high is None else low + high


def saturation_matters(layers: Sequence[LayerStatistics]) -> bool:
    """Whether some layer has a share worth a word in its two flat ends, or is expected to."""
    shares = (saturated(layer, value) for layer in layers for value in (resolved, predicted))
    return any(share is not None and share >= MATTERS for share in shares)


def in_blocks(layers: Sequence[LayerStatistics]) -> bool:
    """Whether the layers are residual blocks, whose values are those of a stream."""
    return any(layer.branch for layer in layers)


def values_of(layers: Sequence[LayerStatistics]) -> str:
    """What the layers' values are, as the name of their axis."""
    return "stream after each layer" if in_blocks(layers) else "activation"


def seeds(result: Result) -> int:
    """How many seeds the figures' spread is over; 1 without any."""
    if not any(layer.repeats for layer in result.layers):
        return 1
    return int(result.spec.get("repeats", 1))
