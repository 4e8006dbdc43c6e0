"""A model's streams as networks that the definitions of verdicts know."""

from __future__ import annotations

from dataclasses import replace
from math import hypot, prod
from typing import TYPE_CHECKING, Final, Literal

from weightinit_cli.parameters import Thresholds
from weightinit_cli.probing.graph import SUM, Graph
from weightinit_cli.verdicts.seen import Layer, Seen
from weightinit_cli.verdicts.seen_model import Model, SeenStream, by_names
from weightinit_cli.verdicts.weights import is_constant, is_zero_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.probing.observing import Observation
    from weightinit_cli.results.model import Gradient, LayerStatistics
    from weightinit_cli.results.probe import Stream

# Activations that are flat below zero, and where they are flat above, if they are.
FLAT: Final[dict[str, float | None]] = {"relu": None, "relu6": 6.0}
# A stream that begins with learned tokens, whatever the inputs are, may differ by little at first.
HARDLY: Final = Thresholds().signal_drowned
UNKNOWN_FAN: Final = 1 << 30


def model_of(observed: Observation, streams: Sequence[Stream]) -> Model:
    """A model as what verdicts are drawn from."""
    view = _View(observed)
    seen = [view.stream(each) for each in streams]
    return Model(
        observed.values,
        observed.parameters,
        [each for each in seen if each is not None],
        observed.loss,
        frozenset(_places(view.graph.weighted)),
        view.head,
        view.zeroed,
        view.dropped,
    )


class _View:
    """What is asked of a model's values to see its streams as networks."""

    def __init__(self, observed: Observation) -> None:
        self.values, self.inputs = observed.values, observed.input
        self.graph = Graph(observed.values)
        self.parameters = by_names(observed.parameters)
        used = {parent for value in self.values for parent in value.parents}
        self.ends = [place for place in range(len(self.values)) if place not in used]
        self.head = self._head()
        self.zeroed = self._zeroed()
        self.dropped = self._dropped(observed.outputs)

    def _head(self) -> int | None:
        """The last layer that something comes back to, which no other one follows."""
        reached = [k for k in self.ends if self.values[k].figures.gradient is not None]
        behind = self.graph.ancestors[max(reached)] if reached else 0
        layers = behind & self.graph.weighted
        return layers.bit_length() - 1 if layers else None

    def _zeroed(self) -> frozenset[int]:
        """Values without any gradient before a layer of zeros that gets one itself."""
        behind = 0
        for place, value in enumerate(self.values):
            made_with = [
                self.parameters[name] for name in value.parameters if name in self.parameters
            ]
            if any(map(is_zero_start, made_with)):
                behind |= self.graph.ancestors[place] & ~(1 << place)
        return frozenset(
            place
            for place, value in enumerate(self.values)
            if behind >> place & 1 and _has_no(value.figures.gradient)
        )

    def _dropped(self, outputs: Sequence[int]) -> frozenset[int]:
        """Values that neither the loss nor anything that the model returns depends on."""
        kept = 0
        for place, value in enumerate(self.values):
            if value.figures.gradient is not None or place in outputs:
                kept |= self.graph.ancestors[place]
        return frozenset(place for place in range(len(self.values)) if not kept >> place & 1)

    def stream(self, stream: Stream) -> SeenStream | None:
        """A stream as a network; None where it has no layer but the last one."""
        return self._residual(stream) if stream.kind == "residual" else self._sequential(stream)

    def _residual(self, stream: Stream) -> SeenStream:
        first, *sums = stream.values
        before = self.values[first].figures
        varies = (before.std_across_inputs or 0.0) > HARDLY * (before.std or 0.0)
        layers = [
            self._layer(number, place, place, None, varies=varies)
            for number, place in enumerate(sums, 1)
        ]
        weights = tuple(self._last_matrices(branch) for branch in stream.branches)
        normalized = self._norms_of(stream)
        seen = Seen(before, _with_ratios(layers, relative=bool(normalized)))
        return SeenStream(stream.kind, seen, stream.values, stream.branches, weights, normalized)

    def _norms_of(self, stream: Stream) -> Literal["", "branches", "ends", "stream"]:
        """Where a residual stream has its norms, if most of its sums have one there."""
        in_branches = in_shortcuts = at_ends = 0
        for before, branch, place in zip(
            stream.values, stream.branches, stream.values[1:], strict=False
        ):
            shortcuts = [each for each in self.values[place].parents if each != branch]
            in_branches += self._has_norm(branch, before)
            at_ends += self._has_norm(branch, self._layer_of(branch))
            in_shortcuts += any(self._has_norm(each, before) for each in shortcuts)
        if in_shortcuts * 2 > len(stream.branches):
            return "stream"
        if at_ends * 2 > len(stream.branches):
            return "ends"
        return "branches" if in_branches * 2 > len(stream.branches) else ""

    def _has_norm(self, place: int, before: int | None) -> bool:
        """Whether a norm stands between two values, or anywhere before the later one."""
        places = self.graph.ancestors[place]
        if before is not None:
            places = self.graph.only_of(place, before)
        return bool(places & self.graph.norms)

    def _sequential(self, stream: Stream) -> SeenStream | None:
        made_by = [(self._layer_of(place), place) for place in stream.values]
        if made_by[-1] == (self.head, self.head):
            made_by.pop()
        if not made_by:
            return None
        before, source = self._given(made_by[0][0])
        if before is None:
            (_, source), *made_by = made_by
            before = self.values[source].figures
        if not made_by:
            return None
        layers = []
        for number, (layer, place) in enumerate(made_by, 1):
            varies = self.values[place].shape[0] > 1
            layers.append(self._layer(number, place, self._pre(place), layer, varies=varies))
        weights = tuple(self._matrices(layer) for layer, _ in made_by)
        places = (source, *(place for _, place in made_by))
        seen = Seen(before, _with_ratios(layers, relative=False))
        normed = sum(map(self._has_norm, stream.values, (source, *stream.values)))
        normalized: Literal["", "stream"] = "stream" if normed * 2 > len(stream.values) else ""
        return SeenStream(stream.kind, seen, places, (), weights, normalized)

    def _given(self, layer: int) -> tuple[LayerStatistics | None, int | None]:
        """What a path's first layer is given: a value, or the model's own input."""
        place = self.graph.made_of(layer)
        if place is not None:
            return self.values[place].figures, place
        if self.values[layer].operation.startswith("embedding"):
            return None, None
        return next(iter(self.inputs.values()), None), None

    def _layer_of(self, place: int) -> int:
        """The layer with weights whose values these are, or were before they were handed on."""
        while not self.graph.is_weighted(place):
            before = self.graph.made_of(place)
            if before is None:
                break
            place = before
        return place

    def _pre(self, place: int) -> int:
        """The pre-activations of what an activation function made; else the value itself."""
        parents = self.values[place].parents
        return parents[0] if self.graph.is_activation(place) and len(parents) == 1 else place

    def _matrices(self, place: int) -> tuple[str, ...]:
        """The names of the parameters with fans that a value was made with."""
        names = self.values[place].parameters
        known = [self.parameters[name] for name in names if name in self.parameters]
        return tuple(each.name for each in known if each.fan_in is not None)

    def _last_matrices(self, place: int) -> tuple[str, ...]:
        """The matrices that a branch ends with, of several where it is a sum of what they make."""
        waiting, found = [place], []
        while waiting:
            here = waiting.pop()
            if self.graph.is_weighted(here):
                found.append(here)
            elif self.values[here].operation == SUM:
                waiting += self.values[here].parents
            elif (before := self.graph.made_of(here)) is not None:
                waiting.append(before)
        names = (name for here in sorted(set(found)) for name in self._matrices(here))
        return tuple(dict.fromkeys(names))

    def _layer(
        self, number: int, place: int, pre: int, layer: int | None, *, varies: bool
    ) -> Layer:
        """One value of a stream as a layer; `pre` is where its gradient is taken."""
        value = self.values[place]
        figures = replace(value.figures, gradient=self._gradient(pre))
        weight = bias = None
        if layer is not None:
            made_with = [self.parameters.get(name) for name in self.values[layer].parameters]
            weight = next((each for each in made_with if each and each.fan_in is not None), None)
            bias = next((each for each in made_with if each and each.fan_in is None), None)
        if weight is not None:
            figures = replace(figures, weights=weight.statistics)
            alike = is_constant(weight) and (bias is None or is_constant(bias))
            if figures.distinct_units is None and alike and not figures.std_across_units:
                figures = replace(figures, distinct_units=1)
        is_flat = value.operation in FLAT
        return Layer(
            number=number,
            units=value.units,
            positions=1,
            samples=value.shape[0] if varies else 1,
            fan_in=UNKNOWN_FAN if weight is None else weight.fan_in or UNKNOWN_FAN,
            bias_std=bias.statistics.std or 0.0 if bias else 0.0,
            low=0.0 if is_flat else None,
            high=FLAT.get(value.operation),
            slope_at_zero=0.0 if is_flat else 1.0,
            figures=figures,
        )

    def _gradient(self, place: int) -> Gradient | None:
        """The gradient at a value with its norm over all numbers as its `total_ratio`.

        Of all, since the first axis need not be that of the inputs (windows, steps).
        """
        found = self.values[place].figures.gradient
        if found is None or found.signal_rms is None or place in self.zeroed:
            return None
        norm = found.signal_rms**2 * prod(self.values[place].shape)
        return replace(found, total_ratio=norm)


def _places(found: int) -> Iterator[int]:
    """The places in a set of them."""
    while found:
        yield found.bit_length() - 1
        found ^= 1 << found.bit_length() - 1


def _with_ratios(layers: Sequence[Layer], *, relative: bool) -> tuple[Layer, ...]:
    """Layers whose gradients have the ratio of their norm to the next layer's.

    `relative`: of the norm times the layer's root mean square. What normalized branches give back
    is as much larger as their stream is smaller, which is no fault.
    """
    found = []
    after: float | None = None
    for layer in reversed(layers):
        gradient = layer.figures.gradient
        total = None if gradient is None else gradient.total_ratio
        if relative and total is not None:
            total *= hypot(layer.figures.mean or 0.0, layer.figures.std or 0.0) ** 2
        ratio = None if total is None or not after else total / after
        after = total
        if gradient is not None:
            gradient = replace(gradient, ratio=ratio, total_ratio=ratio)
        found.append(layer._replace(figures=replace(layer.figures, gradient=gradient)))
    return tuple(reversed(found))


def _has_no(gradient: Gradient | None) -> bool:
    return gradient is not None and gradient.signal_rms == 0
