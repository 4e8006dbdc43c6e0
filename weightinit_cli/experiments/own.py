"""Weights and biases that somebody else's functions draw, in place of the spec's initializers.

What the spec says of them stays: theory, and the scales that are told, are those of its law.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from weightinit_cli.errors import SpecError, printable
from weightinit_cli.experiments.build import scaled_on_data
from weightinit_cli.initializers.own import kind_of, real_numbers
from weightinit_cli.initializers.samplers import filled
from weightinit_cli.sources import distribution
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network import Network, Weighted
    from weightinit_cli.spec import Spec

    Draw: TypeAlias = Callable[[Generator, tuple[int, ...]], ArrayLike]

Array = np.ndarray[Any, Any]

# Layers have the same draws where so many of the first are correlated by more than this: six
# standard deviations of what chance does. At another scale they are fully correlated; nearly so
# where some were drawn anew, as those that a truncation cuts off.
FIRST = 144
CORRELATED = 0.5


class Own(NamedTuple):
    """The functions `fn(rng, shape) -> array` that draw, None where the spec's initializer does.

    `shape` is (fan_in, fan_out) of a dense layer's weights, (height, width, in, out) of a
    convolution's, and (fan_out,) or (out,) of biases.
    """

    weights: Draw | None = None
    biases: Draw | None = None

    @property
    def names(self) -> dict[str, str]:
        """Who draws the weights and the biases, as a result's environment has it."""
        return {role: _name(draw) for role, draw in self._asdict().items() if draw is not None}

    def check(self, spec: Spec) -> None:
        """Raise TypeError for what is no function, SpecError for a start that looks at the data."""
        for role, draw in self._asdict().items():
            if draw is not None and not callable(draw):
                raise TypeError(f"{role} must be a function fn(rng, shape), not {kind_of(draw)}")
        if self == BY_SPEC:
            return
        initializer = scaled_on_data(spec)
        if initializer is not None:
            why = "finds its scales on the data; with own weights name another law"
            raise SpecError([spec.problem("initializer", f"{initializer.name} {why}")])
        if spec.residual is not None and spec.residual.branch == 2:
            problem = "own weights are for layers of one matrix; take branch: 1"
            raise SpecError([spec.problem("residual.branch", problem)])
        if spec.pretraining is not None:
            problem = "it would change own weights and biases; leave it out"
            raise SpecError([spec.problem("pretraining", problem)])

    def drawn(self, network: Network) -> Network:
        """Draw each layer once; the network then has these weights and biases, whoever asks.

        Raises WinitError for what is no array of real numbers of the shape that was asked for.
        """
        if self == BY_SPEC:
            return network
        seen = _Seen()
        drawn = [
            (self._weights(network, number, layer, seen), self._bias(network, number, layer))
            for number, layer in enumerate(network.weighted, 1)
        ]
        return network.drawn_by(drawn)

    def _weights(self, network: Network, number: int, layer: Weighted, seen: _Seen) -> Sampler:
        if self.weights is None:
            return layer.weights
        kernel = tuple(axis.kernel for axis in layer.axes)
        shape = (*kernel, layer.fan_in // prod(kernel), layer.columns)
        axes = "(height, width, in, out)" if kernel else "(fan_in, fan_out)"
        generator = partial(network.stream, Role.WEIGHTS, number)
        place = f"weights of layer {number}"
        values = _values(self.weights, generator(), shape, axes, place)
        entries = _rounded(values, network.dtype).reshape(layer.fan_in, layer.columns)
        # what draws nothing, as the identity, is the same in all layers
        panel = np.empty_like(entries) if layer.weights.whole else np.empty_like(entries[:1])
        draws = layer.weights.fill(panel, generator())
        return _holding(layer.weights, entries, seen.fingerprint(values) if draws else b"")

    def _bias(self, network: Network, number: int, layer: Weighted) -> Sampler | None:
        if self.biases is None:
            return layer.bias
        generator = network.stream(Role.BIAS, number)
        place = f"biases of layer {number}"
        values = _values(self.biases, generator, (layer.columns,), "(fan_out,)", place)
        return _holding(layer.bias or filled(0.0), _rounded(values, network.dtype))


BY_SPEC = Own()


class _Seen:
    """The first draws of the layers of a network, by which those that are repeated are known."""

    def __init__(self) -> None:
        self._directions: list[Array] = []
        self._fingerprints: list[bytes] = []

    def fingerprint(self, values: Array) -> bytes:
        """Bytes that are a layer's own, or those of an earlier layer that has the same draws.

        Whatever their scale, and the sides of the matrix: the first draws lie first in memory, also
        of a matrix that was transposed since.
        """
        flat = values.ravel(order="K")
        first = flat[np.flatnonzero(flat)[:FIRST]].astype(np.float64)
        if len(first) < FIRST:
            return first.tobytes()
        with np.errstate(all="ignore"):
            direction = first / np.abs(first).max()
            direction -= direction.mean()
            direction /= np.linalg.norm(direction)
            for earlier, known in zip(self._directions, self._fingerprints, strict=True):
                if earlier @ direction > CORRELATED:
                    return known
        self._directions.append(direction)
        self._fingerprints.append(first.tobytes())
        return self._fingerprints[-1]


def _values(
    draw: Draw, generator: Generator, shape: tuple[int, ...], axes: str, place: str
) -> Array:
    """Ask a function for its draws; raise WinitError unless they are real numbers of this shape."""
    return real_numbers(draw(generator, shape), shape, axes, f"{place}: {_name(draw)}")


def _rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    """A copy in the run's dtype, also of what its function will write to again."""
    with np.errstate(all="ignore"):
        return np.array(values, dtype, order="C")


def _holding(law: Sampler, entries: Array, drawn: bytes = b"") -> Sampler:
    """The sampler of a law, which gives these entries whenever it is asked."""

    def fill(panel: Array, generator: Generator) -> bytes:  # noqa: ARG001
        panel[...] = entries
        return drawn

    return law._replace(fill=fill, whole=True, scratch=0)


def _name(draw: Draw) -> str:
    """Where a function comes from: `mypackage.init.my_normal (mypackage 1.2)`."""
    while isinstance(draw, partial):
        draw = draw.func
    named = draw if hasattr(draw, "__qualname__") else type(draw)
    module = getattr(named, "__module__", None) or type(draw).__module__
    package = distribution(module.partition(".")[0])
    end = f" ({package})" if package else ""
    return printable(f"{module}.{named.__qualname__}{end}")
