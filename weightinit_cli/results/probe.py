"""The result of a probe: what a person's own model does at its first step, value by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from weightinit_cli.results.drawn import KeptProbe
from weightinit_cli.results.figures import FIGURES, resolved
from weightinit_cli.results.histogram import check_layer, check_verdict, repeats_of
from weightinit_cli.results.model import (
    LEFT_OUT,
    LayerStatistics,
    Spread,
    Verdict,
    WeightStatistics,
)
from weightinit_cli.results.outstanding import pointed_at, worst_values
from weightinit_cli.results.plain import Mismatch, check_not_negative
from weightinit_cli.results.told import Rounded, Table
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import four_digits, rounded, table_words

if TYPE_CHECKING:
    from collections.abc import Iterable

PICTURES: Final = ("values", "streams", "weights")
# Rows of a repr.
IN_PRINT: Final = 4
# The figures of a parameter's entries in a DataFrame.
OF_PARAMETERS: Final = ("mean", "std", "min", "max", "kurtosis", "zero_fraction", "nonfinite")
NEVER_NEGATIVE: Final = ("statistics.std", "scaled_std", "gradient_rms", "gradient_ratio")
StreamKind = Literal["residual", "sequential"]
# Reasons why a parameter gets no gradient that verdicts tell apart from others.
FROZEN: Final = "frozen: its requires_grad is False"
UNDER_NO_GRAD: Final = "computed under no_grad"
NOT_FINITE: Final = "its gradient is not finite"


@dataclass(frozen=True, slots=True)
class ProbedValue:
    """A floating-point value that one operation of the model made, in the order of the run.

    `module` is the path of the module in which it was made ("" is the model itself), `kind` that
    module's class, `operation` what made it ("linear", "gelu", "add"); a module that makes several
    by the same operation has them apart by `call`, from 1. `shape` is the framework's; a unit is a
    feature or a channel, of which there are `units`, the other axes being inputs and positions.
    `parents` are the places in `values` of what it was made of (not those of the model's own
    input), `parameters` the names of the parameters it was made with. `line` is where a person's
    file makes it, as `model.py:41`.

    Of `figures` std_across_inputs is None of what does not depend on the inputs (positions, a
    weight that is computed), of a single input, and where it is unknown which values belong to
    which. preactivation_std and both saturations are those of what an activation function made.
    `figures.gradient.signal_rms` is the root mean square of the derivative of the loss by the
    value, its `ratio` and `total_ratio` are None; `no_gradient` says why no gradient is known.
    `entropy` is that of attention weights: the mean over inputs, heads and queries (over some of
    them where there are many), as a share of the logarithm of the number of keys that a query may
    look at; 1 is uniform, 0 looks at a single one.
    """

    module: str
    kind: str
    operation: str
    call: int
    shape: tuple[int, ...]
    units: int
    parents: tuple[int, ...]
    parameters: tuple[str, ...]
    line: str | None
    figures: LayerStatistics
    no_gradient: str | None
    entropy: float | None

    @property
    def name(self) -> str:
        """How it is called: `blocks.0.mlp.gelu`, with `#2` for a second one of this name."""
        path = self.module or self.kind
        return f"{path}.{self.operation}" + (f"#{self.call}" if self.call > 1 else "")


@dataclass(frozen=True, slots=True)
class ProbedParameter:
    """A parameter of the model: how it was drawn, and what gradient it gets.

    `module` is the path of its module and `kind` that module's class; `fan_in` and `fan_out` follow
    from the kind, None where it has none (biases, scales of a normalization). `scaled_std` is the
    standard deviation × √fan_in. `scheme` names what it looks like it was drawn by ("he_normal",
    "torch_linear", "normal (std 0.02)", "constant 1"), None where none is known to fit, and
    `evidence` says in words why.
    `gradient_rms` is the root mean square of the derivative of the loss by it, `gradient_ratio`
    that over the root mean square of its own entries. `no_gradient` says why it gets none.
    `shared_with` are other names of the very same parameter, `copy_of` the name of an earlier
    parameter that has the same values. `repeats` maps figures ("statistics.std", "gradient_rms") to
    their spread over the seeds.
    """

    name: str
    module: str
    kind: str
    shape: tuple[int, ...]
    fan_in: int | None
    fan_out: int | None
    statistics: WeightStatistics
    scaled_std: float | None
    scheme: str | None
    evidence: str
    gradient_rms: float | None
    gradient_ratio: float | None
    no_gradient: str | None
    shared_with: tuple[str, ...]
    copy_of: str | None
    repeats: Mapping[str, Spread] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A chain of values through the model, by their places in `values`, in the order of the run.

    Of a residual stream they are its sums (what stands before the first branch is the first one),
    of a sequential path what its layers hand on. `branches` are what was added in each of a
    residual stream's sums, one less than its values; a sequential path has none. `module` is the
    path that its values have in common.
    """

    module: str
    kind: StreamKind
    values: tuple[int, ...]
    branches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbedLoss:
    """The loss at the start, by what it was computed, and what an indifferent model would have.

    `indifferent` is ln C of C classes, None of another loss. `value` is None where it is not
    finite.
    """

    said: str
    value: float | None
    classes: int | None
    indifferent: float | None
    spread: Spread | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ProbeResult(KeptProbe):
    """What a person's own model does at its first step.

    `spec` says what was probed and how: target, framework, inputs, loss, seed, repeats, exact;
    `digest` is the hash of it, and `environment` has the versions that it ran with. `input` are the
    figures of the model's floating-point inputs, by the name of the argument, or by its place from
    "0". `values` come in the order of the run, `parameters` in that of the model; `streams` are the
    chains of values that verdicts are drawn along, the longest residual one first. `loss` is None
    where nothing was minimized. `unseen` are sentences on what could not be seen.

    Quantiles and histograms are counted by exponent and seven bits of the mantissa, so that they
    are right to 0.8 %, unless the probe was exact.

    Example:
        >>> import torch
        >>> import weightinit_cli as winit
        >>> layers = torch.nn.Linear(20, 50), torch.nn.Tanh(), torch.nn.Linear(50, 10)
        >>> model = torch.nn.Sequential(*layers)
        >>> result = winit.probe(model, "64,20", loss="cross_entropy:10")
        >>> [value.name for value in result.values]
        ['0.linear', '1.tanh', '2.linear']
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    digest: str
    input: Mapping[str, LayerStatistics]
    values: tuple[ProbedValue, ...]
    parameters: tuple[ProbedParameter, ...]
    streams: tuple[Stream, ...]
    loss: ProbedLoss | None
    verdict: tuple[Verdict, ...]
    unseen: tuple[str, ...]
    environment: Mapping[str, Any]
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)


SPEC_KEYS: Final[dict[str, type]] = {
    "experiment": str,
    "name": str,
    "target": str,
    "framework": str,
    "inputs": dict,
    "loss": str,
    "seed": int,
    "repeats": int,
    "exact": bool,
}


def check(result: ProbeResult) -> None:
    """Raise Mismatch where a part of the result contradicts another part."""
    _check_spec(result.spec)
    count = len(result.values)
    for number, value in enumerate(result.values):
        place = f"values.{number}"
        check_layer(value.figures, f"{place}.figures", prod(value.shape), value.units)
        _check_places(value.parents, f"{place}.parents", number)
        check_not_negative(value.entropy, f"{place}.entropy")
    for number, parameter in enumerate(result.parameters):
        for path in NEVER_NEGATIVE:
            check_not_negative(attrgetter(path)(parameter), f"parameters.{number}.{path}")
    for number, stream in enumerate(result.streams):
        _check_stream(stream, f"streams.{number}", count)
    loss = result.loss
    if loss is not None and (loss.classes is None) != (loss.indifferent is None):
        raise Mismatch("loss.indifferent", "must be there where classes are, not else")
    check_verdict(result.verdict, count)


def _check_spec(spec: Mapping[str, Any]) -> None:
    for key, kind in SPEC_KEYS.items():
        if type(spec.get(key)) is not kind:
            raise Mismatch(f"spec.{key}", f"must be there, as {kind.__name__}")
    for key, least in (("seed", 0), ("repeats", 1)):
        if spec[key] < least:
            raise Mismatch(f"spec.{key}", f"must be at least {least}")


def _check_stream(stream: Stream, where: str, count: int) -> None:
    if not stream.values:
        raise Mismatch(f"{where}.values", "must have a value")
    _check_places(stream.values, f"{where}.values", count)
    if len(stream.branches) != (len(stream.values) - 1) * (stream.kind == "residual"):
        raise Mismatch(f"{where}.branches", "must be one for each sum of a residual stream")
    _check_places(stream.branches, f"{where}.branches", count)


def _check_places(places: Iterable[int], where: str, below: int) -> None:
    if any(place >= below for place in places):
        raise Mismatch(where, f"must be places in values, below {below}")


def described(spec: Mapping[str, Any]) -> list[str]:
    """What was probed and how: `mymodel.py:build (torch)`, `x 64,3,32,32`, ..."""
    inputs = spec["inputs"]
    parts = [f"{spec['target']} ({spec['framework']})"]
    parts += [
        f"input {said}" if name.isdigit() else f"input {name}={said}"
        for name, said in inputs.items()
    ]
    parts += [f"loss {spec['loss']}", f"seed {spec['seed']}"]
    if spec["repeats"] > 1:
        parts.append(f"{spec['repeats']:,} repeats")
    return parts


def rows(result: ProbeResult) -> list[dict[str, Any]]:
    """One row per value."""
    return [
        {
            "value": number,
            "value_name": value.name,
            "module": value.module,
            "operation": value.operation,
            "units": value.units,
            **{path: resolved(value.figures, path) for path in FIGURES},
            **repeats_of(value.figures),
        }
        for number, value in enumerate(result.values, 1)
    ]


def parameter_rows(result: ProbeResult) -> list[dict[str, Any]]:
    """One row per parameter."""
    return [
        {
            "parameter": each.name,
            "module": each.module,
            "kind": each.kind,
            "shape": each.shape,
            "fan_in": each.fan_in,
            "fan_out": each.fan_out,
            **{path: getattr(each.statistics, path) for path in OF_PARAMETERS},
            "scaled_std": each.scaled_std,
            "scheme": each.scheme,
            "gradient_rms": each.gradient_rms,
            "gradient_ratio": each.gradient_ratio,
            "no_gradient": each.no_gradient,
            "shared_with": ", ".join(each.shared_with),
            "copy_of": each.copy_of,
        }
        for each in result.parameters
    ]


def table(result: ProbeResult) -> Table:
    """A row per value, in print those that stand out most; with the verdicts that begin there."""
    heads = ("value", "shape", "std", "std (inputs)", "grad.", "verdict")
    paths = ("std", "std_across_inputs", "gradient.signal_rms")
    marks = pointed_at(result)
    lines = [
        (
            value.name,
            ",".join(map(str, value.shape)),
            *(
                Rounded(table_words(value.figures, path), resolved(value.figures, path))
                for path in paths
            ),
            ", ".join(dict.fromkeys(each.name for each in marks.get(place, ()))),
        )
        for place, value in enumerate(result.values)
    ]
    few = sorted(worst_values(result, IN_PRINT))
    return Table(
        heads, lines, tuple(head for head in heads if head != "shape"), few,
        words=("value", "shape", "verdict"),
    )  # fmt: skip


def course(result: ProbeResult) -> str:
    """The loss, how it spreads over the seeds, and that of an indifferent model."""
    if result.loss is None:
        return ""
    value = result.loss.value
    words = "the loss is inf or nan" if value is None else f"loss {four_digits(value)}"
    if result.loss.said != result.spec["loss"]:
        words += f" ({result.loss.said})"
    spread = result.loss.spread
    if spread is not None and spread.std is not None:
        over = f"{four_digits(spread.mean)} ± {four_digits(spread.std)}"
        words += f" (over {result.spec['repeats']:,} seeds {over})"
    if result.loss.indifferent is None:
        return words
    classes = f"ln {result.loss.classes:,}"
    return f"{words}; an indifferent model has {four_digits(result.loss.indifferent)} ({classes})"


def remarks(result: ProbeResult) -> list[str]:
    """Sentences on a probe as a whole: its loss, and what was not seen."""
    return [*filter(None, [course(result)]), *(f"not seen: {each}" for each in result.unseen)]


def beside(result: ProbeResult) -> dict[str, str]:
    """What is said of a probe beside others: the loss and the verdict."""
    loss = result.loss
    return {
        "values": str(len(result.values)),
        "loss": rounded(None if loss is None else loss.value),
        "verdict": brief(result.verdict),
    }


def streams(result: ProbeResult) -> list[str | None]:
    """The hash of each parameter's values."""
    return [each.statistics.stream for each in result.parameters]
