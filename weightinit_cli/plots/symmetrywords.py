"""What is seen in gradient descent: which layers move late or never, which units are identical."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.drawing import MUTED, ORANGE, Color
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.words import layer_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.symmetry import LayerSteps, SymmetryResult

MOST_LATE = 4


def seen(result: SymmetryResult) -> tuple[list[str], Color]:
    """What is seen in a run, in a few words, and the colour in which they stand."""
    words = ending(result)
    layers = result.layers
    if all(layer.first_moved is None for layer in layers):
        words.append("nothing moves")
    else:
        words += _late(layers)
    words += _alike(layers[:-1])
    if words:
        return words, ORANGE
    differ = ", no units stay identical" if layers[1:] else ""
    return [f"every layer moves from step 1 on{differ}"], MUTED


def _late(layers: Sequence[LayerSteps]) -> list[str]:
    """The layers that first move after the first step, from above, and those that never do."""
    named = [(_name(k, layers), layer.first_moved) for k, layer in enumerate(layers, 1)]
    late = [(name, step) for name, step in reversed(named) if step is not None and step > 1]
    words = [f"{name} in step {step:,}" for name, step in late]
    if late:
        name, step = late[0]
        words[0] = f"{name} first moves in step {step:,}"
    if len(words) > MOST_LATE:
        words = [f"{words[0]}, …, {words[-1]}"]
    never = [k for k, layer in enumerate(layers[:-1], 1) if layer.first_moved is None]
    if never:
        words.append(f"{hidden_words(never)} never move{'' if never[1:] else 's'}")
    if layers[-1].first_moved is None:
        words.append("the output never moves")
    return words


def _alike(hidden: Sequence[LayerSteps]) -> list[str]:
    """The hidden layers whose units are all the same throughout, or were so at the start."""
    numbered = [(k, layer) for k, layer in enumerate(hidden, 1) if layer.units > 1]
    stay = [k for k, layer in numbered if layer.most_distinct == 1]
    part = [k for k, layer in numbered if layer.start_distinct == 1 < layer.most_distinct]
    few = [
        (k, layer)
        for k, layer in numbered
        if 1 < layer.most_distinct < layer.units and k not in part
    ]
    words = [f"units of {hidden_words(stay)} stay identical"] if stay else []
    if part:
        words.append(f"units of {hidden_words(part)} start identical and part")
    if len(few) == 1:
        (k, layer), *_ = few
        words.append(f"at most {layer.most_distinct} of {layer.units} units of layer {k} differ")
    elif few:
        words.append(f"some units stay identical in {hidden_words([k for k, _ in few])}")
    return words


def hidden_words(layers: Sequence[int]) -> str:
    """`layer 3`, `layers 1 and 3`, `layers 1 to 4`, or how many and the first of them."""
    if len(layers) == 2:
        return f"layers {layers[0]} and {layers[1]}"
    if len(layers) == 3 and layers[2] - layers[0] > 2:
        return f"layers {layers[0]}, {layers[1]} and {layers[2]}"
    return layer_words(layers)


def _name(number: int, layers: Sequence[LayerSteps]) -> str:
    return "output" if number == len(layers) else f"layer {number}"
