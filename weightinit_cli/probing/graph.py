"""What a model's values were made of: which ones hold weights, and how they hang together."""

from __future__ import annotations

from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.results.probe import ProbedValue

SUM: Final = "add"
PRODUCT: Final = "mul"
NORMS: Final = frozenset((
    "layer_norm", "rms_norm", "batch_norm", "group_norm", "instance_norm", "normalize",
))  # fmt: skip
ACTIVATIONS: Final = frozenset((
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "sigmoid", "logsigmoid", "hardsigmoid", "hardswish", "tanh", "hardtanh", "softplus", "softsign",
    "softshrink", "hardshrink", "tanhshrink", "threshold", "glu", "sin", "clamp", "clip",
))  # fmt: skip
# Layers that sum over their inputs with weights, by how their operations' names begin; those of
# attention and of recurrent cells hold several, and no shortcut is made of them.
LAYERS: Final = ("linear", "bilinear", "conv", "embedding")
CELLS: Final = ("multi_head_attention", "lstm", "gru", "rnn")
# The same with what may be parameters, or values, on both sides.
CONTRACTIONS: Final = frozenset((
    "matmul", "mm", "bmm", "einsum", "addmm", "baddbmm", "tensordot", "grouped_mm",
))  # fmt: skip
MIXERS: Final = frozenset(("scaled_dot_product_attention", "softmax"))


class Graph:
    """A model's values by their places, each made of earlier ones.

    Sets of places are kept as whole numbers, a bit per place.
    """

    def __init__(self, values: Sequence[ProbedValue]) -> None:
        self.values = values
        self.ancestors: list[int] = []
        for place, value in enumerate(values):
            found = 1 << place
            for parent in value.parents:
                found |= self.ancestors[parent]
            self.ancestors.append(found)

    @cached_property
    def weighted(self) -> int:
        """The values that layers with weights make."""
        return self._those(self.is_weighted)

    @cached_property
    def norms(self) -> int:
        """The values that normalizations make."""
        return self._those(self.is_norm)

    @cached_property
    def bends(self) -> int:
        """The values of activations, norms and attention."""
        mixers = self._those(lambda place: self.values[place].operation in MIXERS)
        return self._those(self.is_activation) | self.norms | mixers

    def _those(self, are_asked: Callable[[int], bool]) -> int:
        return sum(1 << place for place in range(len(self.values)) if are_asked(place))

    @cached_property
    def depth(self) -> list[int]:
        """How many layers with weights there are at most on a way to each value, its own too."""
        found: list[int] = []
        for place, value in enumerate(self.values):
            above = max((found[parent] for parent in value.parents), default=0)
            found.append(above + self.is_weighted(place))
        return found

    def is_weighted(self, place: int) -> bool:
        """Whether a layer with weights makes this value."""
        value = self.values[place]
        if value.operation in CONTRACTIONS:
            return bool(value.parameters)
        return value.operation.startswith((*LAYERS, *CELLS))

    def is_norm(self, place: int) -> bool:
        """Whether a normalization makes this value."""
        value = self.values[place]
        return value.operation in NORMS or "norm" in value.kind.lower()

    def is_activation(self, place: int) -> bool:
        """Whether an activation function makes this value."""
        return self.values[place].operation in ACTIVATIONS

    def made_of(self, place: int) -> int | None:
        """What a value was mainly made of: where there are several, what has most layers behind it.

        Of factors, one that was itself made of another one is a gate of that, as is one of another
        shape than their product (squeeze-and-excitation, weights of experts).
        """
        parents = self.values[place].parents
        if self.values[place].operation == PRODUCT:
            shape = self.values[place].shape
            parents = tuple(each for each in parents if self.values[each].shape == shape) or parents
            gated = [
                each
                for each in parents
                if any(each != other and self.ancestors[other] >> each & 1 for other in parents)
            ]
            parents = tuple(gated) or parents
        return max(parents, key=lambda each: (self.depth[each], each), default=None)

    def only_of(self, place: int, other: int) -> int:
        """What a value was made of, itself too, and another one was not."""
        return self.ancestors[place] & ~self.ancestors[other]

    def layers_among(self, places: int) -> int:
        """How many of these values layers with weights make."""
        return (places & self.weighted).bit_count()

    def back(self, place: int, layers: int) -> Iterator[tuple[int, int]]:
        """Walk back from a value along what may be a shortcut, the latest values first.

        Gives each place with the number of layers with weights behind it, at most so many.
        Attention, cells and products of two values' matrices end the way.
        """
        least = {place: 0}
        waiting = [-place]
        while waiting:
            here = -heappop(waiting)
            yield here, least[here]
            if self._ends_shortcuts(here):
                continue
            behind = least[here] + self.is_weighted(here)
            for parent in self.values[here].parents:
                if behind < least.get(parent, layers + 1):
                    if parent not in least:
                        heappush(waiting, -parent)
                    least[parent] = behind

    def _ends_shortcuts(self, place: int) -> bool:
        operation = self.values[place].operation
        if operation in CONTRACTIONS:
            return not self.is_weighted(place)
        return operation in MIXERS or operation.startswith(CELLS)
