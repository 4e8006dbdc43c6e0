"""An output layer in a spec: what it has where the spec does not say, and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.spec.components import default_bias
from weightinit_cli.spec.inputs import DIGITS
from weightinit_cli.spec.model import Component, Output
from weightinit_cli.spec.nodes import Scalar, join, marks_of

if TYPE_CHECKING:
    from weightinit_cli.spec.nodes import MapNode, Report

OUTPUT: Final = "output"
RATE: Final = "learning_rate"
# Classes of the digits.
OF_DIGITS: Final = 10


class AskedOutput(NamedTuple):
    """An output layer as a spec has it; what it does not say is None."""

    classes: int
    initializer: Component | None
    bias: Component | None


def complete_output(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Fill in an output layer's initializers, those of the last layer; see that they fit.

    See that a learning rate, which is that of a step on the output layer's loss, stands beside one.
    """
    asked: AskedOutput | None = values[OUTPUT]
    marks = marks_of(root)
    if values[RATE] is not None:
        _check_rate(values, root, report)
    if asked is not None and values["inputs"] == Component(DIGITS) and asked.classes != OF_DIGITS:
        path = join(OUTPUT, "classes")
        message = f"must be the {OF_DIGITS} classes of the digits, not {asked.classes}"
        report.add(marks.get(path, marks[OUTPUT]), path, message)
    weights, biases = (_last(values[key]) for key in ("initializer", "bias"))
    if asked is None or weights is None or biases is None:
        return
    if asked.initializer is not None:
        weights, biases = asked.initializer, default_bias(asked.initializer)
    values[OUTPUT] = Output(asked.classes, weights, asked.bias or biases)
    unfit = _unfit(weights, _last(values["activation"]))
    if unfit is not None:
        if asked.initializer is None:
            unfit += "; name one for the output layer"
        path = join(OUTPUT, "initializer")
        report.add(marks.get(path, marks[OUTPUT]), path, unfit)


def _check_rate(values: dict[str, Any], root: MapNode, report: Report) -> None:
    node = root.entries[OUTPUT][1] if OUTPUT in root.entries else None
    mark = root.entries[RATE][0]
    if node is None or (isinstance(node, Scalar) and node.value == "none"):
        message = (
            "is that of a step on the loss of an output layer; ask for one: output: {classes: 10}"
        )
        report.add(mark, RATE, message)
    elif values["backward"] is False:
        report.add(mark, RATE, "needs the gradient: leave out backward: false")


def _last(given: Any) -> Component | None:
    """The last layer's of what may differ between layers; None where it is wrong."""
    last = given[-1] if isinstance(given, tuple) and given else given
    return last if isinstance(last, Component) else None


def _unfit(initializer: Component, activation: Component | None) -> str | None:
    """Why an initializer is not for an output layer on top of a layer of this activation."""
    from weightinit_cli.initializers import INITIALIZERS

    row, name = INITIALIZERS[initializer.name], initializer.name
    if row.data_dependent:
        return f"{name!r} finds its scales on what activations hand on, and there is none here"
    if row.only == "kernel":
        return f"{name!r} is for convolutions alone, and an output layer is fully connected"
    if row.activation and activation is not None and activation.name != row.activation:
        return f"{name!r} needs the activation {row.activation!r}, not {activation.name!r}"
    return None
