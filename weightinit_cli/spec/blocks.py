"""What makes layers more than weights and an activation: `normalization` and `residual`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from weightinit_cli.spec.components import component, initializers
from weightinit_cli.spec.model import Component, Normalization, Residual
from weightinit_cli.spec.nodes import (
    MapNode,
    Scalar,
    marks_of,
    quote,
    report_wrong,
    suggestion,
)
from weightinit_cli.spec.values import Field, ValueType, choice, group, integer, number, or_none

if TYPE_CHECKING:
    from weightinit_cli.spec.nodes import Node, Report

NONE: Final = "none"
KINDS: Final[tuple[str, ...]] = get_args(Normalization)
PLACEMENTS: Final = (NONE, "pre", "post")
ZERO: Final = "zero"
BY_BRANCHES: Final = "1/sqrt(branches)"
SECOND: Final = Component("lecun_normal")

# Names that libraries and papers have, without their separators, and ours.
_ELSEWHERE: Final = {
    "ln": "layer_norm",
    "layernormalization": "layer_norm",
    "rmsnormalization": "rms_norm",
    "bn": "batch_norm",
    "batchnormalization": "batch_norm",
    "batchnorm1d": "batch_norm",
    "batchnorm2d": "batch_norm",
    **{kind.replace("_", ""): kind for kind in KINDS},
}


def normalization() -> ValueType:
    """One of KINDS, or none, which is None."""

    def read(node: Node, path: str, report: Report) -> str | None:
        value = node.value if isinstance(node, Scalar) else None
        if value in KINDS:
            return str(value)
        if value == NONE:
            return None
        if isinstance(value, str):
            meant = kind_of(value) or value
            there_are = f"there are {', '.join(KINDS)}, and none"
            message = f"unknown normalization {quote(value)}{suggestion(meant, KINDS, there_are)}"
            report.add(node.mark, path, message)
        else:
            report_wrong(report, node, path, f"{', '.join(KINDS)} or none")
        return None

    return ValueType(read, lambda: {"enum": [NONE, *KINDS]})


def kind_of(word: str) -> str | None:
    """Our name of a normalization, by any that libraries have."""
    return _ELSEWHERE.get(word.casefold().replace("_", "").replace("-", "").replace(" ", ""))


def _residual(
    branch: int, scale: float | str, placement: str, initializer: Component | None
) -> Residual:
    if initializer is None and branch == 2:
        initializer = SECOND
    scale = 0.0 if scale == ZERO else scale
    return Residual(branch, scale, placement, initializer)  # type: ignore[arg-type]


RESIDUAL: Final = (
    Field(
        "branch",
        integer(1, 2),
        "layers with weights in a branch: x + s φ(W N(x) + b), or x + s (V φ(W N(x) + b) + a)",
        2,
    ),
    Field(
        "scale",
        number(minimum=0, words=(BY_BRANCHES, ZERO)),
        "s: a number, 1/sqrt(branches), or zero",
        1.0,
    ),
    Field(
        "placement",
        choice(PLACEMENTS),
        "of the normalization: none | pre: of what a branch is given | post: of the sum",
        NONE,
    ),
    Field(
        "initializer",
        component("initializer", "`winit list initializers` shows the names", initializers),
        "of V, where a branch has it",
        None,
        SECOND.name,
        optional=True,
    ),
)


def residual() -> ValueType:
    """A mapping of RESIDUAL, or none, which is None."""
    return or_none(group(RESIDUAL, _residual))


NORMALIZATION_FIELD: Final = Field(
    "normalization",
    normalization(),
    "layer_norm | rms_norm | batch_norm: φ(N(Wx + b)), or where residual.placement says",
    None,
    "layer_norm",
    optional=True,
)
RESIDUAL_FIELD: Final = Field(
    "residual",
    residual(),
    "layers are branches beside a stream, x + s f(x)",
    None,
    optional=True,
)


def check_blocks(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """See that normalization and residual branches go together, and with the rest of the spec."""
    kind, blocks = values["normalization"], values["residual"]
    asked = [key for key in ("normalization", "residual") if values[key] is not None]
    marks = marks_of(root) if asked else {}
    for key in asked:
        reason = _why_not(values)
        if reason is not None:
            report.add(root.entries[key][0], key, reason)
            return
    if blocks is not None:
        _check_residual(kind, blocks, values, marks, report)
    if kind is not None:
        _check_sizes(kind, values, marks, report)


def _why_not(values: dict[str, Any]) -> str | None:
    """Why other layers, or another start, can have neither; None where they can."""
    from weightinit_cli.initializers import INITIALIZERS

    if values.get("convolution") is not None:
        return "is for fully connected layers, not for convolutions"
    if values["pretraining"] is not None:
        return "is not for layers that are pretrained; leave pretraining out"
    given = values["initializer"]
    for each in given if isinstance(given, tuple) else (given,):
        row = None if each is None else INITIALIZERS[each.name]
        if row is not None and row.data_dependent:
            return f"is not for {each.name}, which finds its scales on plain layers"
        if row is not None and row.theory:
            return f"is not for {each.name}, whose line is that of plain layers"
    return None


def _check_residual(
    kind: str | None,
    blocks: Residual,
    values: dict[str, Any],
    marks: dict[str, Any],
    report: Report,
) -> None:
    width = values["width"]
    if width is not None and len(set(width)) > 1:
        other = next(units for units in width if units != width[0])
        message = f"must be the same of all layers along a stream, not {width[0]} and {other}"
        report.add(marks.get("width", marks[""]), "width", message)
    if blocks.placement == NONE and kind is not None:
        message = f"says where {kind} is: take pre or post, or leave normalization out"
        path = "residual.placement"
        report.add(marks.get(path, marks["residual"]), path, message)
    elif blocks.placement != NONE and kind is None:
        message = f"{blocks.placement} needs a kind: normalization: {' | '.join(KINDS)}"
        report.add(marks["residual.placement"], "residual.placement", message)
    path = "residual.initializer"
    if blocks.initializer is None:
        return
    at = marks.get(path, marks["residual"])
    if blocks.branch == 1:
        report.add(at, path, "is that of V, which a branch of 1 layer does not have")
        return
    reason = _unfit(blocks.initializer)
    if reason is not None:
        report.add(at, path, reason)


def _unfit(initializer: Component) -> str | None:
    """Why an initializer is none for V; None where it is one."""
    from weightinit_cli.initializers import INITIALIZERS

    row, name = INITIALIZERS[initializer.name], initializer.name
    if row.only == "kernel":
        return f"{name!r} is for convolutions (channels, kernel) alone"
    if row.data_dependent:
        return f"{name!r} finds its scales on plain layers"
    if row.theory:
        return f"the line of {name!r} is that of plain layers"
    if row.activation:
        return f"{name!r} is for layers with the activation {row.activation!r}; V has none"
    return None


def _check_sizes(kind: str, values: dict[str, Any], marks: dict[str, Any], report: Report) -> None:
    """See that there is something to take a mean and a variance of."""
    if kind == "batch_norm":
        if values["samples"] == 1:
            message = "batch_norm needs 2 inputs or more: one less its own mean is 0"
            report.add(marks.get("samples", marks[""]), "samples", message)
        return
    if values["width"] is not None and 1 in values["width"]:
        message = f"{kind} needs 2 units or more: of one, nothing is left but its sign"
        if kind == "layer_norm":
            message = f"{kind} needs 2 units or more: one less its own mean is 0"
        report.add(marks.get("width", marks[""]), "width", message)
