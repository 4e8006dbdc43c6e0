"""What a spec's networks are shown: drawn from its law, or taken from its file or digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.data import digits
from weightinit_cli.data.inputs import seen, take
from weightinit_cli.experiments.resources import data_of, located
from weightinit_cli.network.shown import NORMAL, Given, Normal, Uniform
from weightinit_cli.spec.inputs import DIGITS
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from weightinit_cli.network import Network
    from weightinit_cli.network.shown import Shown
    from weightinit_cli.spec import Component, Spec

Array = np.ndarray[Any, Any]


def law_of(spec: Spec) -> Shown:
    """The law that inputs are drawn from; of those that data hold, N(0, 1) until they are read."""
    if spec.inputs is None or data_of(spec) is not None:
        return NORMAL
    numbers = {key: float(value) for key, value in spec.inputs.arguments.items()}
    return Normal(**numbers) if spec.inputs.name == "normal" else Uniform(**numbers)


def with_data(spec: Spec, network: Network) -> Network:
    """The network with the inputs that its spec's data hold, where it is shown data.

    Digits come with their labels, which the loss of an output layer is about.

    Raises WinitError, with the place in the spec, where the data cannot be read.
    """
    data = data_of(spec)
    if data is None:
        return network
    held = network.dtype.name  # what a low precision makes of the values, both passes see
    with located(spec):
        rows = _chosen(data, network)
        if data.name == DIGITS:
            values = digits.whole(held).inputs[rows]
        else:
            standardize = bool(data.arguments["standardize"])
            values = take(_path(data), rows, held, standardize=standardize)
    network = network._replace(inputs=Given(values))
    labels = data.name == DIGITS and network.output
    return network._replace(labels=digits.whole(held).labels[rows]) if labels else network


def bytes_of_data(spec: Spec, network: Network) -> int:
    """What given inputs take: those of the first network and of the one in work."""
    if data_of(spec) is None:
        return 0
    networks = 1 if spec.repeats == 1 else 2
    return networks * network.samples * network.features * network.dtype.itemsize


def _chosen(data: Component, network: Network) -> Array:
    """Which inputs of the data a network is shown, by their numbers from 0, in rising order.

    All of them, or so many as there are samples, drawn without replacement from a stream of the
    network's own.
    """
    count = digits.INPUTS if data.name == DIGITS else seen(_path(data)).inputs
    if network.samples >= count:
        return np.arange(count)
    keys = network.stream(Role.INPUT, 0).random(count)
    return np.sort(np.argsort(keys, kind="stable")[: network.samples])


def _path(data: Component) -> str:
    return str(data.arguments["path"])
