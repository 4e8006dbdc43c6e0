"""What a low precision does to a run, in the words that tables and prints share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.numerals import percent

if TYPE_CHECKING:
    from weightinit_cli.results.model import Result

# From which share on it is told that float16 would flush a layer's gradient.
TOLD = 0.01


def rounding_sentence(result: Result) -> str:
    """What rounding made of all values; of float32 and float64, what float16 would flush."""
    rounded = [each.rounded for each in result.layers if each.rounded]
    if not rounded:
        return _would_flush(result)
    parts = [part for layer in rounded for part in layer.values()]
    overflowed, flushed, subnormal = (
        sum(getattr(part, name) for part in parts)
        for name in ("overflowed", "flushed", "subnormal")
    )
    values = sum(part.values for part in parts)
    if not overflowed + flushed + subnormal:
        return f"{result.spec['dtype']}: nothing overflowed, was flushed to zero, or is subnormal"
    return (
        f"{result.spec['dtype']}: of {counted(values, 'value')} in both passes {overflowed:,} "
        f"overflowed, {flushed:,} were flushed to zero, {subnormal:,} are subnormal"
    )


def _would_flush(result: Result) -> str:
    shares = {
        number: layer.gradient.float16_flushed
        for number, layer in enumerate(result.layers, 1)
        if layer.gradient is not None and layer.gradient.float16_flushed
    }
    number = max(shares, key=lambda each: shares[each] or 0.0, default=0)
    most = shares.get(number) or 0.0
    if most < TOLD:
        return ""
    return f"float16 would flush {percent(most)} of the gradient at layer {number} to zero"
