"""Whether the parts of a spec fit each other: initializer, activation, the layers' shapes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import ParameterError
from weightinit_cli.spec.components import default_bias
from weightinit_cli.spec.nodes import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.convolution import Convolution
    from weightinit_cli.errors import Problem
    from weightinit_cli.initializers import Initializer
    from weightinit_cli.spec.model import Component, Experiment
    from weightinit_cli.spec.nodes import MapNode, Report


def check_fit(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Give the biases their default; see that the initializer fits the layers it is for."""
    from weightinit_cli.initializers import INITIALIZERS

    initializer: Component | None = values["initializer"]
    convolution: Convolution | None = values.get("convolution")
    if convolution is not None and values.get("pretraining") is not None:
        message = "is for fully connected layers, not for convolutions"
        report.add(root.entries["pretraining"][0], "pretraining", message)
    if initializer is None:
        return
    if values["bias"] is None and "bias" not in root.entries:
        values["bias"] = default_bias(initializer)
    row = INITIALIZERS[initializer.name]
    unfit = _unfit(initializer, row, values)
    if unfit is not None:
        report.add(root.entries["initializer"][1].mark, "initializer", unfit)
    elif row.only == "kernel" and convolution is not None:
        _check_kernels(initializer, row, convolution, root, report)


def notes(spec: Experiment) -> list[Problem]:
    """What is as the spec says, but worth a word: which centre an even kernel has."""
    from weightinit_cli.initializers import INITIALIZERS

    centre = INITIALIZERS[spec.initializer.name].centre
    if centre is None or spec.convolution is None:
        return []
    kernel = spec.convolution.kernel
    if all(side % 2 for side in kernel):
        return []
    row, column = map(centre, kernel)
    convention = INITIALIZERS[spec.initializer.name].convention
    message = (
        f"{kernel[0]} × {kernel[1]} has no middle; {spec.initializer.name} takes row {row}, "
        f"column {column}, counted from 0, as {convention} does"
    )
    return [spec.problem("kernel", message)]


def _unfit(initializer: Component, row: Initializer, values: Mapping[str, Any]) -> str | None:
    """Why the initializer is not for this spec."""
    activation, name = values["activation"], initializer.name
    if row.activation and activation is not None and activation.name != row.activation:
        return f"{name!r} needs the activation {row.activation!r}, not {activation.name!r}"
    of_kernels = "convolution" in values
    if row.only == ("matrix" if of_kernels else "kernel"):
        kinds = ("fully connected layers", "convolutions (channels, kernel)")
        wanted, other = kinds if of_kernels else kinds[::-1]
        instead = f"; for {other}, there is {row.instead!r}" if row.instead else ""
        return f"{name!r} is for {wanted} alone{instead}"
    return None


def _check_kernels(
    initializer: Component,
    row: Initializer,
    convolution: Convolution,
    root: MapNode,
    report: Report,
) -> None:
    """Try the initializer out on the kernels of every layer; report the first that it refuses."""
    from weightinit_cli.initializers import AUTO, Fans

    arguments = {k: 1.0 if v == AUTO else v for k, v in initializer.arguments.items()}
    channels = (convolution.image.channels, *convolution.channels)
    for number, (below, above) in enumerate(pairwise(channels), 1):
        fans = Fans.of_kernel(convolution.kernel, below, above, first=number == 1)
        try:
            row.build(fans, **arguments)
        except ParameterError as error:
            node = root.entries["initializer"][1]
            path = join("initializer", error.parameter)
            place = getattr(node, "entries", {}).get(error.parameter)
            mark = node.mark if place is None else place[1].mark
            report.add(mark, path, f"layer {number}: {error.message}")
            return
